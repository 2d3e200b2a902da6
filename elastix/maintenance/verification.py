"""Verify derived tables: recompute their sums from the transactions, in Python, and compare.

The checks share no code with what writes the tables. They only read, in one transaction, so that a shop at work
can be verified; what is known to be out of date (sales newer than the published figures) is left out.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from django.apps import apps
from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.module_loading import import_string

from elastix.jobs.models import Job, JobState
from elastix.sql import one_state

# By name: the path of a function without arguments that yields what it finds wrong.
CHECKS: Final = {
    "references": "elastix.maintenance.verification.check_references",
    "jobs": "elastix.maintenance.verification.check_jobs",
    "daily sales": "pricing.sales.selectors.verification.check_daily_sales",
    "ids of lines": "pricing.sales.selectors.verification.check_line_ids",
    "cancellations": "pricing.sales.selectors.verification.check_cancellations",
    "product sums": "pricing.sales.selectors.verification.check_summaries",
    "staged rows": "pricing.sales.selectors.verification.check_staged_rows",
    "price changes": "pricing.changes.selectors.verification.check_price_changes",
    "customers": "segments.selectors.verification.check_customers",
    "segment sales": "segments.selectors.verification.check_segment_sales",
    "segment revenue": "segments.selectors.verification.check_segment_revenue",
}
# Of an export: the path of a function that yields what is wrong with a folder.
PARQUET_CHECK: Final = "pricing.sales.selectors.parquet.check_parquet"
# A lease that ended this long ago is nobody's: the clock gives such jobs to others within a minute.
ABANDONED_AFTER: Final = 3 * settings.JOB_LEASE_SECONDS


@dataclass(frozen=True, slots=True)
class Finding:
    """One value that is wrong: which row, what it holds, and what it should hold."""

    where: str
    found: Any
    expected: Any

    def __str__(self) -> str:
        return f"{self.where} is {self.found}, should be {self.expected}"


Check = Callable[[], Iterable[Finding]]


def verify() -> Iterator[tuple[str, list[Finding]]]:
    """Run all checks on one state of the database; yield each one's name and findings."""
    with one_state():
        for name, path in CHECKS.items():
            check: Check = import_string(path)
            yield name, list(check())


def compared(where: str, found: Any, expected: Any) -> Iterator[Finding]:
    """Yield a finding where two values differ."""
    if found != expected:
        yield Finding(where, found, expected)


def check_references() -> Iterator[Finding]:
    """Rows that name a row of another table which is not there; some columns have no constraint of the database's."""
    for model in apps.get_models():
        for field in model._meta.concrete_fields:
            target = field.remote_field and field.remote_field.model
            if isinstance(field, models.ForeignKey) and isinstance(target, type) and model._meta.managed:
                there = target._base_manager.filter(**{field.target_field.attname: OuterRef(field.attname)})
                lost = (
                    model._base_manager.order_by()
                    .filter(~Exists(there))
                    .exclude(**{f"{field.name}__isnull": True})
                )
                if number := lost.count():
                    example = lost.values_list(field.attname, flat=True)[0]
                    where = f"{model._meta.label}.{field.name} of {number} rows"
                    yield Finding(where, example, f"a row of {target._meta.label}")


def check_jobs() -> Iterator[Finding]:
    """Jobs that run although nobody works on them."""
    long_ago = timezone.now() - dt.timedelta(seconds=ABANDONED_AFTER)
    for job in Job.objects.filter(state=JobState.RUNNING, lease_until__lt=long_ago):
        yield Finding(f"job {job.pk} ({job.kind})", "running without a worker", "queued again or failed")
