"""Importing sales: stage the rows of a file out of sight, then publish them in one transaction."""

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Sequence
from decimal import Decimal
from functools import partial
from typing import Any, ClassVar

from django.db import transaction
from django.utils import timezone

from elastix.errors import Conflict
from elastix.fields import uuid7_block
from elastix.imports.core import Chunk, Table, UnreadableFile
from elastix.imports.core.fields import currency_in
from elastix.imports.core.values import CachedConverter
from elastix.imports.ingest import FileImport, ingest, ingest_failed
from elastix.imports.models import ImportBatch, ImportStatus
from elastix.jobs.models import OPEN_STATES, Job
from elastix.jobs.recompute import request_recompute
from elastix.jobs.runner import JobRun, dispatch_on_commit
from elastix.shop import shop_currency
from elastix.sql import analyze, execute, fetch, insert_rows, is_postgresql, locked_now
from pricing.sales.core.discounts import is_before_discount, read_discounts
from pricing.sales.core.files import TRANSACTIONS, ImportKind
from pricing.sales.core.line_totals import LineTotals
from pricing.sales.core.sale_words import Meaning
from pricing.sales.core.sales_rows import SalesRows
from pricing.sales.core.totals import TotalsSeen
from pricing.sales.core.whole_file import (
    MARKS,
    MOST_NAMED,
    chosen_currency,
    look_like_cents,
    read_marks,
    read_meanings,
    read_units,
)
from pricing.sales.models import StagedTransaction, SupersededLine
from pricing.sales.models.products import Kind
from pricing.sales.selectors.daily import day_of_epoch, epoch_days
from pricing.sales.selectors.partitions import is_partitioned
from pricing.sales.services import rollup
from pricing.sales.services.file_notes import notes_of_columns
from pricing.sales.services.overlaps import leave_out_known, leave_out_lines, leave_out_repeated
from pricing.sales.services.partitions import partitions_ensure
from pricing.sales.services.products import charges_among, codes_without_zeros, kind_of, products_ensure
from pricing.sales.services.rollup import Line
from pricing.sales.services.transactions import is_return

STAGED = "pricing_stagedtransaction"
ANALYSE_FROM_ROWS = 10_000
_SHARED = (
    "id, invoice_no, description, quantity, invoice_date, unit_price, customer_id, country, date, is_return"
)
_COLUMNS = [*_SHARED.split(", "), "product_code", "batch_id", "token", "line"]
_WITH_CHANNEL = [*_COLUMNS, "channel"]
ONE = Decimal(1)
# Different prices from which the endings are known well enough.
PRICES_TO_TELL = 1_000
# Fewer rows than these may well be returns only.
FEWEST_TO_ASK = 20


