"""Who moved from one segment to another between two runs."""

import datetime as dt
from collections import Counter
from dataclasses import dataclass, field

from django.db.models import Count

from elastix.sql import fetch
from segments.core.rfm import SEGMENTS
from segments.models import CustomerSegment, SegmentMove, SegmentRun

NO_SEGMENT = ""
STATES = (*SEGMENTS, NO_SEGMENT)
"""The segments, and behind them: not a customer (yet), or none by the sums."""


@dataclass(frozen=True, slots=True)
class MoveCount:
    """How many customers were in one segment at the first run and in another, or the same, at the second."""

    segment_before: str
    segment: str
    customers: int


@dataclass(frozen=True, slots=True)
class SegmentMoves:
    """The matrix of moves between two runs.

    Attributes
    ----------
    start_date, end_date : as-of dates of the two runs; None where there are not two.
    runs : as-of dates of all runs, the oldest first.
    items : the cells with customers, by segment before and after; those who stayed among them.
    """

    start_date: dt.date | None
    end_date: dt.date | None
    runs: list[dt.date]
    items: list[MoveCount] = field(default_factory=list)

    @property
    def total(self) -> int:
        """Customers in a segment at either run."""
        return sum(cell.customers for cell in self.items)

    @property
    def moved(self) -> int:
        """Customers who were in a segment at both runs, and not in the same."""
        return sum(
            cell.customers
            for cell in self.items
            if cell.segment_before != cell.segment and cell.segment_before and cell.segment
        )


def segment_moves(*, start_date: dt.date | None, end_date: dt.date | None) -> SegmentMoves:
    """Count the moves between the last runs up to two days.

    Parameters
    ----------
    start_date, end_date : default to the newest run but one, and the newest; before the first run, the first is meant.
    """
    runs = list(SegmentRun.objects.values_list("as_of", flat=True))
    last = _run_at(runs, end_date)
    earlier = [run for run in runs if last is not None and run < last]
    first = _run_at(earlier, start_date)
    if first is None or last is None:
        return SegmentMoves(None, last, runs)
    cells = _moved(first, last)
    at_end = _customers_at(last)
    for segment in SEGMENTS:
        # Whoever left and came back is among the moved.
        cells[segment, segment] += at_end[segment] - sum(cells[before, segment] for before in STATES)
    return SegmentMoves(
        first,
        last,
        runs,
        [
            MoveCount(before, after, cells[before, after])
            for before in STATES
            for after in STATES
            if (before or after) and cells[before, after]
        ],
    )


def _run_at(runs: list[dt.date], day: dt.date | None) -> dt.date | None:
    """The newest run up to a day, of all without one."""
    if not runs:
        return None
    return max((run for run in runs if day is None or run <= day), default=runs[0])


def _moved(first: dt.date, last: dt.date) -> Counter[tuple[str, str]]:
    """Customers with a move after the first run and up to the last one, by where they were before and after."""
    return Counter(
        {
            (before, after): count
            for before, after, count in fetch(
                """
                SELECT started.segment_before, ended.segment, COUNT(*)
                FROM (SELECT customer_id, MIN(run_id) AS first_run, MAX(run_id) AS last_run
                      FROM segments_segmentmove WHERE run_id > %s AND run_id <= %s GROUP BY customer_id) moved
                JOIN segments_segmentmove started
                  ON started.customer_id = moved.customer_id AND started.run_id = moved.first_run
                JOIN segments_segmentmove ended
                  ON ended.customer_id = moved.customer_id AND ended.run_id = moved.last_run
                GROUP BY started.segment_before, ended.segment
                """,
                [first.isoformat(), last.isoformat()],
            )
        }
    )


def _customers_at(run: dt.date) -> Counter[str]:
    """Customers of each segment at a run: those of today, with the moves since taken back."""
    found = Counter(dict(CustomerSegment.objects.order_by().values_list("segment").annotate(Count("pk"))))
    since = SegmentMove.objects.filter(run__gt=run).order_by().values_list("segment_before", "segment")
    for before, after, count in since.annotate(Count("pk")):
        found[before] += count
        found[after] -= count
    return found
