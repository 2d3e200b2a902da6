"""Reading a table: the format of the file is detected first, then its rows come in chunks of columns."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, tzinfo
from decimal import Decimal
from itertools import compress
from operator import itemgetter
from typing import Any, BinaryIO, Final

from elastix.imports.core.archives import unzipped
from elastix.imports.core.columns import (
    Columns,
    Header,
    check_mapping,
    find_header,
    header_key,
    resolve,
)
from elastix.imports.core.dates import ORDERS, date_converter, with_time
from elastix.imports.core.fields import (
    DecimalSeparator,
    Field,
    FileSchema,
    UnreadableFile,
    says_per,
)
from elastix.imports.core.formats import TextFormat, is_workbook, text_format
from elastix.imports.core.notes import grouped_notes, reading_notes
from elastix.imports.core.numbers import number_converter
from elastix.imports.core.options import Options, Report
from elastix.imports.core.records import Batch, JoinedRecords, Records, Reject, TextRecords, reject
from elastix.imports.core.sheets import SheetRecords, the_table
from elastix.imports.core.sniff import sniff
from elastix.imports.core.values import (
    CachedConverter,
    CellConverter,
    CellError,
    Converter,
    Noted,
    cell_text,
    code_converter,
    shown,
    storable,
    text_converter,
)
from elastix.imports.core.workbook import open_workbook

CHUNK_ROWS: Final = 20_000
FIRST_ROWS: Final = 2_000
ROWS_AS_READ: Final = 5
LONGEST_AS_READ: Final = 40
NUMBERS_AND_DATES: Final = ("integer", "decimal", "datetime")
EPOCH_DAY: Final = date(1970, 1, 1).toordinal()
DELIMITERS: Final = (",", ";", "\t", "|")

# Given the columns of some rows (rejected values among them) it changes them in place, and yields the number of each row
# that is bad as a whole, with a stable reason and the sentence for the user.
RowCheck = Callable[[dict[str, list[Any]]], Iterable[tuple[int, str, str]]]

# Where the rows are, the header above them, and how a text is written.
Found = tuple[TextRecords | SheetRecords, Header, TextFormat | None]

_DELIMITER_NAMES: Final = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";", "pipe": "|"}


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some rows of a table, by columns.

    Attributes
    ----------
    line_numbers : (n,) lines of the accepted rows.
    columns : (n,) values of each field, whether the file has its column or not; a datetime field has a second
        column `<name>_day`: days since 1970-01-01 in the shop's zone.
    rejects : the rejected rows, in the order of the file.
    notes : cells that were taken for something else than they say, by (field, code of the note).
    """

    line_numbers: list[int]
    columns: dict[str, list[Any]]
    rejects: list[Reject]
    notes: Counter[tuple[str, str]]

    def __len__(self) -> int:
        """Rows of the file that the chunk accounts for, accepted or rejected."""
        return len(self.line_numbers) + len(self.rejects)


