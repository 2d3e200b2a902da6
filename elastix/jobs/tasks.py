"""Celery tasks: ids in, one service call.

They name their app: a serving process that only enqueues has no other reason to load it, and would talk to the
default broker.
"""

from elastix.celery import app
from elastix.imports import services
from elastix.jobs import recompute, running, schedules


@app.task(name="elastix.jobs.tasks.run")  # type: ignore[untyped-decorator]
def run(job_id: int) -> None:
    running.run_job(job_id)


@app.task(name="elastix.jobs.tasks.reap")  # type: ignore[untyped-decorator]
def reap() -> None:
    running.reap()


@app.task(name="elastix.jobs.tasks.refresh")  # type: ignore[untyped-decorator]
def refresh() -> None:
    recompute.request_if_stale()


@app.task(name="elastix.jobs.tasks.recompute_all")  # type: ignore[untyped-decorator]
def recompute_all() -> None:
    recompute.request_recompute(full=True)


@app.task(name="elastix.jobs.tasks.purge_uploads")  # type: ignore[untyped-decorator]
def purge_uploads() -> None:
    services.uploads_purge()


@app.task(name="elastix.jobs.tasks.run_due")  # type: ignore[untyped-decorator]
def run_due() -> None:
    schedules.run_due()
