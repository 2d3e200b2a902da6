"""The clock: runs the schedules of `elastix.background` that are due, in one process at a time.

Celery beat calls `sweep` in an installation with a broker; without one a thread of the serving process does.
"""

import datetime as dt
import logging
import threading

from django.conf import settings
from django.db import connections
from django.utils import timezone
from django.utils.module_loading import import_string

from elastix.background import SCHEDULES, Schedule
from elastix.jobs.models import ScheduleRun
from elastix.jobs.runner import place_of_jobs, reap

logger = logging.getLogger(__name__)

SWEEP_SECONDS = 5
_started = threading.Event()


def start_scheduler() -> None:
    """Start the thread, once per process; with a broker configured, beat does its work instead."""
    if settings.JOBS_RUN_IN != "thread" or _started.is_set():
        return
    _started.set()
    threading.Thread(target=_sweep_forever, name="scheduler", daemon=True).start()


def _sweep_forever() -> None:
    stop = threading.Event()
    while not stop.wait(SWEEP_SECONDS):
        try:
            sweep()
        except Exception:
            logger.exception("the scheduler's sweep failed")
        finally:
            connections.close_all()


def sweep() -> None:
    """Dispatch jobs that were abandoned and run the schedules that are due.

    With a broker the workers look for abandoned jobs themselves, without needing its help (elastix.jobs.watch).
    """
    if place_of_jobs() != "celery":
        reap()
    run_due()


def run_due() -> list[str]:
    """Run the schedules that are due and that no other process has taken; return their names.

    One that fails says so in its row and in the log, and is tried again when it is next due.
    """
    known = dict(ScheduleRun.objects.values_list("name", "last_run_at"))
    taken = []
    for schedule in SCHEDULES:
        last = known.get(schedule.name)
        if (last is None or last <= _latest_due(schedule)) and _take(schedule):
            taken.append(schedule.name)
            error = ""
            try:
                import_string(schedule.run)()
            except Exception as raised:
                logger.exception("the schedule %r failed", schedule.name)
                error = f"{type(raised).__name__}: {raised}"[:2000]
            ScheduleRun.objects.filter(name=schedule.name).exclude(error=error).update(error=error)
    return taken


def _latest_due(schedule: Schedule) -> dt.datetime:
    """The latest moment up to now by which the schedule should have run."""
    now = timezone.now()
    if isinstance(schedule.when, dt.timedelta):
        return now - schedule.when
    here = now.astimezone(settings.SHOP_TIME_ZONE)
    today = dt.datetime.combine(here.date(), schedule.when, settings.SHOP_TIME_ZONE)
    return today if today <= here else today - dt.timedelta(days=1)


def _take(schedule: Schedule) -> bool:
    """Move the schedule's last run on to now; False where another process was faster."""
    now = timezone.now()
    _, is_new = ScheduleRun.objects.get_or_create(name=schedule.name, defaults={"last_run_at": now})
    if is_new:
        return True
    due = ScheduleRun.objects.filter(name=schedule.name, last_run_at__lte=_latest_due(schedule))
    return bool(due.update(last_run_at=now))
