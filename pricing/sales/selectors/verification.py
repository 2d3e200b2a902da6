"""Checks of the sales tables: what is derived from the transactions is derived from them again, some products at a time."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from elastix.imports.models import ImportStatus
from elastix.maintenance.verification import Finding, compared
from elastix.sql import batches, fetch
from pricing.sales.models import (
    Product,
    ProductSummary,
    SalesHistory,
    StagedTransaction,
    StaleProduct,
    Transaction,
)
from pricing.sales.models.transactions import SalesSource
from pricing.sales.selectors.partitions import is_partitioned

# SQLite sums in floating point, and rounds the sum: the last decimal that is kept may differ.
LAST_DECIMAL: Final = Decimal("0.0001")
PRODUCTS_AT_ONCE: Final = 200
ROWS_AT_ONCE: Final = 5_000
LINE: Final = ("product_id", "date", "invoice_no", "quantity", "unit_price", "is_return", "voided")

Key = tuple[str, dt.date]


@dataclass(slots=True)
class Sums:
    """Of a product's lines on one day."""

    quantity: Decimal = Decimal(0)
    revenue: Decimal = Decimal(0)
    returned_quantity: Decimal = Decimal(0)
    returned_revenue: Decimal = Decimal(0)
    lines: int = 0
    invoices: set[str] = field(default_factory=set)

    def add(self, invoice: str, quantity: Decimal, price: Decimal, is_return: bool, voided: bool) -> None:
        """Count a line; of one that is voided only the line itself and its invoice count."""
        self.lines += 1
        if not is_return:
            self.invoices.add(invoice)
        if voided:
            return
        if is_return:
            self.returned_quantity += abs(quantity)
            self.returned_revenue += abs(quantity) * price
        else:
            self.quantity += quantity
            self.revenue += quantity * price


def close(found: Decimal, expected: Decimal) -> Decimal:
    """The expected amount as it is stored, which is what was found where only its last decimal differs."""
    return found if abs(found - expected) <= LAST_DECIMAL else expected.quantize(LAST_DECIMAL)


def check_daily_sales() -> Iterator[Finding]:
    """Every day of the roll-up against its lines: quantities, revenue, returns and the number of lines."""
    for codes in _batches_of_products():
        expected = _sums(codes)
        rows = SalesHistory.objects.filter(product__in=codes, source=SalesSource.TRANSACTIONS)
        stored = {(row.product_id, row.date): row for row in rows}
        # A day that was entered by hand stands before its lines.
        by_hand = set(
            rows.model.objects.filter(product__in=codes)
            .exclude(pk__in=rows)
            .values_list("product_id", "date")
        )
        for key in sorted({*expected, *stored} - by_hand):
            yield from _day(key, stored.get(key), expected.get(key))


def _day(key: Key, row: SalesHistory | None, sums: Sums | None) -> Iterator[Finding]:
    where = f"the day {key[1]} of {key[0]}"
    if row is None or sums is None:
        lines = "no lines" if sums is None else f"{sums.lines} lines"
        yield Finding(
            where, "missing" if row is None else "in the roll-up", f"as in the transactions: {lines}"
        )
        return
    yield from compared(f"quantity of {where}", row.quantity, sums.quantity)
    yield from compared(f"revenue of {where}", row.revenue, close(row.revenue, sums.revenue))
    yield from compared(f"returned quantity of {where}", row.returned_quantity, sums.returned_quantity)
    returned = close(row.returned_revenue, sums.returned_revenue)
    yield from compared(f"returned revenue of {where}", row.returned_revenue, returned)
    yield from compared(f"lines of {where}", row.lines, sums.lines)


def check_line_ids() -> Iterator[Finding]:
    """Ids of several lines, which the key of a table with partitions lets through where their days differ."""
    if is_partitioned():
        repeated = "SELECT id, COUNT(*) FROM pricing_transaction GROUP BY id HAVING COUNT(*) > 1 ORDER BY id"
        for key, lines in fetch(repeated):
            yield Finding(f"the lines of the id {key}", lines, 1)


