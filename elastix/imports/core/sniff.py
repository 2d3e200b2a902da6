"""The first pass over a file: count its rows, and detect its decimal separator and its order of dates."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final, Literal

from elastix.imports.core.columns import Columns
from elastix.imports.core.dates import parse_date
from elastix.imports.core.fields import DateOrder, DecimalSeparator, FileSchema, UnreadableFile
from elastix.imports.core.numbers import is_number
from elastix.imports.core.records import Records
from elastix.imports.core.values import clean, shown

MOST_TEXTS_REMEMBERED: Final = 100_000
LAST_SWAPPABLE_DAY: Final = 12


@dataclass(slots=True)
class Evidence:
    """How many distinct values of a file can be read in a first way only, in a second way only, or in both.

    Values that are the same in both ways, or that cannot be read at all, say nothing.
    """

    first: int = 0
    second: int = 0
    either: int = 0
    examples: dict[str, str] = field(default_factory=dict)

    def count(self, text: str, in_first: bool, in_second: bool) -> None:
        if not (in_first or in_second):
            return
        kind = "either" if in_first and in_second else "first" if in_first else "second"
        setattr(self, kind, getattr(self, kind) + 1)
        self.examples.setdefault(kind, shown(text))

    def decide(self, contradiction: str, ambiguity: str) -> Literal["first", "second"] | None:
        """Choose the way that most of the telling values need; None where none tells.

        Parameters
        ----------
        contradiction, ambiguity : what to say if as many need the one as the other, or all can be read both ways, with
            the places {first}, {second} and {either} for examples.

        Raises
        ------
        UnreadableFile : one of the two.
        """
        if self.first != self.second:
            return "first" if self.first > self.second else "second"
        if self.first:
            raise UnreadableFile(contradiction.format(**self.examples))
        if self.either:
            raise UnreadableFile(ambiguity.format(**self.examples))
        return None


class SeparatorEvidence(Evidence):
    """Numbers with a decimal point (first) or comma (second). "1,250" is 1250 or 1.25: either."""

    def add(self, texts: Iterable[str]) -> None:
        """Count the given distinct texts; numbers without any separator say nothing."""
        for text in texts:
            written = " ".join(clean(text).split())
            if "." in written or "," in written:
                self.count(written, is_number(written, "."), is_number(written, ","))

    def separator(self, delimiter: str | None) -> DecimalSeparator:
        """Return the separator that most distinct numbers need; the others will be rejected one by one.

        Where no number tells, a file whose columns are separated by commas has decimal points.
        """
        if delimiter == "," and not self.first and not self.second:
            return "."
        way = self.decide(
            "The numbers contradict each other: {first} has a decimal point, {second} a decimal comma."
            " Say which one the file has (option decimal_separator).",
            "The numbers can be read two ways: {either} may have decimals or thousands."
            " Say whether decimals follow a point or a comma (option decimal_separator).",
        )
        return "," if way == "second" else "."


class OrderEvidence(Evidence):
    """Dates that exist with the day (first) or the month (second) in front.

    Dates that begin with the year, and those with the same number twice (5/5/2011), say nothing.
    """

    def add(self, texts: Iterable[str]) -> None:
        """Count the given distinct texts; those that are no dates are passed over."""
        for text in texts:
            parsed = parse_date(clean(text))
            if parsed is None or parsed.year_first:
                continue
            day_first, month_first = parsed.day("day-first"), parsed.day("month-first")
            if day_first != month_first:
                self.count(text.strip(), day_first is not None, month_first is not None)

    def order(self) -> DateOrder | None:
        """Return the order that most of the telling dates need; None where no date depends on it."""
        way = self.decide(
            "The dates contradict each other: {first} has the day first, {second} the month."
            " Say which comes first (option day_first).",
            "The dates can be read two ways: {either} may begin with the day or with the month, and no date in the"
            " file tells. Say which comes first (option day_first).",
        )
        return way and ("day-first" if way == "first" else "month-first")


@dataclass(slots=True)
class Sniffed:
    """What the first pass saw.

    Attributes
    ----------
    rows : rows below the header, good or bad; blank lines are none.
    separators, orders : what the numbers and the dates that are written as text say.
    date_cells : distinct cells that a workbook holds as dates.
    late_date_cells : those of them after the 12th of their month.
    """

    rows: int = 0
    separators: SeparatorEvidence = field(default_factory=SeparatorEvidence)
    orders: OrderEvidence = field(default_factory=OrderEvidence)
    date_cells: int = 0
    late_date_cells: int = 0

    @property
    def dates_half_converted(self) -> bool:
        """Whether a spreadsheet has probably taken month/day for day/month.

        Then days up to the 12th became date cells, day and month swapped, and only later ones stayed text.
        """
        telling = self.orders.first + self.orders.second
        return bool(self.date_cells and telling) and not (self.late_date_cells or self.orders.either)


def sniff(records: Records, columns: Columns, schema: FileSchema, after: int) -> Sniffed:
    """Read all rows after the given line once.

    Distinct texts count once each; where there are very many, some may count again.
    """
    seen = Sniffed()
    kinds = {place: schema[name].kind for name, place in columns.position.items()}
    telling = {place: kind for place, kind in kinds.items() if kind in ("integer", "decimal", "datetime")}
    known: dict[int, set[Any]] = {place: set() for place in telling}
    for batch in records.batches(len(columns.names), after):
        seen.rows += len(batch.lines) + len(batch.rejects)
        for place, kind in telling.items():
            new = set(batch.cells[place]) - known[place]
            if len(known[place]) > MOST_TEXTS_REMEMBERED:
                known[place].clear()
            known[place] |= new
            evidence = seen.orders if kind == "datetime" else seen.separators
            evidence.add(cell for cell in new if isinstance(cell, str))
            if kind == "datetime":
                days = [cell.day for cell in new if isinstance(cell, date)]
                seen.date_cells += len(days)
                seen.late_date_cells += sum(day > LAST_SWAPPABLE_DAY for day in days)
    return seen
