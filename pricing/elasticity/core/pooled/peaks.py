"""Whether prices move with peaks of sales that come back every year, by category.

Seasons of waves do not hold a peak of a few weeks. Where prices are raised (or cut) in it, demand and price move together
year after year, whatever buyers think of the price. The sales of one year tell of those of another what their own price and
season do not explain; that is no answer to this year's price. Where prices move with it, they follow the peaks.
"""

from typing import Final

import numpy as np

from pricing.elasticity.core.constants import FEWEST_PRODUCTS_TO_JUDGE_BY
from pricing.elasticity.core.pooled.design import centred_log_price
from pricing.elasticity.core.pooled.panel import Panel
from pricing.sales.core.arrays import FloatArray, IntArray
from pricing.sales.core.grouping import group_numbers, group_starts

YEAR_WEEKS: Final = 52
BLOCK_WEEKS: Final = 4  # in which unexpected sales are not independent
FEWEST_BLOCKS: Final = 8
MOST_OF_A_PRODUCT: Final = 3.0  # standard score of one, so that a few do not make that of a category


def peak_scores(panel: Panel, expected: FloatArray, series_of: IntArray, group: IntArray) -> FloatArray:
    """Standard score of each group's prices on the unexplained sales of the same weeks of other years, (G,).

    Positive: prices are higher in weeks that sell more every year. Of each product the sum over its pairs of weeks of the
    one's price, freed of what the other's price explains of it, times the other's residual, both ways; over its standard
    error by blocks of four weeks, 3 at most. A group's is the sum of these over the root of their number. Promotions are
    left out. 0 where there is no second year, or fewer than eight products say anything.

    Parameters
    ----------
    panel : n cells of S price series.
    expected : (n,) purchases that price, season and trend explain.
    series_of : (S,) the product of each series.
    group : (P,) group of each product, 0..G-1, -1 for none.
    """
    series, groups = series_of.size, int(group.max(initial=-1)) + 1
    week = panel.week - panel.week.min(initial=0)
    kept = np.flatnonzero(~panel.promotion & (expected > 0))
    if not kept.size or not groups:
        return np.zeros(groups)
    key = panel.product[kept] * (int(week.max()) + 1 + YEAR_WEEKS) + week[kept]
    starts = group_starts(key)
    of = group_numbers(starts)
    left = np.bincount(of, (panel.lines - expected)[kept])
    summed_price = np.bincount(of, (expected * centred_log_price(panel))[kept])
    usual = np.asarray(np.bincount(of, expected[kept]), np.float64)
    price = summed_price / usual
    key, product, week = key[starts], panel.product[kept][starts], week[kept][starts]
    total, squares, blocks = np.zeros(series), np.zeros(series), np.zeros(series)
    for years in range(1, int(week.max()) // YEAR_WEEKS + 1):
        later = np.minimum(np.searchsorted(key, key + years * YEAR_WEEKS), key.size - 1)
        first = np.flatnonzero((key[later] == key + years * YEAR_WEEKS) & (product[later] == product))
        second, of_pair = later[first], product[first]
        if not first.size:
            continue
        block = group_numbers(group_starts(of_pair, week[first] // BLOCK_WEEKS))
        whose = of_pair[group_starts(block)]
        for here, there in ((first, second), (second, first)):
            own = _freed(price[here], price[there], usual[there], of_pair, series)
            by_block = np.bincount(block, own * left[there])
            total += np.bincount(whose, by_block, series)
            squares += np.bincount(whose, by_block**2, series)
            blocks += np.bincount(whose, by_block != 0, series)
    told = (blocks >= FEWEST_BLOCKS) & (squares > 0) & (group[series_of] >= 0)
    score = total[told] / np.sqrt(squares[told])
    of_group = group[series_of][told]
    count = np.bincount(of_group, minlength=groups)
    summed = np.bincount(of_group, np.clip(score, -MOST_OF_A_PRODUCT, MOST_OF_A_PRODUCT), groups)
    return np.where(count >= FEWEST_PRODUCTS_TO_JUDGE_BY, summed / np.sqrt(np.maximum(count, 1)), 0.0)


def _freed(
    price: FloatArray, other: FloatArray, weight: FloatArray, product: IntArray, products: int
) -> FloatArray:
    """A price (n,) less its product's mean and what another price explains of it, weighted."""

    def by_product(values: FloatArray) -> FloatArray:
        return np.asarray(np.bincount(product, values, products), np.float64)

    total = np.maximum(by_product(weight), 1e-12)
    price, other = (each - (by_product(weight * each) / total)[product] for each in (price, other))
    spread = by_product(weight * other**2)
    slope = np.divide(
        by_product(weight * price * other), spread, out=np.zeros(products), where=spread > 1e-12
    )
    return np.asarray(price - slope[product] * other)
