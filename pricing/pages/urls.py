"""The addresses of the desk's pages about pricing, below /desk/."""

from django.urls import path

from pricing.pages.data import data, data_import, data_status
from pricing.pages.overview import overview
from pricing.pages.products import products

urlpatterns = [
    path("", overview, name="overview"),
    path("products", products, name="products"),
    path("data", data, name="data"),
    path("data/<uuid:import_id>", data_import, name="data-import"),
    path("data/<uuid:import_id>/status", data_status, name="data-status"),
]
