"""What a pricing manager should know of one product, by the money at stake: each with evidence and one action.

Amounts are per 30 days unless a finding says `once`. What is not known gives no finding.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final

MONTH_DAYS: Final = 30
NOTABLE_GAP: Final = 0.05
"""Prices closer than this to the market's mean are at the market."""
CARRYING_SHARE: Final = 0.5
RECENT_DAYS_WITHOUT_SALES: Final = 28
SILENT_DAYS: Final = 91
LONG_COVER_DAYS: Final = 180
THIN_GRADES: Final = ("C", "D")
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
    """Units forecast for the next 30 days, with the limits of an 80 % interval."""

    units: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductView:
    """What is known of a product; None where something is not.

    Attributes
    ----------
    units, revenue : of the 30 days before the as-of date.
    days_since_sale : from the newest sale of the product to the as-of date.
    segments : what each segment bought in the last 90 days.
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

    @property
    def unit_margin(self) -> float | None:
        """What one unit earns; the price where there is no cost."""
        if self.price is None:
            return None
        return self.price if self.cost is None else self.price - self.cost

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
    money_at_stake : not negative; per 30 days, or once if `once`.
    confidence : 0 to 1, how sure the finding is.
    """

    kind: str
    finding: str
    money_at_stake: float
    confidence: float
    action: Action
    evidence: dict[str, Any] = field(default_factory=dict)
    once: bool = False


def find_insights(view: ProductView) -> list[Insight]:
    """Return what there is to say about a product, the most money first; equal amounts in a fixed order."""
    found = [insight for look in _LOOKS for insight in look(view)]
    return sorted(found, key=lambda insight: -insight.money_at_stake)


def _price_against_optimum(view: ProductView) -> Iterator[Insight]:
    advice = view.recommended
    if view.price is None or advice is None or not advice.moved or not advice.gain or advice.gain <= 0:
        return
    up = advice.price > view.price
    yield Insight(
        kind="price_below_optimum" if up else "price_above_optimum",
        finding=f"The price of {view.price:.2f} is {'below' if up else 'above'} the best allowed one."
        f" {advice.rationale}",
        money_at_stake=advice.gain,
        confidence=advice.probability_of_gain or 0.0,
        action=Action("propose_price", f"Propose {advice.price:.2f}.", advice.price),
        evidence={
            "current_price": view.price,
            "recommended_price": advice.price,
            "expected_gain": advice.gain,
            "elasticity": view.elasticity,
        },
    )


def _below_cost(view: ProductView) -> Iterator[Insight]:
    if view.price is None or view.cost is None or view.cost_assumed or view.price >= view.cost:
        return
    loss = view.cost - view.price
    yield Insight(
        kind="below_cost",
        finding=f"Each unit is sold for {loss:.2f} less than it costs.",
        money_at_stake=loss * view.units,
        confidence=SURE,
        action=Action(
            "raise_price_or_stop", "Raise the price above the cost, check the cost, or stop selling it."
        ),
        evidence={"price": view.price, "cost": view.cost, "units": view.units},
    )


def _margin_below_target(view: ProductView) -> Iterator[Insight]:
    if not view.price or view.cost is None or view.target_margin is None or view.price < view.cost:
        return
    margin = 1 - view.cost / view.price
    if margin >= view.target_margin - 5e-4:
        return
    wanted = view.cost / (1 - view.target_margin)
    affordable = view.price * (1 - view.target_margin)
    advice = view.recommended
    if advice is not None and advice.moved and advice.price > view.price:
        action = Action(
            "propose_price", f"Propose {advice.price:.2f}, a step towards the target.", advice.price
        )
    else:
        action = Action(
            "lower_cost", f"Buy for {affordable:.2f} a unit or less: no higher price is recommended."
        )
    yield Insight(
        kind="margin_below_target",
        finding=f"The margin is {_percent(margin)} of the price, the target {_percent(view.target_margin)}.",
        money_at_stake=(wanted - view.price) * view.units,
        confidence=view.cost_confidence,
        action=action,
        evidence={"margin": margin, "target_margin": view.target_margin, "price_at_target": wanted},
    )


