"""Export the transactions as Parquet files."""

import datetime as dt
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from elastix.command import ElastixCommand
from elastix.errors import Conflict
from pricing.sales.services.parquet import parquet_export


class Command(ElastixCommand):
    help = "Write the transactions into a folder as Parquet, a file a month (needs DuckDB: requirements-extra.txt)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path, metavar="DIR", help="a new folder, or an earlier export")
        parser.add_argument(
            "--since",
            default="",
            metavar="DATE",
            help="only the month of this day and later ones; earlier months of an earlier export stay",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            since = dt.date.fromisoformat(options["since"]) if options["since"] else None
        except ValueError as error:
            raise CommandError(f"--since {options['since']}: expected a day such as 2025-01-31.") from error
        try:
            found = parquet_export(options["folder"], since=since, say=self.stdout.write)
        except Conflict as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            f"{options['folder']}: {found.lines:,} lines of {len(found.months)} months. `manage.py verify --parquet"
            f" {options['folder']}` checks them."
        )
