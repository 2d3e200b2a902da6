"""Compare every table that is derived with what it is derived from."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from elastix.maintenance.verification import Finding, verify

SHOWN = 10


class Command(BaseCommand):
    help = "Check that the database agrees with itself: sums, price changes, references. Ends with 1 if not."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="all findings, as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        found = dict(self._checked(quiet=options["json"]))
        if options["json"]:
            self.stdout.write(
                json.dumps({name: [_as_json(each) for each in some] for name, some in found.items()})
            )
        wrong = sum(map(len, found.values()))
        if wrong:
            raise CommandError(
                f"{wrong} values are wrong. Restore a backup, or run `manage.py recompute --full` where only sums of "
                "segments or products are."
            )

    def _checked(self, quiet: bool) -> Any:
        for name, findings in verify():
            if not quiet:
                self.stdout.write(f"{name}: {f'{len(findings)} wrong' if findings else 'right'}")
                for finding in findings[:SHOWN]:
                    self.stdout.write(f"  {finding}")
                if len(findings) > SHOWN:
                    self.stdout.write(f"  and {len(findings) - SHOWN} more (all with --json)")
            yield name, findings


def _as_json(finding: Finding) -> dict[str, Any]:
    return {"where": finding.where, "found": str(finding.found), "expected": str(finding.expected)}