@dataclass(frozen=True, slots=True)
class Table:
    """A file that can be read.

    Attributes
    ----------
    header : the names of its columns.
    rows_hint : how many rows it has, accepted or not.
    report : how it is read.
    currencies_of : the currencies that stand beside the numbers of each field, as they are written there.
    sheets : name of each sheet and number of the line before its first; empty unless several were joined.
    passed_over : columns that a known layout or the user says are not to be read.
    asked : fields whose columns they name.
    """

    header: tuple[str, ...]
    rows_hint: int
    report: Report
    currencies_of: Mapping[str, frozenset[str]]
    sheets: tuple[tuple[str, int], ...]
    passed_over: frozenset[str]
    asked: frozenset[str]
    _records: Records
    _columns: Columns
    _schema: FileSchema
    _time_zone: tzinfo
    _within: tuple[date, date] | None
    _marks: Mapping[str, DecimalSeparator]
    _distinct: Mapping[str, set[Any]]

    @property
    def currencies(self) -> frozenset[str]:
        """The currencies that stand beside any of its numbers."""
        return frozenset().union(*self.currencies_of.values())

    def distinct(self, name: str) -> set[Any]:
        """The different values of an inspected field, without blank and bad ones; at most 10,000."""
        convert = self._converter(self._schema[name])
        values = {_plain(convert(cell)) for cell in self.distinct_cells(name)}
        return {
            value for value in values if type(value) is not CellError and value != self._schema[name].empty
        }

    def distinct_cells(self, name: str) -> set[Any]:
        """The different cells of an inspected field, as they are written; at most 10,000."""
        return set(self._distinct.get(name, ()))

    def first_rows(self, *names: str) -> list[tuple[Any, ...]]:
        """The values of some fields in the first rows that can be read; none where a field has no column."""
        if not set(names) <= self._columns.position.keys():
            return []
        for chunk in self.chunks(FIRST_ROWS):
            return list(zip(*(chunk.columns[name] for name in names), strict=True))
        return []

    def first_as_read(self, most: int = ROWS_AS_READ) -> list[dict[str, Any]]:
        """The numbers and dates of the first rows: by field the text that stands there and what it is read as.

        Numbers and days are texts themselves, "1234.5" and "2025-03-01"; None is what cannot be read. Blank cells and
        fields without a column are left out; "line" is the row's.
        """
        fields = [
            each
            for each in self._schema
            if each.kind in NUMBERS_AND_DATES and each.name in self._columns.position
        ]
        batch = next(iter(self._records.batches(len(self.header), self.report.header_line)), None)
        rows: list[dict[str, Any]] = (
            [{"line": line} for line in batch.lines[:most]] if batch and fields else []
        )
        for field in fields:
            convert = self._converter(field)
            for row, cell in zip(
                rows, batch.cells[self._columns.position[field.name]] if batch else (), strict=False
            ):
                if written := cell_text(cell, field.kind).strip():
                    row[field.name] = [storable(written, LONGEST_AS_READ), _as_read(_plain(convert(cell)))]
        return rows

    def chunks(self, size: int = CHUNK_ROWS, check: RowCheck | None = None) -> Iterator[Chunk]:
        """Read the rows, `size` or somewhat more at a time. Accepted and rejected ones are all rows of the file.

        Of a file object only one such iteration can be under way.
        """
        caches = {field.name: CachedConverter(self._converter(field)) for field in self._schema}
        names = [name for field in self._schema for name in _column_names(field)]
        chunk = Chunk([], {name: [] for name in names}, [], Counter())
        # Cells are converted while the processor still has them in its cache; joining columns costs little.
        for batch in self._records.batches(len(self.header), self.report.header_line):
            more = self._chunk(batch, caches, check)
            chunk.line_numbers.extend(more.line_numbers)
            chunk.rejects.extend(self._records.located(more.rejects))
            chunk.notes.update(more.notes)
            for name, column in more.columns.items():
                chunk.columns[name].extend(column)
            if len(chunk) >= size:
                yield chunk
                chunk = Chunk([], {name: [] for name in names}, [], Counter())
            for cache in caches.values():
                cache.trim()
        if len(chunk):
            yield chunk

    def _converter(self, field: Field) -> CellConverter:
        label = self.report.mapping.get(field.name, field.name)
        separator = self._marks.get(field.name, self.report.decimal_mark)
        convert: Converter
        if field.kind == "text":
            convert = text_converter(field, label)
        elif field.kind == "code":
            convert = code_converter(field, label)
        elif field.kind == "datetime":
            convert = date_converter(field, label, self.report.date_order, self._time_zone, self._within)
        else:
            convert = number_converter(field, label, separator)
        if self.report.format == "csv":
            return convert
        return lambda cell: convert(cell_text(cell, field.kind, separator))

    def _chunk(self, batch: Batch, caches: dict[str, CachedConverter], check: RowCheck | None) -> Chunk:
        values = {field.name: self._values(field, batch, caches[field.name]) for field in self._schema}
        problems: dict[int, list[CellError]] = {}
        for name, column in values.items():
            if caches[name].has_errors:
                for row, value in enumerate(column):
                    if type(value) is CellError:
                        problems.setdefault(row, []).append(value)
        if check:
            for row, reason, message in check(values):
                problems.setdefault(row, []).append(CellError(reason, message))
        lines, rejects = list(batch.lines), list(batch.rejects)
        notes = self._noted(batch, caches)
        if problems:
            for row, errors in problems.items():
                message = " ".join(each.message for each in errors)
                rejects.append(
                    reject(lines[row], errors[0].reason, message, [column[row] for column in batch.cells])
                )
            rejects.sort(key=lambda each: each.line)
            good = [row not in problems for row in range(len(lines))]
            lines = list(compress(lines, good))
            values = {name: list(compress(column, good)) for name, column in values.items()}
        columns: dict[str, list[Any]] = {}
        for field in self._schema:
            column, names = values[field.name], _column_names(field)
            split = len(names) > 1
            columns |= {
                name: list(map(itemgetter(part), column)) if split else column
                for part, name in enumerate(names)
            }
        return Chunk(lines, columns, rejects, notes)

    def _noted(self, batch: Batch, caches: dict[str, CachedConverter]) -> Counter[tuple[str, str]]:
        notes = Counter[tuple[str, str]]()
        for name, cache in caches.items():
            place = self._columns.position.get(name)
            if cache.noted and place is not None:
                found = (cache.noted[cell] for cell in batch.cells[place] if cell in cache.noted)
                notes.update((name, note) for note in found)
        return notes

    def _values(self, field: Field, batch: Batch, cache: CachedConverter) -> list[Any]:
        place = self._columns.position.get(field.name)
        if place is None and field.name in self._schema.assumed:
            return [self._schema.assumed[field.name][0]] * len(batch.lines)
        if place is None:
            empty = (field.empty, None) if field.kind == "datetime" else field.empty
            return [empty] * len(batch.lines)
        cells = batch.cells[place]
        clock = self._columns.position.get(self._schema.time.get(field.name, ""))
        if clock is not None:
            pairs = zip(cells, batch.cells[clock], strict=True)
            cells = [with_time(cell_text(day, "datetime"), cell_text(time, "time")) for day, time in pairs]
        if self.report.format == "xlsx" and bool in set(map(type, cells)):
            # True equals 1: the cache would take the one for the other.
            cells = [cell_text(cell) if isinstance(cell, bool) else cell for cell in cells]
        return list(map(cache.__getitem__, cells))


