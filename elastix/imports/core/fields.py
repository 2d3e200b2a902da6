"""What a kind of file holds: its fields, their limits, and the names their columns go by."""

import re
import tomllib
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal

from elastix.currency import CURRENCIES

Kind = Literal["text", "code", "integer", "decimal", "datetime"]

DecimalSeparator = Literal[".", ","]
DateOrder = Literal["day-first", "month-first", "year-first"]

_NOT_ALPHANUMERIC: Final = re.compile(r"[\W_]+")
# What stands beside a name without being part of it: "Unit Price (USD)", "Price in EUR", "Menge [kg]", "price_gbp",
# "Price incl. VAT", "Preis brutto", "Preis in Cent".
_CODES: Final = "|".join(sorted({*CURRENCIES} - {"ALL", "TOP"}))
_MINOR: Final = (
    r"cents?|ct|pence|pennies|centimes?|c\u00e9ntimos|centimos|centesimi|minor(?: units?)?|euro ?cents?"
)
_TAXES: Final = (
    r"vat|gst|tax(?:es)?|sales tax|mwst|ust|steuern?|tva|taxes?|iva|impuestos|imposte|btw|belasting"
)
_WITH: Final = r"incl?|inkl|inclusive|inclusi|including|inc|with|mit|con|avec|met|after|nach"
_WITHOUT: Final = r"excl?|exkl|ex|exclusive|excluding|without|before|ohne|vor|zzgl|sin|senza|sans|hors|zonder"
_SAID_BEHIND: Final = r"incl(?:uded|usive|uida|uido|usa|uso)?|inkl|inbegrepen|comprise|compris"
_GROSS, _NET = "brutto|gross|ttc|bruto|lordo", "netto|net|ht|neto"
_UNIT: Final = re.compile(
    rf"\(.*?\)|\[.*?\]|[$\u20ac\u00a3\u00a5]|\b(?:in )?(?:{_CODES})\b|\b(?:in )?(?:{_MINOR})$|"
    r"\b(?:in )?(?:kg|kilos?|pcs|stk|st\u00fcck|st|units)\b\.?$|"
    rf"\b(?:{_WITH}|{_WITHOUT})\b\.? ?(?:of )?(?:{_TAXES})\b\.?|"
    rf"\b(?:{_TAXES}) (?:{_SAID_BEHIND}|esclusa|excluida|excl)\b\.?|"
    rf"\b(?:{_GROSS}|{_NET}|incl|excl)$|^(?:{_GROSS}|{_NET})\b",
    re.IGNORECASE,
)
_MINOR_UNITS: Final = re.compile(rf"(?:^|[\W_])(?:{_MINOR})(?:[\W_]|$)", re.IGNORECASE)
_THOUSANDS: Final = re.compile(
    r"(?:^|[\W_])(?:thousands?|tsd|tausend|teur|milliers|miles|migliaia|duizend(?:en)?|'?000s?)(?:[\W_]|$)|"
    "[tk][$\u20ac\u00a3]",
    re.IGNORECASE,
)
_PER: Final = re.compile(
    r"(?:/|\b(?:per|pro|je|par|por|al|au|voor)\b) ?(?:([1-9][0-9]{0,4}) ?)?"
    r"(kg|kilos?|g|gr|mg|lbs?|oz|l|litres?|liters?|ml|cl|m|cm)?(?![^\W\d_])",
    re.IGNORECASE,
)
_CURRENCY: Final = re.compile(rf"\b(?:{_CODES})\b|[$\u20ac\u00a3\u00a5]", re.IGNORECASE)
_WITH_TAX: Final = re.compile(
    rf"\b(?:{_WITH})\b\.? ?(?:of )?(?:{_TAXES})\b|\b(?:{_TAXES}) (?:{_SAID_BEHIND})|\b(?:{_GROSS})",
    re.IGNORECASE,
)
_WITHOUT_TAX: Final = re.compile(
    rf"\b(?:{_WITHOUT})\b\.? ?(?:of )?(?:{_TAXES})\b|\b(?:{_TAXES}) (?:escl|excl)|\b(?:{_NET})(?:\b|preis|einzel)",
    re.IGNORECASE,
)


