"""Dates as files write them. The order of day and month is decided for a whole file, never row by row."""

import re
import unicodedata
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from typing import Any, Final, NamedTuple

from elastix.imports.core.fields import DateOrder, Field
from elastix.imports.core.values import SERIAL_EPOCH, Converter, checked, invalid

FIRST_YEAR: Final = 1970
LAST_YEAR: Final = 2100
EPOCH_ORDINAL: Final = date(1970, 1, 1).toordinal()
# Two-digit years: 69 to 99 are 19.., 00 to 68 are 20.. (POSIX).
CENTURY_PIVOT: Final = 69
ORDERS: Final[tuple[DateOrder, ...]] = ("day-first", "month-first", "year-first")

# Months by their names in English, German, French, Spanish, Italian and Dutch, without accents; of a longer name the
# beginning is enough where no other month begins so.
_MONTH_NAMES: Final = (
    "january januar janvier enero gennaio januari janner jan ene gen",
    "february februar fevrier febrero febbraio februari feb fev fevr febr",
    "march marz maerz mars marzo maart mar mrt mrz",
    "april avril abril aprile apr avr abr",
    "may mai mayo maggio mei mag",
    "june juni juin junio giugno jun giu",
    "july juli juillet julio luglio jul juil lug",
    "august aout agosto augustus aug ago agos",
    "september septembre septiembre setiembre settembre sep sept set sett",
    "october oktober octobre octubre ottobre oct okt ott",
    "november novembre noviembre nov",
    "december dezember decembre diciembre dicembre dec dez dic",
)
MONTHS: Final = {name: month for month, names in enumerate(_MONTH_NAMES, start=1) for name in names.split()}
# Hours east of UTC of the zones that exports write by name.
ZONES: Final[dict[str, int]] = {
    "Z": 0, "UTC": 0, "GMT": 0, "WET": 0, "BST": 1, "WEST": 1, "CET": 1, "MEZ": 1, "CEST": 2, "MESZ": 2, "EET": 2,
    "EEST": 3, "EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7,
}  # fmt: skip

