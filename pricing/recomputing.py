"""A recompute from plan to publish: clean what is stale, compute every app's step, publish all at once."""

import datetime as dt
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from elastix.dataset.versions import data_version, lock_version, zone_changed
from elastix.jobs.dispatch import runs_in
from elastix.jobs.recompute import request_recompute
from elastix.jobs.registry import RecomputePlan, recompute_steps
from elastix.jobs.running import JobFailed, JobRun
from elastix.sql import batches, execute, fetch, is_postgresql, update_rows
from pricing.elasticity.models import ElasticityModel
from pricing.sales.models import StaleCustomer, StaleProduct
from pricing.sales.selectors.daily import newest_sale_day
from pricing.sales.services import cleaning, rollup
from pricing.sales.services.transactions import shop_day

CLEANING_SHARE = 0.5


def recompute(run: JobRun) -> dict[str, Any] | None:
    """Job handler: bring the cached tables up to the sales version found at the start.

    With Celery the cleaning is spread as child jobs over the workers and None is returned; the last child
    queues this job again, which then computes and publishes.
    """
    if "stage" not in run.parameters:
        _plan(run)
        shards = list(batches(_products_to_clean(run), settings.RECOMPUTE_SHARD_PRODUCTS))
        if len(shards) > 1 and runs_in() == "celery":
            run.spawn("clean_shard", [{"products": shard} for shard in shards], next_stage="compute")
            return None
        for done, shard in enumerate(shards, 1):
            cleaning.clean_products(shard)
            run.progress(CLEANING_SHARE * done / len(shards))
    return _compute_and_publish(run)


def _plan(run: JobRun) -> None:
    version = data_version()
    full = bool(run.parameters.get("full")) or not ElasticityModel.objects.exists()
    if zone_changed(version):
        if not full:
            raise JobFailed(
                f"The sales were cut into days of {version.time_zone}, the shop's zone is now {settings.SHOP_TIME_ZONE}. "
                "Run `manage.py recompute --full`."
            )
        _cut_days_anew()
        version = data_version()
    stale = set(
        StaleProduct.objects.filter(version__lte=version.sales_version).values_list("product_id", flat=True)
    )
    stale |= set(run.parameters.get("products", []))
    run.save_parameters(version=version.sales_version, full=full, stale=sorted(stale))


def _products_to_clean(run: JobRun) -> list[str]:
    return cleaning.products_with_sales() if run.parameters["full"] else run.parameters["stale"]


def _compute_and_publish(run: JobRun) -> dict[str, Any]:
    parameters = run.parameters
    plan = RecomputePlan(parameters["version"], None if parameters["full"] else parameters["stale"])
    results: dict[str, Any] = {}
    steps = recompute_steps()
    for done, step in enumerate(steps, 1):
        results[step.name] = step.compute(plan, results)
        run.progress(CLEANING_SHARE + (0.9 - CLEANING_SHARE) * done / len(steps))
    with run.fenced_transaction():
        for step in steps:
            step.publish(plan, results)
        _mark_published(plan, parameters["stale"])
    return {"version": plan.version, "full": plan.full, "products": len(parameters["stale"])}


def _mark_published(plan: RecomputePlan, stale: list[str]) -> None:
    marks = StaleProduct.objects.filter(version__lte=plan.version)
    for chunk in batches(stale, 5000):
        cleaning.forget_sales(chunk)
    marks.delete()
    StaleCustomer.objects.filter(version__lte=plan.version).delete()
    version = lock_version()
    first, last = _first_day(), newest_sale_day()
    version.published_version = plan.version
    version.published_at = timezone.now()
    version.first_day = first
    version.as_of = last + dt.timedelta(days=1) if last else None
    version.countries = _countries()
    if plan.full:
        version.last_full_at = version.published_at
    version.save()


def _first_day() -> dt.date | None:
    """The oldest day with a sale."""
    ((first,),) = fetch("SELECT MIN(date) FROM pricing_saleshistory WHERE quantity > 0")
    return rollup.as_date(first) if first else None


def _countries() -> list[str]:
    """The countries sold to."""
    rows = fetch("SELECT DISTINCT country FROM pricing_transaction WHERE country <> ''")
    return sorted(country for (country,) in rows)


def recompute_again(parameters: dict[str, Any]) -> None:
    """Start what was asked for while the job was already under way, whatever became of it."""
    again = parameters.get("again")
    if again:
        request_recompute(full=again["full"], products=again["products"])


def _cut_days_anew() -> None:
    """Cut every transaction's day in the shop's present zone and sum the roll-up from them."""
    with transaction.atomic():
        version = lock_version()
        lines = fetch("SELECT id, invoice_date, date FROM pricing_transaction")
        days = {moment: shop_day(_aware(moment)) for moment in {moment for _, moment, _ in lines}}
        rows = [
            (days[moment] if is_postgresql() else days[moment].isoformat(), key)
            for key, moment, day in lines
            if rollup.as_date(day) != days[moment]
        ]
        update_rows("pricing_transaction", "id", {"date": "date"}, rows, key_type="uuid")
        execute("DELETE FROM pricing_saleshistory WHERE source = 'transactions'")
        version.time_zone = str(settings.SHOP_TIME_ZONE)
        version.save(update_fields=["time_zone"])
        rollup.rebuild_rollup()


def _aware(moment: Any) -> dt.datetime:
    if isinstance(moment, str):
        moment = dt.datetime.fromisoformat(moment)
    assert isinstance(moment, dt.datetime)  # noqa: S101  (for the type checker)
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
