"""One product in detail, with its competitors' price."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from elastix.dataset.models import DataVersion
from pricing.recommendation.selectors.competition import competitor_statistics
from pricing.recommendation.selectors.policies import effective_policies, tax_factors
from pricing.sales.core.calendar import MONTH_DAYS
from pricing.sales.models import Product, SalesHistory
from pricing.sales.models.products import margin_percent
from pricing.sales.selectors.channels import ChannelPrice, channel_prices
from pricing.sales.selectors.products import ProductRow

FIELDS = (
    "code", "name", "category", "current_price", "cost", "stock_level", "target_stock", "kind", "is_active",
    "price_source",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ProductDetail:
    """A product with stock, market price and sales.

    Attributes
    ----------
    margin_percent, tax_rate : percent of the net price, and what the price includes on top of that.
    competitor_price : median of the competitors' plausible prices that the product's policy counts as fresh.
    channel_prices : what each channel charges, where they charge different prices.
    sales_history : date, quantity and mean price of the days with sales, oldest first.
    """

    code: str
    name: str
    category: str
    current_price: Decimal | None
    cost: Decimal | None
    margin_percent: Decimal | None
    tax_rate: Decimal
    monthly_sales: int | Decimal
    stock_level: int | Decimal | None
    target_stock: int | Decimal | None
    kind: str
    is_active: bool
    price_source: str
    competitor_price: Decimal | None
    sales_history: Sequence[Any]
    channel_prices: Sequence[ChannelPrice]

    @property
    def stock_days(self) -> int | None:
        """How many whole days the stock lasts at the sales of the last 30; None where either is not known or nothing sells."""
        if self.stock_level is None or self.monthly_sales <= 0:
            return None
        return int(MONTH_DAYS * max(self.stock_level, 0) / self.monthly_sales)


def taxed_rows(rows: Sequence[ProductRow]) -> list[ProductRow]:
    """Lines of the catalogue with the tax that their prices include."""
    factors = tax_factors(rows)
    return [row._replace(tax_factor=factors[row.code]) for row in rows]


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
        margin_percent=margin_percent(product.current_price, product.cost, policy.tax_factor),
        tax_rate=policy.included_tax,
        monthly_sales=summary.monthly_sales if summary else 0,
        competitor_price=market.median if market else None,
        sales_history=list(history.order_by("date").values("date", "quantity", "price")),
        channel_prices=channel_prices(code),
    )
