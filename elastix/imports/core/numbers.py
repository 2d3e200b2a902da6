"""Numbers as files write them. The decimal separator is decided for a whole file, never row by row."""

import re
import unicodedata
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any, Final

from elastix.currency import CURRENCIES
from elastix.imports.core.fields import (
    DecimalSeparator,
    Field,
    currency_words,
    is_in_minor_units,
    is_in_thousands,
)
from elastix.imports.core.values import Converter, Noted, checked, invalid

LONGEST_NUMBER: Final = 40
LARGEST_NUMBER: Final = Decimal(10) ** 15
DOUBLE_DIGITS: Final = 15

_EXACT: Final = Context(prec=80)
_DOUBLE: Final = Context(prec=DOUBLE_DIGITS)
_GROUPS: Final = re.compile("[.,' \u2019]")
_DASHES: Final = str.maketrans(dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-"))
_NO_CENTS: Final = re.compile("^ ?--?(?!-)")
_BESIDE: Final = re.compile(r"(\(?)([^\d()]*?)(\(?)([.,]?\d(?:[^()]*\d)?[.,]?)(\)?)([^\d()]*?)(\)?)")
_PIECE: Final = r"x|\u00d7|pcs?|pieces?|stk|st\u00fcck|stuck|st|pza?|pezzi|uds?|un?|ea|each|units?|unidades|pi\u00e8ces|stuks"
_MEASURED: Final = re.compile(
    r"(?:[x\u00d7] ?)?(?P<number>[(+\u2212-]?[0-9][0-9.,' \u2019\u00a0]*\)?-?) ?"
    rf"(?:(?P<unit>kg|gr?|mg|lbs?|oz|l|ml|cl|m|cm|mm|m2|m\u00b2|qm)|{_PIECE})?\.?",
    re.IGNORECASE,
)
# A price of one piece, kilo or litre: @ 2.50, 2.50/pc, 2.50 each, 2,50 pro Stück. The price of 100 g is another.
_OF_ONE: Final = re.compile(
    rf"^@ ?|(?: ?/ ?| (?:per|pro|je|par|por|al) )(?:kg|kilo|l|{_PIECE})\.?$| (?:each|ea|p\. ?p)\.?$",
    re.IGNORECASE,
)


# A price of one kilo or litre is that of a product only where it is sold so.
_BY_MEASURE: Final = re.compile(r"(?: ?/ ?| (?:per|pro|je|par|por|al) )(?:kg|kilo|l)\.?$", re.IGNORECASE)


def _pattern(separator: str, group: str) -> re.Pattern[str]:
    """Signed digits, plain or grouped by thousands (or as in India; no group begins with 0), a fraction, an exponent."""
    groups = rf"[1-9][0-9]{{0,2}}([{re.escape(group)}' \u2019])[0-9]{{3}}(?:\1[0-9]{{3}})*"
    lakhs = rf"[1-9][0-9]?(?:{re.escape(group)}[0-9]{{2}})+{re.escape(group)}[0-9]{{3}}"
    return re.compile(
        rf"[+-]?(?=[0-9]|{re.escape(separator)}[0-9])(?:{groups}|{lakhs}|[0-9]*)"
        rf"(?:{re.escape(separator)}[0-9]*)?(?:[eE][+-]?[0-9]{{1,2}})?"
    )


_PATTERNS: Final[dict[str, re.Pattern[str]]] = {".": _pattern(".", ","), ",": _pattern(",", ".")}


def bare_number(text: str) -> tuple[str, str]:
    """Strip a number of what stands around it; return it with a minus in front if it is negative, and the currency
    that stood beside it ("" if none did).

    Negative are (2), 2-, - 2, -$4.50, ($4.50), with any dash of Unicode; "12.-" and "12,- €" are prices without cents.
    What is no number comes back as a text that is none either.
    """
    written = " ".join(unicodedata.normalize("NFKC", text).translate(_DASHES).split())
    match = None
    if not (written[:1].isdigit() and written[-1:].isdigit()) and len(written) <= LONGEST_NUMBER:
        # A unit price below zero is never meant as a price: ask what it is.
        match = _BESIDE.fullmatch(written if written[0:1] == "-" else _OF_ONE.sub("", written))
    if match is None:
        return written, ""
    opened, left, inner, digits, closed, right, outer = match.groups()
    if digits[0] == "." and left[-1:].isalpha():  # "Rs.500" is no half
        left, digits = f"{left}.", digits[1:]
    if digits[-1] in ".,":
        right, no_cents = _NO_CENTS.subn("", right)
        digits = digits[:-1] if no_cents else digits
    signs = left.count("-") + right.count("-")
    brackets = (opened + inner, closed + outer)
    beside = [part for side in (left, right) if (part := side.replace("-", " ").replace("+", " ").strip())]
    fine = signs + left.count("+") <= 1 and brackets in (("", ""), ("(", ")")) and not (signs and brackets[0])
    if not fine or "+" in right or len(beside) > 1 or not all(map(_is_currency, beside)):
        return written, ""
    return ("-" if signs or brackets[0] else "") + digits, "".join(beside).upper()


def without_measure(text: str) -> tuple[str, str]:
    """A quantity without the unit beside it, and the unit in lower case: "1.5 kg" is 1.5 of kg; "" for pieces or none."""
    match = _MEASURED.fullmatch(text)
    if match is None:
        return text, ""
    return match["number"], (match["unit"] or "").casefold()


def is_currency(text: str) -> bool:
    """Whether a text is a currency's code or sign, and can be nothing else."""
    return text.upper() in CURRENCIES or (
        any(unicodedata.category(each) == "Sc" for each in text) and _is_currency(text)
    )


def _is_currency(text: str) -> bool:
    return text.upper() in currency_words() or (len(text) == 1 and unicodedata.category(text) == "Sc")


def is_number(text: str, separator: DecimalSeparator) -> bool:
    """Whether a bare number is one with the given decimal separator."""
    return len(text) <= LONGEST_NUMBER and bool(_PATTERNS[separator].fullmatch(text))


def parse_number(text: str, separator: DecimalSeparator) -> Decimal | None:
    """Read a number with the given decimal separator; None if it is not one.

    Thousands may be grouped by the other separator, a space or an apostrophe; an exponent is accepted (1E-3), and so
    are a currency beside the number and the ways of `bare_number` to write a negative one.
    """
    written, _ = bare_number(text)
    if not is_number(written, separator):
        return None
    whole, _, fraction = written.partition(separator)
    digits = _GROUPS.sub("", whole)
    return Decimal(f"{digits}.{fraction}" if fraction and fraction[0] not in "eE" else digits + fraction)


def rounded(value: Decimal, places: int) -> tuple[Decimal, bool]:
    """The value with exactly that many decimals, and whether it had more.

    Trailing zeros count for nothing. Numbers of more than 15 digits are rounded to 15 first: what follows is
    the noise of binary fractions (2.5500000000000003).
    """
    settled = _DOUBLE.plus(value) if len(value.as_tuple().digits) > DOUBLE_DIGITS else value
    result = settled.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP, context=_EXACT)
    return (abs(result) if result.is_zero() else result), result != settled


