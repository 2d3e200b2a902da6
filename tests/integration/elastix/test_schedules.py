"""Schedules: due once a period, taken by one process, and never stopped by a failure. And the heartbeat of a lease."""

import datetime as dt
import threading
from collections.abc import Iterator

import pytest
from django.db import OperationalError
from django.test import override_settings
from django.utils import timezone

from elastix.jobs import schedules
from elastix.jobs.models import Job, ScheduleRun
from elastix.jobs.running import JobRun, claim, heartbeat
from elastix.jobs.scheduler import sweep
from elastix.jobs.schedules import register_schedule, run_due

HOUR = dt.timedelta(hours=1)


@pytest.fixture(autouse=True)
def _schedules_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schedules, "_schedules", {})


@pytest.fixture
def calls() -> Iterator[list[str]]:
    called: list[str] = []
    register_schedule("count", HOUR, lambda: called.append("counted"))
    yield called


def let_pass(time: dt.timedelta) -> None:
    for row in ScheduleRun.objects.all():
        ScheduleRun.objects.filter(pk=row.pk).update(last_run_at=row.last_run_at - time)


@pytest.mark.django_db
def test_a_schedule_first_runs_after_one_period_and_then_once_in_each(calls: list[str]) -> None:
    assert run_due() == []
    let_pass(HOUR - dt.timedelta(minutes=1))
    assert run_due() == []
    let_pass(dt.timedelta(minutes=1))
    assert run_due() == ["count"]
    assert run_due() == []
    let_pass(HOUR * 5)
    sweep()
    assert calls == ["counted", "counted"]


@pytest.mark.django_db
def test_what_another_process_has_taken_is_left_alone(
    calls: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    run_due()
    let_pass(HOUR)
    take = schedules._take

    def late(schedule: schedules.Schedule) -> bool:
        assert take(schedule)
        return take(schedule)

    monkeypatch.setattr(schedules, "_take", late)
    assert run_due() == []
    assert calls == []


@pytest.mark.django_db
def test_a_failure_is_kept_and_does_not_stop_the_others(calls: list[str]) -> None:
    broken = [True]

    def fragile() -> None:
        if broken[0]:
            raise ValueError("no such file")

    register_schedule("a fragile one", HOUR, fragile)
    run_due()
    let_pass(HOUR)
    assert sorted(run_due()) == ["a fragile one", "count"]
    assert ScheduleRun.objects.get(pk="a fragile one").error == "ValueError: no such file"
    broken[0] = False
    let_pass(HOUR)
    run_due()
    assert ScheduleRun.objects.get(pk="a fragile one").error == ""
    assert calls == ["counted"] * 2


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
    job = Job.objects.create(kind="work")
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
