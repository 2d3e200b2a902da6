"""Reading a table: first it is found out how the file is spelt, then its rows come in chunks of columns."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from itertools import compress
from operator import itemgetter
from typing import Any, Final

from elastix.imports.core.cells import cell_text
from elastix.imports.core.columns import Columns, Header, check_mapping, find_header, resolve
from elastix.imports.core.dates import DateOrder, date_converter
from elastix.imports.core.errors import UnreadableFile
from elastix.imports.core.fields import Field, FileSchema
from elastix.imports.core.formats import Source, TextFormat, is_workbook, text_format
from elastix.imports.core.numbers import number_converter
from elastix.imports.core.options import Options, Report
from elastix.imports.core.records import Batch, Records, Reject, TextRecords, reject
from elastix.imports.core.survey import Survey, survey
from elastix.imports.core.values import (
    Bad,
    CellConverter,
    Converter,
    Memo,
    code_converter,
    shown,
    text_converter,
)
from elastix.imports.core.workbook import SheetRecords, open_sheet

CHUNK_ROWS: Final = 20_000
DELIMITERS: Final = (",", ";", "\t", "|")

_DELIMITER_NAMES: Final = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";", "pipe": "|"}


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some rows of a table, by columns.

    Attributes
    ----------
    line_numbers : (n,) lines of the accepted rows.
    columns : (n,) values of each field, whether the file has its column or not; a datetime field has a second
        column `<name>_day`: days since 1970-01-01 in the shop's zone.
    rejects : the refused rows, in the order of the file.
    """

    line_numbers: list[int]
    columns: dict[str, list[Any]]
    rejects: list[Reject]

    def __len__(self) -> int:
        """Rows of the file that the chunk accounts for, accepted or refused."""
        return len(self.line_numbers) + len(self.rejects)


@dataclass(frozen=True, slots=True)
class Table:
    """A file that can be read.

    Attributes
    ----------
    header : the names of its columns.
    rows_hint : how many rows it has, accepted or not.
    report : how it is read.
    """

    header: tuple[str, ...]
    rows_hint: int
    report: Report
    _records: Records
    _columns: Columns
    _schema: FileSchema
    _time_zone: tzinfo

    def chunks(self, size: int = CHUNK_ROWS) -> Iterator[Chunk]:
        """Read the rows, `size` at a time. Accepted and refused rows together are all rows of the file.

        Of a file object only one such iteration can be under way.
        """
        memos = {field.name: Memo(self._cell_converter(field)) for field in self._schema}
        chunk = Chunk([], {name: [] for name in _column_names(self._schema)}, [])
        # Cells are converted while the processor still has them in its cache; joining columns costs little.
        for batch in self._records.batches(len(self.header), self.report.header_line):
            _extend(chunk, self._chunk(batch, memos))
            while len(chunk) > size:
                first, chunk = _cut(chunk, size)
                yield first
            for memo in memos.values():
                memo.trim()
        if len(chunk):
            yield chunk

    def _cell_converter(self, field: Field) -> CellConverter:
        convert = self._converter(field)
        if self.report.format == "csv":
            return convert
        mark = self.report.decimal_mark
        return lambda cell: convert(cell_text(cell, field.kind, mark))

    def _converter(self, field: Field) -> Converter:
        label = self.report.mapping.get(field.name, field.name)
        if field.kind == "text":
            return text_converter(field, label)
        if field.kind == "code":
            return code_converter(field, label)
        if field.kind == "datetime":
            return date_converter(field, label, self.report.date_order, self._time_zone)
        return number_converter(field, label, self.report.decimal_mark)

    def _chunk(self, batch: Batch, memos: dict[str, Memo]) -> Chunk:
        values = {field.name: self._values(field, batch, memos[field.name]) for field in self._schema}
        problems: dict[int, list[Bad]] = {}
        for name, column in values.items():
            if memos[name].holds_bad:
                for row, value in enumerate(column):
                    if type(value) is Bad:
                        problems.setdefault(row, []).append(value)
        if self._schema.check:
            for row, reason, message in self._schema.check(values):
                problems.setdefault(row, []).append(Bad(reason, message))
        lines = list(batch.lines)
        rejects = batch.rejects
        if problems:
            refused = [_refuse(lines[row], problems[row], batch.row(row)) for row in problems]
            rejects = sorted(rejects + refused, key=lambda refusal: refusal.line)
            good = [row not in problems for row in range(len(lines))]
            lines = list(compress(lines, good))
            values = {name: list(compress(column, good)) for name, column in values.items()}
        return Chunk(lines, self._split_dates(values), rejects)

    def _values(self, field: Field, batch: Batch, memo: Memo) -> list[Any]:
        place = self._columns.position.get(field.name)
        if place is None:
            empty = (field.empty, None) if field.kind == "datetime" else field.empty
            return [empty] * len(batch.lines)
        cells = batch.cells[place]
        if self.report.format == "xlsx" and bool in set(map(type, cells)):
            # True equals 1: the memo would take the one for the other.
            cells = [cell_text(cell) if isinstance(cell, bool) else cell for cell in cells]
        return list(map(memo.__getitem__, cells))

    def _split_dates(self, values: dict[str, list[Any]]) -> dict[str, list[Any]]:
        columns: dict[str, list[Any]] = {}
        for field in self._schema:
            column = values[field.name]
            if field.kind == "datetime":
                columns[field.name] = list(map(itemgetter(0), column))
                columns[f"{field.name}_day"] = list(map(itemgetter(1), column))
            else:
                columns[field.name] = column
        return columns


