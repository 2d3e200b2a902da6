"""The first pass over a file: count its rows, and detect its decimal separator and its order of dates."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import numpy as np

from elastix.imports.core.columns import Columns
from elastix.imports.core.dates import FIRST_YEAR, LAST_YEAR, ORDERS, calendar_day, parse_date
from elastix.imports.core.fields import DateOrder, DecimalSeparator, FileSchema, UnreadableFile
from elastix.imports.core.numbers import bare_number, is_number, without_measure
from elastix.imports.core.records import Records
from elastix.imports.core.values import clean, shown

MOST_TEXTS_REMEMBERED: Final = 100_000
MOST_DISTINCT_VALUES: Final = 10_000
LAST_SWAPPABLE_DAY: Final = 12
# Of two orders of the dates the one under which they lie this many times closer together is meant.
CLOSER: Final = 5
# A stray date is this many days, and this many usual distances, from all others; of so small a share of the rows.
STRAY_DAYS, STRAY_DISTANCES, STRAY_SHARE = 180, 20, 0.002
FEWEST_DAYS_TO_STRAY_FROM: Final = 10
DAYS_AROUND: Final = timedelta(days=2)


@dataclass(slots=True)
class SeparatorEvidence:
    """Numbers with a decimal point or comma. "1,250" is 1250 or 1.25: either. Currencies beside them are kept."""

    point: int = 0
    comma: int = 0
    either: int = 0
    examples: dict[str, str] = field(default_factory=dict)
    currencies: set[str] = field(default_factory=set)

    def add(self, texts: Iterable[str]) -> None:
        """Count the given distinct texts; numbers without any separator are no evidence."""
        for text in texts:
            written, currency = bare_number(clean(text).removesuffix("%"))
            point, comma = is_number(written, "."), is_number(written, ",")
            if not (point or comma):
                continue
            if currency:
                self.currencies.add(currency)
            if "." in written or "," in written:
                kind = "either" if point and comma else "point" if point else "comma"
                setattr(self, kind, getattr(self, kind) + 1)
                self.examples.setdefault(kind, shown(text.strip()))
                if kind == "either":
                    self.examples.setdefault(f"either {',' if ',' in written else '.'}", shown(text.strip()))

    def __add__(self, other: "SeparatorEvidence") -> "SeparatorEvidence":
        return SeparatorEvidence(
            self.point + other.point,
            self.comma + other.comma,
            self.either + other.either,
            other.examples | self.examples,
            self.currencies | other.currencies,
        )

    def separator(self, delimiter: str | None) -> DecimalSeparator:
        """Return the separator that most distinct numbers need; the others will be rejected one by one.

        Where no number tells, a file whose columns are separated by commas has decimal points.
        """
        if self.point != self.comma:
            return "." if self.point > self.comma else ","
        if self.point:
            raise UnreadableFile(
                "The numbers contradict each other: {point} has a decimal point, {comma} a decimal comma."
                " Say which one the file has (option decimal_mark).".format(**self.examples)
            )
        if self.either and delimiter != ",":
            raise UnreadableFile(
                "The numbers can be read two ways: {either} may have decimals or thousands."
                " Say whether decimals follow a point or a comma (option decimal_mark).".format(
                    **self.examples
                )
            )
        return "."


class DateEvidence:
    """Days of a file, by the numbers with which they are written, each with its rows.

    Dates that say themselves what is day, month and year tell nothing about the others.
    """

    def __init__(self) -> None:
        self.rows: Counter[tuple[tuple[int, int, int], tuple[DateOrder, ...]]] = Counter()
        self.examples: dict[tuple[int, int, int], str] = {}
        self.this_year = datetime.now(UTC).year
        self._parsed: dict[str, Any] = {}

    def add(self, cells: Iterable[Any]) -> None:
        """Count the cells of some rows: texts, or a workbook's dates."""
        for cell, count in Counter(cells).items():
            if isinstance(cell, str):
                if cell not in self._parsed:
                    if len(self._parsed) > MOST_TEXTS_REMEMBERED:
                        self._parsed.clear()
                    parsed = parse_date(clean(cell))
                    self._parsed[cell] = parsed and (parsed.numbers, parsed.orders)
                    if parsed and parsed.orders:
                        self.examples.setdefault(parsed.numbers, shown(cell.strip()))
                if key := self._parsed[cell]:
                    self.rows[key] += count
            elif isinstance(cell, date):
                self.rows[(cell.year, cell.month, cell.day), ()] += count

    def votes(self) -> dict[DateOrder, int]:
        """How many different days exist in an order, of those that not every order of theirs can read alike."""
        found: dict[DateOrder, int] = dict.fromkeys(ORDERS, 0)
        for numbers, orders in self.rows:
            days = {order: calendar_day(numbers, orders, order) for order in orders}
            # Nothing was sold in years to come: 31-12-10 is no day of 2031.
            if (first := days.get("year-first")) and first.year > self.this_year:
                del days["year-first"]
            if len(set(days.values())) > 1 or len(days) == 1:
                for order, day in days.items():
                    found[order] += day is not None
        return found

    def against(self, order: DateOrder | None) -> int:
        """How many different days do not exist in that order."""
        return sum(bool(orders) and not calendar_day(numbers, orders, order) for numbers, orders in self.rows)

    def order(self) -> DateOrder | None:
        """Return the order that most of the telling dates need; None where no date depends on it.

        Where several orders can read the dates equally well, one under which they lie much closer together is meant:
        25/03/13 and 25/04/02 are days of 2025 rather than of 2013 and 2002.

        Raises
        ------
        UnreadableFile : if nothing tells.
        """
        votes = self.votes()
        most = max(votes.values())
        if not most:
            return None
        best = [order for order, count in votes.items() if count == most]
        if len(best) > 1 and "year-first" in best:
            spans = {order: self._span(order) for order in best}
            close = [o for o in best if all(CLOSER * spans[o] < spans[other] for other in best if other != o)]
            # That days lie closer says which number is the year, not which of the others is the day.
            days: list[DateOrder] = [o for o in best if o != "year-first"]
            best = days if close and close[0] in days else close or best
        if len(best) == 1:
            return best[0]
        one_way = [self._example(order) for order in best]
        if all(one_way):
            raise UnreadableFile(
                f"The dates contradict each other: {one_way[0]} is {best[0]}, {one_way[1]} is {best[1]}."
                f" Say which it is (option date_order: {' or '.join(best)})."
            )
        example = next(iter(self.examples.values()))
        raise UnreadableFile(
            f"The dates can be read {len(best)} ways: {example} may be {' or '.join(best)}, and no date in the file"
            f" tells. Say which it is (option date_order: {' or '.join(best)})."
        )

    def _example(self, order: DateOrder) -> str | None:
        """A date that exists in this order only, if there is one."""
        for numbers, orders in self.rows:
            possible = [each for each in orders if calendar_day(numbers, orders, each)]
            if possible == [order] and numbers in self.examples:
                return self.examples[numbers]
        return None

    def _days(self, order: DateOrder | None) -> Iterator[tuple[date, int]]:
        for (numbers, orders), count in self.rows.items():
            if day := calendar_day(numbers, orders, order):
                yield day, count

    def _span(self, order: DateOrder) -> int:
        days = [day for day, _ in self._days(order)]
        return (max(days) - min(days)).days + 1

    def within(self, order: DateOrder | None) -> tuple[date, date] | None:
        """The first and last day of the file without strays, with some days around; None where there are no strays.

        Strays are few rows at an end of the file with a long empty time between them and all others: a mistyped year,
        a date of test. Where days are few or far apart anyway nothing is a stray.
        """
        counts = Counter[date]()
        for day, count in self._days(order):
            if FIRST_YEAR <= day.year <= LAST_YEAR:
                counts[day] += count
        if len(counts) < FEWEST_DAYS_TO_STRAY_FROM:
            return None
        days = sorted(counts)
        gaps = np.diff(np.array([day.toordinal() for day in days]))
        far = np.flatnonzero(gaps >= max(STRAY_DAYS, STRAY_DISTANCES * float(np.median(gaps))))
        rows = np.cumsum([counts[day] for day in days])
        allowed = max(1.0, STRAY_SHARE * rows[-1])
        first, last = 0, len(days) - 1
        for gap in far:
            if rows[gap] <= allowed:
                first = int(gap) + 1
        for gap in far[::-1]:
            if rows[-1] - rows[gap] <= allowed:
                last = int(gap)
        if (first, last) == (0, len(days) - 1) or first > last:
            return None
        return days[first] - DAYS_AROUND, days[last] + DAYS_AROUND


