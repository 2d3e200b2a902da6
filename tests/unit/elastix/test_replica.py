"""Where a request reads: from the replica while that has everything, from the primary in all other cases."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.core.exceptions import MiddlewareNotUsed
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from elastix import replica, sql
from elastix.replica import PRIMARY, REPLICA, ReplicaMiddleware, ReplicaRouter, alias_for_reads

ROUTER = ReplicaRouter()
UP_TO_DATE, GONE = 0, OperationalError("connection refused")


class Connection:
    """A database whose every query has one answer, or fails."""

    def __init__(self, answer: Any) -> None:
        self.answer, self.asked, self.closed = answer, 0, 0
        self.connection: object | None = None
        self.in_atomic_block = self.errors_occurred = False

    @contextmanager
    def cursor(self) -> Iterator[Any]:
        self.asked += 1
        if isinstance(self.answer, Exception):
            self.errors_occurred = True
            raise self.answer
        if self.connection is None:
            self.errors_occurred = False  # as Django does with a new one
        self.connection = object()
        yield self

    def execute(self, *_: Any) -> None: ...

    def fetchone(self) -> tuple[Any]:
        return (self.answer,)

    def close(self) -> None:
        self.closed += 1
        self.connection = None


class Connections(dict[str, Connection]):
    settings = (PRIMARY, REPLICA)


@pytest.fixture
def databases(monkeypatch: pytest.MonkeyPatch) -> Connections:
    made = Connections({PRIMARY: Connection("0/16B3748"), REPLICA: Connection(UP_TO_DATE)})
    monkeypatch.setattr(replica, "connections", made)
    monkeypatch.setattr(replica, "_rests_until", 0.0)
    return made


def asked(*views: Callable[[], Any], method: str = "GET", path: str = "/elasticity") -> list[Any]:
    """What the views found when a request was given to each of them in turn; the last one's answer stays."""
    found: list[Any] = []
    left = list(views)

    def view(request: HttpRequest) -> HttpResponse:
        found.append(left.pop(0)())
        return HttpResponse()

    ReplicaMiddleware(view)(RequestFactory().generic(method, path))
    return found


def read() -> str:
    return ROUTER.db_for_read(User)


def test_without_a_replica_nothing_is_in_the_way() -> None:
    with pytest.raises(MiddlewareNotUsed):
        ReplicaMiddleware(lambda request: HttpResponse())
    assert replica.warnings() == []


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_replica_that_has_everything_is_read_and_compared_once(databases: Connections, method: str) -> None:
    assert asked(lambda: [read(), read(), alias_for_reads()], method=method) == [[REPLICA] * 3]
    assert (databases[PRIMARY].asked, databases[REPLICA].asked) == (1, 1)


@pytest.mark.parametrize("lead", [-24, 0])
def test_one_that_is_ahead_of_what_the_primary_had_then_has_everything(
    databases: Connections, lead: int
) -> None:
    databases[REPLICA].answer = lead
    assert asked(read) == [REPLICA]


def test_one_that_is_a_byte_behind_is_not_read_in_the_whole_request(databases: Connections) -> None:
    databases[REPLICA].answer = 1

    def view() -> list[str]:
        first = read()
        databases[REPLICA].answer = UP_TO_DATE
        return [first, read()]

    assert asked(view) == [[PRIMARY, PRIMARY]]
    assert asked(read) == [REPLICA]


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_other_methods_read_the_primary(databases: Connections, method: str) -> None:
    assert asked(read, method=method) == [PRIMARY]


@pytest.mark.parametrize("path", ["/admin/", "/health"])
def test_the_admin_and_health_read_the_primary(databases: Connections, path: str) -> None:
    assert asked(read, path=path) == [PRIMARY]


def test_outside_requests_and_after_them_the_primary_is_read_and_nobody_asked(databases: Connections) -> None:
    assert read() == PRIMARY
    asked(read)
    assert read() == PRIMARY
    assert databases[PRIMARY].asked == 1


