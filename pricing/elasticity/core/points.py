"""Elasticity between two price points: point and arc formula, and the classes elasticities fall into."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from pricing.elasticity.core.log_log import PRICE_DECIMALS
from pricing.sales.core.arrays import BoolArray, FloatArray, IntArray
from pricing.sales.core.grouping import group_ends, group_numbers, group_starts, group_sums

DEFAULT_ELASTICITY: Final = -1.2
ARC_ABOVE_CHANGE: Final = 0.10
UNIT_TOLERANCE: Final = 0.005
ELASTIC, UNIT_ELASTIC, INELASTIC = CLASSES = ("Elastic", "Unit Elastic", "Inelastic")

_ROUNDING: Final = 1e-9


@dataclass(frozen=True, slots=True)
class PriceLevels:
    """The last two prices each of the P products was sold at; arrays are (P,), nan where not `found`.

    Attributes
    ----------
    found : the product had two price levels.
    previous_price, last_price : prices of the last level but one, and of the last.
    previous_units, last_units : mean units per recorded day at these prices.
    """

    found: BoolArray
    previous_price: FloatArray
    previous_units: FloatArray
    last_price: FloatArray
    last_units: FloatArray


@dataclass(frozen=True, slots=True)
class TwoPointElasticities:
    """Elasticities between the last two price levels of each of the P products; every array is (P,).

    Attributes
    ----------
    point, arc : both formulas, nan where their denominator is 0 or the product has no two levels.
    uses_arc : the price changed by more than 10 %, so that the arc formula applies.
    elasticity : the one of the two that applies.
    """

    point: FloatArray
    arc: FloatArray
    uses_arc: BoolArray
    elasticity: FloatArray


def point_elasticity(q1: float, q2: float, p1: float, p2: float) -> float:
    """Relative change of units over relative change of price: ((Q2-Q1)/Q1) / ((P2-P1)/P1).

    Parameters
    ----------
    q1, q2 : units (per day, or per any period of equal length) at the old and at the new price.
    p1, p2 : old and new price.

    Raises
    ------
    ValueError : if a price is not positive, units are negative, the price did not change or nothing was sold
        at the old price.

    Notes
    -----
    docs/seeds.md, price optimization, section 1. 1000 units at 10 and 800 at 12 give -1.
    """
    _check_points(q1, q2, p1, p2)
    if q1 == 0:
        raise ValueError("Nothing was sold at the old price, so there is no relative change of units.")
    return ((q2 - q1) / q1) / ((p2 - p1) / p1)


def arc_elasticity(q1: float, q2: float, p1: float, p2: float) -> float:
    """Changes relative to the midpoint of both points: ((Q2-Q1)(P2+P1)) / ((P2-P1)(Q2+Q1)).

    Parameters
    ----------
    q1, q2, p1, p2 : as for `point_elasticity`.

    Raises
    ------
    ValueError : if a price is not positive, units are negative, the price did not change or nothing was sold
        at either price.

    Notes
    -----
    docs/seeds.md, price optimization, section 1. 1000 units at 10 and 800 at 12 give -1.2222. Going back
    from the new price to the old one gives the same value.
    """
    _check_points(q1, q2, p1, p2)
    if q1 + q2 == 0:
        raise ValueError("Nothing was sold at either price, so there is no relative change of units.")
    return ((q2 - q1) * (p2 + p1)) / ((p2 - p1) * (q2 + q1))


def last_two_price_levels(
    product: IntArray, day: IntArray, price: FloatArray, units: FloatArray, products: int
) -> PriceLevels:
    """Find the last two stretches of days with one price each, and the units per day sold in them.

    A level ends where the next known price, to 4 decimals, is another one. Its units per day are the mean
    over the days recorded, so days without sales count only where they are given, with their price and 0
    units.

    Parameters
    ----------
    product, day : (n,) product index and day, one entry per product and day in any order.
    price : (n,) price of the day; entries that are nan or not positive are left out.
    units : (n,) units sold on the day.
    products : number of products P.
    """
    known = np.flatnonzero(price > 0)
    order = known[np.lexsort((day[known], product[known]))]
    product, price, units = product[order], np.round(price[order], PRICE_DECIMALS), units[order]

    starts = group_starts(product, price)
    level_product, level_price = product[starts], price[starts]
    level = group_numbers(starts)
    level_units = group_sums(level, units, level_price.size) / np.bincount(level)
    last = np.flatnonzero(group_ends(group_starts(level_product)))
    previous = last - 1
    paired = (previous >= 0) & (level_product[previous] == level_product[last])
    last, previous = last[paired], previous[paired]
    found = np.zeros(products, np.bool_)
    found[level_product[last]] = True
    columns = np.full((4, products), np.nan)
    columns[:, found] = level_price[previous], level_units[previous], level_price[last], level_units[last]
    return PriceLevels(found, *columns)


def two_point_elasticities(levels: PriceLevels) -> TwoPointElasticities:
    """Point and arc elasticity of every product between its last two price levels, and the one that applies.

    The arc formula applies when the price changed by more than 10 %. No error is raised for a product whose
    formula has no value (see `point_elasticity`): its entry is nan.
    """
    q1, q2, p1, p2 = levels.previous_units, levels.last_units, levels.previous_price, levels.last_price
    price_change = (p2 - p1) / p1
    point = _divide(q2 - q1, q1 * price_change)
    arc = _divide((q2 - q1) * (p2 + p1), (p2 - p1) * (q2 + q1))
    uses_arc = np.abs(price_change) > ARC_ABOVE_CHANGE + _ROUNDING
    return TwoPointElasticities(point, arc, uses_arc, np.where(uses_arc, arc, point))


def classify(elasticity: float) -> str:
    """Name the class of an elasticity by its size.

    "Unit Elastic" within 0.005 of 1 (of -1, that is), "Elastic" above and "Inelastic" below.

    Raises
    ------
    ValueError : if the elasticity is not a number.
    """
    if elasticity != elasticity:
        raise ValueError("An elasticity that is not a number has no class.")
    size = abs(elasticity)
    if abs(size - 1.0) <= UNIT_TOLERANCE + _ROUNDING:
        return UNIT_ELASTIC
    return ELASTIC if size > 1.0 else INELASTIC


def _check_points(q1: float, q2: float, p1: float, p2: float) -> None:
    if not (p1 > 0 and p2 > 0):
        raise ValueError("Both prices must be above 0.")
    if not (q1 >= 0 and q2 >= 0):
        raise ValueError("Units sold must not be negative.")
    if p1 == p2:
        raise ValueError("The price did not change, so there is no relative change of price.")


def _divide(numerator: FloatArray, denominator: FloatArray) -> FloatArray:
    """Divide element by element, nan where the denominator is 0 or unknown."""
    quotient = np.full(numerator.shape, np.nan)
    np.divide(numerator, denominator, out=quotient, where=np.abs(denominator) > 0)
    return quotient
