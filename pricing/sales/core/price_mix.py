"""Detect products sold at several prices at once: stores, contracts, coupons that the transactions do not name."""

from typing import Final

import numpy as np

from pricing.sales.core.arrays import BoolArray, FloatArray, IntArray
from pricing.sales.core.constants import (
    FEWEST_SWITCH_PAIRS,
    SWITCH_DAYS,
    SWITCH_PRICE,
    SWITCHES,
    SWITCHES_OF_A_DAY,
)
from pricing.sales.core.grouping import group_numbers, group_starts, pair_key
from pricing.sales.core.lines import CleanLines, SalesLines
from pricing.sales.core.list_prices import CLASSES, QUANTITY_CLASSES

SEVERAL_PRICES: Final = "SEVERAL_PRICES"
"""Buyers paid different prices at the same time, and more so than quantity breaks and channels explain."""


def several_prices(
    lines: SalesLines, clean: CleanLines, products: int, channel: IntArray | None = None
) -> BoolArray:
    """Whether each product, (P,), is sold at several prices at once.

    Purchases of a product that follow each other within three days, of the same channel and quantity class, both with or both
    without a customer, are compared: where a quarter of them and a tenth of those of one day are at another price than
    the one before, prices differ by buyer and not by day. Purchases of one moment, as all of a day are where no times are
    known, count as in random order: a file may list one store after the other. Lines on one invoice are one purchase.

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
    log_price, minute = np.log(lines.price[sold]), lines.minute[sold]
    day, invoice = lines.day[sold], lines.invoice[sold]
    order = np.lexsort((log_price, minute, invoice, day, cell))
    order = order[group_starts(cell[order], day[order], invoice[order])]
    order = order[np.lexsort((log_price[order], minute[order], cell[order]))]
    cell, minute, log_price, day = (each[order] for each in (cell, minute, log_price, day))
    starts = group_starts(cell, minute)
    moment = group_numbers(starts)
    level = starts.copy()
    level[1:] |= np.diff(log_price) > SWITCH_PRICE
    count = np.bincount(moment)
    alike = np.bincount(moment[level], np.bincount(group_numbers(level)).astype(np.float64) ** 2, count.size)
    middle = np.flatnonzero(starts) + count // 2
    near = (np.diff(cell[starts]) == 0) & (np.diff(day[starts]) <= SWITCH_DAYS)
    other = near & (np.abs(np.diff(log_price[middle])) > SWITCH_PRICE)
    same_day = np.diff(day[starts]) == 0
    product = lines.product[sold[order]][starts]

    def by_product(within: FloatArray, between: BoolArray) -> FloatArray:
        """Sum of what the purchases of each moment show, (m,), and of pairs with the moment before, (m - 1,)."""
        total = np.bincount(product, within, products)
        return np.asarray(total + np.bincount(product[1:][between], minlength=products))

    # Of n purchases in random order, n_k at each price, n - sum n_k^2 / n neighbours differ.
    pairs, switches = by_product(count - 1.0, near), by_product(count - alike / count, other)
    pairs_of_a_day, switches_of_a_day = (
        by_product(count - 1.0, near & same_day),
        by_product(count - alike / count, other & same_day),
    )
    return np.asarray(
        (pairs >= FEWEST_SWITCH_PAIRS)
        & (switches >= SWITCHES * pairs)
        & (switches_of_a_day > 0)
        & (switches_of_a_day >= SWITCHES_OF_A_DAY * pairs_of_a_day)
    )
