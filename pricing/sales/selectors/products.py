"""Reads of products."""

import json
import unicodedata
from collections.abc import Iterable
from decimal import Decimal
from typing import Any, NamedTuple

from django.db.models import F, Q, QuerySet
from django.db.models.expressions import RawSQL
from django.db.models.functions import Collate, Lower

from elastix.errors import NotFound
from elastix.sql import is_postgresql
from pricing.sales.core.service_codes import normalise_code
from pricing.sales.models import Product
from pricing.sales.models.products import Kind, margin_percent


class ProductRow(NamedTuple):
    """A line of the catalogue; `monthly_sales` are the units of the 30 days before the as-of date.

    `tax_factor` is the price over the same without the tax that it includes.
    """

    code: str
    name: str
    category: str
    current_price: Decimal | None
    cost: Decimal | None
    monthly_sales: int | Decimal
    tax_factor: Decimal = Decimal(1)

    @property
    def margin_percent(self) -> Decimal | None:
        return margin_percent(self.current_price, self.cost, self.tax_factor)

    @property
    def tax_rate(self) -> Decimal:
        """Percent of the net price that the price includes."""
        return 100 * (self.tax_factor - 1)


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
    """Active products that are sold for themselves: no services."""
    return Product.objects.filter(kind=Kind.MERCHANDISE, is_active=True)


def product_values(products: QuerySet[Product]) -> Any:
    """Select the columns of `ProductRow` as tuples, which are much cheaper than instances."""
    return products.values_list("code", "name", "category", "current_price", "cost", "summary__monthly_sales")


def product_rows(values: Iterable[tuple[Any, ...]]) -> list[ProductRow]:
    """Make rows of what `product_values` selected; a product without a summary has sold nothing."""
    return [ProductRow._make((*known, monthly_sales or 0, Decimal(1))) for *known, monthly_sales in values]


def products_matching(products: QuerySet[Product], text: str) -> QuerySet[Product]:
    """Return the products whose code or name contains a text, in upper or lower case, on every database alike.

    SQLite folds the case of ASCII letters alone, PostgreSQL that of others by its locale. So the database searches
    for texts of ASCII characters, folding those; other texts are searched for here, with Unicode case folding.
    """
    if text.isascii():
        by_code_point = Collate("name", "C") if is_postgresql() else F("name")
        return products.alias(folded_name=Lower(by_code_point)).filter(
            Q(code__contains=text.upper()) | Q(folded_name__contains=text.lower())
        )
    wanted = _folded(text)
    codes = [
        code
        for code, name in products.values_list("code", "name")
        if wanted in _folded(code) or wanted in _folded(name)
    ]
    # As rows of one parameter: databases limit the number of parameters, not their length.
    rows = "jsonb_array_elements_text(%s::jsonb) AS given(value)" if is_postgresql() else "json_each(%s)"
    return products.filter(code__in=RawSQL(f"SELECT value FROM {rows}", [json.dumps(codes)]))  # noqa: S611


def _folded(text: str) -> str:
    return unicodedata.normalize("NFC", text).casefold()
