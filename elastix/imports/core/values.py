"""Values of single cells: cleaning, rejecting, and converting each distinct cell only once."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final, Literal

from elastix.imports.core.fields import DecimalSeparator, Field, Kind

Converter = Callable[[str], Any]
CellConverter = Callable[[Any], Any]

REASONS: Final[dict[str, str]] = {
    "too_few_columns": "The row has fewer columns than the header.",
    "too_many_columns": "The row has more columns than the header.",
    "unclosed_quote": "A quotation mark opens in the row and is not closed where it should be.",
    "cell_too_long": "A cell is too long to be read.",
    "value_missing": "A needed value is blank.",
    "broken_characters": "A value holds bytes that are no text in the file's encoding.",
    "control_characters": "A value holds control characters.",
    "too_long": "A text is longer than its field.",
    "not_a_number": "A value is not a number.",
    "not_whole": "A number should be whole.",
    "zero": "A number must not be 0.",
    "out_of_range": "A number is outside its limits.",
    "too_many_decimals": "A number has more decimals than its field.",
    "not_a_date": "A value is not a date in a known format, or no day of the calendar.",
    "period_too_long": "A total of a quarter, half a year or a year.",
    "stray_date": "A date is far from all other dates of the file.",
    "date_order": "A date does not exist in the order of day and month that the rest of the file has.",
    "year_out_of_range": "A date is outside 1970 to 2100.",
    "invalid_code": "A value cannot be a code.",
    "damaged_code": "A spreadsheet has turned a code into a rounded number.",
}

CACHE_SIZE: Final = 50_000
CACHED_TEXT: Final = 300
SHOWN: Final = 40
# Day 0 of Excel's serial numbers, as they count from March 1900 on.
SERIAL_EPOCH: Final = datetime(1899, 12, 30)
LARGEST_SERIAL: Final = 2_958_465
MONTHS_AS_NUMBERS: Final = (197001, 210012)

_CONTROL: Final = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f]")
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_UNSTORABLE: Final = re.compile("[\x00\ud800-\udfff]")
_UNPRINTABLE: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
# 4.00638E+12 stands for whole numbers that a spreadsheet has rounded: nobody knows which.
_DAMAGED: Final = re.compile(r"[0-9](?:[.,][0-9]+)?[Ee]\+[0-9]{1,3}")
_QUOTED: Final = re.compile(r"'[0-9][0-9.,:/ -]*|'[^']+'")
_WHOLE_FLOAT: Final = re.compile(r"[0-9]+\.0+")
# How spreadsheets, pandas and databases write "nothing".
_NOTHING: Final = frozenset({"nan", "null", "none", "n/a", "#n/a", "<na>", "nat"})
_FORMULA_STARTS: Final = "=+-@\t\r\uff1d\uff0b\uff0d\uff20"


@dataclass(frozen=True, slots=True)
class CellError:
    """A rejected value: the stable code of the reason (a key of REASONS) and the sentence for the user."""

    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class Noted:
    """A value that is not quite what the cell says: which code of a note the user should see counted."""

    value: Any
    note: str


class CachedConverter(dict[Any, Any]):
    """Converted values by their cell: each distinct cell is converted once.

    `has_errors` tells whether any value handed out so far was rejected, `noted` holds the notes of cells. `trim` keeps
    it small.
    """

    __slots__ = ("_convert", "has_errors", "noted")

    def __init__(self, convert: CellConverter) -> None:
        super().__init__()
        self._convert = convert
        self.has_errors = False
        self.noted: dict[Any, str] = {}

    def __missing__(self, cell: Any) -> Any:
        value = self._convert(cell)
        if type(value) is CellError:
            self.has_errors = True
        elif type(value) is Noted:
            self.noted[cell] = value.note
            value = value.value
        if not isinstance(cell, str) or len(cell) <= CACHED_TEXT:
            self[cell] = value
        return value

    def trim(self) -> None:
        """Forget everything if too much is held; to be called between chunks."""
        if len(self) > CACHE_SIZE:
            self.clear()
            self.noted.clear()
            self.has_errors = False


def cell_text(cell: Any, kind: Kind | Literal["time"] = "text", separator: DecimalSeparator = ".") -> str:
    """Write a workbook's typed cell as a text file would.

    A number has no needless decimals and at most 15 digits, as Excel shows it; in a date column it is Excel's
    serial number of a day (days since 1899-12-30), as a time of day the part of one. Dates become ISO 8601.
    """
    if isinstance(cell, str):
        return cell if kind != "time" else clean(cell)
    if kind == "time" and isinstance(cell, int | float) and 0 <= cell < 1:
        return cell_text(SERIAL_EPOCH + timedelta(days=cell)).partition(" ")[2]
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, int | float):
        # 202403 is a month: as a serial number it would be a day of the year 2454.
        is_month = MONTHS_AS_NUMBERS[0] <= cell <= MONTHS_AS_NUMBERS[1] and 1 <= cell % 100 <= 12
        if kind == "datetime" and 0 < cell < LARGEST_SERIAL and not is_month:
            return cell_text(SERIAL_EPOCH + timedelta(days=cell))
        if isinstance(cell, int) or cell.is_integer():
            return str(int(cell))
        number = f"{Decimal(f'{cell:.15g}'):f}"
        return number.replace(".", separator) if kind in ("integer", "decimal") else number
    if isinstance(cell, datetime):
        # Serial numbers are binary fractions of a day: exact to some microseconds only.
        milliseconds = round(cell.microsecond / 1000)
        return (cell.replace(microsecond=0) + timedelta(milliseconds=milliseconds)).isoformat(sep=" ")
    return cell.isoformat() if isinstance(cell, date) else str(cell)


def storable(text: str, longest: int = 2_000) -> str:
    """The text as any database takes it: no NUL, no lone surrogate, cut after `longest` characters."""
    kept = text if len(text) <= longest else f"{text[:longest]}…"
    return _UNSTORABLE.sub("\ufffd", kept)


def shown(text: str) -> str:
    """The text as a message quotes it: at most 40 characters, on one line, in quotation marks."""
    cut = text if len(text) <= SHOWN else f"{text[:SHOWN]}…"
    return f'"{_UNPRINTABLE.sub(chr(0xFFFD), cut)}"'


def invalid(reason: str, label: str, text: str, problem: str, expected: str) -> CellError:
    """Say which column's value is rejected, why, and what was expected."""
    return CellError(reason, f"{shown(label)[1:-1]} {shown(text)} {problem}; expected {expected}.")


