"""Dispatch, claim, run and retry jobs. The Job row is the source of truth; messages are hints.

A job runs in a Celery worker, in a thread of the serving process, in the process that asked ("inline"), or when the
caller gets to it ("caller", for commands and tests): setting JOBS_RUN_IN, or `jobs_run_in` for a process of its own.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from functools import cache, partial
from typing import Any, Literal

from django.conf import settings
from django.db import OperationalError, close_old_connections, connections, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from elastix.audit.actor import Actor, acting
from elastix.dataset.versions import lock_version
from elastix.jobs.kinds import JobFailed, job_kind
from elastix.jobs.models import Job, JobState
from elastix.sql import DISK_FULL, is_disk_full, room_for_pages

logger = logging.getLogger(__name__)

FORGOTTEN_AFTER = timedelta(seconds=10)


Place = Literal["celery", "thread", "inline", "caller"]
_place: Place | None = None
_left_to_caller: list[int] = []
_submitted: set[int] = set()


@contextmanager
def jobs_run_in(place: Place) -> Iterator[list[int]]:
    """Have this process run jobs elsewhere than its setting says, for the length of a command.

    Yields the list to which "caller" adds the jobs that wait for the caller.
    """
    global _place, _left_to_caller
    before = _place, _left_to_caller
    _place, _left_to_caller = place, []
    try:
        yield _left_to_caller
    finally:
        _place, _left_to_caller = before


def place_of_jobs() -> Place:
    return _place or settings.JOBS_RUN_IN  # type: ignore[return-value]


def dispatch_on_commit(job_id: int) -> None:
    """Have a job run once the transaction that made it has committed."""
    place = place_of_jobs()
    if place == "inline":
        transaction.on_commit(lambda: run_job(job_id))
    elif place == "thread":
        transaction.on_commit(lambda: _submit(job_id))
    elif place == "celery":
        transaction.on_commit(lambda: enqueue(job_id))
    else:
        left = _left_to_caller
        transaction.on_commit(lambda: left.append(job_id))


def enqueue(job_id: int) -> None:
    """Put a hint that a job waits into the queue."""
    from kombu.exceptions import OperationalError as BrokerError

    from elastix.celery import app

    try:
        app.send_task("elastix.jobs.tasks.run", [job_id])
    except BrokerError as error:
        # The queue is only a hint: the workers find the job in the table (elastix.jobs.watch).
        logger.warning("job %s could not be enqueued: %s", job_id, error)


@cache
def _thread_pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=1, thread_name_prefix="jobs")


def _submit(job_id: int) -> None:
    # Swept again and again, a job behind a long one would wait in the pool as often.
    if job_id not in _submitted:
        _submitted.add(job_id)
        _thread_pool().submit(_run_in_thread, job_id)


def _run_in_thread(job_id: int) -> None:
    _submitted.discard(job_id)
    close_old_connections()
    try:
        run_job(job_id)
        # Whoever has just worked also looks for jobs that were abandoned.
        reap()
    except Exception:
        logger.exception("job %s could not be run; the next sweep tries again", job_id)
    finally:
        connections.close_all()


class LeaseLost(Exception):
    """Another worker has taken this job over: whatever was under way must not be written."""


class JobRun:
    """One worker's claim on a job."""

    def __init__(self, job: Job) -> None:
        self.job_id: int = job.pk
        self.token: int = job.token
        self.parameters: dict[str, Any] = job.parameters
        self.requested_by_id: int | None = job.requested_by_id
        self._renewed = time.monotonic()
        self.on_progress: Callable[[float], None] | None = None

    def progress(self, fraction: float) -> None:
        """Report the fraction done and renew the lease, at most about once a second."""
        if self.on_progress:
            self.on_progress(fraction)
        if time.monotonic() - self._renewed < 1.0:
            return
        self._renewed = time.monotonic()
        if not self.renew(progress=min(max(fraction, 0.0), 1.0)):
            raise LeaseLost(f"job {self.job_id} was taken over")

    def renew(self, **values: Any) -> bool:
        """Renew the lease, and set what else is given; False when the job is no longer this claim's."""
        return bool(self._own().update(lease_until=_lease_end(), **values))

    def save_parameters(self, **changes: Any) -> None:
        """Keep what the next attempt or stage needs; what others wrote into the row meanwhile stays."""
        with self.fenced_transaction():
            self.parameters = self._reread() | changes
            self._own().update(parameters=self.parameters)

    def _reread(self) -> Any:
        return Job.objects.values_list("parameters", flat=True).get(pk=self.job_id)

    def _own(self) -> Any:
        return Job.objects.filter(pk=self.job_id, token=self.token, state=JobState.RUNNING)

    @contextmanager
    def fenced_transaction(self) -> Iterator[None]:
        """A transaction that only commits while this claim is the newest.

        It takes the version row's lock before the job's, the order that every writer keeps.
        """
        with transaction.atomic():
            lock_version()
            if not self._own().select_for_update().exists():
                raise LeaseLost(f"job {self.job_id} was taken over")
            began = time.monotonic()
            yield
            if time.monotonic() - began > settings.JOB_LEASE_SECONDS / 4:
                # The heartbeat has waited for this transaction's lock on the row.
                self.renew()

    def spawn(self, kind: str, parameters: list[dict[str, Any]], *, next_stage: str) -> None:
        """Make child jobs and wait for them; whoever finishes the last one calls this job at `next_stage`."""
        with self.fenced_transaction():
            Job.objects.filter(parent_id=self.job_id).delete()
            children = Job.objects.bulk_create(
                [Job(kind=kind, parameters=each, parent_id=self.job_id) for each in parameters]
            )
            waiting = self._reread() | {"stage": next_stage}
            self._own().update(state=JobState.WAITING, lease_until=None, parameters=waiting)
            for child in children:
                dispatch_on_commit(child.pk)


