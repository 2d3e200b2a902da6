"""What the import commands share: reading a file from disk through the same job as an upload, with a progress bar."""

import datetime as dt
import time
from argparse import SUPPRESS, ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError
from django.db.models import Q
from django.utils import timezone
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from elastix.command import ElastixCommand
from elastix.errors import Invalid
from elastix.imports.core.options import ACCEPTABLE, SINGLE_OPTIONS
from elastix.imports.ingest import file_import
from elastix.imports.models import ImportBatch, ImportStatus
from elastix.imports.services import DuplicateImport, batch_create
from elastix.jobs.models import Job, JobState
from elastix.jobs.recompute import KIND as RECOMPUTE
from elastix.jobs.runner import abandoned, jobs_run_in, run_to_the_end
from elastix.sql import is_disk_full

SHOWN_REJECTS = 10
LOOK_EVERY_SECONDS = 0.5
_ORDERS = {
    "day-first": "1/2 is 1 February",
    "month-first": "1/2 is 2 January",
    "year-first": "25/03/13 is in 2025",
}


class ImportCommand(ElastixCommand):
    """Base of the import commands; a subclass names its `kind`."""

    kind: str

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "file",
            type=Path,
            help="CSV, TSV or XLSX, also alone in a ZIP archive; text may be packed with gzip",
        )
        parser.add_argument("--dry-run", action="store_true", help="read and check the file, keep nothing")
        parser.add_argument(
            "--map",
            action="append",
            default=[],
            metavar="COLUMN=FIELD",
            help="which column holds which field; may be given several times",
        )
        parser.add_argument("--encoding", default="", help="such as utf-8 or cp1252; detected if not given")
        parser.add_argument("--delimiter", default="", help='between columns, such as ";" or tab')
        parser.add_argument("--decimal-mark", choices=(".", ","), default="", help="1,250 is 1250 or 1.25")
        parser.add_argument("--sheet", default="", help="of a workbook")
        parser.add_argument("--currency", default="", help="read only the rows in this currency")
        order = parser.add_mutually_exclusive_group()
        for name, example in _ORDERS.items():
            order.add_argument(
                f"--{name}", action="store_const", const=name, dest="date_order", default="", help=example
            )
        meanings = " ".join(f"{name}: {text}" for name, text in ACCEPTABLE.items())
        parser.add_argument(
            "--accept", action="append", default=[], choices=ACCEPTABLE, metavar="WHAT", help=meanings
        )
        parser.add_argument(
            "--keep-duplicates", action="append_const", dest="accept", const="already_imported",
            help="the same as --accept already_imported",
        )  # fmt: skip
        parser.add_argument("--force", action="store_true", help="import a file that was imported before")
        parser.add_argument("--again", action="store_true", dest="force", help=SUPPRESS)

    def handle(self, *args: Any, **options: Any) -> None:
        batch = self._create(options)
        if batch.job is not None and batch.job.attempts > 0:
            self.stdout.write(f"The import of {batch.file_name} was interrupted: it is taken up again.")
        job_id: int = batch.job_id  # type: ignore[assignment]
        with Progress(
            TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"), TimeElapsedColumn(),
            console=Console(file=self.stderr._out),  # type: ignore[arg-type]
        ) as bar:  # fmt: skip
            bars = {job_id: bar.add_task(f"Reading {batch.file_name}", total=1.0)}

            def show(running: int, done: float) -> None:
                if running not in bars:
                    bars[running] = bar.add_task("Computing elasticities and segments", total=1.0)
                bar.update(bars[running], completed=done)

            jobs = run_to_the_end(job_id, show)
            for each in bars.values():
                bar.update(each, completed=1.0)
        batch.refresh_from_db()
        self._finish_interrupted()
        self._report(batch)
        for job in jobs:
            if job.state == JobState.FAILED:
                raise CommandError(f"The file is in, but computing failed: {_sentence(job.error)}")

    def _create(self, options: dict[str, Any]) -> ImportBatch:
        path: Path = options["file"]
        mapping = {}
        for pair in options["map"]:
            column, sign, field = pair.rpartition("=")
            if not sign or not column:
                raise CommandError(f"--map {pair}: expected COLUMN=FIELD, such as --map Artikel=stock_code.")
            mapping[column] = field
        how = {name: options[name] for name in ("accept", *SINGLE_OPTIONS)} | {"mapping": mapping}
        flags = {name: options[name] for name in ("dry_run", "force")}
        while True:
            try:
                with path.open("rb") as file, jobs_run_in("caller"):
                    return batch_create(file, kind=self.kind, file_name=path.name, options=how, **flags)
            except OSError as error:
                if is_disk_full(error):
                    raise
                raise CommandError(f"{path}: {error.strerror}.") from error
            except (Invalid, DuplicateImport) as error:
                if not self._was_interrupted(getattr(error, "under_way", None)):
                    raise CommandError(str(error).replace("`force`", "--force")) from error

    def _was_interrupted(self, job_id: int | None) -> bool:
        """Whether nobody works on a job: its lease runs out. Who does work on it renews the lease long before."""
        if job_id is None:
            return False
        lease = until = _lease_of(job_id)
        if lease is not None:
            self.stdout.write(
                "This file is being imported, or that was interrupted: which of the two is known in at most "
                f"{max(0, round((lease - timezone.now()).total_seconds()))} seconds."
            )
        while until is not None and until == lease:
            if timezone.now() > until:
                return True
            time.sleep(LOOK_EVERY_SECONDS)
            until = _lease_of(job_id)
        return False

    def _finish_interrupted(self) -> None:
        """Finish the other imports whose process was lost, and clear what such ones left on the stage; say so."""
        lost = Job.objects.filter(
            kind=f"import_{self.kind}", state=JobState.RUNNING, lease_until__lt=timezone.now()
        )
        for job in lost.order_by("pk"):
            run_to_the_end(job.pk)
            left = ImportBatch.objects.filter(job=job).first()
            if left is not None:
                self.stdout.write(
                    f"An interrupted import was finished: {left.file_name}, now {left.status}, {left.accepted:,} rows accepted."
                )
        for job in Job.objects.filter(abandoned() | Q(state=JobState.QUEUED), kind=RECOMPUTE):
            run_to_the_end(job.pk)
            self.stdout.write("Figures that an interrupted command had not computed were computed.")
        if rows := file_import(self.kind).sweep():
            self.stdout.write(
                f"Rows that an interrupted import had left on the stage were removed: {rows:,}."
            )

    def _report(self, batch: ImportBatch) -> None:
        if batch.status == ImportStatus.FAILED:
            raise CommandError(_sentence(batch.error))
        for note in batch.report.get("notes", []):
            self.stdout.write(f"Note: {note}")
        verb = "would be accepted" if batch.dry_run else "accepted"
        self.stdout.write(f"{batch.rows:,} rows: {batch.accepted:,} {verb}, {batch.rejected:,} rejected.")
        for reason, count in sorted(batch.reasons.items(), key=lambda item: -item[1]):
            self.stdout.write(f"  {count:,} x {reason}")
        for reject in batch.rejects.order_by("line", "id")[:SHOWN_REJECTS]:
            self.stdout.write(f"  line {reject.line}: {reject.message}")
        if batch.rejected > SHOWN_REJECTS:
            self.stdout.write(f"  all of them: GET /transactions/imports/{batch.pk}/rejects.csv")


def _lease_of(job_id: int) -> dt.datetime | None:
    """Until when somebody has a job to himself; None where it does not run."""
    running = Job.objects.filter(pk=job_id, state=JobState.RUNNING)
    return running.values_list("lease_until", flat=True).first()


def _sentence(text: str) -> str:
    return text if text.endswith((".", "?")) else f"{text}."
