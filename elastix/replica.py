"""Reads of safe requests from a streaming replica (REPLICA_URL), where it shows all that the primary had when they began.

Everything else is the primary's: jobs, commands, other methods, transactions, and whatever a request reads after its first
write.
"""

import logging
import time
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, Final

from django.core.exceptions import MiddlewareNotUsed
from django.db import DEFAULT_DB_ALIAS as PRIMARY
from django.db import Error as DatabaseError
from django.db import connections, models
from django.http import HttpRequest, HttpResponse

logger = logging.getLogger(__name__)

REPLICA: Final = "replica"
SAFE: Final = ("GET", "HEAD")
# The admin writes in many ways; /health tells how the primary does.
OF_THE_PRIMARY: Final = ("/admin/", "/static/", "/health")
# A session is written by the request that reads it.
APPS_OF_THE_PRIMARY: Final = frozenset({"sessions"})
# After a failure the replica is not tried again for this long: one that hangs delays one request, not every one.
REST_SECONDS: Final = 5.0
MUCH_BEHIND_BYTES: Final = 16 * 1024 * 1024
# NULL where it was promoted: it goes its own way then.
_BEHIND: Final = (
    "SELECT CASE WHEN pg_is_in_recovery() THEN pg_wal_lsn_diff(%s::pg_lsn, pg_last_wal_replay_lsn()) END"
)
_rests_until = 0.0


class Choice:
    """Where a request reads: the alias of a database, None before its first read."""

    alias: str | None = None


_choice: ContextVar[Choice | None] = ContextVar("choice", default=None)


class ReplicaRouter:
    """Django's router of queries: reads follow the request's choice, everything else goes to the primary."""

    def db_for_read(self, model: type[models.Model], **hints: Any) -> str:
        return PRIMARY if model._meta.app_label in APPS_OF_THE_PRIMARY else alias_for_reads()

    def db_for_write(self, model: type[models.Model], **hints: Any) -> str:
        stay_on_primary()
        return PRIMARY

    def allow_relation(self, *rows: models.Model, **hints: Any) -> bool:
        return True

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        return db == PRIMARY


class ReplicaMiddleware:
    """Let safe requests choose where they read; one that the replica fails is answered by the primary."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        if REPLICA not in connections.settings:
            raise MiddlewareNotUsed
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method not in SAFE or request.path.startswith(OF_THE_PRIMARY):
            return self.get_response(request)
        token = _choice.set(Choice())
        try:
            response = self.get_response(request)
        finally:
            _choice.reset(token)
        if connections[REPLICA].errors_occurred:
            _rest("a query failed")
            response = self.get_response(request)
        return response


def alias_for_reads() -> str:
    """Which database the present request reads; the replica is compared with the primary at the first read."""
    choice = _choice.get()
    if choice is None:
        return PRIMARY
    if connections[PRIMARY].in_atomic_block:
        choice.alias = PRIMARY
    elif choice.alias is None:
        behind = bytes_behind()
        choice.alias = REPLICA if behind is not None and behind <= 0 else PRIMARY
    return choice.alias


def stay_on_primary() -> None:
    """Before a write: what the request reads from now on must show it."""
    if choice := _choice.get():
        choice.alias = PRIMARY


def bytes_behind() -> int | None:
    """How much of what the primary has written by now the replica does not show yet; None: it does not answer, or rests.

    The place where the primary writes next is asked for first, and it is that of what was inserted, not of what is on disk:
    a commit that does not wait for the disk can be seen before.
    """
    if time.monotonic() < _rests_until:
        return None
    with connections[PRIMARY].cursor() as cursor:
        cursor.execute("SELECT pg_current_wal_insert_lsn()")
        (written,) = cursor.fetchone()
    was_open = connections[REPLICA].connection is not None
    try:
        try:
            behind = _behind(written)
        except DatabaseError:
            if not was_open:
                raise
            # The replica may have been started anew since the connection was opened.
            connections[REPLICA].close()
            behind = _behind(written)
    except DatabaseError as error:
        _rest(str(error))
        return None
    if behind is None:
        _rest("it is no replica (any more)")
    return behind


def warnings() -> list[str]:
    """What /health says of the replica."""
    if REPLICA not in connections.settings:
        return []
    behind = bytes_behind()
    if behind is None:
        return ["the read replica does not answer; the primary does in its place"]
    if behind > MUCH_BEHIND_BYTES:
        return [f"the read replica is {behind // 1024**2} MB behind; the primary answers in its place"]
    return []


def _behind(written: str) -> int | None:
    with connections[REPLICA].cursor() as cursor:
        cursor.execute(_BEHIND, [written])
        (behind,) = cursor.fetchone()
    return None if behind is None else int(behind)


def _rest(why: str) -> None:
    global _rests_until
    _rests_until = time.monotonic() + REST_SECONDS
    connections[REPLICA].close()
    connections[REPLICA].errors_occurred = False
    logger.warning("the read replica is left alone for %d s: %s", REST_SECONDS, why)
