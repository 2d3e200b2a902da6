"""Importing sales: stage the rows of a file out of sight, then publish them in one transaction."""

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from functools import partial
from typing import Any, ClassVar

from django.db import transaction
from django.utils import timezone

from elastix.errors import Conflict
from elastix.fields import uuid7_block
from elastix.imports.core import Chunk
from elastix.imports.core.values import CachedConverter
from elastix.imports.ingest import FileImport, ingest, ingest_failed
from elastix.imports.models import ImportBatch, ImportStatus
from elastix.jobs.models import Job
from elastix.jobs.recompute import request_recompute
from elastix.jobs.runner import JobRun, dispatch_on_commit
from elastix.sql import execute, fetch, insert_rows, is_postgresql
from pricing.sales.core.files import TRANSACTIONS, ImportKind
from pricing.sales.models import StagedTransaction
from pricing.sales.models.products import Kind
from pricing.sales.selectors.daily import day_of_epoch, epoch_days
from pricing.sales.services import rollup
from pricing.sales.services.products import kind_of, products_ensure
from pricing.sales.services.rollup import Line
from pricing.sales.services.transactions import is_return

STAGED = "pricing_stagedtransaction"
ANALYSE_FROM_ROWS = 10_000
_SHARED = (
    "id, invoice_no, description, quantity, invoice_date, unit_price, customer_id, country, date, is_return"
)
_COLUMNS = [*_SHARED.split(", "), "product_code", "batch_id", "token"]


def _check_rows(columns: Mapping[str, Sequence[Any]]) -> Iterator[tuple[int, str, str]]:
    """What makes a row impossible although each of its values is fine."""
    # Days are whole numbers, which compare faster than moments do.
    tomorrow = epoch_days(timezone.now().date()) + 1
    cells = zip(columns["unit_price"], columns["stock_code"], columns["invoice_date"], strict=True)
    for row, (price, code, moment) in enumerate(cells):
        # Values that were rejected themselves are of another type.
        if type(moment) is tuple and moment[1] > tomorrow:
            yield row, "in_the_future", f"The date {moment[0]:%Y-%m-%d} lies in the future."
        elif type(price) is Decimal and price < 0 and type(code) is str and kind_of(code) != Kind.SERVICE:
            yield row, "negative_price", f"The price {price} is negative, and {code} is not a service code."


SCHEMA = TRANSACTIONS.with_check(_check_rows)


class TransactionsImport(FileImport):
    """Sales lines, in a staging table until the whole file is read."""

    kind = ImportKind.TRANSACTIONS
    schema = SCHEMA
    reading_share: ClassVar[float] = 0.8

    def __init__(self, batch: ImportBatch, token: int) -> None:
        super().__init__(batch, token)
        self.descriptions: Counter[tuple[str, str]] = Counter()
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

    def stage(self, chunk: Chunk) -> None:
        columns = chunk.columns
        count = len(chunk.line_numbers)
        prices = columns["unit_price"]
        rows = zip(
            uuid7_block(count),
            columns["invoice_no"],
            columns["description"],
            columns["quantity"] if is_postgresql() else map(float, columns["quantity"]),
            map(self.moments.__getitem__, columns["invoice_date"]),
            prices if is_postgresql() else map(float, prices),
            columns["customer_id"],
            columns["country"],
            map(self.dates.__getitem__, columns["invoice_date_day"]),
            map(is_return, columns["invoice_no"], columns["quantity"]),
            columns["stock_code"],
            [self.batch_id] * count,
            [self.token] * count,
            strict=True,
        )
        insert_rows(STAGED, _COLUMNS, rows)
        self.descriptions.update(zip(columns["stock_code"], columns["description"], strict=True))
        self.moments.trim()
        self.dates.trim()

    def publish(self) -> None:
        products_ensure(self._usual_names())
        execute(
            f"INSERT INTO pricing_transaction ({_SHARED}, product_id, batch_id, voided, units, exclusion) "
            f"SELECT {_SHARED}, product_code, batch_id, %s, CASE WHEN is_return THEN 0 ELSE quantity END, 0 "
            f"FROM {STAGED} WHERE batch_id = %s AND token = %s",
            [False, self.batch_id, self.token],
        )
        if self.batch.accepted >= ANALYSE_FROM_ROWS:
            execute("ANALYZE pricing_transaction")
        if self.batch.accepted:
            rollup.apply_batch(self.batch.pk)
        request_recompute(requested_by=self.batch.created_by)

    def _usual_names(self) -> dict[str, str]:
        """The most frequent description of each product; of equally frequent ones the first in the alphabet, so
        that a second run gives the same."""
        names: dict[str, str] = {}
        found = sorted(self.descriptions.items(), key=lambda item: (item[0][1] == "", -item[1], item[0][1]))
        for (code, text), _ in found:
            names.setdefault(code, text)
        return names

    @classmethod
    def clear(cls, batch_id: Any) -> None:
        with transaction.atomic():
            staged = StagedTransaction.objects
            # SQLite empties a whole table at once; this transaction keeps other imports from writing to it.
            alone = not is_postgresql() and not staged.exclude(batch=batch_id).exists()
            (staged.all() if alone else staged.filter(batch=batch_id))._raw_delete("default")


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
            kind="withdraw_transactions",
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
            rollup.apply_lines(touched)
            batch.status = ImportStatus.WITHDRAWN
            batch.save(update_fields=["status"])
            request_recompute(requested_by=batch.created_by)
    return {"import": str(batch.pk), "deleted": deleted}
