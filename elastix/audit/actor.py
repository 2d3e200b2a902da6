"""The actor of a change, for the audit log: the user of the request or of the job, or a command."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any, NamedTuple

from elastix.logs import request_id


class Actor(NamedTuple):
    username: str
    source: str


_request: ContextVar[Any] = ContextVar("request", default=None)
_actor: ContextVar[Actor | None] = ContextVar("actor", default=None)


@contextmanager
def acting(actor: Actor) -> Iterator[None]:
    """Attribute changes made inside to this actor, whoever sent the request."""
    token = _actor.set(actor)
    try:
        yield
    finally:
        _actor.reset(token)


@contextmanager
def serving(request: Any) -> Iterator[None]:
    """Attribute changes made inside to the request's user, who is known once the view has authenticated."""
    token = _request.set(request)
    try:
        yield
    finally:
        _request.reset(token)


def present_actor() -> tuple[str, str, str]:
    """User name, source and request id of what is being done now."""
    actor, request = _actor.get(), _request.get()
    if actor is None and request is not None:
        user = getattr(request, "user", None)
        kind = next((name for name in ("admin", "desk") if request.path.startswith(f"/{name}/")), "api")
        actor = Actor(user.get_username() if user is not None else "", kind)
    return (*(actor or Actor("", _program())), request_id.get())


def _program() -> str:
    """`manage.py recompute`, or the program's name."""
    return " ".join([Path(sys.argv[0]).name, *sys.argv[1:2]])[:100] if sys.argv[0] else "python"