def number_converter(column: Field, label: str, separator: DecimalSeparator) -> Converter:
    """Converter of a decimal field (to Decimal, with the field's decimals) or an integer field (to int).

    Of a column whose name says so amounts are in hundredths or thousands. A field that `rounds` takes numbers of more
    decimals and notes that they were rounded.
    """
    whole = column.kind == "integer"
    sample = "a whole number such as 6" if whole else f"a number such as 2{separator}55"
    low = -LARGEST_NUMBER if column.minimum is None else Decimal(column.minimum)
    high = LARGEST_NUMBER if column.maximum is None else Decimal(column.maximum)

    thousands = (column.money or column.units) and is_in_thousands(label)
    hundredths = column.money and is_in_minor_units(label)

    def convert(text: str) -> Any:
        written = without_measure(text)[0] if column.units else text
        value = parse_number(written.removesuffix("%") if column.percent else written, separator)
        if value is not None and column.each and _BY_MEASURE.search(text):
            return invalid(
                "not_a_number", label, text, "is a price by weight or volume", "that of the product"
            )
        if value is None:
            return invalid("not_a_number", label, text, "is not a number", sample)
        if hundredths and not text.endswith("%"):
            value /= 100
        if thousands:
            value *= 1000
        if not low <= value <= high:
            return invalid("out_of_range", label, text, "is out of range", f"{low:f} to {high:f}")
        result, cut = rounded(value, 0 if whole else column.places)
        if cut and whole:
            return invalid("not_whole", label, text, "is not a whole number", sample)
        if cut and (not column.rounds or not result):
            wanted = f"at most {column.places} decimals"
            return invalid("too_many_decimals", label, text, "has too many decimals", wanted)
        if not result and not column.zero:
            return invalid("zero", label, text, "is zero", "any other number")
        if whole:
            return int(result)
        return Noted(result, "rounded") if cut else result

    return checked(column, label, convert, column.empty)
