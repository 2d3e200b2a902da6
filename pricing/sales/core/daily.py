"""The daily roll-up that estimation reads: clean units, list price and promotion of every product and day."""

from dataclasses import dataclass

import numpy as np

from pricing.sales.core.arrays import BoolArray, FloatArray, IntArray
from pricing.sales.core.lines import CleanLines, SalesLines
from pricing.sales.core.list_prices import ListPriceHistory, reconstruct_list_prices


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


def daily_sales(
    lines: SalesLines, clean: CleanLines, products: int, recorded_list_price: ListPriceHistory | None = None
) -> DailySales:
    """Roll lines up to product-days, with list prices recorded or reconstructed.

    A product's entries depend on its own lines and records only, not on the order of the lines, so that shards
    of products can be rolled up anywhere.

    Parameters
    ----------
    lines, clean : the n sales lines in any order, and their clean view.
    products : number of products P; product indices lie below it.
    recorded_list_price : list prices known from a price history; they replace reconstructed ones from a
        product's first record on.

    Returns
    -------
    DailySales with one entry for every product and day that has a line, set-aside lines included.
    """
    if lines.product.size == 0:
        return take_products(_no_sales(), np.zeros(0, np.int64))
    first, span = lines.day.min(), np.ptp(lines.day) + 1
    key, of = np.unique(lines.product * span + lines.day - first, return_inverse=True)
    product, day = key // span, key % span + first
    known_product, known_day, known_price, known_promotion = reconstruct_list_prices(lines, clean, products)
    at = np.searchsorted(key, known_product * span + known_day - first)
    list_price = np.full(key.size, np.nan)
    promotion = np.zeros(key.size, np.bool_)
    list_price[at], promotion[at] = known_price, known_promotion
    if recorded_list_price is not None and recorded_list_price.product.size:
        latest, holds = _latest_record(recorded_list_price, product, day)
        list_price = np.where(holds, recorded_list_price.price[latest], list_price)
        promotion = np.where(holds, recorded_list_price.promotion[latest], promotion)
    return DailySales(
        product=product,
        day=day,
        units=np.bincount(of, clean.units, key.size).astype(np.float64),
        list_price=list_price,
        promotion=promotion,
        lines=np.bincount(of, clean.units > 0, key.size).astype(np.int64),
    )


def take_products(daily: DailySales, chosen: IntArray) -> DailySales:
    """Keep the chosen products, renumbered 0.. in the order of `chosen` (distinct product indices)."""
    size = max(int(daily.product.max(initial=-1)), int(chosen.max(initial=-1))) + 1
    number = np.full(size, -1)
    number[chosen] = np.arange(chosen.size)
    rows = np.flatnonzero(number[daily.product] >= 0)
    rows = rows[np.argsort(number[daily.product[rows]], kind="stable")]
    return DailySales(
        product=number[daily.product[rows]],
        day=daily.day[rows],
        units=daily.units[rows],
        list_price=daily.list_price[rows],
        promotion=daily.promotion[rows],
        lines=daily.lines[rows],
    )


def _latest_record(history: ListPriceHistory, product: IntArray, day: IntArray) -> tuple[IntArray, BoolArray]:
    """Position of the record in force for each product and day, and whether there is one."""
    record_key = history.product * (1 << 31) + history.day
    latest = np.searchsorted(record_key, product * (1 << 31) + day, "right") - 1
    found = np.maximum(latest, 0)
    return found, (latest >= 0) & (history.product[found] == product)


def _no_sales() -> DailySales:
    whole, real = np.zeros(0, np.int64), np.zeros(0)
    return DailySales(whole, whole, real, real, np.zeros(0, np.bool_), whole)
