"""The admin of catalogue, sales and estimates, one module for each file of models."""

from django.contrib import admin

from pricing.bundles import admin as pairs
from pricing.changes import admin as price_changes
from pricing.connections import admin as connections
from pricing.elasticity import admin as estimates
from pricing.forecasting import admin as forecasts
from pricing.recommendation.admin import policies, relations
from pricing.recommendation.admin import products as catalogue
from pricing.sales.admin import costs, imports
from pricing.sales.admin import transactions as sales

__all__ = [
    "catalogue", "connections", "costs", "estimates", "forecasts", "imports", "pairs", "policies", "price_changes", "relations",
    "sales",
]  # fmt: skip

admin.site.index_template = "admin/pricing/index.html"
