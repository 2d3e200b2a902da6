"""What the charts of a product draw, as static/elastix/desk/charts.js and the page's SVG want it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from django.utils.translation import gettext as _

from elastix.api.fields import known
from market.selectors.competitors import ProductMarket
from pricing.elasticity.models import Grade
from pricing.forecasting.selectors.forecasts import ProductForecast
from pricing.recommendation.core.limits import CEILINGS, FLOORS
from pricing.recommendation.selectors.recommendations import ProductRecommendation
from simulations.selectors.prices import Projection
from simulations.selectors.what_if import WhatIf

TRACK_ROOM: Final = 0.08
"""Left free at either end of a track, as a fraction of what it shows."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A place on a track: percent from its left end."""

    name: str
    price: Decimal
    at: float

    @property
    def anchor(self) -> str:
        """Which part of its label stands at the place, so that none leaves the picture."""
        return "start" if self.at < 25 else "end" if self.at > 75 else "middle"


@dataclass(frozen=True, slots=True)
class Track:
    """The allowed prices of a product with today's and the recommended one; places in percent from the left.

    `low` and `high` are None where nothing limits the price on that side: the allowed prices then go to the end.
    """

    start: float
    end: float
    low: Mark | None
    high: Mark | None
    today: Mark
    recommended: Mark | None

    @property
    def width(self) -> float:
        return round(self.end - self.start, 2)


def limits_track(recommendation: ProductRecommendation) -> Track | None:
    """Where today's and the recommended price lie among the allowed ones; None without a price or any limit."""
    price = recommendation.price
    floors = [each.bound for each in price.limits if each.rule in FLOORS]
    ceilings = [each.bound for each in price.limits if each.rule in CEILINGS]
    if price.current_price is None or not (floors or ceilings):
        return None
    low, high = max(floors, default=None), min(ceilings, default=None)
    moved = price.recommended_price if price.moved else None
    shown = [float(each) for each in (price.current_price, moved, low, high) if each is not None]
    width = (max(shown) - min(shown)) or max(shown)
    left, whole = min(shown) - TRACK_ROOM * width, width * (1 + 2 * TRACK_ROOM)

    def mark(name: str, value: Decimal | None) -> Mark | None:
        return None if value is None else Mark(name, value, round(100 * (float(value) - left) / whole, 2))

    lowest, highest = mark(_("lowest"), low), mark(_("highest"), high)
    today = mark(_("today"), price.current_price)
    assert today is not None  # noqa: S101 - there is a price
    start, end = lowest.at if lowest else 0.0, highest.at if highest else 100.0
    return Track(min(start, end), max(start, end), lowest, highest, today, mark(_("recommended"), moved))


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
            "profit_low": known(impact.low.profit, 2),
            "profit_high": known(impact.high.profit, 2),
        }
        for impact in impacts
    ]


def curve_chart(
    rows: Sequence[dict[str, float | None]],
    recommendation: ProductRecommendation,
    what_if: WhatIf,
    tried: Decimal | None,
) -> dict[str, Any]:
    """The demand and the profit curve: lines over prices with bands, the prices of interest marked."""
    price, competitors = recommendation.price, recommendation.facts.competitors
    marks = [(_("today"), price.current_price)]
    if price.moved:
        marks.append((_("recommended"), price.recommended_price))
    if competitors is not None and what_if.lowest <= competitors.median <= what_if.highest:
        marks.append((_("competitors"), competitors.median))
    if tried is not None and tried not in (price.current_price, price.recommended_price):
        marks.append((_("tried"), tried))
    has_profit = bool(rows) and rows[0]["profit"] is not None
    return {
        "kind": "curve",
        "doubtful": recommendation.facts.grade in ("", Grade.D.value),
        "x": [row["price"] for row in rows],
        "names": {"x": _("Price"), "y": _("Units"), "second": _("Profit")},
        "y": [row["quantity"] for row in rows],
        "low": [row["low"] for row in rows],
        "high": [row["high"] for row in rows],
        "second": [row["profit"] for row in rows] if has_profit else [],
        "secondLow": [row["profit_low"] for row in rows] if has_profit else [],
        "secondHigh": [row["profit_high"] for row in rows] if has_profit else [],
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


def lines_chart(lines: Iterable[tuple[str, Sequence[tuple[Any, Any]]]]) -> dict[str, Any]:
    """Lines of (day, number) points by name, each number holding until the next."""
    return {
        "kind": "lines",
        "lines": [
            {"name": name, "points": [[day.isoformat(), float(value)] for day, value in points]}
            for name, points in lines
        ],
    }


def market_chart(market: ProductMarket) -> dict[str, Any]:
    """What the competitors asked, by day."""
    return lines_chart(
        (each.name, [(point["date"], point["price"]) for point in each.points]) for each in market.history
    )


def price_chart(history: Sequence[Any]) -> dict[str, Any]:
    """What was paid for the product on average, on each day with sales."""
    points = [(day["date"], day["price"]) for day in history if day["price"] is not None]
    return lines_chart([(_("Mean price paid"), points)])