_CLOCK: Final = (
    r"(?:(?:,? |[Tt]|,? (?:um|at|à|alle|om) | [-|] (?=[0-9]{1,2}:)|-(?=[0-9.]{8}\.[0-9]{6}))"
    r"(?P<hour>[0-9]{1,2})[:.h](?P<minute>[0-9]{2})(?:[:.](?P<second>[0-9]{2})(?:[.,](?P<fraction>[0-9]{1,9}))?)?"
    r"(?: ?(?P<half>[AaPp])\.? ?[Mm]\.?)?(?: ?Uhr| ?h)?"
    rf" ?(?P<zone>[Zz]|(?:UTC|GMT)?[+-](?:[01]?[0-9]|2[0-3])(?::?[0-5][0-9])?|{'|'.join(ZONES)})?"
    rf"(?: (?:{'|'.join(ZONES)}))?(?: \([^()]+\))?)?"
)
# The day of the week before a date, by how its name begins in the six languages; no more than that is looked at.
_WEEKDAY: Final = re.compile(
    r"^(?:mo|tu|we|th|fr|sa|su|di|mi|do|so|lu|ma|me|je|ve|ju|vi|s\u00e1|gi|wo|zo|vr)[^\W\d]*[.,]{0,2} (?=[\w])",
    re.IGNORECASE,
)
_NUMBERS: Final = re.compile(
    r"(?P<a>[0-9]{1,4})(?P<mark>[./-])(?P<b>[0-9]{1,2})(?P=mark)(?P<c>[0-9]{1,4})" + _CLOCK
)
_COMPACT: Final = re.compile(
    r"(?P<a>(?:19|20)[0-9]{2})(?P<b>[0-9]{2})(?P<c>[0-9]{2})"
    r"(?:[Tt ]?(?P<hour>[0-9]{2}):?(?P<minute>[0-9]{2}):?(?P<second>[0-9]{2})?(?P<fraction>)(?P<half>)"
    r"(?P<zone>[Zz]|[+-][0-9]{2}:?[0-9]{2})?)?"
)
# 13032024, as accounting programs write it.
_COMPACT_LAST: Final = re.compile(
    r"(?P<a>[0-3][0-9])(?P<b>[0-3][0-9])(?P<c>(?:19|20)[0-9]{2})(?P<hour>)(?P<zone>)"
)
# 13. 3. 2024 and 2024 03 13, without the blanks 13.3.2024 and 2024-03-13.
_APART: Final = (
    (re.compile(r"^([0-9]{1,2})([./-]) ([0-9]{1,2})\2 ([0-9]{2,4})(?![0-9])"), r"\1\2\3\2\4"),
    (re.compile(r"^([0-9]{4}) ([0-9]{1,2}) ([0-9]{1,2})(?![0-9])"), r"\1-\2-\3"),
)
_DAY_MONTH: Final = re.compile(
    r"(?P<c>[0-9]{1,2})(?:st|nd|rd|th|er|[.\u00ba])?[ ./-]*(?:de |of )?"
    r"(?P<month>[^\W\d_]{3,10})\.?[ ,./-]*(?:de |del )?['\u2019]?(?P<a>[0-9]{4}|[0-9]{2})" + _CLOCK
)
_MONTH_DAY: Final = re.compile(
    r"(?P<month>[^\W\d_]{3,10})\.?[ -](?P<c>[0-9]{1,2})(?:st|nd|rd|th)?,?[ -]['\u2019]?"
    r"(?P<a>[0-9]{4}|(?<=[-'\u2019])[0-9]{2}|(?<=, )[0-9]{2})" + _CLOCK
)
_YEAR_MONTH: Final = re.compile(
    r"(?P<a>[0-9]{4})[ ./-](?P<month>[^\W\d_]{3,10})\.?[ ./-](?P<c>[0-9]{1,2})" + _CLOCK
)
# As C writes it: Wed Mar 13 10:15:00 2024.
_YEAR_LAST: Final = re.compile(
    r"(?P<month>[^\W\d_]{3,10}) (?P<c>[0-9]{1,2}) (?P<hour>[0-9]{2}):(?P<minute>[0-9]{2}):(?P<second>[0-9]{2})"
    r"(?P<fraction>)(?P<half>)(?: (?P<zone>UTC|GMT))? (?P<a>[0-9]{4})"
)
# Seconds, or milliseconds, since 1970-01-01, from 2001 to 2033.
_EPOCH: Final = re.compile(r"(?P<seconds>1[0-9]{9})(?:[0-9]{3})?(?:\.[0-9]+)?")
# Totals of a month or a week have no day: the month's first and the week's Monday stand for them.
_MONTH: Final = re.compile(r"(?P<a>(?:19|20)[0-9]{2})(?:[-/](?P<b>0?[1-9]|1[0-2])|(?P<c>0[1-9]|1[0-2]))")
_MONTH_LAST: Final = re.compile(r"(?P<b>0?[1-9]|1[0-2])[-/](?P<a>(?:19|20)[0-9]{2})")
_NAMED_MONTH: Final = re.compile(
    r"(?P<month>[^\W\d_]{3,10})\.?[ ,./-]{0,2}(?:de |del )?['\u2019]?(?P<a>(?:19|20)[0-9]{2}|(?<=[-'\u2019])[0-9]{2})"
)
_YEAR_NAMED_MONTH: Final = re.compile(r"(?P<a>(?:19|20)[0-9]{2})[ ./-](?P<month>[^\W\d_]{3,10})\.?")
# "S" is a week of two digits only: S1 2024 is half a year.
_WEEK: Final = r"(?:weeks?|wk|w|kw|cw|kalenderwoche|woche|semaine|sem|semana|settimana|sett|s(?=[0-9]{2}))\.?"
_YEAR: Final = r"(?P<a>(?:19|20)[0-9]{2})"
_WEEKS: Final = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"{_YEAR}[ ,/.-]{{0,3}}{_WEEK}[ -]?(?P<week>[0-9]{{1,2}})",
        rf"{_YEAR}-?W(?P<week>[0-9]{{2}})-?(?P<weekday>[1-7])",
        rf"{_WEEK}[ -]?(?P<week>[0-9]{{1,2}})(?:[ ,/.-]{{1,3}}| of | de | del )(?:{_YEAR})",
        rf"(?P<week>[0-9]{{1,2}})(?:\.|st|nd|rd|th)? ?{_WEEK}[ ,/.-]{{1,3}}{_YEAR}",
    )
)
_WEEK_OF: Final = re.compile(
    r"^(?:(?:week|wk) (?:of|from|commencing|starting|beginning)|w/?c|woche (?:vom|ab)|semaine du|semana del|"
    r"settimana del|week van(?:af)?)[: ]+",
    re.IGNORECASE,
)
_QUARTER: Final = r"(?:[QT][1-4]|[1-4]\.?(?:st|nd|rd|th|er|e|o|\u00ba)? ?(?:quarter|quartal|trimestre|kwartaal)|quarter [1-4])"
_HALF: Final = r"(?:[HS][12]|[12]\.?(?:st|nd|er|e|o|\u00ba)? ?(?:half|halbjahr|semestre|halfjaar))"
_LONG_PERIOD: Final = re.compile(
    rf"(?:{_QUARTER}|{_HALF})(?:[ /-]{{0,3}}(?:19|20)[0-9]{{2}})?|"
    rf"(?:19|20)[0-9]{{2}}(?:[ /-]{{0,3}}(?:{_QUARTER}|{_HALF}))?",
    re.IGNORECASE,
)
_RANGE: Final = re.compile(
    r"(?P<first>.+?)(?: ?[\u2013\u2014] ?| - | to | bis | au | al | tot | t/m |\.\.|(?<=[0-9]{4}-[0-9]{2}-[0-9]{2})/|"
    r"(?<=[./][0-9]{4})-)(?P<last>.+)"
)
LONGEST_PERIOD: Final = 31
_NO_DIGITS: Final = re.compile("[^0-9]")
# A day of the week behind the date.
_WEEKDAY_BEHIND: Final = re.compile(
    r",? \(?(?:mo|tu|we|th|fr|sa|su|di|mi|do|so|lu|ma|me|je|ve|ju|vi|s\u00e1|gi|wo|zo|vr)[^\W\d]*\.?\)?$",
    re.IGNORECASE,
)
# Days since 1899-12-30, from 1970 to 2099, as spreadsheets write them into texts.
_SERIAL: Final = re.compile(r"(?P<days>(?:2[5-9]|[3-6][0-9]|7[0-2])[0-9]{3})(?:[.,](?P<part>[0-9]+))?")


