"""What the lists of the desk share: headings that sort, and values of the address that count only where they are known."""

from collections.abc import Callable, Collection, Sequence
from typing import Any, NamedTuple

from django.db.models import F, QuerySet
from django.http import HttpRequest

from elastix.api.fields import CONTROL

LONGEST_TEXT = 100


def heading(key: str, name: Any, first: str, ordering: str, number: bool = False) -> dict[str, Any]:
    """A heading, how its column is sorted now, and what a click on it asks for; `first` is "-" where the largest lead."""
    sorted_by = ordering.removeprefix("-") == key
    direction = ("descending" if ordering.startswith("-") else "ascending") if sorted_by else "none"
    turned = key if ordering.startswith("-") else f"-{key}"
    asks = turned if sorted_by else f"{first}{key}"
    return {"name": name, "direction": direction, "asks": asks, "number": number}


class Column(NamedTuple):
    """A column that sorts its list: its word in the address, heading and expression; `first` is "-" where the largest lead."""

    key: str
    name: Any
    expression: str
    first: str = ""
    is_number: bool = False


def ordered(
    request: HttpRequest, rows: QuerySet[Any, Any], columns: Sequence[Column], default: str, ties: str = "-pk"
) -> tuple[QuerySet[Any, Any], list[dict[str, Any]]]:
    """Rows in the order that the address asks for, `ties` among equals, and the headings of the columns."""
    expressions = {each.key: F(each.expression) for each in columns}
    asked = request.GET.get("sort", "")
    asked = asked if asked.removeprefix("-") in expressions else default
    column = expressions[asked.removeprefix("-")]
    order = column.desc(nulls_last=True) if asked.startswith("-") else column.asc(nulls_last=True)
    headings = [heading(each.key, each.name, each.first, asked, each.is_number) for each in columns]
    return rows.order_by(order, ties), headings


class RowColumn(NamedTuple):
    """A column that sorts rows that are worked out: its word in the address, its heading, and the value of a row."""

    key: str
    name: Any
    value: Callable[[Any], Any]
    first: str = ""
    is_number: bool = False


def sorted_rows(
    request: HttpRequest, rows: Sequence[Any], columns: Sequence[RowColumn], default: str = ""
) -> tuple[list[Any], list[dict[str, Any]]]:
    """Rows in the order that the address asks for, what is not known last, and the headings of the columns.

    `default` is how they are sorted where the address asks for nothing known; "" leaves the order in which they come.
    """
    values = {each.key: each.value for each in columns}
    asked = request.GET.get("sort", "")
    asked = asked if asked.removeprefix("-") in values else default
    headings = [heading(each.key, each.name, each.first, asked, each.is_number) for each in columns]
    if not asked:
        return list(rows), headings
    value = values[asked.removeprefix("-")]
    known = [row for row in rows if value(row) is not None]
    known.sort(key=value, reverse=asked.startswith("-"))
    return [*known, *(row for row in rows if value(row) is None)], headings


def chosen(request: HttpRequest, name: str, known: Collection[str]) -> str:
    """A parameter of the address, "" where it is none of the known values."""
    value = request.GET.get(name, "")
    return value if value in known else ""


def text(request: HttpRequest, name: str, longest: int = LONGEST_TEXT) -> str:
    """A parameter of the address that is any short text."""
    return CONTROL.sub("", request.GET.get(name, "").strip())[:longest]
