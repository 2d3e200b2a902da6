from django.urls import path

from elastix.api.routers import Router
from pricing.bundles import api as pairs
from pricing.changes import api as ledger
from pricing.elasticity import api as elasticities
from pricing.forecasting import api as forecasts
from pricing.recommendation.api.bulk import BulkOptimizeViewSet, BulkResultViewSet, CategoryViewSet
from pricing.recommendation.api.policies import PricePolicyViewSet
from pricing.recommendation.api.prices import RecommendViewSet
from pricing.recommendation.api.products import ProductViewSet
from pricing.sales.api.imports import ImportViewSet
from pricing.sales.api.transactions import TransactionViewSet

router = Router()
router.register("transactions/imports", ImportViewSet, "import")
router.register("transactions", TransactionViewSet, "transaction")
router.register("api/products", ProductViewSet, "product")

router.register("api/price/policies", PricePolicyViewSet, "price-policy")
router.register("api/price/recommend", RecommendViewSet, "price-recommend")
router.register("api/price/optimize-bulk", BulkOptimizeViewSet, "price-optimize-bulk")
router.register("api/jobs", BulkResultViewSet, "job")
router.register("api/analytics/categories", CategoryViewSet, "analytics-categories")

urlpatterns = [
    path("elasticity", elasticities.ElasticityView.as_view(), name="elasticity"),
    *router.urls,
    path("api/price/bundle", pairs.BundleView.as_view(), name="price-bundle"),
    path("api/jobs/<int:job_id>/propose", ledger.BulkProposeView.as_view(), name="job-propose"),
    path("api/price/changes", ledger.PriceChangesView.as_view(), name="price-changes"),
    path("api/price/changes/<int:change_id>", ledger.PriceChangeView.as_view(), name="price-change"),
    path(
        "api/price/changes/<int:change_id>/outcome",
        ledger.PriceChangeOutcomeView.as_view(),
        name="price-change-outcome",
    ),
    path("api/price/calibration", ledger.PriceCalibrationView.as_view(), name="price-calibration"),
    path(
        "api/price/changes/<int:change_id>/approve",
        ledger.PriceChangeApproveView.as_view(),
        name="price-change-approve",
    ),
    path(
        "api/price/changes/<int:change_id>/reject",
        ledger.PriceChangeRejectView.as_view(),
        name="price-change-reject",
    ),
    path(
        "api/price/changes/<int:change_id>/apply",
        ledger.PriceChangeApplyView.as_view(),
        name="price-change-apply",
    ),
    path(
        "api/price/changes/<int:change_id>/rollback",
        ledger.PriceChangeRollbackView.as_view(),
        name="price-change-rollback",
    ),
    path(
        "api/price/changes/batch/<uuid:batch>/approve",
        ledger.PriceBatchApproveView.as_view(),
        name="price-batch-approve",
    ),
    path(
        "api/price/changes/batch/<uuid:batch>/reject",
        ledger.PriceBatchRejectView.as_view(),
        name="price-batch-reject",
    ),
    path(
        "api/price/changes/batch/<uuid:batch>/apply",
        ledger.PriceBatchApplyView.as_view(),
        name="price-batch-apply",
    ),
    path(
        "api/price/changes/batch/<uuid:batch>/rollback",
        ledger.PriceBatchRollbackView.as_view(),
        name="price-batch-rollback",
    ),
    path("api/forecast/demand/<str:code>", forecasts.DemandForecastView.as_view(), name="forecast-demand"),
    path(
        "api/analytics/cross-elasticity",
        pairs.CrossElasticityView.as_view(),
        name="analytics-cross-elasticity",
    ),
    path("api/analytics/bundles", pairs.BundlesView.as_view(), name="analytics-bundles"),
    path(
        "api/analytics/elasticity/<str:code>",
        elasticities.ProductElasticityView.as_view(),
        name="analytics-elasticity",
    ),
]