def _lease_end() -> Any:
    return timezone.now() + timedelta(seconds=settings.JOB_LEASE_SECONDS)


def claim(job_id: int) -> JobRun | None:
    """Take a waiting job, or one whose worker is gone; None when there is nothing to do."""
    with transaction.atomic():
        claimable = Q(state=JobState.QUEUED) | Q(state=JobState.RUNNING, lease_until__lt=timezone.now())
        job = Job.objects.select_for_update().filter(claimable, pk=job_id).first()
        if job is None:
            return None
        if job.attempts >= settings.JOB_MAX_ATTEMPTS:
            _fail(job, job.error or f"The worker was lost {job.attempts} times.")
            return None
        job.state = JobState.RUNNING
        job.attempts += 1
        job.token += 1
        job.lease_until = _lease_end()
        job.save(update_fields=["state", "attempts", "token", "lease_until"])
    return JobRun(job)


def run_job(job_id: int, on_progress: Callable[[float], None] | None = None) -> None:
    """Claim a job and do its work; every outcome ends up in its row."""
    run = claim(job_id)
    if run is None:
        return
    run.on_progress = on_progress
    kind, username = Job.objects.values_list("kind", "requested_by__username").get(pk=job_id)
    try:
        who = Actor(username or "", f"job {job_id}, {kind}"[:100])
        with acting(who), heartbeat(run), room_for_pages():
            result = job_kind(kind).handler(run)
    except LeaseLost:
        logger.warning("job %s was taken over by another worker", job_id)
    except JobFailed as error:
        _failed(run, str(error), for_good=True)
    except Exception as error:
        if is_disk_full(error):
            logger.error("job %s failed: %s", job_id, DISK_FULL)
            _failed(run, DISK_FULL)
        else:
            logger.exception("job %s failed", job_id)
            _failed(run, f"{type(error).__name__}: {error}")
    else:
        if result is not None:
            _succeed(run, result)


@contextmanager
def heartbeat(run: JobRun) -> Iterator[None]:
    """Renew the lease from a thread while a long step has no occasion to, for as long as a task may last at all.

    Without it a step longer than the lease would be begun a second time beside the first.
    """
    done = threading.Event()

    def beat() -> None:
        end = time.monotonic() + settings.JOB_TIME_LIMIT_SECONDS
        try:
            while not done.wait(settings.JOB_LEASE_SECONDS / 4) and time.monotonic() < end:
                try:
                    if not run.renew():
                        return
                except OperationalError:
                    # Nothing is wrong as long as the job itself holds the row: it renews the lease when it lets go.
                    logger.info("the lease of job %s could not be renewed; trying again", run.job_id)
        finally:
            connections.close_all()

    threading.Thread(target=beat, name=f"lease of job {run.job_id}", daemon=True).start()
    try:
        yield
    finally:
        done.set()


