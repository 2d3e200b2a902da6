"""Importing sales: stage the rows of a file out of sight, then publish them in one transaction."""

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone

from elastix.dataset.versions import lock_version
from elastix.errors import Conflict
from elastix.fields import uuid7_block
from elastix.imports.core.errors import UnreadableFile
from elastix.imports.core.reader import Chunk, Table, open_table
from elastix.imports.core.schemas import TRANSACTIONS
from elastix.imports.models import ImportBatch, ImportKind, ImportStatus
from elastix.imports.services import (
    batch_begin,
    batch_fail,
    read_options,
    rejects_save,
    report_of,
    stored_upload,
)
from elastix.jobs.kinds import JobFailed
from elastix.jobs.models import Job
from elastix.jobs.recompute import request_recompute
from elastix.jobs.runner import JobRun, dispatch_on_commit
from elastix.sql import execute, fetch, insert_rows, is_postgresql
from pricing.sales.core.service_codes import normalise_code
from pricing.sales.models import StagedTransaction
from pricing.sales.models.products import Kind
from pricing.sales.services import rollup
from pricing.sales.services.products import kind_of, products_ensure
from pricing.sales.services.rollup import Line
from pricing.sales.services.transactions import is_return


def _check_rows(columns: Mapping[str, Sequence[Any]]) -> Iterator[tuple[int, str, str]]:
    """What makes a row impossible although each of its values is fine."""
    # Days are whole numbers, which compare faster than moments do.
    tomorrow = (timezone.now().date() - _EPOCH).days + 1
    cells = zip(columns["unit_price"], columns["stock_code"], columns["invoice_date"], strict=True)
    for row, (price, code, moment) in enumerate(cells):
        # Values that were refused themselves are of another type.
        if type(moment) is tuple and moment[1] > tomorrow:
            yield row, "in_the_future", f"The date {moment[0]:%Y-%m-%d} lies in the future."
        elif type(price) is Decimal and price < 0 and type(code) is str and kind_of(code) != Kind.SERVICE:
            yield row, "negative_price", f"The price {price} is negative, and {code} is not a service code."


SCHEMA = TRANSACTIONS.with_convert("stock_code", normalise_code).with_check(_check_rows)
STAGED = "pricing_stagedtransaction"
_SHARED = (
    "id, invoice_no, description, quantity, invoice_date, unit_price, customer_id, country, date, is_return"
)
_COLUMNS = [*_SHARED.split(", "), "product_code", "batch_id", "token"]
# Of the work of an import, reading takes about this share; the rest is publishing.
READING_SHARE = 0.8
ANALYSE_FROM_ROWS = 10_000


def import_transactions(run: JobRun) -> dict[str, Any]:
    """Job handler: read a batch's file, refuse bad rows one by one, and publish the good ones together."""
    batch = ImportBatch.objects.get(pk=run.parameters["batch"])
    if batch.status in (ImportStatus.PUBLISHED, ImportStatus.CHECKED):
        return batch_result(batch)  # an earlier attempt committed and died before it could say so
    batch_begin(batch)
    _clear_stage(batch)
    with stored_upload(batch) as file:
        try:
            table = open_table(file, SCHEMA, read_options(batch))
            names = _stage(run, batch, table)
        except UnreadableFile as error:
            raise JobFailed(str(error)) from error
    if batch.dry_run:
        with run.fenced_transaction():
            batch.status = ImportStatus.CHECKED
            batch.save()
    else:
        _publish(run, batch, names)
    _clear_stage(batch)
    return batch_result(batch)


def batch_result(batch: ImportBatch) -> dict[str, Any]:
    return {
        "import": str(batch.pk),
        "rows": batch.rows,
        "accepted": batch.accepted,
        "rejected": batch.rejected,
        "reasons": batch.reasons,
    }


def _stage(run: JobRun, batch: ImportBatch, table: Table) -> dict[str, str]:
    """Write the file's good rows into the stage, chunk by committed chunk; return a name for each product."""
    texts: Counter[tuple[str, str]] = Counter()
    batch.report = report_of(table)
    for chunk in table.chunks():
        if not batch.dry_run:
            with transaction.atomic():
                insert_rows(STAGED, _COLUMNS, _rows(chunk, batch, run.token))
        texts.update(zip(chunk.columns["stock_code"], chunk.columns["description"], strict=True))
        with transaction.atomic():
            rejects_save(batch, chunk)
            batch.accepted += len(chunk.line_numbers)
            batch.rows = batch.accepted + batch.rejected
            batch.save(update_fields=["accepted", "rejected", "rows", "reasons", "report"])
        run.progress(READING_SHARE * min(1.0, batch.rows / max(table.rows_hint, 1)))
    return _usual_names(texts)


def _usual_names(texts: Counter[tuple[str, str]]) -> dict[str, str]:
    """The most frequent description of each product; among equals the first by letters, so that a second run
    says the same."""
    names: dict[str, str] = {}
    for (code, text), _ in sorted(texts.items(), key=lambda item: (item[0][1] == "", -item[1], item[0][1])):
        names.setdefault(code, text)
    return names


