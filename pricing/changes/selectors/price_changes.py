"""Reads of the price ledger."""

import datetime as dt
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import F, QuerySet

from elastix.api.fields import money, rounded
from elastix.errors import NotFound
from pricing.sales.models import PriceChange
from pricing.sales.models.price_changes import PriceChangeStatus

ORDERINGS = ("created_at", "product_id", "new_price", "scheduled_for", "changed_at")
FIRST_DAY, LAST_DAY = dt.date(1970, 1, 2), dt.date(9000, 1, 1)
UNDECIDED = (PriceChangeStatus.PROPOSED, PriceChangeStatus.APPROVED)


def find_change(change_id: int) -> PriceChange:
    """Return a change with its product.

    Raises
    ------
    NotFound : there is none.
    """
    found = PriceChange.objects.select_related("product").filter(pk=change_id) if change_id < 2**63 else None
    change = found.first() if found is not None else None
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


def changes_page(
    *,
    product: str | None,
    status: str | None,
    batch: UUID | None,
    source: str | None,
    start_date: dt.date | None,
    end_date: dt.date | None,
    ordering: str,
    limit: int,
    offset: int,
) -> dict[str, Any]:
    """A page of the ledger; dates are the shop's days on which changes were proposed or made by hand."""
    filters = {
        "product_id": product,
        "status": status,
        "batch": batch,
        "source": source,
        "created_at__gte": start_date and first_moment(start_date),
        "created_at__lt": end_date and first_moment(end_date) + dt.timedelta(days=1),
    }
    found = PriceChange.objects.filter(
        **{name: value for name, value in filters.items() if value is not None}
    )
    name, falling = ordering.lstrip("-"), ordering.startswith("-")
    column = F(name).desc(nulls_last=True) if falling else F(name).asc(nulls_last=True)
    page = found.order_by(column, "-pk" if falling else "pk")[offset : offset + limit]
    return {"total": found.count(), "items": change_rows(page.select_related("product"))}


def batch_rows(batch: UUID) -> dict[str, Any]:
    """All changes of a batch, by product."""
    changes = PriceChange.objects.filter(batch=batch).select_related("product").order_by("product_id", "pk")
    return {"batch": str(batch), "total": len(changes), "items": change_rows(changes)}


def change_rows(changes: QuerySet[PriceChange] | Iterable[PriceChange]) -> list[dict[str, Any]]:
    return [change_row(change) for change in changes]


def change_row(change: PriceChange) -> dict[str, Any]:
    """A change as the API shows it. `is_stale`: it waits, but its product's price has moved meanwhile."""
    old, now = change.old_price, change.product.current_price
    return {
        "id": change.pk,
        "product_id": change.product_id,
        "name": change.product.name,
        "old_price": money(old),
        "new_price": money(change.new_price),
        "change_percent": rounded(100 * (change.new_price - old) / old, 1) if old else None,
        "current_price": money(now),
        "status": change.status,
        "is_stale": change.status in UNDECIDED and now != old,
        "source": change.source,
        "batch": change.batch and str(change.batch),
        "reason": change.reason,
        "created_at": change.created_at,
        "proposed_by": change.proposed_by,
        "decided_at": change.decided_at,
        "decided_by": change.decided_by,
        "scheduled_for": change.scheduled_for,
        "changed_at": change.changed_at,
        "applied_by": change.applied_by,
        "rolled_back_at": change.rolled_back_at,
        "rolled_back_by": change.rolled_back_by,
        "note": change.note,
        "expected": change.expected,
    }


def first_moment(day: dt.date) -> dt.datetime:
    """When a day of the shop begins; days at the ends of the calendar have no such moment in every zone."""
    return dt.datetime.combine(min(max(day, FIRST_DAY), LAST_DAY), dt.time.min, settings.SHOP_TIME_ZONE)
