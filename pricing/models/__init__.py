from pricing.models.catalogue import Product
from pricing.models.estimates import ElasticityEstimate, ElasticityModel, ProductSummary
from pricing.models.ledger import PriceChange
from pricing.models.policies import PricePolicy
from pricing.models.sales import SalesHistory, StagedTransaction, StaleCustomer, StaleProduct, Transaction

__all__ = [
    "ElasticityEstimate",
    "ElasticityModel",
    "PriceChange",
    "PricePolicy",
    "Product",
    "ProductSummary",
    "SalesHistory",
    "StagedTransaction",
    "StaleCustomer",
    "StaleProduct",
    "Transaction",
]