def _competitor_gap(view: ProductView) -> Iterator[Insight]:
    market = view.market
    if not view.price or market is None:
        return
    gap = view.price / market.mean - 1
    if abs(gap) <= NOTABLE_GAP:
        return
    side = "above" if gap > 0 else "below"
    gain = market.gain_at_mean
    worth = gain is not None and gain > 0
    if gain is None:
        effect, action = (
            "",
            Action("watch", "Compare what you offer with what they do before following them."),
        )
    elif worth:
        effect = f" Charging the mean is expected to earn {gain:,.2f} more."
        action = Action("move_towards_market", f"Move towards {market.mean:.2f} as far as the policy allows.")
    else:
        effect = f" Charging the mean is expected to cost {-gain:,.2f}."
        action = Action("keep_price", "Do not follow them.")
    chance = market.probability_of_gain
    sure = 0.5 if chance is None else chance if worth else 1 - chance
    competitors = _counted(market.count, "competitor")
    yield Insight(
        kind=f"price_{side}_competitors",
        finding=f"The price is {_percent(abs(gap))} {side} the mean of {competitors} ({market.mean:.2f}).{effect}",
        money_at_stake=max(gain or 0.0, 0.0),
        confidence=sure,
        action=action,
        evidence={
            "price": view.price,
            "market_mean": market.mean,
            "market_lowest": market.lowest,
            "competitors": market.count,
            "gap_percent": 100 * gap,
        },
    )


def _thin_data(view: ProductView) -> Iterator[Insight]:
    """An elasticity too unsure to act on: what is at stake is the gain of the best price, not taken for that."""
    advice = view.recommended
    if view.price is None or view.grade not in THIN_GRADES or (advice is not None and advice.moved):
        return
    gain = max((advice.best_gain if advice else None) or 0.0, 0.0)
    yield Insight(
        kind="thin_data",
        finding=f"The elasticity has grade {view.grade}: this product's own sales, on"
        f" {_counted(view.sold_days, 'day')}, say too little.",
        money_at_stake=gain,
        confidence=SURE,
        action=Action("test_price", "Vary the price for some weeks, so that its effect shows in the sales."),
        evidence={"grade": view.grade, "sold_days": view.sold_days, "elasticity": view.elasticity},
    )


def _no_cost(view: ProductView) -> Iterator[Insight]:
    if view.price is None or (view.cost is not None and not view.cost_assumed):
        return
    finding = (
        f"The cost is not known; {view.cost:.2f} a unit is assumed."
        if view.cost is not None
        else "The cost is not known, so nothing can be said of its profit."
    )
    yield Insight(
        kind="no_cost",
        finding=finding,
        money_at_stake=0.0,
        confidence=SURE,
        action=Action("enter_cost", "Enter what one unit costs."),
        evidence={"cost": None, "assumed_cost": view.cost},
    )


def _stale(view: ProductView) -> Iterator[Insight]:
    days = view.days_since_sale
    if days is None or days <= RECENT_DAYS_WITHOUT_SALES:
        return
    tied_up = max(view.stock_level or 0.0, 0.0) * (view.cost or 0.0)
    silent = days > SILENT_DAYS
    yield Insight(
        kind="not_selling" if silent else "slow_selling",
        finding=f"Nothing was sold for {days} days"
        + (f"; {tied_up:,.2f} is tied up in stock." if tied_up else "."),
        money_at_stake=tied_up,
        confidence=SURE,
        action=Action("clear_out", "Clear it out or take it off the list.")
        if silent
        else Action("check_availability", "Check that it is on the shelf and in the shop."),
        evidence={"days_since_sale": days, "stock_level": view.stock_level, "cost": view.cost},
        once=True,
    )