def _column_names(schema: FileSchema) -> Iterator[str]:
    for field in schema:
        yield field.name
        if field.kind == "datetime":
            yield f"{field.name}_day"


def _refuse(line: int, problems: Sequence[Bad], row: Sequence[Any]) -> Reject:
    message = " ".join(problem.message for problem in problems)
    return reject(line, problems[0].reason, message, row)


def _extend(chunk: Chunk, more: Chunk) -> None:
    chunk.line_numbers.extend(more.line_numbers)
    chunk.rejects.extend(more.rejects)
    for name, column in more.columns.items():
        chunk.columns[name].extend(column)


def _cut(chunk: Chunk, size: int) -> tuple[Chunk, Chunk]:
    """Part the first `size` rows of the file, accepted or refused, from the others."""
    refused = [refusal.line for refusal in chunk.rejects]
    last = sorted(chunk.line_numbers + refused)[size - 1]
    rows, rejects = bisect_right(chunk.line_numbers, last), bisect_right(refused, last)
    first, rest = slice(None, rows), slice(rows, None)
    return (
        Chunk(
            chunk.line_numbers[first],
            {name: column[first] for name, column in chunk.columns.items()},
            chunk.rejects[:rejects],
        ),
        Chunk(
            chunk.line_numbers[rest],
            {name: column[rest] for name, column in chunk.columns.items()},
            chunk.rejects[rejects:],
        ),
    )


def open_table(source: Source, schema: FileSchema, options: Options | None = None) -> Table:
    """Find out how a file is spelt, and count its rows, in a first pass over the whole of it.

    Parameters
    ----------
    source : a path, or a binary file object that can seek: CSV or the like (also gzipped), or XLSX.
    schema : the fields to look for.
    options : what the user says about the file.

    Raises
    ------
    UnreadableFile : if the file cannot be read, or could be read in two ways; the message says what to do.
    """
    options = options or Options()
    check_mapping(schema, options.mapping)
    if options.decimal_mark not in (None, ".", ","):
        raise UnreadableFile(f'The decimal mark {shown(options.decimal_mark)} is not known: name "." or ",".')
    if is_workbook(source):
        sheet = open_sheet(source, options.sheet, options.max_bytes)
        return _table(sheet, None, find_header(sheet.head(), schema, options.mapping), schema, options)
    layout = text_format(source, options.encoding, options.max_bytes)
    records, header = _delimited(source, layout, schema, options)
    return _table(records, layout, header, schema, options)


def _delimited(
    source: Source, layout: TextFormat, schema: FileSchema, options: Options
) -> tuple[TextRecords, Header | None]:
    """Choose the delimiter under which the header has most of the fields."""
    given = options.delimiter
    if given is not None:
        given = _DELIMITER_NAMES.get(given.lower(), given)
        if len(given) != 1 or given in '"\r\n\0 ' or ord(given) > 0xFFFF:
            raise UnreadableFile(
                f'The delimiter {shown(given)} is not possible: name one such as ";" or "tab".'
            )
    found = [
        (records, find_header(records.head(), schema, options.mapping))
        for records in (
            TextRecords(source, layout, delimiter) for delimiter in ([given] if given else DELIMITERS)
        )
    ]
    return max(found, key=lambda pair: pair[1].score if pair[1] else (False, -1, -1))


def _table(
    records: TextRecords | SheetRecords,
    layout: TextFormat | None,
    header: Header | None,
    schema: FileSchema,
    options: Options,
) -> Table:
    if header is None:
        raise UnreadableFile("The file has no rows: export it again.")
    columns = resolve(header, schema)
    delimiter = records.delimiter if isinstance(records, TextRecords) else None
    seen = survey(records, columns, schema, header.line)
    order = _order(seen, options)
    report = Report(
        format="csv" if layout else "xlsx",
        compressed=bool(layout and layout.compressed),
        encoding=layout.encoding if layout else None,
        delimiter=delimiter,
        decimal_mark=options.decimal_mark or seen.marks.decide(delimiter),
        date_order=order,
        header_line=header.line,
        mapping={name: columns.names[place] for name, place in columns.position.items()},
        ignored_columns=columns.ignored,
        sheet=records.name if isinstance(records, SheetRecords) else None,
        notes=tuple(_notes(records, header, seen, order)),
    )
    return Table(columns.names, seen.rows, report, records, columns, schema, options.time_zone)


def _order(seen: Survey, options: Options) -> DateOrder | None:
    if options.day_first is None:
        return seen.orders.decide()
    return "day-first" if options.day_first else "month-first"


def _notes(
    records: TextRecords | SheetRecords, header: Header, seen: Survey, order: DateOrder | None
) -> Iterator[str]:
    if isinstance(records, SheetRecords) and records.others:
        others = ", ".join(map(shown, records.others))
        yield f"The workbook has several sheets; {shown(records.name)} was read, {others} not."
    if header.skipped:
        yield f"{header.skipped} rows above the header (line {header.line}) were passed over."
    contrary = {"day-first": seen.orders.month_first, "month-first": seen.orders.day_first}
    if order and contrary[order]:
        yield f"Some dates do not exist {order}; those rows are refused."
    if seen.marks.point and seen.marks.comma:
        yield "Some numbers have another decimal mark than the others; those rows are refused."
    if seen.dates_half_converted:
        yield (
            "Dates up to the 12th are date cells and all later ones are text: a spreadsheet has probably"
            " swapped day and month of the former. Check them."
        )
