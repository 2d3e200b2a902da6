"""Answers that belong to one published version: ETags, 304 and never a mix of two versions."""

import hashlib
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.cache import cache
from rest_framework.request import Request
from rest_framework.response import Response

from elastix import __version__
from elastix.api.errors import Busy
from elastix.api.models import DataVersion

TRIES = 5
KEPT_SECONDS = 3600


def data_version() -> DataVersion:
    """Return the state of the sales and of the cached tables."""
    version = DataVersion.objects.filter(pk=1).first()
    return version or DataVersion(pk=1, time_zone=str(settings.SHOP_TIME_ZONE))


def lock_version() -> DataVersion:
    """Lock the version row until the transaction ends, making it on first use.

    Every writer of sales, products or cached tables takes this lock before any other row's, so that writers
    form one queue and no two can wait for each other.
    """
    DataVersion.objects.get_or_create(pk=1, defaults={"time_zone": str(settings.SHOP_TIME_ZONE)})
    return DataVersion.objects.select_for_update().get(pk=1)


def catalogue_changed() -> None:
    """Make answers that show product names, categories or kinds new ones."""
    version = lock_version()
    version.catalogue_version += 1
    version.save(update_fields=["catalogue_version"])


def current_version() -> DataVersion:
    """Return the data version, for answers that show days.

    Raises
    ------
    ZoneChanged : the days were cut in another zone than the shop's present one.
    """
    version = data_version()
    if zone_changed(version):
        raise ZoneChanged()
    return version


def zone_changed(version: DataVersion) -> bool:
    """Tell whether stored days were cut in another zone than the shop's present one."""
    return version.sales_version > 0 and version.time_zone != str(settings.SHOP_TIME_ZONE)


class ZoneChanged(Busy):
    default_detail = "SHOP_TIME_ZONE has changed since the days of the sales were cut. Run `manage.py recompute --full` first."
    default_code = "time_zone_changed"


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
        headers = (
            {"ETag": tag, "Cache-Control": "private, no-cache"}
            if etag
            else {"Cache-Control": "private, no-store"}
        )
        if etag and _is_known(tag, request):
            return Response(status=304, headers=headers)
        body = _remembered(request, version, build) if live else build(version)
        if _state(data_version(), live) == _state(version, live):
            if isinstance(body, dict):
                body.setdefault("last_updated", version.published_at)
            return Response(body, headers=headers)
    raise Busy()


def _remembered(request: Request, version: DataVersion, build: Callable[[DataVersion], Any]) -> Any:
    """An answer computed on the spot is kept for as long as its versions last (at most an hour)."""
    key = f"{_etag(version, live=True)} {request.get_full_path()}"
    key = hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
    body = cache.get(key)
    if body is None:
        body = build(version)
        cache.set(key, body, KEPT_SECONDS)
    return body


def _state(version: DataVersion, live: bool) -> tuple[int, ...]:
    return (version.published_version, version.catalogue_version, version.sales_version if live else 0)


def _etag(version: DataVersion, *, live: bool) -> str:
    published, catalogue, sales = _state(version, live)
    stamp = int(version.published_at.timestamp() * 1000) if version.published_at else 0
    return f'W/"{published}.{stamp}.{catalogue}.{sales}-{__version__}"'


def _is_known(tag: str, request: Request) -> bool:
    """Tell whether If-None-Match names the tag; weak and strong spellings are the same there (RFC 9110, 13.1.2)."""
    asked = [each.strip().removeprefix("W/") for each in request.headers.get("If-None-Match", "").split(",")]
    return "*" in asked or tag.removeprefix("W/") in asked
