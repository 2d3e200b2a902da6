"""Detect jobs that wait because no worker is running."""

import datetime as dt
from typing import Final

from django.utils import timezone

from elastix.jobs.models import Job, JobState

UNATTENDED_AFTER: Final = dt.timedelta(seconds=30)
"""A worker looks for jobs all the time: one that waits longer, while nobody works, has nobody to do it."""


def unattended_jobs() -> int:
    """How many jobs have waited so long, while none is worked at, that probably no worker is running."""
    now = timezone.now()
    waiting = Job.objects.filter(state=JobState.QUEUED, created_at__lt=now - UNATTENDED_AFTER).count()
    if waiting and Job.objects.filter(state=JobState.RUNNING, lease_until__gt=now).exists():
        return 0
    return waiting


def is_unattended(job: Job | None) -> bool:
    """Whether a job has waited so long that probably no worker is running."""
    if job is None or job.state != JobState.QUEUED or timezone.now() - job.created_at <= UNATTENDED_AFTER:
        return False
    return unattended_jobs() > 0
