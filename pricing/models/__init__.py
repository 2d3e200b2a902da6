from pricing.models.bulk import BulkOptimization, BulkRow, CategorySummary
from pricing.models.catalogue import Product
from pricing.models.estimates import ElasticityEstimate, ElasticityModel, ProductSummary
from pricing.models.forecasts import BoostedForecast, BoostedModel, DemandForecast, ForecastModel
from pricing.models.ledger import PriceChange
from pricing.models.pairs import CrossPriceModel, ProductPair
from pricing.models.policies import PricePolicy
from pricing.models.sales import SalesHistory, StagedTransaction, StaleCustomer, StaleProduct, Transaction

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
    "PriceChange",
    "PricePolicy",
    "Product",
    "ProductPair",
    "ProductSummary",
    "SalesHistory",
    "StagedTransaction",
    "StaleCustomer",
    "StaleProduct",
    "Transaction",
]
