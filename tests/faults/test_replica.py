"""A streaming replica answers what it can answer as the primary would, and nothing depends on it."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import psycopg
import pytest

from tests.e2e.installation import Installation, wait_until
from tests.e2e.pages import pages_of
from tests.faults.servers import PostgreSQL, Replica

pytestmark = [pytest.mark.postgresql, pytest.mark.slow, pytest.mark.xdist_group("replica")]
LOGGED_IN = """
import json
from django.contrib.auth.models import User
from django.test import Client
client = Client()
client.force_login(User.objects.get(username="noor"))
print(json.dumps(client.cookies["sessionid"].value))
"""
# Those that have been asked something since they were compared with the primary.
END_READERS = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname LIKE 'e2e%' AND query NOT LIKE '%replay_lsn%'
"""
PRODUCT = "/api/products/P001"


class Shop:
    """A served demonstration shop with a primary and a replica."""

    def __init__(
        self, primary: PostgreSQL, replica: Replica, installation: Installation, client: httpx.Client
    ) -> None:
        self.primary, self.replica, self.installation, self.client = primary, replica, installation, client

    def get(self, path: str) -> Any:
        answer = self.client.get(path)
        assert answer.status_code == 200, (path, answer.text[:500])
        return answer.json()

    def asks_replica(self, path: str) -> bool:
        """Whether the tables behind an address are read from the replica now."""
        before = self.reads_of_replica()
        self.get(path)
        return self.reads_of_replica() > before

    def reads_of_replica(self) -> int:
        return sum(" FROM " in each for each in self.replica.statements())

    def rename(self, name: str) -> None:
        answer = self.client.patch(PRODUCT, json={"name": name})
        assert answer.status_code == 200, answer.text

    def on_replica(self, statement: str) -> None:
        with psycopg.connect(f"{self.replica.url()}/postgres", autocommit=True) as connection:
            connection.execute(statement)  # type: ignore[call-overload]

    def failures(self) -> list[str]:
        """What the server has said of the replica so far."""
        return [line for line in self.installation.log("server.log").splitlines() if "is left alone" in line]

    def until_the_replica_is_used(self) -> None:
        wait_until(lambda: self.asks_replica(PRODUCT), "the replica is used", every=0.2)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with ExitStack() as stack:
        primary = PostgreSQL()
        stack.callback(primary.remove)
        primary.start()
        replica = Replica(primary)
        stack.callback(replica.remove)
        replica.start()
        directory, server = tmp_path_factory.mktemp("replicated"), f"{primary.url()}/postgres"
        installation = stack.enter_context(
            Installation(directory, server, OPEN_API="true", OPEN_API_ROLE="manager")
        )
        database = installation.database_url.rpartition("/")[2]
        installation.environment["REPLICA_URL"] = f"{replica.url()}/{database}"
        installation.manage("demo", "--no-serve")
        address = stack.enter_context(installation.server())
        client = stack.enter_context(httpx.Client(base_url=address, timeout=60, follow_redirects=True))
        yield Shop(primary, replica, installation, client)


@pytest.fixture(autouse=True)
def in_use(shop: Shop) -> None:
    """Whatever the test before has done to it."""
    shop.until_the_replica_is_used()


def test_every_page_and_every_list_can_be_read_from_the_replica(shop: Shop) -> None:
    """Whatever one of them writes is written by the primary: the replica refuses nothing."""
    pages = pages_of(shop.installation)
    code = pages["product"].rpartition("/")[2]
    described = shop.get("/openapi.json")["paths"]
    lists = [
        path.replace("{code}", code).replace("{product_id}", code)
        for path, methods in described.items()
        if "get" in methods and path.count("{") <= ("{code}" in path) + ("{product_id}" in path)
    ]
    assert len(pages) > 30 and len(lists) > 30
    before = len(shop.failures())
    cookies = {"sessionid": shop.installation.shell(LOGGED_IN)}
    answers, from_replica = {}, set()
    with httpx.Client(base_url=shop.client.base_url, cookies=cookies, timeout=60) as noor:
        for path in [*pages.values(), *lists]:
            read = shop.reads_of_replica()
            answers[path] = noor.get(path)
            if shop.reads_of_replica() > read:
                from_replica.add(path)
    broken = {path: answer.status_code for path, answer in answers.items() if answer.status_code >= 500}
    assert broken == {}
    assert all(answers[path].status_code == 200 for path in pages.values())
    assert shop.failures()[before:] == []
    # The others read nothing, or while a job was writing.
    assert len(from_replica) > len(answers) / 2, from_replica


def test_what_was_written_is_shown_although_the_replica_does_not_have_it_yet(shop: Shop) -> None:
    shop.rename("Before")
    shop.until_the_replica_is_used()
    shop.on_replica("SELECT pg_wal_replay_pause()")
    try:
        shop.rename("After")
        assert shop.get(PRODUCT)["name"] == "After"
        assert not shop.asks_replica(PRODUCT)
    finally:
        shop.on_replica("SELECT pg_wal_replay_resume()")
    shop.until_the_replica_is_used()
    assert shop.get(PRODUCT)["name"] == "After"


def test_a_replica_that_is_gone_is_no_failure_and_is_used_again_when_it_is_back(shop: Shop) -> None:
    shop.replica.crash()
    try:
        assert shop.get(PRODUCT)["name"]
        health = shop.get("/health")
        assert health["status"] == "healthy"
        assert health["warnings"] == ["the read replica does not answer; the primary does in its place"]
    finally:
        shop.replica.start()
    shop.until_the_replica_is_used()
    assert shop.get("/health")["warnings"] == []


def test_a_request_whose_queries_the_replica_breaks_off_is_answered_by_the_primary(shop: Shop) -> None:
    broken_off, stop = "a query failed", threading.Event()
    before = sum(broken_off in each for each in shop.failures())

    def end_connections() -> None:
        with psycopg.connect(f"{shop.replica.url()}/postgres", autocommit=True) as connection:
            while not stop.wait(0.003):
                connection.execute(END_READERS)

    thread = threading.Thread(target=end_connections)
    thread.start()
    try:
        end = time.monotonic() + 90
        while sum(broken_off in each for each in shop.failures()) < before + 2:
            assert time.monotonic() < end, "no query was broken off"
            assert json.dumps(shop.get("/api/products/list?limit=200"))
    finally:
        stop.set()
        thread.join()
