"""Whatever breaks in the middle of an import: every row is stored once, and all figures are published.

    pytest tests/faults                             the quick ones, twice each
    pytest tests/faults --fault-repetitions 20      all of them, as often as that

Each begins with an upload and breaks something at a moment that differs from repetition to repetition.
"""

import os
import random
import signal
import threading
import time
import uuid
from collections.abc import Iterator

import pytest
from celery import Celery

from tests.faults.site import LEASE_SECONDS, Site

pytestmark = [pytest.mark.postgresql, pytest.mark.redis, pytest.mark.slow, pytest.mark.xdist_group("faults")]
by_hand = pytest.mark.by_hand
PUBLISHED_AFTER_REDIS_SECONDS = 60


@pytest.fixture(autouse=True)
def nothing_is_lost_or_doubled(site: Site, repetition: int) -> Iterator[None]:
    """After the fault: everything comes to rest, and the transactions are what the files say."""
    yield
    taken = site.seconds_until_settled()
    print(f"settled {taken:.1f} s after the fault")
    assert site.differences() == []


def at_some_moment(repetition: int) -> None:
    time.sleep(random.Random(repetition).uniform(0.0, 2.0))


def test_a_worker_is_killed(site: Site, repetition: int) -> None:
    site.send()
    at_some_moment(repetition)
    site.end("worker")
    site.start("worker")


def test_redis_is_emptied(site: Site, repetition: int) -> None:
    site.send()
    at_some_moment(repetition)
    site.redis.client().flushall()
    site.send(500)


def test_a_job_is_delivered_several_times(site: Site, repetition: int) -> None:
    site.send()
    ((job,),) = site.asked("SELECT MAX(id) FROM elastix_job WHERE kind = 'import_transactions'")
    clients = Celery(broker=site.redis.url(0))
    for _ in range(6):
        clients.send_task("elastix.jobs.tasks.run", [job])


def test_a_message_that_nobody_understands_harms_nobody(site: Site, repetition: int) -> None:
    unknown = '{"body": "W1tdLCB7fSwge31d", "content-encoding": "utf-8", "content-type": "application/json", "headers":'
    unknown += f' {{"task": "no.such.task", "id": "{uuid.uuid4()}", "lang": "py"}}, "properties": {{"delivery_mode": 2,'
    unknown += (
        f' "delivery_info": {{"exchange": "", "routing_key": "celery"}}, "delivery_tag": "{uuid.uuid4()}",'
    )
    unknown += ' "body_encoding": "base64"}}'
    site.redis.client().rpush("celery", unknown)
    site.send(500)


@by_hand
def test_a_process_of_the_worker_s_pool_is_killed(site: Site, repetition: int) -> None:
    site.send()
    at_some_moment(repetition)
    os.kill(random.Random(repetition).choice(site.pool_children()), signal.SIGKILL)


@by_hand
def test_a_worker_is_asked_to_end(site: Site, repetition: int) -> None:
    site.send()
    at_some_moment(repetition)
    site.end("worker", signal.SIGTERM)
    site.start("worker")


@by_hand
def test_the_server_is_killed_during_an_upload(site: Site, repetition: int) -> None:
    file = site.oracle.file(site.directory, 20_000)
    client = threading.Thread(target=site.taken, args=(file,))
    client.start()
    time.sleep(random.Random(repetition).uniform(0.0, 0.5))
    site.end("web")
    client.join()
    site.start("web")
    assert site.taken(file)


@by_hand
def test_postgresql_is_killed(site: Site, repetition: int) -> None:
    site.send()
    at_some_moment(repetition)
    site.postgresql.crash()
    time.sleep(1)
    site.postgresql.start()


@by_hand
def test_an_upload_while_redis_is_down_is_published_soon_after_it_is_back(
    site: Site, repetition: int
) -> None:
    site.redis.stop()
    site.send(500)
    time.sleep(random.Random(repetition).uniform(1, 40))
    site.redis.start()
    taken = site.seconds_until_settled()
    assert taken <= PUBLISHED_AFTER_REDIS_SECONDS, f"{taken:.0f} s after Redis was back"


@by_hand
def test_an_upload_while_redis_hangs(site: Site, repetition: int) -> None:
    site.redis.pause()
    site.send(500)
    time.sleep(random.Random(repetition).uniform(1, 20))
    site.redis.resume()
    taken = site.seconds_until_settled()
    assert taken <= PUBLISHED_AFTER_REDIS_SECONDS, f"{taken:.0f} s after Redis went on"


@by_hand
def test_a_worker_stands_still_past_its_lease(site: Site, repetition: int) -> None:
    site.send()
    at_some_moment(repetition)
    site.signal("worker", signal.SIGSTOP)
    site.start("worker 2")
    time.sleep(LEASE_SECONDS + 3)
    site.signal("worker", signal.SIGCONT)
    site.seconds_until_settled()
    site.end("worker 2", signal.SIGTERM)


@by_hand
def test_two_clocks_run(site: Site, repetition: int) -> None:
    site.start("beat 2")
    site.send(500)
    site.seconds_until_settled()
    site.end("beat 2", signal.SIGTERM)


@by_hand
def test_two_files_at_once(site: Site, repetition: int) -> None:
    site.send()
    site.send()


@by_hand
def test_everything_is_started_anew(site: Site, repetition: int) -> None:
    site.send()
    at_some_moment(repetition)
    for name in ("web", "worker", "beat"):
        site.end(name)
    site.redis.stop()
    site.postgresql.crash()
    site.postgresql.start()
    site.redis.start()
    site.start("web", "worker", "beat")


@by_hand
def test_the_data_verify_after_all_of_it(site: Site, repetition: int) -> None:
    site.seconds_until_settled()
    site.installation.manage("verify")
