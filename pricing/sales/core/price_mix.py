"""Detect products sold at several prices at once: stores, contracts, coupons that the transactions do not name."""

from typing import Final

import numpy as np

from pricing.sales.core.arrays import BoolArray, IntArray
from pricing.sales.core.constants import (
    FEWEST_SWITCH_PAIRS,
    SWITCH_DAYS,
    SWITCH_PRICE,
    SWITCHES,
    SWITCHES_OF_A_DAY,
)
from pricing.sales.core.grouping import pair_key
from pricing.sales.core.lines import CleanLines, SalesLines
from pricing.sales.core.list_prices import CLASSES, QUANTITY_CLASSES

SEVERAL_PRICES: Final = "SEVERAL_PRICES"
"""Buyers paid different prices at the same time, and more so than quantity breaks and channels explain."""


def several_prices(
    lines: SalesLines, clean: CleanLines, products: int, channel: IntArray | None = None
) -> BoolArray:
    """Whether each product, (P,), is sold at several prices at once.

    Lines of a product that follow each other within three days, of the same channel and quantity class, both with or both
    without a customer, and on different invoices, are compared: where a quarter of them and a tenth of those of one day
    are at another price than the line before, prices differ by buyer and not by day.

    Parameters
    ----------
    lines, clean : the n sales lines and their clean view.
    products : number of products P.
    channel : (n,) number of each line's channel, where the transactions name any.
    """
    sold = np.flatnonzero(clean.priced & (clean.units > 0))
    quantity_class = np.searchsorted(QUANTITY_CLASSES, lines.quantity[sold], "right")
    cell = pair_key(lines.product[sold], quantity_class, CLASSES)
    cell = pair_key(cell, (lines.customer[sold] < 0).astype(np.int64), 2)
    if channel is not None:
        cell = pair_key(cell, channel[sold], int(channel.max(initial=0)) + 1)
    order = np.lexsort((lines.invoice[sold], lines.minute[sold], cell))
    cell, rows = cell[order], sold[order]
    before, after = rows[:-1], rows[1:]
    days = lines.day[after] - lines.day[before]
    near = (cell[1:] == cell[:-1]) & (days <= SWITCH_DAYS) & (lines.invoice[before] != lines.invoice[after])
    other = np.abs(np.log(lines.price[after] / lines.price[before])) > SWITCH_PRICE
    product = lines.product[after]
    pairs, switches, pairs_of_a_day, switches_of_a_day = (
        np.bincount(product[some], minlength=products)
        for some in (near, near & other, near & (days == 0), near & other & (days == 0))
    )
    return np.asarray(
        (pairs >= FEWEST_SWITCH_PAIRS)
        & (switches >= SWITCHES * pairs)
        & (switches_of_a_day > 0)
        & (switches_of_a_day >= SWITCHES_OF_A_DAY * pairs_of_a_day)
    )
