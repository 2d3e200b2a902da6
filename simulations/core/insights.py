"""Findings on one product, ranked by the money at stake: each with evidence and one action.

Amounts are per 30 days unless a finding says once. What is not known gives no finding.
"""

import math
import string
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Final

from elastix.currency import TWO_DECIMALS, Currency
from pricing.forecasting.core.lines import INACTIVE_DAYS
from pricing.sales.core.calendar import MONTH_DAYS
from simulations.core.insight_texts import MONTH, TEMPLATES

NOTABLE_GAP: Final = 0.05
"""Prices closer than this to the market's mean are at the market."""
CARRYING_SHARE: Final = 0.5
RECENT_DAYS_WITHOUT_SALES: Final = 28
LONG_COVER_DAYS: Final = 180
LEAST_EXPECTED: Final = 0.01
"""Units of 30 days, as forecasts are rounded: the stock of what sells less lasts for ever."""
THIN_GRADES: Final = ("C", "D")
TEST_STEP: Final = 0.1
"""How far apart, as a share, the two prices of a test are."""
TEST_ERROR: Final = 0.5
TEST_DISPERSION: Final = 1.5
SHORTEST_TEST, LONGEST_TEST = 8, 52
SURE: Final = 1.0
STOCK_CONFIDENCE: Final = 0.8
"""Of findings that hold if the next month sells like the last one."""


@dataclass(frozen=True, slots=True)
class Recommended:
    """The price recommended, and what is expected of the best price the guardrails allow.

    Attributes
    ----------
    price : the recommended price; moved: it is not the present one.
    gain : profit (revenue, where there is no cost) expected of it beyond the present one's.
    probability_of_gain : that the best allowed price gains; None where none could be sought.
    best_price, best_gain : the best allowed price and its expected gain, taken or not; None where unknown.
    """

    price: float
    moved: bool
    gain: float | None
    probability_of_gain: float | None
    best_price: float | None
    best_gain: float | None
    rationale: str


@dataclass(frozen=True, slots=True)
class Market:
    """The competitors' fresh prices, and the profit change of charging their mean (None: not known)."""

    mean: float
    lowest: float
    count: int
    gain_at_mean: float | None
    probability_of_gain: float | None


@dataclass(frozen=True, slots=True)
class SegmentShare:
    """What customers of a segment bought of the product; churn_risk in percent, elasticity None where unknown."""

    segment: str
    revenue: float
    elasticity: float | None
    churn_risk: float


@dataclass(frozen=True, slots=True)
class Outlook:
    """Units forecast for the next 30 days, with an 80 % interval."""

    units: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductView:
    """What is known of a product; None where something is not.

    Attributes
    ----------
    cost : per unit, without tax.
    tax_factor : price with the tax that it includes over price without.
    units, revenue : of the 30 days before the as-of date.
    days_since_sale : from the newest sale of the product to the as-of date.
    segments : what each segment bought in the last 90 days.
    prices_follow_sales : whether the shop's sales predict its prices, so that the effect of prices on sales cannot be identified.
    """

    price: float | None
    cost: float | None
    cost_assumed: bool = False
    units: float = 0.0
    revenue: float = 0.0
    grade: str = ""
    elasticity: float | None = None
    sold_days: int = 0
    days_since_sale: int | None = None
    target_margin: float | None = None
    stock_level: float | None = None
    target_stock: float | None = None
    recommended: Recommended | None = None
    market: Market | None = None
    segments: Sequence[SegmentShare] = ()
    outlook: Outlook | None = None
    prices_follow_sales: bool = False
    currency: Currency = TWO_DECIMALS
    tax_factor: float = 1.0

    @property
    def net_price(self) -> float | None:
        """The price without the tax that it includes."""
        return None if self.price is None else self.price / self.tax_factor

    @property
    def unit_margin(self) -> float | None:
        """What one unit earns; the price where there is no cost."""
        if self.net_price is None:
            return None
        return self.price if self.cost is None else self.net_price - self.cost

    @property
    def cost_confidence(self) -> float:
        return STOCK_CONFIDENCE if self.cost_assumed else SURE


@dataclass(frozen=True, slots=True)
class Action:
    """What to do about a finding; `price` where it is a price to set."""

    kind: str
    text: str
    price: float | None = None


@dataclass(frozen=True, slots=True)
class Insight:
    """A finding.

    Attributes
    ----------
    money_at_stake : not negative; per `period`: 30 days, or once.
    confidence : 0 to 1, how sure the finding is.
    rank : 1 for the most money at stake.
    """

    kind: str
    finding: str
    money_at_stake: float
    confidence: float
    action: Action
    evidence: dict[str, Any]
    period: str = MONTH
    rank: int = 0


