"""Ask the API as one of the cast, and write down what was asked and answered."""

import datetime as dt
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch
from urllib.parse import quote, urlencode

from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from rest_framework.test import APIClient

from tests.conftest import client_of, user_with_role
from tests.integration.recording.normal import Placeholders, kind_of, short
from tests.shops import AS_OF, Commits

ROLES = ("viewer", "analyst", "manager", "admin")
# Whose role is one too low for what the first may do; a stranger is logged in and in no group.
BELOW = {"viewer": "stranger", "analyst": "viewer", "manager": "analyst", "admin": "manager"}
HEADERS = ("Allow", "Cache-Control", "Content-Disposition", "ETag", "Location", "WWW-Authenticate")
USUAL_VARY = "Accept, Authorization, Cookie, Origin"
OPENED = dt.datetime.combine(AS_OF, dt.time(9), dt.UTC)

NO_UUID = "00000000-0000-7000-8000-000000000000"
NOWHERE: dict[str, tuple[Any, ...]] = {
    "code": ("NO SUCH PRODUCT",),
    **dict.fromkeys(("import", "transaction", "simulation", "batch"), (NO_UUID, "no-uuid")),
    **dict.fromkeys(
        (
            "alert",
            "applied",
            "change",
            "competitor",
            "job",
            "policy",
            "price",
            "relation",
            "rule",
            "run",
            "token",
        ),
        (999_999_999, 2**63),
    ),
}
"""For every name in an address, values that nothing is found under."""

PAGES: tuple[dict[str, Any], ...] = ({"limit": 0}, {"limit": 1001}, {"limit": "many"}, {"offset": -1})
DATES: tuple[dict[str, Any], ...] = (
    {"start_date": "yesterday"},
    {"endDate": "2025-02-30"},
    {"start_date": "2025-03-02", "end_date": "2025-03-01"},
    {"start_date": "2025-03-02", "startDate": "2025-03-01"},
)


class Clock:
    """The time as Django tells it; it stands still until it is moved."""

    def __init__(self) -> None:
        self.time = OPENED

    def tick(self) -> None:
        self.time += dt.timedelta(seconds=1)

    def set(self, hour: int) -> None:
        self.time = OPENED.replace(hour=hour)

    @contextmanager
    def telling(self) -> Iterator[None]:
        clock = self

        class Told(dt.datetime):
            @classmethod
            def now(cls, tz: dt.tzinfo | None = None) -> dt.datetime:  # type: ignore[override]
                return clock.time.astimezone(tz) if tz else clock.time.replace(tzinfo=None)

        with patch.object(timezone, "datetime", Told):
            yield


