"""Product-days of some products only."""

from dataclasses import replace

import numpy as np

from pricing.sales.core.arrays import IntArray
from pricing.sales.core.daily import DailySales


def take_products(daily: DailySales, chosen: IntArray) -> DailySales:
    """Keep the chosen products, renumbered 0.. in the order of `chosen` (distinct product indices)."""
    size = max(int(daily.product.max(initial=-1)), int(chosen.max(initial=-1))) + 1
    number = np.full(size, -1)
    number[chosen] = np.arange(chosen.size)
    rows = np.flatnonzero(number[daily.product] >= 0)
    rows = rows[np.argsort(number[daily.product[rows]], kind="stable")]
    return replace(daily.rows(rows), product=number[daily.product[rows]])
