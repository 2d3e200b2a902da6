"""Rebuilding the clean view of some products: clean units, list prices and promotions, from their own lines."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from operator import itemgetter
from typing import Any

import numpy as np
from django.db import transaction
from django.db.models import Count, Q
from numpy.typing import NDArray

from elastix.dataset.versions import lock_version
from elastix.imports.models import ImportBatch
from elastix.jobs.runner import JobRun
from elastix.sql import (
    as_integer,
    day_numbers,
    day_of,
    execute,
    fetch,
    fetch_columns,
    insert_rows,
    is_postgresql,
    minute_numbers,
    minute_of,
    numbers_for_driver,
    placeholders,
    update_rows,
)
from pricing.sales.core.arrays import IntArray
from pricing.sales.core.channels import PRICES_BY_CHANNEL, PriceSeries, main_prices, price_series
from pricing.sales.core.daily import DailySales, daily_sales
from pricing.sales.core.grouping import distinct, matching_rows, product_day_key
from pricing.sales.core.lines import SalesLines, clean_lines, data_flags
from pricing.sales.core.periods import Periods, read_periods
from pricing.sales.core.price_mix import SEVERAL_PRICES, several_prices
from pricing.sales.core.sales_rows import of_a_day
from pricing.sales.core.totals import totals_periods
from pricing.sales.models import ChannelDay, ProductSummary, Transaction
from pricing.sales.selectors.daily import day_of_epoch

PRICE_DECIMALS = 4
SERIES_COLUMNS = ("product_id", "channel", "date", "units", "lines", "list_price", "promotion_applied")
LONG_TOTALS = ("week", "month")
LINE_COLUMNS = {"units": "double precision", "exclusion": "smallint"}
DAY_COLUMNS = {
    "units": "double precision",
    "unit_lines": "integer",
    "list_price": "numeric",
    "promotion_applied": "boolean",
}


@dataclass(frozen=True, slots=True)
class StoredLines:
    """Lines as stored: their ids, the arrays, the numbers of their channels (None where no line has one) and these
    channels' names, the clean view stored with them, and whether their file told purchases apart."""

    ids: Sequence[Any]
    lines: SalesLines
    channel: IntArray | None
    channels: list[str]
    units: NDArray[np.float64]
    exclusion: NDArray[np.int8]
    purchase_known: NDArray[np.bool_]

    def by_purchase(self) -> SalesLines:
        """The lines, each a purchase of its own where nobody knows which were made together."""
        apart = np.where(self.purchase_known, self.lines.invoice, -1 - np.arange(self.purchase_known.size))
        return replace(self.lines, invoice=apart)


def clean_shard(run: JobRun) -> dict[str, Any]:
    """Job handler: rebuild the clean view of the products named in the parameters."""
    products = run.parameters["products"]
    clean_products(products)
    return {"products": len(products)}


def clean_products(products: Sequence[str]) -> None:
    """Rebuild the clean view of these products and write what differs from what is stored."""
    codes = sorted(products)
    stored = _read_lines(codes)
    clean = clean_lines(stored.lines, len(codes))
    daily = daily_sales(stored.lines, clean, len(codes))
    flags = data_flags(stored.lines, clean, len(codes))
    flags[SEVERAL_PRICES] = several_prices(stored.by_purchase(), clean, len(codes), stored.channel)
    series = None
    if stored.channel is not None:
        series = price_series(stored.lines, clean, stored.channel, len(codes))
        daily = main_prices(daily, series)
        flags[PRICES_BY_CHANNEL] = np.isin(np.arange(len(codes)), series.product)
    sold = daily.rows(daily.lines > 0)
    days = totals_periods(sold.product, sold.day, sold.lines, sold.units, len(codes))
    periods = read_periods(sold.product, sold.day, _of_totals_files(codes, days))
    with transaction.atomic():
        lock_version()
        changed = np.flatnonzero((clean.units != stored.units) | (clean.reason != stored.exclusion)).tolist()
        rows = [(float(clean.units[row]), int(clean.reason[row]), stored.ids[row]) for row in changed]
        update_rows("pricing_transaction", "id", LINE_COLUMNS, rows, key_type="uuid")
        _write_days(codes, daily)
        _write_series(codes, series, stored.channels)
        _write_facts(codes, stored.lines, flags, periods)


