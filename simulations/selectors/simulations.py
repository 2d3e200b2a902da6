"""What price changes would do to quantity and revenue: from the cached tables of one published version."""

import datetime as dt
from dataclasses import dataclass
from math import isfinite
from typing import Any
from uuid import UUID

from django.db.models import Sum

from elastix.dataset.models import DataVersion
from elastix.errors import NotFound
from elastix.fields import as_number
from pricing.elasticity.core.demand import AVERAGE, EQUAL_SHARES, LINEAR, DemandModel
from pricing.elasticity.models import ElasticityEstimate, Method
from pricing.elasticity.selectors.demand_curve import shop_linear_share
from pricing.sales.models import Product
from pricing.sales.models.products import Kind
from segments.core.rfm import SEGMENTS
from segments.models import SegmentElasticity, SegmentSales
from segments.selectors.sums import within
from simulations.core.what_if import Projection as Projected
from simulations.core.what_if import Sales, interval, project, steps, total, warnings
from simulations.models import Simulation
from simulations.selectors.periods import (
    AVERAGE_PAID,
    NEXT_30_DAYS,
    PRESENT_PRICE,
    Period,
    coming_days,
    past_days,
)
from simulations.selectors.prices import product_to_price, simulation_of

NOTHING = Sales(0, 0.0)


@dataclass(frozen=True, slots=True)
class QuickSimulation:
    """A price change tried on a product.

    Attributes
    ----------
    base : what the present price is: the average paid in the period, or what is charged.
    interval : 80 % interval of quantity and revenue; empty where the elasticity has no error.
    """

    product: Product
    period: Period
    base: str
    elasticity: float
    quality: str
    sales: Sales
    projected: Projected
    interval: dict[str, float]
    demand_model: DemandModel
    warnings: list[str]

    @property
    def r_squared(self) -> float:
        """Of the log-log regression; 0 where it has none."""
        summary = getattr(self.product, "summary", None)
        return summary.r_squared if summary else 0.0

    @property
    def revenue_delta(self) -> float:
        """Change of the revenue, in currency."""
        return self.projected.revenue - self.sales.revenue


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """All segments together, and each, at one price change."""

    total: Projected
    segments: dict[str, Projected]


@dataclass(frozen=True, slots=True)
class SimulationCurve:
    """A simulation at every step of its range."""

    simulation: Simulation
    period: Period
    demand_model: DemandModel
    points: list[CurvePoint]
    base: str = AVERAGE_PAID


def find_simulation(simulation_id: UUID, *, lock: bool = False) -> Simulation:
    """Return a saved simulation; `lock` keeps other writers off it until the transaction ends.

    Raises
    ------
    NotFound : there is none.
    """
    found = Simulation.objects.select_for_update() if lock else Simulation.objects.all()
    simulation = found.filter(pk=simulation_id).first()
    if simulation is None:
        raise NotFound(f"There is no simulation {simulation_id}.")
    return simulation


def quick_simulation(
    version: DataVersion,
    *,
    stock_code: str,
    price_change_percent: float,
    demand_model: DemandModel | None,
    period: str,
) -> QuickSimulation:
    """What a price change would do to a product: over all its sales, or in the next 30 days as /api/price/simulate says.

    Parameters
    ----------
    demand_model : None: linear over all sales, that of the policy in the next 30 days.

    Raises
    ------
    NotFound : the product is unknown, a service, has no sales to project from or, for the next 30 days, no price.
    """
    product = Product.objects.select_related("summary").filter(code=stock_code, kind=Kind.MERCHANDISE).first()
    if product is None:
        raise NotFound(f"There is no stock item {stock_code!r}.")
    if period == NEXT_30_DAYS:
        return _coming(version, product, price_change_percent, demand_model)
    return _over_all_sales(version, product, price_change_percent, demand_model or LINEAR)


def _over_all_sales(
    version: DataVersion, product: Product, price_change_percent: float, demand_model: DemandModel
) -> QuickSimulation:
    estimate = ElasticityEstimate.objects.filter(product=product, method=Method.POOLED).first()
    summary = getattr(product, "summary", None)
    if estimate is None or summary is None or summary.total_quantity <= 0 or summary.total_revenue <= 0:
        raise NotFound(f"{product.pk} has no sales to project from.")
    sales = Sales(as_number(summary.total_quantity), float(summary.total_revenue))
    asked = (sales, price_change_percent, estimate.elasticity)
    share = _linear_share(demand_model)
    return QuickSimulation(
        product=product,
        period=past_days(version, None, None),
        base=AVERAGE_PAID,
        elasticity=estimate.elasticity,
        quality=estimate.quality,
        sales=sales,
        projected=project(*asked, demand_model, share),
        interval=interval(*asked, estimate.std_error, demand_model, share),
        demand_model=demand_model,
        warnings=warnings(*asked, demand_model),
    )


