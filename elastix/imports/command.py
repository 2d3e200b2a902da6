"""What the import commands share: reading a file from disk through the same job as an upload, with a progress bar."""

from argparse import SUPPRESS, ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from elastix.errors import Invalid
from elastix.imports.core.options import ACCEPTABLE, SINGLE_OPTIONS
from elastix.imports.models import ImportBatch, ImportStatus
from elastix.imports.services import DuplicateImport, batch_create
from elastix.jobs.models import JobState
from elastix.jobs.runner import jobs_run_in, run_to_the_end

SHOWN_REJECTS = 10
_ORDERS = {
    "day-first": "1/2 is 1 February",
    "month-first": "1/2 is 2 January",
    "year-first": "25/03/13 is in 2025",
}


class ImportCommand(BaseCommand):
    """Base of the import commands; a subclass names its `kind`."""

    kind: str

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="CSV, TSV or XLSX; text may be packed with gzip")
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
        try:
            with path.open("rb") as file, jobs_run_in("caller"):
                return batch_create(file, kind=self.kind, file_name=path.name, options=how, **flags)
        except OSError as error:
            raise CommandError(f"{path}: {error.strerror}.") from error
        except (Invalid, DuplicateImport) as error:
            raise CommandError(str(error).replace("`force`", "--force")) from error

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


def _sentence(text: str) -> str:
    return text if text.endswith((".", "?")) else f"{text}."
