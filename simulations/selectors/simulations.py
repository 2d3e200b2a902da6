"""Answers to "what would happen if": from the cached tables of one published version."""

import datetime as dt
from typing import Any

from django.db.models import Sum

from elastix.api.fields import money, rounded
from elastix.dataset.models import DataVersion
from elastix.errors import NotFound
from pricing.elasticity.core.demand import DemandModel
from pricing.elasticity.models import ElasticityEstimate, Method
from pricing.sales.models import Product
from pricing.sales.models.products import Kind
from segments.core.rfm import SEGMENTS
from segments.models import SegmentElasticity, SegmentSales
from simulations.core.what_if import Projection, Sales, limits, project, steps, warnings
from simulations.models import Simulation

NOTHING = Sales(0.0, 0.0)


def simulation_row(simulation: Simulation) -> dict[str, Any]:
    return {
        "simulationId": str(simulation.pk),
        "name": simulation.name,
        "description": simulation.description,
        "stockItemRef": simulation.product_id or "",
        "priceRange": [
            simulation.range_from_percent,
            simulation.range_to_percent,
            simulation.range_step_percent,
        ],
    }


def quick_simulation(
    version: DataVersion, *, stock_code: str, price_change_percent: float, demand_model: DemandModel
) -> dict[str, Any]:
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
    sales = Sales(summary.total_quantity, float(summary.total_revenue))
    elasticity = estimate.elasticity
    projected = project(sales, price_change_percent, elasticity, demand_model)
    interval = limits(sales, price_change_percent, elasticity, estimate.std_error, demand_model)
    return {
        "stock_code": product.code,
        "description": product.name,
        "current_price": money(sales.price),
        "current_quantity": summary.total_quantity,
        "current_revenue": money(summary.total_revenue),
        "price_change_percent": price_change_percent,
        "elasticity": rounded(elasticity, 4),
        "r_squared": rounded(summary.r_squared, 4),
        "projected_price": money(projected.price),
        "projected_quantity": projected.quantity,
        "projected_revenue": money(projected.revenue),
        "quantity_change_percent": rounded(projected.quantity_change_percent, 2),
        "revenue_change_percent": rounded(projected.revenue_change_percent, 2),
        "revenue_delta": money(projected.revenue - sales.revenue),
        "interval": {name: money(value) for name, value in interval.items()},
        "demand_model": demand_model,
        "quality": estimate.quality,
        "warnings": warnings(sales, price_change_percent, elasticity, demand_model),
    }


def simulation_metrics(
    simulation: Simulation,
    *,
    start_date: dt.date | None,
    end_date: dt.date | None,
    price_change_percent: float | None,
    demand_model: DemandModel,
) -> dict[str, Any]:
    """Each segment's figures at one price change (default: the middle of the range)."""
    if price_change_percent is None:
        price_change_percent = (simulation.range_from_percent + simulation.range_to_percent) / 2
    by_segment = _segments(simulation, start_date, end_date)
    return {
        name: _metrics(project(sales, price_change_percent, elasticity, demand_model))
        for name, (sales, elasticity) in by_segment.items()
    }


def simulation_curve(
    simulation: Simulation,
    *,
    start_date: dt.date | None,
    end_date: dt.date | None,
    demand_model: DemandModel,
) -> dict[str, Any]:
    """The same figures at every step of the range, in total and by segment."""
    by_segment = _segments(simulation, start_date, end_date)
    percents = steps(
        simulation.range_from_percent, simulation.range_to_percent, simulation.range_step_percent
    )
    points = []
    for percent in percents:
        projected = {
            name: project(sales, percent, elasticity, demand_model)
            for name, (sales, elasticity) in by_segment.items()
        }
        points.append(
            {
                "priceChangePercent": percent,
                "total": _metrics(_total(percent, projected, by_segment)),
                "segments": {name: _metrics(each) for name, each in projected.items()},
            }
        )
    return {"simulationId": str(simulation.pk), "demandModel": demand_model, "points": points}


def _segments(
    simulation: Simulation, start_date: dt.date | None, end_date: dt.date | None
) -> dict[str, tuple[Sales, float]]:
    """Sales and elasticity of each segment; a segment's elasticity that is not known is the product's."""
    if simulation.product_id is None:
        return dict.fromkeys(SEGMENTS, (NOTHING, 0.0))
    sold = SegmentSales.objects.filter(product_id=simulation.product_id)
    if start_date:
        sold = sold.filter(date__gte=start_date)
    if end_date:
        sold = sold.filter(date__lte=end_date)
    sales = {
        name: Sales(quantity, float(revenue))
        for name, quantity, revenue in sold.order_by()
        .values("segment")
        .annotate(units=Sum("quantity"), money=Sum("revenue"))
        .values_list("segment", "units", "money")
    }
    known = dict(
        SegmentElasticity.objects.filter(product_id=simulation.product_id).values_list(
            "segment", "elasticity"
        )
    )
    own = (
        ElasticityEstimate.objects.filter(product_id=simulation.product_id, method=Method.POOLED)
        .values_list("elasticity", flat=True)
        .first()
    )
    if own is None:
        return dict.fromkeys(SEGMENTS, (NOTHING, 0.0))
    return {name: (sales.get(name, NOTHING), known.get(name, own)) for name in SEGMENTS}


def _total(
    percent: float, projected: dict[str, Projection], by_segment: dict[str, tuple[Sales, float]]
) -> Projection:
    sold = [by_segment[name][0] for name in projected if projected[name].price > 0]
    quantity, revenue = sum(each.quantity for each in sold), sum(each.revenue for each in sold)
    new_quantity = sum(each.quantity for each in projected.values())
    new_revenue = sum(each.revenue for each in projected.values())
    return Projection(
        price_change_percent=percent,
        price=new_revenue / new_quantity if new_quantity else 0.0,
        quantity=new_quantity,
        revenue=new_revenue,
        quantity_change_percent=100 * (new_quantity / quantity - 1) if quantity else 0.0,
        revenue_change_percent=100 * (new_revenue / revenue - 1) if revenue else 0.0,
    )


def _metrics(projected: Projection) -> dict[str, Any]:
    return {
        "priceChangePercent": projected.price_change_percent,
        "quantity": projected.quantity,
        "revenue": money(projected.revenue),
        "deltaQuantityPercent": rounded(projected.quantity_change_percent, 2),
        "deltaRevenuePercent": rounded(projected.revenue_change_percent, 2),
    }
