"""What this app brings to the base: its jobs and schedules."""

from datetime import timedelta

from elastix.imports.ingest import register_import
from elastix.jobs.registry import register_job
from elastix.jobs.schedules import register_schedule
from market.services import repricing
from market.services.importing import CompetitorPricesImport


def register() -> None:
    register_import(CompetitorPricesImport)
    register_job(repricing.KIND, repricing.reprice, on_failure=repricing.run_failed)
    # Looked at oftener than once an hour: a clock that drifts past an hour's end would leave that hour out.
    register_schedule("reprice", timedelta(minutes=5), repricing.reprice_if_due)
    register_schedule("forget old repricing results", timedelta(days=1), repricing.runs_purge)
