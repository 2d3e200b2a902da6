"""Importing products: existing ones are updated, new ones created, all good rows or none."""

from typing import Any

from elastix.imports.core.errors import UnreadableFile
from elastix.imports.core.reader import open_table
from elastix.imports.core.schemas import PRODUCTS
from elastix.imports.models import ImportBatch, ImportStatus
from elastix.imports.services import batch_begin, read_options, rejects_save, report_of, stored_upload
from elastix.jobs.kinds import JobFailed
from elastix.jobs.runner import JobRun
from pricing.sales.core.service_codes import normalise_code
from pricing.sales.services.imports import batch_result
from pricing.sales.services.products import products_upsert

SCHEMA = PRODUCTS.with_convert("code", normalise_code)


def import_products(run: JobRun) -> dict[str, Any]:
    """Job handler: read a batch's file of products and write them."""
    batch = ImportBatch.objects.get(pk=run.parameters["batch"])
    if batch.status in (ImportStatus.PUBLISHED, ImportStatus.CHECKED):
        return batch_result(batch)
    batch_begin(batch)
    rows = _read(run, batch)
    with run.fenced_transaction():
        created = updated = 0
        if not batch.dry_run:
            created, updated = products_upsert(rows, by=str(batch.created_by or "import"))
        batch.status = ImportStatus.CHECKED if batch.dry_run else ImportStatus.PUBLISHED
        batch.save()
    return batch_result(batch) | {"created": created, "updated": updated}


def _read(run: JobRun, batch: ImportBatch) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    with stored_upload(batch) as file:
        try:
            table = open_table(file, SCHEMA, read_options(batch))
            batch.report = report_of(table)
            for chunk in table.chunks():
                names = list(chunk.columns)
                rows += [
                    {
                        name: value
                        for name, value in zip(names, values, strict=True)
                        if value not in (None, "")
                    }
                    for values in zip(*chunk.columns.values(), strict=True)
                ]
                batch.accepted += len(chunk.line_numbers)
                rejects_save(batch, chunk)
                run.progress(0.5 * min(1.0, len(rows) / max(table.rows_hint, 1)))
        except UnreadableFile as error:
            raise JobFailed(str(error)) from error
    batch.rows = batch.accepted + batch.rejected
    return rows
