"""One product in detail, with its competitors' price."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from elastix.dataset.models import DataVersion
from pricing.recommendation.selectors.competition import competitor_statistics
from pricing.recommendation.selectors.policies import effective_policies
from pricing.sales.models import Product, SalesHistory

FIELDS = (
    "code", "name", "category", "current_price", "cost", "margin_percent", "stock_level", "target_stock", "kind",
    "is_active", "price_source",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ProductDetail:
    """A product with stock, market price and sales.

    Attributes
    ----------
    competitor_price : median of the competitors' plausible prices that the product's policy counts as fresh.
    sales_history : date, quantity and mean price of the days with sales, oldest first.
    """

    code: str
    name: str
    category: str
    current_price: Decimal | None
    cost: Decimal | None
    margin_percent: Decimal | None
    monthly_sales: int | Decimal
    stock_level: int | Decimal | None
    target_stock: int | Decimal | None
    kind: str
    is_active: bool
    price_source: str
    competitor_price: Decimal | None
    sales_history: Sequence[Any]


def product_detail(code: str, *, days: int, version: DataVersion) -> ProductDetail:
    """Return a product with its sales in the last `days` days before the as-of date."""
    product = Product.objects.select_related("summary").get(code=code)
    history = SalesHistory.objects.filter(product=product, quantity__gt=0)
    if version.as_of:
        history = history.filter(date__gte=version.as_of - dt.timedelta(days=days))
    summary = getattr(product, "summary", None)
    policy = effective_policies([product])[code]
    market = competitor_statistics([code], policy.competitor_days, as_of=version.as_of).get(code)
    return ProductDetail(
        **{name: getattr(product, name) for name in FIELDS},
        monthly_sales=summary.monthly_sales if summary else 0,
        competitor_price=market.median if market else None,
        sales_history=list(history.order_by("date").values("date", "quantity", "price")),
    )
