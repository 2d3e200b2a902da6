"""Jobs: claims, leases, fencing tokens, attempts, children, and one recompute at a time."""

import datetime as dt
import errno
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings
from django.db import IntegrityError, OperationalError, transaction
from django.db.models import F
from django.test import TestCase, override_settings
from django.utils import timezone
from rest_framework.test import APIClient

from elastix.background import JOBS
from elastix.dataset.models import DataVersion
from elastix.imports.models import ImportBatch
from elastix.jobs.kinds import JobFailed, job_kind
from elastix.jobs.models import Job, JobState
from elastix.jobs.recompute import (
    request_full_recompute_if_due,
    request_recompute,
    request_refresh_if_due,
    request_what_came_meanwhile,
)
from elastix.jobs.runner import (
    DISK_FULL,
    JobRun,
    LeaseLost,
    claim,
    jobs_run_in,
    reap,
    run_job,
    run_to_the_end,
)
from elastix.jobs.scheduler import sweep
from elastix.jobs.waiting import is_unattended
from tests.api_cases import DetailCases
from tests.factories import JobFactory
from tests.jobs import use_job
from tests.shops import Commits

pytestmark = pytest.mark.django_db

PAST = dt.timedelta(seconds=1)


Registrar = Callable[..., None]


@pytest.fixture
def register_job(monkeypatch: pytest.MonkeyPatch) -> Registrar:
    """Name a handler for a kind of job, for the length of the test."""
    return lambda name, handler, **hooks: use_job(monkeypatch, name, handler, **hooks)


@pytest.fixture
def held() -> Iterator[list[int]]:
    """Jobs wait until the test runs them."""
    with jobs_run_in("caller") as jobs:
        yield jobs


def new_job(kind: str = "work", **fields: Any) -> Job:
    return JobFactory(kind=kind, **fields)


def lose_worker(job: Job) -> None:
    """Let a running job's lease run out, as when its worker was killed."""
    Job.objects.filter(pk=job.pk).update(lease_until=timezone.now() - PAST)


def state(job: Job) -> str:
    job.refresh_from_db()
    return job.state


# --- claims --------------------------------------------------------------------------------------------


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


# --- failures ------------------------------------------------------------------------------------------


def test_a_bug_is_tried_three_times_and_then_reported(commits: Commits, register_job: Registrar) -> None:
    ran: list[int] = []

    def broken(run: JobRun) -> dict[str, Any]:
        ran.append(1)
        raise RuntimeError("the disk is full")

    failures: list[str] = []
    register_job("work", broken, on_failure=lambda parameters, error: failures.append(error))
    job = new_job()
    with commits():
        run_job(job.pk)
    assert state(job) == JobState.FAILED
    assert (len(ran), job.attempts, job.error) == (3, 3, "RuntimeError: the disk is full")
    assert job.finished_at is not None
    assert failures == ["RuntimeError: the disk is full"]


def test_after_the_last_attempt_nothing_more_is_handed_out(
    held: list[int], commits: Commits, register_job: Registrar
) -> None:
    register_job("work", lambda run: {}["no such key"])
    job = new_job(attempts=settings.JOB_MAX_ATTEMPTS - 1)
    with commits():
        run_job(job.pk)
    assert (state(job), held) == (JobState.FAILED, [])


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


def test_a_second_attempt_can_succeed(commits: Commits, register_job: Registrar) -> None:
    ran: list[int] = []

    def flaky(run: JobRun) -> dict[str, Any]:
        ran.append(1)
        if len(ran) == 1:
            raise RuntimeError("once")
        return {}

    register_job("work", flaky)
    job = new_job()
    with commits():
        run_job(job.pk)
    assert state(job) == JobState.SUCCEEDED
    assert (job.attempts, job.error) == (2, "")


def test_what_cannot_succeed_is_not_tried_again(commits: Commits, register_job: Registrar) -> None:
    def hopeless(run: JobRun) -> dict[str, Any]:
        raise JobFailed("The file is empty.")

    register_job("work", hopeless)
    job = new_job()
    with commits():
        run_job(job.pk)
    assert state(job) == JobState.FAILED
    assert (job.attempts, job.error) == (1, "The file is empty.")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), DISK_FULL),
        (OperationalError("database or disk is full"), DISK_FULL),
        (OperationalError('could not extend file "base/1/2": No space left on device'), DISK_FULL),
        (OperationalError("database is locked"), "OperationalError: database is locked"),
        (PermissionError(errno.EACCES, "Denied"), f"PermissionError: [Errno {errno.EACCES}] Denied"),
    ],
    ids=["file", "SQLite", "PostgreSQL", "another of the database", "another of a file"],
)
def test_a_full_disk_is_named_with_the_remedy(error: Exception, said: str, register_job: Registrar) -> None:
    def work(run: JobRun) -> dict[str, Any]:
        raise error

    register_job("work", work)
    job = new_job(attempts=settings.JOB_MAX_ATTEMPTS - 1)
    run_job(job.pk)
    assert (state(job), job.error) == (JobState.FAILED, said)


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


