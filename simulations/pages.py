"""/desk/products/{code}: one product, what its price should be and why."""

from collections.abc import Sequence
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from elastix.dataset.versions import current_version
from elastix.desk.shell import page
from elastix.errors import NotFound
from pricing.changes.selectors.outcomes import newest_outcomes
from pricing.elasticity.core.demand import AVERAGE
from pricing.elasticity.selectors.estimates import elasticity_of_product
from pricing.forecasting.selectors.forecasts import ProductForecast, forecast_of_product
from pricing.recommendation.selectors.expected import known
from pricing.recommendation.selectors.products import product_detail
from pricing.recommendation.selectors.recommendations import ProductRecommendation
from pricing.sales.core.calendar import MONTH_DAYS
from pricing.sales.selectors.products import find_product
from simulations.selectors.prices import Projection, recommendation_and_curve

HISTORY_DAYS: Final = 90
CHANGES_SHOWN: Final = 10


@page()
def product(request: HttpRequest, code: str) -> HttpResponse:
    """What is known of a product; parts that nothing is known of are left out and say so."""
    code = find_product(code).code
    version = current_version()
    recommendation, curve = recommendation_and_curve(code)
    forecast = forecast_of_product(
        version, code, periods=MONTH_DAYS, method=None, price=None, demand_model=AVERAGE
    )
    context: dict[str, Any] = {
        "page": "products",
        "product": product_detail(code, days=HISTORY_DAYS, version=version),
        "recommendation": recommendation,
        "estimate": _estimate(version, code),
        "changes": newest_outcomes(version, CHANGES_SHOWN, code),
        "forecast": forecast,
        "days": MONTH_DAYS,
    }
    if curve is not None:
        rows = curve_rows(curve)
        context |= {"curve": rows, "curve_chart": curve_chart(rows, recommendation)}
    if forecast.forecast:
        context["forecast_chart"] = forecast_chart(forecast)
    return render(request, "desk/product.html", context)


def curve_rows(curve: Projection) -> list[dict[str, float | None]]:
    """Price, units with their interval, revenue and profit of 30 days, from the lowest price to the highest."""
    impacts: list[Any] = [each.impact for each in curve.prices]  # numbers in place of arrays
    return [
        {
            "price": known(impact.projected.price, 2),
            "quantity": known(impact.projected.quantity, 1),
            "low": known(impact.low.quantity, 1),
            "high": known(impact.high.quantity, 1),
            "revenue": known(impact.projected.revenue, 2),
            "profit": known(impact.projected.profit, 2),
        }
        for impact in impacts
    ]


def curve_chart(
    rows: Sequence[dict[str, float | None]], recommendation: ProductRecommendation
) -> dict[str, Any]:
    """The demand curve as static/elastix/desk/charts.js draws it: lines over prices, two prices marked."""
    price = recommendation.price
    marks = [(_("today"), price.current_price)]
    if price.moved:
        marks.append((_("recommended"), price.recommended_price))
    return {
        "kind": "curve",
        "x": [row["price"] for row in rows],
        "names": {"x": _("Price"), "y": _("Units"), "second": _("Profit")},
        "y": [row["quantity"] for row in rows],
        "low": [row["low"] for row in rows],
        "high": [row["high"] for row in rows],
        "second": [row["profit"] for row in rows] if rows and rows[0]["profit"] is not None else [],
        "marks": [{"name": name, "x": float(value)} for name, value in marks if value is not None],
    }


def forecast_chart(forecast: ProductForecast) -> dict[str, Any]:
    """What was sold and what is expected, by day."""
    past, coming = forecast.history, forecast.forecast
    return {
        "kind": "forecast",
        "x": [day.isoformat() for day in (*(each.date for each in past), *(each.date for each in coming))],
        "names": {"x": _("Day"), "y": _("Sold"), "second": _("Expected")},
        "y": [round(day.quantity, 2) for day in past] + [None] * len(coming),
        "second": [None] * len(past) + [round(day.quantity, 2) for day in coming],
        "low": [None] * len(past) + [round(day.low, 2) for day in coming],
        "high": [None] * len(past) + [round(day.high, 2) for day in coming],
        "marks": [],
    }


def _estimate(version: Any, code: str) -> Any:
    try:
        return elasticity_of_product(version, code, method=None).estimate
    except NotFound:
        return None