def find_insights(view: ProductView) -> list[Insight]:
    """Return what there is to say about a product, the most money first; equal amounts in a fixed order."""
    found = [insight for find in _FINDERS for insight in find(view)]
    found.sort(key=lambda insight: -insight.money_at_stake)
    return [replace(insight, rank=rank) for rank, insight in enumerate(found, start=1)]


def _below_cost(view: ProductView) -> Iterator[Insight]:
    price = view.net_price
    if price is None or view.cost is None or view.cost_assumed or price >= view.cost:
        return
    loss = view.cost - price
    yield _insight(view, "below_cost", loss * view.units, SURE, loss=loss)


def _price_against_optimum(view: ProductView) -> Iterator[Insight]:
    advice = view.recommended
    if view.price is None or advice is None or not advice.moved or not advice.gain or advice.gain <= 0:
        return
    side = "below" if advice.price > view.price else "above"
    yield _insight(view, "off_optimum", advice.gain, advice.probability_of_gain or 0.0, side=side)


def _margin_below_target(view: ProductView) -> Iterator[Insight]:
    price = view.net_price
    if not price or not view.price or view.cost is None or view.target_margin is None or price < view.cost:
        return
    margin, target = 1 - view.cost / price, view.target_margin
    if margin >= target - 5e-4:
        return
    advice, wanted = view.recommended, view.cost / (1 - target)
    in_reach = advice is not None and advice.moved and advice.price > view.price
    case = "margin_in_reach" if in_reach else "margin_out_of_reach"
    values = {
        "margin": margin,
        "price_at_target": wanted * view.tax_factor,
        "affordable": price * (1 - target),
    }
    yield _insight(view, case, (wanted - price) * view.units, view.cost_confidence, **values)


def _competitor_gap(view: ProductView) -> Iterator[Insight]:
    market = view.market
    if not view.price or market is None:
        return
    gap = view.price / market.mean - 1
    if abs(gap) <= NOTABLE_GAP:
        return
    gain, chance = market.gain_at_mean, market.probability_of_gain
    worth = gain is not None and gain > 0
    case = "gap" if gain is None else "gap_worth_closing" if worth else "gap_worth_keeping"
    confidence = 0.5 if chance is None else chance if worth else 1 - chance
    values = {"side": "above" if gap > 0 else "below", "distance": abs(gap), "gap_percent": 100 * gap}
    gain = gain or 0.0
    yield _insight(view, case, max(gain, 0.0), confidence, gain=gain, loss=-gain, **values)


def _stock_cover(view: ProductView) -> Iterator[Insight]:
    expected = view.outlook.units if view.outlook else view.units
    if view.stock_level is None or view.unit_margin is None or expected < LEAST_EXPECTED:
        return
    stock = max(view.stock_level, 0.0)
    cover = MONTH_DAYS * stock / expected
    values = {"stock": stock, "units_expected": expected, "cover_days": cover}
    if cover < MONTH_DAYS:
        lost = expected - stock
        values["order"] = max(lost, (view.target_stock or 0.0) - stock, 1.0)
        yield _insight(view, "stock_runs_out", lost * max(view.unit_margin, 0.0), STOCK_CONFIDENCE, **values)
    elif cover > LONG_COVER_DAYS and view.cost is not None:
        tied_up = (stock - expected * LONG_COVER_DAYS / MONTH_DAYS) * view.cost
        yield _insight(view, "overstocked", tied_up, STOCK_CONFIDENCE * view.cost_confidence, **values)


def _trend(view: ProductView) -> Iterator[Insight]:
    """Demand that is forecast to leave last month's level: only where the interval says so."""
    outlook = view.outlook
    if outlook is None or view.unit_margin is None or outlook.low <= view.units <= outlook.high:
        return
    case = "demand_falls" if outlook.units < view.units else "demand_rises"
    money = abs(outlook.units - view.units) * max(view.unit_margin, 0.0)
    change = "" if view.units <= 0 else _WORDS.format(" ({0:+.1%})", outlook.units / view.units - 1)
    yield _insight(view, case, money, STOCK_CONFIDENCE, change=change)


def _carrying_segment(view: ProductView) -> Iterator[Insight]:
    """A segment that buys most of the product: at stake is its share of the revenue times its churn risk."""
    total = sum(each.revenue for each in view.segments if each.revenue > 0)
    if total <= 0 or len(view.segments) < 2:
        return
    most = max(view.segments, key=lambda each: each.revenue)
    share, churn = most.revenue / total, most.churn_risk / 100
    if share < CARRYING_SHARE:
        return
    case = "segment_at_risk" if most.churn_risk >= 50 else "segment"
    money = max(view.revenue, 0.0) * share * most.churn_risk / 100
    yield _insight(view, case, money, STOCK_CONFIDENCE, most=most, revenue_share=share, churn=churn)


