"""Uploads: keeping the file, recognising one that was imported before, recording the rejected rows."""

import hashlib
import io
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import PurePath
from typing import IO, Any, BinaryIO, cast

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from elastix.errors import Conflict, FieldError, Invalid
from elastix.imports.core import (
    Chunk,
    Options,
    Reject,
    UnreadableFile,
    text_encoding,
    write_rejects,
)
from elastix.imports.core.columns import header_key
from elastix.imports.core.dates import ORDERS
from elastix.imports.core.options import ACCEPTABLE
from elastix.imports.models import ImportBatch, ImportReject, ImportStatus, UploadChunk
from elastix.jobs.models import Job
from elastix.jobs.runner import abandoned, dispatch_on_commit
from elastix.sql import lock_text

CHUNK_BYTES = 2 * 1024 * 1024
# How many imports with a mapping are looked through for one of the same columns.
MOST_REMEMBERED = 200
# The options that say how a file is written; an app may have others.
READER_OPTIONS = ("mapping", "encoding", "delimiter", "decimal_mark", "date_order", "sheet", "accept")
# An import in one of these states stands in the way of a second one of the same file.
LASTING = (ImportStatus.QUEUED, ImportStatus.READING, ImportStatus.PUBLISHED)


class DuplicateImport(Conflict):
    """The same file was imported before, or is being imported; `under_way` is the job that does so."""

    default_code = "duplicate_import"

    def __init__(self, detail: str, *, under_way: int | None = None) -> None:
        self.under_way = under_way
        super().__init__(detail)


def batch_create(
    source: IO[bytes],
    *,
    kind: str,
    file_name: str,
    options: Mapping[str, Any] | None = None,
    dry_run: bool = False,
    force: bool = False,
    user: Any = None,
) -> ImportBatch:
    """Keep an uploaded file and queue the job that reads it.

    Where an import of the same file was interrupted, that import is resumed and returned.

    Parameters
    ----------
    force : import the file although it was imported before, all of its rows a second time.

    Raises
    ------
    DuplicateImport : the same file was imported, or is being imported, and `force` is not set.
    Invalid : it is larger than IMPORT_MAX_BYTES, or an option is none.
    """
    options = {name: value for name, value in (options or {}).items() if value not in (None, "", [], {})}
    _check_options(options)
    with transaction.atomic():
        batch = ImportBatch.objects.create(
            kind=kind,
            file_name=PurePath(file_name).name[:255] or "file",
            sha256="",
            options=options,
            dry_run=dry_run,
            created_by=user if getattr(user, "pk", None) else None,
        )
        batch.sha256 = _store(batch, source)
        if not dry_run:
            # Of two uploads of one file at the same time the second waits here, and then sees the first.
            lock_text(batch.sha256)
            before = imported_before(batch)
            if force and before is not None:
                # All its rows were imported before: that is what was asked for.
                batch.options = options | {"accept": [*options.get("accept", ()), "already_imported"]}
            elif before is not None:
                _check_interrupted(before)
                batch.delete()
                dispatch_on_commit(cast(int, before.job_id))
                return before
        batch.job = Job.objects.create(
            kind=f"import_{kind}", parameters={"batch": str(batch.pk)}, requested_by=batch.created_by
        )
        batch.save(update_fields=["sha256", "job", "options"])
        dispatch_on_commit(batch.job.pk)
    return batch


def imported_before(batch: ImportBatch) -> ImportBatch | None:
    """The import of the same file that counts, if there is one: a second needs `force`."""
    same = ImportBatch.objects.filter(kind=batch.kind, sha256=batch.sha256, dry_run=False)
    return same.filter(status__in=LASTING).exclude(pk=batch.pk).first()


def _check_options(options: Mapping[str, Any]) -> None:
    """Refuse at once what no file can be read with."""
    try:
        text_encoding(options.get("encoding") or "utf-8")
    except UnreadableFile as error:
        raise Invalid(FieldError("encoding", str(error))) from error
    choices = {"decimal_mark": (".", ","), "date_order": ORDERS}
    for name, known in choices.items():
        if options.get(name, known[0]) not in known:
            raise Invalid(FieldError(name, f"Expected one of {', '.join(known)}."))
    if unknown := [each for each in options.get("accept", ()) if each not in ACCEPTABLE]:
        raise Invalid(FieldError("accept", f"{unknown[0]!r} is none of {', '.join(ACCEPTABLE)}."))


def _store(batch: ImportBatch, source: IO[bytes]) -> str:
    """Keep the file in pieces; return its SHA-256."""
    digest, size, limit = hashlib.sha256(), 0, settings.IMPORT_MAX_BYTES
    for number, content in enumerate(iter(lambda: source.read(CHUNK_BYTES), b"")):
        size += len(content)
        if size > limit:
            message = f"The file is larger than {limit // 2**20} MB. Split it, or raise IMPORT_MAX_BYTES."
            raise Invalid(FieldError("file", message))
        digest.update(content)
        UploadChunk.objects.create(batch=batch, number=number, content=content)
    return digest.hexdigest()


