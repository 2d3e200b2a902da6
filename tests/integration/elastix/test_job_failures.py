"""Jobs that fail: how often they are tried, and what is said of them."""

import errno
import shutil
import sqlite3
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.conf import settings
from django.db import OperationalError

from elastix.jobs.kinds import JobFailed
from elastix.jobs.models import JobState
from elastix.jobs.runner import JobRun, claim, run_job
from elastix.sql import DISK_FULL, is_disk_full
from tests.jobs import Registrar, lose_worker, new_job, state
from tests.shops import Commits

pytestmark = pytest.mark.django_db


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
        (sqlite3.OperationalError("database or disk is full"), DISK_FULL),
        (OperationalError('could not extend file "base/1/2": No space left on device'), DISK_FULL),
        (OperationalError("database is locked"), "OperationalError: database is locked"),
        (PermissionError(errno.EACCES, "Denied"), f"PermissionError: [Errno {errno.EACCES}] Denied"),
    ],
    ids=["file", "SQLite", "SQLite itself", "PostgreSQL", "another of the database", "another of a file"],
)
def test_a_full_disk_is_named_with_the_remedy(error: Exception, said: str, register_job: Registrar) -> None:
    def work(run: JobRun) -> dict[str, Any]:
        raise error

    register_job("work", work)
    job = new_job(attempts=settings.JOB_MAX_ATTEMPTS - 1)
    run_job(job.pk)
    assert (state(job), job.error) == (JobState.FAILED, said)


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


def test_a_job_that_kills_its_workers_is_given_up(commits: Commits) -> None:
    job = new_job()
    for _ in range(3):
        assert claim(job.pk) is not None
        lose_worker(job)
    assert claim(job.pk) is None
    assert state(job) == JobState.FAILED
    assert job.error == "The worker was lost 3 times."


@pytest.mark.parametrize(("free", "full"), [(0, True), (64 * 1024 - 1, True), (64 * 1024, False)])
def test_an_input_error_of_sqlite_means_a_full_disk_where_nothing_is_free(
    free: int, full: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Path] = []

    def usage(directory: Path) -> SimpleNamespace:
        asked.append(directory)
        return SimpleNamespace(free=free)

    monkeypatch.setattr(shutil, "disk_usage", usage)
    assert is_disk_full(OperationalError("disk I/O error")) is full
    assert asked == [Path(settings.DATABASES["default"]["NAME"]).parent]
    assert not is_disk_full(OperationalError("database is locked"))
