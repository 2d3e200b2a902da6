"""The options with which a file is read: as the user set them, and as detected."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from typing import Final

from elastix.imports.core.columns import Mappings
from elastix.imports.core.fields import DateOrder, DecimalSeparator
from elastix.imports.core.formats import MAX_BYTES

# What a file can be asked about, and what it means to accept it (option `accept`).
ACCEPTABLE: Final[dict[str, str]] = {
    "already_imported": "Rows that were imported already are added a second time.",
    "stray_date": "Rows with a date far from all others are read.",
    "all_returns": "A file in which every row is a return is read.",
    "other_offers": "Competitors' prices of products that are sold out or not new are read.",
    "zero_cost": "Costs of 0 in a file of products are read; else they are taken as not known.",
    "payment_row": "Rows called Cash, Change, Card payment and the like are products.",
    "look_alike_code": "Codes like those of the catalogue without their zeros are other products.",
}
# The options of all three ways in; `mapping` and `accept` beside them.
SINGLE_OPTIONS: Final = ("encoding", "delimiter", "decimal_mark", "date_order", "sheet", "currency")


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
    decimal_mark : the decimal separator, "." or ",".
    date_order : whether 1/2/11 is the first of February, the second of January, or in 2001.
    sheet : the name of a workbook's sheet.
    accept : reasons for which rows would be set aside that the user wants to keep all the same.
    remembered : mappings that were given for files of the same columns before.
    max_bytes : the largest size of the file when unpacked.
    """

    time_zone: tzinfo = UTC
    mapping: Mapping[str, str] = field(default_factory=dict)
    encoding: str | None = None
    delimiter: str | None = None
    decimal_mark: DecimalSeparator | None = None
    date_order: DateOrder | None = None
    sheet: str | None = None
    accept: Collection[str] = ()
    remembered: Mappings = field(default_factory=dict)
    max_bytes: int = MAX_BYTES


@dataclass(frozen=True, slots=True)
class Report:
    """How a file was read; stored with each import, and answered, under these names.

    Attributes
    ----------
    format : "csv" (any text) or "xlsx".
    compressed : whether it was packed, with gzip or as ZIP.
    encoding, delimiter : of a text, else None.
    decimal_mark : the decimal separator, "." or ",".
    date_order : "day-first", "month-first", "year-first", or None where every date says it itself.
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
