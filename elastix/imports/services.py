"""Taking files in: keeping the upload, recognising a file seen before, recording what was refused."""

import hashlib
import io
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import PurePath
from typing import IO, Any, BinaryIO, cast

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from elastix.errors import Conflict
from elastix.imports.core.errors import UnreadableFile
from elastix.imports.core.options import Options
from elastix.imports.core.reader import Chunk, Table
from elastix.imports.core.records import Reject
from elastix.imports.core.rejects import write_rejects
from elastix.imports.models import ImportBatch, ImportReject, ImportStatus, UploadChunk
from elastix.jobs.models import Job
from elastix.jobs.runner import abandoned, dispatch_on_commit
from elastix.sql import lock_text

CHUNK_BYTES = 2 * 1024 * 1024


class DuplicateImport(Conflict):
    default_code = "duplicate_import"


def batch_create(
    source: IO[bytes],
    *,
    kind: str,
    file_name: str,
    options: Mapping[str, Any] | None = None,
    dry_run: bool = False,
    again: bool = False,
    user: Any = None,
) -> ImportBatch:
    """Keep an uploaded file and queue the job that reads it.

    Where the same file came in before and its import was interrupted, that import is taken up again and returned.

    Raises
    ------
    DuplicateImport : the same file is already in the books, or on its way, and `again` was not asked for.
    UnreadableFile : it is larger than IMPORT_MAX_BYTES.
    """
    with transaction.atomic():
        batch = ImportBatch.objects.create(
            kind=kind,
            file_name=PurePath(file_name).name[:255] or "file",
            sha256="",
            options=dict(options or {}),
            dry_run=dry_run,
            created_by=user if getattr(user, "pk", None) else None,
        )
        batch.sha256 = _keep(batch, source)
        if not again and not dry_run:
            # Of two uploads of one file at the same time the second waits here, and then sees the first.
            lock_text(batch.sha256)
            before = _seen_before(batch)
            if before is not None:
                return _take_up(before, instead_of=batch)
        batch.job = Job.objects.create(
            kind=f"import_{kind}", parameters={"batch": str(batch.pk)}, requested_by=batch.created_by
        )
        batch.save(update_fields=["sha256", "job"])
        dispatch_on_commit(batch.job.pk)
    return batch


def _keep(batch: ImportBatch, source: IO[bytes]) -> str:
    digest, size = hashlib.sha256(), 0
    for number, content in enumerate(iter(lambda: source.read(CHUNK_BYTES), b"")):
        size += len(content)
        if size > settings.IMPORT_MAX_BYTES:
            raise UnreadableFile(
                f"The file is larger than {settings.IMPORT_MAX_BYTES // 2**20} MB. Split it, or raise IMPORT_MAX_BYTES."
            )
        digest.update(content)
        UploadChunk.objects.create(batch=batch, number=number, content=content)
    return digest.hexdigest()


def _seen_before(batch: ImportBatch) -> ImportBatch | None:
    """Return the import of the same file that is in the books or on its way there."""
    return (
        ImportBatch.objects.filter(kind=batch.kind, sha256=batch.sha256, dry_run=False)
        .filter(status__in=(ImportStatus.QUEUED, ImportStatus.READING, ImportStatus.PUBLISHED))
        .exclude(pk=batch.pk)
        .first()
    )


def _take_up(before: ImportBatch, *, instead_of: ImportBatch) -> ImportBatch:
    name = f"{before.file_name!r} on {before.created_at:%Y-%m-%d %H:%M} UTC (import {before.pk}, {before.status})"
    if before.status == ImportStatus.PUBLISHED or before.job_id is None:
        raise DuplicateImport(
            f"This very file came in before, as {name}. To take it in a second time, ask for it with `again`."
        )
    if not Job.objects.filter(abandoned(), pk=before.job_id).exists():
        raise DuplicateImport(
            f"This very file is on its way in already, as {name}. If that was interrupted, send the file again in "
            f"{settings.JOB_LEASE_SECONDS} seconds: the import is then taken up where it was left."
        )
    instead_of.delete()
    dispatch_on_commit(before.job_id)
    return before


@contextmanager
def stored_upload(batch: ImportBatch) -> Iterator[BinaryIO]:
    """The upload as one seekable file."""
    with tempfile.TemporaryFile() as file:
        for content in (
            batch.chunks.values_list("content", flat=True).order_by("number").iterator(chunk_size=1)
        ):
            file.write(content)
        file.seek(0)
        yield cast(BinaryIO, file)


def read_options(batch: ImportBatch) -> Options:
    """Return how the reader is to read this batch's file."""
    options = batch.options
    return Options(
        mapping=options.get("mapping") or {},
        encoding=options.get("encoding") or None,
        day_first=options.get("day_first"),
        time_zone=settings.SHOP_TIME_ZONE,
        max_bytes=settings.IMPORT_MAX_BYTES,
    )


def rejects_save(batch: ImportBatch, chunk: Chunk) -> None:
    """Keep the refused rows of a chunk and count them by reason (the caller saves the batch)."""
    ImportReject.objects.bulk_create(
        [
            ImportReject(
                batch=batch, line=each.line, reason=each.reason, message=each.message, content=each.raw_row
            )
            for each in chunk.rejects
        ],
        batch_size=2000,
    )
    for each in chunk.rejects:
        batch.reasons[each.reason] = batch.reasons.get(each.reason, 0) + 1
    batch.rejected += len(chunk.rejects)


def report_of(table: Table) -> dict[str, Any]:
    """How a file was read, as the batch keeps it."""
    return asdict(table.report) | {"columns": list(table.header)}


def batch_begin(batch: ImportBatch) -> None:
    """Forget whatever an interrupted attempt left behind."""
    with transaction.atomic():
        ImportReject.objects.filter(batch=batch).delete()
        batch.rows = batch.accepted = batch.rejected = 0
        batch.reasons, batch.report, batch.quality, batch.error = {}, {}, {}, ""
        batch.status = ImportStatus.READING
        batch.save()


def batch_fail(parameters: Mapping[str, Any], error: str) -> None:
    """Failure hook of import jobs: the batch says why."""
    ImportBatch.objects.filter(pk=parameters["batch"]).update(status=ImportStatus.FAILED, error=error)


def uploads_purge() -> int:
    """Drop uploads that are older than UPLOADS_KEPT; return how many pieces went."""
    old = timezone.now() - settings.UPLOADS_KEPT
    return UploadChunk.objects.filter(batch__created_at__lt=old).delete()[0]


def rejects_file(batch: ImportBatch) -> IO[bytes]:
    """Return the refused rows as an open CSV file: line, reason, message, then the row as it was."""
    file = tempfile.TemporaryFile()  # noqa: SIM115  (the response that sends it closes it)
    text = io.TextIOWrapper(file, "utf-8", newline="")
    rows = batch.rejects.order_by("line", "id").values_list("line", "reason", "message", "content")
    write_rejects(
        text, batch.report.get("columns", []), (Reject(*row) for row in rows.iterator(chunk_size=2000))
    )
    text.flush()
    text.detach()
    file.seek(0)
    return file
