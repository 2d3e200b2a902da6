"""Pages of the transactions, newest first, at any depth: the roll-up says how many lines each day has."""

import datetime as dt
import hashlib
from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import accumulate
from operator import neg
from typing import Any
from zoneinfo import ZoneInfo

from django.core.cache import cache
from django.db.models import QuerySet

from elastix.dataset.models import DataVersion
from elastix.dataset.versions import data_version
from elastix.sql import day_numbers, day_of, fetch_columns
from pricing.sales.models import Transaction
from pricing.sales.selectors.daily import day_of_epoch, epoch_days

KEPT_SECONDS = 3600
# Skipping fewer lines takes less than summing up the days.
FEWEST_SKIPPED = 2_000
# No line is of a year before 1970 or after 2100; dates near the ends of the calendar have no moment in every zone.
BEFORE_ALL, AFTER_ALL = dt.date(1969, 1, 1), dt.date(2102, 1, 1)
DAYS_ALONE = frozenset({"start_date", "end_date"})


@dataclass(frozen=True)
class DayCounts:
    """Days with lines (since 1970-01-01), the newest first, and how many lines there are down to the end of each."""

    days: list[int]
    down_to: list[int]

    def between(self, first: int | None, last: int | None) -> "DayCounts":
        """The same for the days of a range, both ends included; None: open."""
        newest = 0 if last is None else bisect_left(self.days, -last, key=neg)
        oldest = len(self.days) if first is None else bisect_right(self.days, -first, key=neg)
        skipped = self.down_to[newest - 1] if newest else 0
        return DayCounts(self.days[newest:oldest], [count - skipped for count in self.down_to[newest:oldest]])

    def place(self, row: int) -> tuple[int, int] | None:
        """The day that a row is of, counted from 0, and how many rows are of newer days; None past the end."""
        at = bisect_right(self.down_to, row)
        if at == len(self.days):
            return None
        return self.days[at], self.down_to[at - 1] if at else 0


class NewestLines:
    """The transactions that filters leave, counted and sliced like a list.

    A page of all lines, or of all lines of some days, is found by its day: what is skipped is a part of one day, however
    deep the page. Other filters skip row by row. Counts are kept for as long as no sales change.

    Parameters
    ----------
    lines : the filtered transactions, newest first.
    filters : the filters that are set, by name.
    """

    def __init__(self, lines: "QuerySet[Transaction]", filters: Mapping[str, Any]) -> None:
        self.version = data_version()
        self.filters = {name: value for name, value in filters.items() if value is not None}
        self.first, self.last = self.filters.get("start_date"), self.filters.get("end_date")
        self.by_day = DAYS_ALONE.issuperset(self.filters)
        # The index is one of moments; the filters ask for days.
        if self.first:
            lines = lines.filter(invoice_date__gte=self._midnight(self.first))
        self.lines = self._until_end_of(self.last, lines) if self.last else lines

    def count(self) -> int:
        name = _name(f"count {sorted(self.filters.items())}", self.version)
        found: int | None = cache.get(name)
        if found is None:
            found = self.lines.count()
            cache.set(name, found, KEPT_SECONDS)
        return found

    def __getitem__(self, rows: slice) -> "QuerySet[Transaction]":
        first, end = rows.start, rows.stop
        if not self.by_day or not first or first < FEWEST_SKIPPED:
            return self.lines[first:end]
        range_of_days = (None if day is None else epoch_days(day) for day in (self.first, self.last))
        place = day_counts(self.version).between(*range_of_days).place(first)
        if place is None:
            return self.lines.none()
        day, newer = place
        return self._until_end_of(day_of_epoch(day), self.lines)[first - newer : end - newer]

    def _until_end_of(self, day: dt.date, lines: "QuerySet[Transaction]") -> "QuerySet[Transaction]":
        return lines.filter(invoice_date__lt=self._midnight(min(day, AFTER_ALL) + dt.timedelta(days=1)))

    def _midnight(self, day: dt.date) -> dt.datetime:
        """When a day begins, in the zone that the days were cut in; days before and after all sales are one."""
        day = min(max(day, BEFORE_ALL), AFTER_ALL)
        return dt.datetime.combine(day, dt.time.min, ZoneInfo(self.version.time_zone))


def day_counts(version: DataVersion) -> DayCounts:
    """Lines of each day in a state of the sales."""
    name = _name("days", version)
    found: DayCounts | None = cache.get(name)
    if found is None:
        # By an expression: SQLite would read the rows in the order of the index of dates, which takes twice as long.
        day = day_of("date")
        sql = f"SELECT {day}, SUM(lines) FROM pricing_saleshistory WHERE lines > 0 GROUP BY {day} ORDER BY 1 DESC"
        days, counts = fetch_columns(sql, columns=2)
        found = DayCounts(day_numbers(days), list(accumulate(map(int, counts))))
        cache.set(name, found, KEPT_SECONDS)
    return found


def _name(of: str, version: DataVersion) -> str:
    digest = hashlib.sha256(of.encode("utf-8", "surrogatepass")).hexdigest()
    return f"lines.{version.sales_version}.{digest}"
