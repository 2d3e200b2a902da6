"""Dampen repricing: a dead band, a minimum hold, and the detection of oscillating prices."""

from typing import Any, Final

import numpy as np

from pricing.recommendation.core.limits import MAX_DECREASE, PriceLimits
from pricing.sales.core.arrays import BoolArray, FloatArray, IntArray

PASSES: Final = 3
"""A price that is about to pass the same level in the same direction this often goes round in circles."""

REMEMBERED_DAYS: Final = 90
"""Age up to which earlier changes by a rule count as passes."""

_SLACK: Final = 1e-9


def lasting_floor(limits: PriceLimits) -> IntArray:
    """The lowest cents (P,) that limits allow in the long run: how far one change may go is left out."""
    lasting = np.array([rule.is_floor and rule.name != MAX_DECREASE for rule in limits.rules])
    return np.asarray(np.where(limits.known[lasting], limits.bounds[lasting], 1).max(axis=0))


def in_dead_band(now: Any, price: Any, band: Any, low: Any) -> BoolArray:
    """Whether changes are too small to be made; for numbers, or arrays (P,) of them.

    Parameters
    ----------
    now, price : present prices and those to be set, in the same unit as the lowest.
    band : the smallest change that is made, as a fraction of the present price; nan: any.
    low : the lowest allowed price: one below it is brought up, however little that takes.
    """
    small = np.abs(price - now) < band * now - _SLACK
    return np.asarray(small & (price != now) & (now >= low))


def passed_level(old_price: FloatArray, new_price: FloatArray) -> FloatArray:
    """The level whose passes are counted: halfway between the price that is left and the one that is to come."""
    return np.asarray((old_price + new_price) / 2)


def passes(old: FloatArray, new: FloatArray, old_price: FloatArray, new_price: FloatArray) -> IntArray:
    """How often earlier changes passed the level of the changes to come in their direction, (P,).

    A price can pass a level downwards a second time only after it has gone up again: counting such passes finds circles of
    any length and shape, and none in a price that goes one way or settles.

    Parameters
    ----------
    old, new : (n, P) earlier changes of the same products by the same rule, nan where there was none.
    old_price, new_price : (P,) the changes to come.
    """
    level, falls = passed_level(old_price, new_price), new_price < old_price
    down, up = (old > level) & (new < level), (old < level) & (new > level)
    return np.asarray(np.where(falls, down.sum(axis=0), up.sum(axis=0)))
