"""Asking another server: with time limits, again after a fault that passes, and never more than it allows.

What is sent to identify us is never part of an address, a message or a log line.
"""

import datetime as dt
import email.utils
import json
import ssl
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from typing import Any, Final, NamedTuple, NoReturn

import httpx

from pricing.connections.core.answers import BadAnswer, PlatformError

TIMEOUT: Final = httpx.Timeout(30, connect=10)
LONGEST_ANSWER_SECONDS: Final = 120.0
MOST_BYTES: Final = 32 * 1024 * 1024
ATTEMPTS: Final = 5
FIRST_WAIT: Final = 1.0
LONGEST_WAIT: Final = 120.0

Pause = Callable[[float], None]


class Answer(NamedTuple):
    """What a server answered: JSON with decimals for fractions, and the headers."""

    data: Any
    headers: Mapping[str, str]


class Server:
    """One platform's API.

    Parameters
    ----------
    name : as messages call it.
    base : address that paths are appended to.
    secrets : texts that must not appear in any message.
    pause : waits for the given number of seconds.
    """

    def __init__(
        self,
        name: str,
        base: str,
        *,
        secrets: Sequence[str],
        auth: tuple[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        pause: Pause = time.sleep,
    ) -> None:
        self.name, self.pause = name, pause
        self._secrets = [secret for secret in secrets if secret]
        # A redirect would carry what identifies us to another server. Certificates are those the system trusts.
        self._client = httpx.Client(
            base_url=base,
            auth=auth,
            headers={"Accept": "application/json", "User-Agent": "elastix", **(headers or {})},
            timeout=TIMEOUT,
            follow_redirects=False,
            verify=ssl.create_default_context(),
        )

    def close(self) -> None:
        self._client.close()

    def ask(self, method: str, path: str, *, params: Any = None, body: Any = None) -> Answer:
        """Send a request and return the answer; only requests that may be sent twice are to be sent by this.

        Raises
        ------
        PlatformError : it was refused, or failed in several attempts.
        """
        fault = ""
        for attempt in range(ATTEMPTS):
            try:
                answer = self._send(method, path, params, body)
            except httpx.HTTPError as error:
                fault, wait = type(error).__name__, None
            except _Passing as passing:
                fault, wait = str(passing), passing.wait
            else:
                return answer
            if attempt + 1 < ATTEMPTS:
                self.pause(min(FIRST_WAIT * 2**attempt if wait is None else wait, LONGEST_WAIT))
        return self.fail(f"gave no answer in {ATTEMPTS} attempts ({fault})")

    def fail(self, what: str) -> NoReturn:
        """Raise PlatformError for the platform, without anything that identifies us."""
        for secret in self._secrets:
            what = what.replace(secret, "***")
        raise PlatformError(f"{self.name} {what}.") from None

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Refuse, within this block, an answer that is not what the platform documents."""
        try:
            yield
        except BadAnswer as error:
            self.fail(f"answers what cannot be read. {str(error).removesuffix('.')}")

    def _send(self, method: str, path: str, params: Any, body: Any) -> Answer:
        with self._client.stream(method, path, params=params, json=body) as response:
            content = self._read(response)
            status = response.status_code
            if status == 429 or status >= 500:
                raise _Passing(f"HTTP {status}", _retry_after(response.headers.get("Retry-After")))
            if 300 <= status < 400:
                self.fail("answers with a redirect: configure the address it leads to")
            if status in (401, 403):
                self.fail(f"refuses our credentials (HTTP {status}): check the key and what it may do")
            if status >= 400:
                self.fail(f"refuses a request to {path} (HTTP {status}){_said(content)}")
            try:
                return Answer(
                    json.loads(content, parse_float=Decimal, parse_constant=_no_constant), response.headers
                )
            except (ValueError, RecursionError):
                kind = response.headers.get("Content-Type", "unknown")[:60]
                return self.fail(f"answers a request to {path} with something that is not JSON (type {kind})")

    def _read(self, response: httpx.Response) -> bytes:
        content, end = bytearray(), time.monotonic() + LONGEST_ANSWER_SECONDS
        for piece in response.iter_bytes():
            content += piece
            if len(content) > MOST_BYTES:
                self.fail(f"answers with more than {MOST_BYTES // 2**20} MB")
            if time.monotonic() > end:
                raise _Passing(f"an answer took longer than {LONGEST_ANSWER_SECONDS:.0f} seconds", None)
        return bytes(content)


class _Passing(Exception):
    """A fault that may pass; `wait` is for how many seconds the server asks, None where it does not say."""

    def __init__(self, fault: str, wait: float | None) -> None:
        self.wait = wait
        super().__init__(fault)


def _retry_after(value: str | None) -> float | None:
    """Read the header Retry-After: seconds, or a date."""
    if not value:
        return None
    if value.isascii() and value.isdigit():
        return float(value[:6])
    try:
        moment = email.utils.parsedate_to_datetime(value)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
    return max((moment - dt.datetime.now(dt.UTC)).total_seconds(), 0.0)


def _said(content: bytes) -> str:
    """The platform's own words of an error, in one short line."""
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        return ""
    message = found.get("message") if isinstance(found, dict) else None
    return f": {' '.join(message.split())[:200]}" if isinstance(message, str) else ""


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")
