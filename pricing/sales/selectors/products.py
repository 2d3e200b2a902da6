"""Reads of products."""

from decimal import Decimal
from typing import Any

from django.db.models import F, QuerySet

from elastix.api.fields import money, rounded
from elastix.errors import NotFound
from pricing.sales.core.service_codes import normalise_code
from pricing.sales.models import Product
from pricing.sales.models.products import Kind, margin_of_price
from pricing.sales.selectors.matching import products_matching

_ORDERINGS = {"id": "code", "monthly_sales": "summary__monthly_sales"}


def find_product(code: str) -> Product:
    """Return a product by its code in any case.

    Raises
    ------
    NotFound : there is none.
    """
    try:
        product = Product.objects.filter(code=normalise_code(code)).first()
    except ValueError:
        product = None
    if product is None:
        raise NotFound(f"There is no product {code[:60]!r}.")
    return product


def merchandise() -> QuerySet[Product]:
    """Products that are sold for themselves: no services, none that was deactivated."""
    return Product.objects.filter(kind=Kind.MERCHANDISE, is_active=True)


def products_list(
    *, category: str | None, search: str | None, ordering: str, limit: int, offset: int
) -> dict[str, Any]:
    """Active merchandise; `search` looks into code and name."""
    found = merchandise()
    if category is not None:
        found = found.filter(category=category)
    if search is not None:
        found = products_matching(found, search)
    name = ordering.lstrip("-")
    column = F(_ORDERINGS.get(name, name))
    order = column.desc(nulls_last=True) if ordering.startswith("-") else column.asc(nulls_last=True)
    # Tuples: a thousand model instances would take most of the time of a page.
    page = found.order_by(order, "code").values_list(*_ROW_COLUMNS)[offset : offset + limit]
    return {"products": [product_row(*values) for values in page], "total": found.count()}


_ROW_COLUMNS = ("code", "name", "category", "current_price", "cost", "summary__monthly_sales")


def product_row(
    code: str,
    name: str,
    category: str,
    price: Decimal | None,
    cost: Decimal | None,
    monthly_sales: int | None,
) -> dict[str, Any]:
    margin = margin_of_price(price, cost)
    return {
        "id": code,
        "name": name,
        "category": category,
        "current_price": money(price),
        "cost": rounded(cost, 4),
        "current_margin": None if margin is None else rounded(100 * margin, 1),
        "monthly_sales": monthly_sales or 0,
    }