def neutralise_formula(text: str) -> str:
    """Put an apostrophe before a text that a spreadsheet would take for a formula.

    Those are texts that begin with =, +, -, @ (or their full-width forms), a tab or a carriage return. The
    reader takes the apostrophe off again.
    """
    return f"'{text}" if text and text[0] in _FORMULA_STARTS else text


def clean(text: str) -> str:
    """Strip white space, byte order marks and what protects a text from a spreadsheet: the apostrophe that
    `neutralise_formula` adds, that of a number ('12.50), ="00123"; and single quotes around all of it."""
    stripped = text.replace("\ufeff", "").strip()
    if len(stripped) > 1 and stripped[0] == "'" and stripped[1] in _FORMULA_STARTS:
        return stripped[1:].strip()
    if stripped[:1] == "'" and _QUOTED.fullmatch(stripped):
        return stripped.strip("'")
    if stripped.startswith('="') and stripped.endswith('"') and len(stripped) > 2:
        return stripped[2:-1].strip()
    return stripped


def checked(field: Field, label: str, convert: Converter, empty: object) -> Converter:
    """Wrap a converter with what all fields share: cleaning, blanks, characters that cannot be stored.

    Parameters
    ----------
    field : the field whose values are converted.
    label : the name of its column in the file.
    convert : turns a clean text, not blank, into a value or a `CellError`.
    empty : the value of a blank, where the field is optional.
    """

    def converter(raw: str) -> Any:
        text = clean(raw)
        if not text or (field.kind != "text" and text.casefold() in _NOTHING):
            if field.required:
                wanted = _WANTED[field.kind]
                return CellError("value_missing", f"{shown(label)[1:-1]} is blank; expected {wanted}.")
            return empty
        if not text.isprintable() and _SURROGATE.search(text):
            problem = "holds bytes that are no text in the file's encoding"
            return invalid("broken_characters", label, text, problem, "readable text")
        if not text.isprintable() and _CONTROL.search(text):
            return invalid("control_characters", label, text, "holds control characters", "plain text")
        return convert(text)

    return converter


def text_converter(field: Field, label: str) -> Converter:
    """Converter of texts: white space collapsed, too long ones rejected."""

    def convert(text: str) -> Any:
        return _no_longer(field, label, " ".join(text.split()))

    return checked(field, label, convert, field.empty)


def code_converter(field: Field, label: str) -> Converter:
    """Converter of identifiers.

    Without a `convert` of its own the field takes them as they are, except that 17850.0, which is how Excel
    and pandas write a number in a column with gaps, becomes 17850.
    """

    def convert(text: str) -> Any:
        if _DAMAGED.fullmatch(text):
            problem = "has lost its last digits in a spreadsheet"
            return invalid(
                "damaged_code",
                label,
                text,
                problem,
                "the code as text: export it again, with the column as text",
            )
        if field.convert is None:
            code = text[: text.index(".")] if _WHOLE_FLOAT.fullmatch(text) else " ".join(text.split())
            return _no_longer(field, label, code)
        try:
            return field.convert(text)
        except ValueError as error:
            why = _UNPRINTABLE.sub("\ufffd", str(error)).rstrip(". ") or "it is not valid"
            return invalid("invalid_code", label, text, f"cannot be used: {why}", _WANTED["code"])

    return checked(field, label, convert, field.empty)


def _no_longer(field: Field, label: str, text: str) -> str | CellError:
    if field.max_length is not None and len(text) > field.max_length:
        problem = f"has {len(text)} characters"
        return invalid("too_long", label, text, problem, f"at most {field.max_length}")
    return text


_WANTED: Final[dict[str, str]] = {
    "text": "a text",
    "code": "a code of plain characters",
    "integer": "a whole number such as 6",
    "decimal": "a number such as 2.55",
    "datetime": "a date such as 2010-12-01 08:26",
}
