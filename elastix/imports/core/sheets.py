"""Which sheets of a workbook are the table, and their rows: sheets of one shape are one table."""

import pickle
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, islice
from typing import Any, BinaryIO, Final

import numpy as np

from elastix.imports.core.columns import Header
from elastix.imports.core.fields import FileSchema, UnreadableFile, normalise_name
from elastix.imports.core.records import HEAD_LINES, Batch, Reject, shaped
from elastix.imports.core.sheet_process import ROWS_PER_BATCH
from elastix.imports.core.values import cell_text, shown

# Sheets are one table if they share that part of all their columns.
SAME_COLUMNS: Final = 0.75
# A price merged over several rows holds for each; a quantity or an amount may be that of all of them together.
_REPEATED_NUMBERS: Final = ("price", "cost", "rate")


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet, as the process that read it has left it.

    Attributes
    ----------
    spool : pickled batches of rows, and of what merged cells lend to the rows below their first.
    start, end : where in it those of this sheet begin and end.
    height : rows up to the last that is not empty.
    merged : how many cells get their value from a merged one.
    """

    spool: BinaryIO
    name: str
    start: int
    end: int
    height: int
    merged: int

    def rows(self, unfilled: frozenset[int] = frozenset()) -> Iterator[list[Any]]:
        """All rows, blank ones too, merged cells filled down except in the given columns."""
        place = self.start
        while place < self.end:
            self.spool.seek(place)
            batch, filled = pickle.load(self.spool)  # noqa: S301 - our own process wrote it
            place = self.spool.tell()
            for row, column, value in filled:
                if column not in unfilled:
                    batch[row][column] = value
            yield from batch

    def head(self) -> list[tuple[int, list[str]]]:
        """The first rows that are not blank, as texts."""
        texts = [[cell_text(cell) for cell in row] for row in islice(self.rows(), HEAD_LINES)]
        return [(line, row) for line, row in enumerate(texts, start=1) if any(row)]

    def has_rows(self, after: int) -> bool:
        """Whether a row after that one is not blank."""
        return any(cell != "" for row in islice(self.rows(), after, None) for cell in row)


@dataclass(frozen=True, slots=True)
class Part:
    """A sheet as a part of a table.

    Attributes
    ----------
    header : its own header.
    places : the sheet's column of each of the table's; -1 where it has none.
    unfilled : columns of the sheet in which merged cells are not filled down.
    before : rows of the sheets before it; its own are counted on from there.
    """

    sheet: Sheet
    header: Header
    places: tuple[int, ...]
    unfilled: frozenset[int]
    before: int = 0

    def rows(self) -> Iterator[Sequence[Any]]:
        """The rows below the header, in the table's columns; cells right of the header stay behind them."""
        rows = islice(self.sheet.rows(self.unfilled), self.header.line, None)
        width = len(self.header.names)
        if self.places == tuple(range(width)):
            return rows
        return ([row[at] if at >= 0 else "" for at in self.places] + row[width:] for row in rows)


@dataclass(frozen=True, slots=True)
class SheetRecords:
    """The rows of the sheets that are the table, in the order of the workbook.

    A line number is the row in the first sheet, and counts on through the others.
    """

    parts: tuple[Part, ...]
    notes: tuple[str, ...]

    @property
    def name(self) -> str:
        """The names of the sheets."""
        return ", ".join(part.sheet.name for part in self.parts)

    @property
    def starts(self) -> tuple[tuple[str, int], ...]:
        """The name of each sheet and the number of the line before its first, where there are several."""
        return tuple((part.sheet.name, part.before) for part in self.parts) if len(self.parts) > 1 else ()

    def batches(self, width: int, after: int) -> Iterator[Batch]:
        """The rows below the headers, in batches of 5,000; their cells keep the types they have in the sheet."""
        for part in self.parts:
            rows, first = part.rows(), part.before + part.header.line + 1
            while batch := list(islice(rows, ROWS_PER_BATCH)):
                yield shaped(range(first, first + len(batch)), batch, width, [])
                first += len(batch)

    def located(self, rejects: Iterable[Reject]) -> Iterator[Reject]:
        """The rejected rows; where there are several sheets, their messages name sheet and row."""
        for each in rejects:
            if len(self.parts) == 1:
                yield each
                continue
            part = max((part for part in self.parts if part.before < each.line), key=lambda part: part.before)
            where = f"Sheet {shown(part.sheet.name)}, row {each.line - part.before}"
            yield replace(each, message=f"{where}: {each.message}")


