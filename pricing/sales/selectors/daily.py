"""The daily roll-up as arrays, for the estimators."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from elastix.sql import as_integer, batches, day_numbers, day_of, epoch_day, fetch, placeholders
from pricing.sales.core.arrays import BoolArray, FloatArray, IntArray
from pricing.sales.core.daily import DailySales
from pricing.sales.core.grouping import KEY_DAYS, matching_rows, product_day_key
from pricing.sales.models import SalesHistory, Transaction

EPOCH = dt.date(1970, 1, 1)
CODES_A_STATEMENT = 5_000
_SCOPED = "SELECT p.code FROM pricing_product p WHERE p.kind = 'merchandise'"


@dataclass(frozen=True, slots=True)
class ShopDays:
    """Product-days of some products: the clean view for estimation (`daily`), and actual quantities and prices.

    Attributes
    ----------
    codes : the P products that the indices in `daily.product` name.
    daily : n product-days, sorted by product and day.
    quantity : (n,) units sold, net of cancellations.
    price : (n,) mean price paid, nan on days without sales.
    """

    codes: list[str]
    daily: DailySales
    quantity: FloatArray
    price: FloatArray


@dataclass(frozen=True, slots=True)
class Window:
    """The sales to read: days (both ends inclusive) and a country; None: all."""

    start: dt.date | None = None
    end: dt.date | None = None
    country: str | None = None

    @property
    def days(self) -> tuple[int, int]:
        """First and last day, both inclusive, as days since 1970-01-01."""
        first = -KEY_DAYS if self.start is None else epoch_days(self.start)
        return first, KEY_DAYS if self.end is None else epoch_days(self.end)


def epoch_days(day: dt.date) -> int:
    return (day - EPOCH).days


def day_of_epoch(day: int) -> dt.date:
    return EPOCH + dt.timedelta(days=day)


def merchandise_codes() -> list[str]:
    """Codes of all merchandise, in order."""
    return [code for (code,) in fetch(f"{_SCOPED} ORDER BY p.code")]


def shop_days(codes: Sequence[str], *, everything: bool = False) -> ShopDays:
    """Read the roll-up of these products, given in ascending order.

    With `everything` they are all the merchandise there is, which one statement reads faster.
    """
    fields = (
        f"product_id, {day_of('date')}, units, CAST(COALESCE(list_price, CASE WHEN source = 'manual' THEN price END) "
        f"AS double precision), {as_integer('promotion_applied')}, unit_lines, quantity, "
        "CAST(price AS double precision)"
    )
    sql = f"SELECT {fields} FROM pricing_saleshistory WHERE product_id IN"
    rows = fetch(f"{sql} ({_SCOPED})") if everything else rows_of_products(f"{sql} ({{}})", codes)
    columns = list(zip(*rows, strict=True)) or [()] * 8
    product, day = product_numbers(codes, columns[0]), np.array(day_numbers(columns[1]), np.int64)
    order = np.argsort(product_day_key(product, day), kind="stable")
    daily = DailySales(
        product=product,
        day=day,
        units=np.array(columns[2], np.float64),
        list_price=np.array(columns[3], np.float64),
        promotion=np.array(columns[4], np.bool_),
        lines=np.array(columns[5], np.int64),
    )
    quantity, price = (np.array(column, np.float64)[order] for column in columns[6:])
    return ShopDays(list(codes), daily.rows(order), quantity, price)


def rows_of_products(sql: str, codes: Sequence[str], *parameters: Any) -> list[tuple[Any, ...]]:
    """Rows of a query whose last parameters, in place of the braces, are product codes."""
    return [
        row
        for chunk in batches(codes, CODES_A_STATEMENT)
        for row in fetch(sql.format(placeholders(len(chunk))), [*parameters, *chunk])
    ]


def product_numbers(codes: Sequence[str], found: Sequence[str]) -> IntArray:
    """Place in `codes` of each of the names found, (n,)."""
    number = {code: index for index, code in enumerate(codes)}
    return np.array([number[code] for code in found], np.int64)


def in_country(days: ShopDays, country: str) -> ShopDays:
    """The same product-days with the units sold to one country; list prices are those of the whole shop."""
    sql = (
        f"SELECT product_id, {epoch_day('date')}, SUM(units), SUM(CASE WHEN units > 0 THEN 1 ELSE 0 END), "
        "SUM(CASE WHEN is_return OR voided THEN 0 ELSE quantity END), "
        "CAST(SUM(CASE WHEN is_return OR voided THEN 0 ELSE quantity * unit_price END) AS double precision) "
        "FROM pricing_transaction WHERE country = %s AND product_id IN ({}) GROUP BY product_id, date"
    )
    columns = list(zip(*rows_of_products(sql, days.codes, country), strict=True)) or [()] * 6
    key = product_day_key(product_numbers(days.codes, columns[0]), np.array(columns[1], np.int64))
    whole = product_day_key(days.daily.product, days.daily.day)
    # A new sale's day may be in the transactions although the roll-up was read without it.
    rows_known, at = matching_rows(key, whole)
    units, lines = np.zeros(whole.size), np.zeros(whole.size, np.int64)
    quantity, revenue = np.zeros(whole.size), np.zeros(whole.size)
    for target, column in zip((units, lines, quantity, revenue), columns[2:], strict=True):
        target[at] = np.array(column, np.float64)[rows_known]
    price = np.full(whole.size, np.nan)
    np.divide(revenue, quantity, out=price, where=quantity > 0)
    return ShopDays(days.codes, replace(days.daily, units=units, lines=lines), quantity, price)


def sold_in(days: ShopDays, window: Window) -> BoolArray:
    """(n,) whether the product-day lies in the window and sold something."""
    first, last = window.days
    inside: BoolArray = (days.daily.day >= first) & (days.daily.day <= last) & (days.quantity > 0)
    return inside


def net_quantities(codes: Sequence[str], window: Window) -> dict[str, int]:
    """Units of some products in a window, net of cancellations and returns."""
    table, net = "pricing_saleshistory", "quantity - returned_quantity"
    where = f"{epoch_day('date')} BETWEEN %s AND %s"
    parameters: list[Any] = list(window.days)
    if window.country:
        table, net = "pricing_transaction", "CASE WHEN is_return THEN -ABS(quantity) ELSE quantity END"
        where, parameters = f"{where} AND NOT voided AND country = %s", [*parameters, window.country]
    sql = f"SELECT product_id, SUM({net}) FROM {table} WHERE {where} AND product_id IN ({{}}) GROUP BY product_id"
    return {code: int(units) for code, units in rows_of_products(sql, codes, *parameters)}


def newest_sale_day() -> dt.date | None:
    """The newest day with a sale, whether it was cancelled later or not; "today" is the day after it."""
    sold = (
        Transaction.objects.filter(is_return=False)
        .order_by("-invoice_date", "-id")
        .values_list("date", flat=True)
    )
    rolled_up = SalesHistory.objects.filter(quantity__gt=0).order_by("-date").values_list("date", flat=True)
    return max((day for day in (sold.first(), rolled_up.first()) if day), default=None)


def open_days() -> IntArray:
    """Days on which the shop sold anything, services included, ascending."""
    rows = fetch(f"SELECT DISTINCT {epoch_day('date')} FROM pricing_saleshistory WHERE quantity > 0")
    return np.sort(np.array([day for (day,) in rows], np.int64))
