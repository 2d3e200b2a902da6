"""What a user says about a file, and what was detected."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, tzinfo

from elastix.imports.core.fields import DateOrder, DecimalSeparator
from elastix.imports.core.formats import MAX_BYTES


@dataclass(frozen=True, slots=True)
class Options:
    """What the user says about a file; what is None is detected.

    Attributes
    ----------
    time_zone : the shop's, for times without an offset and for cutting days.
    mapping : columns of the file to fields; wins over what the columns' names say. An empty field: the column
        is ignored.
    encoding : such as "utf-8", "cp1252" or "utf-16".
    delimiter : one character, or "tab".
    decimal_separator : "." or ",".
    day_first : whether 1/2/2011 is the first of February.
    sheet : the name of a workbook's sheet.
    max_bytes : the largest size of the file when unpacked.
    """

    time_zone: tzinfo = UTC
    mapping: Mapping[str, str] = field(default_factory=dict)
    encoding: str | None = None
    delimiter: str | None = None
    decimal_separator: DecimalSeparator | None = None
    day_first: bool | None = None
    sheet: str | None = None
    max_bytes: int = MAX_BYTES


@dataclass(frozen=True, slots=True)
class Report:
    """How a file was read; stored with each import, and answered, under these names.

    Attributes
    ----------
    format : "csv" (any text) or "xlsx".
    compressed : whether the text was packed with gzip.
    encoding, delimiter : of a text, else None.
    decimal_mark : the decimal separator, "." or ",".
    date_order : "day-first", "month-first", or None where every date says it itself.
    header_line : the line the header ends on.
    mapping : the column of each field that has one.
    ignored_columns : columns that belong to no field.
    sheet : the name of the sheet, else None.
    notes : sentences the user should see.
    """

    format: str
    compressed: bool
    encoding: str | None
    delimiter: str | None
    decimal_mark: DecimalSeparator
    date_order: DateOrder | None
    header_line: int
    mapping: dict[str, str]
    ignored_columns: tuple[str, ...]
    sheet: str | None
    notes: tuple[str, ...]
