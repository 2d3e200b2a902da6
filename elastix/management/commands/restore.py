"""Put a copy of the database back."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.core.management.base import CommandError
from redis.exceptions import RedisError

from elastix.command import ElastixCommand
from elastix.dataset.versions import database_replaced
from elastix.maintenance.backup import BackupError, restore


class Command(ElastixCommand):
    help = (
        "Put a copy made by `manage.py backup` in the place of the database. Stop server and workers before."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="a file that `manage.py backup` made")
        parser.add_argument("--yes", action="store_true", help="do not ask: what came after the copy is lost")

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["yes"]:
            said = input(
                "Everything that came into the database after this copy is lost. Type yes to go on: "
            )
            if said.strip().lower() != "yes":
                raise CommandError("Nothing was changed.")
        try:
            restore(options["file"])
        except BackupError as error:
            raise CommandError(str(error)) from error
        # A copy of an older release lacks the tables' newest columns.
        call_command("migrate", verbosity=0, interactive=False)
        try:
            database_replaced()
        except RedisError as error:
            raise CommandError(
                "Restored, but the cache (CACHE_URL) does not answer and may hold figures of the former database: empty"
                f" it (redis-cli -n NUMBER FLUSHDB) before the server starts. {error}"
            ) from error
        self.stdout.write("Restored. `manage.py verify` checks it; start the server and the workers again.")
