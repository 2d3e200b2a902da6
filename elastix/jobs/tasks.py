"""Celery tasks: ids in, one call.

They name their app: a serving process that only enqueues has no other reason to load it, and would talk to the
default broker.
"""

from elastix.celery import app
from elastix.jobs import runner, scheduler


@app.task(name="elastix.jobs.tasks.run")  # type: ignore[untyped-decorator]
def run(job_id: int) -> None:
    runner.run_job(job_id)


@app.task(name="elastix.jobs.tasks.sweep")  # type: ignore[untyped-decorator]
def sweep() -> None:
    scheduler.sweep()
