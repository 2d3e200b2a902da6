"""Numbers as files write them. The decimal separator is decided for a whole file, never row by row."""

import re
from decimal import Context, Decimal
from typing import Any, Final

from elastix.imports.core.fields import DecimalSeparator, Field
from elastix.imports.core.values import Converter, checked, invalid

LONGEST_NUMBER: Final = 40
LARGEST_NUMBER: Final = Decimal(10) ** 15
DOUBLE_DIGITS: Final = 15

_EXACT: Final = Context(prec=80)
_DOUBLE: Final = Context(prec=DOUBLE_DIGITS)
_GROUPS: Final = re.compile("[.,' \u2019]")


def _pattern(separator: str, group: str) -> re.Pattern[str]:
    """Signed digits, plain or grouped by thousands (no group begins with 0), a fraction, an exponent."""
    return re.compile(
        r"[+-]?(?=[0-9]|" + re.escape(separator) + "[0-9])"
        r"(?:[1-9][0-9]{0,2}([" + re.escape(group) + "' \u2019" + r"])[0-9]{3}(?:\1[0-9]{3})*|[0-9]*)"
        r"(?:" + re.escape(separator) + r"[0-9]*)?(?:[eE][+-]?[0-9]{1,2})?"
    )


_PATTERNS: Final[dict[str, re.Pattern[str]]] = {".": _pattern(".", ","), ",": _pattern(",", ".")}


def is_number(text: str, separator: DecimalSeparator) -> bool:
    """Whether a text, its white space collapsed, is a number with the given decimal separator."""
    return len(text) <= LONGEST_NUMBER and bool(_PATTERNS[separator].fullmatch(text))


def parse_number(text: str, separator: DecimalSeparator) -> Decimal | None:
    """Read a number with the given decimal separator; None if it is not one.

    Thousands may be grouped by the other separator, a space or an apostrophe; an exponent is accepted (1E-3).
    """
    written = " ".join(text.split()).replace("\u2212", "-")
    if not is_number(written, separator):
        return None
    whole, _, fraction = written.partition(separator)
    digits = _GROUPS.sub("", whole)
    return Decimal(f"{digits}.{fraction}" if fraction and fraction[0] not in "eE" else digits + fraction)


def rounded(value: Decimal, places: int) -> Decimal | None:
    """The value with exactly that many decimals, or None if it needs more.

    Trailing zeros count for nothing. Numbers of more than 15 digits are rounded to 15 first: what follows is
    the noise of binary fractions (2.5500000000000003).
    """
    settled = _DOUBLE.plus(value) if len(value.as_tuple().digits) > DOUBLE_DIGITS else value
    result = settled.quantize(Decimal(1).scaleb(-places), context=_EXACT)
    if result != settled:
        return None
    return abs(result) if result.is_zero() else result


def number_converter(column: Field, label: str, separator: DecimalSeparator) -> Converter:
    """Converter of a decimal field (to Decimal, with the field's decimals) or an integer field (to int)."""
    whole = column.kind == "integer"
    sample = "a whole number such as 6" if whole else f"a number such as 2{separator}55"
    low = -LARGEST_NUMBER if column.minimum is None else Decimal(column.minimum)
    high = LARGEST_NUMBER if column.maximum is None else Decimal(column.maximum)

    def convert(text: str) -> Any:
        value = parse_number(text, separator)
        if value is None:
            return invalid("not_a_number", label, text, "is not a number", sample)
        if not low <= value <= high:
            return invalid("out_of_range", label, text, "is out of range", f"{low:f} to {high:f}")
        exact = rounded(value, 0 if whole else column.places)
        if exact is None and whole:
            return invalid("not_whole", label, text, "is not a whole number", sample)
        if exact is None:
            wanted = f"at most {column.places} decimals"
            return invalid("too_many_decimals", label, text, "has too many decimals", wanted)
        if not exact and not column.zero:
            return invalid("zero", label, text, "is zero", "any other number")
        return int(exact) if whole else exact

    return checked(column, label, convert, column.empty)