class UnreadableFile(ValueError):
    """A file that cannot be read at all; its message is one sentence or two: what is wrong and what to do."""


def normalise_name(name: str) -> str:
    """Reduce a column's name to what identifies it: letters and digits, in lower case, without accents.

    "Customer ID", "customer_id" and "CustomerID" all become "customerid"; a percent sign is a word.
    """
    letters = unicodedata.normalize("NFKD", name.replace("%", " percent ").casefold())
    bare = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return _NOT_ALPHANUMERIC.sub("", bare)


def name_without_unit(name: str) -> str:
    """The normalised name without units or currencies in brackets or at its side."""
    return normalise_name(_UNIT.sub(" ", _spaced(name).replace("(%)", "%").strip()))


def is_in_minor_units(name: str) -> bool:
    """Whether a column's name says that its amounts are in hundredths: "Price (cents)", "unit_price_pence"."""
    return _MINOR_UNITS.search(_spaced(name)) is not None


def is_in_thousands(name: str) -> bool:
    """Whether a column's name says that its numbers are thousands: "Revenue (thousands)", "Umsatz [TEUR]"."""
    return _THOUSANDS.search(_spaced(name)) is not None


def says_per(name: str) -> tuple[int, str]:
    """Of how many units, and of which measure, a column's name says that its prices are: "Price (per 100 g)", "Preis pro kg"."""
    match = _PER.search(_spaced(name))
    return (int(match[1] or 1), (match[2] or "").casefold()) if match else (1, "")


def currency_in(name: str) -> str:
    """The currency's code or sign in a column's name; "" if there is none."""
    match = _CURRENCY.search(_spaced(name))
    return match[0].upper() if match else ""


def says_with_tax(name: str) -> bool | None:
    """Whether a column's name says that its prices are with tax or without; None if it says neither."""
    written = _spaced(name)
    if _WITHOUT_TAX.search(written):
        return False
    return True if _WITH_TAX.search(written) else None


def _spaced(name: str) -> str:
    return name.replace("_", " ")


@cache
def column_names(concept: str) -> tuple[str, ...]:
    """The names that a column of that concept may have, from the table in column_names.toml; weak ones begin with "~"."""
    return tuple(_table()["names"][concept])


@cache
def layouts() -> tuple["Layout", ...]:
    """The exports of well-known programs, from the same table."""
    return tuple(
        Layout(each["title"], frozenset(map(normalise_name, each["has"])), each["columns"])
        for each in _table()["layouts"]
    )


@cache
def currency_words() -> frozenset[str]:
    """The letters, in capitals, that stand beside a number for a currency; signs such as € are known anyway."""
    return frozenset({*_table()["currencies"], *CURRENCIES})


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_name("column_names.toml").read_text(encoding="utf-8"))


