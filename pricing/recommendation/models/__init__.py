from pricing.recommendation.models.bulk import BulkOptimization, BulkRow, CategorySummary
from pricing.recommendation.models.policies import PricePolicy

__all__ = ["BulkOptimization", "BulkRow", "CategorySummary", "PricePolicy"]