def _of_totals_files(codes: Sequence[str], days: IntArray) -> IntArray:
    """The days that products' lines sum up (P,), 0 for weeks and months that no file of totals speaks for.

    A standing order looks like a total, too: one line a week or month. So most of the product's lines have to be from
    files of which most rows are totals.
    """
    if not (days > 1).any():
        return days
    long = [codes[row] for row in np.flatnonzero(days > 1).tolist()]
    lines = Transaction.objects.filter(product_id__in=long).order_by().values_list("product_id")
    files = ImportBatch.objects.filter(report__granularity__in=LONG_TOTALS).values("pk")
    counts = lines.annotate(lines=Count("pk"), totals=Count("pk", filter=Q(batch__in=files)))
    of_files = {code for code, count, totals in counts if 2 * totals > count}
    return np.where((days > 1) & ~np.isin(np.array(codes), list(of_files)), 0, days)


def _read_lines(codes: Sequence[str]) -> StoredLines:
    number = {code: index for index, code in enumerate(codes)}
    # A shop without channels pays for no more than a look at an empty index.
    some = fetch(
        f"SELECT 1 FROM pricing_transaction WHERE product_id IN ({placeholders(len(codes))}) AND channel > '' LIMIT 1",
        codes,
    )
    channel = ", channel" if some else ""
    sql = (
        f"SELECT id, product_id, {day_of('date')}, {minute_of('invoice_date')}, "
        "CAST(quantity AS double precision), CAST(unit_price AS double precision), customer_id, invoice_no, "
        f"{as_integer('is_return')}, {as_integer('voided')}, units, exclusion{channel} "
        f"FROM pricing_transaction WHERE product_id IN ({placeholders(len(codes))})"
    )
    rows = fetch(sql, codes)
    # The ids are in the order of time, so of identical lines the first one counts, run after run. Sorting
    # here is cheaper than in the database, which would move whole rows.
    rows.sort(key=itemgetter(0))
    (
        ids, product, day, minute, quantity, price, customer, invoice, returned, voided, units, exclusion, *named,
    ) = list(zip(*rows, strict=True)) or [()] * 12  # fmt: skip
    channels = sorted(set(named[0])) if named else []
    place = {name: index for index, name in enumerate(channels)}
    lines = SalesLines(
        product=np.array([number[code] for code in product], np.int64),
        day=np.array(day_numbers(day), np.int64),
        minute=np.array(minute_numbers(minute), np.int64),
        quantity=np.array(quantity, np.float64),
        price=np.array(price, np.float64),
        customer=_numbered(customer, missing=-1),
        invoice=_numbered(invoice),
        cancellation=np.array(returned, np.bool_),
        voided=np.array(voided, np.bool_),
    )
    channel_numbers = np.array([place[name] for name in named[0]], np.int64) if named else None
    purchase_known = [not of_a_day(number, code) for number, code in zip(invoice, product, strict=True)]
    return StoredLines(
        ids, lines, channel_numbers, channels, np.array(units, np.float64), np.array(exclusion, np.int8),
        np.array(purchase_known, np.bool_),
    )  # fmt: skip


def _numbered(values: Sequence[str | None], missing: int | None = None) -> NDArray[np.int64]:
    """Number texts in the order of their first appearance; None gets `missing`."""
    numbers: dict[str | None, int] = {}
    if missing is not None:
        numbers[None] = missing
    return np.array([numbers.setdefault(value, len(numbers)) for value in values], np.int64)


