"""Telling whoever runs jobs that one waits: a Celery worker, a thread of this process, or the caller itself."""

import logging
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar

from django.conf import settings
from django.db import close_old_connections, connections, transaction

logger = logging.getLogger(__name__)

_inline: ContextVar[bool] = ContextVar("jobs_inline", default=False)
_held: ContextVar[list[int] | None] = ContextVar("capture_jobs", default=None)
_executor: ThreadPoolExecutor | None = None
_executor_lock = threading.Lock()


@contextmanager
def jobs_inline() -> Iterator[None]:
    """Run the jobs that are dispatched inside this block here and now, as soon as their transaction commits."""
    token = _inline.set(True)
    try:
        yield
    finally:
        _inline.reset(token)


@contextmanager
def capture_jobs() -> Iterator[list[int]]:
    """Collect the jobs that are dispatched inside this block instead of running them; the caller will."""
    held: list[int] = []
    token = _held.set(held)
    try:
        yield held
    finally:
        _held.reset(token)


def runs_in() -> str:
    """Return where a job dispatched now would run: inline, thread or celery."""
    return "inline" if _inline.get() else settings.JOBS_RUN_IN


def dispatch_on_commit(job_id: int) -> None:
    """Say that a job waits, once the transaction that made it has committed."""
    where, held = runs_in(), _held.get()
    if held is not None:
        transaction.on_commit(lambda: held.append(job_id))
    else:
        transaction.on_commit(lambda: _dispatch(job_id, where))


def _dispatch(job_id: int, where: str) -> None:
    if where == "inline":
        from elastix.jobs.running import run_job

        run_job(job_id)
    elif where == "thread":
        _thread_pool().submit(_run_in_thread, job_id)
    else:
        _enqueue(job_id)


def _enqueue(job_id: int) -> None:
    from kombu.exceptions import OperationalError

    from elastix.jobs.tasks import run

    try:
        run.delay(job_id)
    except OperationalError as error:
        # The queue is only a hint: the reaper finds the job in the table.
        logger.warning("job %s could not be enqueued: %s", job_id, error)


def _thread_pool() -> ThreadPoolExecutor:
    global _executor
    with _executor_lock:
        if _executor is None:
            _executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="jobs")
        return _executor


def _run_in_thread(job_id: int) -> None:
    from elastix.jobs.running import reap, run_job

    close_old_connections()
    try:
        run_job(job_id)
        # Whoever has just been at work looks whether anything was left lying.
        reap()
    except Exception:
        logger.exception("job %s could not be run; the next sweep tries again", job_id)
    finally:
        connections.close_all()
