"""Answers that belong to one published version: ETags, 304 and never a mix of two versions."""

import hashlib
from collections.abc import Callable
from typing import Any

from django.core.cache import cache
from django.utils.cache import get_conditional_response
from rest_framework.request import Request
from rest_framework.response import Response

from elastix import __version__
from elastix.dataset.models import DataVersion
from elastix.dataset.versions import current_version, data_version
from elastix.errors import Busy

TRIES = 5
KEPT_SECONDS = 3600


def answer(
    request: Request, build: Callable[[DataVersion], Any], *, live: bool = False, etag: bool = True
) -> Response:
    """Answer from the cached tables of one published version.

    Parameters
    ----------
    build
        Makes the body; called again when a publish happened while it worked.
    live
        The body also reads the roll-up or the transactions: it belongs to a sales version too.
    etag
        False where the body also reads rows that no version covers (stock, prices, competitors).
    """
    for _ in range(TRIES):
        version = current_version()
        tag = _etag(version, live=live)
        headers = {"Cache-Control": "private, no-store"}
        if etag:
            headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
        conditional = get_conditional_response(request, etag=tag)
        if etag and conditional is not None and conditional.status_code == 304:
            return Response(status=304, headers=headers)
        # What was computed on the spot is kept for as long as its versions last (at most an hour).
        key = hashlib.sha256(f"{tag} {request.get_full_path()}".encode("utf-8", "surrogatepass")).hexdigest()
        body = cache.get(key) if live else None
        if body is None:
            body = build(version)
            if live:
                cache.set(key, body, KEPT_SECONDS)
        if _state(data_version(), live) == _state(version, live):
            if isinstance(body, dict):
                body.setdefault("last_updated", version.published_at)
            return Response(body, headers=headers)
    raise Busy()


def _state(version: DataVersion, live: bool) -> tuple[int, ...]:
    return (version.published_version, version.catalogue_version, version.sales_version if live else 0)


def _etag(version: DataVersion, *, live: bool) -> str:
    published, catalogue, sales = _state(version, live)
    stamp = int(version.published_at.timestamp() * 1000) if version.published_at else 0
    return f'W/"{published}.{stamp}.{catalogue}.{sales}-{__version__}"'
