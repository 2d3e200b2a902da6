"""/desk/market: our prices among the competitors'."""

from collections.abc import Sequence
from decimal import Decimal
from functools import partial
from typing import Any, Final

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext_lazy

from elastix.desk.exports import export
from elastix.desk.lists import chosen, heading, text
from elastix.desk.shell import page
from elastix.desk.tags import label
from market.core.positioning import POSITIONS
from market.models import Competitor
from market.models.competitors import LONGEST_NAME
from market.selectors.matrix import (
    AGES,
    GAP,
    INDEX,
    MEAN,
    ORDERINGS,
    PRICE,
    PRODUCT,
    MatrixRow,
    columns,
    matrix,
    products_of_market,
)
from pricing.recommendation.selectors.product_list import categories

PRODUCTS_A_PAGE: Final = 50
MOST_COLUMNS: Final = 6
HEADINGS: Final = (
    (PRODUCT, gettext_lazy("Product"), ""),
    (PRICE, gettext_lazy("Our price"), "-"),
    (MEAN, gettext_lazy("Their mean"), "-"),
    (GAP, gettext_lazy("Gap"), "-"),
    (INDEX, gettext_lazy("Index"), "-"),
)
MOST_AT_ONCE: Final = 5_000
# Of the list as a file; the competitors' prices follow.
COLUMNS: Final = (
    (gettext_lazy("Code"), "product.code"),
    (gettext_lazy("Product"), "product.name"),
    (gettext_lazy("Our price"), "product.current_price"),
    (gettext_lazy("Their mean"), "position.market_avg"),
    (gettext_lazy("Gap in %"), "position.price_gap_percent"),
    (gettext_lazy("Index"), "position.position_index"),
    (gettext_lazy("Position"), lambda row: label(row.position.position or "")),
)


@page()
def market(request: HttpRequest) -> HttpResponseBase:
    """Products and what competitors ask for them; what the address says that is unknown counts as not said."""
    asked_for, category = text(request, "q"), text(request, "category")
    competitor = text(request, "competitor", LONGEST_NAME)
    age, position = chosen(request, "age", AGES), chosen(request, "position", POSITIONS)
    order = request.GET.get("sort", "")
    order = order if order.removeprefix("-") in ORDERINGS else ""
    codes = products_of_market(
        text=asked_for, category=category, age=age, competitor=competitor,
        positions=[position] if position else (), order=order,
    )  # fmt: skip
    if asked := _export(request, codes, competitor):
        return asked
    rows = Paginator(codes, PRODUCTS_A_PAGE).get_page(request.GET.get("page"))
    shown = matrix(list(rows))
    names = [competitor] if competitor else columns(shown, MOST_COLUMNS)
    context: dict[str, Any] = {
        "page": "market",
        "rows": rows,
        "shown": [(row, [(name, row.prices.get(name)) for name in names]) for row in shown],
        "names": names,
        "headings": [
            heading(*each, order or (PRODUCT if not position else ""), each[0] != PRODUCT)
            for each in HEADINGS
        ],
        "farthest_first": position and not order,
        "q": asked_for,
        "category": category,
        "competitor": competitor,
        "age": age,
        "position": position,
        "categories": categories(),
        "competitors": list(Competitor.objects.order_by("name").values_list("name", flat=True)),
        "positions": POSITIONS,
    }
    return render(request, "desk/market.html", context)


def _export(request: HttpRequest, codes: Sequence[str], competitor: str) -> HttpResponseBase | None:
    """All that is found as a file, with a column for each competitor, or for the one that is asked for."""
    if "file" not in request.GET:
        return None
    rows = [
        row
        for first in range(0, len(codes), MOST_AT_ONCE)
        for row in matrix(codes[first : first + MOST_AT_ONCE])
    ]
    names = [competitor] if competitor else columns(rows)
    theirs = [(name, partial(_their_price, name)) for name in names]
    return export(request, "market", (*COLUMNS, *theirs), rows)


def _their_price(name: str, row: MatrixRow) -> Decimal | None:
    their = row.prices.get(name)
    return their.price if their else None