def _coming(
    version: DataVersion, product: Product, price_change_percent: float, demand_model: DemandModel | None
) -> QuickSimulation:
    """The projection of /api/price/simulate to the price that the change leads to."""
    group = product_to_price(product.pk, demand_model=demand_model)
    present, currency = float(group.inputs.price[0]), group.inputs.currency
    price = max(currency.money(present * (1 + price_change_percent / 100)) or currency.unit, currency.unit)
    tried = simulation_of(group, new_price=price, demand_factor=1.0, response_factor=1.0)
    assert tried.projected is not None  # noqa: S101
    impact: Any = tried.projected.impact
    sales = Sales(round(float(impact.current.quantity), 2), float(impact.current.revenue), present)
    return QuickSimulation(
        product=product,
        period=coming_days(version),
        base=PRESENT_PRICE,
        elasticity=float(group.inputs.elasticity[0]),
        quality=group.facts[0].grade,
        sales=sales,
        projected=Projected(
            price_change_percent=price_change_percent,
            price=float(price),
            quantity=round(float(impact.projected.quantity), 2),
            revenue=float(impact.projected.revenue),
            quantity_change_percent=float(impact.change_percent.quantity),
            revenue_change_percent=float(impact.change_percent.revenue),
        ),
        interval={
            f"{name}_{end}": float(value)
            for name in ("quantity", "revenue")
            for end in ("low", "high")
            if isfinite(value := getattr(getattr(impact, end), name))
        },
        demand_model=tried.demand_model,
        warnings=tried.warnings,
    )


def simulation_metrics(
    simulation: Simulation,
    *,
    start_date: dt.date | None,
    end_date: dt.date | None,
    price_change_percent: float | None,
    demand_model: DemandModel,
) -> dict[str, Projected]:
    """Each segment's projection at one price change (default: the middle of the range)."""
    if price_change_percent is None:
        price_change_percent = (simulation.range_from_percent + simulation.range_to_percent) / 2
    share = _linear_share(demand_model)
    return {
        name: project(sales, price_change_percent, elasticity, demand_model, share)
        for name, (sales, elasticity) in _segments(simulation, start_date, end_date).items()
    }


def simulation_curve(
    version: DataVersion,
    simulation: Simulation,
    *,
    start_date: dt.date | None,
    end_date: dt.date | None,
    demand_model: DemandModel,
) -> SimulationCurve:
    """The projections at every step of the range, in total and by segment."""
    by_segment = _segments(simulation, start_date, end_date)
    sales = [sold for sold, _ in by_segment.values()]
    points, share = [], _linear_share(demand_model)
    for percent in steps(*simulation.price_range):
        segments = {
            name: project(sold, percent, elasticity, demand_model, share)
            for name, (sold, elasticity) in by_segment.items()
        }
        points.append(CurvePoint(total(sales, list(segments.values())), segments))
    return SimulationCurve(simulation, past_days(version, start_date, end_date), demand_model, points)


def _linear_share(model: DemandModel) -> float:
    """Weight of linear demand, read where the model has one to weigh."""
    return shop_linear_share() if model == AVERAGE else EQUAL_SHARES


def _segments(
    simulation: Simulation, start_date: dt.date | None, end_date: dt.date | None
) -> dict[str, tuple[Sales, float]]:
    """Sales and elasticity of each segment; where a segment's elasticity is not known, the product's."""
    code = simulation.product_id
    pooled = ElasticityEstimate.objects.filter(product_id=code, method=Method.POOLED)
    own = pooled.values_list("elasticity", flat=True).first() if code else None
    if own is None:
        return dict.fromkeys(SEGMENTS, (NOTHING, 0.0))
    sold = SegmentSales.objects.filter(within(start_date, end_date), product_id=code).order_by()
    sums = sold.values_list("segment").annotate(Sum("quantity"), Sum("revenue"))
    sales = {name: Sales(as_number(quantity), float(revenue)) for name, quantity, revenue in sums}
    elasticities = SegmentElasticity.objects.filter(product_id=code)
    known = dict(elasticities.values_list("segment", "elasticity"))
    return {name: (sales.get(name, NOTHING), known.get(name, own)) for name in SEGMENTS}
