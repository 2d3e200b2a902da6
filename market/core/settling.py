"""From a price that somebody wants to one that the guardrails allow."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pricing.recommendation.core import guardrails as rails
from pricing.recommendation.core.guardrails import Guardrails, guardrails
from pricing.recommendation.core.inputs import PriceConstraints, PricingInputs

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
CentArray = NDArray[np.int64]

DAY_DECREASE: Final = "day_decrease"
DAY_INCREASE: Final = "day_increase"
ALL_RULES: Final = (*rails.RULES, DAY_DECREASE, DAY_INCREASE)
CAPS: Final = (
    rails.MAX_INCREASE,
    rails.MAX_DECREASE,
    rails.MAX_PRICE,
    rails.COMPETITOR_CEILING,
    rails.PRICE_CEILING,
    DAY_DECREASE,
    DAY_INCREASE,
)
"""Rules that limit how far a price moves or how high it goes; the others are floors."""

NO_FLOOR: Final = "NO_FLOOR"
INFEASIBLE: Final = "INFEASIBLE"

HIGHEST_CENTS: Final = 9_999_999_999
"""What the catalogue can hold."""

_NO_CEILING: Final = 10**15
_UNIT: Final = 10_000


@dataclass(frozen=True, slots=True)
class DayRange:
    """How far prices may stray in one day from what they were when it began; arrays (P,), nan where anywhere.

    Attributes
    ----------
    start : price at the beginning of the shop's day.
    most : largest change either way, as a fraction of it.
    """

    start: FloatArray
    most: FloatArray


@dataclass(frozen=True, slots=True)
class Settled:
    """Prices (P,) in cents that are the present ones or allowed by every rule.

    Attributes
    ----------
    now, wanted, price : (P,) cents: present, wanted, and settled on.
    binding : (len(ALL_RULES), P) which rules kept the price from what was wanted.
    bounds, known : (len(ALL_RULES), P) each rule's bound in cents, and whether it applies.
    no_floor : (P,) nothing says what is too cheap, so the price stays.
    infeasible : (P,) no price is allowed, so it stays.
    """

    now: CentArray
    wanted: CentArray
    price: CentArray
    binding: BoolArray
    bounds: CentArray
    known: BoolArray
    no_floor: BoolArray
    infeasible: BoolArray

    def reason(self, index: int) -> str:
        """Why a price stays whatever is wanted; empty if that is not so."""
        if self.no_floor[index]:
            return NO_FLOOR
        return INFEASIBLE if self.infeasible[index] else ""

    def bound_by(self, index: int) -> list[str]:
        """The rules that kept one price from what was wanted."""
        return [rule for rule, binds in zip(ALL_RULES, self.binding[:, index], strict=True) if binds]

    def of_product(self, index: int) -> Iterator[tuple[str, Decimal, bool]]:
        """Yield the rules that apply to one product: name, bound, and whether it kept the price from what was wanted."""
        columns = (ALL_RULES, self.bounds[:, index], self.known[:, index], self.binding[:, index])
        for rule, bound, known, binds in zip(*columns, strict=True):
            if known:
                yield rule, rails.cents_to_money(int(bound)), bool(binds)


def settle(
    wanted: FloatArray, offers: PricingInputs, terms: PriceConstraints, day: DayRange | None = None
) -> Settled:
    """Bring wanted prices within the guardrails.

    A price settles on what is wanted, or on the allowed price nearest to that on the way there. Where no allowed price
    lies on the way it stays what it is: a rule that wants a price a little lower never raises it because it lies below
    its floor. It also stays where no floor is known, where no price is allowed and where nothing else is wanted.

    Parameters
    ----------
    wanted : (P,) prices, finite.
    offers, terms : of the same P products.
    day : how far prices may stray in a day.
    """
    allowed = guardrails(offers, terms)
    day_bounds, day_known = _day_bounds(day, offers.count)
    low, high = np.maximum(allowed.low, day_bounds[0]), np.minimum(allowed.high, day_bounds[1])
    high = np.minimum(high, HIGHEST_CENTS)
    now = np.rint(100 * offers.price).astype(np.int64)
    aim = np.rint(100 * np.clip(wanted, 0.01, HIGHEST_CENTS / 100)).astype(np.int64)
    nearest = np.clip(aim, low, high)
    feasible = low <= high
    on_the_way = (np.minimum(now, aim) <= nearest) & (nearest <= np.maximum(now, aim))
    moves = feasible & allowed.floor_known & on_the_way
    binding = _binding(replace(allowed, low=low, high=high), day_bounds, day_known, aim)
    return Settled(
        now=now,
        wanted=aim,
        price=np.where(moves, nearest, now),
        binding=binding & (aim != now),
        bounds=np.concatenate([allowed.bounds, day_bounds]),
        known=np.concatenate([allowed.known, day_known]),
        no_floor=~allowed.floor_known,
        infeasible=~feasible,
    )


def _day_bounds(day: DayRange | None, products: int) -> tuple[CentArray, BoolArray]:
    """Lowest and highest price of the day (2, P), rounded inward, and whether there is such a limit."""
    free = np.array([np.ones(products), np.full(products, _NO_CEILING)], np.int64)
    if day is None:
        return free, np.zeros((2, products), np.bool_)
    known = ~np.isnan(day.start) & ~np.isnan(day.most)
    # In whole cents and ten-thousandths, so that rounding inward is exact.
    start = np.rint(100 * np.nan_to_num(day.start)).astype(np.int64)
    most = np.rint(_UNIT * np.nan_to_num(day.most)).astype(np.int64)
    low = np.maximum(-(-start * (_UNIT - most) // _UNIT), 1)
    high = start * (_UNIT + most) // _UNIT
    return np.where(known, np.array([low, high]), free), np.array([known, known])


def _binding(allowed: Guardrails, day_bounds: CentArray, day_known: BoolArray, aim: CentArray) -> BoolArray:
    feasible = allowed.low <= allowed.high
    stops = np.array(
        [
            np.where(
                feasible, (aim < allowed.low) & (day_bounds[0] == allowed.low), day_bounds[0] > allowed.high
            ),
            np.where(
                feasible, (aim > allowed.high) & (day_bounds[1] == allowed.high), day_bounds[1] < allowed.low
            ),
        ]
    )
    return np.concatenate([allowed.binding(aim / 100), stops & day_known])