def _plain(value: Any) -> Any:
    return value.value if type(value) is Noted else value


def _as_read(value: Any) -> str | None:
    """A number or the day of a date as a text; None for what cannot be read."""
    if isinstance(value, tuple):
        day = value[1]
        return None if day is None else date.fromordinal(EPOCH_DAY + day).isoformat()
    return f"{Decimal(value).normalize():f}" if isinstance(value, int | Decimal) else None


def _column_names(field: Field) -> tuple[str, ...]:
    return (field.name, f"{field.name}_day") if field.kind == "datetime" else (field.name,)


def open_table(source: BinaryIO, schema: FileSchema, options: Options | None = None) -> Table:
    """Detect the format of a file, and count its rows, in a first pass over the whole of it.

    Parameters
    ----------
    source : a binary file object that can seek: CSV or the like (also gzipped), XLSX, or a ZIP archive of one of them.
    schema : the fields to look for.
    options : what the user says about the file.

    Raises
    ------
    UnreadableFile : if the file cannot be read, or could be read in two ways; the message says what to do.
    """
    options = options or Options()
    check_mapping(schema, options.mapping)
    _check_options(options)
    source, packed = unzipped(source, options.max_bytes)
    records, header, layout = find_table(source, {"": schema}, options)[""]
    return _table(records, header, layout, schema, options, packed)


def find_table(source: BinaryIO, schemas: Mapping[str, FileSchema], options: Options) -> dict[str, Found]:
    """Find the rows of a file, which is no archive, and their header, as it looks to each of the schemas.

    Raises
    ------
    UnreadableFile : if the file cannot be read, or has no rows.
    """
    if is_workbook(source):
        book = open_workbook(source, options.sheet, options.max_bytes)
        seen: dict[str, Found] = {}
        for name, schema in schemas.items():
            sheets = [
                (sheet, find_header(sheet.head(), schema, options.mapping, options.remembered))
                for sheet in book.sheets
            ]
            keep = "already_imported" in options.accept
            seen[name] = (*the_table(sheets, book.names, book.hidden, schema, keep_copies=keep), None)
        return seen
    layout = text_format(source, options.encoding, options.max_bytes)
    candidates = [TextRecords(source, layout, each) for each in _delimiters(options.delimiter)]
    heads = [(records, records.head()) for records in candidates]
    tables: dict[str, Found] = {}
    for name, schema in schemas.items():
        # The delimiter is the one under which the header has most of the fields.
        found = [
            (records, find_header(head, schema, options.mapping, options.remembered))
            for records, head in heads
        ]
        records, header = max(found, key=lambda pair: pair[1].score if pair[1] else (False, -1, -1))
        if header is None:
            raise UnreadableFile("The file has no rows: export it again.")
        tables[name] = (records, header, layout)
    return tables