def run_to_the_end(job_id: int, on_progress: Callable[[int, float], None] | None = None) -> list[Job]:
    """Run a job in this process, and after it every job that it leads to: retries, recomputes.

    Parameters
    ----------
    on_progress
        Called with the job and the fraction done.

    Returns
    -------
    The jobs as they ended, in the order in which they began.
    """
    begun: dict[int, None] = {}
    with jobs_run_in("caller") as waiting:
        waiting.append(job_id)
        while waiting:
            current = waiting.pop(0)
            begun[current] = None
            run_job(current, on_progress and partial(on_progress, current))
    return list(Job.objects.filter(pk__in=begun).order_by("pk"))


def _succeed(run: JobRun, result: dict[str, Any]) -> None:
    with transaction.atomic():
        ended = {"progress": 1.0, "error": "", "lease_until": None, "finished_at": timezone.now()}
        if not run._own().update(state=JobState.SUCCEEDED, result=result, **ended):
            return
        job = Job.objects.get(pk=run.job_id)
        _wake_parent(job.parent_id)
        if on_success := job_kind(job.kind).on_success:
            on_success(job.parameters)


def _failed(run: JobRun, error: str, *, for_good: bool = False) -> None:
    """Queue the job for another attempt, if there is one left and it can help."""
    with transaction.atomic():
        job = run._own().select_for_update().first()
        if job is None:
            return
        if for_good or job.attempts >= settings.JOB_MAX_ATTEMPTS:
            _fail(job, error)
            return
        Job.objects.filter(pk=job.pk).update(state=JobState.QUEUED, error=error[:2000], lease_until=None)
        dispatch_on_commit(job.pk)


def _fail(job: Job, error: str) -> None:
    Job.objects.filter(pk=job.pk).update(
        state=JobState.FAILED, error=error[:2000], lease_until=None, finished_at=timezone.now()
    )
    if on_failure := job_kind(job.kind).on_failure:
        on_failure(job.parameters, error)
    _wake_parent(job.parent_id)


def _wake_parent(parent_id: int | None) -> None:
    """When the last child is done, queue the parent; its row is locked, so exactly one child does it."""
    waiting = Job.objects.select_for_update().filter(state=JobState.WAITING)
    parent = parent_id and waiting.filter(pk=parent_id).first()
    if not parent:
        return
    children = parent.children.all()
    failed = children.filter(state=JobState.FAILED).first()
    if failed:
        _fail(parent, f"A part of the work failed: {failed.error}")
    elif not children.exclude(state=JobState.SUCCEEDED).exists():
        Job.objects.filter(pk=parent.pk).update(state=JobState.QUEUED, attempts=0)
        dispatch_on_commit(parent.pk)
    else:
        done = children.filter(state=JobState.SUCCEEDED).count()
        Job.objects.filter(pk=parent.pk).update(progress=0.8 * done / children.count())


def abandoned() -> Q:
    """Jobs that nobody works on: their lease has run out, or they have waited long for somebody to begin.

    A queued job's hint may have been lost with the queue; claiming it twice is harmless.
    """
    now = timezone.now()
    return Q(state=JobState.RUNNING, lease_until__lt=now) | Q(
        state=JobState.QUEUED, created_at__lt=now - FORGOTTEN_AFTER
    )


def abandoned_jobs() -> QuerySet[Job, int]:
    """The numbers of abandoned jobs, the oldest first."""
    return Job.objects.filter(abandoned()).order_by("pk").values_list("pk", flat=True)


def reap() -> int:
    """Dispatch every abandoned job again; return how many."""
    ids = list(abandoned_jobs())
    for job_id in ids:
        dispatch_on_commit(job_id)
    return len(ids)
