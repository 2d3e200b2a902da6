"""The state of each connection: from when on to pull orders, and whether a pull or push is due."""

import datetime as dt

from django.conf import settings
from django.utils import timezone

from elastix.imports.models import ImportStatus
from elastix.jobs.models import OPEN_STATES, Job, JobState
from pricing.connections.models import OrderPull

# Orders are looked at twice around the end of a pull: the platform's clock may differ from ours.
OVERLAP = dt.timedelta(minutes=5)
REST_AFTER_FAILURE = dt.timedelta(minutes=30)


def last_pull(platform: str) -> OrderPull | None:
    return OrderPull.objects.filter(platform=platform).select_related("batch").first()


def next_since(platform: str) -> dt.datetime | None:
    """From when on orders are to be asked for; None: all."""
    last = last_pull(platform)
    if last is None:
        return None
    return last.until if last.more else last.until - OVERLAP


def is_being_imported(platform: str) -> bool:
    """Whether the lines of an earlier pull are not among the transactions yet: what is to be deleted could not be found."""
    open_statuses = (ImportStatus.QUEUED, ImportStatus.READING)
    return OrderPull.objects.filter(platform=platform, batch__status__in=open_statuses).exists()


def pull_is_due(platform: str) -> bool:
    last = last_pull(platform)
    return last is None or last.more or timezone.now() - last.pulled_at >= settings.PULL_ORDERS_EVERY


def may_ask(kind: str, platform: str) -> bool:
    """Whether no job of the kind is under way for a platform, and the last has not failed just now."""
    jobs = Job.objects.filter(kind=kind, parameters__platform=platform)
    if jobs.filter(state__in=OPEN_STATES).exists():
        return False
    lately = timezone.now() - REST_AFTER_FAILURE
    last = jobs.order_by("-pk").first()
    return (
        last is None or last.state != JobState.FAILED or last.finished_at is None or last.finished_at < lately
    )
