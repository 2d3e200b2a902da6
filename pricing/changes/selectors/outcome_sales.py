"""The sales by day that outcomes of price changes are judged by: of the whole shop, and of single products."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from django.core.cache import cache

from elastix.dataset.models import DataVersion
from elastix.sql import as_integer, batches, day_numbers, day_of, epoch_day, fetch_columns, placeholders
from pricing.sales.core.arrays import FloatArray, IntArray
from pricing.sales.core.periods import LONGEST_PERIOD, last_day_known, spread
from pricing.sales.selectors.daily import day_of_epoch

KEPT_SECONDS: Final = 3600
# What the lines of a product of pricing_saleshistory s sum up.
PERIOD: Final = f"COALESCE(m.line_days, 0), COALESCE({as_integer('m.dated_last')}, 0)"
PERIOD_JOIN: Final = "LEFT JOIN pricing_productsummary m ON m.product_id = s.product_id"


def shop_days(version: DataVersion) -> tuple[int, FloatArray]:
    """The first day with sales of merchandise, and the units of every day from it on; remembered with the sales."""
    # What is a total is known from the recompute after a change of the sales.
    key = f"units-of-shop-days-{version.sales_version}-{version.published_version}"
    kept: tuple[int, FloatArray] | None = cache.get(key)
    if kept is None:
        days, quantity, length, last = fetch_columns(
            f"SELECT {epoch_day('s.date')}, CAST(SUM(s.quantity) AS double precision), {PERIOD} FROM pricing_saleshistory s "
            f"JOIN pricing_product p ON p.code = s.product_id {PERIOD_JOIN} "
            "WHERE p.kind = 'merchandise' AND s.quantity > 0 GROUP BY s.date, m.line_days, m.dated_last",
            columns=4,
        )
        dated = np.array(days, np.int64), np.array(length, np.int64), np.array(last, np.bool_)
        row, day, share = spread(*dated)
        first = int(day.min()) if day.size else 0
        end = last_day_known(*dated) + 1 if day.size else 0
        known = day < end
        units = np.bincount(day[known] - first, np.array(quantity, np.float64)[row[known]] * share[known])
        kept = (first, units.astype(np.float64, copy=False))
        cache.set(key, kept, KEPT_SECONDS)
    return kept


def daily_rows(
    codes: Sequence[str], index: dict[str, int], first: int, stop: int
) -> list[tuple[IntArray, IntArray, FloatArray, FloatArray]]:
    """Columns (product, day, quantity, revenue) of the products' days first <= day < stop, one set a statement.

    Totals of weeks and months are spread over their days.
    """
    found = [(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0), np.zeros(0))]
    for chunk in batches(codes):
        product, day, quantity, revenue, length, last = fetch_columns(
            f"SELECT s.product_id, {day_of('s.date')}, CAST(s.quantity AS double precision), "
            f"CAST(s.revenue AS double precision), {PERIOD} "
            f"FROM pricing_saleshistory s {PERIOD_JOIN} WHERE s.product_id IN ({placeholders(len(chunk))}) "
            "AND s.date >= %s AND s.date < %s AND ((s.date >= %s AND s.date < %s) OR m.line_days > 1)",
            [
                *chunk,
                *map(str, map(day_of_epoch, (first - LONGEST_PERIOD, stop + LONGEST_PERIOD, first, stop))),
            ],
            columns=6,
        )
        row, days, share = spread(
            np.array(day_numbers(day), np.int64), np.array(length, np.int64), np.array(last, np.bool_)
        )
        inside = (days >= first) & (days < stop)
        row, days, share = row[inside], days[inside], share[inside]
        number = np.array([index[code] for code in product], np.int64)[row]
        sold, paid = (np.array(column, np.float64)[row] * share for column in (quantity, revenue))
        found.append((number, days, sold, paid))
    return found
