from pricing.models.catalogue import PriceChange, Product
from pricing.models.estimates import ElasticityEstimate, ElasticityModel, ProductSummary
from pricing.models.sales import SalesHistory, StagedTransaction, StaleCustomer, StaleProduct, Transaction

__all__ = [
    "ElasticityEstimate",
    "ElasticityModel",
    "PriceChange",
    "Product",
    "ProductSummary",
    "SalesHistory",
    "StagedTransaction",
    "StaleCustomer",
    "StaleProduct",
    "Transaction",
]
