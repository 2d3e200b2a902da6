"""The admin of catalogue, sales and estimates, one module for each file of models."""

from django.contrib import admin

from pricing.admin import bulk, catalogue, estimates, forecasts, imports, ledger, pairs, policies, sales

__all__ = ["bulk", "catalogue", "estimates", "forecasts", "imports", "ledger", "pairs", "policies", "sales"]

admin.site.index_template = "admin/pricing/index.html"
