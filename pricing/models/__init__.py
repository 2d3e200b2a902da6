"""The models of all wings, for Django; code imports them from the wing that owns them."""

from pricing.bundles.models import CrossPriceModel, ProductPair
from pricing.connections.models import OrderPull, PulledOrder, PushedPrice
from pricing.elasticity.models import (
    CategoryOpinion,
    ElasticityEstimate,
    ElasticityModel,
    ExperimentalEvidence,
    LearnedModel,
)
from pricing.forecasting.models import BoostedForecast, BoostedModel, DemandForecast, ForecastModel
from pricing.recommendation.models import (
    BulkOptimization,
    BulkRow,
    CategorySummary,
    Override,
    PricePolicy,
    PriceRelation,
    PriceRelationMember,
    Recommendation,
    StandingRecommendation,
)
from pricing.sales.models import (
    ChannelDay,
    PriceChange,
    PriceHold,
    Product,
    ProductCost,
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
    "CategoryOpinion",
    "CategorySummary",
    "ChannelDay",
    "CrossPriceModel",
    "DemandForecast",
    "ElasticityEstimate",
    "ElasticityModel",
    "ExperimentalEvidence",
    "ForecastModel",
    "LearnedModel",
    "OrderPull",
    "Override",
    "PriceChange",
    "PriceHold",
    "PricePolicy",
    "PriceRelation",
    "PriceRelationMember",
    "Product",
    "ProductCost",
    "ProductPair",
    "ProductSummary",
    "PulledOrder",
    "PushedPrice",
    "Recommendation",
    "SalesHistory",
    "StagedTransaction",
    "StaleCustomer",
    "StaleProduct",
    "StandingRecommendation",
    "Transaction",
]
