"""Customers with the sums of their purchases and their segment."""

from django.db.models import Case, IntegerField, QuerySet, Value, When

from segments.core.rfm import SEGMENTS
from segments.models import CustomerSegment


def customers() -> QuerySet[CustomerSegment]:
    """All customers, with the place of their segment among the six (behind them: none) to order by.

    Customers without a segment are those whose cancellations outweigh their purchases.
    """
    places = [When(segment=segment, then=Value(place)) for place, segment in enumerate(SEGMENTS)]
    return CustomerSegment.objects.annotate(
        place=Case(*places, default=Value(len(SEGMENTS)), output_field=IntegerField())
    )
