"""How the findings on a product are worded."""

from dataclasses import dataclass
from typing import Final

MONTH, ONCE = "30 days", "once"


@dataclass(frozen=True, slots=True)
class Template:
    """How a finding is worded; in braces, as in `str.format`, what the view and the finder know; "$" formats money.

    Attributes
    ----------
    kind, finding, advice : texts.
    action : kind of the action that `advice` suggests.
    evidence : names in the answer, and after "=" where the value is found if that is under another name.
    price : where the price to set is found, if the action sets one.
    """

    kind: str
    finding: str
    action: str
    advice: str
    evidence: str
    price: str = ""
    period: str = MONTH


_MARGIN = "The margin is {margin:.1%} of the price, the target {target_margin:.1%}."
_GAP = "The price is {distance:.1%} {side} the mean of {market.count:competitor} ({market.mean:$})."
_COVER = "The stock of {stock:,.0f} lasts {cover_days:day} at the sales expected."
_SEGMENT = (
    "Customers in the segment {most.segment} bring {revenue_share:.1%} of its revenue;"
    " their churn risk is {churn:.1%}."
)
_IDLE = "Nothing was sold for {days_since_sale} days{tied_up}."
_TREND = "The forecast for the next 30 days is {outlook.units:unit}, after {units:,.0f}{change}."

_MARGIN_EVIDENCE = "margin target_margin price_at_target"
_GAP_EVIDENCE = (
    "price market_mean=market.mean market_lowest=market.lowest competitors=market.count gap_percent"
)
_COVER_EVIDENCE = "stock_level target_stock units_expected cover_days"
_SEGMENT_EVIDENCE = "segment=most.segment revenue_share elasticity=most.elasticity churn_risk=most.churn_risk"
_IDLE_EVIDENCE = "days_since_sale stock_level cost"
_TREND_EVIDENCE = "units_last_30_days=units units=outlook.units low=outlook.low high=outlook.high"

# fmt: off
TEMPLATES: Final = {
    "below_cost": Template(
        "below_cost", "Each unit is sold for {loss:$} less than it costs.",
        "raise_price_or_stop", "Raise the price above the cost, check the cost, or stop selling it.",
        "price cost units"),
    "off_optimum": Template(
        "price_{side}_optimum", "The price of {price:$} is {side} the best allowed one. {recommended.rationale}",
        "propose_price", "Propose {recommended.price:$}.",
        "current_price=price recommended_price=recommended.price expected_gain=recommended.gain elasticity",
        price="recommended.price"),
    "margin_in_reach": Template(
        "margin_below_target", _MARGIN, "propose_price", "Propose {recommended.price:$}, a step towards the target.",
        _MARGIN_EVIDENCE, price="recommended.price"),
    "margin_out_of_reach": Template(
        "margin_below_target", _MARGIN,
        "lower_cost", "Buy for {affordable:$} a unit or less: no higher price is recommended.", _MARGIN_EVIDENCE),
    "gap": Template(
        "price_{side}_competitors", _GAP,
        "watch", "Compare what you offer with what they do before following them.", _GAP_EVIDENCE),
    "gap_worth_closing": Template(
        "price_{side}_competitors", _GAP + " Charging the mean is expected to earn {gain:,$} more.",
        "move_towards_market", "Move towards {market.mean:$} as far as the policy allows.", _GAP_EVIDENCE),
    "gap_worth_keeping": Template(
        "price_{side}_competitors", _GAP + " Charging the mean is expected to cost {loss:,$}.",
        "keep_price", "Do not follow them.", _GAP_EVIDENCE),
    "stock_runs_out": Template("stock_runs_out", _COVER, "reorder", "Order {order:unit}.", _COVER_EVIDENCE),
    "overstocked": Template(
        "overstocked", _COVER, "order_less", "Order no more for now; a promotion shortens the wait.",
        _COVER_EVIDENCE, period=ONCE),
    "demand_falls": Template(
        "demand_falls", _TREND, "order_less", "Order less, and find out why.", _TREND_EVIDENCE),
    "demand_rises": Template(
        "demand_rises", _TREND, "order_more", "See that there is stock for it.", _TREND_EVIDENCE),
    "segment_at_risk": Template(
        "segment_carries_product", _SEGMENT, "win_back", "Win them back before the price goes up.", _SEGMENT_EVIDENCE),
    "segment": Template(
        "segment_carries_product", _SEGMENT, "look_at_segment", "Look at their elasticity before the price changes.",
        _SEGMENT_EVIDENCE),
    "not_selling": Template(
        "not_selling", _IDLE, "clear_out", "Clear it out or take it off the list.", _IDLE_EVIDENCE, period=ONCE),
    "slow_selling": Template(
        "slow_selling", _IDLE, "check_availability", "Check that it is on the shelf and in the shop.",
        _IDLE_EVIDENCE, period=ONCE),
    "thin_data": Template(
        "thin_data", "The elasticity has grade {grade}: this product's own sales, on {sold_days:day}, say too little.",
        "test_price", "Vary the price for some weeks, so that its effect shows in the sales.",
        "grade sold_days elasticity"),
    "prices_follow_sales": Template(
        "prices_follow_sales", "Prices here seem to be set by what was sold before: the elasticity of {elasticity:.1f} is"
        " biased, by an amount that sales do not tell.",
        "test_price", "Test it: charge {price:$} and {test_price:$} a week each, in an order drawn at random, for {weeks:week}.",
        "grade elasticity test_price weeks"),
    "cost_assumed": Template(
        "no_cost", "The cost is not known; {cost:$} a unit is assumed.",
        "enter_cost", "Enter what one unit costs.", "cost=unknown assumed_cost=cost"),
    "no_cost": Template(
        "no_cost", "The cost is not known, so nothing can be said of its profit.",
        "enter_cost", "Enter what one unit costs.", "cost=unknown assumed_cost=cost"),
}
# fmt: on
