"""The rows of a text file, in batches: blank lines left out, rows that do not fit the header rejected."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain
from typing import Any, BinaryIO, Final, Protocol, TextIO

from elastix.imports.core.dates import date_of_columns
from elastix.imports.core.fields import UnreadableFile
from elastix.imports.core.formats import TextFormat, text_blocks
from elastix.imports.core.values import cell_text, neutralise_formula, shown, storable

LONGEST_RECORD: Final = 100_000
MOST_BROKEN_RECORDS: Final = 1_000
HEAD_LINES: Final = 200
MOST_CELLS_KEPT: Final = 200
REJECT_COLUMNS: Final = ("line", "reason", "message")

# Follows the lines to be read, so that an open quotation mark shows: it swallows this line.
_END: Final = "\0\0end of the lines\0\0"


@dataclass(frozen=True, slots=True)
class Reject:
    """A row that was rejected.

    Attributes
    ----------
    line : its line in the file (of a workbook: its row in the sheet, counted on through several sheets), the first
        being 1.
    reason : stable code, a key of `values.REASONS`.
    message : sentence for the user, naming column, value and what was expected.
    raw_row : its cells, as they can be stored and shown.
    """

    line: int
    reason: str
    message: str
    raw_row: list[str]


@dataclass(frozen=True, slots=True)
class Batch:
    """Some rows of a file: those of the right width, by columns, and those rejected for their shape.

    Attributes
    ----------
    lines : (n,) line numbers.
    cells : (width, n) cells: texts, or a workbook's typed values.
    rejects : rows with too few or too many columns, or with an open quotation mark.
    """

    lines: Sequence[int]
    cells: Sequence[Sequence[Any]]
    rejects: list[Reject]


class Records(Protocol):
    """Where rows come from: a text file or sheets of a workbook.

    `batches` gives the rows after a line, of which each should have `width` cells; `located` the rejected ones,
    with the place in their message where the line number alone does not say it.
    """

    def batches(self, width: int, after: int) -> Iterator[Batch]: ...

    def located(self, rejects: Iterable[Reject]) -> Iterable[Reject]: ...


@dataclass(frozen=True, slots=True)
class TextRecords:
    """The rows of a text file with the given delimiter."""

    source: BinaryIO
    layout: TextFormat
    delimiter: str

    def head(self) -> list[tuple[int, list[str]]]:
        """The rows on the first 200 lines; those that cannot be read are passed over."""
        for block in text_blocks(self.source, self.layout):
            lines = block.removesuffix("\n").split("\n")[:HEAD_LINES]
            reader = csv.reader(_with_breaks(lines), delimiter=self.delimiter)
            found: list[tuple[int, list[str]]] = []
            while True:
                with suppress(csv.Error):
                    row = next(reader, None)
                    if row is None:
                        return found
                    if not _is_blank(row):
                        found.append((reader.line_num, row))
        return []

    def batches(self, width: int, after: int) -> Iterator[Batch]:
        """The rows after that line. Quoted line breaks belong to their row.

        A quotation mark that swallows other rows (it never closes, or its row comes out too wide or too
        narrow) costs only the line on which it opens: the following lines are read on their own.

        Raises
        ------
        UnreadableFile : if that happens more than 1,000 times, or a line has more than a million characters.
        """
        first, carried = 1, list[str]()
        splitter = _Splitter(self.delimiter, width)
        for block in text_blocks(self.source, self.layout):
            lines = carried + block.removesuffix("\n").split("\n")
            if first <= after:
                skipped = min(after - first + 1, len(lines))
                first, lines = first + skipped, lines[skipped:]
            batch, used = splitter.split(lines, first, last=False)
            yield batch
            first, carried = first + used, lines[used:]
        if carried:
            yield splitter.split(carried, first, last=True)[0]

    def located(self, rejects: Iterable[Reject]) -> Iterable[Reject]:
        """The rejected rows as they are: their line says where they stand."""
        return rejects


@dataclass(frozen=True, slots=True)
class JoinedRecords:
    """Rows with one more column: the date of which year, month, week and day stand in columns of their own.

    Attributes
    ----------
    records : the rows as they are.
    parts : the columns of year, month, week and day; -1 where there is none.
    """

    records: Records
    parts: tuple[int, ...]

    def batches(self, width: int, after: int) -> Iterator[Batch]:
        """The rows, each as wide as it is and the date behind it."""
        for batch in self.records.batches(width - 1, after):
            blank = [""] * len(batch.lines)
            columns = [map(cell_text, batch.cells[at]) if at >= 0 else blank for at in self.parts]
            dates = [date_of_columns(*map(str.strip, each)) for each in zip(*columns, strict=True)]
            yield Batch(batch.lines, [*batch.cells, dates], batch.rejects)

    def located(self, rejects: Iterable[Reject]) -> Iterable[Reject]:
        """The rejected rows, as the records locate them."""
        return self.records.located(rejects)


class _Splitter:
    """Splits lines into rows. What quotation marks do wrong is counted over the whole file."""

    def __init__(self, delimiter: str, width: int) -> None:
        self.delimiter = delimiter
        self.width = width
        self.broken = 0

    def split(self, lines: list[str], first: int, *, last: bool) -> tuple[Batch, int]:
        """Split the lines, the first of which has the number `first`; also say how many lines were used up.

        Unless they are the last of the file, a row still open at their end is left for the next call.
        """
        try:
            rows = self._rows_of_a_line_each(lines)
        except csv.Error:
            return self._split_carefully(lines, first, last=last)
        return shaped(range(first, first + len(rows)), rows, self.width, []), len(lines)

    def _rows_of_a_line_each(self, lines: list[str]) -> list[list[str]]:
        """The rows, if no line is longer than a cell may be, and no quotation mark is open at the end of one.

        Lines without quotation marks need no csv reader, which takes twice as long.
        """
        if max(map(len, lines), default=0) > csv.field_size_limit():
            raise csv.Error("a cell may be too long")
        if ['"' in line for line in lines].count(True) > len(lines) / 4:
            return self._quoted_rows(lines)
        delimiter = self.delimiter
        return [line.split(delimiter) if '"' not in line else self._quoted_rows([line])[0] for line in lines]

    def _quoted_rows(self, lines: list[str]) -> list[list[str]]:
        rows = list(csv.reader(chain(lines, (_END,)), delimiter=self.delimiter))
        if len(rows) != len(lines) + 1 or rows.pop() != [_END]:
            raise csv.Error("a quotation mark is open")
        return rows

    def _split_carefully(self, lines: list[str], first: int, *, last: bool) -> tuple[Batch, int]:
        numbers, rows, rejects = list[int](), list[list[str]](), list[Reject]()
        start = 0
        while start < len(lines):
            start, problem = self._read_until_broken(lines, start, first, numbers, rows)
            if problem is None:
                break
            open_at_end = problem == "open" and sum(map(len, lines[start:])) <= LONGEST_RECORD
            if open_at_end and not last:
                break
            rejects.append(self._broken_line(first + start, lines[start], problem))
            start += 1
        return shaped(numbers, rows, self.width, rejects), start

    def _read_until_broken(
        self, lines: list[str], start: int, first: int, numbers: list[int], rows: list[list[str]]
    ) -> tuple[int, str | None]:
        """Append rows until one is broken; return the line on which it begins, and what is wrong with it."""
        reader = csv.reader(chain(_with_breaks(lines[start:]), (_END,)), delimiter=self.delimiter)
        offset = begin = start
        try:
            for row in reader:
                end = offset + reader.line_num
                if end > len(lines):
                    break
                if end - begin > 1 and not fits(row, self.width):
                    return begin, "swallows"
                numbers.append(first + begin)
                rows.append(row)
                begin = end
        except csv.Error:
            return begin, "long" if offset + reader.line_num == begin + 1 else "swallows"
        return begin, None if begin == len(lines) else "open"

    def _broken_line(self, number: int, line: str, problem: str) -> Reject:
        if problem == "long":
            message = (
                f"A cell has more than {csv.field_size_limit():,} characters; expected the cells of one row."
            )
            return reject(number, "cell_too_long", message, [line])
        self.broken += 1
        if self.broken > MOST_BROKEN_RECORDS:
            raise UnreadableFile(
                f"The quotation marks of the file do not pair up in more than {MOST_BROKEN_RECORDS:,} places,"
                f" lastly on line {number:,}: export it again with every text in quotation marks."
            )
        message = f"A quotation mark in {shown(line)} is not closed in its row; expected a closing one."
        return reject(number, "unclosed_quote", message, [line])


def _with_breaks(lines: Iterable[str]) -> Iterator[str]:
    return (f"{line}\n" for line in lines)


def shaped(lines: Sequence[int], rows: Sequence[Sequence[Any]], width: int, rejects: list[Reject]) -> Batch:
    """Make a batch of the rows: blank ones dropped, those of another width rejected.

    A row is blank if all its cells are empty, or if it is a single one of white space. Empty cells beyond the
    header's width are no fault: spreadsheets write them.
    """
    try:
        cells = list(zip(*rows, strict=True))
    except ValueError:
        cells = []
    if len(cells) == width > 1 and "" not in cells[0]:
        return Batch(lines, cells, rejects)
    kept_lines, kept = list[int](), list[Sequence[Any]]()
    rejected = list(rejects)
    for line, row in zip(lines, rows, strict=True):
        if _is_blank(row):
            continue
        if fits(row, width):
            kept_lines.append(line)
            kept.append(row[:width])
        else:
            reason = "too_few_columns" if len(row) < width else "too_many_columns"
            message = f"The row has {len(row)} columns; expected {width}, as in the header."
            rejected.append(reject(line, reason, message, row))
    rejected.sort(key=lambda each: each.line)
    return Batch(kept_lines, list(zip(*kept, strict=True)) or [()] * width, rejected)


def reject(line: int, reason: str, message: str, row: Sequence[Any]) -> Reject:
    """Reject a row, keeping what can be stored of its cells (the first 200, of 2,000 characters each)."""
    return Reject(line, reason, message, [storable(cell_text(cell)) for cell in row[:MOST_CELLS_KEPT]])


def fits(row: Sequence[Any], width: int) -> bool:
    """Whether the row has a cell for each column, and nothing beyond."""
    return len(row) == width or (len(row) > width and not any(row[width:]))


def _is_blank(row: Sequence[Any]) -> bool:
    if len(row) == 1:
        return not str(row[0]).strip()
    return all(cell == "" for cell in row)


def write_rejects(sink: TextIO, header: Sequence[str], rejects: Iterable[Reject]) -> None:
    """Write rejected rows as CSV, to be corrected and loaded again.

    The columns are line, reason and message, which are ignored when the file is loaded again, then those of the
    original file. Whatever a spreadsheet would take for a formula is written behind an apostrophe, which the
    reader takes off again.

    Parameters
    ----------
    sink : where the text goes; for a file on disk open it with newline="".
    header : the names of the original columns.
    """
    writer = csv.writer(sink)
    writer.writerow([*REJECT_COLUMNS, *map(_safe, header)])
    for each in rejects:
        writer.writerow([each.line, each.reason, _safe(each.message), *map(_safe, each.raw_row)])


def _safe(text: str) -> str:
    return neutralise_formula(storable(text))
