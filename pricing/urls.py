from django.urls import path

from elastix.api.routers import Router
from pricing.bundles import api as pairs
from pricing.changes import api as ledger
from pricing.elasticity.api import ElasticityViewSet, ProductElasticityViewSet
from pricing.forecasting.api import DemandForecastViewSet
from pricing.recommendation.api import bulk, policies, prices, products
from pricing.sales.api import transactions

router = Router()
router.register("elasticity", ElasticityViewSet, "elasticity")
router.register("api/analytics/elasticity", ProductElasticityViewSet, "analytics-elasticity")
router.register("api/forecast/demand", DemandForecastViewSet, "forecast-demand")

urlpatterns = [
    *router.urls,
    path("transactions", transactions.TransactionsView.as_view(), name="transactions"),
    path("transactions/batch", transactions.TransactionBatchView.as_view(), name="transaction-batch"),
    path("transactions/import", transactions.TransactionImportView.as_view(), name="transaction-import"),
    path("transactions/imports", transactions.ImportsView.as_view(), name="imports"),
    path("transactions/imports/<uuid:import_id>", transactions.ImportView.as_view(), name="import"),
    path(
        "transactions/imports/<uuid:import_id>/rejects.csv",
        transactions.ImportRejectsView.as_view(),
        name="import-rejects",
    ),
    path("transactions/<uuid:transaction_id>", transactions.TransactionView.as_view(), name="transaction"),
    path("api/products", products.ProductsView.as_view(), name="products"),
    path("api/products/list", products.ProductListView.as_view(), name="product-list"),
    path("api/products/import", products.ProductImportView.as_view(), name="product-import"),
    path("api/products/<str:code>", products.ProductView.as_view(), name="product"),
    path("api/price/policies", policies.PoliciesView.as_view(), name="price-policies"),
    path(
        "api/price/policies/effective/<str:code>",
        policies.EffectivePolicyView.as_view(),
        name="price-policy-effective",
    ),
    path("api/price/policies/<int:policy_id>", policies.PolicyView.as_view(), name="price-policy"),
    path("api/price/bundle", pairs.BundleView.as_view(), name="price-bundle"),
    path("api/price/recommend/<str:code>", prices.RecommendView.as_view(), name="price-recommend"),
    path("api/price/optimize-bulk", bulk.BulkOptimizeView.as_view(), name="price-optimize-bulk"),
    path("api/jobs/<int:job_id>/result.csv", bulk.BulkResultView.as_view(), name="job-result"),
    path("api/jobs/<int:job_id>/propose", ledger.BulkProposeView.as_view(), name="job-propose"),
    path("api/analytics/categories", bulk.CategoriesView.as_view(), name="analytics-categories"),
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
    path(
        "api/analytics/cross-elasticity",
        pairs.CrossElasticityView.as_view(),
        name="analytics-cross-elasticity",
    ),
    path("api/analytics/bundles", pairs.BundlesView.as_view(), name="analytics-bundles"),
]
