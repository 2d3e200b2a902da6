from django.urls import path

from pricing.views import elasticities, products, transactions

urlpatterns = [
    path("elasticity", elasticities.ElasticityView.as_view(), name="elasticity"),
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
    path(
        "api/analytics/elasticity/<str:code>",
        elasticities.ProductElasticityView.as_view(),
        name="analytics-elasticity",
    ),
]