@dataclass(frozen=True, slots=True)
class Layout:
    """The columns of a well-known program's export, recognised by some of their names.

    Attributes
    ----------
    title : what it is an export of.
    has : normalised names of columns that only such a file has together.
    columns : the field of each column; fields that a kind of file does not have are passed over.
    """

    title: str
    has: frozenset[str]
    columns: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a file.

    Attributes
    ----------
    name : the field's name, which is also the name of its column in a chunk.
    aliases : other names its column may have; case, spaces, accents and punctuation never matter. A name that begins
        with "~" counts only where no column has another of the names.
    kind : "text" (white space collapsed), "code" (an identifier), "integer", "decimal" or "datetime". A
        datetime gives two columns: `<name>`, aware and in UTC, and `<name>_day`, days since 1970-01-01 in the
        shop's zone.
    required : whether the column must be there and no value of it may be blank.
    instead : a field that makes this one needless if there is a column for it; "" where the column may be missing
        anyway.
    max_length : longest text or code, in characters; longer ones are rejected, never cut.
    places : decimals of a decimal field; values that need more are rejected, or rounded where it `rounds`.
    percent : whether a percent sign after the number is part of it.
    minimum, maximum : inclusive limits of a number.
    zero : whether the number 0 is a value.
    empty : what a blank value of an optional field becomes.
    by_name : whether a column of that name is the field's; else the user has to map it.
    inspected : whether all different values of the column are collected before its rows are read.
    ranked : whether, of several columns with different names of it, the one whose name comes first is taken.
    units : whether a unit may stand beside the number: 2 kg, 3 pcs, x4.
    money : whether amounts may be written in hundredths, where the column's name says so.
    each : whether it is a price of the product as it is sold, never one by weight or volume.
    first : whether, of several columns with its names, the first one is taken; else the user is asked.
    convert : turns the stripped text of a code into its value; a ValueError rejects it, with its message.
    """

    name: str
    aliases: tuple[str, ...] = ()
    kind: Kind = "text"
    required: bool = False
    instead: str | None = None
    max_length: int | None = None
    places: int = 4
    rounds: bool = False
    percent: bool = False
    minimum: Decimal | int | None = None
    maximum: Decimal | int | None = None
    zero: bool = True
    empty: object = None
    by_name: bool = True
    inspected: bool = False
    first: bool = False
    ranked: bool = False
    units: bool = False
    money: bool = False
    each: bool = False
    convert: Callable[[str], object] | None = None

    @property
    def names(self) -> frozenset[str]:
        """The normalised names a column of this field may have."""
        return frozenset(normalise_name(name) for name in (self.name, *self.aliases) if self.by_name)

    @property
    def weak_names(self) -> frozenset[str]:
        """Those of the names that count only where there is no better one."""
        return frozenset(normalise_name(name) for name in self.aliases if name.startswith("~"))


@dataclass(frozen=True, slots=True)
class FileSchema:
    """The fields of one kind of file.

    Attributes
    ----------
    fallback : fields that take the column of another one where they have none of their own.
    assumed : what a field is in a file that has no column for it, and none that could be it, with the fields that such a file
        has to have.
    across : the field whose values may be names of columns, in tables that have to be turned; "" if none.
    date : the field that a year, a month, a week and a day may be together, in columns of their own; "" if none.
    time : for a datetime field the field that holds its time of day where that stands in a column of its own.
    strong, weak : the field of each normalised name, and of those that count only where there is no better one.

    Raises
    ------
    ValueError : if two fields answer to the same column name.
    """

    fields: tuple[Field, ...]
    fallback: Mapping[str, str] = field(default_factory=dict)
    assumed: Mapping[str, tuple[object, frozenset[str]]] = field(default_factory=dict)
    time: Mapping[str, str] = field(default_factory=dict)
    across: str = ""
    date: str = ""
    strong: Mapping[str, str] = field(init=False)
    weak: Mapping[str, str] = field(init=False)

    def __post_init__(self) -> None:
        strong: dict[str, str] = {}
        weak: dict[str, str] = {}
        for each in self.fields:
            names, lesser = each.names, each.weak_names
            if doubled := names & (strong.keys() | weak.keys()):
                raise ValueError(f"Another field has one of the names of {each.name!r}: {doubled}.")
            strong |= dict.fromkeys(names - lesser, each.name)
            weak |= dict.fromkeys(lesser, each.name)
        object.__setattr__(self, "strong", strong)
        object.__setattr__(self, "weak", weak)

    def __iter__(self) -> Iterator[Field]:
        return iter(self.fields)

    def __getitem__(self, name: str) -> Field:
        return {each.name: each for each in self.fields}[name]

    def __contains__(self, name: object) -> bool:
        return any(each.name == name for each in self.fields)