class ParsedDate(NamedTuple):
    """The parts of a date as it is written.

    Attributes
    ----------
    numbers : the three numbers, in the order in which they were written.
    orders : the orders in which they can be meant; none if the year is plain to see and comes first.
    time : since the midnight with which the day begins; 24:00 belongs to the day before.
    offset : from UTC, where one was written.
    """

    numbers: tuple[int, int, int]
    orders: tuple[DateOrder, ...]
    time: timedelta
    offset: tzinfo | None

    def day(self, order: DateOrder | None) -> date | None:
        """The calendar day, or None if there is no such day in that order."""
        return calendar_day(self.numbers, self.orders, order)


def calendar_day(
    numbers: tuple[int, int, int], orders: tuple[DateOrder, ...], order: DateOrder | None
) -> date | None:
    """The calendar day of three numbers in that order, None if there is none; see `ParsedDate`."""
    a, b, c = numbers
    if orders and order not in orders:
        return None
    if not orders or order == "year-first":
        year, month, day = a, b, c
    else:
        year, month, day = (c, b, a) if order == "day-first" else (c, a, b)
    if orders and year < 100:
        year = _year(f"{year:02}")
    try:
        return date(year, month, day)
    except ValueError:
        return None


def parse_date(text: str) -> ParsedDate | None:
    """Take a date apart without deciding the order of its numbers; None if its format is not known.

    Known are numbers with `/`, `-` or `.` between them, the year of four digits first or last or of two; 20250313 and
    13032025; months by name in six languages; serial numbers of spreadsheets; seconds since 1970-01-01. Then perhaps a
    time, of 24 or 12 hours (AM, PM), with or without seconds, fractions (kept to the microsecond), an offset from UTC or
    the name of a zone. Months without a day (2024-03, 202403, 03/2024, Mar 2024, Mar-24) are read as their first, ISO weeks
    (2024-W09, "KW 9/2024", "Week 9 2024") as their Monday, stretches of up to 31 days (2024-03-04 - 2024-03-10) as their
    first day.
    """
    whole = " ".join(text.split())
    if match := _EPOCH.fullmatch(whole):
        moment = datetime.fromtimestamp(int(match["seconds"]), UTC)
        time = timedelta(hours=moment.hour, minutes=moment.minute, seconds=moment.second)
        return ParsedDate((moment.year, moment.month, moment.day), (), time, UTC)
    # A month's name may look like a weekday's: mar is Tuesday in French and Spanish, and March.
    for written in dict.fromkeys((whole, _WEEKDAY.sub("", whole))):
        if parsed := _of_day(written):
            return parsed
    return _without_day(whole) or _of_period(whole)


