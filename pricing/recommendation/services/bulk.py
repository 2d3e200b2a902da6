"""Optimization of the prices of many products as a job."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

from django.db import transaction
from django.utils import timezone

from elastix.jobs.models import OPEN_STATES, Job
from elastix.jobs.runner import JobRun, dispatch_on_commit
from elastix.sql import insert_rows, number_for_driver
from pricing.recommendation.models import BulkOptimization, BulkRow
from pricing.recommendation.selectors.bulk import KIND, result_of
from pricing.recommendation.selectors.bulk_optimization import COLUMNS, optimize_each
from pricing.recommendation.selectors.joint_optimization import optimize_jointly
from pricing.recommendation.selectors.policies import Overrides
from pricing.sales.models import Product

KEPT: Final = timedelta(days=30)
COMPUTING_SHARE: Final = 0.9
_WORDS: Final = ("strategy", "demand_model")


def bulk_request(
    products: Sequence[str], overrides: Overrides, *, joint: bool = False, user: Any = None
) -> Job:
    """Queue the optimization of these products' prices and return its job.

    Parameters
    ----------
    products : codes of merchandise.
    overrides : what was asked for in place of the policies.
    joint : choose the prices together, with the products' cross effects, instead of each for itself.
    """
    asked = {name: str(value) for name, value in overrides.asked().items()}
    with transaction.atomic():
        job = Job.objects.create(
            kind=KIND,
            parameters={"products": list(products), "overrides": asked, "joint": joint},
            requested_by=user if getattr(user, "pk", None) else None,
        )
        dispatch_on_commit(job.pk)
    return job


def bulk_optimize(run: JobRun) -> dict[str, Any]:
    """Job handler: recommend prices for the products and keep them. Begun again, it replaces what it kept before."""
    asked: dict[str, Any] = {
        name: value if name in _WORDS else Decimal(value)
        for name, value in run.parameters["overrides"].items()
    }
    overrides, codes, together = Overrides(**asked), run.parameters["products"], None
    if run.parameters["joint"]:
        found, together = optimize_jointly(codes, overrides)
    else:
        found = optimize_each(codes, overrides, lambda done: run.progress(COMPUTING_SHARE * done))
    with run.fenced_transaction():
        _keep(run.job_id, found.rows)
    return result_of(run.job_id, found, together)


def _keep(job_id: int, rows: Sequence[BulkRow]) -> None:
    BulkOptimization.objects.filter(pk=job_id).delete()
    BulkOptimization.objects.create(pk=job_id, computed_at=timezone.now())
    # A product that was deleted meanwhile has no row.
    there = set(Product.objects.values_list("code", flat=True))
    kept = (row for row in rows if row.product_id in there)
    insert_rows("pricing_bulkrow", ("optimization_id", *COLUMNS), _values(job_id, kept))


def _values(job_id: int, rows: Iterator[BulkRow]) -> Iterator[tuple[Any, ...]]:
    for row in rows:
        values = (getattr(row, name) for name in COLUMNS)
        yield (
            job_id,
            *(number_for_driver(value) if isinstance(value, Decimal) else value for value in values),
        )


def bulk_purge() -> int:
    """Delete the jobs of optimizations that ended 30 days ago, with all they found; return how many."""
    old = Job.objects.filter(kind=KIND, finished_at__lt=timezone.now() - KEPT).exclude(state__in=OPEN_STATES)
    jobs = list(old.order_by("pk").values_list("pk", flat=True))
    for job_id in jobs:
        Job.objects.filter(pk=job_id).delete()
    return len(jobs)
