"""Pull orders and stock from the platforms of the settings."""

import datetime as dt
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError
from django.utils.dateparse import parse_date, parse_datetime

from elastix.command import ElastixCommand
from elastix.jobs.models import Job, JobState
from elastix.jobs.runner import jobs_run_in, run_to_the_end
from pricing.connections.adapters import configured
from pricing.connections.models import PlatformName
from pricing.connections.services.pulling import forget, pull_request


class Command(ElastixCommand):
    help = "Pull orders as sales, and stock levels, from the platforms that are configured, from where the last pull ended."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--platform", choices=PlatformName.values, help="only this one")
        parser.add_argument(
            "--since",
            default="",
            metavar="DATE",
            help="orders changed from this day or moment on, such as 2025-01-31",
        )
        parser.add_argument(
            "--anew",
            action="store_true",
            help="as though none had been pulled yet: for orders whose imports were withdrawn",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        since = _moment(options["since"])
        for platform in chosen(options["platform"]):
            if options["anew"]:
                forget(platform)
            more, first = True, True
            while more:
                job = _run(platform, since if first else None)
                result = job.result or {}
                if result.get("waits_for_import"):
                    raise CommandError(
                        "The orders pulled last are being imported still. Try again in a minute."
                    )
                more, first = bool(result.get("more")), False
                numbers = sorted(item for item in result.items() if type(item[1]) is int)
                counts = ", ".join(f"{name.replace('_', ' ')} {value:,}" for name, value in numbers)
                self.stdout.write(f"{PlatformName(platform).label}: {counts}")
                for message in result.get("messages", []):
                    self.stdout.write(f"  not read: {message}")


def chosen(platform: str | None) -> list[str]:
    """Return the platforms that a command is for.

    Raises
    ------
    CommandError : none is configured.
    """
    found = [name for name in configured() if platform in (None, name)]
    if not found:
        raise CommandError(
            "No such platform is configured. Set WOOCOMMERCE_URL or SHOPIFY_URL and their keys (.env.example)."
        )
    return found


def _run(platform: str, since: dt.datetime | None) -> Job:
    with jobs_run_in("caller"):
        job = pull_request(platform, since=since)
    for ended in run_to_the_end(job.pk):
        if ended.state == JobState.FAILED:
            raise CommandError(ended.error)
    job.refresh_from_db()
    return job


def _moment(text: str) -> dt.datetime | None:
    if not text:
        return None
    try:
        day = parse_date(text)
        found = parse_datetime(text) if day is None else dt.datetime.combine(day, dt.time())
    except ValueError:
        found = None
    if found is None:
        raise CommandError(
            f"--since {text}: expected a day such as 2025-01-31, or a moment such as 2025-01-31T12:00."
        )
    return found if found.tzinfo else found.replace(tzinfo=settings.SHOP_TIME_ZONE)
