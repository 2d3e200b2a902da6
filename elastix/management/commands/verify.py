"""Compare every table that is derived with what it is derived from."""

import json
from argparse import ArgumentParser
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError
from django.utils.module_loading import import_string

from elastix.command import ElastixCommand
from elastix.errors import Conflict
from elastix.maintenance.verification import PARQUET_CHECK, Finding, verify

SHOWN = 10


class Command(ElastixCommand):
    help = "Check that the database agrees with itself: sums, price changes, references. Ends with 1 if not."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="all findings, as JSON")
        parser.add_argument(
            "--parquet",
            type=Path,
            metavar="DIR",
            help="compare an export (`manage.py export_parquet`) with the daily sales instead",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        folder = options["parquet"]
        try:
            checks = [("export", list(import_string(PARQUET_CHECK)(folder)))] if folder else verify()
        except Conflict as error:
            raise CommandError(str(error)) from error
        found = dict(self._said(checks, quiet=options["json"]))
        if options["json"]:
            self.stdout.write(
                json.dumps({name: [_as_json(each) for each in some] for name, some in found.items()})
            )
        wrong = sum(map(len, found.values()))
        if wrong and folder:
            raise CommandError(
                f"{wrong} values differ. Export again; if they still differ, `manage.py verify` says which side is wrong."
            )
        if wrong:
            raise CommandError(
                f"{wrong} values are wrong. Restore a backup, or run `manage.py recompute --full` where only sums of "
                "segments or products are."
            )

    def _said(self, checks: Iterable[tuple[str, list[Finding]]], quiet: bool) -> Any:
        for name, findings in checks:
            if not quiet:
                self.stdout.write(f"{name}: {f'{len(findings)} wrong' if findings else 'right'}")
                for finding in findings[:SHOWN]:
                    self.stdout.write(f"  {finding}")
                if len(findings) > SHOWN:
                    self.stdout.write(f"  and {len(findings) - SHOWN} more (all with --json)")
            yield name, findings


def _as_json(finding: Finding) -> dict[str, Any]:
    return {"where": finding.where, "found": str(finding.found), "expected": str(finding.expected)}
