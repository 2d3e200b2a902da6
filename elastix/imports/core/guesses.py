"""Which column of an unknown layout may be which field: what the message about it proposes."""

import re
from collections.abc import Iterable, Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any, Final

from elastix.imports.core.dates import parse_date
from elastix.imports.core.fields import Field, normalise_name
from elastix.imports.core.numbers import parse_number
from elastix.imports.core.values import clean

SIMILAR: Final = 0.7
_WORD: Final = re.compile(r"[^\W\d_]+")
_PRICES: Final = frozenset({"price", "preis", "prix", "precio", "prezzo", "prijs", "eur", "usd", "gbp"})
_OF_NO_SHOP: Final = frozenset(
    re.findall(
        r"\S+",
        """
        min minimum max maximum avg average mean median lowest highest cheapest our ours my own unser eigener notre nuestro nostro
        ons count number competitors offers rank position index diff difference delta margin cost stock qty quantity shipping
        delivery versand old list rrp msrp uvp rating ratings reviews id no sales sale total weight size anzahl rang lager
        """,
    )
)


def column_guesses(
    free: Mapping[int, str], missing: Iterable[Field], samples: Sequence[Sequence[Any]]
) -> dict[str, str]:
    """The column that is most probably each missing field, by its name, else by what stands in it: field by column's name.

    Parameters
    ----------
    free : the names of the columns that no field has, by place.
    samples : rows of the file.
    """
    left = dict(free)
    found: dict[str, str] = {}
    # A code can be any text: what can be nothing else is guessed first.
    for field in sorted(missing, key=lambda each: each.kind in ("text", "code")):
        alike = {place: _similarity(name, field) for place, name in left.items()}
        likely = [place for place in left if alike[place] >= SIMILAR]
        likely = likely or [
            place for place in left if _suits(field, [row[place] for row in samples if len(row) > place])
        ]
        if likely:
            place = max(likely, key=lambda each: alike[each])
            found[left.pop(place)] = field.name
    return found


def columns_with_numbers(free: Mapping[int, str], samples: Sequence[Sequence[Any]]) -> list[str]:
    """The columns, of those that no field has, in which a number stands."""
    number = Field("number", kind="decimal")
    return [
        name
        for place, name in free.items()
        if any(_suits(number, [row[place]]) for row in samples if len(row) > place)
    ]


def seller_columns(free: Mapping[int, str], samples: Sequence[Sequence[Any]]) -> list[str]:
    """The columns of numbers whose names may be those of shops: "Amazon", "Alpha price", but not "Min price" or "Rank".

    Parameters
    ----------
    free : the names of the columns that no field has, by place.
    samples : rows of the file.
    """
    numbers = Field("number", kind="decimal")
    return [
        name
        for place, name in free.items()
        if {*_WORD.findall(name.casefold())} - _PRICES
        and not {*_WORD.findall(name.casefold())} & _OF_NO_SHOP
        and _suits(numbers, [row[place] for row in samples if len(row) > place])
    ]


def _similarity(name: str, field: Field) -> float:
    written = normalise_name(name)
    return max(SequenceMatcher(None, written, known).ratio() for known in field.names)


def _suits(field: Field, values: Sequence[Any]) -> bool:
    """Whether all values can be what the field holds."""
    texts = [text for value in values if (text := clean(str(value)))]
    if not texts:
        return False
    if field.kind == "datetime":
        return all(parse_date(text) for text in texts)
    if field.kind in ("integer", "decimal"):
        return all(
            parse_number(text, ".") is not None or parse_number(text, ",") is not None for text in texts
        )
    return field.kind == "code" and len(texts) == len(values)
