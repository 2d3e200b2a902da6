"""Give the transactions a partition for each month."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from elastix.command import ElastixCommand
from elastix.errors import Conflict
from pricing.sales.selectors.partitions import is_partitioned, partitions_of_months
from pricing.sales.services.partitions import conversion_room, transactions_partition


class Command(ElastixCommand):
    help = (
        "Turn the table of transactions into one with a partition for each month (PostgreSQL). Back up before; writers"
        " wait meanwhile."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="say what it would take, change nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if is_partitioned():
                transactions_partition()
                self.stdout.write(f"The transactions have {len(partitions_of_months())} partitions already.")
            elif options["check"]:
                self._check()
            else:
                made = transactions_partition(self.stdout.write)
                self.stdout.write(
                    f"The transactions have {made} partitions and one for all other months. `manage.py verify` checks them."
                )
        except Conflict as error:
            raise CommandError(str(error)) from error

    def _check(self) -> None:
        found = conversion_room()
        self.stdout.write(
            f"About {found.lines:,} lines of {len(found.months)} months, {found.size / 1e6:,.0f} MB with indexes: as much room"
            " again is needed until the end, and as much for the write-ahead log."
        )
        for obstacle in found.obstacles:
            self.stdout.write(f"In the way: {obstacle}")
        if found.obstacles:
            raise CommandError("Not possible as it is.")