class Api:
    """Clients of every role. Calls are recorded in `entries`; what a script did not expect in `surprises`."""

    def __init__(self, commits: Commits, clock: Clock) -> None:
        self.commits, self.clock = commits, clock
        stranger = User.objects.create_user("stranger", password="a stranger's password")
        self.clients = {"anonymous": APIClient(), "stranger": client_of(stranger)}
        self.clients |= {role: client_of(user_with_role(role)) for role in ROLES}
        for client in self.clients.values():
            client.raise_request_exception = False
        self.ids: dict[str, Any] = {"code": "CUP"}
        self.start_anew()

    def start_anew(self) -> None:
        """Forget what was asked up to now."""
        self.entries: list[dict[str, Any]] = []
        self.surprises: list[str] = []
        self.placeholders = Placeholders()

    # --- one request --------------------------------------------------------------------------------

    def get(self, path: str, *, role: str = "viewer", **asked: Any) -> Any:
        return self.ask("GET", path, role=role, **asked)

    def post(self, path: str, body: Any = None, *, role: str = "analyst", **asked: Any) -> Any:
        return self.ask("POST", path, role=role, body=body, **asked)

    def put(self, path: str, body: Any = None, *, role: str = "analyst", **asked: Any) -> Any:
        return self.ask("PUT", path, role=role, body=body, **asked)

    def patch(self, path: str, body: Any = None, *, role: str = "analyst", **asked: Any) -> Any:
        return self.ask("PATCH", path, role=role, body=body, **asked)

    def delete(self, path: str, *, role: str = "analyst", **asked: Any) -> Any:
        return self.ask("DELETE", path, role=role, **asked)

    def ask(
        self, method: str, path: str, *, role: str, query: Any = None, body: Any = None,
        upload: dict[str, Any] | None = None, headers: dict[str, str] | None = None, expect: int = 200, answer: bool = True,
    ) -> Any:  # fmt: skip
        """Send one request and record it; return the answer as it came.

        `{name}` in the path and in the query stands for `ids[name]`. A body that is text is sent as it is; an
        upload is a form whose `file` is (name, content). `expect` is a status; 200 stands for any success. Of
        what is recorded without its `answer` only the status and the headers count.
        """
        self.clock.tick()
        asked = path + (f"?{urlencode(query, doseq=True, safe='{}')}" if query else "")
        entry: dict[str, Any] = {"request": f"{method} {asked}", "as": role}
        entry |= {
            name: value
            for name, value in (("body", body), ("upload", upload), ("headers", headers))
            if value is not None
        }
        with self.commits():
            response = self.clients[role].generic(
                method,
                self._filled(asked),
                headers={name: value.format(**self.ids) for name, value in (headers or {}).items()},
                **self._content(body, upload),
            )
        content = answer_of(response)
        self.entries.append(entry | self._answered(path, response, content if answer else None))
        fits = response.status_code == expect or (expect == 200 and 200 <= response.status_code < 300)
        if not fits:
            said = f"{response.status_code}, not {expect}: {short(content)}"
            self.surprises.append(f"{entry['request']} {short(body)} as {role}: {said}")
        self.last_headers = response.headers
        return content

    def _filled(self, asked: str) -> str:
        return asked.format(**{name: quote(str(value), safe="") for name, value in self.ids.items()})

    def _content(self, body: Any, upload: dict[str, Any] | None) -> dict[str, Any]:
        if upload is not None:
            name, text = upload.get("file", ("", ""))
            form = {key: value for key, value in upload.items() if key != "file"}
            if name:
                form["file"] = SimpleUploadedFile(name, text.encode())
            data, content_type = APIClient()._encode_data(form, format="multipart")
            return {"data": data, "content_type": content_type}
        if body is None:
            return {}
        data = body if isinstance(body, str) else json.dumps(body)
        return {"data": data, "content_type": "application/json"}

    def _answered(self, path: str, response: Any, answer: Any) -> dict[str, Any]:
        known = self.placeholders
        headers = {name: response.headers[name] for name in HEADERS if name in response.headers}
        if not (response.status_code == 405 or answer is None):
            headers.pop("Allow", None)
        if response.headers.get("Vary") != USUAL_VARY:
            headers["Vary"] = response.headers.get("Vary")
        answered: dict[str, Any] = {
            "status": response.status_code,
            "type": response.headers.get("Content-Type"),
        }
        if headers:
            answered["answer headers"] = known.headers(headers)
        if answer is not None:
            answered["answer"] = known.replaced(answer, kind_of(path))
        return answered

    # --- many refusals of one endpoint --------------------------------------------------------------

    def refused(
        self, method: str, path: str, *, role: str, body: Any = None, upload: dict[str, Any] | None = None,
        queries: Iterable[dict[str, Any]] = (), bodies: Iterable[Any] = (), query: dict[str, Any] | None = None,
    ) -> None:  # fmt: skip
        """Ask for what is refused: anonymous, role too low, unknown parameter, unknown id, each query, each body.

        `query`, `body` and `upload` are what would have been accepted.
        """
        good: dict[str, Any] = {"query": query, "body": body, "upload": upload}
        self.ask(method, path, role="anonymous", expect=401, **good)
        self.ask(method, path, role=BELOW[role], expect=403, **good)
        self.ask(method, path, role=role, expect=400, **good | {"query": {**(query or {}), "nonsense": 1}})
        for nowhere in self._nowhere(path):
            self.ask(method, nowhere, role=role, expect=404, **good)
        for each in queries:
            self.ask(method, path, role=role, expect=400, **good | {"query": {**(query or {}), **each}})
        if body is not None:
            for wrong in ("{", "[1]", *bodies):
                self.ask(method, path, role=role, expect=400, **good | {"body": wrong})

    @staticmethod
    def _nowhere(path: str) -> Iterator[str]:
        for name, values in NOWHERE.items():
            if f"{{{name}}}" in path:
                for value in values:
                    yield path.replace(f"{{{name}}}", quote(str(value)))


def answer_of(response: Any) -> Any:
    """The body of a response: JSON as data, anything else as text."""
    content = b"".join(response.streaming_content) if response.streaming else response.content
    if not content:
        return None
    text = content.decode()
    return json.loads(text) if "json" in response.headers["Content-Type"] else text
