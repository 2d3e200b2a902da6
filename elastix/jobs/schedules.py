"""What is done again and again: each app registers its schedules, one process at a time runs those that are due."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from django.utils import timezone

from elastix.jobs.models import ScheduleRun

logger = logging.getLogger(__name__)

_schedules: dict[str, "Schedule"] = {}


@dataclass(frozen=True, slots=True)
class Schedule:
    """Something to do once in every period. `run` is short, or asks for a job."""

    name: str
    every: timedelta
    run: Callable[[], object]


def register_schedule(name: str, every: timedelta, run: Callable[[], object]) -> None:
    """Have `run` called once in every period, by beat or by the serving process's clock; first after one period."""
    _schedules[name] = Schedule(name, every, run)


def run_due() -> list[str]:
    """Run the schedules that are due and that no other process has taken; return their names.

    One that fails says so in its row and in the log, and is tried again after its period.
    """
    now = timezone.now()
    known = dict(ScheduleRun.objects.values_list("name", "last_run_at"))
    taken = []
    for schedule in _schedules.values():
        if schedule.name not in known:
            ScheduleRun.objects.get_or_create(name=schedule.name, defaults={"last_run_at": now})
        elif known[schedule.name] <= now - schedule.every and _take(schedule):
            taken.append(schedule.name)
            _run(schedule)
    return taken


def _take(schedule: Schedule) -> bool:
    now = timezone.now()
    due = ScheduleRun.objects.filter(name=schedule.name, last_run_at__lte=now - schedule.every)
    return bool(due.update(last_run_at=now))


def _run(schedule: Schedule) -> None:
    error = ""
    try:
        schedule.run()
    except Exception as raised:
        logger.exception("the schedule %r failed", schedule.name)
        error = f"{type(raised).__name__}: {raised}"[:2000]
    ScheduleRun.objects.filter(name=schedule.name).exclude(error=error).update(error=error)
