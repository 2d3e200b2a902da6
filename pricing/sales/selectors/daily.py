"""The daily roll-up as arrays, for the estimators."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from elastix.sql import (
    as_integer,
    batches,
    day_numbers,
    day_of,
    epoch_day,
    fetch,
    fetch_columns,
    placeholders,
)
from pricing.sales.core.daily import DailySales
from pricing.sales.models import SalesHistory, Transaction

EPOCH = dt.date(1970, 1, 1)
CODES_A_STATEMENT = 5_000
# Beyond any day of the calendar, so that product and day form one key.
_DAYS = 1 << 31
_SCOPED = "SELECT p.code FROM pricing_product p WHERE p.kind = 'merchandise'"


@dataclass(frozen=True, slots=True)
class ShopDays:
    """Product-days of some products: what estimation reads (`daily`), and what was really paid.

    Attributes
    ----------
    codes : the P products that the indices in `daily.product` name.
    daily : n product-days, sorted by product and day.
    quantity : (n,) units sold, net of cancellations.
    price : (n,) mean price paid, nan on days without sales.
    """

    codes: list[str]
    daily: DailySales
    quantity: NDArray[np.float64]
    price: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Window:
    """Which sales count: days (both ends inclusive) and a country; None: all."""

    start: dt.date | None = None
    end: dt.date | None = None
    country: str | None = None

    @property
    def days(self) -> tuple[int, int]:
        first = -_DAYS if self.start is None else epoch_days(self.start)
        return first, _DAYS if self.end is None else epoch_days(self.end)


def epoch_days(day: dt.date) -> int:
    return (day - EPOCH).days


def day_of_epoch(day: int) -> dt.date:
    return EPOCH + dt.timedelta(days=day)


def merchandise_codes() -> list[str]:
    """Codes of all merchandise, in order."""
    return [code for (code,) in fetch(f"{_SCOPED} ORDER BY p.code")]


def shop_days(codes: Sequence[str], *, everything: bool = False) -> ShopDays:
    """Read the roll-up of these products; `everything` says that they are all there are, which reads faster.

    Parameters
    ----------
    codes : product codes in ascending order.
    """
    fields = (
        f"product_id, {day_of('date')}, units, CAST(COALESCE(list_price, CASE WHEN source = 'manual' THEN price END) "
        f"AS double precision), {as_integer('promotion_applied')}, unit_lines, quantity, "
        "CAST(price AS double precision)"
    )
    if everything:
        columns = fetch_columns(
            f"SELECT {fields} FROM pricing_saleshistory WHERE product_id IN ({_SCOPED})",
            columns=8,
        )
    else:
        rows = [
            row
            for chunk in batches(codes, CODES_A_STATEMENT)
            for row in fetch(
                f"SELECT {fields} FROM pricing_saleshistory WHERE product_id IN ({placeholders(len(chunk))})",
                chunk,
            )
        ]
        columns = list(zip(*rows, strict=True)) or [()] * 8
    return _as_arrays(list(codes), columns)


def _as_arrays(codes: list[str], columns: Sequence[Sequence[Any]]) -> ShopDays:
    number = {code: index for index, code in enumerate(codes)}
    product = np.array([number[code] for code in columns[0]], np.int64)
    day = np.array(day_numbers(columns[1]), np.int64)
    order = np.argsort(product * _DAYS + day, kind="stable")
    units, list_price = np.array(columns[2], np.float64), np.array(columns[3], np.float64)
    promotion, lines = np.array(columns[4], np.bool_), np.array(columns[5], np.int64)
    daily = DailySales(
        product=product[order],
        day=day[order],
        units=units[order],
        list_price=list_price[order],
        promotion=promotion[order],
        lines=lines[order],
    )
    quantity, price = np.array(columns[6], np.float64), np.array(columns[7], np.float64)
    return ShopDays(codes, daily, quantity[order], price[order])


def in_country(days: ShopDays, country: str) -> ShopDays:
    """The same product-days with the units that one country bought; list prices stay the shop's."""
    rows = [
        row
        for chunk in batches(days.codes, CODES_A_STATEMENT)
        for row in fetch(
            f"SELECT product_id, {epoch_day('date')}, SUM(units), SUM(CASE WHEN units > 0 THEN 1 ELSE 0 END), "
            "SUM(CASE WHEN is_return OR voided THEN 0 ELSE quantity END), "
            "CAST(SUM(CASE WHEN is_return OR voided THEN 0 ELSE quantity * unit_price END) AS double precision) "
            f"FROM pricing_transaction WHERE country = %s AND product_id IN ({placeholders(len(chunk))}) "
            "GROUP BY product_id, date",
            [country, *chunk],
        )
    ]
    columns = list(zip(*rows, strict=True)) or [()] * 6
    number = {code: index for index, code in enumerate(days.codes)}
    key = np.array([number[code] for code in columns[0]], np.int64) * _DAYS + np.array(columns[1], np.int64)
    whole = days.daily.product * _DAYS + days.daily.day
    # A day that a sale has just begun is in the transactions before it is in what was read of the roll-up.
    rows_known, at = np.intersect1d(key, whole, assume_unique=True, return_indices=True)[1:]
    units, lines = np.zeros(whole.size), np.zeros(whole.size, np.int64)
    quantity, revenue = np.zeros(whole.size), np.zeros(whole.size)
    for target, column in zip((units, lines, quantity, revenue), columns[2:], strict=True):
        target[at] = np.array(column, np.float64)[rows_known]
    price = np.full(whole.size, np.nan)
    np.divide(revenue, quantity, out=price, where=quantity > 0)
    daily = DailySales(
        days.daily.product, days.daily.day, units, days.daily.list_price, days.daily.promotion, lines
    )
    return ShopDays(days.codes, daily, quantity, price)


def sold_in(days: ShopDays, window: Window) -> NDArray[np.bool_]:
    """(n,) whether the product-day lies in the window and sold something."""
    first, last = window.days
    inside: NDArray[np.bool_] = (days.daily.day >= first) & (days.daily.day <= last) & (days.quantity > 0)
    return inside


def newest_sale_day() -> dt.date | None:
    """The newest day with a sale, whether it was cancelled later or not; "today" is the day after it."""
    sold = (
        Transaction.objects.filter(is_return=False)
        .order_by("-invoice_date", "-id")
        .values_list("date", flat=True)
    )
    rolled_up = SalesHistory.objects.filter(quantity__gt=0).order_by("-date").values_list("date", flat=True)
    return max((day for day in (sold.first(), rolled_up.first()) if day), default=None)


def open_days() -> NDArray[np.int64]:
    """Days on which the shop sold anything, services included, ascending."""
    rows = fetch(f"SELECT DISTINCT {epoch_day('date')} FROM pricing_saleshistory WHERE quantity > 0")
    return np.sort(np.array([day for (day,) in rows], np.int64))