class TransactionsImport(FileImport):
    """Sales lines, in a staging table until the whole file is read."""

    kind = ImportKind.TRANSACTIONS
    schema = TRANSACTIONS
    reading_share: ClassVar[float] = 0.8

    def __init__(self, batch: ImportBatch, token: int) -> None:
        super().__init__(batch, token)
        self.descriptions: Counter[tuple[str, str]] = Counter()
        self.rows = SalesRows(frozenset())
        self.totals = TotalsSeen()
        self.prices: set[Decimal] = set()
        self.sheets: Sequence[tuple[str, int]] = ()
        self.services: Sequence[str] = ()
        self.accept = frozenset(batch.options.get("accept") or ())
        self.staged = self.returned = self.cancelled = self.cancelled_negative = 0
        # Values as the driver takes them; SQLite has timestamps in UTC, naive, separated by a blank.
        postgresql = is_postgresql()
        self.batch_id = _driver_id(batch)
        self.dates = CachedConverter(
            day_of_epoch if postgresql else lambda day: day_of_epoch(day).isoformat()
        )
        self.moments = CachedConverter(
            (lambda moment: moment)
            if postgresql
            else lambda moment: moment.astimezone(dt.UTC).replace(tzinfo=None).isoformat(" ")
        )

    def begin(self, table: Table) -> list[str]:
        fields = frozenset(table.report.mapping)
        self.sheets = table.sheets
        notes: list[str] = []
        meanings: dict[str, dict[str, Meaning]] = {}
        for name in fields & {"status", "line_type", *MARKS}:
            label, said = table.report.mapping[name], table.distinct(name)
            if name in MARKS:
                found, note = read_marks(name, label, said)
            else:
                found, note = read_meanings(label, said, of_lines=name == "line_type")
            meanings[name] = found
            notes += [note] if note else []
        notes += [note] if (note := read_units(table.distinct_cells("quantity"))) else []
        cells: dict[str, set[Any]] = {}
        for name in ("discount", "discount_percent"):
            if name in fields:
                cells[name] = table.distinct_cells(name)
        gross = "unit_price" not in fields and is_before_discount(table.report.mapping["line_total"])
        discounts = read_discounts(
            cells,
            table.asked,
            table.first_rows("unit_price", "quantity", "discount", "line_total"),
            are_used=gross or "unit_price" in fields or "discount" in table.asked,
        )
        notes += [discounts.note] if discounts.note else []
        priced = [table.report.mapping[name] for name in ("unit_price", "line_total") if name in fields]
        beside = table.currencies | {code for name in priced[:1] if (code := currency_in(name))}
        wanted = str(self.batch.options.get("currency") or "").upper()
        self.rows = SalesRows(
            fields=fields,
            asked=table.asked,
            meanings=meanings,
            totals=LineTotals() if {"unit_price", "line_total"} <= fields else None,
            currency=chosen_currency(table.distinct("currency"), beside, wanted),
            discounts=discounts,
            is_before_discount=gross,
            known_zeros=codes_without_zeros(self.accept),
            tomorrow=epoch_days(timezone.now().date()) + 1,
            keeps_payments="payment_row" in self.accept,
            is_service=lambda code: kind_of(code) == Kind.SERVICE,
        )
        notes += notes_of_columns(
            table, priced=priced[0] if priced else "", currencies=beside, is_gross=gross, wanted=wanted
        )
        return notes

    def check(self, columns: dict[str, list[Any]]) -> Iterator[tuple[int, str, str]]:
        return self.rows.check(columns)

    def stage(self, chunk: Chunk) -> None:
        columns = chunk.columns
        count = len(chunk.line_numbers)
        prices, quantities = columns["unit_price"], columns["quantity"]
        returns = list(map(is_return, columns["invoice_no"], quantities))
        self._count(columns, returns)
        if self.rows.totals:
            self.rows.totals.add(chunk.line_numbers, columns)
        rows = zip(
            uuid7_block(count),
            columns["invoice_no"],
            columns["description"],
            quantities if is_postgresql() else map(float, quantities),
            map(self.moments.__getitem__, columns["invoice_date"]),
            prices if is_postgresql() else map(float, prices),
            columns["customer_id"],
            columns["country"],
            map(self.dates.__getitem__, columns["invoice_date_day"]),
            returns,
            columns["stock_code"],
            [self.batch_id] * count,
            [self.token] * count,
            chunk.line_numbers,
            *([columns["channel"]] if self.has_channels else []),
            strict=True,
        )
        insert_rows(STAGED, _WITH_CHANNEL if self.has_channels else _COLUMNS, rows)
        if len(self.prices) < PRICES_TO_TELL:
            self.prices |= set(prices)
        self.descriptions.update(zip(columns["stock_code"], columns["description"], strict=True))
        self.moments.trim()
        self.dates.trim()

    def _count(self, columns: dict[str, list[Any]], returns: list[bool]) -> None:
        """Count what tells whether the rows as a whole can be right."""
        self.staged += len(returns)
        self.returned += sum(returns)
        pairs = zip(columns["invoice_no"], columns["quantity"], returns, strict=True)
        cancelled = [quantity for invoice, quantity, each in pairs if each and is_return(invoice, ONE)]
        self.cancelled += len(cancelled)
        self.cancelled_negative += sum(quantity < 0 for quantity in cancelled)
        codes = columns["stock_code"]
        if self.has_channels:
            codes = [f"{code}\n{channel}" for code, channel in zip(codes, columns["channel"], strict=True)]
        self.totals.add(codes, columns["invoice_date_day"], columns["quantity"])

    @property
    def has_channels(self) -> bool:
        return "channel" in self.rows.fields

    @property
    def c_invoices_are_sales(self) -> bool:
        """Whether invoices C1000 are ordinary ones: no line of theirs in the file has a negative quantity."""
        return self.cancelled > 0 and not self.cancelled_negative

    def prepare(self) -> None:
        if is_partitioned():
            days = f"SELECT DISTINCT date FROM {STAGED} WHERE batch_id = %s AND token = %s"
            partitions_ensure(day for (day,) in fetch(days, [self.batch_id, self.token]))

    def settle(self) -> list[str]:
        notes = self.rows.notes()
        if self.c_invoices_are_sales:
            self.returned -= self.cancelled
            notes.append("Invoices that begin with C are sales here: none of them has a negative quantity.")
        if self.returned == self.staged >= FEWEST_TO_ASK and "all_returns" not in self.accept:
            raise UnreadableFile(
                f"All {self.staged:,} rows would be returns, not sales. If the file holds returns only, accept"
                " all_returns (option accept); else correct the signs or name the right column of quantities."
            )
        if (
            self.rows.sales_by_sign[False]
            and not self.rows.sales_by_sign[True]
            and "all_returns" not in self.accept
        ):
            raise UnreadableFile(
                f"All {self.rows.sales_by_sign[False]:,} rows that are called sales have a negative quantity: turn the signs, or"
                " accept all_returns (option accept) if they are returns."
            )
        if shop_currency().decimals and look_like_cents(self.prices):
            notes.append(
                "All prices are whole numbers that end as prices in cents do: if they are cents, name the column so"
                ' ("Price (cents)"), and import the file again.'
            )
        self.rows.orders.judge(self.batch.report["mapping"].get("line_total", ""))
        notes += self._leave_out_unfit() + self._leave_out_known()
        notes += self._services_among_codes()
        self.batch.report["granularity"] = granularity = self.totals.granularity()
        if granularity != "lines":
            notes.append(
                f"The rows are totals of a {granularity} each, not single purchases: they are estimated as totals."
            )
        return notes

    def _services_among_codes(self) -> list[str]:
        """Find the new codes that are charges or discounts; return notes."""
        lines = Counter[str]()
        for (code, _), count in self.descriptions.items():
            lines[code] += count
        names = self._usual_names()
        self.services, others = charges_among(names, lines, self.rows.below_zero)

        def named(codes: Sequence[str]) -> str:
            return ", ".join(f"{code} {names[code]}".strip() for code in codes[:MOST_NAMED])

        notes = []
        if self.services:
            notes.append(
                "These are called as charges, taxes or discounts are, and count as services:"
                f" {named(self.services)}. Set the kind of one that is a product to merchandise (admin)."
            )
        if others:
            notes.append(
                f"These look like charges, taxes or discounts, not products: {named(others)}. They count as"
                " products unless their kind is set to service (admin, or SERVICE_CODE_PATTERNS)."
            )
        return notes

    def _leave_out_unfit(self) -> list[str]:
        """Set aside the rows whose price times quantity is not their total; return notes."""
        if self.rows.totals is None:
            return []
        mapping = self.batch.report["mapping"]
        notes, lines = self.rows.totals.judge(mapping["unit_price"], mapping["line_total"])
        found = leave_out_lines(self.batch_id, self.token, lines)
        if found:
            self._count_rejected("total_differs", found)
        return notes

    def _count_rejected(self, reason: str, found: int) -> None:
        self.batch.accepted -= found
        self.batch.rejected += found
        self.batch.reasons = dict(self.batch.reasons) | {reason: found}

    def _leave_out_known(self) -> list[str]:
        """Set aside the rows that an earlier sheet has or that were imported before; return notes."""
        if "already_imported" in self.accept:
            return []
        notes = []
        again = "To add them a second time, accept already_imported (--keep-duplicates)."
        numbered = "invoice_no" in self.rows.fields
        repeated = (
            leave_out_repeated(self.batch_id, self.token, self.sheets, is_numbered=numbered)
            if self.sheets
            else {}
        )
        if repeated:
            of = ", ".join(f'"{name}" ({rows:,})' for name, rows in repeated.items())
            notes.append(f"Rows left out because an earlier sheet has them, too, by sheet: {of}. {again}")
        if known := leave_out_known(self.batch, self.batch_id, self.token):
            notes.append(
                "Rows left out because they were imported already, with the same invoice, product, date, quantity"
                f" and price: {known:,}. {again}"
            )
        if found := known + sum(repeated.values()):
            self._count_rejected("already_imported", found)
        return notes

    def publish(self) -> None:
        products_ensure(self._usual_names(), self.services)
        if self.c_invoices_are_sales:
            execute(
                f"UPDATE {STAGED} SET is_return = %s WHERE batch_id = %s AND token = %s AND quantity > 0",
                [False, self.batch_id, self.token],
            )
        shared = f"{_SHARED}, channel" if self.has_channels else _SHARED
        execute(
            f"INSERT INTO pricing_transaction ({shared}, product_id, batch_id, voided, units, exclusion) "
            f"SELECT {shared}, product_code, batch_id, %s, CASE WHEN is_return THEN 0 ELSE quantity END, 0 "
            f"FROM {STAGED} WHERE batch_id = %s AND token = %s",
            [False, self.batch_id, self.token],
        )
        many = self.batch.accepted >= ANALYSE_FROM_ROWS
        if many:
            execute("ANALYZE pricing_transaction")
        if self.batch.accepted:
            rollup.apply_batch(self.batch.pk)
        if many:
            analyze("pricing_product", "pricing_saleshistory")
        request_recompute(requested_by=self.batch.created_by)

    def _usual_names(self) -> dict[str, str]:
        """The most frequent description of each product; of equally frequent ones the first in the alphabet, so
        that a second run gives the same."""
        names: dict[str, str] = {}
        found = sorted(self.descriptions.items(), key=lambda item: (item[0][1] == "", -item[1], item[0][1]))
        for (code, text), _ in found:
            names.setdefault(code, text)
        return names

    def unstage(self) -> None:
        StagedTransaction.objects.filter(batch=self.batch, token=self.token)._raw_delete("default")

    @classmethod
    def sweep(cls) -> int:
        being_read = ImportBatch.objects.filter(
            status__in=(ImportStatus.QUEUED, ImportStatus.READING), job__state__in=OPEN_STATES
        )
        left = StagedTransaction.objects.exclude(batch__in=being_read)
        return left._raw_delete("default")

    @classmethod
    def clear(cls, batch_id: Any) -> None:
        staged = StagedTransaction.objects
        with transaction.atomic():
            # Emptying a whole table is quick and gives its room back, but nobody else may be writing to it: on SQLite
            # this transaction sees to that, on PostgreSQL the lock.
            alone = locked_now(STAGED) and not staged.exclude(batch=batch_id).exists()
            if alone and is_postgresql():
                execute(f"TRUNCATE {STAGED}")
            else:
                (staged.all() if alone else staged.filter(batch=batch_id))._raw_delete("default")