def _check_options(options: Options) -> None:
    if options.decimal_mark not in (None, ".", ","):
        raise UnreadableFile(f'The decimal mark {shown(options.decimal_mark)} is not known: name "." or ",".')
    if options.date_order not in (None, *ORDERS):
        named = shown(str(options.date_order))
        raise UnreadableFile(f"The order of dates {named} is not known: name one of {', '.join(ORDERS)}.")


def _delimiters(given: str | None) -> Sequence[str]:
    if given is None:
        return DELIMITERS
    given = _DELIMITER_NAMES.get(given.lower(), given)
    if len(given) != 1 or given in '"\r\n\0 ' or ord(given) > 0xFFFF:
        raise UnreadableFile(f'The delimiter {shown(given)} is not possible: name one such as ";" or "tab".')
    return (given,)


def _table(
    records: TextRecords | SheetRecords,
    header: Header,
    layout: TextFormat | None,
    schema: FileSchema,
    options: Options,
    packed: str,
) -> Table:
    columns, rows = _joined(resolve(header, schema), header, schema, records)
    delimiter = records.delimiter if isinstance(records, TextRecords) else None
    seen = sniff(rows, columns, schema, header.line)
    order = options.date_order or seen.dates.order()
    mark, marks = (
        seen.decimal_marks(delimiter) if options.decimal_mark is None else (options.decimal_mark, {})
    )
    within = None if "stray_date" in options.accept else seen.dates.within(order)
    report = Report(
        format="csv" if layout else "xlsx",
        compressed=bool(packed or (layout and layout.compressed)),
        encoding=layout.encoding if layout else None,
        delimiter=delimiter,
        decimal_mark=mark,
        date_order=order,
        header_line=header.line,
        mapping={name: columns.names[place] for name, place in columns.position.items()},
        ignored_columns=columns.ignored,
        sheet=records.name if isinstance(records, SheetRecords) else None,
        notes=(
            *([f"The file {shown(packed)} in the archive was read."] if packed else []),
            *reading_notes(records, header, seen, order, columns, schema),
            *(grouped_notes(seen, columns, schema, mark, marks) if options.decimal_mark is None else ()),
        ),
    )
    before = options.remembered.get(header_key(header.names), {}) if header.remembered else {}
    said = {**(header.layout.columns if header.layout else {}), **before, **options.mapping}
    passed_over = frozenset(column for column, field in said.items() if not field)
    sheets = records.starts if isinstance(records, SheetRecords) else ()
    asked = frozenset(said.values()) & columns.position.keys()
    _check_prices_of_one(report.mapping, schema, asked)
    return Table(
        columns.names, seen.rows, report, seen.currencies_of, sheets, passed_over, asked, rows, columns, schema,
        options.time_zone, within, marks, seen.distinct,
    )  # fmt: skip


def _check_prices_of_one(mapping: Mapping[str, str], schema: FileSchema, asked: Collection[str]) -> None:
    """Ask about a column whose name says that its prices are not those of one product."""
    for field in schema:
        count, measure = says_per(mapping.get(field.name, ""))
        if field.money and field.name not in asked and (count > 1 or (field.each and measure)):
            label = mapping[field.name]
            what = f"{count} {measure}".strip() if count > 1 else f"a {measure}"
            raise UnreadableFile(
                f"{shown(label)} has prices of {what}, not of one product: bring them to one, or have them read as they stand"
                f' (option mapping: "{label}={field.name}").'
            )


def _joined(
    columns: Columns, header: Header, schema: FileSchema, records: TextRecords | SheetRecords
) -> tuple[Columns, Records]:
    """The columns and rows with the date that stands in columns of its parts as one more column."""
    if not header.joined or columns.position[schema.date] not in header.joined:
        return columns, records
    name = " + ".join(columns.names[at] for at in header.joined if at >= 0)
    position = columns.position | {schema.date: len(columns.names)}
    parts = {columns.names[at] for at in header.joined if at >= 0}
    ignored = tuple(each for each in columns.ignored if each not in parts)
    return Columns((*columns.names, name), position, ignored), JoinedRecords(records, header.joined)