def check_cancellations() -> Iterator[Finding]:
    """Lines that are voided come in pairs: a sale, and the cancellation of as many units by the same customer."""
    open_pairs: dict[tuple[str, str | None, Decimal], int] = defaultdict(int)
    voided = Transaction.rows.filter(voided=True).values_list(
        "product_id", "customer_id", "quantity", "is_return"
    )
    for code, customer, quantity, is_return in voided.iterator(ROWS_AT_ONCE):
        open_pairs[code, customer, abs(quantity)] += -1 if is_return else 1
    for (code, customer, quantity), unmatched in sorted(open_pairs.items(), key=str):
        where = f"voided sales less cancellations of {quantity} {code} by {customer or 'nobody known'}"
        yield from compared(where, unmatched, 0)


def check_summaries() -> Iterator[Finding]:
    """Sums of each product over all days against its lines, for products whose figures are up to date."""
    stale = set(StaleProduct.objects.values_list("product_id", flat=True))
    for codes in _batches_of_products():
        of_product: dict[str, list[tuple[dt.date, Sums]]] = defaultdict(list)
        for (code, day), sums in _sums(codes).items():
            of_product[code].append((day, sums))
        # Days entered by hand count in the sums, too, and have no lines to be checked against.
        by_hand = SalesHistory.objects.filter(product__in=codes).exclude(source=SalesSource.TRANSACTIONS)
        left_out = stale | set(by_hand.values_list("product_id", flat=True))
        for row in ProductSummary.objects.filter(product__in=codes).exclude(product__in=left_out):
            yield from _summary(row, of_product[row.product_id])
            of_product.pop(row.product_id)
        for code in sorted(set(of_product) - left_out):
            yield Finding(f"the sums of {code}", "missing", "those of its sales")


def _summary(row: ProductSummary, days: list[tuple[dt.date, Sums]]) -> Iterator[Finding]:
    sold = [day for day, sums in days if sums.quantity > 0]
    revenue = sum((sums.revenue - sums.returned_revenue for _, sums in days), Decimal(0))
    quantity = sum((sums.quantity - sums.returned_quantity for _, sums in days), Decimal(0))
    expected: dict[str, Any] = {
        "total_quantity": quantity,
        "total_revenue": close(row.total_revenue, revenue) if len(days) < ROWS_AT_ONCE else revenue,
        "purchase_frequency": len(set().union(*(sums.invoices for _, sums in days))),
        "sold_days": len(sold),
        "first_sold": min(sold, default=None),
        "last_sold": max(sold, default=None),
    }
    for name, value in expected.items():
        yield from compared(f"{name} of {row.product_id}", getattr(row, name), value)


def check_staged_rows() -> Iterator[Finding]:
    """Rows on the stage of an import that is over."""
    over = (ImportStatus.PUBLISHED, ImportStatus.WITHDRAWN, ImportStatus.FAILED)
    staged = StagedTransaction.objects.filter(batch__status__in=over)
    for batch in staged.order_by("batch").values_list("batch", flat=True).distinct():
        yield Finding(f"the stage of import {batch}", f"{staged.filter(batch=batch).count()} rows", "empty")


def _batches_of_products() -> Iterator[Sequence[str]]:
    return batches(Product.objects.order_by("code").values_list("code", flat=True), PRODUCTS_AT_ONCE)


def _sums(codes: Sequence[str]) -> dict[Key, Sums]:
    """The sums of each product and day, in exact arithmetic."""
    days: dict[Key, Sums] = defaultdict(Sums)
    lines = Transaction.rows.filter(product__in=codes).values_list(*LINE)
    for code, day, *line in lines.iterator(ROWS_AT_ONCE):
        days[code, day].add(*line)
    return days
