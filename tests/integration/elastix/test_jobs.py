"""Jobs: claims, leases, fencing tokens, and those whose worker was lost."""

import datetime as dt
import threading
from typing import Any

import pytest
from django.test import TestCase
from django.utils import timezone
from rest_framework.test import APIClient

from elastix.background import JOBS
from elastix.jobs.kinds import JobFailed, job_kind
from elastix.jobs.models import Job, JobState
from elastix.jobs.runner import JobRun, LeaseLost, claim, reap, run_job, run_to_the_end
from elastix.jobs.scheduler import sweep
from elastix.jobs.waiting import is_unattended
from tests.api_cases import DetailCases
from tests.factories import JobFactory
from tests.jobs import PAST, Registrar, lose_worker, new_job, state
from tests.shops import Commits

pytestmark = pytest.mark.django_db


# --- claims ---------------------------------------------------------------------------------------------


def test_a_job_is_run_and_its_row_says_so(register_job: Registrar) -> None:
    register_job("work", lambda run: {"sum": sum(run.parameters["numbers"])})
    job = new_job(parameters={"numbers": [1, 2]})
    run_job(job.pk)
    assert state(job) == JobState.SUCCEEDED
    assert (job.result, job.progress, job.attempts, job.lease_until) == ({"sum": 3}, 1.0, 1, None)
    assert job.finished_at is not None


def test_two_workers_cannot_claim_one_job() -> None:
    job = new_job()
    assert claim(job.pk) is not None
    assert claim(job.pk) is None


def test_a_job_that_ended_is_not_run_twice(register_job: Registrar) -> None:
    ran: list[int] = []
    register_job("work", lambda run: ran.append(1) or {})
    job = new_job()
    run_job(job.pk)
    run_job(job.pk)
    assert ran == [1]


def test_a_job_that_does_not_exist_is_nothing_to_do() -> None:
    assert claim(12345) is None
    run_job(12345)


def test_a_lost_worker_s_job_is_claimed_by_the_next_with_a_newer_token() -> None:
    job = new_job()
    first = claim(job.pk)
    lose_worker(job)
    second = claim(job.pk)
    assert first is not None and second is not None
    assert second.token > first.token


def test_a_zombie_s_late_commit_is_refused() -> None:
    job = new_job()
    zombie = claim(job.pk)
    lose_worker(job)
    heir = claim(job.pk)
    assert zombie is not None and heir is not None
    with pytest.raises(LeaseLost), zombie.fenced_transaction():
        Job.objects.filter(pk=job.pk).update(error="written by the zombie")
    with pytest.raises(LeaseLost):
        zombie.save_parameters(late=True)
    with pytest.raises(LeaseLost):
        zombie.spawn("part", [{}], next_stage="end")
    with heir.fenced_transaction():
        Job.objects.filter(pk=job.pk).update(error="written by the heir")
    job.refresh_from_db()
    assert (job.error, job.parameters, job.children.count()) == ("written by the heir", {}, 0)


def test_a_zombie_s_result_and_failure_change_nothing(register_job: Registrar) -> None:
    job = new_job()

    def slow(run: JobRun) -> dict[str, Any]:
        lose_worker(job)
        assert claim(job.pk) is not None
        if run.parameters.get("fails"):
            raise JobFailed("too late")
        return {"by": "zombie"}

    register_job("work", slow)
    for parameters in ({}, {"fails": True}):
        Job.objects.filter(pk=job.pk).update(state=JobState.QUEUED, attempts=0, parameters=parameters)
        run_job(job.pk)
        job.refresh_from_db()
        assert (job.state, job.result, job.error) == (JobState.RUNNING, None, "")


def test_progress_renews_the_lease(monkeypatch: pytest.MonkeyPatch) -> None:
    job = new_job()
    run = claim(job.pk)
    assert run is not None
    lose_worker(job)
    run._renewed -= 2
    run.progress(0.25)
    job.refresh_from_db()
    assert job.progress == 0.25
    assert job.lease_until is not None
    assert job.lease_until > timezone.now()
    assert claim(job.pk) is None


def test_progress_is_written_about_once_a_second_at_most() -> None:
    job = new_job()
    run, told = claim(job.pk), []
    assert run is not None
    run.on_progress = told.append
    run.progress(0.25)
    job.refresh_from_db()
    assert (told, job.progress) == ([0.25], 0.0)


@pytest.mark.parametrize(("fraction", "kept"), [(-0.5, 0.0), (0.5, 0.5), (1.5, 1.0)])
def test_progress_stays_between_nothing_and_all(fraction: float, kept: float) -> None:
    job = new_job()
    run = claim(job.pk)
    assert run
    run._renewed -= 2
    run.progress(fraction)
    job.refresh_from_db()
    assert job.progress == kept


def test_progress_tells_a_worker_that_it_was_replaced() -> None:
    job = new_job()
    run = claim(job.pk)
    lose_worker(job)
    claim(job.pk)
    assert run is not None
    run._renewed -= 2
    with pytest.raises(LeaseLost):
        run.progress(0.5)


