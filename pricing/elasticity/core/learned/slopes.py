"""Slopes of products' units in the log of their price, by two kinds of comparison.

Residual on residual compares all weeks of a product, freed of what was predicted of them. Year on year compares a week only
with the same week of other years: whatever comes back every year, however short and whatever it does to prices, is in
both and falls out, at the cost of everything that is told by weeks of one year.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from pricing.elasticity.core.constants import STEEPEST, WEEKS_A_CLUSTER
from pricing.elasticity.core.learned.features import Weeks
from pricing.sales.core.arrays import BoolArray, FloatArray, IntArray
from pricing.sales.core.calendar import WEEKS_A_YEAR
from pricing.sales.core.grouping import distinct_pairs, pair_key

STEPS: Final = 25
LEAST_INFORMATION: Final = 1e-6
SETTLED: Final = 1e-3
"""Last step of a slope below which its search has settled: far below any standard error."""


@dataclass(frozen=True, slots=True)
class Slopes:
    """Product by product: slope and error (P,), nan where undefined; influence of each cell (n,) on its product's slope."""

    slope: FloatArray
    error: FloatArray
    influence: FloatArray


def residual_slopes(weeks: Weeks, mean: FloatArray, price: FloatArray) -> Slopes:
    """Regress each product's units on the unforeseen part of its price, with predicted units as exposure.

    Quasi-likelihood with variance m + a m^2, a pooled; errors are clustered by blocks of four weeks of a product.

    Parameters
    ----------
    mean : (n,) units predicted without the price.
    price : (n,) log price less what was predicted of it.
    """
    products, product = weeks.category.size, weeks.product

    def total(values: FloatArray) -> FloatArray:
        return np.asarray(np.bincount(product, values, products), np.float64)

    noise = max(float(((weeks.units - mean) ** 2 - mean).sum() / (mean**2).sum()), 0.0)
    level, slope = np.zeros(products), np.zeros(products)
    for step in range(STEPS + 1):
        expected = mean * np.exp(np.clip(level[product] + slope[product] * price, -8.0, 8.0))
        weight = 1.0 / (1.0 + noise * expected)
        surprise = weight * (weeks.units - expected)
        ones, cross, square = (total(weight * expected * price**power) for power in range(3))
        determinant = ones * square - cross**2
        identified = determinant > LEAST_INFORMATION * np.maximum(ones, 1.0)
        if step == STEPS:
            break
        safe = np.where(identified, determinant, 1.0)
        first, second = total(surprise), total(surprise * price)
        level += np.where(identified, np.clip((square * first - cross * second) / safe, -1.0, 1.0), 0.0)
        moved = np.where(identified, np.clip((ones * second - cross * first) / safe, -2.0, 2.0), 0.0)
        slope += moved
    information = np.where(identified, determinant / np.where(ones > 0, ones, 1.0), 1.0)
    centred = price - (cross / np.where(ones > 0, ones, 1.0))[product]
    influence = surprise * centred / information[product]
    return _with_errors(weeks, slope, influence, identified & (np.abs(moved) < SETTLED))


def yearly_slopes(weeks: Weeks, usual: FloatArray) -> Slopes:
    """Compare each week of a product with the same week of other years: Poisson regression given the sum of those weeks
    (Hausman, Hall and Griliches 1984), which every level of a week of the year drops out of.

    Errors are clustered by four weeks of the year of a product. What a week and its like have to say of a slope is said in the
    first of them.

    Parameters
    ----------
    usual : (n,) units expected were the prices always the same, up to a factor for each week of the year of a product.
    """
    products, product, price = weeks.category.size, weeks.product, weeks.price
    week = (weeks.first_week + weeks.column) % WEEKS_A_YEAR
    of, _, alike = distinct_pairs(product, week)
    groups = of.size

    def total(values: FloatArray) -> FloatArray:
        return np.asarray(np.bincount(product, values, products), np.float64)

    def together(values: FloatArray) -> FloatArray:
        return np.asarray(np.bincount(alike, values, groups), np.float64)

    sold = together(weeks.units)
    slope = np.zeros(products)
    for step in range(STEPS + 1):
        expected = usual * np.exp(np.clip(slope[product] * price, -8.0, 8.0))
        sums = together(expected)
        expected *= (sold / np.where(sums > 0, sums, 1.0))[alike]
        sums = together(expected)
        centred = price - (together(expected * price) / np.where(sums > 0, sums, 1.0))[alike]
        information = total(expected * centred**2)
        identified = information > LEAST_INFORMATION * np.maximum(total(expected), 1.0)
        if step == STEPS:
            break
        safe = np.where(identified, information, 1.0)
        moved = np.where(
            identified, np.clip(total((weeks.units - expected) * centred) / safe, -2.0, 2.0), 0.0
        )
        slope += moved
    said = together((weeks.units - expected) * centred / np.where(identified, information, 1.0)[product])
    first = np.unique(alike, return_index=True)[1]
    influence = np.zeros(price.size)
    influence[first] = said
    return _with_errors(weeks, slope, influence, identified & (np.abs(moved) < SETTLED), week)


def _with_errors(
    weeks: Weeks, slope: FloatArray, influence: FloatArray, known: BoolArray, week: IntArray | None = None
) -> Slopes:
    """Errors clustered by four weeks (of the year, if it is given) of a product; what is not known well is nan."""
    products = slope.size
    week = weeks.column if week is None else week
    blocks = int(week.max(initial=0)) // WEEKS_A_CLUSTER + 1
    block = pair_key(weeks.product, week // WEEKS_A_CLUSTER, blocks)
    of_block = np.repeat(np.arange(products), blocks)
    clustered = np.bincount(block, influence, products * blocks)
    clusters = np.bincount(of_block, np.bincount(block, minlength=products * blocks) > 0, products)
    variance = np.bincount(of_block, clustered**2, products) * clusters / np.maximum(clusters - 2, 1)
    usable = known & (clusters > 2) & (np.abs(slope) < STEEPEST) & (variance > 0)
    return Slopes(np.where(usable, slope, np.nan), np.where(usable, np.sqrt(variance), np.nan), influence)
