"""The position of our price among the competitors'."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from elastix.currency import TWO_DECIMALS, Currency

AVERAGE_WITHIN: Final = 0.02
NEAR: Final = 0.05

BELOW_AVERAGE: Final = "Below Average"
AVERAGE: Final = "Average"
ABOVE_AVERAGE: Final = "Above Average"
POSITIONS: Final = (BELOW_AVERAGE, AVERAGE, ABOVE_AVERAGE)

PRICE_LEADER: Final = "Price Leader"
MID_MARKET: Final = "Mid-Market"
PREMIUM_POSITION: Final = "Premium Position"
COMPETITIVE_POSITIONS: Final = (PRICE_LEADER, MID_MARKET, PREMIUM_POSITION)

# Compare with a tolerance: a price exactly on a limit must not miss it by rounding of floats.
_ROUNDING: Final = 1e-9


@dataclass(frozen=True, slots=True)
class MarketPosition:
    """Our price among the competitors'; None is what cannot be said without their prices, or without ours.

    Attributes
    ----------
    position_index : 0 at their lowest price, 1 at their highest, 0.5 where these are one; below 0 or above 1 outside.
    market_min, market_max, market_avg : their lowest, highest and mean price.
    price_gap_percent : by how much we are above (or below: negative) their mean.
    position : below, within 2 % of, or above their mean.
    competitive_position : less than 5 % above their lowest price, less than 5 % below their highest, or between.
    """

    position_index: float | None = None
    market_min: float | None = None
    market_max: float | None = None
    market_avg: float | None = None
    price_gap_percent: float | None = None
    position: str | None = None
    competitive_position: str | None = None


@dataclass(frozen=True, slots=True)
class Advice:
    """What to do about it: a stable code, and the sentence for people."""

    code: str
    sentence: str


def market_position(your_price: float | None, prices: Sequence[float]) -> MarketPosition:
    """Place our price among the competitors' prices, all above 0.

    Notes
    -----
    Index, gap and competitive position: docs/seeds.md, price optimization, section 6, formulas and code. Our price
    that is both near their lowest and near their highest is a price leader's, as there.
    """
    if not prices:
        return MarketPosition()
    lowest, highest, mean = min(prices), max(prices), sum(prices) / len(prices)
    if your_price is None:
        return MarketPosition(market_min=lowest, market_max=highest, market_avg=mean)
    spread, relative = highest - lowest, your_price / mean - 1
    position = AVERAGE
    if abs(relative) > AVERAGE_WITHIN + _ROUNDING:
        position = BELOW_AVERAGE if relative < 0 else ABOVE_AVERAGE
    competitive_position = MID_MARKET
    if your_price < lowest * (1 + NEAR) * (1 - _ROUNDING):
        competitive_position = PRICE_LEADER
    elif your_price > highest * (1 - NEAR) * (1 + _ROUNDING):
        competitive_position = PREMIUM_POSITION
    return MarketPosition(
        position_index=(your_price - lowest) / spread if spread > 0 else 0.5,
        market_min=lowest,
        market_max=highest,
        market_avg=mean,
        price_gap_percent=100 * (your_price - mean) / mean,
        position=position,
        competitive_position=competitive_position,
    )


def advise(
    position: MarketPosition, your_price: float, cost: float | None, currency: Currency = TWO_DECIMALS
) -> Advice:
    """Say what a price's place in the market suggests; `cost` is of one unit, None where it is not known.

    Raises
    ------
    ValueError : the price has no place: there are no competitors' prices.
    """
    gap, mean, lowest = position.price_gap_percent, position.market_avg, position.market_min
    if gap is None or mean is None or lowest is None:
        raise ValueError("There are no competitors' prices to compare with.")
    spec = f".{currency.decimals}f"
    if cost is not None and mean < cost:
        return Advice(
            "MARKET_BELOW_COST",
            f"The competitors' mean price of {mean:{spec}} is below our cost of {cost:{spec}}: do not follow them; look for a "
            "cheaper source, or give the product up.",
        )
    if position.position == BELOW_AVERAGE:
        return Advice(
            "ROOM_TO_RAISE",
            f"At {your_price:{spec}} we are {-gap:.1f} % below the competitors' mean of {mean:{spec}}: there is room to raise "
            "the price towards it.",
        )
    if position.position == AVERAGE:
        return Advice(
            "IN_LINE",
            f"At {your_price:{spec}} we are in line with the competitors' mean of {mean:{spec}}: keep the price, unless costs "
            "or demand change.",
        )
    near_cost = cost is not None and cost > lowest
    return Advice(
        "ABOVE_MARKET",
        f"At {your_price:{spec}} we are {gap:.1f} % above the competitors' mean of {mean:{spec}}: "
        + (
            "their lowest price is below our cost, so do not match it, but look whether a smaller gap sells more."
            if near_cost
            else "lower the price towards it, or make sure that buyers see what the difference is for."
        ),
    )