def _stock_cover(view: ProductView) -> Iterator[Insight]:
    expected = view.outlook.units if view.outlook else view.units
    if view.stock_level is None or view.unit_margin is None or expected <= 0:
        return
    stock = max(view.stock_level, 0.0)
    cover = MONTH_DAYS * stock / expected
    evidence = {
        "stock_level": view.stock_level,
        "target_stock": view.target_stock,
        "units_expected": expected,
        "cover_days": cover,
    }
    if cover < MONTH_DAYS:
        lost = expected - stock
        order = max(lost, (view.target_stock or 0.0) - stock)
        yield Insight(
            kind="stock_runs_out",
            finding=f"The stock of {stock:,.0f} lasts {_counted(cover, 'day')} at the sales expected.",
            money_at_stake=lost * max(view.unit_margin, 0.0),
            confidence=STOCK_CONFIDENCE,
            action=Action("reorder", f"Order {_counted(max(order, 1.0), 'unit')}."),
            evidence=evidence,
        )
    elif cover > LONG_COVER_DAYS and view.cost is not None:
        excess = stock - expected * LONG_COVER_DAYS / MONTH_DAYS
        yield Insight(
            kind="overstocked",
            finding=f"The stock of {stock:,.0f} lasts {_counted(cover, 'day')} at the sales expected.",
            money_at_stake=excess * view.cost,
            confidence=STOCK_CONFIDENCE * view.cost_confidence,
            action=Action("order_less", "Order no more for now; a promotion shortens the wait."),
            evidence=evidence,
            once=True,
        )


def _carrying_segment(view: ProductView) -> Iterator[Insight]:
    """A segment that buys most of the product: what may go with it is its share of the revenue times its churn risk."""
    total = sum(each.revenue for each in view.segments if each.revenue > 0)
    if total <= 0 or len(view.segments) < 2:
        return
    most = max(view.segments, key=lambda each: each.revenue)
    share = most.revenue / total
    if share < CARRYING_SHARE:
        return
    risky = most.churn_risk >= 50
    yield Insight(
        kind="segment_carries_product",
        finding=f"Customers in the segment {most.segment} bring {_percent(share)} of its revenue;"
        f" their churn risk is {_percent(most.churn_risk / 100)}.",
        money_at_stake=max(view.revenue, 0.0) * share * most.churn_risk / 100,
        confidence=STOCK_CONFIDENCE,
        action=Action("win_back", "Win them back before the price goes up.")
        if risky
        else Action("look_at_segment", "Look at their elasticity before the price changes."),
        evidence={
            "segment": most.segment,
            "revenue_share": share,
            "elasticity": most.elasticity,
            "churn_risk": most.churn_risk,
        },
    )


def _trend(view: ProductView) -> Iterator[Insight]:
    """Demand that is forecast to leave last month's level: only where the interval says so."""
    outlook = view.outlook
    if outlook is None or view.unit_margin is None or outlook.low <= view.units <= outlook.high:
        return
    falling = outlook.units < view.units
    change = "" if view.units <= 0 else f" ({_percent(outlook.units / view.units - 1, sign='+')})"
    yield Insight(
        kind="demand_falls" if falling else "demand_rises",
        finding=f"The forecast for the next 30 days is {_counted(outlook.units, 'unit')}, after {view.units:,.0f}{change}.",
        money_at_stake=abs(outlook.units - view.units) * max(view.unit_margin, 0.0),
        confidence=STOCK_CONFIDENCE,
        action=Action("order_less", "Order less, and find out why.")
        if falling
        else Action("order_more", "See that there is stock for it."),
        evidence={"units_last_30_days": view.units, **asdict(outlook)},
    )


def _percent(fraction: float, sign: str = "") -> str:
    return f"{100 * fraction:{sign}.1f} %"


def _counted(number: float, thing: str) -> str:
    """A whole number of things: "1 day", "2 days"."""
    return f"{number:,.0f} {thing}{'' if round(number) == 1 else 's'}"


_LOOKS = (
    _below_cost,
    _price_against_optimum,
    _margin_below_target,
    _competitor_gap,
    _stock_cover,
    _trend,
    _carrying_segment,
    _stale,
    _thin_data,
    _no_cost,
)
