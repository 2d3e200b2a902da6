from django.urls import path

from elastix.api.routers import Router
from pricing.bundles.api import BundleSuggestionViewSet, BundleViewSet, CrossElasticityViewSet
from pricing.changes.api import BulkProposalViewSet, CalibrationViewSet, PriceChangeViewSet
from pricing.elasticity import api as elasticities
from pricing.forecasting import api as forecasts
from pricing.recommendation.api import bulk, policies, prices
from pricing.recommendation.api.products import ProductViewSet
from pricing.sales.api.imports import ImportViewSet
from pricing.sales.api.transactions import TransactionViewSet

router = Router()
router.register("transactions/imports", ImportViewSet, "import")
router.register("transactions", TransactionViewSet, "transaction")
router.register("api/products", ProductViewSet, "product")
router.register("api/price/changes", PriceChangeViewSet, "price-change")
router.register("api/price/calibration", CalibrationViewSet, "price-calibration")
router.register("api/jobs", BulkProposalViewSet, "job")
router.register("api/price/bundle", BundleViewSet, "price-bundle")
router.register("api/analytics/bundles", BundleSuggestionViewSet, "analytics-bundles")
router.register("api/analytics/cross-elasticity", CrossElasticityViewSet, "analytics-cross-elasticity")

urlpatterns = [
    path("elasticity", elasticities.ElasticityView.as_view(), name="elasticity"),
    *router.urls,
    path("api/price/policies", policies.PoliciesView.as_view(), name="price-policies"),
    path(
        "api/price/policies/effective/<str:code>",
        policies.EffectivePolicyView.as_view(),
        name="price-policy-effective",
    ),
    path("api/price/policies/<int:policy_id>", policies.PolicyView.as_view(), name="price-policy"),
    path("api/price/recommend/<str:code>", prices.RecommendView.as_view(), name="price-recommend"),
    path("api/price/optimize-bulk", bulk.BulkOptimizeView.as_view(), name="price-optimize-bulk"),
    path("api/jobs/<int:job_id>/result.csv", bulk.BulkResultView.as_view(), name="job-result"),
    path("api/analytics/categories", bulk.CategoriesView.as_view(), name="analytics-categories"),
    path("api/forecast/demand/<str:code>", forecasts.DemandForecastView.as_view(), name="forecast-demand"),
    path(
        "api/analytics/elasticity/<str:code>",
        elasticities.ProductElasticityView.as_view(),
        name="analytics-elasticity",
    ),
]
