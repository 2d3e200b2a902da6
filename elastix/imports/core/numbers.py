"""Numbers as files spell them. The decimal mark is decided for a whole file, never row by row."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Context, Decimal
from typing import Any, Final, Literal

from elastix.imports.core.errors import UnreadableFile
from elastix.imports.core.fields import Field
from elastix.imports.core.values import Bad, Converter, checked, clean, refuse, shown

DecimalMark = Literal[".", ","]

LONGEST_NUMBER: Final = 40
LARGEST_NUMBER: Final = Decimal(10) ** 15
DOUBLE_DIGITS: Final = 15

_EXACT: Final = Context(prec=80)
_DOUBLE: Final = Context(prec=DOUBLE_DIGITS)
_GROUPS: Final = re.compile("[.,' \u2019]")


def _spelling(mark: str, group: str) -> re.Pattern[str]:
    """Signed digits, plain or grouped by thousands (no group begins with 0), a fraction, an exponent."""
    return re.compile(
        r"[+-]?(?=[0-9]|" + re.escape(mark) + "[0-9])"
        r"(?:[1-9][0-9]{0,2}([" + re.escape(group) + "' \u2019" + r"])[0-9]{3}(?:\1[0-9]{3})*|[0-9]*)"
        r"(?:" + re.escape(mark) + r"[0-9]*)?(?:[eE][+-]?[0-9]{1,2})?"
    )


_SPELLINGS: Final[dict[str, re.Pattern[str]]] = {".": _spelling(".", ","), ",": _spelling(",", ".")}


def parse_number(text: str, mark: DecimalMark) -> Decimal | None:
    """Read a number with the given decimal mark; None if it is not one.

    Thousands may be grouped by the other mark, a space or an apostrophe; an exponent is accepted (1E-3).
    """
    spelt = " ".join(text.split()).replace("\u2212", "-")
    if len(spelt) > LONGEST_NUMBER or not _SPELLINGS[mark].fullmatch(spelt):
        return None
    whole, _, fraction = spelt.partition(mark)
    digits = _GROUPS.sub("", whole)
    return Decimal(f"{digits}.{fraction}" if fraction and fraction[0] not in "eE" else digits + fraction)


@dataclass(slots=True)
class MarkEvidence:
    """How many distinct numbers of a file can be read with a decimal point only, a comma only, or either.

    "1,250" is 1250 or 1.25: either. Numbers without any mark say nothing.
    """

    point: int = 0
    comma: int = 0
    either: int = 0
    examples: dict[str, str] = field(default_factory=dict)

    def add(self, texts: Iterable[str]) -> None:
        """Count the given distinct texts."""
        for text in texts:
            spelt = " ".join(clean(text).split())
            if len(spelt) > LONGEST_NUMBER or not ("." in spelt or "," in spelt):
                continue
            point, comma = (bool(_SPELLINGS[mark].fullmatch(spelt)) for mark in (".", ","))
            if point or comma:
                kind = "either" if point and comma else "point" if point else "comma"
                setattr(self, kind, getattr(self, kind) + 1)
                self.examples.setdefault(kind, spelt)

    def decide(self, delimiter: str | None) -> DecimalMark:
        """Choose the mark that most distinct numbers need; the others will be refused one by one.

        Where no number tells, a file whose columns are separated by commas has decimal points.

        Raises
        ------
        UnreadableFile : if the numbers can be read both ways, or as many need the one as the other.
        """
        if self.point != self.comma:
            return "." if self.point > self.comma else ","
        if self.point:
            raise UnreadableFile(
                f"The numbers contradict each other: {shown(self.examples['point'])} has a decimal point,"
                f" {shown(self.examples['comma'])} a decimal comma."
                " Say which one the file has (option decimal_mark)."
            )
        if self.either and delimiter != ",":
            raise UnreadableFile(
                f"The numbers can be read two ways: {shown(self.examples['either'])} may have decimals or"
                " thousands. Say whether decimals follow a point or a comma (option decimal_mark)."
            )
        return "."


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


def number_converter(column: Field, label: str, mark: DecimalMark) -> Converter:
    """Converter of a decimal field (to Decimal, with the field's decimals) or an integer field (to int)."""
    whole = column.kind == "integer"
    sample = "a whole number such as 6" if whole else f"a number such as 2{mark}55"
    low = -LARGEST_NUMBER if column.minimum is None else Decimal(column.minimum)
    high = LARGEST_NUMBER if column.maximum is None else Decimal(column.maximum)

    def convert(text: str) -> Any:
        value = parse_number(text, mark)
        if value is None:
            return refuse("not_a_number", label, text, "is not a number", sample)
        if not low <= value <= high:
            return refuse("out_of_range", label, text, "is out of range", f"{low:f} to {high:f}")
        exact = rounded(value, 0 if whole else column.places)
        if exact is None and whole:
            return refuse("not_whole", label, text, "is not a whole number", sample)
        if exact is None:
            wanted = f"at most {column.places} decimals"
            return refuse("too_many_decimals", label, text, "has too many decimals", wanted)
        if not exact and not column.zero:
            return _zero(label, text)
        return int(exact) if whole else exact

    return checked(column, label, convert, column.empty)


def _zero(label: str, text: str) -> Bad:
    return refuse("zero", label, text, "is zero", "any other number")