def _write_days(codes: Sequence[str], daily: DailySales) -> None:
    """Write units, list price and promotion of the days on which they differ from what is stored."""
    ids, product, day, units, lines, list_price, promotion = fetch_columns(
        f"SELECT id, product_id, {day_of('date')}, units, unit_lines, CAST(list_price AS double precision), "
        f"{as_integer('promotion_applied')} FROM pricing_saleshistory WHERE source = 'transactions' "
        f"AND product_id IN ({placeholders(len(codes))})",
        codes,
        columns=7,
    )
    number = {code: index for index, code in enumerate(codes)}
    stored = product_day_key(
        np.array([number[code] for code in product], np.int64), np.array(day_numbers(day), np.int64)
    )
    # Days that were added or deleted since the lines were read belong to a later sales version.
    rows, at = matching_rows(stored, product_day_key(daily.product, daily.day))
    found = daily.rows(at)
    price = np.round(found.list_price, PRICE_DECIMALS)
    old_price = np.array(list_price, np.float64)[rows]
    differs = (
        (found.units != np.array(units, np.float64)[rows])
        | (found.lines != np.array(lines, np.int64)[rows])
        | ~((price == old_price) | (np.isnan(price) & np.isnan(old_price)))
        | (found.promotion != np.array(promotion, np.bool_)[rows])
    )
    found = found.rows(differs)
    prices = numbers_for_driver(price[differs].tolist())
    keys = [ids[row] for row in rows[differs].tolist()]
    columns = (found.units.tolist(), found.lines.tolist(), prices, found.promotion.tolist(), keys)
    update_rows("pricing_saleshistory", "id", DAY_COLUMNS, list(zip(*columns, strict=True)))


def _write_series(codes: Sequence[str], series: PriceSeries | None, channels: Sequence[str]) -> None:
    """Replace the products' days by channel."""
    ChannelDay.objects.filter(product_id__in=codes)._raw_delete("default")
    if series is None:
        return
    daily = series.daily
    product, channel = series.product[daily.product].tolist(), series.channel[daily.product].tolist()
    known = numbers_for_driver(daily.list_price.tolist())
    rows = zip(
        [codes[each] for each in product],
        [channels[each] for each in channel],
        [
            day_of_epoch(day) if is_postgresql() else day_of_epoch(day).isoformat()
            for day in daily.day.tolist()
        ],
        daily.units.tolist(),
        daily.lines.tolist(),
        known,
        daily.promotion.tolist(),
        strict=True,
    )
    insert_rows("pricing_channelday", SERIES_COLUMNS, rows)


def _write_facts(
    codes: Sequence[str], lines: SalesLines, flags: Mapping[str, NDArray[np.bool_]], periods: Periods
) -> None:
    """Store what only the lines show of a product: data flags, the number of its invoices, what a line sums up."""
    # Different invoices, those cancelled later included.
    sold = ~lines.cancellation
    pairs = distinct(lines.product[sold] * (1 << 32) + lines.invoice[sold])
    invoices = np.bincount(pairs >> 32, minlength=len(codes)).tolist()
    names = ("data_flags", "invoices", "line_days", "dated_last")
    columns = (
        [[name for name, applies in flags.items() if applies[row]] for row in range(len(codes))],
        invoices,
        periods.days.tolist(),
        periods.dated_last.tolist(),
    )
    found = dict(zip(codes, map(list, zip(*columns, strict=True)), strict=True))
    stored = ProductSummary.objects.filter(product_id__in=codes)
    known = {code: facts for code, *facts in stored.values_list("product_id", *names)}
    ProductSummary.objects.bulk_create(
        [
            ProductSummary(product_id=code, **dict(zip(names, facts, strict=True)))
            for code, facts in found.items()
            if known.get(code) != facts
        ],
        batch_size=1000,
        update_conflicts=True,
        unique_fields=["product_id"],
        update_fields=names,
    )


def products_with_sales() -> list[str]:
    """Codes of all products that have transactions, in order."""
    return [
        code for (code,) in fetch("SELECT DISTINCT product_id FROM pricing_transaction ORDER BY product_id")
    ]


def forget_sales(codes: Sequence[str]) -> None:
    """Delete the summaries of products without any sales."""
    if codes:
        execute(
            f"DELETE FROM pricing_productsummary WHERE product_id IN ({placeholders(len(codes))}) "
            "AND NOT EXISTS (SELECT 1 FROM pricing_saleshistory h WHERE h.product_id = pricing_productsummary.product_id)",
            codes,
        )
