"""Celery: carries hints that a job waits. The Job table is the truth, so there is no result backend."""

import os
from typing import Any

from celery import Celery
from celery.signals import worker_process_init, worker_ready
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "elastix.settings")

NICENESS = 10
"""How far a process that runs jobs stands back (nice): on a full host, answers to people and programs come first."""

app = Celery("elastix")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.update(
    task_ignore_result=True,
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=1,
    task_time_limit=settings.JOB_TIME_LIMIT_SECONDS,
    worker_hijack_root_logger=False,
    broker_connection_retry_on_startup=True,
    # However long Redis is away: a worker that gives up needs somebody to start it.
    broker_connection_max_retries=None,
    # A broker that does not answer must not delay a request: the workers find the job anyway.
    broker_transport_options={
        "visibility_timeout": 900,
        "socket_connect_timeout": 2,
        "socket_timeout": 5,
        "max_retries": 1,
    },
    task_publish_retry_policy={"max_retries": 1, "interval_start": 0, "interval_max": 0.5},
    # One tick; elastix.background.SCHEDULES says what is due. While no worker runs, ticks must not pile up.
    beat_schedule={
        "sweep": {"task": "elastix.jobs.tasks.sweep", "schedule": 30.0, "options": {"expires": 30.0}}
    },
)
app.autodiscover_tasks(["elastix.jobs"])


@worker_ready.connect  # type: ignore[untyped-decorator]
def _watch_jobs(**_: Any) -> None:
    # It needs the apps, which are not there yet when this module is read.
    from elastix.jobs.watch import start_watching

    start_watching()


@worker_process_init.connect  # type: ignore[untyped-decorator]
def _stand_back(**_: Any) -> None:
    # Windows has no niceness.
    if hasattr(os, "nice"):
        os.nice(NICENESS)
