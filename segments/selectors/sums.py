"""What the selectors of segments share: windows of days, exact sums, and rows that are completed page by page."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.db.models import Q

from segments.core.rfm import SEGMENTS
from segments.models import SegmentSummary

NOTHING = Decimal(0)
STORED_PLACES = Decimal("0.0001")


@dataclass(frozen=True, slots=True)
class PagedRows:
    """Rows of which only those on the page asked for are worked out.

    Attributes
    ----------
    count : counts all of them.
    take : works out those of a slice.
    products_behind : counts the products that rows are made of.
    """

    count: Callable[[], int]
    take: Callable[[slice], list[Any]]
    products_behind: Callable[[list[Any]], int] = len

    def __getitem__(self, page: slice) -> list[Any]:
        return self.take(page)


def exact(amount: Decimal) -> Decimal:
    """A sum of money as the tables store it: SQLite adds amounts up in binary fractions."""
    return amount.quantize(STORED_PLACES, ROUND_HALF_UP)


def within(start_date: dt.date | None, end_date: dt.date | None) -> Q:
    """Rows whose `date` lies between two days, both inclusive; None leaves that end open."""
    after = Q() if start_date is None else Q(date__gte=start_date)
    return after if end_date is None else after & Q(date__lte=end_date)


def segment_summaries() -> list[SegmentSummary]:
    """The six segments in their order; one that no publish has described yet is empty."""
    stored = {row.segment: row for row in SegmentSummary.objects.all()}
    return [stored.get(name) or SegmentSummary(segment=name) for name in SEGMENTS]
