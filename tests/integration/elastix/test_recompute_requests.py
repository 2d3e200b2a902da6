"""Recomputes: one at a time, and none that was asked for is forgotten."""

import datetime as dt
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.db import IntegrityError, transaction
from django.db.models import F
from django.test import override_settings

from elastix.dataset.models import DataVersion
from elastix.imports.models import ImportBatch
from elastix.jobs.kinds import JobFailed
from elastix.jobs.models import Job, JobState
from elastix.jobs.recompute import (
    request_full_recompute_if_due,
    request_recompute,
    request_refresh_if_due,
    request_what_came_meanwhile,
)
from elastix.jobs.runner import JobRun, run_job
from tests.jobs import Registrar, new_job, state
from tests.shops import Commits

pytestmark = pytest.mark.django_db


def interrupted(run: JobRun) -> dict[str, Any]:
    """A recompute during which more is asked for."""
    assert request_recompute(full=True).pk == run.job_id
    assert request_recompute(products=["A"]).pk == run.job_id
    return {}


def test_a_second_request_joins_the_first(held: list[int]) -> None:
    first = request_recompute(products=["B"])
    second = request_recompute(full=True, products=["A"])
    assert first.pk == second.pk
    first.refresh_from_db()
    assert first.parameters == {"full": True, "products": ["A", "B"]}


def test_the_database_refuses_a_second_open_one(held: list[int]) -> None:
    request_recompute()
    with pytest.raises(IntegrityError), transaction.atomic():
        new_job("recompute")


def test_what_is_asked_for_during_one_is_done_after_it(
    held: list[int], commits: Commits, register_job: Registrar
) -> None:
    register_job("recompute", interrupted, on_success=request_what_came_meanwhile)
    with commits():
        first = request_recompute()
        run_job(first.pk)
    second = Job.objects.get(state=JobState.QUEUED)
    assert state(first) == JobState.SUCCEEDED
    assert second.parameters == {"full": True, "products": ["A"]}
    assert held[-1] == second.pk


def test_what_is_asked_for_between_two_stages_is_done_after_the_second(
    held: list[int], commits: Commits, register_job: Registrar
) -> None:
    register_job("recompute", lambda run: {}, on_success=request_what_came_meanwhile)
    with commits():
        first = new_job("recompute", parameters={"full": False, "products": [], "stage": "compute"})
        assert request_recompute(full=True, products=["A"]).pk == first.pk
        run_job(first.pk)
    assert state(first) == JobState.SUCCEEDED
    assert Job.objects.get(state=JobState.QUEUED).parameters == {"full": True, "products": ["A"]}


def test_it_is_not_forgotten_when_the_first_one_fails(
    held: list[int], commits: Commits, register_job: Registrar
) -> None:
    def failing(run: JobRun) -> dict[str, Any]:
        interrupted(run)
        raise JobFailed("no luck")

    register_job("recompute", failing, on_failure=request_what_came_meanwhile)
    with commits():
        first = request_recompute()
        run_job(first.pk)
    assert state(first) == JobState.FAILED
    assert Job.objects.get(state=JobState.QUEUED).parameters == {"full": True, "products": ["A"]}
    assert len(held) == 2


def test_nothing_stale_asks_for_nothing(shop: ImportBatch) -> None:
    assert request_refresh_if_due() is None


def test_what_is_stale_is_refreshed_once_the_figures_are_old_enough(
    shop: ImportBatch, held: list[int]
) -> None:
    DataVersion.objects.update(sales_version=F("sales_version") + 1)
    assert request_refresh_if_due() is None
    with override_settings(REFRESH_EVERY=dt.timedelta(0)):
        job = request_refresh_if_due()
    assert job is not None
    assert job.parameters["full"] is False


def test_the_nightly_run_is_left_out_after_a_full_one_and_without_sales(
    shop: ImportBatch, held: list[int]
) -> None:
    assert request_full_recompute_if_due() is None
    with override_settings(FULL_RECOMPUTE_REST=dt.timedelta(0)):
        job = request_full_recompute_if_due()
        assert job is not None
        assert job.parameters["full"] is True
        DataVersion.objects.all().delete()
        assert request_full_recompute_if_due() is None


def test_who_asked_is_kept_unless_it_is_nobody(held: list[int], manager: User) -> None:
    assert request_recompute(requested_by=manager).requested_by == manager
    Job.objects.all().delete()
    assert request_recompute(requested_by=AnonymousUser()).requested_by is None
    Job.objects.all().delete()
    assert request_recompute().requested_by is None
