"""Bring the cached tables up to date now."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from elastix.command import ElastixCommand
from elastix.dataset.versions import data_version
from elastix.jobs.models import JobState
from elastix.jobs.recompute import request_recompute
from elastix.jobs.runner import jobs_run_in, run_to_the_end
from pricing.sales.core.service_codes import normalise_code
from pricing.sales.models import Product


class Command(ElastixCommand):
    help = "Recompute what is stale; --full computes everything again, hyperparameters included."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--full", action="store_true", help="everything, not only what is stale")
        parser.add_argument(
            "--products", nargs="+", default=[], metavar="CODE", help="also these, stale or not"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        with jobs_run_in("caller"):
            job = request_recompute(full=options["full"], products=self._codes(options["products"]))
        for ended in run_to_the_end(job.pk):
            if ended.state == JobState.FAILED:
                raise CommandError(ended.error if ended.error.endswith(".") else f"{ended.error}.")
        job.refresh_from_db()
        if job.state != JobState.SUCCEEDED:
            self.stdout.write(f"Another worker is at it (job {job.pk}, {job.state}).")
            return
        self.stdout.write(f"Published version {data_version().published_version}.")

    @staticmethod
    def _codes(given: list[str]) -> list[str]:
        try:
            codes = [normalise_code(code) for code in given]
        except ValueError as error:
            raise CommandError(str(error)) from error
        unknown = sorted(
            set(codes) - set(Product.objects.filter(code__in=codes).values_list("code", flat=True))
        )
        if unknown:
            raise CommandError(f"There is no product {', '.join(unknown)}.")
        return codes
