"""Kinds of jobs and schedules for tests."""

from collections.abc import Callable
from typing import Any

import pytest
from django.utils.module_loading import import_string

from elastix.background import SCHEDULES
from elastix.jobs import runner
from elastix.jobs.kinds import JobKind


def use_job(monkeypatch: pytest.MonkeyPatch, name: str, handler: Callable[..., Any], **hooks: Any) -> None:
    """Have jobs of the kind `name` done by `handler` for the length of a test."""
    known = runner.job_kind
    kind = JobKind(handler, **hooks)
    monkeypatch.setattr(runner, "job_kind", lambda asked: kind if asked == name else known(asked))


def scheduled() -> dict[str, Callable[..., Any]]:
    """What the table of schedules has done, by name."""
    return {schedule.name: import_string(schedule.run) for schedule in SCHEDULES}