def _idle(view: ProductView) -> Iterator[Insight]:
    days = view.days_since_sale
    if days is None or days <= RECENT_DAYS_WITHOUT_SALES:
        return
    money = max(view.stock_level or 0.0, 0.0) * (view.cost or 0.0)
    tied_up = f"; {view.currency.text(money)} is tied up in stock" if money else ""
    case = "not_selling" if days > INACTIVE_DAYS else "slow_selling"
    yield _insight(view, case, money, SURE, tied_up=tied_up)


def _thin_data(view: ProductView) -> Iterator[Insight]:
    """An elasticity too unsure to act on: at stake is the gain of the best price, which is not recommended."""
    advice = view.recommended
    if (
        view.prices_follow_sales
        or view.price is None
        or view.grade not in THIN_GRADES
        or (advice is not None and advice.moved)
    ):
        return
    yield _insight(view, "thin_data", max((advice.best_gain if advice else None) or 0.0, 0.0), SURE)


def _prices_follow_sales(view: ProductView) -> Iterator[Insight]:
    """More of the same sales would not help, a test would: at stake is the gain of the best price, which may not be one."""
    if not view.prices_follow_sales or view.price is None or view.elasticity is None:
        return
    best = view.recommended.best_price if view.recommended else None
    dearer = best is None or best >= view.price
    values = {
        "test_price": view.price * (1 + TEST_STEP if dearer else 1 - TEST_STEP),
        "weeks": weeks_to_test(view.units),
    }
    money = max((view.recommended.best_gain if view.recommended else None) or 0.0, 0.0)
    yield _insight(view, "prices_follow_sales", money, SURE, **values)


def weeks_to_test(units: float) -> int:
    """Weeks after which two prices 10 % apart, charged by turns, tell the elasticity to +- 0.5 (one standard error).

    In n weeks of m units each, whose variance is phi times their mean, the variance of the elasticity is phi / (n m x^2), x
    half the distance of the log prices: 2,400 units of dispersion 1.5. Between 8 weeks, which draw lots, and a year.

    Parameters
    ----------
    units : of 30 days.
    """
    needed = TEST_DISPERSION / (TEST_ERROR**2 * (TEST_STEP / 2) ** 2)
    weekly = units * 7 / MONTH_DAYS
    return LONGEST_TEST if weekly * LONGEST_TEST < needed else max(math.ceil(needed / weekly), SHORTEST_TEST)


def _no_cost(view: ProductView) -> Iterator[Insight]:
    if view.price is None or (view.cost is not None and not view.cost_assumed):
        return
    yield _insight(view, "no_cost" if view.cost is None else "cost_assumed", 0.0, SURE, unknown=None)


_FINDERS = (
    _below_cost, _price_against_optimum, _margin_below_target, _competitor_gap, _stock_cover, _trend,
    _carrying_segment, _idle, _thin_data, _prices_follow_sales, _no_cost,
)  # fmt: skip


class _Formatter(string.Formatter):
    """Writes percents as "1.5 %"; money ("$") to the smallest unit; a word as the format counts: "1 day", "2 days"."""

    def __init__(self, currency: Currency = TWO_DECIMALS) -> None:
        self.money = f".{currency.decimals}f"

    def format_field(self, value: Any, format_spec: str) -> str:
        if format_spec.isalpha():
            return f"{value:,.0f} {format_spec}{'' if round(value) == 1 else 's'}"
        text = str(super().format_field(value, format_spec.replace("$", self.money)))
        return text.replace("%", " %") if format_spec.endswith("%") else text


_WORDS = _Formatter()


def _insight(view: ProductView, case: str, money: float, confidence: float, **values: Any) -> Insight:
    """Word a finding by its template, from the view and the finder's own values."""
    template, words = TEMPLATES[case], _Formatter(view.currency)
    known = {each.name: getattr(view, each.name) for each in fields(view)} | values

    def find(place: str) -> Any:
        return words.get_field(place, (), known)[0]

    places = (entry.partition("=") for entry in template.evidence.split())
    price = find(template.price) if template.price else None
    return Insight(
        kind=words.format(template.kind, **known),
        finding=words.format(template.finding, **known),
        money_at_stake=money,
        confidence=confidence,
        action=Action(template.action, words.format(template.advice, **known), price),
        evidence={name: find(place or name) for name, _, place in places},
        period=template.period,
    )