def test_of_a_long_error_the_first_two_thousand_characters_are_kept(
    commits: Commits, register_job: Registrar
) -> None:
    def hopeless(run: JobRun) -> dict[str, Any]:
        raise JobFailed("a" * 2000 + "b")

    register_job("work", hopeless)
    job = new_job()
    with commits():
        run_job(job.pk)
    assert (state(job), job.error) == (JobState.FAILED, "a" * 2000)


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


def test_a_job_that_kills_its_workers_is_given_up(commits: Commits) -> None:
    job = new_job()
    for _ in range(3):
        assert claim(job.pk) is not None
        lose_worker(job)
    assert claim(job.pk) is None
    assert state(job) == JobState.FAILED
    assert job.error == "The worker was lost 3 times."


# --- the reaper ----------------------------------------------------------------------------------------


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


# --- parents and children ------------------------------------------------------------------------------


def family(commits: Commits, register_job: Registrar, part: Any) -> tuple[Job, list[str]]:
    """A job that spawns three parts and ends when they are done; return it and what happened."""
    happened: list[str] = []

    def whole(run: JobRun) -> dict[str, Any] | None:
        if run.parameters.get("stage") == "end":
            happened.append("end")
            return {"parts": run.parameters["kept"]}
        run.save_parameters(kept=3)
        run.spawn("part", [{"number": number} for number in range(3)], next_stage="end")
        return None

    def one(run: JobRun) -> dict[str, Any]:
        happened.append(f"part {run.parameters['number']}")
        part(run)
        return {}

    register_job("whole", whole)
    register_job("part", one)
    job = new_job("whole")
    with commits():
        run_job(job.pk)
    return job, happened


def test_the_last_child_wakes_its_parent_once(commits: Commits, register_job: Registrar) -> None:
    job, happened = family(commits, register_job, lambda run: None)
    assert happened == ["part 0", "part 1", "part 2", "end"]
    assert state(job) == JobState.SUCCEEDED
    assert (job.result, job.attempts) == ({"parts": 3}, 1)


def test_a_parent_waits_while_a_child_is_missing(
    held: list[int], commits: Commits, register_job: Registrar
) -> None:
    job, _ = family(commits, register_job, lambda run: None)
    assert (state(job), len(held)) == (JobState.WAITING, 3)
    for child in held[:2]:
        run_job(child)
    assert state(job) == JobState.WAITING
    assert 0 < job.progress < 1
    with commits():
        run_job(held[2])
    assert state(job) == JobState.QUEUED
    assert held[3] == job.pk


def test_a_failing_child_fails_its_parent_with_the_reason(commits: Commits, register_job: Registrar) -> None:
    def second_fails(run: JobRun) -> None:
        if run.parameters["number"] == 1:
            raise JobFailed("bad shard")

    job, happened = family(commits, register_job, second_fails)
    assert "end" not in happened
    assert state(job) == JobState.FAILED
    assert job.error == "A part of the work failed: bad shard"


def test_a_parent_that_starts_over_forgets_its_former_children(
    held: list[int], commits: Commits, register_job: Registrar
) -> None:
    job, _ = family(commits, register_job, lambda run: None)
    Job.objects.filter(pk=job.pk).update(state=JobState.QUEUED, parameters={})
    with commits():
        run_job(job.pk)
    assert job.children.count() == 3
    assert set(held[3:]) == set(job.children.values_list("pk", flat=True))


# --- recomputes ----------------------------------------------------------------------------------------


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


def test_the_clock_dispatches_what_was_abandoned(held: list[int], register_job: Registrar) -> None:
    lost = new_job(state=JobState.RUNNING, lease_until=timezone.now() - PAST)
    with TestCase.captureOnCommitCallbacks(execute=True):
        sweep()
    assert lost.pk in held


@pytest.mark.parametrize("name", JOBS)
def test_every_kind_of_job_has_a_handler(name: str) -> None:
    assert callable(job_kind(name).handler)


# --- GET /api/jobs/{id} ----------------------------------------------------------------------------------


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
