"""Margin, markup, and what a price earns."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from pricing.sales.core.arrays import FloatArray


@dataclass(frozen=True, slots=True)
class ProfitAnalysis:
    """What a price earns at a quantity; arrays of one shape, money per the period of the quantity.

    Attributes
    ----------
    margin_percent, markup_percent : 0 where the price, or the cost, is not above 0.
    break_even_units : units whose profit equals the total cost, 0 where a unit earns nothing.
    break_even_units_fixed_costs : units whose profit pays the fixed costs, 0 where a unit earns nothing, nan where
        no fixed costs were given.
    """

    revenue: FloatArray
    total_cost: FloatArray
    gross_profit: FloatArray
    margin_percent: FloatArray
    markup_percent: FloatArray
    profit_per_unit: FloatArray
    break_even_units: FloatArray
    break_even_units_fixed_costs: FloatArray


def as_floats(*values: ArrayLike) -> list[FloatArray]:
    """Return the values as arrays of floats."""
    return [np.asarray(value, np.float64) for value in values]


def margin(price: ArrayLike, cost: ArrayLike) -> FloatArray:
    """Profit of a unit as a fraction of its price, (P - C) / P; 0 where the price is not above 0."""
    p, c = as_floats(price, cost)
    return _divide(p - c, p)


def markup(price: ArrayLike, cost: ArrayLike) -> FloatArray:
    """Profit of a unit as a fraction of its cost, (P - C) / C; 0 where the cost is not above 0."""
    p, c = as_floats(price, cost)
    return _divide(p - c, c)


def margin_from_markup(fraction: ArrayLike) -> FloatArray:
    """Margin that a markup amounts to, both fractions: markup / (1 + markup).

    Raises
    ------
    ValueError
        If a markup is -1 or less: the price would not be above 0.
    """
    (value,) = as_floats(fraction)
    if np.any(value <= -1):
        raise ValueError("A markup must be above -1: no price above 0 lies below the cost by more.")
    return np.asarray(value / (1 + value))


def markup_from_margin(fraction: ArrayLike) -> FloatArray:
    """Markup that a margin amounts to, both fractions: margin / (1 - margin).

    Raises
    ------
    ValueError
        If a margin is 1 or more: no price gives it, unless the cost is 0.
    """
    (value,) = as_floats(fraction)
    if np.any(value >= 1):
        raise ValueError("A margin must be below 1.")
    return np.asarray(value / (1 - value))


def price_at_margin(cost: ArrayLike, fraction: ArrayLike) -> FloatArray:
    """Price at which a cost leaves a margin, a fraction of the price: C / (1 - margin).

    Raises
    ------
    ValueError
        If a margin is 1 or more.
    """
    (c,) = as_floats(cost)
    return np.asarray(c * (1 + markup_from_margin(fraction)))


def analyse_profit_margin(
    price: ArrayLike, cost: ArrayLike, quantity: ArrayLike, fixed_costs: ArrayLike | None = None
) -> ProfitAnalysis:
    """Profit and margins of a price at a quantity, and the units at which it breaks even.

    Parameters
    ----------
    price, cost : per unit, not negative; they broadcast with the rest.
    quantity : units sold, not negative.
    fixed_costs : costs of the same period that do not depend on the quantity.

    Raises
    ------
    ValueError
        If one of the values is negative.

    Notes
    -----
    docs/seeds.md, price optimization, section 3. Its `break_even_units` divides total cost by the profit of a unit.
    That is how many units earn back what the quantity cost to buy, not the textbook's break-even point:
    for this one, give the fixed costs.
    """
    given = as_floats(price, cost, quantity, np.nan if fixed_costs is None else fixed_costs)
    if any(np.any(values < 0) for values in given):
        raise ValueError("Price, cost, quantity and fixed costs must not be negative.")
    p, c, q, fixed = np.broadcast_arrays(*given)
    unit = p - c
    return ProfitAnalysis(
        revenue=np.asarray(p * q),
        total_cost=np.asarray(c * q),
        gross_profit=np.asarray(unit * q),
        margin_percent=100 * margin(p, c),
        markup_percent=100 * markup(p, c),
        profit_per_unit=np.asarray(unit),
        break_even_units=_divide(c * q, unit),
        break_even_units_fixed_costs=np.asarray(np.where(np.isnan(fixed), np.nan, _divide(fixed, unit))),
    )


def _divide(numerator: FloatArray, denominator: FloatArray) -> FloatArray:
    """Divide where the denominator is above 0 or unknown; 0 elsewhere."""
    top, bottom = np.broadcast_arrays(numerator, denominator)
    quotient = np.zeros(top.shape)
    np.divide(top, bottom, out=quotient, where=~(bottom <= 0))
    return quotient
