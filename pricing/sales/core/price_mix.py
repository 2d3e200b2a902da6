"""Detect products sold at several prices at once: stores, contracts, coupons that the transactions do not name."""

from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Switches:
    """Pairs of purchases in a row of each product, (P,) each, and those of them at different prices; of one day alone, too."""

    pairs: FloatArray
    switches: FloatArray
    pairs_of_a_day: FloatArray
    switches_of_a_day: FloatArray

    @property
    def by_buyer(self) -> BoolArray:
        """(P,) whether a quarter of the pairs and a tenth of those of one day differ: prices differ by buyer, not by day."""
        return np.asarray(
            (self.pairs >= FEWEST_SWITCH_PAIRS)
            & (self.switches >= SWITCHES * self.pairs)
            & (self.switches_of_a_day > 0)
            & (self.switches_of_a_day >= SWITCHES_OF_A_DAY * self.pairs_of_a_day)
        )

    @property
    def one_price_a_day(self) -> BoolArray:
        """(P,) whether days with several purchases show one price for all."""
        few = self.switches_of_a_day < SWITCHES_OF_A_DAY * self.pairs_of_a_day
        return np.asarray(few & (self.pairs_of_a_day >= FEWEST_SWITCH_PAIRS))


def several_prices(
    lines: SalesLines, clean: CleanLines, products: int, channel: IntArray | None = None
) -> BoolArray:
    """Whether each product, (P,), is sold at several prices at once; parameters as for `price_switches`."""
    return price_switches(lines, clean, products, channel).by_buyer


def price_switches(
    lines: SalesLines,
    clean: CleanLines,
    products: int,
    channel: IntArray | None = None,
    of: BoolArray | None = None,
) -> Switches:
    """Compare purchases of a product that follow each other within three days.

    Of the same channel and quantity class, both with or both without a customer. Purchases of one moment, as all of a day
    are where no times are known, count as in random order: a file may list one store after the other. Lines on one
    invoice are one purchase.

    Parameters
    ----------
    lines, clean : the n sales lines and their clean view.
    products : number of products P.
    channel : (n,) number of each line's channel, where the transactions name any.
    of : (P,) the products that are looked at; all where it is left out.
    """
    usable = clean.priced & (clean.units > 0)
    sold = np.flatnonzero(usable if of is None else usable & of[lines.product])
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
    within, differ = (np.asarray(each, np.float64) for each in (count - 1.0, count - alike / count))
    return Switches(
        by_product(within, near),
        by_product(differ, other),
        by_product(within, near & same_day),
        by_product(differ, other & same_day),
    )
