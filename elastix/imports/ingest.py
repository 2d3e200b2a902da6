"""Ingesting files: one job for all kinds of imports. Which columns a kind has and what becomes of its rows is up
to the app that brings it."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any, ClassVar, cast

from django.db import transaction
from django.utils import timezone

from elastix.background import JOBS
from elastix.imports.core import Chunk, FileSchema, Table, UnreadableFile, open_table
from elastix.imports.models import ImportBatch, ImportReject, ImportStatus
from elastix.imports.services import read_options, rejects_save, stored_upload
from elastix.jobs.kinds import JobFailed, job_kind
from elastix.jobs.runner import JobRun, LeaseLost


class FileImport:
    """One run of an import. A subclass stands for a kind of file.

    Attributes
    ----------
    kind : its name, as stored with each import; the table of jobs has its `ingest` as `import_<kind>`.
    schema : its columns.
    reading_share : the part of an import's work that reading is; the rest is publishing.
    written : what the import wrote beyond its rows, for the job's result.
    """

    kind: ClassVar[str]
    schema: ClassVar[FileSchema]
    reading_share: ClassVar[float] = 0.5

    def __init__(self, batch: ImportBatch, token: int) -> None:
        self.batch, self.token = batch, token
        self.written: dict[str, int] = {}

    @classmethod
    def file_schema(cls) -> FileSchema:
        """The columns as the settings of now have them."""
        return cls.schema

    def begin(self, table: Table) -> list[str]:
        """Decide what the columns mean, from the file as a whole; return notes for the user.

        Raises
        ------
        UnreadableFile : it cannot be decided; the message asks.
        """
        return []

    def check(self, columns: dict[str, list[Any]]) -> Iterable[tuple[int, str, str]]:
        """Complete the columns of some rows in place; yield the rows that are impossible; see `RowCheck`."""
        return ()

    def stage(self, chunk: Chunk) -> None:
        """Keep the good rows of a chunk where nobody sees them yet."""
        raise NotImplementedError

    def prepare(self) -> None:
        """Do what publishing needs and has no need to be undone, before the job's transaction."""

    def settle(self) -> list[str]:
        """Set aside staged rows, now that all are known; return notes for the user. Within the job's transaction.

        Raises
        ------
        UnreadableFile : the rows as a whole cannot be right; the message asks.
        """
        return []

    def publish(self) -> None:
        """Write what was staged, all of it or nothing, within the job's transaction."""
        raise NotImplementedError

    def unstage(self) -> None:
        """Remove what this attempt has staged, and nothing of the one that has taken over."""

    @classmethod
    def clear(cls, batch_id: Any) -> None:
        """Remove what an attempt has staged."""

    @classmethod
    def sweep(cls) -> int:
        """Remove what is staged although nobody reads that file any more; return how many rows."""
        return 0


class UpsertImport(FileImport):
    """An import whose rows are held in memory, and then created or updated by one call."""

    def __init__(self, batch: ImportBatch, token: int) -> None:
        super().__init__(batch, token)
        self.rows: list[Any] = []
        self.written = {"created": 0, "updated": 0}

    def stage(self, chunk: Chunk) -> None:
        rows = zip(*chunk.columns.values(), strict=True)
        self.rows += [self.row(dict(zip(chunk.columns, values, strict=True))) for values in rows]

    def row(self, values: dict[str, Any]) -> Any:
        """Turn the values of a row into what `upsert` takes."""
        raise NotImplementedError

    def upsert(self) -> tuple[int, int]:
        """Write the rows; return how many were created and how many updated."""
        raise NotImplementedError

    def publish(self) -> None:
        self.written["created"], self.written["updated"] = self.upsert()


def ingest(kind: type[FileImport], run: JobRun) -> dict[str, Any]:
    """Job handler: read a file, reject bad rows one by one, and publish the good ones together."""
    batch = ImportBatch.objects.get(pk=run.parameters["batch"])
    if batch.status in (ImportStatus.PUBLISHED, ImportStatus.CHECKED):
        # An earlier attempt committed and died before it could say so, or clear the stage.
        kind.clear(batch.pk)
        return batch_result(batch)
    with transaction.atomic():  # what an interrupted attempt left behind
        ImportReject.objects.filter(batch=batch).delete()
        batch.rows = batch.accepted = batch.rejected = 0
        batch.reasons, batch.report, batch.quality, batch.error = {}, {}, {}, ""
        batch.status = ImportStatus.READING
        batch.save()
    kind.clear(batch.pk)
    rows = kind(batch, run.token)
    try:
        with stored_upload(batch) as file:
            _stage(run, rows, open_table(file, kind.file_schema(), read_options(batch)))
        run.progress(kind.reading_share)
        if not batch.dry_run:
            rows.prepare()
        with run.fenced_transaction():
            batch.report["notes"] = [*batch.report["notes"], *rows.settle()]
            if batch.dry_run:
                batch.status = ImportStatus.CHECKED
            else:
                rows.publish()
                batch.status, batch.published_at = ImportStatus.PUBLISHED, timezone.now()
            batch.save()
    except UnreadableFile as error:
        raise JobFailed(str(error)) from error
    except LeaseLost:
        rows.unstage()
        raise
    kind.clear(batch.pk)
    return batch_result(batch) | rows.written


def _stage(run: JobRun, rows: FileImport, table: Table) -> None:
    """Stage the good rows and keep the rejected ones, chunk by committed chunk."""
    batch = rows.batch
    batch.report = asdict(table.report) | {"columns": list(table.header)}
    if batch.dry_run:
        batch.report["first_rows"] = table.first_as_read()
    notes = [*table.report.notes, *rows.begin(table)]
    counted = Counter[tuple[str, str]]()
    for chunk in table.chunks(check=rows.check):
        with transaction.atomic():
            rows.stage(chunk)
        counted.update(chunk.notes)
        batch.report["notes"] = notes + [_sentence(each, count) for each, count in sorted(counted.items())]
        with transaction.atomic():
            rejects_save(batch, chunk)
            batch.accepted += len(chunk.line_numbers)
            batch.rows = batch.accepted + batch.rejected
            batch.save(update_fields=["accepted", "rejected", "rows", "reasons", "report"])
        run.progress(rows.reading_share * min(1.0, batch.rows / max(table.rows_hint, 1)))


def _sentence(what: tuple[str, str], count: int) -> str:
    """The sentence about cells that were taken for something else than they say."""
    return f"Values of {what[0]} with more decimals than are kept, {what[1]}: {count:,}."


def ingest_failed(kind: type[FileImport], parameters: Mapping[str, Any], error: str) -> None:
    """Failure hook: the batch says why, and nothing of it stays staged."""
    ImportBatch.objects.filter(pk=parameters["batch"]).update(status=ImportStatus.FAILED, error=error)
    kind.clear(parameters["batch"])


def batch_result(batch: ImportBatch) -> dict[str, Any]:
    """The result of an import's job."""
    names = ("rows", "accepted", "rejected", "reasons")
    return {"import": str(batch.pk)} | {name: getattr(batch, name) for name in names}


def file_kinds() -> dict[str, FileSchema]:
    """The kinds of files that can be imported, with their columns; from the table of jobs."""
    kinds = (name.removeprefix("import_") for name in JOBS if name.startswith("import_"))
    return {name: file_import(name).schema for name in kinds}


def file_import(kind: str) -> type[FileImport]:
    """What reads a kind of file."""
    return cast(type[FileImport], cast(Any, job_kind(f"import_{kind}").handler).args[0])