def _of_day(written: str) -> ParsedDate | None:
    """A day, with or without a time."""
    match = _NUMBERS.fullmatch(written)
    if match is not None:
        return _of_numbers(match)
    match = _COMPACT.fullmatch(written)
    if match is not None and match["b"] <= "12":
        return _parsed(match, (int(match["a"]), int(match["b"]), int(match["c"])))
    if match := _COMPACT_LAST.fullmatch(written):
        return _parsed(match, (int(match["a"]), int(match["b"]), int(match["c"])), ORDERS[:2])
    if match := _SERIAL.fullmatch(written):
        moment = SERIAL_EPOCH + timedelta(days=int(match["days"]))
        time = timedelta(seconds=round(86_400 * float(f"0.{match['part'] or 0}")))
        return ParsedDate((moment.year, moment.month, moment.day), (), time, None)
    for pattern in (_DAY_MONTH, _MONTH_DAY, _YEAR_MONTH, _YEAR_LAST):
        match = pattern.fullmatch(written)
        if match and (month := month_number(match["month"])):
            return _parsed(match, (_year(match["a"]), month, int(match["c"])))
    for pattern, joined in _APART:
        if (whole := pattern.sub(joined, written)) != written:
            return _of_day(whole)
    return None


def _year(digits: str) -> int:
    return int(digits) + (0 if len(digits) > 2 else 1900 if int(digits) >= CENTURY_PIVOT else 2000)


def _without_day(written: str) -> ParsedDate | None:
    """A month or an ISO 8601 week by its first day."""
    if match := next(filter(None, (pattern.fullmatch(written) for pattern in _WEEKS)), None):
        try:
            weekday = int(match.groupdict().get("weekday") or 1)
            day = date.fromisocalendar(int(match["a"]), int(match["week"]), weekday)
        except ValueError:
            return None
        return ParsedDate((day.year, day.month, day.day), (), timedelta(0), None)
    if match := _MONTH.fullmatch(written):
        return ParsedDate((int(match["a"]), int(match["b"] or match["c"]), 1), (), timedelta(0), None)
    if match := _MONTH_LAST.fullmatch(written):
        return ParsedDate((int(match["a"]), int(match["b"]), 1), (), timedelta(0), None)
    match = _NAMED_MONTH.fullmatch(written) or _YEAR_NAMED_MONTH.fullmatch(written)
    month = match and month_number(match["month"])
    return ParsedDate((_year(match["a"]), month, 1), (), timedelta(0), None) if match and month else None


def _of_period(written: str) -> ParsedDate | None:
    """A week by its first day, a stretch of at most 31 days by its first, or a date with the day of the week behind it."""
    for pattern in (_WEEK_OF, _WEEKDAY_BEHIND):
        if (bare := pattern.sub("", written)) != written and bare:
            return parse_date(bare)
    ends = _range(written)
    return ends[0] if ends and _fits_a_month(*ends) else None


def _range(written: str) -> tuple[ParsedDate, ParsedDate] | None:
    match = _RANGE.fullmatch(written)
    if match is None:
        return None
    first, last = parse_date(match["first"]), parse_date(match["last"])
    return (first, last) if first and last else None


def _fits_a_month(first: ParsedDate, last: ParsedDate) -> bool:
    days = ((first.day(order), last.day(order)) for order in first.orders or (None,))
    return any(begin and end and 0 <= (end - begin).days < LONGEST_PERIOD for begin, end in days)


def is_long_period(text: str) -> bool:
    """Whether a text names a quarter, half a year, a year, or a stretch of more than 31 days."""
    written = " ".join(text.split())
    return bool(_LONG_PERIOD.fullmatch(written)) or _range(written) is not None


def month_number(name: str) -> int | None:
    """The month, 1 to 12, of a name or its usual abbreviation; None if it is no month's."""
    letters = unicodedata.normalize("NFKD", name.casefold())
    return MONTHS.get("".join(letter for letter in letters if not unicodedata.combining(letter)))


def _of_numbers(match: re.Match[str]) -> ParsedDate | None:
    a, b, c = match["a"], match["b"], match["c"]
    numbers = (int(a), int(b), int(c))
    if len(a) == 4 and len(c) <= 2:
        return _parsed(match, numbers)
    if len(a) <= 2 and len(c) == 4:
        return _parsed(match, numbers, ORDERS[:2])
    # Years of two digits come first with slashes or dashes only.
    year_first = len(a) == 2 and match["mark"] != "."
    orders = (*(ORDERS[:2] if len(c) == 2 else ()), *(ORDERS[2:] if year_first else ()))
    return _parsed(match, numbers, orders) if len(a) <= 2 and len(c) <= 2 and orders else None


