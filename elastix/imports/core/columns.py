"""Which column of a file is which field: finding the header row and matching its names."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from elastix.imports.core.dates import parse_date
from elastix.imports.core.fields import FileSchema, UnreadableFile, normalise_name
from elastix.imports.core.numbers import parse_number
from elastix.imports.core.values import clean, shown

MOST_LINES_ABOVE_HEADER: Final = 20
MOST_NAMES_SHOWN: Final = 12

_SPACE: Final = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Header:
    """A row seen as the header.

    Attributes
    ----------
    line : the last line it is on.
    skipped : how many rows stand above it.
    names : the columns' names, stripped.
    candidates : the columns of each field that has any.
    missing : required fields without a column.
    unknown_mapping : columns named in the user's mapping that the row does not have.
    """

    line: int
    skipped: int
    names: tuple[str, ...]
    candidates: dict[str, list[int]]
    missing: tuple[str, ...]
    unknown_mapping: tuple[str, ...]

    @property
    def score(self) -> tuple[bool, int, int]:
        """How well the row serves as a header; the larger the better."""
        return not (self.missing or self.unknown_mapping), len(self.candidates), len(self.names)


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of a file.

    Attributes
    ----------
    names : all of them, as in the header.
    position : the column of each field that has one.
    ignored : the names of the columns that belong to no field.
    """

    names: tuple[str, ...]
    position: dict[str, int]
    ignored: tuple[str, ...]


def check_mapping(schema: FileSchema, mapping: Mapping[str, str]) -> None:
    """Check the user's mapping of columns to fields. An empty field name: the column is to be ignored.

    Raises
    ------
    UnreadableFile : if a field does not exist or is named for two columns.
    """
    known = ", ".join(field.name for field in schema)
    fields = [name for name in mapping.values() if name]
    for name in fields:
        if name not in schema:
            raise UnreadableFile(
                f"The mapping names {shown(name)}, which is no field: the fields are {known}."
            )
        if fields.count(name) > 1:
            raise UnreadableFile(f"The mapping names two columns for {name}: name one.")


def find_header(
    rows: Sequence[tuple[int, list[str]]], schema: FileSchema, mapping: Mapping[str, str]
) -> Header | None:
    """Find the header among the first rows: the first with all needed columns, else the one with most.

    Parameters
    ----------
    rows : (line number, cells) of the first rows that are not blank.
    mapping : the user's own mapping of columns to fields, which wins over what the names say.
    """
    best: Header | None = None
    for skipped, (line, cells) in enumerate(rows[:MOST_LINES_ABOVE_HEADER]):
        header = _as_header(line, skipped, cells, schema, mapping)
        if best is None or header.score[:2] > best.score[:2]:
            best = header
        if header.score[0]:
            break
    return best


def _as_header(
    line: int, skipped: int, cells: Sequence[str], schema: FileSchema, mapping: Mapping[str, str]
) -> Header:
    names = [_SPACE.sub(" ", clean(cell)) for cell in cells]
    while names and not names[-1]:
        names.pop()
    candidates: dict[str, list[int]] = {}
    mapped_places: set[int] = set()
    unknown = []
    for column, field_name in mapping.items():
        found = _columns_named(column, names)
        mapped_places.update(found)
        if not found:
            unknown.append(column)
        elif field_name:
            candidates[field_name] = found
    mapped = frozenset(candidates)
    fields = {name: field.name for field in schema for name in field.names}
    for position, name in enumerate(names):
        known = fields.get(normalise_name(name))
        if known and known not in mapped and position not in mapped_places:
            candidates.setdefault(known, []).append(position)
    missing = tuple(field.name for field in schema if field.required and field.name not in candidates)
    return Header(line, skipped, tuple(names), candidates, missing, tuple(unknown))


def _columns_named(column: str, names: Sequence[str]) -> list[int]:
    exact = [position for position, name in enumerate(names) if name == clean(column)]
    wanted = normalise_name(column)
    return exact or [
        position for position, name in enumerate(names) if wanted and normalise_name(name) == wanted
    ]


def resolve(header: Header, schema: FileSchema) -> Columns:
    """Decide which column is which field, by the header that was found.

    Raises
    ------
    UnreadableFile : if a needed or a mapped column is missing, or two columns claim one field.
    """
    needed = ", ".join(field.name for field in schema if field.required)
    if header.unknown_mapping:
        absent = _listed(header.unknown_mapping)
        raise UnreadableFile(
            f"The mapping names {absent}, but the columns are {_listed(header.names)}: correct it."
        )
    readings = (partial(parse_number, separator="."), partial(parse_number, separator=","), parse_date)
    looks_like_data = any(read(name) is not None for read in readings for name in header.names)
    if header.missing and looks_like_data and not header.candidates:
        raise UnreadableFile(
            f"The file has no header: its first row is {_listed(header.names)}."
            f" Add a first row that names the columns ({needed} are needed)."
        )
    if header.missing:
        raise UnreadableFile(
            f"No column was found for {', '.join(header.missing)} among {_listed(header.names)}:"
            " rename the columns, or say which is which (option mapping)."
        )
    for field_name, positions in header.candidates.items():
        if len(positions) > 1:
            both = _listed([header.names[position] for position in positions])
            raise UnreadableFile(
                f"The columns {both} could all be {field_name}: say which one is (option mapping)."
            )
    position = {
        field.name: header.candidates[field.name][0] for field in schema if field.name in header.candidates
    }
    used = set(position.values())
    ignored = tuple(name for place, name in enumerate(header.names) if place not in used and name)
    return Columns(header.names, position, ignored)


def _listed(names: Sequence[str]) -> str:
    named = [shown(name) for name in names if name]
    more = f" and {len(named) - MOST_NAMES_SHOWN} more" if len(named) > MOST_NAMES_SHOWN else ""
    return ", ".join(named[:MOST_NAMES_SHOWN]) + more or "unnamed"
