"""Dates as files write them. The order of day and month is decided for a whole file, never row by row."""

import re
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from typing import Any, Final, NamedTuple

from elastix.imports.core.fields import DateOrder, Field
from elastix.imports.core.values import Converter, checked, invalid

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


class ParsedDate(NamedTuple):
    """The parts of a date as it is written.

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


def parse_date(text: str) -> ParsedDate | None:
    """Take a date apart without deciding the order of day and month; None if its format is not known.

    Known are year-first (ISO 8601 included), day/month/year and month/day/year, with `/`, `-` or `.`, the
    year of four digits or, in last place, two; then perhaps a time, of 24 or 12 hours (AM, PM), with or
    without seconds, fractions (kept to the microsecond) and an offset from UTC.
    """
    match = _MOMENT.fullmatch(" ".join(text.split()))
    if match is None:
        return None
    a, _, b, c, hour, minute, second, fraction, half, offset = match.groups()
    clock = _time(hour, minute, second, fraction, half) if hour else MIDNIGHT
    if clock is None:
        return None
    zone = _offset(offset) if offset else None
    if len(a) == 4 and len(c) <= 2:
        return ParsedDate(int(a), int(b), int(c), True, clock, zone)
    if len(a) <= 2 and len(c) in (2, 4):
        century = 0 if len(c) == 4 else 1900 if int(c) >= CENTURY_PIVOT else 2000
        return ParsedDate(century + int(c), int(a), int(b), False, clock, zone)
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


def date_converter(field: Field, label: str, order: DateOrder | None, zone: tzinfo) -> Converter:
    """Converter of dates to pairs: the moment in UTC, and its day since 1970-01-01 in the shop's zone.

    Times without an offset are the shop's. Where clocks go back such a time exists twice: the first is meant.
    Where clocks go forward it may not exist: it is read as if they had not (PEP 495, fold = 0).
    """
    sample = {None: "2010-12-31", "day-first": "31/12/2010", "month-first": "12/31/2010"}[order]
    wanted = f"a date such as {sample} 08:26"

    def convert(text: str) -> Any:
        parsed = parse_date(text)
        if parsed is None:
            return invalid("not_a_date", label, text, "is not a date", wanted)
        day = parsed.day(order)
        if day is None and (parsed.day("day-first") or parsed.day("month-first")):
            problem = "does not fit the order of day and month in this file"
            return invalid("date_order", label, text, problem, wanted)
        if day is None:
            return invalid("not_a_date", label, text, "is no day of the calendar", wanted)
        if FIRST_YEAR <= day.year <= LAST_YEAR:
            written = datetime.combine(day, time(*parsed.time), parsed.offset or zone)
            moment = written.astimezone(UTC)
            local = moment.astimezone(zone)
            if FIRST_YEAR <= local.year <= LAST_YEAR:
                return moment, local.toordinal() - EPOCH_ORDINAL
        years = f"a year from {FIRST_YEAR} to {LAST_YEAR}"
        return invalid("year_out_of_range", label, text, "is too far away", years)

    return checked(field, label, convert, (field.empty, None))
