"""/desk/search: one field that finds what the apps know by code, name or number.

The desk knows no app. An app names in its AppConfig what it searches: `desk_search = ("path.of.a.function",)`, each a
function (text, most) -> `Found`, with at most that many hits, the likeliest first.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from django.apps import apps
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.module_loading import import_string

from elastix.api.fields import CONTROL
from elastix.desk.shell import address_of, page

LONGEST_TEXT: Final = 100
MOST_WHILE_TYPING: Final = 6
MOST_ON_THE_PAGE: Final = 50


@dataclass(frozen=True, slots=True)
class Hit:
    """Something that was found.

    Attributes
    ----------
    title, detail
        What a person knows it by, and what else tells it apart.
    pages
        Names of addresses that show it, the best first; the first one that exists is linked. A name with an
        argument is that of a page of its own; a name without one is a list that takes the text as `q`.
    key
        The argument.
    """

    title: str
    detail: str
    pages: tuple[str, ...]
    key: str

    @property
    def address(self) -> str:
        """Where it is shown; empty where no page shows it."""
        for name in self.pages:
            if own := address_of(name, self.key):
                return own
            if listed := address_of(name):
                return f"{listed}?{urlencode({'q': self.key})}"
        return ""


@dataclass(frozen=True, slots=True)
class Found:
    """What one source found, under its heading."""

    heading: Any
    hits: list[Hit]


def sources() -> Iterator[Any]:
    """Yield the functions that the apps search with."""
    for config in apps.get_app_configs():
        yield from map(import_string, getattr(config, "desk_search", ()))


def find(text: str, most: int) -> list[Found]:
    """Ask each source for at most `most` hits; sources that find nothing, and hits that no page shows, are left out."""
    if not text:
        return []
    found = [source(text, most) for source in sources()]
    shown = [Found(each.heading, [hit for hit in each.hits if hit.address]) for each in found]
    return [each for each in shown if each.hits]


@page()
def search(request: HttpRequest) -> HttpResponse:
    """What is found: as a part of a page while somebody types, as a page of its own otherwise."""
    text = CONTROL.sub("", request.GET.get("q", "")).strip()[:LONGEST_TEXT]
    typing = bool(getattr(request, "htmx", False))
    context = {
        "page": "search",
        "q": text,
        "found": find(text, MOST_WHILE_TYPING if typing else MOST_ON_THE_PAGE),
    }
    return render(request, "desk/hits.html" if typing else "desk/search.html", context)
