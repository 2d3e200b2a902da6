"""Products that are bought at regular intervals: how often, without counting the days since the last purchase."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from pricing.elasticity.core.constants import (
    FEWEST_INTERVALS,
    LARGEST_INTERVAL_VARIATION,
    NEWEST_INTERVALS,
    OVERDUE_INTERVALS,
    SHORTEST_INTERVAL,
)
from pricing.forecasting.core.panel import DemandPanel
from pricing.sales.core.arrays import BoolArray, FloatArray

LOOKED_AT_DAYS: Final = 91
"""Who sells on more than twelve days of these has intervals shorter than the shortest; this saves looking at them."""


@dataclass(frozen=True, slots=True)
class Intervals:
    """What the newest twelve intervals between the sold days of P products say.

    Attributes
    ----------
    mean : (P,) days between sold days, 0 where they are not regular or the next sale is overdue.
    frequency : (P,) purchases on a day of profile 1, from the first to the last of these sold days.
    units, lines : (P,) what was sold on these days.
    """

    mean: FloatArray
    frequency: FloatArray
    units: FloatArray
    lines: FloatArray

    @property
    def regular(self) -> BoolArray:
        return self.mean > 0


def regular_intervals(panel: DemandPanel, weight: FloatArray) -> Intervals:
    """Find the products that sell at regular intervals, and their frequency.

    A frequency that is smoothed day by day is several times too high after a sale and as much too low before the next
    one; where intervals hardly vary, their mean says how often the product sells whatever day it is (Croston 1972). The
    correction of Syntetos and Boylan (2005) for smoothed intervals is not needed: the mean of intervals that vary by half
    at most errs by less than 6 %, and that is taken off.

    Parameters
    ----------
    weight : (T,) what each day sells in relation to the average open day, 0 where the shop was closed.
    """
    count = panel.start.size
    sold_lately = (panel.units[:, -LOOKED_AT_DAYS:] > 0).sum(axis=1)
    seldom = np.flatnonzero((sold_lately <= NEWEST_INTERVALS) & (panel.stop > 0))
    product, column = np.nonzero(panel.units[seldom] > 0)
    product = seldom[product]
    newest = np.cumsum(np.bincount(product, minlength=count)) - 1
    kept = newest[product] - np.arange(product.size) <= NEWEST_INTERVALS
    product, column = product[kept], column[kept]
    sold = np.bincount(product, minlength=count)
    number = np.maximum(sold - 1, 0)
    follows = np.flatnonzero(product[1:] == product[:-1]) + 1
    of_product, gap = product[follows], (column[follows] - column[follows - 1]).astype(np.float64)
    passed = np.concatenate(([0.0], np.cumsum(weight)))
    exposure = np.bincount(of_product, passed[column[follows]] - passed[column[follows - 1]], count)
    mean = np.bincount(of_product, gap, count) / np.maximum(number, 1)
    spread = np.bincount(of_product, (gap - mean[of_product]) ** 2, count) / np.maximum(number - 1, 1)
    variation = np.divide(spread, mean**2, out=np.zeros(count), where=mean > 0)
    regular = (
        (number >= FEWEST_INTERVALS)
        & (variation <= LARGEST_INTERVAL_VARIATION**2)
        & (mean >= SHORTEST_INTERVAL)
    )
    regular &= (panel.days - panel.stop <= OVERDUE_INTERVALS * mean) & (exposure > 0)
    units, lines = (
        np.bincount(product, each[product, column], count).astype(np.float64)
        for each in (panel.units, panel.lines)
    )
    purchases = lines / np.maximum(sold, 1) * number
    frequency = np.divide(purchases, exposure, out=np.zeros(count), where=regular)
    # E[1 / mean of n intervals] is about (1 + variation / n) / interval.
    frequency /= 1 + variation / np.maximum(number, 1)
    return Intervals(np.where(regular, mean, 0.0), frequency, units, lines)
