from django.urls import path

from segments import views

urlpatterns = [
    path("dashboard/kpis", views.KpisView.as_view(), name="dashboard-kpis"),
    path("dashboard/segments", views.TreemapView.as_view(), name="dashboard-segments"),
    path("dashboard/trends", views.TrendsView.as_view(), name="dashboard-trends"),
    path("stock-items", views.StockItemsView.as_view(), name="stock-items"),
    path("stock-items/<str:code>", views.StockItemView.as_view(), name="stock-item"),
    path("segments/customers", views.CustomersView.as_view(), name="segment-customers"),
    path("elasticity/segments", views.SegmentElasticitiesView.as_view(), name="segment-elasticities"),
]