@dataclass(slots=True)
class Sniffed:
    """What the first pass saw.

    Attributes
    ----------
    rows : rows below the header, good or bad; blank lines are none.
    separators : what the numbers of each numeric field say.
    dates : what the dates say.
    date_cells : distinct cells that a workbook holds as dates.
    late_date_cells : those of them after the 12th of their month.
    distinct : the different cells of the columns that are looked at as a whole, at most 10,000 of each.
    """

    rows: int = 0
    separators: dict[str, SeparatorEvidence] = field(default_factory=dict)
    dates: DateEvidence = field(default_factory=DateEvidence)
    date_cells: int = 0
    late_date_cells: int = 0
    distinct: dict[str, set[Any]] = field(default_factory=dict)

    def decimal_marks(self, delimiter: str | None) -> tuple[DecimalSeparator, dict[str, DecimalSeparator]]:
        """The decimal separator of the file, and those of the fields whose own numbers say another.

        Programs write whole numbers of a column with gaps as 1.0 beside prices of 0,90.

        Raises
        ------
        UnreadableFile : nothing tells.
        """
        own = {name: each for name, each in self.separators.items() if each.point != each.comma}
        sure = {name: each.separator(delimiter) for name, each in own.items()}
        if len(set(sure.values())) == 1:
            return next(iter(sure.values())), {}
        if sure:
            most = max(own, key=lambda name: own[name].point + own[name].comma)
            return sure[most], sure
        return sum(self.separators.values(), SeparatorEvidence()).separator(delimiter), {}

    @property
    def currencies_of(self) -> dict[str, frozenset[str]]:
        """The currencies that stand beside the numbers of each field, as they are written there."""
        return {name: frozenset(each.currencies) for name, each in self.separators.items()}

    @property
    def dates_half_converted(self) -> bool:
        """Whether a spreadsheet has probably taken month/day for day/month.

        Then days up to the 12th became date cells, day and month swapped, and only later ones stayed text.
        """
        votes = self.dates.votes()
        return (
            bool(self.date_cells) and not self.late_date_cells and votes["day-first"] != votes["month-first"]
        )


