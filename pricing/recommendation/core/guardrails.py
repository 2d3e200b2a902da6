"""Bounds that no recommended price may cross, the price endings inside them, and the range that was ever charged.

Bounds are computed in whole numbers: money in ten-thousandths, fractions in ten-thousandths, results in cents.
So a bound that is a whole cent stays one, and rounding inward is exact.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pricing.elasticity.core.demand import FloatArray
from pricing.recommendation.core.inputs import BoolArray, PriceConstraints, PricingInputs

CentArray = NDArray[np.int64]

LOWEST_COST_MULTIPLE: Final = 1.1
HIGHEST_COST_MULTIPLE: Final = 5
SOFT_RANGE_MARGIN: Final = 0.05

COST_FLOOR: Final = "cost_floor"
TARGET_MARGIN: Final = "target_margin"
MINIMUM_MARGIN: Final = "minimum_margin"
MIN_PRICE: Final = "min_price"
MAX_DECREASE: Final = "max_decrease"
COMPETITOR_FLOOR: Final = "competitor_floor"
MAX_PRICE: Final = "max_price"
MAX_INCREASE: Final = "max_increase"
COMPETITOR_CEILING: Final = "competitor_ceiling"
PRICE_CEILING: Final = "price_ceiling"

FLOORS: Final = (COST_FLOOR, TARGET_MARGIN, MINIMUM_MARGIN, MIN_PRICE, MAX_DECREASE, COMPETITOR_FLOOR)
CEILINGS: Final = (MAX_PRICE, MAX_INCREASE, COMPETITOR_CEILING, PRICE_CEILING)
RULES: Final = FLOORS + CEILINGS

_UNIT: Final = 10_000
_UNITS_PER_CENT: Final = 100
_NO_CEILING: Final = 10**15
_SLACK: Final = 1e-6


@dataclass(frozen=True, slots=True)
class Guardrails:
    """Hard bounds of the prices of P products.

    Attributes
    ----------
    bounds : (R, P) cents, in the order of `RULES`; each the first or last whole cent its rule allows.
    known : (R, P) whether the rule applies to the product.
    low, high : (P,) cents, first and last allowed price; low > high where no whole cent is allowed.
    floor_known : (P,) whether a cost or a minimum price says what is too cheap.
    """

    bounds: CentArray
    known: BoolArray
    low: CentArray
    high: CentArray
    floor_known: BoolArray

    @property
    def feasible(self) -> BoolArray:
        """Whether (P,) any price is allowed."""
        return np.asarray(self.low <= self.high)

    def binding(self, aim: FloatArray) -> BoolArray:
        """Which rules (R, P) stand between the aim and the allowed prices, or leave no price at all.

        Parameters
        ----------
        aim : (P,) price, infinite where it has no top; nan is stopped by nothing.

        Returns
        -------
        BoolArray
            Where prices are allowed, the tightest rules on the aim's side of them, if it is outside; where none
            is, the rules that contradict each other.
        """
        floors, ceilings = self.bounds[: len(FLOORS)], self.bounds[len(FLOORS) :]
        below, above = 100 * aim < self.low - _SLACK, 100 * aim > self.high + _SLACK
        stopped = np.concatenate([below & (floors == self.low), above & (ceilings == self.high)])
        contradicting = np.concatenate([floors > self.high, ceilings < self.low])
        return np.asarray(self.known & np.where(self.feasible, stopped, contradicting))

    def of_product(self, index: int) -> Iterator[tuple[str, Decimal]]:
        """Yield the rules that apply to one product, each with its bound."""
        for rule, bound, known in zip(RULES, self.bounds[:, index], self.known[:, index], strict=True):
            if known:
                yield rule, cents_to_money(int(bound))


def guardrails(offers: PricingInputs, terms: PriceConstraints) -> Guardrails:
    """Intersect the hard bounds on the prices of P products, each rounded inward to the cent.

    Floors: 1.1 times the cost, the price at the target and at the minimum margin, the minimum price, the largest
    decrease, the competitors' floor. Ceilings: the maximum price, the largest increase, the competitors' ceiling,
    and 5 times the cost or the present price, whichever is more.

    Parameters
    ----------
    offers, terms : of the same P products. Money and fractions count to four decimals.
    """
    price, cost = _units(offers.price), _units(offers.cost)
    priced = offers.cost > 0
    change = _units(terms.max_change)
    per_cent = _UNIT * _UNITS_PER_CENT
    floors = (
        (_divide_up(11 * cost, 10 * _UNITS_PER_CENT), priced),
        _margin_floor(cost, priced, terms.target_margin),
        _margin_floor(cost, priced, terms.minimum_margin),
        (_divide_up(_units(terms.min_price), _UNITS_PER_CENT), terms.min_price > 0),
        (np.maximum(_divide_up(price * (_UNIT - change), per_cent), 1), np.ones(price.shape, np.bool_)),
        (_divide_up(_units(terms.competitor_floor), _UNITS_PER_CENT), terms.competitor_floor > 0),
    )
    ceilings = (
        (_units(terms.max_price) // _UNITS_PER_CENT, ~np.isnan(terms.max_price)),
        (price * (_UNIT + change) // per_cent, np.ones(price.shape, np.bool_)),
        (_units(terms.competitor_ceiling) // _UNITS_PER_CENT, ~np.isnan(terms.competitor_ceiling)),
        (np.maximum(HIGHEST_COST_MULTIPLE * cost, price) // _UNITS_PER_CENT, priced),
    )
    bounds = np.array([bound for bound, _ in floors + ceilings], np.int64)
    known = np.array([applies for _, applies in floors + ceilings], np.bool_)
    split = len(FLOORS)
    low = np.where(known[:split], bounds[:split], 1).max(axis=0)
    high = np.where(known[split:], bounds[split:], _NO_CEILING).min(axis=0)
    return Guardrails(bounds, known, low, high, priced | (terms.min_price > 0))


def endings_near(
    price: FloatArray, low: CentArray, high: CentArray, endings: tuple[int, ...]
) -> tuple[CentArray, BoolArray]:
    """Prices next to a price, two on either side: with one of the endings, or whole cents where none is allowed.

    Parameters
    ----------
    price : (P,) within the allowed prices.
    low, high : (P,) cents, first and last allowed price.
    endings : last two digits, 0 to 99; none means any cent.

    Returns
    -------
    cents, allowed : (P, K) prices in cents, and which of them lie from low to high. With one of the endings anywhere
        from low to high, at least one of the results is. Two on a side, because the nearest may be the present price.
    """
    at = np.floor(100 * price + _SLACK).astype(np.int64)[:, None]
    neighbours = np.clip(at + np.array([0, 1, -1, 2]), low[:, None], high[:, None])
    if not endings:
        return neighbours, np.ones(neighbours.shape, np.bool_)
    digits = np.array(sorted(set(endings)), np.int64)
    below = at - (at - digits) % 100
    ended = np.concatenate([below, below + 100, below - 100, below + 200], axis=1)
    inside = (ended >= low[:, None]) & (ended <= high[:, None])
    none = ~inside.any(axis=1, keepdims=True)
    allowed = np.concatenate([inside, np.broadcast_to(none, neighbours.shape)], axis=1)
    return np.concatenate([ended, neighbours], axis=1), np.asarray(allowed)


def is_extrapolation(price: FloatArray, terms: PriceConstraints) -> BoolArray:
    """Whether (P,) a price lies more than 5 % outside the prices ever charged; False where these are unknown."""
    too_low = price < terms.lowest_charged * (1 - SOFT_RANGE_MARGIN) - _SLACK
    too_high = price > terms.highest_charged * (1 + SOFT_RANGE_MARGIN) + _SLACK
    return np.asarray(too_low | too_high)


def cents_to_money(cents: int) -> Decimal:
    """Return an amount with two decimals."""
    return Decimal(cents).scaleb(-2)


def money(amount: float) -> Decimal | None:
    """Return an amount with two decimals, or None where it is not a finite number. Halves go to even."""
    if not np.isfinite(amount):
        return None
    # repr is the shortest decimal that means this float: 12.345, not 12.3450000000000006.
    return Decimal(repr(float(amount))).quantize(Decimal("0.01"))


def _margin_floor(cost: CentArray, priced: BoolArray, fraction: FloatArray) -> tuple[CentArray, BoolArray]:
    known = priced & ~np.isnan(fraction)
    share = np.minimum(_units(fraction), _UNIT - 1)
    return _divide_up(cost * _UNIT, (_UNIT - share) * _UNITS_PER_CENT), known


def _units(values: FloatArray) -> CentArray:
    """Return values in ten-thousandths; 0 where unknown."""
    return np.rint(np.nan_to_num(values) * _UNIT).astype(np.int64)


def _divide_up(numerator: CentArray, denominator: CentArray | int) -> CentArray:
    return np.asarray(-(-numerator // denominator))
