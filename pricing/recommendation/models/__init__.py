from pricing.recommendation.models.bulk import BulkOptimization, BulkRow, CategorySummary
from pricing.recommendation.models.offers import Recommendation, RecommendationState
from pricing.recommendation.models.policies import PricePolicy
from pricing.recommendation.models.relations import PriceRelation, PriceRelationKind, PriceRelationMember
from pricing.recommendation.models.standing import Override, StandingRecommendation

__all__ = [
    "BulkOptimization", "BulkRow", "CategorySummary", "Override", "PricePolicy", "PriceRelation", "PriceRelationKind",
    "PriceRelationMember", "Recommendation",
    "RecommendationState", "StandingRecommendation",
]  # fmt: skip
