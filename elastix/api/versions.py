"""Answer from one published version of the data: ETag, 304, never a mix of two versions."""

import hashlib
from collections.abc import Callable
from functools import partial
from typing import Any

from django.core.cache import cache
from django.utils.cache import get_conditional_response
from rest_framework.request import Request
from rest_framework.response import Response

from elastix.api.answer_cache import MOST_BYTES_OF_ONE, Covered, etag_of, state_of
from elastix.api.permissions import role_of
from elastix.dataset.models import DataVersion
from elastix.dataset.versions import current_version, data_version
from elastix.errors import Busy

TRIES = 5
KEPT_SECONDS = 3600


class Finished(Response):
    """An answer whose bytes were written out before."""

    def __init__(self, content: bytes, headers: dict[str, str]) -> None:
        super().__init__(headers=headers)
        self.finished = content

    @property
    def rendered_content(self) -> bytes:  # type: ignore[override]
        self["Content-Type"] = self.accepted_media_type
        return self.finished


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
        if not etag:
            body = build(version)
            if state_of(data_version(), live=live) == state_of(version, live=live):
                return Response(_dated(body, version), headers={"Cache-Control": "private, no-store"})
            continue
        tag = etag_of(version, live=live)
        headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
        conditional = get_conditional_response(request, etag=tag)
        if conditional is not None and conditional.status_code == 304:
            return Response(status=304, headers=headers)
        key = _key(request, tag)
        kept: bytes | None = cache.get(key) if key else None
        if kept is not None:
            return _covered(request, Finished(kept, headers), tag, live)
        body = build(version)
        if state_of(data_version(), live=live) == state_of(version, live=live):
            response = Response(_dated(body, version), headers=headers)
            if key:
                response.add_post_render_callback(partial(_keep, key))
            return _covered(request, response, tag, live)
    raise Busy()


def _dated(body: Any, version: DataVersion) -> Any:
    if isinstance(body, dict):
        body.setdefault("last_updated", version.published_at)
    return body


def _key(request: Request, tag: str) -> str | None:
    """Where the bytes of an answer are kept; None for what is no JSON (files, the browsable pages)."""
    if request.accepted_renderer.format != "json":
        return None
    address = f"{tag} {request.build_absolute_uri()} {role_of(request.user)}"
    return "answer." + hashlib.sha256(address.encode("utf-8", "surrogatepass")).hexdigest()


def _keep(key: str, response: Response) -> None:
    if response.status_code == 200 and len(response.content) <= MOST_BYTES_OF_ONE:
        cache.set(key, response.content, KEPT_SECONDS)


def _covered(request: Request, response: Response, tag: str, live: bool) -> Response:
    """Mark an answer as one that its versions cover, for those who keep it."""
    ends = getattr(request.auth, "expires_at", None)
    response.covered = Covered(tag, live, ends)  # type: ignore[attr-defined]
    return response
