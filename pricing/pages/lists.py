"""What the lists of the desk share: headings that sort, and values of the address that count only where they are known."""

from collections.abc import Collection
from typing import Any

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


def chosen(request: HttpRequest, name: str, known: Collection[str]) -> str:
    """A parameter of the address, "" where it is none of the known values."""
    value = request.GET.get(name, "")
    return value if value in known else ""


def text(request: HttpRequest, name: str) -> str:
    """A parameter of the address that is any short text."""
    return CONTROL.sub("", request.GET.get(name, "").strip())[:LONGEST_TEXT]
