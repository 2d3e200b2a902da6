"""Put abandoned jobs into the queue again, from a thread of every worker: the table is the source of truth.

A hint is lost where Redis was away when the job was made, was emptied, or gave it to a worker that died with it. The clock alone
does not find such a job soon: its own ticks go through the same queue.
"""

import logging
import threading
from typing import Final

from django.db import Error as DatabaseError
from django.db import connections
from kombu.exceptions import ChannelError, OperationalError

from elastix.jobs.runner import abandoned_jobs, enqueue

logger = logging.getLogger(__name__)

WATCH_SECONDS: Final = 5
MOST_HINTS: Final = 20


def start_watching() -> None:
    """Start the thread of a worker's main process; Celery calls it when the worker is ready, after each reconnection too."""
    if not any(thread.name == "watch jobs" for thread in threading.enumerate()):
        threading.Thread(target=_watch_for_ever, name="watch jobs", daemon=True).start()


def _watch_for_ever() -> None:
    stop = threading.Event()
    while not stop.wait(WATCH_SECONDS):
        try:
            publish_abandoned()
        except (DatabaseError, OperationalError, OSError) as error:
            logger.warning("abandoned jobs could not be looked for: %s", error)
        finally:
            connections.close_all()


def publish_abandoned() -> list[int]:
    """Put jobs that nobody works on into the queue again, where none waits in it; return them.

    A queue with something in it is being worked off, or nobody is there to work: more hints would only pile up.
    """
    ids = list(abandoned_jobs()[:MOST_HINTS])
    if not ids or hints_waiting():
        return []
    for job_id in ids:
        enqueue(job_id)
    logger.info("jobs that nobody worked on were put into the queue: %s", ids)
    return ids


def hints_waiting() -> int:
    """How many messages wait in the queue."""
    from elastix.celery import app

    with app.connection_for_write() as connection:
        connection.ensure_connection(max_retries=1, interval_start=0)
        try:
            queue = connection.default_channel.queue_declare(app.conf.task_default_queue, passive=True)
        except ChannelError:  # Redis has no empty lists
            return 0
        return int(queue.message_count)