def _check_interrupted(before: ImportBatch) -> None:
    """Refuse the same file a second time, unless nobody works on its import any more."""
    name = f"{before.file_name!r} on {before.created_at:%Y-%m-%d %H:%M} UTC (import {before.pk}, {before.status})"
    job = before.job
    # Of an import whose rows are in, too, the job may have been interrupted before it said so.
    if job is None or not job.is_open:
        raise DuplicateImport(
            f"The same file was imported before, as {name}. To import it a second time, set `force`."
        )
    if not Job.objects.filter(abandoned(), pk=job.pk).exists():
        raise DuplicateImport(
            f"The same file is being imported already, as {name}. If that was interrupted, send the file again in "
            f"{settings.JOB_LEASE_SECONDS} seconds: the import is then resumed.",
            under_way=job.pk,
        )


@contextmanager
def stored_upload(batch: ImportBatch) -> Iterator[BinaryIO]:
    """The upload as one seekable file."""
    pieces = batch.chunks.values_list("content", flat=True).order_by("number")
    with tempfile.TemporaryFile() as file:
        for content in pieces.iterator(chunk_size=1):
            file.write(content)
        file.seek(0)
        yield cast(BinaryIO, file)


def batch_again(
    batch: ImportBatch,
    *,
    kind: str | None = None,
    options: Mapping[str, Any] | None = None,
    dry_run: bool = False,
    force: bool = False,
    user: Any = None,
) -> ImportBatch:
    """Read the kept upload of a batch once more, as another batch; with its kind and options where none are given.

    Raises
    ------
    Conflict : it is being read just now, or its upload is not kept any more.
    DuplicateImport, Invalid : as `batch_create`.
    """
    if batch.is_open:
        raise Conflict(f"{batch.file_name} is still being read.")
    if not batch.chunks.exists():
        raise Conflict(f"The upload of {batch.file_name} is not kept any more: send the file again.")
    with stored_upload(batch) as file:
        return batch_create(
            file,
            kind=kind or batch.kind,
            file_name=batch.file_name,
            options=batch.options if options is None else options,
            dry_run=dry_run,
            force=force,
            user=user,
        )


def read_options(batch: ImportBatch) -> Options:
    """Return how the reader is to read this batch's file.

    Mappings that were given for files of the same columns and kind before are known to it, the newest first.
    """
    given = {
        name: value
        for name, value in batch.options.items()
        if name in READER_OPTIONS and value not in (None, "")
    }
    day_first = batch.options.get("day_first")
    if day_first is not None:
        given.setdefault("date_order", "day-first" if day_first else "month-first")
    return Options(
        time_zone=settings.SHOP_TIME_ZONE,
        max_bytes=settings.IMPORT_MAX_BYTES,
        remembered=remembered_mappings(batch.kind),
        **given,
    )


def remembered_mappings(kind: str) -> dict[tuple[str, ...], Mapping[str, str]]:
    """The newest mapping that was given for files of this kind with the same columns, by `header_key`."""
    before = ImportBatch.objects.filter(kind=kind, status=ImportStatus.PUBLISHED)
    before = before.exclude(options__mapping={}).exclude(options__mapping=None)
    remembered: dict[tuple[str, ...], Mapping[str, str]] = {}
    for options, report in before.order_by("-id").values_list("options", "report")[:MOST_REMEMBERED]:
        if mapping := options.get("mapping"):
            remembered.setdefault(header_key(report.get("columns", [])), mapping)
    return remembered


def rejects_save(batch: ImportBatch, chunk: Chunk) -> None:
    """Keep the rejected rows of a chunk and count them by reason (the caller saves the batch)."""
    rows = (
        ImportReject(
            batch=batch, line=each.line, reason=each.reason, message=each.message, content=each.raw_row
        )
        for each in chunk.rejects
    )
    ImportReject.objects.bulk_create(rows, batch_size=2000)
    batch.reasons = dict(Counter(batch.reasons) + Counter(each.reason for each in chunk.rejects))
    batch.rejected += len(chunk.rejects)


def uploads_purge() -> int:
    """Delete uploads that are older than UPLOADS_KEPT; return how many pieces there were."""
    old = timezone.now() - settings.UPLOADS_KEPT
    return UploadChunk.objects.filter(batch__created_at__lt=old).delete()[0]


def rejects_file(batch: ImportBatch) -> IO[bytes]:
    """Return the rejected rows as an open CSV file: line, reason, message, then the row as it was."""
    file = tempfile.TemporaryFile()  # noqa: SIM115  (the response that sends it closes it)
    text = io.TextIOWrapper(file, "utf-8", newline="")
    rows = batch.rejects.order_by("line", "id").values_list("line", "reason", "message", "content")
    rejects = (Reject(*row) for row in rows.iterator(chunk_size=2000))
    write_rejects(text, batch.report.get("columns", []), rejects)
    text.flush()
    text.detach()
    file.seek(0)
    return file