def stage_sweep() -> int:
    """Remove staged rows of imports that nobody works on any more; return how many there were."""
    return TransactionsImport.sweep()


import_transactions = partial(ingest, TransactionsImport)
import_failed = partial(ingest_failed, TransactionsImport)


def _driver_id(batch: ImportBatch) -> Any:
    return batch.pk if is_postgresql() else batch.pk.hex


def batch_revert(batch: ImportBatch, *, user: Any = None) -> Job:
    """Queue the job that removes the transactions of a published batch.

    Raises
    ------
    Conflict : it is no import of transactions, or is not published.
    """
    with transaction.atomic():
        locked = ImportBatch.objects.select_for_update().get(pk=batch.pk)
        if locked.kind != ImportKind.TRANSACTIONS:
            raise Conflict(
                "Only imports of transactions can be withdrawn: products have no former state kept."
            )
        if locked.status != ImportStatus.PUBLISHED:
            raise Conflict(f"Only a published import can be withdrawn; this one is {locked.status}.")
        job = Job.objects.create(
            kind="revert_transactions",
            parameters={"batch": str(batch.pk)},
            requested_by=user if getattr(user, "pk", None) else None,
        )
        dispatch_on_commit(job.pk)
    return job


def revert_transactions(run: JobRun) -> dict[str, Any]:
    """Job handler: delete a batch's lines and bring the roll-up up to date, in one transaction."""
    batch = ImportBatch.objects.get(pk=run.parameters["batch"])
    batch_id, deleted = _driver_id(batch), 0
    if batch.status == ImportStatus.PUBLISHED:
        with run.fenced_transaction():
            lines = fetch(
                "SELECT DISTINCT product_id, date, customer_id FROM pricing_transaction WHERE batch_id = %s",
                [batch_id],
            )
            touched = [Line(code, rollup.as_date(day), customer) for code, day, customer in lines]
            deleted = execute("DELETE FROM pricing_transaction WHERE batch_id = %s", [batch_id])
            SupersededLine.objects.filter(batch=batch).delete()
            rollup.apply_lines(touched)
            batch.status = ImportStatus.WITHDRAWN
            batch.save(update_fields=["status"])
            request_recompute(requested_by=batch.created_by)
    return {"import": str(batch.pk), "deleted": deleted}
