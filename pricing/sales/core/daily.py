"""The daily roll-up that estimation reads: clean units, list price and promotion of every product and day."""

from dataclasses import dataclass, fields

import numpy as np

from pricing.sales.core.arrays import BoolArray, FloatArray, IntArray
from pricing.sales.core.grouping import group_sums, product_day_key, split_product_day
from pricing.sales.core.lines import CleanLines, SalesLines
from pricing.sales.core.list_prices import reconstruct_list_prices
from pricing.sales.core.price_mix import price_switches
from pricing.sales.core.totals import totals_periods


@dataclass(frozen=True, slots=True)
class DailySales:
    """Product-days with sales lines, sorted by product and day (n entries).

    Attributes
    ----------
    product, day : (n,) product index, days since 1970-01-01 in the shop's calendar.
    units : (n,) clean units sold on the day.
    list_price : (n,) list price in the shop's currency, nan where it is not known.
    promotion : (n,) whether the list price is a promotion.
    lines : (n,) clean sale lines on the day.
    """

    product: IntArray
    day: IntArray
    units: FloatArray
    list_price: FloatArray
    promotion: BoolArray
    lines: IntArray

    def rows(self, chosen: IntArray | BoolArray) -> "DailySales":
        """Select some of the product-days, by position or mask."""
        return DailySales(*(getattr(self, column.name)[chosen] for column in fields(self)))


def daily_sales(lines: SalesLines, clean: CleanLines, products: int) -> DailySales:
    """Roll lines up to product-days, with reconstructed list prices.

    A product's entries depend on its own lines only, not on the order of the lines, so that shards
    of products can be rolled up anywhere.

    Parameters
    ----------
    lines, clean : the n sales lines in any order, and their clean view.
    products : number of products P; product indices lie below it.

    Returns
    -------
    DailySales with one entry for every product and day that has a line, excluded lines included.
    """
    key, of = np.unique(product_day_key(lines.product, lines.day), return_inverse=True)
    product, day = split_product_day(key)
    counts = np.bincount(of, clean.units > 0, key.size).astype(np.int64)
    units = group_sums(of, clean.units, key.size)
    totals = totals_periods(product, day, counts, units, products) > 0

    def one_price_a_day(of: BoolArray) -> BoolArray:
        return price_switches(lines, clean, products, of=of).one_price_a_day

    known_product, known_day, known_price, known_promotion = reconstruct_list_prices(
        lines, clean, products, totals, one_price_a_day
    )
    at = np.searchsorted(key, product_day_key(known_product, known_day))
    list_price = np.full(key.size, np.nan)
    promotion = np.zeros(key.size, np.bool_)
    list_price[at], promotion[at] = known_price, known_promotion
    return DailySales(
        product=product,
        day=day,
        units=units,
        list_price=list_price,
        promotion=promotion,
        lines=counts,
    )
