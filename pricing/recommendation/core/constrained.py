"""Bring a wanted price within the limits."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from pricing.recommendation.core.inputs import PriceConstraints, PricingInputs
from pricing.recommendation.core.limits import (
    INFEASIBLE,
    NO_FLOOR,
    DayRange,
    Limit,
    PriceLimits,
    price_limits,
)
from pricing.sales.core.arrays import BoolArray, FloatArray, IntArray


@dataclass(frozen=True, slots=True)
class ConstrainedPrices:
    """Prices (P,) in cents that are the present ones or allowed by every rule.

    Attributes
    ----------
    now, wanted, price : (P,) cents: present, wanted, and within the limits.
    limits : of these products.
    binding : (R, P) which rules kept the price from what was wanted.
    """

    now: IntArray
    wanted: IntArray
    price: IntArray
    limits: PriceLimits
    binding: BoolArray

    def reason(self, index: int) -> str:
        """Why a price stays whatever is wanted; empty if that is not so."""
        if not self.limits.floor_known[index]:
            return NO_FLOOR
        return "" if self.limits.feasible[index] else INFEASIBLE

    def bound_by(self, index: int) -> list[str]:
        """The rules that kept one price from what was wanted."""
        return [each.rule for each in self.of_product(index) if each.binding]

    def of_product(self, index: int) -> Iterator[Limit]:
        """Yield the rules that apply to one product."""
        return self.limits.of_product(index, self.binding)


def constrain_price(
    wanted: FloatArray, inputs: PricingInputs, constraints: PriceConstraints, day: DayRange | None = None
) -> ConstrainedPrices:
    """Bring wanted prices within the limits.

    A price becomes what is wanted, or the allowed price nearest to that on the way there. Where no allowed price lies
    on the way it stays what it is: a rule that wants a price a little lower never raises it because it lies below its
    floor. It also stays where no floor is known, where no price is allowed and where nothing else is wanted.

    Parameters
    ----------
    wanted : (P,) prices, finite.
    inputs, constraints : of the same P products.
    day : how far prices may stray in a day.
    """
    limits = price_limits(inputs, constraints, day)
    cents = inputs.currency.per_one
    highest = int(inputs.currency.highest * cents)
    limits = replace(limits, high=np.minimum(limits.high, highest))
    now = np.rint(cents * inputs.price).astype(np.int64)
    aim = np.rint(np.clip(cents * wanted, 1, highest)).astype(np.int64)
    nearest = np.clip(aim, limits.low, limits.high)
    on_the_way = (np.minimum(now, aim) <= nearest) & (nearest <= np.maximum(now, aim))
    moves = limits.feasible & limits.floor_known & on_the_way
    binding = limits.binding(aim / cents) & (aim != now)
    return ConstrainedPrices(now, aim, np.where(moves, nearest, now), limits, binding)
