"""What runs jobs: threads of a serving process, and workers that look for jobs by themselves."""

import datetime as dt
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from django.conf import settings
from django.db import Error as DatabaseError
from django.test import override_settings
from django.utils import timezone
from kombu.exceptions import ChannelError
from kombu.exceptions import OperationalError as BrokerError

from elastix.celery import app
from elastix.jobs import runner, scheduler, watch
from elastix.jobs.models import Job, JobState
from elastix.jobs.runner import claim
from tests.factories import JobFactory

pytestmark = pytest.mark.django_db


def new_job(**fields: Any) -> Job:
    return JobFactory(kind="work", **fields)


# --- the threads of a serving process --------------------------------------------------------------------


@pytest.fixture
def kept_connections(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Leave the test its connection to the database; list what the threads would close."""
    closed: list[str] = []
    monkeypatch.setattr(runner, "close_old_connections", lambda: closed.append("old"))
    for module in (runner, watch, scheduler):
        monkeypatch.setattr(module, "connections", SimpleNamespace(close_all=lambda: closed.append("all")))
    return closed


def test_one_job_is_run_at_a_time() -> None:
    second_began = threading.Event()
    with runner._thread_pool.__wrapped__() as pool:
        first = pool.submit(second_began.wait, 0.2)
        pool.submit(second_began.set)
        assert first.result() is False


def test_a_thread_runs_its_job_looks_for_others_and_leaves_no_connection(
    kept_connections: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    did: list[Any] = []
    monkeypatch.setattr(runner, "_submitted", {7, 8})
    monkeypatch.setattr(runner, "run_job", did.append)
    monkeypatch.setattr(runner, "reap", lambda: did.append("reaped"))
    runner._run_in_thread(7)
    assert (did, runner._submitted, kept_connections) == ([7, "reaped"], {8}, ["old", "all"])


def test_a_job_that_could_not_be_run_does_not_end_the_thread(
    kept_connections: list[str], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(runner, "run_job", lambda job_id: {}["no such key"])
    runner._run_in_thread(7)
    assert "job 7 could not be run" in caplog.text
    assert kept_connections == ["old", "all"]


def test_a_pool_that_is_busy_is_given_a_waiting_job_once(monkeypatch: pytest.MonkeyPatch) -> None:
    submitted: list[Any] = []
    monkeypatch.setattr(
        runner, "_thread_pool", lambda: SimpleNamespace(submit=lambda *task: submitted.append(task))
    )
    monkeypatch.setattr(runner, "_submitted", set())
    for _ in range(3):
        runner._submit(7)
    assert submitted == [(runner._run_in_thread, 7)]


# --- threads that never end ------------------------------------------------------------------------------


@pytest.fixture
def ended() -> Iterator[threading.Event]:
    """Set when the test is over: what its threads wait for."""
    event, before = threading.Event(), threading.enumerate()
    yield event
    event.set()
    for thread in threading.enumerate():
        if thread not in before:
            thread.join(20)


def threads(name: str) -> list[bool]:
    """For each thread of this name whether it keeps no process alive."""
    return [thread.daemon for thread in threading.enumerate() if thread.name == name]


def test_a_worker_that_is_ready_again_watches_once(
    ended: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "_watch_for_ever", ended.wait)
    watch.start_watching()
    watch.start_watching()
    assert threads("watch jobs") == [True]


@pytest.mark.parametrize(("place", "started"), [("thread", [True]), ("celery", [])])
def test_a_serving_process_has_one_clock_unless_beat_does_its_work(
    place: str, started: list[bool], ended: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scheduler, "_started", threading.Event())
    monkeypatch.setattr(scheduler, "_sweep_forever", ended.wait)
    with override_settings(JOBS_RUN_IN=place):
        scheduler.start_scheduler()
        scheduler.start_scheduler()
    assert threads("scheduler") == started


@pytest.mark.parametrize(
    ("module", "loop", "look", "error"),
    [
        (watch, "_watch_for_ever", "publish_abandoned", BrokerError),
        (watch, "_watch_for_ever", "publish_abandoned", DatabaseError),
        (watch, "_watch_for_ever", "publish_abandoned", ConnectionResetError),
        (scheduler, "_sweep_forever", "sweep", DatabaseError),
    ],
)
def test_a_thread_that_looks_for_work_goes_on_after_an_error(
    module: ModuleType,
    loop: str,
    look: str,
    error: type[Exception],
    kept_connections: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stops, looked = iter([False, False, True]), []

    def fails() -> None:
        looked.append(1)
        raise error("gone")

    waits = SimpleNamespace(wait=lambda seconds: next(stops))
    monkeypatch.setattr(module, "threading", SimpleNamespace(Event=lambda: waits))
    monkeypatch.setattr(module, look, fails)
    getattr(module, loop)()
    assert len(looked) == 2
    assert kept_connections == ["all"] * 2


# --- the queue -------------------------------------------------------------------------------------------


def test_a_hint_names_the_job_and_may_be_lost(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    sent: list[Any] = []
    monkeypatch.setattr(app, "send_task", lambda *task: sent.append(task))
    runner.enqueue(7)
    assert sent == [("elastix.jobs.tasks.run", [7])]

    def away(*task: Any) -> None:
        raise BrokerError("no route to host")

    monkeypatch.setattr(app, "send_task", away)
    runner.enqueue(7)
    assert "job 7 could not be enqueued: no route to host" in caplog.text


@pytest.mark.parametrize(
    ("declared", "waiting"), [(SimpleNamespace(message_count=3), 3), (ChannelError(), 0)]
)
def test_a_queue_that_does_not_exist_is_empty(
    declared: Any, waiting: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def declare(name: str, passive: bool) -> Any:
        assert (name, passive) == (app.conf.task_default_queue, True)
        if isinstance(declared, Exception):
            raise declared
        return declared

    @contextmanager
    def connection() -> Iterator[Any]:
        yield SimpleNamespace(
            ensure_connection=lambda **options: None, default_channel=SimpleNamespace(queue_declare=declare)
        )

    monkeypatch.setattr(app, "connection_for_write", connection)
    assert watch.hints_waiting() == waiting


@pytest.fixture
def queue(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The queue as a list of jobs; what tests put in beforehand waits."""
    hints: list[int] = []
    monkeypatch.setattr(watch, "enqueue", hints.append)
    monkeypatch.setattr(watch, "hints_waiting", lambda: len(hints))
    return hints


def test_a_worker_publishes_jobs_whose_hint_was_lost_and_whose_lease_is_over(queue: list[int]) -> None:
    forgotten, lost, fresh = new_job(), new_job(), new_job()
    Job.objects.filter(pk=forgotten.pk).update(created_at=timezone.now() - dt.timedelta(seconds=11))
    claim(lost.pk)
    assert watch.publish_abandoned() == [forgotten.pk]
    queue.clear()
    Job.objects.filter(pk=lost.pk).update(lease_until=timezone.now() - dt.timedelta(seconds=1))
    assert watch.publish_abandoned() == queue == [forgotten.pk, lost.pk]
    fresh.refresh_from_db()
    assert fresh.state == JobState.QUEUED


def test_hints_do_not_pile_up(queue: list[int]) -> None:
    jobs = [new_job() for _ in range(watch.MOST_HINTS + 5)]
    Job.objects.update(created_at=timezone.now() - dt.timedelta(minutes=5))
    watch.publish_abandoned()
    assert queue == [job.pk for job in jobs[: watch.MOST_HINTS]]
    assert watch.publish_abandoned() == []
    assert len(queue) == watch.MOST_HINTS


@pytest.mark.redis
def test_the_length_of_the_real_queue_is_known() -> None:
    from redis import Redis

    name = app.conf.task_default_queue
    with Redis.from_url(settings.REDIS_URL) as redis:
        kept = redis.lrange(name, 0, -1)
        redis.delete(name)
        try:
            assert watch.hints_waiting() == 0
            redis.rpush(name, "{}", "{}")
            assert watch.hints_waiting() == 2
        finally:
            redis.delete(name)
            if kept:
                redis.rpush(name, *kept)


def test_processes_that_run_jobs_stand_back_behind_answers() -> None:
    begin = "import os, elastix.celery; from celery.signals import worker_process_init"
    script = f"{begin}; worker_process_init.send(None); print(os.nice(0))"
    before = os.nice(0)
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert int(found.stdout.split()[-1]) == min(before + 10, 19)
