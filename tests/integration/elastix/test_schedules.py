"""Schedules: due once a period, taken by one process, and never stopped by a failure. And the heartbeat of a lease."""

import datetime as dt
import threading
import time
from types import SimpleNamespace

import pytest
from django.db import OperationalError
from django.test import override_settings
from django.utils import timezone
from django.utils.module_loading import import_string

from elastix.background import SCHEDULES, Schedule
from elastix.jobs import runner, scheduler
from elastix.jobs.models import Job, ScheduleRun
from elastix.jobs.runner import JobRun, claim, heartbeat
from elastix.jobs.scheduler import run_due, sweep
from tests.factories import JobFactory

HOUR = dt.timedelta(hours=1)


TODAY = dt.datetime(2026, 3, 10, 12, tzinfo=dt.UTC)
CALLED: list[str] = []
BROKEN = [True]


def count() -> None:
    CALLED.append("counted")


def fragile() -> None:
    if BROKEN[0]:
        raise ValueError("no such file")


def at(when: dt.timedelta | dt.time, name: str = "count", run: str = "count") -> Schedule:
    return Schedule(name, when, f"{__name__}.{run}")


@pytest.fixture(autouse=True)
def calls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the only schedule, due once an hour, has done."""
    monkeypatch.setattr(scheduler, "SCHEDULES", (at(HOUR),))
    CALLED.clear()
    return CALLED


def let_pass(time: dt.timedelta) -> None:
    for row in ScheduleRun.objects.all():
        ScheduleRun.objects.filter(pk=row.pk).update(last_run_at=row.last_run_at - time)


@pytest.mark.django_db
def test_a_schedule_that_has_never_run_is_due_now_and_then_once_in_each_period(calls: list[str]) -> None:
    assert run_due() == ["count"]
    assert run_due() == []
    let_pass(HOUR - dt.timedelta(minutes=1))
    assert run_due() == []
    let_pass(dt.timedelta(minutes=1))
    assert run_due() == ["count"]
    let_pass(HOUR * 5)
    sweep()
    assert calls == ["counted"] * 3


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("last_run", "is_due"),
    [
        (TODAY.replace(hour=2, minute=29), True),
        (TODAY.replace(hour=2, minute=31), False),
        (TODAY - dt.timedelta(days=3), True),
    ],
)
def test_a_daily_schedule_is_due_from_its_time_of_day_on(
    last_run: dt.datetime, is_due: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scheduler, "SCHEDULES", (at(dt.time(2, 30)),))
    monkeypatch.setattr(timezone, "now", lambda: TODAY)
    ScheduleRun.objects.create(name="count", last_run_at=last_run)
    assert run_due() == (["count"] if is_due else [])
    assert run_due() == []


@pytest.mark.django_db
def test_a_daily_schedule_before_its_time_waits_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scheduler, "SCHEDULES", (at(dt.time(2, 30)),))
    monkeypatch.setattr(timezone, "now", lambda: TODAY.replace(hour=1))
    ScheduleRun.objects.create(name="count", last_run_at=TODAY.replace(day=9, hour=3))
    assert run_due() == []


@pytest.mark.django_db
def test_what_another_process_has_taken_is_left_alone(
    calls: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    take = scheduler._take

    def late(schedule: Schedule) -> bool:
        assert take(schedule)
        return take(schedule)

    monkeypatch.setattr(scheduler, "_take", late)
    assert run_due() == []
    assert calls == []


@pytest.mark.django_db
def test_a_failure_is_kept_and_does_not_stop_the_others(
    calls: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scheduler, "SCHEDULES", (at(HOUR, "a fragile one", "fragile"), at(HOUR)))
    monkeypatch.setattr(f"{__name__}.BROKEN", [True])
    assert sorted(run_due()) == ["a fragile one", "count"]
    assert ScheduleRun.objects.get(pk="a fragile one").error == "ValueError: no such file"
    monkeypatch.setattr(f"{__name__}.BROKEN", [False])
    let_pass(HOUR)
    run_due()
    assert ScheduleRun.objects.get(pk="a fragile one").error == ""
    assert calls == ["counted"] * 2


@pytest.mark.parametrize("schedule", SCHEDULES, ids=lambda each: each.name)
def test_every_schedule_names_a_function(schedule: Schedule) -> None:
    assert callable(import_string(schedule.run))


# --- the heartbeat ---------------------------------------------------------------------------------------


class Worker(JobRun):
    """A claim whose renewals are counted instead of written."""

    def __init__(self, answers: list[bool | Exception]) -> None:
        super().__init__(Job(pk=1, token=1))
        self.answers = answers
        self.asked = threading.Semaphore(0)

    def renew(self) -> bool:
        answer = self.answers.pop(0)
        self.asked.release()
        if isinstance(answer, Exception):
            raise answer
        return answer


@override_settings(JOB_LEASE_SECONDS=0.04)
def test_a_long_step_renews_its_lease_past_a_busy_database_until_it_is_over() -> None:
    worker = Worker([True, OperationalError("database is locked"), *[True] * 10_000])
    with heartbeat(worker):
        assert all(worker.asked.acquire(timeout=20) for _ in range(3))
    beating = next((t for t in threading.enumerate() if t.name == "lease of job 1"), None)
    if beating is not None:
        beating.join(20)
        assert not beating.is_alive()


@override_settings(JOB_LEASE_SECONDS=0.04, JOB_TIME_LIMIT_SECONDS=0)
def test_a_lease_is_not_renewed_for_longer_than_a_task_may_last() -> None:
    worker = Worker([True])
    with heartbeat(worker):
        beating = next((t for t in threading.enumerate() if t.name == "lease of job 1"), None)
        if beating is not None:
            beating.join(20)
            assert not beating.is_alive()
    assert worker.answers == [True]


@override_settings(JOB_LEASE_SECONDS=60)
def test_a_lease_is_renewed_twice_at_least_before_it_runs_out(monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    asked = threading.Event()

    def wait(seconds: float) -> bool:
        waited.append(seconds)
        asked.set()
        return True

    events = SimpleNamespace(wait=wait, set=lambda: None)
    monkeypatch.setattr(runner, "threading", SimpleNamespace(Event=lambda: events, Thread=threading.Thread))
    with heartbeat(Worker([])):
        assert asked.wait(20)
    assert 0 < waited[0] <= 30


@override_settings(JOB_LEASE_SECONDS=0.04)
def test_a_claim_that_was_taken_over_is_not_renewed_any_more() -> None:
    worker = Worker([False])
    with heartbeat(worker):
        assert worker.asked.acquire(timeout=20)
        beating = next((t for t in threading.enumerate() if t.name == "lease of job 1"), None)
        if beating is not None:
            beating.join(20)
            assert not beating.is_alive()
    assert worker.answers == []


@pytest.mark.django_db
def test_renewing_moves_the_lease_of_the_newest_claim_only() -> None:
    job = JobFactory(kind="work")
    run = claim(job.pk)
    assert run is not None
    Job.objects.filter(pk=job.pk).update(lease_until=timezone.now())
    assert run.renew()
    job.refresh_from_db()
    assert job.lease_until is not None
    assert job.lease_until > timezone.now() + dt.timedelta(seconds=60)
    Job.objects.filter(pk=job.pk).update(lease_until=timezone.now() - HOUR)
    second = claim(job.pk)
    assert second is not None
    assert not run.renew()
    assert second.renew()


@pytest.mark.django_db
@pytest.mark.parametrize(("lease", "is_renewed"), [(0.2, True), (3600, False)])
def test_a_transaction_that_kept_the_heartbeat_waiting_renews_the_lease(
    lease: float, is_renewed: bool
) -> None:
    job = JobFactory(kind="work")
    claimed = claim(job.pk)
    assert claimed is not None
    job.refresh_from_db()
    before = job.lease_until
    with override_settings(JOB_LEASE_SECONDS=lease), claimed.fenced_transaction():
        time.sleep(0.06)
    job.refresh_from_db()
    assert (job.lease_until != before) is is_renewed
