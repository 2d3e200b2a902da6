"""Cache rendered answers of reads until the data that they show change.

Two places keep them. The cache that all processes share keeps the bytes of one version, so that a body is computed and
written out once. The process itself also keeps whole answers to requests with a token: those are given before the
request reaches a view, after one query for the versions. Both know an answer by everything it depends on; what no
version covers (stock, prices of today, competitors) is never kept.
"""

import datetime as dt
import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import Any
from zlib import crc32

from django.conf import settings
from django.db.models import F, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.cache import get_conditional_response

from elastix import __version__
from elastix.api.models import AccessVersion
from elastix.dataset.models import DataVersion

MOST_BYTES_OF_ONE = 1024 * 1024
# After this long the view is asked again, so that the recorded last use of a token stays true.
KEPT_SECONDS = 60.0
TOKEN_KEYWORD = "Token "  # noqa: S105  (the scheme, not a secret)

Key = tuple[str, ...]


@dataclass(frozen=True)
class Covered:
    """What an answer depends on.

    Attributes
    ----------
    tag, live : of its versions, and whether the sales as they are now are among them.
    expires_at : when the token ends with which it was asked for.
    """

    tag: str
    live: bool
    expires_at: dt.datetime | None = None


@dataclass(frozen=True)
class CachedAnswer:
    covered: Covered
    access: int
    until: float
    body: bytes
    headers: dict[str, str]

    def holds(self, versions: Any) -> bool:
        """Whether nothing has changed that the answer shows or rests on."""
        ends = self.covered.expires_at
        return (
            self.access == versions.access
            and self.covered.tag == etag_of(versions, live=self.covered.live)
            and time.monotonic() < self.until
            and (ends is None or timezone.now() < ends)
        )

    def response(self, request: HttpRequest) -> HttpResponse:
        """A fresh answer, or 304 where the client has it."""
        response = HttpResponse(self.body, headers=self.headers)
        # The request is no condition that a GET could fail, so there is always an answer.
        return get_conditional_response(request, etag=self.covered.tag, response=response)  # type: ignore[return-value]


class AnswerCache:
    """Answers by key, the least recently asked for dropped when bodies pass `ANSWERS_KEPT_MB`. Safe among threads."""

    def __init__(self) -> None:
        self.bytes = 0
        self._found: OrderedDict[Key, CachedAnswer] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Key) -> CachedAnswer | None:
        with self._lock:
            found = self._found.get(key)
            if found is not None:
                self._found.move_to_end(key)
            return found

    def put(self, key: Key, answer: CachedAnswer) -> None:
        with self._lock:
            self._drop(key)
            self._found[key] = answer
            self.bytes += len(answer.body)
            while self.bytes > 1024 * 1024 * settings.ANSWERS_KEPT_MB:
                self._drop(next(iter(self._found)))

    def drop(self, key: Key) -> None:
        with self._lock:
            self._drop(key)

    def clear(self) -> None:
        with self._lock:
            self._found.clear()
            self.bytes = 0

    def _drop(self, key: Key) -> None:
        found = self._found.pop(key, None)
        if found is not None:
            self.bytes -= len(found.body)


ANSWERS = AnswerCache()


class AnswerCacheMiddleware:
    """Answer GET requests with a token from the process's memory while versions, users and tokens are unchanged."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        key = key_of(request)
        if key is None:
            return self.get_response(request)
        # Read before the view checks the token: what changes meanwhile makes the answer an old one at once.
        versions = _versions()
        if versions is None:
            return self.get_response(request)
        found = ANSWERS.get(key)
        if found is not None:
            if found.holds(versions):
                return found.response(request)
            ANSWERS.drop(key)
        response = self.get_response(request)
        covered: Covered | None = getattr(response, "covered", None)
        if (
            covered is not None
            and response.status_code == 200
            and not response.streaming
            and not response.cookies
            and response.get("Content-Type") == "application/json"
            and len(response.content) <= MOST_BYTES_OF_ONE
            and covered.tag == etag_of(versions, live=covered.live)
        ):
            until = time.monotonic() + KEPT_SECONDS
            headers = dict(response.items())
            ANSWERS.put(key, CachedAnswer(covered, versions.access, until, response.content, headers))
        return response


def etag_of(version: DataVersion, *, live: bool) -> str:
    """The tag of what belongs to a published version; of live answers also to a state of the sales."""
    published, catalogue, sales = state_of(version, live=live)
    stamp = int(version.published_at.timestamp() * 1000) if version.published_at else 0
    shop = f"{settings.SHOP_CURRENCY} {settings.SHOP_TIME_ZONE} {settings.PRICES_INCLUDE_TAX} {settings.TAX_RATE}"
    return f'W/"{published}.{stamp}.{catalogue}.{sales}-{__version__}-{crc32(shop.encode()):x}"'


def state_of(version: DataVersion, *, live: bool) -> tuple[int, int, int]:
    """The versions that an answer belongs to, without the sales' unless it is a live one."""
    return version.published_version, version.catalogue_version, version.sales_version if live else 0


def key_of(request: HttpRequest) -> Key | None:
    """Everything in a request that an answer depends on; None where no answer to it is kept."""
    credentials = request.META.get("HTTP_AUTHORIZATION", "")
    if not settings.ANSWERS_KEPT_MB or request.method != "GET" or not credentials.startswith(TOKEN_KEYWORD):
        return None
    accept, host = request.META.get("HTTP_ACCEPT", ""), request.META.get("HTTP_HOST", "")
    secret = hashlib.sha256(credentials.encode("utf-8", "surrogateescape")).hexdigest()
    return (str(request.scheme), host, request.get_full_path(), accept, secret)


def _versions() -> Any:
    """The version of the data with that of the users as its `access`, in one query; None before the first sales."""
    access = AccessVersion.objects.filter(pk=OuterRef("pk")).values("number")
    return DataVersion.objects.annotate(access=Coalesce(Subquery(access), 0)).filter(pk=1).first()


def access_changed(**signal: Any) -> None:
    """Signal handler: a user, a group, a membership or a token is another one now; no answer given before counts."""
    # A new user had no access that could have been revoked.
    if signal.get("created") or set(signal.get("update_fields") or ()) in ({"last_login"}, {"last_used_at"}):
        return
    if not AccessVersion.objects.filter(pk=1).update(number=F("number") + 1):
        AccessVersion.objects.get_or_create(pk=1, defaults={"number": 1})
