"""Detect stock-outs at low prices, where sales understate demand.

Sales data do not show what was not sold. But stock that good days use up is missed on the days after them: where days of more
purchases than expected are followed by days of fewer, and the more so the lower the price, deliveries ended sales. Of a
product that sells nearly every day its own days without sales tell it, where they follow good ones.
"""

from typing import Final

import numpy as np

from pricing.elasticity.core.constants import (
    DAILY_EXCESS,
    FEWEST_PRODUCTS_TO_JUDGE_BY,
    LEAST_DAILY_EXCESS,
    MOST_DAILY_EXCESS,
    PRODUCT_STOCK_DAYS,
    STOCK_DAYS,
)
from pricing.elasticity.core.pooled.design import centred_log_price
from pricing.elasticity.core.pooled.panel import Panel
from pricing.elasticity.core.pooled.residuals import Residuals
from pricing.sales.core.arrays import FloatArray, IntArray
from pricing.sales.core.calendar import ShopCalendar, cumulated_days, first_day_of_week
from pricing.sales.core.daily import DailySales
from pricing.sales.core.grouping import product_day_key

_ROUNDING: Final = 1e-6


def sold_out_z(daily: DailySales, calendar: ShopCalendar, residuals: Residuals) -> float:
    """Standard score of depletion at low prices, all products together; 0 where good days are not followed by poor ones.

    For every day, the purchases of the three days before beyond what was expected of them, times those of the day, over
    its expectation: unexpected demand that lasts makes this positive, whatever the price; stock that ends makes it
    negative where the price is low. Its sum times the log price less its mean is positive then; its standard error is that over
    products. Totals are left out.
    """
    panel = residuals.panel
    if panel.product.size == 0:
        return 0.0
    cell, expected, seen = _days(daily, calendar, panel, residuals.expected)
    product = panel.product[cell]
    beyond = np.where(expected > 0, seen - expected, 0.0)
    before = _sum_before(beyond, product, STOCK_DAYS)
    together = before * np.where(expected > 0, beyond / np.maximum(expected, _ROUNDING), 0.0)
    together = np.where(panel.totals[product], 0.0, together)
    by_product = np.bincount(residuals.product[cell], centred_log_price(panel)[cell] * together)
    spread = float(np.sqrt((by_product**2).sum()))
    if together.sum() >= 0 or spread == 0 or np.count_nonzero(by_product) < FEWEST_PRODUCTS_TO_JUDGE_BY:
        return 0.0
    return float(by_product.sum()) / spread


def products_sold_out_z(
    daily: DailySales, calendar: ShopCalendar, panel: Panel, expected: FloatArray, of: IntArray
) -> FloatArray:
    """Standard score of days without purchases that follow good days, (P,); 0 of totals.

    The sum over days of (no purchase, less its probability) times the purchases of the six days before beyond what was
    expected. Unexpected demand that lasts makes it negative, stock that ends positive. The probability is that of
    gamma-mixed Poisson counts, (1 + a m)^(-1/a), with the product's own a by moments.

    Parameters
    ----------
    panel, expected : n cells of S price series, and their mean purchases; a series' are scaled to its own.
    of : (S,) the product of each series.
    """
    products = int(of.max(initial=-1)) + 1
    if panel.product.size == 0:
        return np.zeros(products)
    cell, mean, seen = _days(daily, calendar, panel, expected)
    series = panel.product[cell]
    count = panel.sold_days.size

    def by_series(values: FloatArray) -> FloatArray:
        return np.asarray(np.bincount(series, values, count))

    active = mean > 0
    mean *= (by_series(np.where(active, seen, 0.0)) / np.maximum(by_series(mean), _ROUNDING))[series]
    beyond = np.where(active, seen - mean, 0.0)
    excess = (by_series(beyond**2 - mean) + DAILY_EXCESS) / (by_series(mean**2) + 1.0)
    excess = np.clip(excess, LEAST_DAILY_EXCESS, MOST_DAILY_EXCESS)[series]
    none = np.exp(-np.log1p(excess * mean) / excess)
    before = np.where(active & ~panel.totals[series], _sum_before(beyond, series, PRODUCT_STOCK_DAYS), 0.0)
    score = by_series(((seen == 0) - none) * before)
    # One day alone is not evidence.
    largest = np.zeros(count)
    np.maximum.at(largest, series, np.abs(before))
    variance = by_series(none * (1.0 - none) * before**2) + largest**2
    total, spread = (np.bincount(of, values, products) for values in (score, variance))
    return np.asarray(total / np.sqrt(np.maximum(spread, _ROUNDING)))


def _sum_before(values: FloatArray, product: IntArray, days: int) -> FloatArray:
    """Sum of the product's values over the given number of days before each one, (n,); products are in order."""
    upto = np.concatenate(([0.0], np.cumsum(values)))
    here = np.arange(product.size)
    first = np.searchsorted(product, np.arange(int(product.max(initial=-1)) + 1))[product]
    return np.asarray(upto[here] - upto[np.maximum(here - days, first)])


def _days(
    daily: DailySales, calendar: ShopCalendar, panel: Panel, expected_of_cell: FloatArray
) -> tuple[IntArray, FloatArray, FloatArray]:
    """Every day of every cell, in order: the cell, the purchases expected of the day, and those seen."""
    stop = _stops(panel)
    first, last = int(panel.start.min()), int(stop.max()) - 1
    weight = np.diff(cumulated_days(calendar, first, last).weight)
    length = stop - panel.start
    cell = np.repeat(np.arange(length.size), length)
    begin = np.cumsum(length) - length
    day = np.arange(cell.size) - np.repeat(begin - panel.start, length)
    of_day = weight[day - first]
    upto = np.cumsum(of_day)
    within = upto - (upto[begin] - of_day[begin])[cell]
    # A cell before a gap ends where its exposure does.
    active = within <= panel.exposure[cell] + _ROUNDING
    rate = expected_of_cell / np.maximum(panel.exposure, _ROUNDING)
    expected = np.where(active, rate[cell] * of_day, 0.0)
    wanted, known = product_day_key(panel.product[cell], day), product_day_key(daily.product, daily.day)
    at = np.minimum(np.searchsorted(known, wanted), known.size - 1)
    return cell, expected, np.where(known[at] == wanted, daily.lines[at], 0).astype(np.float64)


def _stops(panel: Panel) -> IntArray:
    """Day after the last of each cell (n,): it ends where the product's next one begins, or with the week."""
    following = np.full(panel.product.size, np.iinfo(np.int64).max)
    same = panel.product[1:] == panel.product[:-1]
    following[:-1][same] = panel.start[1:][same]
    return np.asarray(np.minimum(following, first_day_of_week(panel.week + 1)), np.int64)