def test_a_request_that_reads_nothing_asks_nothing(databases: Connections) -> None:
    asked(lambda: None)
    assert (databases[PRIMARY].asked, databases[REPLICA].asked) == (0, 0)


def test_sessions_are_the_primary_s(databases: Connections) -> None:
    assert asked(lambda: ROUTER.db_for_read(Session)) == [PRIMARY]


def test_after_a_write_the_request_reads_what_it_wrote(databases: Connections) -> None:
    assert asked(lambda: [read(), ROUTER.db_for_write(User), read()]) == [[REPLICA, PRIMARY, PRIMARY]]


def test_raw_statements_are_written_to_the_primary_and_rows_fetched_where_the_request_reads(
    databases: Connections, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sql, "connections", databases)
    monkeypatch.setattr(sql, "connection", databases[PRIMARY])
    for each in databases.values():
        each.fetchall = lambda name=each: [name]  # type: ignore[attr-defined]
        each.rowcount = 1  # type: ignore[attr-defined]

    def view() -> list[Any]:
        before = sql.fetch("SELECT 1")
        sql.execute("UPDATE shop SET name = ''")
        return [before, sql.fetch("SELECT 1")]

    assert asked(view) == [[[databases[REPLICA]], [databases[PRIMARY]]]]


def test_in_a_transaction_and_after_it_the_primary_is_read(databases: Connections) -> None:
    def view() -> list[str]:
        databases[PRIMARY].in_atomic_block = True
        inside = read()
        databases[PRIMARY].in_atomic_block = False
        return [inside, read()]

    assert asked(view) == [[PRIMARY, PRIMARY]]


def test_one_that_does_not_answer_rests_and_is_asked_again_afterwards(
    databases: Connections, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1000.0
    monkeypatch.setattr(replica.time, "monotonic", lambda: now)
    databases[REPLICA].answer = GONE
    assert asked(read) == asked(read) == [PRIMARY]
    assert databases[REPLICA].asked == 1
    assert replica.warnings() == ["the read replica does not answer; the primary does in its place"]
    databases[REPLICA].answer = UP_TO_DATE
    now += replica.REST_SECONDS - 0.1
    assert asked(read) == [PRIMARY]
    now += 0.1
    assert asked(read) == [REPLICA]
    assert replica.warnings() == []


def test_a_kept_connection_of_a_replica_that_was_started_anew_is_opened_again(databases: Connections) -> None:
    databases[REPLICA].connection = object()
    answers = iter([GONE, None])
    real = Connection.cursor

    def once_broken(self: Connection) -> Any:
        self.answer = next(answers) or UP_TO_DATE
        return real(self)

    databases[REPLICA].cursor = once_broken.__get__(databases[REPLICA])  # type: ignore[method-assign]
    assert asked(read) == [REPLICA]
    assert databases[REPLICA].closed == 1


def test_a_replica_that_was_promoted_is_none(databases: Connections) -> None:
    databases[REPLICA].answer = None
    assert asked(read) == asked(read) == [PRIMARY]
    assert databases[REPLICA].asked == 1
    assert replica.warnings() != []


def test_health_says_how_far_behind_it_is(databases: Connections) -> None:
    databases[REPLICA].answer = replica.MUCH_BEHIND_BYTES
    assert replica.warnings() == []
    databases[REPLICA].answer = 40 * 1024**2
    assert replica.warnings() == ["the read replica is 40 MB behind; the primary answers in its place"]


def test_a_request_that_the_replica_fails_is_answered_anew_by_the_primary(databases: Connections) -> None:
    def fails() -> str:
        alias = read()
        databases[REPLICA].errors_occurred = True
        return alias

    assert asked(fails, read) == [REPLICA, PRIMARY]
    assert asked(read) == [PRIMARY]  # the replica rests, and is not to blame a second time
