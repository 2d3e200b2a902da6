"""Record the customers who moved between segments, run by run."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from django.db.models import Min
from django.utils import timezone

from elastix.sql import epoch_day, fetch, insert_rows
from pricing.sales.models import Transaction
from pricing.sales.selectors.daily import epoch_days
from segments.core.history import Move, moves_between, segment_name, segments_at
from segments.models import SegmentMove, SegmentRun
from segments.services.customers import SIGNED_QUANTITY, Customers, is_nobody, own_cuts

MONTHS_BACK: Final = 12
"""The first publish works out the segments at the beginnings of this many months, so that there is a past to see."""


@dataclass(frozen=True, slots=True)
class SegmentHistory:
    """Runs to be written in place of all from the first of their as-of dates on, and each one's moves.

    None at all, without any sales, leaves no history.
    """

    now: dt.date | None
    runs: dict[dt.date, list[Move]] = field(default_factory=dict)


def compute(customers: Customers) -> SegmentHistory:
    """Find who moved since the last run before this one, which takes the place of runs of the same day and later ones."""
    now = customers.as_of
    if now is None:
        return SegmentHistory(None)
    if not SegmentRun.objects.filter(as_of__lt=now).exists():
        after = {code: segment_name(index) for code, index in customers.segment.items()}
        return SegmentHistory(now, _with_past(now, after))
    before = dict(customers.segment_before)
    for move in SegmentMove.objects.filter(run__gte=now).order_by("-run"):
        before[move.customer_id] = move.segment_before
    after = {code: segment_name(customers.segment.get(code, -1)) for code in before}
    return SegmentHistory(now, {now: moves_between(before, after)})


def _with_past(now: dt.date, after: Mapping[str, str]) -> dict[dt.date, list[Move]]:
    """The moves of the months before and of today, from nobody in any segment."""
    states = [*_past_segments(_months_before(now)).items(), (now, after)]
    before: Mapping[str, str] = {}
    runs = {}
    for day, segments in states:
        runs[day] = moves_between(before, segments)
        before = segments
    return runs


def _months_before(now: dt.date) -> list[dt.date]:
    """The first days of the last months that have sales before them."""
    first = Transaction.objects.filter(customer_id__isnull=False).aggregate(first=Min("date"))["first"]
    months = [
        dt.date(number // 12, number % 12 + 1, 1)
        for number in range(12 * now.year + now.month - MONTHS_BACK - 1, 12 * now.year + now.month)
    ]
    return [day for day in months if first is not None and first < day < now][-MONTHS_BACK:]


def _past_segments(days: Sequence[dt.date]) -> dict[dt.date, dict[str, str]]:
    """Everybody's segment at the beginning of each day, from the sales before it.

    An invoice with lines on both sides of one of the days counts twice.
    """
    if not days:
        return {}
    day = epoch_day("t.date")
    parts = " ".join(f"WHEN t.date < %s THEN {index}" for index in range(len(days)))
    rows = fetch(
        f"""
        SELECT t.customer_id, CASE {parts} END, MAX(CASE WHEN NOT t.is_return THEN {day} ELSE 0 END),
               COUNT(DISTINCT CASE WHEN NOT t.is_return THEN t.invoice_no END),
               SUM(CASE WHEN t.voided THEN 0 ELSE {SIGNED_QUANTITY} * t.unit_price END)
        FROM pricing_transaction t JOIN pricing_product p ON p.code = t.product_id
        WHERE p.kind = 'merchandise' AND t.customer_id IS NOT NULL AND t.date < %s GROUP BY 1, 2
        """,
        [*(each.isoformat() for each in days), days[-1].isoformat()],
    )
    rows = [row for row in rows if not is_nobody(row[0])]
    number = {code: index for index, code in enumerate(sorted({row[0] for row in rows}))}
    last, frequency, money = np.zeros((3, len(number), len(days)))
    for code, part, *sums in rows:
        at = number[code], int(part)
        last[at], frequency[at], money[at] = (float(each) for each in sums)
    found = segments_at([epoch_days(each) for each in days], last, frequency, money, own_cuts())
    return {
        each: {code: segment_name(row[index]) for code, index in number.items()}
        for each, row in zip(days, found.tolist(), strict=True)
    }


def publish(history: SegmentHistory) -> None:
    """Write the runs and their moves."""
    if history.now is None:
        SegmentRun.objects.all().delete()
        return
    SegmentRun.objects.filter(as_of__gte=min(history.runs)).delete()
    moment = timezone.now()
    SegmentRun.objects.bulk_create(
        SegmentRun(as_of=day, published_at=moment, worked_out_later=day < history.now) for day in history.runs
    )
    rows = (
        (day.isoformat(), code, before, after)
        for day, moves in history.runs.items()
        for code, before, after in moves
    )
    insert_rows("segments_segmentmove", ("run_id", "customer_id", "segment_before", "segment"), rows)
