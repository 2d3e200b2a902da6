"""Values of single cells: cleaning, refusing, and converting each distinct text only once."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from elastix.imports.core.fields import Field

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
    "not_a_date": "A value is not a date in a known spelling, or no day of the calendar.",
    "date_order": "A date does not exist in the order of day and month that the rest of the file has.",
    "year_out_of_range": "A date is outside 1970 to 2100.",
    "invalid_code": "A value cannot be a code.",
}

MEMO_SIZE: Final = 50_000
MEMO_TEXT: Final = 300
SHOWN: Final = 40

_CONTROL: Final = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f]")
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_UNSTORABLE: Final = re.compile("[\x00\ud800-\udfff]")
_UNPRINTABLE: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_WHOLE_FLOAT: Final = re.compile(r"[0-9]+\.0+")
# How spreadsheets, pandas and databases spell "nothing".
_NOTHING: Final = frozenset({"nan", "null", "none", "n/a", "#n/a", "<na>", "nat"})
_FORMULA_STARTS: Final = "=+-@\t\r\uff1d\uff0b\uff0d\uff20"


@dataclass(frozen=True, slots=True)
class Bad:
    """A refused value: the stable code of the reason (a key of REASONS) and the sentence for the user."""

    reason: str
    message: str


class Memo(dict[Any, Any]):
    """Converted values by their cell: each distinct cell is converted once.

    `holds_bad` tells whether any value handed out so far was refused. `trim` keeps it small.
    """

    __slots__ = ("_convert", "holds_bad")

    def __init__(self, convert: CellConverter) -> None:
        super().__init__()
        self._convert = convert
        self.holds_bad = False

    def __missing__(self, cell: Any) -> Any:
        value = self._convert(cell)
        if type(value) is Bad:
            self.holds_bad = True
        if not isinstance(cell, str) or len(cell) <= MEMO_TEXT:
            self[cell] = value
        return value

    def trim(self) -> None:
        """Forget everything if too much is held; to be called between chunks."""
        if len(self) > MEMO_SIZE:
            self.clear()
            self.holds_bad = False


def storable(text: str, longest: int = 2_000) -> str:
    """The text as any database takes it: no NUL, no lone surrogate, cut after `longest` characters."""
    kept = text if len(text) <= longest else f"{text[:longest]}…"
    return _UNSTORABLE.sub("\ufffd", kept)


def shown(text: str) -> str:
    """The text as a message quotes it: at most 40 characters, on one line, in quotation marks."""
    cut = text if len(text) <= SHOWN else f"{text[:SHOWN]}…"
    return f'"{_UNPRINTABLE.sub(chr(0xFFFD), cut)}"'


def refuse(reason: str, label: str, text: str, problem: str, expected: str) -> Bad:
    """Say which column's value is refused, why, and what was expected."""
    return Bad(reason, f"{shown(label)[1:-1]} {shown(text)} {problem}; expected {expected}.")


def neutralise_formula(text: str) -> str:
    """Put an apostrophe before a text that a spreadsheet would take for a formula.

    Those are texts that begin with =, +, -, @ (or their full-width forms), a tab or a carriage return. The
    reader takes the apostrophe off again.
    """
    return f"'{text}" if text and text[0] in _FORMULA_STARTS else text


def clean(text: str) -> str:
    """Strip white space, byte order marks and the apostrophe that `neutralise_formula` adds."""
    stripped = text.replace("\ufeff", "").strip()
    if len(stripped) > 1 and stripped[0] == "'" and stripped[1] in _FORMULA_STARTS:
        return stripped[1:].strip()
    return stripped


def checked(field: Field, label: str, convert: Converter, empty: object) -> Converter:
    """Wrap a converter with what all fields share: cleaning, blanks, characters that cannot be stored.

    Parameters
    ----------
    field : the field whose values are converted.
    label : the name of its column in the file.
    convert : turns a clean text, not blank, into a value or a `Bad`.
    empty : the value of a blank, where the field is optional.
    """

    def converter(raw: str) -> Any:
        text = clean(raw)
        if not text or (field.kind != "text" and text.casefold() in _NOTHING):
            if field.required:
                return Bad("value_missing", f"{shown(label)[1:-1]} is blank; expected {_WANTED[field.kind]}.")
            return empty
        bad = None if text.isprintable() else _unprintable(label, text)
        return convert(text) if bad is None else bad

    return converter


def _unprintable(label: str, text: str) -> Bad | None:
    if _SURROGATE.search(text):
        problem = "holds bytes that are no text in the file's encoding"
        return refuse("broken_characters", label, text, problem, "readable text")
    if _CONTROL.search(text):
        return refuse("control_characters", label, text, "holds control characters", "plain text")
    return None


def text_converter(field: Field, label: str) -> Converter:
    """Converter of texts: white space collapsed, too long ones refused."""

    def convert(text: str) -> Any:
        return _no_longer(field, label, " ".join(text.split()))

    return checked(field, label, convert, field.empty)


def code_converter(field: Field, label: str) -> Converter:
    """Converter of identifiers.

    Without a `convert` of its own the field takes them as they are, except that 17850.0, which is how Excel
    and pandas write a number in a column with gaps, becomes 17850.
    """

    def convert(text: str) -> Any:
        if field.convert is None:
            code = text[: text.index(".")] if _WHOLE_FLOAT.fullmatch(text) else " ".join(text.split())
            return _no_longer(field, label, code)
        try:
            return field.convert(text)
        except ValueError as error:
            problem = f"cannot be used: {shown_reason(error)}"
            return refuse("invalid_code", label, text, problem, _WANTED["code"])

    return checked(field, label, convert, field.empty)


def shown_reason(error: ValueError) -> str:
    """The message of an error as part of a sentence: one line, no full stop."""
    return _UNPRINTABLE.sub("\ufffd", str(error)).rstrip(". ") or "it is not valid"


def _no_longer(field: Field, label: str, text: str) -> str | Bad:
    if field.max_length is not None and len(text) > field.max_length:
        problem = f"has {len(text)} characters"
        return refuse("too_long", label, text, problem, f"at most {field.max_length}")
    return text


_WANTED: Final[dict[str, str]] = {
    "text": "a text",
    "code": "a code of plain characters",
    "integer": "a whole number such as 6",
    "decimal": "a number such as 2.55",
    "datetime": "a date such as 2010-12-01 08:26",
}
