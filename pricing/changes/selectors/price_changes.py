"""Reads of price changes."""

import datetime as dt
from collections.abc import Iterable
from typing import Final
from uuid import UUID

from django.conf import settings

from elastix.errors import NotFound
from elastix.sql import batches
from pricing.sales.models import PriceChange
from pricing.sales.models.price_changes import PriceChangeStatus

OPEN: Final = (PriceChangeStatus.PROPOSED, PriceChangeStatus.APPROVED)
FIRST_DAY, LAST_DAY = dt.date(1970, 1, 2), dt.date(9000, 1, 1)


def find_change(change_id: int) -> PriceChange:
    """Return a change with its product.

    Raises
    ------
    NotFound : there is none.
    """
    change = PriceChange.objects.select_related("product").filter(pk=change_id).first()
    if change is None:
        raise NotFound(f"There is no price change {change_id}.")
    return change


def find_batch(batch: UUID) -> UUID:
    """Return the batch if it has any change.

    Raises
    ------
    NotFound : it has none.
    """
    if not PriceChange.objects.filter(batch=batch).exists():
        raise NotFound(f"There is no batch {batch} of price changes.")
    return batch


def changes_of_batch(batch: UUID) -> list[PriceChange]:
    """All changes of a batch, by product."""
    return list(
        PriceChange.objects.filter(batch=batch).select_related("product").order_by("product_id", "pk")
    )


def open_changes_of(codes: Iterable[str]) -> dict[str, PriceChange]:
    """By product, the newest change that is proposed or approved and not applied yet."""
    found: dict[str, PriceChange] = {}
    for chunk in batches(sorted(set(codes))):
        waiting = PriceChange.objects.filter(product_id__in=chunk, status__in=OPEN).order_by("pk")
        found |= {change.product_id: change for change in waiting}
    return found


def first_moment(day: dt.date) -> dt.datetime:
    """When a day of the shop begins; days at the ends of the calendar have no such moment in every zone."""
    return dt.datetime.combine(min(max(day, FIRST_DAY), LAST_DAY), dt.time.min, settings.SHOP_TIME_ZONE)


def changes_in_force(limit: int, code: str | None = None) -> list[PriceChange]:
    """The newest changes that were applied and had a price before, of one product or of all, newest first."""
    found = PriceChange.objects.filter(
        status__in=(PriceChangeStatus.APPLIED, PriceChangeStatus.ROLLED_BACK), old_price__isnull=False
    )
    if code is not None:
        found = found.filter(product_id=code)
    return list(found.select_related("product").order_by("-changed_at", "-pk")[:limit])
