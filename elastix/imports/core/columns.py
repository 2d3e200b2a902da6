"""Which column of a file is which field: finding the header row and matching its names."""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from elastix.imports.core.dates import is_long_period, month_number, parse_date
from elastix.imports.core.fields import (
    Field,
    FileSchema,
    Layout,
    UnreadableFile,
    layouts,
    name_without_unit,
    normalise_name,
)
from elastix.imports.core.guesses import column_guesses, columns_with_numbers, seller_columns
from elastix.imports.core.numbers import is_currency, parse_number
from elastix.imports.core.values import clean, shown

MOST_LINES_ABOVE_HEADER: Final = 20
SAMPLE_ROWS: Final = 20
FEWEST_PERIODS, SHOWN_COLUMNS = 2, 5
CURRENCY_FIELD: Final = "currency"
# What the columns that are a date together are called, normalised, in the six languages: year, month, week, day.
_PARTS: Final = (
    frozenset({"year", "jahr", "annee", "ano", "anno", "jaar", "yyyy"}),
    frozenset({"month", "monat", "mois", "mes", "mese", "maand"}),
    frozenset(
        {
            "week",
            "weekno",
            "weekofyear",
            "weeknumber",
            "isoweek",
            "woche",
            "kw",
            "kalenderwoche",
            "semaine",
            "semana",
        }
        | {"settimana", "weeknr"}
    ),
    frozenset({"day", "dayofmonth", "tag", "jour", "dia", "giorno", "dag"}),
)

_SPACE: Final = re.compile(r"\s+")
_POSITION: Final = re.compile(r"#([1-9][0-9]{0,3})")

