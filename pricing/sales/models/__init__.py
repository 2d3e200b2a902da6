from pricing.sales.models.channels import ChannelDay
from pricing.sales.models.costs import ProductCost
from pricing.sales.models.price_changes import PriceChange, PriceHold
from pricing.sales.models.products import Product
from pricing.sales.models.summaries import ProductSummary
from pricing.sales.models.transactions import (
    SalesHistory,
    StagedTransaction,
    StaleCustomer,
    StaleProduct,
    SupersededLine,
    Transaction,
)

__all__ = [
    "ChannelDay",
    "PriceChange",
    "PriceHold",
    "Product",
    "ProductCost",
    "ProductSummary",
    "SalesHistory",
    "StagedTransaction",
    "StaleCustomer",
    "StaleProduct",
    "SupersededLine",
    "Transaction",
]
