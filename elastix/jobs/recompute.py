"""Asking for a recompute: at most one at a time, and none is forgotten."""

from typing import Any

from django.db import IntegrityError, transaction

from elastix.dataset.versions import data_version
from elastix.jobs.dispatch import dispatch_on_commit
from elastix.jobs.models import OPEN_STATES, Job, JobState

KIND = "recompute"


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
        # Somebody else's request came between the look and the creation.
        with transaction.atomic():
            joined = _join_open(parameters)
        if joined is None:
            return request_recompute(full=full, products=products, requested_by=requested_by)
        return joined


def request_if_stale() -> Job | None:
    return request_recompute() if data_version().is_stale else None


def _join_open(wanted: dict[str, Any]) -> Job | None:
    job = Job.objects.select_for_update().filter(kind=KIND, state__in=OPEN_STATES).first()
    if job is None:
        return None
    merged = _merge(job.parameters, wanted)
    if job.state == JobState.QUEUED and "stage" not in job.parameters:
        parameters = job.parameters | merged
    else:
        # It has already read its plan: what is asked for now is done in a job after it.
        parameters = job.parameters | {"again": _merge(job.parameters.get("again", {}), wanted)}
    Job.objects.filter(pk=job.pk).update(parameters=parameters)
    job.parameters = parameters
    return job


def _merge(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    return {
        "full": bool(first.get("full")) or bool(second.get("full")),
        "products": sorted({*first.get("products", []), *second.get("products", [])}),
    }