Mappings = Mapping[tuple[str, ...], Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Header:
    """A row seen as the header.

    Attributes
    ----------
    line : the last line it is on.
    skipped : how many rows stand above it.
    names : the columns' names, stripped; several with one name are called "Name (1)", "Name (2)", and so on.
    candidates : the columns of each field that has any.
    missing : required fields without a column.
    unknown_mapping : columns named in the user's mapping that the row does not have.
    layout : the well-known export that the file is, if it is one.
    remembered : whether a mapping that somebody gave for the same columns before was used.
    joined : columns of year, month, week and day that are a date together, -1 where there is none; else empty.
    samples : the first rows below it.
    """

    line: int
    skipped: int
    names: tuple[str, ...]
    candidates: dict[str, list[int]]
    missing: tuple[str, ...]
    unknown_mapping: tuple[str, ...]
    layout: Layout | None
    remembered: bool
    joined: tuple[int, ...] = ()
    samples: tuple[list[str], ...] = ()

    def holds(self, place: int) -> bool:
        """Whether a column is one of a field's."""
        return any(place in places for places in self.candidates.values())

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


def header_key(names: Sequence[str]) -> tuple[str, ...]:
    """What identifies a set of columns, whatever their order."""
    return tuple(sorted(map(normalise_name, names)))


def find_header(
    rows: Sequence[tuple[int, list[str]]],
    schema: FileSchema,
    mapping: Mapping[str, str],
    remembered: Mappings | None = None,
) -> Header | None:
    """Find the header among the first rows: the first with all needed columns, else the one with most.

    Parameters
    ----------
    rows : (line number, cells) of the first rows that are not blank.
    mapping : the user's own mapping of columns to fields, which wins over what the names say.
    remembered : the mappings that were given for files before, by `header_key`; used where none is given now.
    """
    best: Header | None = None
    for skipped, (line, cells) in enumerate(rows[:MOST_LINES_ABOVE_HEADER]):
        header = _as_header(line, skipped, cells, schema, mapping, remembered or {})
        if best is None or header.score[:2] > best.score[:2]:
            best = header
        if header.score[0]:
            break
    if best is None:
        return None
    below = tuple(cells for _, cells in rows[best.skipped + 1 : best.skipped + 1 + SAMPLE_ROWS])
    best = replace(best, samples=below, candidates=best.candidates | _currencies(best, below, schema))
    passed_over = {
        place
        for column, field in (mapping or (remembered or {}).get(header_key(best.names), {})).items()
        if not field
        for place in _columns_named(column, best.names, best.names)
    }
    free = {place: name for place, name in _free(best).items() if place not in passed_over}
    return replace(
        best, missing=tuple(name for name in best.missing if not _assumed(name, best, free, schema))
    )


def _free(header: Header) -> dict[int, str]:
    """The names of the columns that no field has, by place."""
    return {place: name for place, name in enumerate(header.names) if name and not header.holds(place)}


def _assumed(name: str, header: Header, free: Mapping[int, str], schema: FileSchema) -> bool:
    """Whether a missing field has the value that it has in such files, since no column could be it."""
    _, needed = schema.assumed.get(name, (None, frozenset({name})))
    return needed <= header.candidates.keys() and not _may_be(name, header, free, schema)


def _may_be(name: str, header: Header, free: Mapping[int, str], schema: FileSchema) -> list[str]:
    """The columns that could be a field: by their name, or because a number stands in them."""
    guesses = column_guesses(free, [schema[name]], header.samples)
    return list(dict.fromkeys([*guesses, *columns_with_numbers(free, header.samples)]))


def _currencies(header: Header, rows: Sequence[Sequence[str]], schema: FileSchema) -> dict[str, list[int]]:
    """The column, whatever its name, that holds nothing but currencies, where none is called so."""
    if CURRENCY_FIELD not in schema or CURRENCY_FIELD in header.candidates:
        return {}
    taken = {place for places in header.candidates.values() for place in places}
    for place in range(len(header.names)):
        texts = [row[place].strip() for row in rows if len(row) > place and row[place].strip()]
        if texts and place not in taken and all(map(is_currency, texts)):
            return {CURRENCY_FIELD: [place]}
    return {}


def _as_header(
    line: int,
    skipped: int,
    cells: Sequence[str],
    schema: FileSchema,
    mapping: Mapping[str, str],
    remembered: Mappings,
) -> Header:
    raw = [_SPACE.sub(" ", clean(cell)) for cell in cells]
    while raw and not raw[-1]:
        raw.pop()
    names = _distinct(raw)
    before = {} if mapping else dict(remembered.get(header_key(names), {}))
    layout = _layout(raw)
    known = layout.columns if layout else {}
    given = [
        *[(column, field, True) for column, field in (mapping or before).items()],
        *[(column, field, False) for column, field in known.items() if not field or field in schema],
    ]
    candidates: dict[str, list[int]] = {}
    taken: set[int] = set()
    unknown = []
    for column, field_name, asked in given:
        found = [place for place in _columns_named(column, names, raw) if asked or place not in taken]
        if not found and asked:
            unknown.append(column)
        if not asked and field_name in candidates:
            continue
        taken.update(found)
        if found and field_name:
            candidates[field_name] = found
    _add_by_name(candidates, taken, raw, schema)
    joined = _date_parts(candidates, raw, schema)
    if joined:
        candidates[schema.date] = [max(joined[1:])]
    for field_name, other in schema.fallback.items():
        if field_name not in candidates and other in candidates:
            candidates[field_name] = candidates[other]
    missing = tuple(
        field.name
        for field in schema
        if field.required and field.instead != "" and not {field.name, field.instead} & set(candidates)
    )
    return Header(line, skipped, names, candidates, missing, tuple(unknown), layout, bool(before), joined)


def _date_parts(
    candidates: Mapping[str, Sequence[int]], raw: Sequence[str], schema: FileSchema
) -> tuple[int, ...]:
    """The columns of year, month, week and day (-1: there is none), where the file has no other column of dates."""
    keys = [normalise_name(name) for name in raw]
    parts = tuple(next((at for at, key in enumerate(keys) if key in names), -1) for names in _PARTS)
    year, month, week, _ = parts
    others = set(candidates.get(schema.date, ())) - set(parts)
    taken = {at for name, places in candidates.items() if name != schema.date for at in places}
    return parts if year >= 0 and max(month, week) >= 0 and not others and not taken & set(parts) else ()


def _distinct(raw: Sequence[str]) -> tuple[str, ...]:
    times, seen = Counter(raw), Counter[str]()
    names = []
    for name in raw:
        seen[name] += 1
        names.append(f"{name} ({seen[name]})" if name and times[name] > 1 else name)
    return tuple(names)


def _layout(raw: Sequence[str]) -> Layout | None:
    have = {normalise_name(name) for name in raw}
    return next((each for each in layouts() if each.has <= have), None)


def _add_by_name(
    candidates: dict[str, list[int]], taken: set[int], raw: Sequence[str], schema: FileSchema
) -> None:
    """Add the columns whose names say a field: plain names first, names with units, then weak names."""
    settled = frozenset(candidates)
    readings: tuple[tuple[Mapping[str, str], Callable[[str], str]], ...] = (
        (schema.strong, normalise_name),
        (schema.strong, name_without_unit),
        (schema.weak, normalise_name),
        (schema.weak, name_without_unit),
    )
    for table, read in readings:
        found: dict[str, list[int]] = {}
        for place, name in enumerate(raw):
            field_name = table.get(read(name))
            if field_name and field_name not in settled and place not in taken:
                found.setdefault(field_name, []).append(place)
        for field_name, places in found.items():
            taken.update(places)
            candidates[field_name] = places
        settled |= frozenset(found)


def _columns_named(column: str, names: Sequence[str], raw: Sequence[str]) -> list[int]:
    """The columns that a mapping means: by their name, whatever its case, or by their position as "#3"."""
    wanted = normalise_name(column)
    for same in (
        [place for place, name in enumerate(names) if name == clean(column)],
        [place for place, name in enumerate(raw) if name == clean(column)],
        [place for place, name in enumerate(raw) if wanted and normalise_name(name) == wanted],
    ):
        if same:
            return same
    match = _POSITION.fullmatch(column.strip())
    return [int(match[1]) - 1] if match and int(match[1]) <= len(names) else []


def resolve(header: Header, schema: FileSchema) -> Columns:
    """Decide which column is which field, by the header that was found.

    Raises
    ------
    UnreadableFile : if a needed or a mapped column is missing, or two columns claim one field.
    """
    needed = ", ".join(field.name for field in schema if field.required and field.instead != "")
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
    if schema.date in header.missing and (periods := _periods(header)):
        raise UnreadableFile(
            f"The columns {_listed(periods[:SHOWN_COLUMNS])} are days, weeks or months: the table has a column for each of them."
            f" Turn it (in a spreadsheet: unpivot) so that each has rows of its own, with columns for {needed}."
        )
    turned = schema.across in header.missing and header.candidates
    sellers = seller_columns(_free(header), header.samples) if turned else []
    if len(sellers) >= FEWEST_PERIODS:
        raise UnreadableFile(
            f"The columns {_listed(sellers[:SHOWN_COLUMNS])} seem to be a column for each {schema.across}: turn the table (in a"
            f" spreadsheet: unpivot) so that each has rows of its own, with columns for {needed}."
        )
    if header.missing:
        guesses = column_guesses(_free(header), [schema[name] for name in header.missing], header.samples)
        options = " ".join(f'--map "{name}={field}"' for name, field in guesses.items())
        which = f"Is it {options}?" if guesses else "None of the others looks like it."
        name, *others = header.missing
        if not others and name in schema.assumed and _assumed(name, header, {}, schema):
            value, _ = schema.assumed[name]
            none = " ".join(f'--map "{each}="' for each in _may_be(name, header, _free(header), schema))
            which += f" If it is none, and {name} is {value} in each row: {none}."
        raise UnreadableFile(
            f"No column was found for {', '.join(header.missing)}. The columns are {_described(header)}. {which}"
            " Rename the columns, or say which is which (option mapping; on the command line --map COLUMN=FIELD)."
        )
    position: dict[str, int] = {}
    for field in (each for each in schema if each.name in header.candidates):
        positions, field_name = header.candidates[field.name], field.name
        if (place := best_of(field, header)) is None:
            both = _listed([header.names[position] for position in positions])
            example = f'--map "{header.names[positions[-1]]}={field_name}"'
            raise UnreadableFile(
                f"The columns {both} could all be {field_name}: say which one is (option mapping, such as {example})."
            )
        position[field_name] = place
    used = set(position.values())
    ignored = tuple(name for place, name in enumerate(header.names) if place not in used and name)
    return Columns(header.names, position, ignored)


def best_of(field: Field, header: Header) -> int | None:
    """The column of a field; None if there are several and none is to be preferred.

    Of several columns of a `ranked` field it is that whose name comes first among its aliases, of those without blanks.
    """
    places = header.candidates[field.name]
    if len(places) == 1 or field.first:
        return places[0]
    order = [normalise_name(name) for name in (field.name, *field.aliases)]
    keys = {place: normalise_name(header.names[place]) for place in places}
    if not field.ranked or not {*keys.values()} <= {*order} or len({*keys.values()}) < len(places):
        return None
    blank = {
        place
        for place in places
        if any(len(row) > place and not row[place].strip() for row in header.samples)
    }
    return min(places, key=lambda place: (place in blank, order.index(keys[place])))


def _periods(header: Header) -> list[str]:
    """The columns whose names are days, weeks, months or quarters, where there are several."""
    found = [
        name
        for name in _free(header).values()
        if parse_date(name) or month_number(name.rstrip(".")) or is_long_period(name)
    ]
    return found if len(found) >= FEWEST_PERIODS else []


def _described(header: Header) -> str:
    fields = {place: name for name, places in header.candidates.items() for place in places}
    named = [(name, fields.get(place)) for place, name in enumerate(header.names) if name]
    return ", ".join(f"{shown(name)} ({field or 'not known'})" for name, field in named) or "unnamed"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(shown(name) for name in names if name) or "unnamed"
