"""Customers with the sums of their purchases and their segment."""

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple

from django.db.models import Case, IntegerField, QuerySet, Value, When

from segments.core.rfm import SEGMENTS
from segments.models import CustomerSegment


class CustomerRow(NamedTuple):
    """One customer; `recency` is the days from the last purchase to the as-of date."""

    customer_id: str
    recency: int
    frequency: int
    monetary: Decimal
    r_score: int
    f_score: int
    m_score: int
    segment: str


def customers() -> QuerySet[CustomerSegment]:
    """All customers, with the place of their segment among the six (behind them: none) to order by.

    Customers without a segment are those whose cancellations outweigh their purchases.
    """
    places = [When(segment=segment, then=Value(place)) for place, segment in enumerate(SEGMENTS)]
    return CustomerSegment.objects.annotate(
        place=Case(*places, default=Value(len(SEGMENTS)), output_field=IntegerField())
    )


def customer_rows(found: QuerySet[CustomerSegment], as_of: dt.date | None) -> Iterable[CustomerRow]:
    """Read customers at once and yield their rows.

    A cursor left open for a client that went away would be closed in whatever transaction its connection is in
    by then.
    """
    read = list(
        found.values_list("last_purchase", *(name for name in CustomerRow._fields if name != "recency"))
    )
    for last_purchase, customer_id, *rest in read:
        # A purchase after the as-of date is one that was cancelled.
        recency = max((as_of - last_purchase).days, 0) if as_of else 0
        yield CustomerRow(customer_id, recency, *rest)
