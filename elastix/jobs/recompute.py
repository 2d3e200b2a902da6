"""Requesting a recompute: at most one at a time, and no request is lost. The stages are in elastix.pipeline."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from elastix.dataset.versions import data_version
from elastix.jobs.models import OPEN_STATES, Job, JobState
from elastix.jobs.runner import dispatch_on_commit

KIND = "recompute"


@dataclass(frozen=True, slots=True)
class RecomputePlan:
    """What a recompute works on: the sales version it answers for, and the stale products (None: all)."""

    version: int
    products: list[str] | None

    @property
    def full(self) -> bool:
        return self.products is None


def request_recompute(
    *, full: bool = False, products: list[str] | None = None, requested_by: Any = None
) -> Job:
    """Return the job that will bring the cached tables up to date: the open one if there is one, else a new one.

    Parameters
    ----------
    full
        Everything, hyperparameters included; otherwise only what is stale.
    products
        Codes to recompute even if they are not stale.
    """
    user = requested_by if getattr(requested_by, "pk", None) else None
    parameters = {"full": full, "products": sorted(products or [])}
    try:
        with transaction.atomic():
            job = _join_open(parameters)
            if job is None:
                job = Job.objects.create(kind=KIND, parameters=parameters, requested_by=user)
                dispatch_on_commit(job.pk)
            return job
    except IntegrityError:
        # Somebody else's request came between the look and the creation: look again.
        return request_recompute(full=full, products=products, requested_by=requested_by)


def request_refresh_if_due() -> Job | None:
    """Bring stale figures up to date once they are older than REFRESH_EVERY."""
    version = data_version()
    due = version.published_at is None or timezone.now() - version.published_at >= settings.REFRESH_EVERY
    return request_recompute() if version.is_stale and due else None


def request_full_recompute_if_due() -> Job | None:
    """Recompute everything, unless there are no sales or that was done within FULL_RECOMPUTE_REST."""
    version = data_version()
    last = version.last_full_at
    rested = last is None or timezone.now() - last >= settings.FULL_RECOMPUTE_REST
    return request_recompute(full=True) if version.sales_version > 0 and rested else None


def request_what_came_meanwhile(parameters: dict[str, Any], error: str = "") -> None:
    """Start what was requested while a recompute was already under way, however that one ended."""
    again = parameters.get("again")
    if again:
        request_recompute(full=again["full"], products=again["products"])


def _join_open(wanted: dict[str, Any]) -> Job | None:
    job = Job.objects.select_for_update().filter(kind=KIND, state__in=OPEN_STATES).first()
    if job is None:
        return None
    if job.state == JobState.QUEUED and "stage" not in job.parameters:
        job.parameters |= _merge(job.parameters, wanted)
    else:
        # It has already read its plan: what is asked for now is done in a job after it.
        job.parameters |= {"again": _merge(job.parameters.get("again", {}), wanted)}
    job.save(update_fields=["parameters"])
    return job


def _merge(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    return {
        "full": bool(first.get("full")) or bool(second.get("full")),
        "products": sorted({*first.get("products", []), *second.get("products", [])}),
    }