def _rows(chunk: Chunk, batch: ImportBatch, token: int) -> Iterator[tuple[Any, ...]]:
    columns = chunk.columns
    ids = uuid7_block(len(chunk.line_numbers))
    moments, prices, days = columns["invoice_date"], columns["unit_price"], columns["invoice_date_day"]
    batch_id: Any = batch.pk
    dates: list[Any] = list(map(_DATES.__getitem__, days))
    if not is_postgresql():
        moments = list(map(_MOMENTS.__getitem__, moments))
        prices = list(map(float, prices))
        dates = list(map(_DATE_TEXTS.__getitem__, days))
        batch_id = batch.pk.hex
    returns = map(is_return, columns["invoice_no"], columns["quantity"])
    return zip(
        ids,
        columns["invoice_no"],
        columns["description"],
        columns["quantity"],
        moments,
        prices,
        columns["customer_id"],
        columns["country"],
        dates,
        returns,
        columns["stock_code"],
        [batch_id] * len(ids),
        [token] * len(ids),
        strict=True,
    )


class _Memo(dict[Any, Any]):
    """Remembers what a function made of each value; forgets everything when it has grown large."""

    def __init__(self, function: Any) -> None:
        super().__init__()
        self.function = function

    def __missing__(self, key: Any) -> Any:
        if len(self) > 200_000:
            self.clear()
        value = self[key] = self.function(key)
        return value


_EPOCH = dt.date(1970, 1, 1)
_DATES = _Memo(lambda day: _EPOCH + dt.timedelta(days=day))
_DATE_TEXTS = _Memo(lambda day: (_EPOCH + dt.timedelta(days=day)).isoformat())
# As Django's SQLite backend writes timestamps: UTC, naive, separated by a blank.
_MOMENTS = _Memo(lambda moment: moment.astimezone(dt.UTC).replace(tzinfo=None).isoformat(" "))


def _publish(run: JobRun, batch: ImportBatch, names: dict[str, str]) -> None:
    """Make the staged rows part of the books: all of them, with their roll-up, or none."""
    run.progress(READING_SHARE)
    batch_id = batch.pk if is_postgresql() else batch.pk.hex
    with run.fenced_transaction():
        lock_version()
        products_ensure(names)
        execute(
            f"INSERT INTO pricing_transaction ({_SHARED}, product_id, batch_id, voided, units, exclusion) "
            f"SELECT {_SHARED}, product_code, batch_id, %s, CASE WHEN is_return THEN 0 ELSE quantity END, 0 "
            f"FROM {STAGED} WHERE batch_id = %s AND token = %s",
            [False, batch_id, run.token],
        )
        if batch.accepted >= ANALYSE_FROM_ROWS:
            execute("ANALYZE pricing_transaction")
        if batch.accepted:
            rollup.apply_batch(batch.pk)
        batch.status = ImportStatus.PUBLISHED
        batch.published_at = timezone.now()
        batch.save()
        request_recompute(requested_by=batch.created_by)


def _clear_stage(batch: ImportBatch) -> None:
    with transaction.atomic():
        staged = StagedTransaction.objects
        # SQLite empties a whole table at once; this transaction keeps other imports from writing to it.
        alone = not is_postgresql() and not staged.exclude(batch=batch).exists()
        (staged.all() if alone else staged.filter(batch=batch))._raw_delete("default")


def import_failed(parameters: Mapping[str, Any], error: str) -> None:
    """Failure hook: the batch says why, and nothing of it stays on the stage."""
    batch_fail(parameters, error)
    StagedTransaction.objects.filter(batch_id=parameters["batch"])._raw_delete("default")


def batch_withdraw(batch: ImportBatch, *, user: Any = None) -> Job:
    """Queue the job that takes a published batch out of the books again."""
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


def withdraw_transactions(run: JobRun) -> dict[str, Any]:
    """Job handler: delete a batch's lines and bring the roll-up up to date, in one transaction."""
    batch = ImportBatch.objects.get(pk=run.parameters["batch"])
    batch_id = batch.pk if is_postgresql() else batch.pk.hex
    deleted = 0
    if batch.status == ImportStatus.PUBLISHED:
        with run.fenced_transaction():
            lock_version()
            touched = [
                Line(code, rollup.as_date(day), customer)
                for code, day, customer in fetch(
                    "SELECT DISTINCT product_id, date, customer_id FROM pricing_transaction WHERE batch_id = %s",
                    [batch_id],
                )
            ]
            deleted = execute("DELETE FROM pricing_transaction WHERE batch_id = %s", [batch_id])
            rollup.apply_lines(touched)
            batch.status = ImportStatus.WITHDRAWN
            batch.save(update_fields=["status"])
            request_recompute(requested_by=batch.created_by)
    return {"import": str(batch.pk), "deleted": deleted}
