"""The addresses of the desk's pages about pricing, below /desk/."""

from django.urls import path

from pricing.pages.bundles import bundles
from pricing.pages.changes import batch, change, changes, confirm
from pricing.pages.data import data, data_import, data_status
from pricing.pages.opportunities import opportunities, opportunities_chosen
from pricing.pages.overview import overview
from pricing.pages.products import products
from pricing.pages.relations import relation, relation_new, relations

urlpatterns = [
    path("", overview, name="overview"),
    path("opportunities", opportunities, name="opportunities"),
    path("opportunities/chosen", opportunities_chosen, name="opportunities-chosen"),
    path("changes", changes, name="changes"),
    path("changes/batch/<uuid:batch>", batch, name="changes-batch"),
    path("changes/batch/<uuid:batch>/confirm", confirm, name="changes-batch-confirm"),
    path("changes/<int:change_id>", change, name="changes-change"),
    path("changes/<int:change_id>/confirm", confirm, name="changes-change-confirm"),
    path("products", products, name="products"),
    path("bundles", bundles, name="bundles"),
    path("relations", relations, name="relations"),
    path("relations/new", relation_new, name="relation-new"),
    path("relations/<row_id:relation_id>", relation, name="relation"),
    path("data", data, name="data"),
    path("data/<uuid:import_id>", data_import, name="data-import"),
    path("data/<uuid:import_id>/status", data_status, name="data-status"),
]
