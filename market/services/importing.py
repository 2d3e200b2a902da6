"""Importing competitors' prices: all good rows of a file or none; the same file again changes nothing."""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.utils import timezone

from elastix.imports.core.errors import UnreadableFile
from elastix.imports.core.reader import open_table
from elastix.imports.core.schemas import COMPETITOR_PRICES
from elastix.imports.models import ImportBatch, ImportStatus
from elastix.imports.services import batch_begin, read_options, rejects_save, report_of, stored_upload
from elastix.jobs.kinds import JobFailed
from elastix.jobs.runner import JobRun
from elastix.sql import batches
from market.services.competitors import ObservedPrice, prices_upsert
from pricing.sales.core.service_codes import normalise_code
from pricing.sales.models import Product
from pricing.sales.services.imports import batch_result

READING_SHARE = 0.5
_EPOCH = dt.date(1970, 1, 1)
_FIELDS = ("product_code", "competitor_name", "recorded_at", "price", "source")


def _check_rows(columns: Mapping[str, Sequence[Any]]) -> Iterator[tuple[int, str, str]]:
    """What makes a row impossible although each of its values is fine. Refused values are of another type."""
    tomorrow = (timezone.now().date() - _EPOCH).days + 1
    codes = {code for code in columns["product_code"] if type(code) is str}
    known: set[str] = set()
    for chunk in batches(sorted(codes), 5000):
        known.update(Product.objects.filter(code__in=chunk).values_list("code", flat=True))
    for row, (code, moment) in enumerate(zip(columns["product_code"], columns["recorded_at"], strict=True)):
        if type(code) is str and code not in known:
            yield row, "unknown_product", f"There is no product {code}; create or import it first."
        elif type(moment) is tuple and moment[1] > tomorrow:
            yield row, "in_the_future", f"The date {moment[0]:%Y-%m-%d} lies in the future."


SCHEMA = COMPETITOR_PRICES.with_convert("product_code", normalise_code).with_check(_check_rows)


def import_competitor_prices(run: JobRun) -> dict[str, Any]:
    """Job handler: read a batch's file of competitors' prices and write them."""
    batch = ImportBatch.objects.get(pk=run.parameters["batch"])
    if batch.status in (ImportStatus.PUBLISHED, ImportStatus.CHECKED):
        return batch_result(batch)  # an earlier attempt committed and died before it could say so
    batch_begin(batch)
    prices = _read(run, batch)
    with run.fenced_transaction():
        created = updated = 0
        if batch.dry_run:
            batch.status = ImportStatus.CHECKED
        else:
            created, updated = prices_upsert(prices)
            batch.status, batch.published_at = ImportStatus.PUBLISHED, timezone.now()
        batch.save()
    return batch_result(batch) | {"created": created, "updated": updated}


def _read(run: JobRun, batch: ImportBatch) -> list[ObservedPrice]:
    prices: list[ObservedPrice] = []
    with stored_upload(batch) as file:
        try:
            table = open_table(file, SCHEMA, read_options(batch))
            batch.report = report_of(table)
            for chunk in table.chunks():
                columns = [chunk.columns[name] for name in _FIELDS]
                prices += [ObservedPrice(*values) for values in zip(*columns, strict=True)]
                batch.accepted += len(chunk.line_numbers)
                rejects_save(batch, chunk)
                run.progress(READING_SHARE * min(1.0, len(prices) / max(table.rows_hint, 1)))
        except UnreadableFile as error:
            raise JobFailed(str(error)) from error
    batch.rows = batch.accepted + batch.rejected
    return prices
