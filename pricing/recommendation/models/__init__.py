from pricing.recommendation.models.bulk import BulkOptimization, BulkRow, CategorySummary
from pricing.recommendation.models.offers import Recommendation, RecommendationState
from pricing.recommendation.models.policies import PricePolicy
from pricing.recommendation.models.standing import Override, StandingRecommendation

__all__ = [
    "BulkOptimization", "BulkRow", "CategorySummary", "Override", "PricePolicy", "Recommendation",
    "RecommendationState", "StandingRecommendation",
]  # fmt: skip
