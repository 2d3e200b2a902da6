"""Customers with their purchases in sum and their segment."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

from django.db.models import Case, IntegerField, QuerySet, Value, When

from elastix.api.fields import money
from elastix.dataset.models import DataVersion
from segments.core.rfm import SEGMENTS
from segments.models import CustomerSegment

COLUMNS = (
    "customer_id",
    "recency",
    "frequency",
    "monetary",
    "r_score",
    "f_score",
    "m_score",
    "segment",
)
ORDERINGS = tuple(f"{sign}{name}" for name in COLUMNS for sign in ("", "-"))


def customers_page(
    version: DataVersion, *, segment: str | None, ordering: str, limit: int, offset: int
) -> dict[str, Any]:
    """Return a page of customers and how many there are.

    Customers without a segment (their cancellations outweigh their purchases) are listed, with segment "",
    where no segment is asked for.
    """
    customers = _customers(segment)
    rows = _values(_ordered(customers, ordering)[offset : offset + limit])
    return {
        "total": customers.count(),
        "items": [dict(zip(COLUMNS, _shown(row, version.as_of), strict=True)) for row in rows],
    }


def customers_rows(
    version: DataVersion, *, segment: str | None, ordering: str, limit: int | None, offset: int
) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of all customers, or of a page of them, in the order of `COLUMNS`.

    They are read at once, and only written out bit by bit: a cursor left open for a client that went away
    would be closed in whatever transaction its connection is in by then.
    """
    end = None if limit is None else offset + limit
    rows = list(_values(_ordered(_customers(segment), ordering)[offset:end]))
    return (_shown(row, version.as_of) for row in rows)


def _customers(segment: str | None) -> QuerySet[CustomerSegment]:
    customers = CustomerSegment.objects.all()
    return customers if segment is None else customers.filter(segment=segment)


def _ordered(customers: QuerySet[CustomerSegment], ordering: str) -> QuerySet[CustomerSegment]:
    name, descending = ordering.removeprefix("-"), ordering.startswith("-")
    if name == "recency":
        # The fewer the days, the later the last purchase.
        name, descending = "last_purchase", not descending
    if name == "segment":
        places = [When(segment=segment, then=Value(place)) for place, segment in enumerate(SEGMENTS)]
        name = "place"
        customers = customers.annotate(
            place=Case(*places, default=Value(len(SEGMENTS)), output_field=IntegerField())
        )
    return customers.order_by(f"-{name}" if descending else name, "customer_id")


def _values(customers: QuerySet[CustomerSegment]) -> Any:
    return customers.values_list(*("last_purchase" if name == "recency" else name for name in COLUMNS))


def _shown(row: tuple[Any, ...], as_of: dt.date | None) -> tuple[Any, ...]:
    customer_id, last_purchase, frequency, monetary, *rest = row
    return (customer_id, _recency(last_purchase, as_of), frequency, money(monetary), *rest)


def _recency(last_purchase: dt.date, as_of: dt.date | None) -> int:
    """Days from the last purchase to the as-of date; 0 if it came later still, but was cancelled."""
    return max((as_of - last_purchase).days, 0) if as_of else 0
