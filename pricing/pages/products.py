"""/desk/products: the catalogue, to find a product in."""

from typing import Any, Final

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from elastix.api.fields import CONTROL
from elastix.desk.shell import page
from pricing.elasticity.models import Grade
from pricing.recommendation.selectors.product_list import ORDERINGS, categories, product_list

PRODUCTS_A_PAGE: Final = 50
LONGEST_TEXT: Final = 100
# Heading and the key it sorts by; numbers start with the largest.
HEADINGS: Final = (
    ("name", _("Product"), ""),
    ("category", _("Category"), ""),
    ("price", _("Price"), "-"),
    ("cost", _("Cost"), "-"),
    ("units", _("Units in 30 days"), "-"),
    ("elasticity", _("Elasticity"), ""),
    ("grade", _("Grade"), ""),
)


@page()
def products(request: HttpRequest) -> HttpResponse:
    """The products that the address asks for; what it says that is unknown counts as not said."""
    text = CONTROL.sub("", request.GET.get("q", "").strip())[:LONGEST_TEXT]
    category = CONTROL.sub("", request.GET.get("category", ""))[:LONGEST_TEXT]
    grade = request.GET.get("grade", "")
    grade = grade if grade in Grade.values else ""
    ordering = request.GET.get("sort", "")
    ordering = ordering if ordering.removeprefix("-") in ORDERINGS else "-units"
    found = product_list(text=text, category=category, grade=grade, ordering=ordering)
    context: dict[str, Any] = {
        "page": "products",
        "rows": Paginator(found, PRODUCTS_A_PAGE).get_page(request.GET.get("page")),
        "q": text,
        "category": category,
        "grade": grade,
        "sort": ordering,
        "categories": categories(),
        "grades": Grade.values,
        "headings": [_heading(*heading, ordering) for heading in HEADINGS],
    }
    return render(request, "desk/products.html", context)


def _heading(key: str, name: Any, first: str, ordering: str) -> dict[str, Any]:
    """A heading, how its column is sorted now, and what a click on it asks for."""
    sorted_by = ordering.removeprefix("-") == key
    direction = ("descending" if ordering.startswith("-") else "ascending") if sorted_by else "none"
    turned = key if ordering.startswith("-") else f"-{key}"
    return {"name": name, "direction": direction, "asks": turned if sorted_by else f"{first}{key}"}
