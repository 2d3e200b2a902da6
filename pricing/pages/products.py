"""/desk/products: the catalogue, to find a product in."""

from typing import Any, Final

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from elastix.api.fields import CONTROL
from elastix.desk.exports import export
from elastix.desk.lists import heading
from elastix.desk.shell import page
from pricing.elasticity.models import Grade
from pricing.recommendation.selectors.product_list import (
    ORDERINGS,
    categories,
    product_list,
    with_assumed_costs,
)

PRODUCTS_A_PAGE: Final = 50
LONGEST_TEXT: Final = 100
# Heading and the key it sorts by; numbers start with the largest.
HEADINGS: Final = (
    ("name", _("Product"), "", False),
    ("category", _("Category"), "", False),
    ("price", _("Price"), "-", True),
    ("cost", _("Cost"), "-", True),
    ("units", _("Units in 30 days"), "-", True),
    ("elasticity", _("Elasticity"), "", True),
    ("grade", _("Grade"), "", False),
)
# Of the list as a file.
COLUMNS: Final = (
    (_("Code"), "code"),
    (_("Product"), "name"),
    (_("Category"), "category"),
    (_("Price"), "current_price"),
    (_("Cost"), "cost"),
    (_("Units in 30 days"), "units"),
    (_("Elasticity"), "elasticity"),
    (_("Grade"), "grade"),
)


@page()
def products(request: HttpRequest) -> HttpResponseBase:
    """The products that the address asks for; what it says that is unknown counts as not said."""
    text = CONTROL.sub("", request.GET.get("q", "").strip())[:LONGEST_TEXT]
    category = CONTROL.sub("", request.GET.get("category", ""))[:LONGEST_TEXT]
    grade = request.GET.get("grade", "")
    grade = grade if grade in Grade.values else ""
    ordering = request.GET.get("sort", "")
    ordering = ordering if ordering.removeprefix("-") in ORDERINGS else "-units"
    found = product_list(text=text, category=category, grade=grade, ordering=ordering)
    if asked := export(request, "products", COLUMNS, found):
        return asked
    rows = Paginator(found, PRODUCTS_A_PAGE).get_page(request.GET.get("page"))
    context: dict[str, Any] = {
        "page": "products",
        "rows": rows,
        "shown": with_assumed_costs(rows),
        "q": text,
        "category": category,
        "grade": grade,
        "sort": ordering,
        "categories": categories(),
        "grades": Grade.values,
        "headings": [heading(*each[:3], ordering, each[3]) for each in HEADINGS],
    }
    return render(request, "desk/products.html", context)
