"""The admin of catalogue, sales and estimates, one module for each file of models."""

from django.contrib import admin

from pricing.admin import catalogue, estimates, imports, sales

__all__ = ["catalogue", "estimates", "imports", "sales"]

admin.site.index_template = "admin/pricing/index.html"
