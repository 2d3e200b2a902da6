"""Limits that no proposed price may cross, whoever proposes it."""

from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from typing import Final

COST: Final = "cost"
MINIMUM_MARGIN: Final = "minimum_margin"
MIN_PRICE: Final = "min_price"
MAX_PRICE: Final = "max_price"

_CENT: Final = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Limits:
    """What is laid down for one product's price; None where nothing is.

    Attributes
    ----------
    cost : what a unit costs the shop.
    minimum_margin : least margin, as a fraction of the price, below 1.
    min_price, max_price : prices.
    """

    cost: Decimal | None = None
    minimum_margin: Decimal | None = None
    min_price: Decimal | None = None
    max_price: Decimal | None = None


@dataclass(frozen=True, slots=True)
class BrokenLimit:
    """The limit that a price crosses, and why it may not."""

    rule: str
    reason: str


def broken_limit(price: Decimal, limits: Limits) -> BrokenLimit | None:
    """Return the first limit that a price crosses, or None.

    These are the floors and ceilings that a shop means in earnest: not below cost, not below the policy's minimum
    margin, within its minimum and maximum price. Other guardrails (largest change, competitors, endings, target
    margin) steer recommendations; a person may leave them.
    """
    if limits.cost is not None and price < limits.cost:
        return BrokenLimit(COST, f"{price} is below the cost of {_shown(limits.cost)}")
    floor = _margin_floor(limits)
    if floor is not None and price < floor:
        margin = f"{100 * float(limits.minimum_margin or 0):.4g} %"
        return BrokenLimit(
            MINIMUM_MARGIN,
            f"{price} leaves less than the minimum margin of {margin}, which begins at {floor}",
        )
    if limits.min_price is not None and price < limits.min_price:
        return BrokenLimit(MIN_PRICE, f"{price} is below the minimum price of {limits.min_price}")
    if limits.max_price is not None and price > limits.max_price:
        return BrokenLimit(MAX_PRICE, f"{price} is above the maximum price of {limits.max_price}")
    return None


def _margin_floor(limits: Limits) -> Decimal | None:
    """The first whole cent that leaves the minimum margin."""
    if limits.cost is None or limits.minimum_margin is None:
        return None
    return (limits.cost / (1 - limits.minimum_margin)).quantize(_CENT, ROUND_CEILING)


def _shown(cost: Decimal) -> str:
    """A cost with two decimals, or more where it has them."""
    whole = cost.quantize(_CENT)
    return str(whole if whole == cost else cost.normalize())
