"""How the figures of an answer are cut out of the tables and written down."""

import datetime as dt
from decimal import ROUND_HALF_UP, Decimal

from django.db.models import Q

from elastix.api.fields import money
from segments.core.rfm import SEGMENTS
from segments.models import SegmentSummary

STORED_PLACES = Decimal("0.0001")


def exact(amount: Decimal) -> Decimal:
    """A sum of money as the tables store it: SQLite adds amounts up in binary fractions."""
    return amount.quantize(STORED_PLACES, ROUND_HALF_UP)


def cents(amount: Decimal) -> float | None:
    """A sum of money to the cent, halves up."""
    return money(exact(amount))


def within(start_date: dt.date | None, end_date: dt.date | None) -> Q:
    """Rows whose `date` lies between two days, both inclusive; None leaves that end open."""
    condition = Q()
    if start_date is not None:
        condition &= Q(date__gte=start_date)
    if end_date is not None:
        condition &= Q(date__lte=end_date)
    return condition


def segment_summaries() -> list[SegmentSummary]:
    """The six segments in their order; one that no publish has described yet is empty."""
    stored = {row.segment: row for row in SegmentSummary.objects.all()}
    return [stored.get(name) or SegmentSummary(segment=name) for name in SEGMENTS]
