"""The models of all wings, for Django; code imports them from the wing that owns them."""

from pricing.bundles.models import CrossPriceModel, ProductPair
from pricing.connections.models import OrderPull, PulledOrder, PushedPrice
from pricing.elasticity.models import ElasticityEstimate, ElasticityModel
from pricing.forecasting.models import BoostedForecast, BoostedModel, DemandForecast, ForecastModel
from pricing.recommendation.models import BulkOptimization, BulkRow, CategorySummary, PricePolicy
from pricing.sales.models import (
    PriceChange,
    Product,
    ProductSummary,
    SalesHistory,
    StagedTransaction,
    StaleCustomer,
    StaleProduct,
    Transaction,
)

__all__ = [
    "BoostedForecast",
    "BoostedModel",
    "BulkOptimization",
    "BulkRow",
    "CategorySummary",
    "CrossPriceModel",
    "DemandForecast",
    "ElasticityEstimate",
    "ElasticityModel",
    "ForecastModel",
    "OrderPull",
    "PriceChange",
    "PricePolicy",
    "Product",
    "ProductPair",
    "ProductSummary",
    "PulledOrder",
    "PushedPrice",
    "SalesHistory",
    "StagedTransaction",
    "StaleCustomer",
    "StaleProduct",
    "Transaction",
]
