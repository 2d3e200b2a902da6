"""One product as the API shows it, with the market's price beside its own."""

import datetime as dt
from decimal import Decimal
from typing import Any

from elastix.api.fields import money, rounded
from elastix.dataset.models import DataVersion
from pricing.recommendation.selectors.competition import competitor_statistics
from pricing.recommendation.selectors.policies import effective_policies
from pricing.sales.models import Product, SalesHistory
from pricing.sales.selectors.products import product_row


def product_detail(code: str, *, days: int, version: DataVersion) -> dict[str, Any]:
    """A product with the market's price and its last `days` days of sales before the as-of date."""
    product = Product.objects.select_related("summary").get(code=code)
    history = SalesHistory.objects.filter(product=product, quantity__gt=0)
    if version.as_of:
        history = history.filter(date__gte=version.as_of - dt.timedelta(days=days))
    summary = getattr(product, "summary", None)
    monthly_sales = summary.monthly_sales if summary else 0
    row = product_row(
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
