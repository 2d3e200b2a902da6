"""What a kind of file holds: its fields, their limits, and the names their columns go by."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final, Literal

RowCheck = Callable[[Mapping[str, Sequence[object]]], Iterable[tuple[int, str, str]]]
Kind = Literal["text", "code", "integer", "decimal", "datetime"]

DecimalSeparator = Literal[".", ","]
DateOrder = Literal["day-first", "month-first"]

_NOT_ALPHANUMERIC: Final = re.compile(r"[\W_]+")


class UnreadableFile(ValueError):
    """A file that cannot be read at all; its message is one sentence or two: what is wrong and what to do."""


def normalise_name(name: str) -> str:
    """Reduce a column's name to what identifies it: letters and digits, in lower case.

    "Customer ID", "customer_id" and "CustomerID" all become "customerid".
    """
    return _NOT_ALPHANUMERIC.sub("", name).casefold()


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a file.

    Attributes
    ----------
    name : the field's name, which is also the name of its column in a chunk.
    aliases : other names its column may have; case, spaces and punctuation never matter.
    kind : "text" (white space collapsed), "code" (an identifier), "integer", "decimal" or "datetime". A
        datetime gives two columns: `<name>`, aware and in UTC, and `<name>_day`, days since 1970-01-01 in the
        shop's zone.
    required : whether the column must be there and no value of it may be blank.
    max_length : longest text or code, in characters; longer ones are rejected, never cut.
    places : decimals of a decimal field; values that need more are rejected.
    minimum, maximum : inclusive limits of a number.
    zero : whether the number 0 is a value.
    empty : what a blank value of an optional field becomes.
    convert : turns the stripped text of a code into its value; a ValueError rejects it, with its message.
    """

    name: str
    aliases: tuple[str, ...] = ()
    kind: Kind = "text"
    required: bool = False
    max_length: int | None = None
    places: int = 4
    minimum: Decimal | int | None = None
    maximum: Decimal | int | None = None
    zero: bool = True
    empty: object = None
    convert: Callable[[str], object] | None = None

    @property
    def names(self) -> frozenset[str]:
        """The normalised names a column of this field may have."""
        return frozenset(normalise_name(name) for name in (self.name, *self.aliases))


@dataclass(frozen=True, slots=True)
class FileSchema:
    """The fields of one kind of file.

    `check` checks whole rows after their values: from the columns of a piece of the file (rejected values among
    them) it yields the number of each bad row in them, with a stable reason and the sentence for the user.

    Raises
    ------
    ValueError : if two fields answer to the same column name.
    """

    fields: tuple[Field, ...]
    check: RowCheck | None = None

    def __post_init__(self) -> None:
        taken: set[str] = set()
        for field in self.fields:
            if field.names & taken:
                raise ValueError(f"Another field has one of the names of {field.name!r}.")
            taken |= field.names

    def __iter__(self) -> Iterator[Field]:
        return iter(self.fields)

    def __getitem__(self, name: str) -> Field:
        return {field.name: field for field in self.fields}[name]

    def __contains__(self, name: object) -> bool:
        return any(field.name == name for field in self.fields)

    def with_check(self, check: RowCheck) -> "FileSchema":
        """The same schema with a check of whole rows."""
        return replace(self, check=check)
