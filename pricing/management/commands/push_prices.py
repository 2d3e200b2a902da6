"""Push prices to the platforms of the settings."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from elastix.command import ElastixCommand
from elastix.jobs.models import JobState
from elastix.jobs.runner import jobs_run_in, run_to_the_end
from pricing.connections.adapters import open_platform
from pricing.connections.core.answers import PlatformError
from pricing.connections.models import PlatformName
from pricing.connections.services.pushing import COUNTS, push_plan, push_request
from pricing.management.commands.pull_orders import chosen


class Command(ElastixCommand):
    help = "Push the prices that the ledger has put in force to the platforms that are configured, and read them back."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--platform", choices=PlatformName.values, help="only this one")
        parser.add_argument("--dry-run", action="store_true", help="say what would be pushed, change nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        for platform in chosen(options["platform"]):
            self.stdout.write(f"{PlatformName(platform).label}:")
            if options["dry_run"]:
                self._say(platform)
            else:
                self._push(platform)

    def _say(self, name: str) -> None:
        try:
            with open_platform(name) as platform:
                plan = push_plan(platform, name)
        except PlatformError as error:
            raise CommandError(str(error)) from error
        for (_, wanted), now in plan.to_set:
            sale = f" as a sale, {wanted.regular} before" if wanted.regular else ""
            self.stdout.write(
                f"  {wanted.code}: {'no price' if now is None else now} -> {wanted.price}{sale}"
            )
        for wanted, reason in plan.impossible:
            self.stdout.write(f"  {wanted.code}: {wanted.price} cannot be set. {reason}")
        counts = len(plan.to_set), len(plan.in_place), len(plan.impossible)
        self.stdout.write("  would set {:,}; in place already {:,}; cannot be set {:,}.".format(*counts))

    def _push(self, name: str) -> None:
        with jobs_run_in("caller"):
            job = push_request(name)
        for ended in run_to_the_end(job.pk):
            if ended.state == JobState.FAILED:
                raise CommandError(ended.error)
        job.refresh_from_db()
        counts = {name: (job.result or {}).get(name, 0) for name in COUNTS}
        said = (f"{name.replace('_', ' ')} {count:,}" for name, count in counts.items())
        self.stdout.write(f"  {', '.join(said)}.")
        if counts["failed"]:
            raise CommandError(
                "Some prices could not be set: the alerts say which and why. They are tried again."
            )
