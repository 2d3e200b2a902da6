"""Reading the answers of other servers: every value is checked, as nothing about them is ours to decide."""

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final

MOST_CHARACTERS: Final = 60
LONGEST_NUMBER: Final = 30
LARGEST: Final = Decimal("1e12")


class PlatformError(Exception):
    """The platform cannot be asked, refuses, or answers what cannot be used; the message is for people."""


class BadAnswer(ValueError):
    """An answer is not what the platform documents; the message says where and what came instead."""


def shown(value: Any) -> str:
    """A value as it may stand in a message: short, in one line."""
    text = " ".join(repr(value).split())
    return text if len(text) <= MOST_CHARACTERS else f"{text[:MOST_CHARACTERS]}..."


def object_of(value: Any, what: str) -> Mapping[str, Any]:
    """Return a JSON object."""
    if not isinstance(value, dict):
        raise BadAnswer(f"{what} should be an object and is {shown(value)}.")
    return value


def list_of(value: Any, what: str, most: int) -> list[Any]:
    """Return a JSON list of at most `most` items."""
    if not isinstance(value, list):
        raise BadAnswer(f"{what} should be a list and is {shown(value)}.")
    if len(value) > most:
        raise BadAnswer(f"{what} has {len(value):,} items where at most {most:,} can be.")
    return value


def text(row: Mapping[str, Any], name: str, what: str) -> str:
    """Return a text without blanks around it; null and absent are "", a whole number is its digits."""
    value = row.get(name)
    if value is None:
        return ""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str):
        raise BadAnswer(f"{what}: {name} should be a text and is {shown(value)}.")
    return " ".join(value.replace("\0", " ").split())


def identifier(row: Mapping[str, Any], name: str, what: str) -> str:
    """Return what a thing is called on the platform: a text of 1 to 64 characters."""
    found = text(row, name, what)
    if not found or len(found) > 64:
        raise BadAnswer(f"{what}: {name} should name it and is {shown(row.get(name))}.")
    return found


def number_id(row: Mapping[str, Any], what: str) -> str:
    """Return the id of a thing whose ids are numbers, as they go into addresses."""
    found = identifier(row, "id", what)
    if not (found.isascii() and found.isdigit()):
        raise BadAnswer(f"{what}: id should be a number and is {shown(row.get('id'))}.")
    return found


def number(row: Mapping[str, Any], name: str, what: str) -> Decimal:
    """Return a number, which platforms write as a number or as a text."""
    found = optional_number(row, name, what)
    if found is None:
        raise BadAnswer(f"{what}: {name} is missing.")
    return found


def optional_number(row: Mapping[str, Any], name: str, what: str) -> Decimal | None:
    """Return a number, or None where it is null, absent or an empty text."""
    value = row.get(name)
    if value is None or value == "":
        return None
    try:
        if isinstance(value, bool) or not isinstance(value, int | float | Decimal | str):
            raise ValueError
        if len(str(value)) > LONGEST_NUMBER:
            raise ValueError
        found = Decimal(str(value))
        if not found.is_finite() or abs(found) > LARGEST:
            raise ValueError
    except (ValueError, InvalidOperation) as error:
        raise BadAnswer(f"{what}: {name} should be a number and is {shown(value)}.") from error
    return found


def whole_number(row: Mapping[str, Any], name: str, what: str) -> int:
    """Return a whole number."""
    found = number(row, name, what)
    if found != found.to_integral_value():
        raise BadAnswer(f"{what}: {name} should be a whole number and is {shown(row.get(name))}.")
    return int(found)


def moment(row: Mapping[str, Any], name: str, what: str) -> dt.datetime:
    """Return a moment; one that names no zone is in UTC, as the fields ending in `_gmt` are."""
    value = row.get(name)
    try:
        found = dt.datetime.fromisoformat(value if isinstance(value, str) else "")
        found = found.replace(tzinfo=found.tzinfo or dt.UTC).astimezone(dt.UTC)
    except (ValueError, OverflowError) as error:
        raise BadAnswer(f"{what}: {name} should be a date with a time and is {shown(value)}.") from error
    return found
