"""What this app brings to the base: its jobs and schedules."""

from datetime import timedelta

from elastix.imports.services import batch_fail
from elastix.jobs.registry import register_job
from elastix.jobs.schedules import register_schedule
from market.services import importing, repricing


def register() -> None:
    register_job("import_competitor_prices", importing.import_competitor_prices, on_failure=batch_fail)
    register_job(repricing.KIND, repricing.reprice, on_failure=repricing.run_failed)
    # Looked at oftener than once an hour: a clock that drifts past an hour's end would leave that hour out.
    register_schedule("reprice", timedelta(minutes=5), repricing.reprice_if_due)
    register_schedule("forget old repricing results", timedelta(days=1), repricing.runs_purge)
