"""Dates as files spell them. The order of day and month is decided for a whole file, never row by row."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from dataclasses import field as default
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from typing import Any, Final, Literal, NamedTuple

from elastix.imports.core.errors import UnreadableFile
from elastix.imports.core.fields import Field
from elastix.imports.core.values import Bad, Converter, checked, clean, refuse, shown

DateOrder = Literal["day-first", "month-first"]

FIRST_YEAR: Final = 1970
LAST_YEAR: Final = 2100
EPOCH_ORDINAL: Final = date(1970, 1, 1).toordinal()
# Two-digit years: 69 to 99 are 19.., 00 to 68 are 20.. (POSIX).
CENTURY_PIVOT: Final = 69
MIDNIGHT: Final = (0, 0, 0, 0)

_MOMENT: Final = re.compile(
    r"([0-9]{1,4})([./-])([0-9]{1,2})\2([0-9]{1,4})"
    r"(?:(?:,? |[Tt])([0-9]{1,2}):([0-9]{2})(?::([0-9]{2})(?:[.,]([0-9]{1,9}))?)?"
    r"(?: ?([AaPp])\.?[Mm]\.?)?"
    r" ?([Zz]|[+-](?:[01][0-9]|2[0-3])(?::?[0-5][0-9])?)?)?"
)


class Spelling(NamedTuple):
    """The parts of a date as spelt.

    Attributes
    ----------
    year : of four digits.
    first, second : day and month, in the order in which they were written.
    year_first : whether the year came first, so that the month is `first`.
    time : hour, minute, second, microsecond.
    offset : from UTC, where one was written.
    """

    year: int
    first: int
    second: int
    year_first: bool
    time: tuple[int, int, int, int]
    offset: tzinfo | None

    def day(self, order: DateOrder | None) -> date | None:
        """The calendar day, or None if there is no such day in that order."""
        month, day = self.first, self.second
        if not self.year_first and order == "day-first":
            month, day = day, month
        try:
            return date(self.year, month, day)
        except ValueError:
            return None


def spell(text: str) -> Spelling | None:
    """Take a date apart without deciding the order of day and month; None if its spelling is not known.

    Known are year-first (ISO 8601 included), day/month/year and month/day/year, with `/`, `-` or `.`, the
    year of four digits or, in last place, two; then perhaps a time, of 24 or 12 hours (AM, PM), with or
    without seconds, fractions (kept to the microsecond) and an offset from UTC.
    """
    match = _MOMENT.fullmatch(" ".join(text.split()))
    if match is None:
        return None
    a, _, b, c, hour, minute, second, fraction, half, offset = match.groups()
    time = _time(hour, minute, second, fraction, half) if hour else MIDNIGHT
    if time is None:
        return None
    zone = _offset(offset) if offset else None
    if len(a) == 4 and len(c) <= 2:
        return Spelling(int(a), int(b), int(c), True, time, zone)
    if len(a) <= 2 and len(c) == 4:
        return Spelling(int(c), int(a), int(b), False, time, zone)
    if len(a) <= 2 and len(c) == 2:
        century = 1900 if int(c) >= CENTURY_PIVOT else 2000
        return Spelling(century + int(c), int(a), int(b), False, time, zone)
    return None


def _time(
    hour: str, minute: str, second: str | None, fraction: str | None, half: str | None
) -> tuple[int, int, int, int] | None:
    h, m, s = int(hour), int(minute), int(second or 0)
    if half is not None:
        if not 1 <= h <= 12:
            return None
        h = h % 12 + (12 if half in "Pp" else 0)
    if h > 23 or m > 59 or s > 59:
        return None
    return h, m, s, int(fraction[:6].ljust(6, "0")) if fraction else 0


def _offset(text: str) -> tzinfo:
    if text in "Zz":
        return UTC
    offset = timedelta(hours=int(text[1:3]), minutes=int(text[3:].lstrip(":") or 0))
    return timezone(-offset if text[0] == "-" else offset)


@dataclass(slots=True)
class OrderEvidence:
    """How many distinct dates of a file exist day-first only, month-first only, or both ways.

    Dates that begin with the year, and those with the same number twice (5/5/2011), say nothing.
    """

    day_first: int = 0
    month_first: int = 0
    either: int = 0
    year_first: int = 0
    examples: dict[str, str] = default(default_factory=dict)

    def add(self, texts: Iterable[str]) -> None:
        """Count the given distinct texts; those that are no dates are passed over."""
        for text in texts:
            spelling = spell(clean(text))
            if spelling is None:
                continue
            if spelling.year_first:
                self.year_first += 1
                continue
            day_first, month_first = spelling.day("day-first"), spelling.day("month-first")
            if day_first == month_first:
                continue
            kind = "either" if day_first and month_first else "day_first" if day_first else "month_first"
            setattr(self, kind, getattr(self, kind) + 1)
            self.examples.setdefault(kind, text.strip())

    def decide(self) -> DateOrder | None:
        """Choose the order that most of the telling dates need; None where no date depends on it.

        Raises
        ------
        UnreadableFile : if every date can be read both ways, or as many need the one order as the other.
        """
        if self.day_first != self.month_first:
            return "day-first" if self.day_first > self.month_first else "month-first"
        if self.day_first:
            raise UnreadableFile(
                f"The dates contradict each other: {shown(self.examples['day_first'])} has the day first,"
                f" {shown(self.examples['month_first'])} the month. Say which comes first (option day_first)."
            )
        if self.either:
            raise UnreadableFile(
                f"The dates can be read two ways: {shown(self.examples['either'])} may begin with the day or"
                " with the month, and no date in the file tells. Say which comes first (option day_first)."
            )
        return None


def date_converter(field: Field, label: str, order: DateOrder | None, zone: tzinfo) -> Converter:
    """Converter of dates to pairs: the moment in UTC, and its day since 1970-01-01 in the shop's zone.

    Times without an offset are the shop's. Where clocks go back such a time exists twice: the first is meant.
    Where clocks go forward it may not exist: it is read as if they had not (PEP 495, fold = 0).
    """
    sample = {None: "2010-12-31", "day-first": "31/12/2010", "month-first": "12/31/2010"}[order]
    wanted = f"a date such as {sample} 08:26"

    def convert(text: str) -> Any:
        spelling = spell(text)
        if spelling is None:
            return refuse("not_a_date", label, text, "is not a date", wanted)
        day = spelling.day(order)
        if day is None:
            return _no_such_day(spelling, label, text, wanted)
        if not FIRST_YEAR <= day.year <= LAST_YEAR:
            return _far_year(label, text)
        hour, minute, second, microsecond = spelling.time
        told = datetime(
            day.year, day.month, day.day, hour, minute, second, microsecond, spelling.offset or zone
        )
        moment = told.astimezone(UTC)
        local = moment.astimezone(zone)
        if not FIRST_YEAR <= local.year <= LAST_YEAR:
            return _far_year(label, text)
        return moment, local.toordinal() - EPOCH_ORDINAL

    return checked(field, label, convert, (field.empty, None))


def _no_such_day(spelling: Spelling, label: str, text: str, wanted: str) -> Bad:
    if spelling.day("day-first") or spelling.day("month-first"):
        return refuse(
            "date_order", label, text, "does not fit the order of day and month in this file", wanted
        )
    return refuse("not_a_date", label, text, "is no day of the calendar", wanted)


def _far_year(label: str, text: str) -> Bad:
    return refuse(
        "year_out_of_range", label, text, "is too far away", f"a year from {FIRST_YEAR} to {LAST_YEAR}"
    )
