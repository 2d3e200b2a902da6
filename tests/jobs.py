"""Jobs, kinds of them and schedules for tests."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone
from django.utils.module_loading import import_string

from elastix.background import SCHEDULES
from elastix.jobs import runner
from elastix.jobs.kinds import JobKind
from elastix.jobs.models import Job
from tests.factories import JobFactory

PAST = dt.timedelta(seconds=1)
Registrar = Callable[..., None]


def use_job(monkeypatch: pytest.MonkeyPatch, name: str, handler: Callable[..., Any], **hooks: Any) -> None:
    """Have jobs of the kind `name` done by `handler` for the length of a test."""
    known = runner.job_kind
    kind = JobKind(handler, **hooks)
    monkeypatch.setattr(runner, "job_kind", lambda asked: kind if asked == name else known(asked))


def scheduled() -> dict[str, Callable[..., Any]]:
    """What the table of schedules has done, by name."""
    return {schedule.name: import_string(schedule.run) for schedule in SCHEDULES}


def new_job(kind: str = "work", **fields: Any) -> Job:
    return JobFactory(kind=kind, **fields)


def lose_worker(job: Job) -> None:
    """Let a running job's lease run out, as when its worker was killed."""
    Job.objects.filter(pk=job.pk).update(lease_until=timezone.now() - PAST)


def state(job: Job) -> str:
    job.refresh_from_db()
    return job.state
