"""A recompute, stage by stage: from the lines that changed to the cached tables that every answer is made of.

plan      which products are stale (a full run: all of them)
clean     their lines and list prices, in shards that Celery spreads over the workers
compute   elasticities -> summaries -> forecasts; customers -> their moves, purchases to expect, sales by segment ->
          elasticities by segment
publish   all of it in one short transaction: readers see the old version or the new one, never a mix
"""

from dataclasses import dataclass
from typing import Any

from django.conf import settings

from elastix.dataset.versions import data_version, zone_changed
from elastix.imports.models import ImportBatch
from elastix.jobs.kinds import JobFailed
from elastix.jobs.recompute import RecomputePlan
from elastix.jobs.runner import JobRun, place_of_jobs
from elastix.sql import analyze
from pricing.elasticity.selectors.fitted_model import fitted_model
from pricing.elasticity.services import estimates, price_tests, summaries
from pricing.elasticity.services.estimates import Elasticities
from pricing.elasticity.services.summaries import Summaries
from pricing.forecasting.services import forecasts
from pricing.forecasting.services.forecasts import Forecasts
from pricing.sales.selectors.daily import product_shards
from pricing.sales.services import cleaning, quality, staleness
from segments.services import customers, elasticities, history, lifetime, sales
from segments.services.customers import Customers
from segments.services.elasticities import SegmentStep
from segments.services.history import SegmentHistory
from segments.services.lifetime import Lifetimes
from segments.services.sales import SegmentDays

CLEANED, COMPUTED = 0.5, 0.9
# Below, any plan will do.
ANALYSE_FROM_PRODUCTS = 1_000
PUBLISHED_BY_PRODUCT = (
    "pricing_productsummary",
    "pricing_elasticityestimate",
    "pricing_demandforecast",
    "segments_productsegment",
    "segments_segmentsales",
    "segments_segmentelasticity",
)


@dataclass(frozen=True, slots=True)
class Computed:
    """The results of all stages, ready to be published."""

    elasticities: Elasticities
    summaries: Summaries
    forecasts: Forecasts
    quality: list[ImportBatch]
    customers: Customers
    segment_history: SegmentHistory
    lifetimes: Lifetimes
    segment_sales: SegmentDays
    segment_elasticities: SegmentStep


def recompute(run: JobRun) -> dict[str, Any] | None:
    """Job handler: bring the cached tables up to the sales version found at the start.

    With Celery the cleaning is spread as child jobs over the workers and None is returned; the last child
    queues this job again, which then computes and publishes.
    """
    if "stage" not in run.parameters:
        make_plan(run)
        if not clean(run):
            return None
    parameters = run.parameters
    plan = RecomputePlan(parameters["version"], None if parameters["full"] else parameters["stale"])
    computed = compute(plan, run)
    with run.fenced_transaction():
        publish(plan, computed)
        staleness.mark_published(plan, parameters["stale"])
    return {"version": plan.version, "full": plan.full, "products": len(parameters["stale"])}


def make_plan(run: JobRun) -> None:
    """Keep with the job which version it answers for and what is stale, so that a retry does the same work."""
    version = data_version()
    full = bool(run.parameters.get("full")) or fitted_model() is None
    if zone_changed(version):
        if not full:
            raise JobFailed(
                f"The sales were cut into days of {version.time_zone}, the shop's zone is now {settings.SHOP_TIME_ZONE}. "
                "Run `manage.py recompute --full`."
            )
        staleness.cut_days_anew()
        version = data_version()
    stale = staleness.stale_products(version.sales_version) | set(run.parameters.get("products", []))
    run.save_parameters(version=version.sales_version, full=full, stale=sorted(stale))


def clean(run: JobRun) -> bool:
    """Rebuild clean lines and list prices of the planned products; False when child jobs do it."""
    codes = cleaning.products_with_sales() if run.parameters["full"] else run.parameters["stale"]
    shards = list(product_shards(codes))
    if len(shards) > 1 and place_of_jobs() == "celery":
        run.spawn("clean_shard", [{"products": shard} for shard in shards], next_stage="compute")
        return False
    for done, shard in enumerate(shards, 1):
        cleaning.clean_products(shard)
        run.progress(CLEANED * done / len(shards))
    return True


def compute(plan: RecomputePlan, run: JobRun) -> Computed:
    """Run the stages; nothing is written."""
    estimated = estimates.compute(plan)
    run.progress(0.7)
    summed = summaries.compute(plan, estimated)
    forecast = forecasts.compute(plan, estimated)
    run.progress(0.75)
    reports = quality.compute()
    binned = customers.compute(plan)
    moved = history.compute(binned)
    expected = lifetime.compute(plan, binned)
    run.progress(0.8)
    sold = sales.compute(plan, binned)
    answered = elasticities.compute(plan, estimated, sold)
    run.progress(COMPUTED)
    return Computed(estimated, summed, forecast, reports, binned, moved, expected, sold, answered)


def publish(plan: RecomputePlan, found: Computed) -> None:
    """Write the results, inside the publishing transaction."""
    estimates.publish(plan, found.elasticities)
    summaries.publish(plan, found.summaries)
    forecasts.publish(plan, found.forecasts)
    alarm = price_tests.report_alarm()
    quality.publish(found.quality, None if alarm is None else alarm.as_json())
    customers.publish(found.customers)
    history.publish(found.segment_history)
    lifetime.publish(found.lifetimes)
    sales.publish(plan, found.segment_sales)
    elasticities.publish(plan, found.segment_elasticities, found.customers)
    if plan.full and len(found.segment_sales.codes) >= ANALYSE_FROM_PRODUCTS:
        analyze(*PUBLISHED_BY_PRODUCT)
