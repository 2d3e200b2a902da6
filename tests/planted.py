"""A confounder planted in a simulated shop: short peaks of demand in which prices are raised.

Gifts and seasonal goods sell for a few weeks a year, each in its own, and cost more then. A season of waves, or that of
a category whose products peak apart, does not show such weeks; who reads the same weeks of another year sees them.
"""

from dataclasses import replace

import numpy as np

from pricing.sales.core.calendar import week_of
from pricing.sales.core.daily import DailySales
from tests.dgp import Bools, Floats

PEAKS, PEAK_WEEKS, YEAR_WEEKS = 2, 3, 52
LIFT, RAISE = 1.3, 0.14  # logarithms


def plant_peaks(daily: DailySales, planted: Bools, elasticity: Floats, seed: int) -> DailySales:
    """Multiply sales and prices of the products (P,) that are planted in their peaks, two a year of three weeks each.

    Sales answer to the raised price with the product's elasticity (P,), so that it stays the truth.
    """
    rng = np.random.default_rng(seed)
    start = rng.integers(0, YEAR_WEEKS, (planted.size, PEAKS))
    since = (week_of(daily.day)[:, None] - start[daily.product]) % YEAR_WEEKS
    peak = (since < PEAK_WEEKS).any(axis=1) & planted[daily.product]
    times = np.exp(np.where(peak, LIFT + elasticity[daily.product] * RAISE, 0.0))
    units = np.floor(daily.units * times + rng.random(times.size))
    lines = np.minimum(np.floor(daily.lines * times + rng.random(times.size)), units)
    return replace(
        daily,
        units=units,
        lines=lines.astype(daily.lines.dtype),
        list_price=np.where(peak, daily.list_price * np.exp(RAISE), daily.list_price),
    )
