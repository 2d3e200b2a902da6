"""The elasticity by changes of cost: what a product sells where its price moved because its cost did.

A price that follows demand misleads a regression; a cost that somebody else sets does not know demand, so the part of the
price that follows the cost shows what customers answer (two-stage least squares with the log cost as the one instrument).
"""

from typing import Final

import numpy as np

from pricing.elasticity.core.diagnostics.results import CostInstrument
from pricing.elasticity.core.log_log import CONFIDENCE_LEVEL
from pricing.sales.core.arrays import FloatArray, IntArray
from pricing.sales.core.grouping import group_starts

FEWEST_SPELLS: Final = 6
"""Spells of one cost: with fewer nobody can tell the answer to costs from a trend."""
FEWEST_DAYS: Final = 60
JOINED_DAYS: Final = 28
EXACT: Final = 1e9
"""F above which only rounding keeps the price from being a multiple of the cost."""


def by_costs(
    day: IntArray, price: FloatArray, quantity: FloatArray, cost: FloatArray
) -> CostInstrument | None:
    """Estimate log units on log price with log cost as the instrument, beside a linear trend.

    Days of one cost err together, and so do those of a month: errors are the jackknife over spells of cost, short ones joined
    to four weeks (CV3, which holds best with few clusters: MacKinnon, Nielsen & Webb 2023). The interval is that of Anderson
    & Rubin (1949): it holds however weakly the price follows the cost, and has no ends where it hardly does: then nothing
    is known of the elasticity.

    Parameters
    ----------
    day, price, quantity : (n,) the rows of the regression, days ascending.
    cost : (n,) what a unit cost on each day; nan where that is not recorded.

    Returns
    -------
    None where costs are too few: fewer than 6 such spells, or 60 days, or a cost that does not differ from a trend.
    """
    from scipy.stats import t as student

    known = np.isfinite(cost) & (cost > 0)
    day, price, quantity, cost = day[known], price[known], quantity[known], cost[known]
    spell = _spells(day, cost)
    spells = int(spell[-1]) + 1 if spell.size else 0
    if spells < FEWEST_SPELLS or day.size < FEWEST_DAYS:
        return None
    trend = np.column_stack((np.ones(day.size), (day - day[0]) / 365.25))
    columns = np.column_stack((np.log(cost), np.log(quantity), np.log(price)))
    whole = _answers(trend, columns)
    left_out = [_answers(trend[spell != each], columns[spell != each]) for each in range(spells)]
    if whole is None or any(each is None for each in left_out):
        return None
    units, prices = whole
    without = np.array(left_out, np.float64)
    apart = without - without.mean(axis=0)
    covariance = (spells - 1) / spells * apart.T @ apart
    elasticity = units / prices
    slope = np.array([1.0, -elasticity])
    quantile = float(student.ppf(0.5 + CONFIDENCE_LEVEL / 2, spells - 1))
    ends = _anderson_rubin(units, prices, covariance, quantile)
    strength = prices**2 / covariance[1, 1] if covariance[1, 1] > 0 else np.inf
    std_error = float(np.sqrt(max(slope @ covariance @ slope, 0.0)) / abs(prices))
    low, high = ends or (None, None)
    return CostInstrument(
        elasticity=float(elasticity) if ends else None,
        std_error=std_error if ends else None,
        ci_low=low,
        ci_high=high,
        first_stage_f=float(strength) if strength < EXACT else None,
        spells=spells,
        days=int(day.size),
    )


def _spells(day: IntArray, cost: FloatArray) -> IntArray:
    """(n,) the spell of each day: of one cost, joined with the next ones until it lasts four weeks."""
    spell = np.zeros(day.size, np.int64)
    begun, number = 0, 0
    for start in np.flatnonzero(group_starts(cost)).tolist():
        if day[start] - day[begun] >= JOINED_DAYS:
            begun, number = start, number + 1
        spell[start:] = number
    return spell


def _answers(trend: FloatArray, columns: FloatArray) -> tuple[float, float] | None:
    """By how much log units and log price answer to the log cost beside the trend; None where the cost is the trend."""
    left = columns - trend @ np.linalg.lstsq(trend, columns, rcond=None)[0]
    cost, units, price = left.T
    spread = float(cost @ cost)
    if spread <= 1e-12 * cost.size:
        return None
    answer = float(cost @ price) / spread
    # A price that does not answer to the cost at all has no elasticity by it.
    return None if answer == 0 else (float(cost @ units) / spread, answer)


def _anderson_rubin(
    units: float, prices: float, covariance: FloatArray, quantile: float
) -> tuple[float, float] | None:
    """All elasticities e for which units - e prices is not significant; None where they are not an interval."""
    limit = quantile**2
    square = prices**2 - limit * covariance[1, 1]
    half = units * prices - limit * covariance[0, 1]
    constant = units**2 - limit * covariance[0, 0]
    if square <= 0:
        return None
    # The estimate itself is always among them, so only rounding makes this less than 0.
    width = np.sqrt(max(half**2 - square * constant, 0.0))
    return float((half - width) / square), float((half + width) / square)