def _parsed(
    match: re.Match[str], numbers: tuple[int, int, int], orders: tuple[DateOrder, ...] = ()
) -> ParsedDate | None:
    clock = _time(match) if match["hour"] else timedelta(0)
    zone = match["zone"]
    return None if clock is None else ParsedDate(numbers, orders, clock, _offset(zone) if zone else None)


def _time(match: re.Match[str]) -> timedelta | None:
    hour, minute, second = int(match["hour"]), int(match["minute"]), int(match["second"] or 0)
    fraction = match["fraction"]
    if match["half"]:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if match["half"] in "Pp" else 0)
    # 23:59:60 is a leap second, 24:00 the end of the day.
    if minute > 59 or second > 60 or hour > 24 or (hour == 24 and (minute or second)):
        return None
    microseconds = int(fraction[:6].ljust(6, "0")) if fraction else 0
    return timedelta(hours=hour, minutes=minute, seconds=second, microseconds=microseconds)


def _offset(text: str) -> tzinfo:
    if text.upper() in ZONES:
        return timezone(timedelta(hours=ZONES[text.upper()])) if ZONES[text.upper()] else UTC
    signed = text.removeprefix("UTC").removeprefix("GMT")
    hours, _, minutes = signed[1:].partition(":")
    if len(hours) > 2:
        hours, minutes = hours[:-2], hours[-2:]
    offset = timedelta(hours=int(hours), minutes=int(minutes or 0))
    return timezone(-offset if signed[0] == "-" else offset)


def with_time(day: str, clock: str) -> str:
    """Join a date and a time that stand in two columns; a date that has a time of its own keeps it."""
    day = day.removesuffix(" 00:00:00") if clock else day
    return day if not clock or ":" in day else f"{day} {clock}"


def date_of_columns(year: str, month: str, week: str, day: str) -> str:
    """Join a year and what stands beside it in columns of their own into a text that `parse_date` reads."""
    for part in (month, week, day):
        if parse_date(part):
            return part
    if not year:
        return ""
    if week and not month:
        return f"{year}-W{_NO_DIGITS.sub('', week)}"
    if month_number(month):
        return f"{day or 1} {month} {year}"
    number = _NO_DIGITS.sub("", month)
    return f"{year}-{number.zfill(2)}-{day.zfill(2)}" if day else f"{year}-{number.zfill(2)}"


def date_converter(
    field: Field,
    label: str,
    order: DateOrder | None,
    zone: tzinfo,
    within: tuple[date, date] | None = None,
) -> Converter:
    """Converter of dates to pairs: the moment in UTC, and its day since 1970-01-01 in the shop's zone.

    Times without an offset are the shop's. Where clocks go back such a time exists twice: the first is meant.
    Where clocks go forward it may not exist: it is read as if they had not (PEP 495, fold = 0). Days outside `within`
    are rejected as strays, far from all others of the file.
    """
    samples = {"day-first": "31/12/2010", "month-first": "12/31/2010", "year-first": "10/12/31"}
    wanted = f"a date such as {samples[order] if order else '2010-12-31'} 08:26"

    def convert(text: str) -> Any:
        parsed = parse_date(text)
        if parsed is None and is_long_period(text):
            problem = "is a period in which prices change"
            return invalid("period_too_long", label, text, problem, "a day, a week or a month")
        if parsed is None:
            return invalid("not_a_date", label, text, "is not a date", wanted)
        day = parsed.day(order)
        if day is None and any(map(parsed.day, parsed.orders)):
            problem = "does not fit the order of day and month in this file"
            return invalid("date_order", label, text, problem, wanted)
        if day is None:
            return invalid("not_a_date", label, text, "is no day of the calendar", wanted)
        if within and not within[0] <= day <= within[1] and FIRST_YEAR <= day.year <= LAST_YEAR:
            others = f"a day near the others ({within[0]} to {within[1]})"
            return invalid("stray_date", label, text, "is far from all other dates of the file", others)
        if FIRST_YEAR <= day.year <= LAST_YEAR:
            written = datetime(day.year, day.month, day.day, tzinfo=parsed.offset or zone) + parsed.time
            moment = written.astimezone(UTC)
            local = moment.astimezone(zone)
            if FIRST_YEAR <= local.year <= LAST_YEAR:
                return moment, local.toordinal() - EPOCH_ORDINAL
        years = f"a year from {FIRST_YEAR} to {LAST_YEAR}"
        return invalid("year_out_of_range", label, text, "is too far away", years)

    return checked(field, label, convert, (field.empty, None))
