"""What price changes would do to quantity and revenue: from the cached tables of one published version."""

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Sum

from elastix.errors import NotFound
from elastix.fields import as_number
from pricing.elasticity.core.demand import DemandModel
from pricing.elasticity.models import ElasticityEstimate, Method
from pricing.sales.models import Product
from pricing.sales.models.products import Kind
from segments.core.rfm import SEGMENTS
from segments.models import SegmentElasticity, SegmentSales
from segments.selectors.sums import within
from simulations.core.what_if import Projection, Sales, interval, project, steps, total, warnings
from simulations.models import Simulation

NOTHING = Sales(0, 0.0)


@dataclass(frozen=True, slots=True)
class QuickSimulation:
    """A price change tried on a product.

    Attributes
    ----------
    interval : 80 % interval of quantity and revenue; empty where the elasticity has no error.
    """

    product: Product
    estimate: ElasticityEstimate
    sales: Sales
    projected: Projection
    interval: dict[str, float]
    demand_model: DemandModel
    warnings: list[str]

    @property
    def revenue_delta(self) -> float:
        """Change of the revenue, in currency."""
        return self.projected.revenue - self.sales.revenue


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """All segments together, and each, at one price change."""

    total: Projection
    segments: dict[str, Projection]


@dataclass(frozen=True, slots=True)
class SimulationCurve:
    """A simulation at every step of its range."""

    simulation: Simulation
    demand_model: DemandModel
    points: list[CurvePoint]


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
    *, stock_code: str, price_change_percent: float, demand_model: DemandModel
) -> QuickSimulation:
    """What a price change would do to a product, over all its sales.

    Raises
    ------
    NotFound : the product is unknown, a service, or has no sales to project from.
    """
    product = Product.objects.select_related("summary").filter(code=stock_code, kind=Kind.MERCHANDISE).first()
    if product is None:
        raise NotFound(f"There is no stock item {stock_code!r}.")
    estimate = ElasticityEstimate.objects.filter(product=product, method=Method.POOLED).first()
    summary = getattr(product, "summary", None)
    if estimate is None or summary is None or summary.total_quantity <= 0 or summary.total_revenue <= 0:
        raise NotFound(f"{stock_code} has no sales to project from.")
    sales = Sales(as_number(summary.total_quantity), float(summary.total_revenue))
    asked = (sales, price_change_percent, estimate.elasticity)
    return QuickSimulation(
        product=product,
        estimate=estimate,
        sales=sales,
        projected=project(*asked, demand_model),
        interval=interval(*asked, estimate.std_error, demand_model),
        demand_model=demand_model,
        warnings=warnings(*asked, demand_model),
    )


def simulation_metrics(
    simulation: Simulation,
    *,
    start_date: dt.date | None,
    end_date: dt.date | None,
    price_change_percent: float | None,
    demand_model: DemandModel,
) -> dict[str, Projection]:
    """Each segment's projection at one price change (default: the middle of the range)."""
    if price_change_percent is None:
        price_change_percent = (simulation.range_from_percent + simulation.range_to_percent) / 2
    return {
        name: project(sales, price_change_percent, elasticity, demand_model)
        for name, (sales, elasticity) in _segments(simulation, start_date, end_date).items()
    }


def simulation_curve(
    simulation: Simulation,
    *,
    start_date: dt.date | None,
    end_date: dt.date | None,
    demand_model: DemandModel,
) -> SimulationCurve:
    """The projections at every step of the range, in total and by segment."""
    by_segment = _segments(simulation, start_date, end_date)
    sales = [sold for sold, _ in by_segment.values()]
    points = []
    for percent in steps(*simulation.price_range):
        segments = {
            name: project(sold, percent, elasticity, demand_model)
            for name, (sold, elasticity) in by_segment.items()
        }
        points.append(CurvePoint(total(sales, list(segments.values())), segments))
    return SimulationCurve(simulation, demand_model, points)


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
