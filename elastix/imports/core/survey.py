"""The first pass over a file: count its rows, and see which decimal mark and which order of dates it has."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from elastix.imports.core.columns import Columns
from elastix.imports.core.dates import OrderEvidence
from elastix.imports.core.fields import FileSchema
from elastix.imports.core.numbers import MarkEvidence
from elastix.imports.core.records import Records

MOST_TEXTS_REMEMBERED: Final = 100_000
LAST_SWAPPABLE_DAY: Final = 12


@dataclass(slots=True)
class Survey:
    """What the first pass saw.

    Attributes
    ----------
    rows : rows below the header, good or bad; blank lines are none.
    marks, orders : what the numbers and the dates that are spelt as text say.
    date_cells : distinct cells that a workbook holds as dates.
    late_date_cells : those of them after the 12th of their month.
    """

    rows: int = 0
    marks: MarkEvidence = field(default_factory=MarkEvidence)
    orders: OrderEvidence = field(default_factory=OrderEvidence)
    date_cells: int = 0
    late_date_cells: int = 0

    @property
    def dates_half_converted(self) -> bool:
        """Whether a spreadsheet has probably taken month/day for day/month.

        Then days up to the 12th became date cells, day and month swapped, and only later ones stayed text.
        """
        told = self.orders.day_first + self.orders.month_first
        return bool(self.date_cells and told) and not (self.late_date_cells or self.orders.either)


def survey(records: Records, columns: Columns, schema: FileSchema, after: int) -> Survey:
    """Read all rows after the given line once.

    Distinct texts count once each; where there are very many, some may count again.
    """
    seen = Survey()
    width = len(columns.names)
    wanted = [(field, columns.position[field.name]) for field in schema if field.name in columns.position]
    numbers = [place for field, place in wanted if field.kind in ("integer", "decimal")]
    dates = [place for field, place in wanted if field.kind == "datetime"]
    known: dict[int, set[Any]] = {place: set() for place in numbers + dates}
    for batch in records.batches(width, after):
        seen.rows += len(batch.lines) + len(batch.rejects)
        for place in numbers:
            fresh = _new(batch.cells[place], known[place])
            seen.marks.add(cell for cell in fresh if isinstance(cell, str))
        for place in dates:
            fresh = _new(batch.cells[place], known[place])
            seen.orders.add(cell for cell in fresh if isinstance(cell, str))
            _count_date_cells(seen, fresh)
    return seen


def _new(cells: Iterable[Any], known: set[Any]) -> set[Any]:
    fresh = set(cells) - known
    if len(known) > MOST_TEXTS_REMEMBERED:
        known.clear()
    known |= fresh
    return fresh


def _count_date_cells(seen: Survey, cells: Iterable[Any]) -> None:
    days = [cell.day for cell in cells if isinstance(cell, date)]
    seen.date_cells += len(days)
    seen.late_date_cells += sum(day > LAST_SWAPPABLE_DAY for day in days)
