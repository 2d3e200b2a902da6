"""Copy the database."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from elastix.command import ElastixCommand
from elastix.maintenance.backup import BackupError, backup


class Command(ElastixCommand):
    help = "Copy the database into a new file, while the shop works."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="a file that is not there yet")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            size = backup(options["file"])
        except BackupError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{options['file']}: {size / 1e6:,.1f} MB. Put it back with `manage.py restore`.")