def test_the_lease_of_a_job_is_renewed_beside_its_work(register_job: Registrar) -> None:
    beside: dict[str, bool] = {}

    def work(run: JobRun) -> dict[str, Any]:
        beside.update((thread.name, thread.daemon) for thread in threading.enumerate())
        return {}

    register_job("work", work)
    job = new_job()
    run_job(job.pk)
    # Left behind by whoever is ended: it keeps no process alive.
    assert beside[f"lease of job {job.pk}"] is True


def test_a_command_runs_its_job_itself_and_is_told_how_far_it_is(register_job: Registrar) -> None:
    def work(run: JobRun) -> dict[str, Any]:
        run.progress(0.5)
        return {"rows": 3}

    register_job("work", work)
    job, told = new_job(), []
    ended = run_to_the_end(job.pk, on_progress=lambda number, fraction: told.append((number, fraction)))
    assert [(each.pk, each.state, each.result) for each in ended] == [
        (job.pk, JobState.SUCCEEDED, {"rows": 3})
    ]
    assert told == [(job.pk, 0.5)]


@pytest.mark.parametrize("name", JOBS)
def test_every_kind_of_job_has_a_handler(name: str) -> None:
    assert callable(job_kind(name).handler)


# --- the reaper -----------------------------------------------------------------------------------------


def test_the_reaper_hands_out_lost_and_forgotten_jobs_only(held: list[int], commits: Commits) -> None:
    lost, running, forgotten, fresh = new_job(), new_job(), new_job(), new_job()
    done, waiting = new_job(state=JobState.SUCCEEDED), new_job(state=JobState.WAITING)
    claim(lost.pk)
    lose_worker(lost)
    claim(running.pk)
    long_ago = timezone.now() - dt.timedelta(minutes=5)
    Job.objects.filter(pk__in=[forgotten.pk, done.pk, waiting.pk]).update(created_at=long_ago)
    with commits():
        assert reap() == 2
    assert held == [lost.pk, forgotten.pk]
    assert state(fresh) == JobState.QUEUED


def test_reaping_twice_runs_a_job_once(commits: Commits, register_job: Registrar) -> None:
    ran: list[int] = []
    register_job("work", lambda run: ran.append(1) or {})
    job = new_job()
    claim(job.pk)
    lose_worker(job)
    with commits():
        reap()
        reap()
    assert (ran, state(job)) == ([1], JobState.SUCCEEDED)


def test_the_clock_dispatches_what_was_abandoned(held: list[int], register_job: Registrar) -> None:
    lost = new_job(state=JobState.RUNNING, lease_until=timezone.now() - PAST)
    with TestCase.captureOnCommitCallbacks(execute=True):
        sweep()
    assert lost.pk in held


# --- nobody there to work -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seconds", "fields", "alone"),
    [
        (31, {}, True),
        (29, {}, False),
        (31, {"state": JobState.RUNNING, "lease_until": timezone.now() - PAST}, False),
        (31, {"state": JobState.SUCCEEDED}, False),
    ],
    ids=["waits long", "waits a moment", "was begun", "is done"],
)
def test_a_job_that_waits_half_a_minute_while_nobody_works_has_nobody_to_do_it(
    seconds: int, fields: dict[str, Any], alone: bool
) -> None:
    job, other = new_job(**fields), new_job(kind="other")
    for each, age in ((job, seconds), (other, 60)):
        Job.objects.filter(pk=each.pk).update(created_at=timezone.now() - dt.timedelta(seconds=age))
    job.refresh_from_db()
    assert is_unattended(job) is alone
    assert not is_unattended(None)


def test_a_job_that_waits_while_a_worker_is_busy_with_another_is_attended() -> None:
    job = new_job()
    Job.objects.filter(pk=job.pk).update(created_at=timezone.now() - dt.timedelta(minutes=5))
    job.refresh_from_db()
    assert is_unattended(job)
    claim(new_job(kind="other").pk)
    assert not is_unattended(job)


# --- GET /api/jobs/{id} ---------------------------------------------------------------------------------


class TestJobs(DetailCases):
    path = "/api/jobs"
    factory = JobFactory
    missing = ("999999", "99999999999999999999999", "-1", "0x1", "1.0", "one")


def test_a_job_can_be_looked_at(viewer_client: APIClient) -> None:
    job = new_job(error="once", attempts=1)
    answer = viewer_client.get(f"/api/jobs/{job.pk}")
    assert answer["Cache-Control"] == "no-store"
    body = answer.json()
    assert {"id", "kind", "status", "progress", "attempts", "error", "result"} <= set(body)
    assert (body["id"], body["kind"], body["status"], body["error"]) == (job.pk, "work", "queued", "once")


def test_looking_at_a_job_asks_the_database_once(counted: APIClient, django_assert_num_queries: Any) -> None:
    job = new_job()
    with django_assert_num_queries(1):
        assert counted.get(f"/api/jobs/{job.pk}").status_code == 200
