"""Reads of products."""

import datetime as dt
from decimal import Decimal
from typing import Any

from django.db.models import F, QuerySet
from django.http import Http404

from elastix.api.fields import money, rounded
from elastix.api.models import DataVersion
from pricing.core.service_codes import normalise_code
from pricing.models import Product, SalesHistory
from pricing.models.catalogue import Kind, margin_of_price
from pricing.selectors.competition import competitor_statistics
from pricing.selectors.matching import products_matching
from pricing.selectors.policies import effective_policies

_ORDERINGS = {"id": "code", "monthly_sales": "summary__monthly_sales"}


def find_product(code: str) -> Product:
    """Return a product by its code in any case.

    Raises
    ------
    Http404 : there is none.
    """
    try:
        product = Product.objects.filter(code=normalise_code(code)).first()
    except ValueError:
        product = None
    if product is None:
        raise Http404(f"There is no product {code[:60]!r}.")
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
    return {"products": [_product_row(*values) for values in page], "total": found.count()}


_ROW_COLUMNS = ("code", "name", "category", "current_price", "cost", "summary__monthly_sales")


def _product_row(
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


def product_detail(code: str, *, days: int, version: DataVersion) -> dict[str, Any]:
    """A product with the market's price and its last `days` days of sales before the as-of date."""
    product = Product.objects.select_related("summary").get(code=code)
    history = SalesHistory.objects.filter(product=product, quantity__gt=0)
    if version.as_of:
        history = history.filter(date__gte=version.as_of - dt.timedelta(days=days))
    summary = getattr(product, "summary", None)
    monthly_sales = summary.monthly_sales if summary else 0
    row = _product_row(
        code, product.name, product.category, product.current_price, product.cost, monthly_sales
    )
    return row | {
        "competitor_price": money(competitor_price(product, version.as_of)),
        "stock_level": product.stock_level,
        "target_stock": product.target_stock,
        "kind": product.kind,
        "is_active": product.is_active,
        "price_source": product.price_source,
        "sales_history": [
            {"date": day, "quantity": quantity, "price": rounded(price, 4)}
            for day, quantity, price in history.order_by("date").values_list("date", "quantity", "price")
        ],
    }


def competitor_price(product: Product, as_of: dt.date | None) -> Decimal | None:
    """Median of the competitors' plausible prices that the product's policy calls fresh; None if there are none."""
    days = effective_policies([product])[product.code].competitor_days
    found = competitor_statistics([product.code], days, as_of=as_of).get(product.code)
    return found.median if found else None
