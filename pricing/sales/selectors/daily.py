"""The daily roll-up as arrays, for the estimators."""

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import numpy as np
from django.conf import settings
from django.db.models import Max
from numpy.typing import NDArray

from elastix.fields import as_quantity
from elastix.sql import (
    VALUES_A_STATEMENT,
    as_integer,
    batches,
    day_numbers,
    day_of,
    epoch_day,
    fetch,
    fetch_arrays,
    placeholders,
)
from pricing.sales.core.arrays import BoolArray, FloatArray, IntArray
from pricing.sales.core.daily import DailySales
from pricing.sales.core.grouping import KEY_DAYS, matching_rows, product_day_key
from pricing.sales.core.periods import Periods, last_day_known, spread_daily
from pricing.sales.models import PriceChange, ProductSummary, SalesHistory, Transaction

EPOCH = dt.date(1970, 1, 1)
# The list price of a day of lines is the promotion's while one runs; that of a promotion entered by hand is the regular one.
PRICE_ASKED = (
    "CASE WHEN source = 'manual' AND (promotion_applied OR list_price IS NULL) THEN price ELSE list_price END"
)
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

    With `everything` they are all the merchandise there is, which one statement reads faster. A price that was set
    through the ledger is known from the day after on, even where nothing was sold at it: that day has a row of its own.
    """
    fields = (
        f"product_id, {day_of('date')}, units, CAST({PRICE_ASKED} AS double precision), "
        f"{as_integer('promotion_applied')}, unit_lines, CAST(quantity AS double precision), "
        "CAST(price AS double precision)"
    )
    sql = f"SELECT {fields} FROM pricing_saleshistory WHERE product_id IN"
    number = {code: index for index, code in enumerate(codes)}

    def arrays(columns: Sequence[Sequence[Any]]) -> list[NDArray[Any]]:
        codes_found, days, *others = columns
        return [
            np.array([number[code] for code in codes_found], np.int64),
            np.array(day_numbers(days), np.int64),
            *(np.array(column, np.float64) for column in others),
        ]

    by_code = ((f"{sql} ({placeholders(len(chunk))})", chunk) for chunk in batches(codes))
    statements = [(f"{sql} ({_SCOPED})", [])] if everything else by_code
    product, day, *numbers = fetch_arrays(statements, arrays, columns=8)
    set_product, set_day, set_price = _recorded_prices(codes)
    new = ~np.isin(product_day_key(set_product, set_day), product_day_key(product, day))
    product, day = np.append(product, set_product[new]), np.append(day, set_day[new])
    nothing, unknown = np.zeros(int(new.sum())), np.full(int(new.sum()), np.nan)
    added = (nothing, set_price[new], nothing, nothing, nothing, unknown)
    units, list_price, promotion, lines, quantity, price = (
        np.append(*pair) for pair in zip(numbers, added, strict=True)
    )
    order = np.argsort(product_day_key(product, day), kind="stable")
    daily = DailySales(
        product=product,
        day=day,
        units=units,
        list_price=list_price,
        promotion=promotion.astype(np.bool_),
        lines=lines.astype(np.int64),
    )
    return ShopDays(list(codes), daily.rows(order), quantity[order], price[order])


def spread_totals(days: ShopDays) -> DailySales:
    """The clean view with the totals of weeks and months spread over their days, none after the newest known day."""
    periods = periods_of(days.codes)
    newest = newest_sale_day()
    if newest is None or not (periods.days > 1).any():
        return days.daily
    daily = spread_daily(days.daily, periods)
    return daily.rows(daily.day <= max(epoch_days(newest), int(days.daily.day.max())))


def periods_of(codes: Sequence[str]) -> Periods:
    """What the lines of some products sum up, as the last cleaning found it."""
    totals = ProductSummary.objects.filter(line_days__gt=1)
    if len(codes) <= VALUES_A_STATEMENT:
        totals = totals.filter(product_id__in=codes)
    marks = {code: mark for code, *mark in totals.values_list("product_id", "line_days", "dated_last")}
    pairs = np.array([marks.get(code, (0, False)) for code in codes], np.int64).reshape(-1, 2)
    return Periods(pairs[:, 0], pairs[:, 1].astype(np.bool_))


def _recorded_prices(codes: Sequence[str]) -> tuple[IntArray, IntArray, FloatArray]:
    """Product, day and price (m,) of the first whole day of each price that was set through the ledger."""
    number = {code: index for index, code in enumerate(codes)}
    changes = PriceChange.objects.filter(changed_at__isnull=False).order_by("pk")
    if len(codes) <= VALUES_A_STATEMENT:
        changes = changes.filter(product_id__in=codes)
    columns = ("product_id", "old_price", "new_price", "changed_at", "rolled_back_at")
    newest: dict[tuple[int, int], tuple[dt.datetime, Any]] = {}
    for code, old, new, applied, back in changes.values_list(*columns):
        for moment, price in ((applied, new), (back, old)):
            if code in number and moment is not None:
                day = epoch_days(moment.astimezone(settings.SHOP_TIME_ZONE).date()) + 1
                newest[number[code], day] = max(
                    newest.get((number[code], day), (moment, price)), (moment, price)
                )
    until = newest_sale_day() if newest else None
    rows = [
        (product, day, float(price))
        for (product, day), (_, price) in newest.items()
        if price is not None and until is not None and day <= epoch_days(until)
    ]
    table = np.array(rows, np.float64).reshape(-1, 3)
    return table[:, 0].astype(np.int64), table[:, 1].astype(np.int64), table[:, 2]


def rows_of_products(sql: str, codes: Sequence[str], *parameters: Any) -> list[tuple[Any, ...]]:
    """Rows of a query whose last parameters, in place of the braces, are product codes."""
    return [
        row
        for chunk in batches(codes)
        for row in fetch(sql.format(placeholders(len(chunk))), [*parameters, *chunk])
    ]


def product_shards(codes: Iterable[str]) -> Iterator[list[str]]:
    """Cut products into pieces whose lines fit into memory together: with a maximum of products and of lines.

    A product of more lines than that is a piece of its own. The order stays.
    """
    codes = list(codes)
    counts = (
        "SELECT product_id, SUM(lines) FROM pricing_saleshistory WHERE product_id IN ({}) GROUP BY product_id"
    )
    lines = dict(rows_of_products(counts, codes))
    shard: list[str] = []
    held = 0
    for code in codes:
        of_code = int(lines.get(code) or 0)
        if shard and (
            len(shard) == settings.RECOMPUTE_SHARD_PRODUCTS or held + of_code > settings.RECOMPUTE_SHARD_LINES
        ):
            yield shard
            shard, held = [], 0
        shard.append(code)
        held += of_code
    if shard:
        yield shard


def product_numbers(codes: Sequence[str], found: Sequence[str]) -> IntArray:
    """Place in `codes` of each of the names found, (n,)."""
    number = {code: index for index, code in enumerate(codes)}
    return np.array([number[code] for code in found], np.int64)


def in_country(days: ShopDays, country: str) -> ShopDays:
    """The same product-days with the units sold to one country; list prices are those of the whole shop."""
    sql = (
        f"SELECT product_id, {epoch_day('date')}, SUM(units), SUM(CASE WHEN units > 0 THEN 1 ELSE 0 END), "
        "CAST(SUM(CASE WHEN is_return OR voided THEN 0 ELSE quantity END) AS double precision), "
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


def net_quantities(codes: Sequence[str], window: Window) -> dict[str, int | Decimal]:
    """Units of some products in a window, net of cancellations and returns."""
    table, net = "pricing_saleshistory", "quantity - returned_quantity"
    where = f"{epoch_day('date')} BETWEEN %s AND %s"
    parameters: list[Any] = list(window.days)
    if window.country:
        table, net = "pricing_transaction", "CASE WHEN is_return THEN -ABS(quantity) ELSE quantity END"
        where, parameters = f"{where} AND NOT voided AND country = %s", [*parameters, window.country]
    sql = f"SELECT product_id, SUM({net}) FROM {table} WHERE {where} AND product_id IN ({{}}) GROUP BY product_id"
    return {code: as_quantity(units) for code, units in rows_of_products(sql, codes, *parameters)}


def newest_sale_day() -> dt.date | None:
    """The newest day with a sale, whether it was cancelled later or not; "today" is the day after it.

    Where the newest sales are totals dated on the first day of a week or month, it is their period's last day, unless
    sales of single days reach into that period: those say how far the data go.
    """
    # Not by ids, too: lines of one moment are of one day, and SQLite would sort all lines.
    sold = (
        Transaction.objects.filter(is_return=False).order_by("-invoice_date").values_list("date", flat=True)
    )
    rolled_up = SalesHistory.objects.filter(quantity__gt=0).order_by("-date").values_list("date", flat=True)
    newest = max((day for day in (sold.first(), rolled_up.first()) if day), default=None)
    if newest is None or not ProductSummary.objects.filter(line_days__gt=1).exists():
        return newest
    mark = ("product__summary__line_days", "product__summary__dated_last")
    rows = SalesHistory.objects.filter(quantity__gt=0).order_by().values_list(*mark).annotate(Max("date"))
    table = [(epoch_days(day), days or 0, bool(last)) for days, last, day in rows]
    if not table:
        return newest
    day, length, last = np.array(table, np.int64).T
    return max(newest, day_of_epoch(last_day_known(day, length, last > 0)))


def open_days() -> IntArray:
    """Days on which the shop sold anything, services included, ascending."""
    rows = fetch(f"SELECT DISTINCT {epoch_day('date')} FROM pricing_saleshistory WHERE quantity > 0")
    return np.sort(np.array([day for (day,) in rows], np.int64))