def the_table(
    found: Sequence[tuple[Sheet, Header | None]],
    names: Sequence[str],
    hidden: Sequence[str],
    schema: FileSchema,
    *,
    keep_copies: bool = False,
) -> tuple[SheetRecords, Header]:
    """Find the sheet whose header has most of the needed fields, and join those of the same shape to it.

    Parameters
    ----------
    found : the sheets that were read, each with its header.
    names : of all sheets that might have been read, empty ones among them.
    hidden : the names of the hidden sheets.
    keep_copies : whether a sheet that repeats others is read all the same.

    Returns
    -------
    the records, and the header of their table.

    Raises
    ------
    UnreadableFile : if there are no rows.
    """
    headed = [(sheet, header) for sheet, header in found if header]
    if not headed:
        raise UnreadableFile("The file has no rows: export it again.")
    headed = [(sheet, header) for sheet, header in headed if sheet.has_rows(header.line)] or headed
    # Of two sheets with the same fields, the one with fewer other columns is more likely to be about them.
    first, best = max(headed, key=lambda pair: (*pair[1].score[:2], -len(pair[1].names)))
    alike = [(sheet, header) for sheet, header in headed if best.score[0] and header.score[0]]
    parts = [part for pair in alike or [(first, best)] if (part := _as_part(*pair, best, schema))]
    kept, copies = (parts, {}) if keep_copies else _without_copies(parts)
    starts = accumulate((part.sheet.height for part in kept), initial=0)
    records = SheetRecords(
        tuple(replace(part, before=before) for part, before in zip(kept, starts, strict=False)),
        tuple(_notes(kept, names, hidden, [sheet.name for sheet, _ in alike], copies)),
    )
    return records, replace(best, line=kept[0].header.line, skipped=kept[0].header.skipped)


def _as_part(sheet: Sheet, header: Header, best: Header, schema: FileSchema) -> Part | None:
    """The sheet as a part of the best one's table; None if their columns are not the same, or nearly.

    Columns are matched by their field, else by their name, in whatever order.
    """
    keys, own = _keys(best), _keys(header)
    places = tuple(range(len(keys)))
    if own != keys:
        named, own_named = [key for key in keys if key], [key for key in own if key]
        ambiguous = len({*named}) < len(named) or len({*own_named}) < len(own_named)
        common = len({*named} & {*own_named})
        lost = header.candidates.keys() - best.candidates.keys()
        if ambiguous or lost or common < SAME_COLUMNS * len({*named} | {*own_named}):
            return None
        places = tuple(own.index(key) if key in own else -1 for key in keys)
    unfilled = frozenset(
        place
        for name, columns in header.candidates.items()
        if schema[name].kind in ("integer", "decimal") and not any(word in name for word in _REPEATED_NUMBERS)
        for place in columns
    )
    return Part(sheet, header, places, unfilled)


def _keys(header: Header) -> list[str]:
    """What identifies each column of a header: the field it is, else its name."""
    fields = {place: f"={name}" for name, places in header.candidates.items() for place in places}
    return [fields.get(place, normalise_name(name)) for place, name in enumerate(header.names)]


def _without_copies(parts: list[Part]) -> tuple[list[Part], dict[str, int]]:
    """Leave out sheets all of whose rows stand in earlier ones; also say how many these are."""
    kept: list[Part] = []
    copies: dict[str, int] = {}
    earlier = np.empty(0, np.int64)
    for part in parts if len(parts) > 1 else ():
        hashes = np.fromiter(
            (hash(tuple(row)) for row in part.rows() if any(cell != "" for cell in row)), np.int64
        )
        again = int(np.isin(hashes, earlier).sum())
        if again and again == len(hashes):
            copies[part.sheet.name] = again
        else:
            kept.append(part)
            earlier = np.concatenate((earlier, hashes))
    return kept or parts, copies


def _notes(
    parts: Sequence[Part],
    names: Sequence[str],
    hidden: Sequence[str],
    alike: Sequence[str],
    copies: Mapping[str, int],
) -> Iterator[str]:
    read = [part.sheet.name for part in parts]
    left = [name for name in names if name not in read]
    if len(read) > 1:
        yield f"The sheets {_listed(read)} have the same columns: they were read as one table, in this order."
        if left:
            yield f"The workbook has other sheets, which were not read: {_listed(left)}."
    elif left:
        yield f"The workbook has several sheets; {shown(read[0])} was read, {_listed(left)} not."
    for name in left:
        if name in alike and name not in copies:
            yield (
                f"The sheet {shown(name)} has the needed columns too, but is not like {shown(read[0])}:"
                " if it belongs to the table, load it as well (option sheet)."
            )
    for name, rows in copies.items():
        yield f"The sheet {shown(name)} repeats rows of the others ({rows:,}) and was left out."
    if hidden:
        yield f"Hidden sheets are read only if they are named (option sheet): {_listed(hidden)}."
    if any(part.sheet.merged for part in parts):
        yield "Merged cells were filled down; those of quantities and amounts were not."


def _listed(names: Iterable[str]) -> str:
    return ", ".join(map(shown, names))