def sniff(records: Records, columns: Columns, schema: FileSchema, after: int) -> Sniffed:
    """Read all rows after the given line once.

    Distinct numbers count once each; where there are very many, some may count again.
    """
    seen = Sniffed()
    fields = {place: schema[name] for name, place in columns.position.items()}
    known: dict[int, set[Any]] = {place: set() for place in fields}
    date_cells = set[date]()
    for batch in records.batches(len(columns.names), after):
        seen.rows += len(batch.lines) + len(batch.rejects)
        for place, each in fields.items():
            if each.kind == "datetime":
                seen.dates.add(batch.cells[place])
                date_cells.update(cell for cell in set(batch.cells[place]) if isinstance(cell, date))
            elif each.inspected or each.kind in ("integer", "decimal"):
                new = set(batch.cells[place]) - known[place]
                if len(known[place]) > MOST_TEXTS_REMEMBERED:
                    known[place].clear()
                known[place] |= new
                if each.kind in ("integer", "decimal"):
                    evidence = seen.separators.setdefault(each.name, SeparatorEvidence())
                    texts = (cell for cell in new if isinstance(cell, str))
                    evidence.add(without_measure(clean(cell))[0] if each.units else cell for cell in texts)
                if each.inspected and len(seen.distinct.setdefault(each.name, set())) < MOST_DISTINCT_VALUES:
                    seen.distinct[each.name] |= new
    seen.date_cells = len(date_cells)
    seen.late_date_cells = sum(cell.day > LAST_SWAPPABLE_DAY for cell in date_cells)
    return seen
