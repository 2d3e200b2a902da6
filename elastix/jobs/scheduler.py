"""The default size's clock: a thread of the serving process that does what beat does in the real size."""

import logging
import threading

from django.conf import settings
from django.db import connections
from django.utils import timezone

logger = logging.getLogger(__name__)

SWEEP_SECONDS = 30
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
    """Take up lost jobs, run the schedules and start the recomputes that are due."""
    from elastix.dataset.versions import data_version
    from elastix.imports.services import uploads_purge
    from elastix.jobs.recompute import request_if_stale, request_recompute
    from elastix.jobs.running import reap
    from elastix.jobs.schedules import run_due

    reap()
    run_due()
    version, now = data_version(), timezone.now()
    if version.last_full_at and now - version.last_full_at >= settings.FULL_RECOMPUTE_EVERY:
        request_recompute(full=True)
        uploads_purge()
    elif version.is_stale and (
        version.published_at is None or now - version.published_at >= settings.REFRESH_EVERY
    ):
        request_if_stale()
