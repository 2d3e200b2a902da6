from django.urls import path

from elastix.api.routers import Router
from pricing.bundles.api import BundleSuggestionViewSet, BundleViewSet, CrossElasticityViewSet
from pricing.changes.api import BulkProposalViewSet, CalibrationViewSet, PriceChangeViewSet
from pricing.elasticity import api as elasticities
from pricing.forecasting import api as forecasts
from pricing.recommendation.api.bulk import BulkOptimizeViewSet, BulkResultViewSet, CategoryViewSet
from pricing.recommendation.api.policies import PricePolicyViewSet
from pricing.recommendation.api.prices import RecommendViewSet
from pricing.recommendation.api.products import ProductViewSet
from pricing.sales.api.imports import ImportViewSet
from pricing.sales.api.transactions import TransactionViewSet

router = Router()
# sales
router.register("transactions/imports", ImportViewSet, "import")
router.register("transactions", TransactionViewSet, "transaction")
# recommendation
router.register("api/products", ProductViewSet, "product")
router.register("api/price/policies", PricePolicyViewSet, "price-policy")
router.register("api/price/recommend", RecommendViewSet, "price-recommend")
router.register("api/price/optimize-bulk", BulkOptimizeViewSet, "price-optimize-bulk")
router.register("api/jobs", BulkResultViewSet, "bulk-result")
router.register("api/analytics/categories", CategoryViewSet, "analytics-categories")
# changes
router.register("api/price/changes", PriceChangeViewSet, "price-change")
router.register("api/price/calibration", CalibrationViewSet, "price-calibration")
router.register("api/jobs", BulkProposalViewSet, "bulk-proposal")
# bundles
router.register("api/price/bundle", BundleViewSet, "price-bundle")
router.register("api/analytics/bundles", BundleSuggestionViewSet, "analytics-bundles")
router.register("api/analytics/cross-elasticity", CrossElasticityViewSet, "analytics-cross-elasticity")

urlpatterns = [
    path("elasticity", elasticities.ElasticityView.as_view(), name="elasticity"),
    path(
        "api/analytics/elasticity/<str:code>",
        elasticities.ProductElasticityView.as_view(),
        name="analytics-elasticity",
    ),
    path("api/forecast/demand/<str:code>", forecasts.DemandForecastView.as_view(), name="forecast-demand"),
    *router.urls,
]
