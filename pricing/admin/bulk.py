"""Bulk optimizations and categories: to be looked at."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from elastix.admin_base import ExportMixin, ReadOnlyAdmin, change_link
from pricing.models import BulkOptimization, BulkRow, CategorySummary
from pricing.selectors.optimising import COLUMNS


@admin.register(BulkOptimization)
class BulkOptimizationAdmin(ReadOnlyAdmin):
    list_display = ("__str__", "computed_at", "requested_by", "proposed", "proposed_at", "proposed_by")
    list_select_related = ("job__requested_by",)
    date_hierarchy = "computed_at"

    def get_queryset(self, request: HttpRequest) -> Any:
        # A job's parameters and result list thousands of products.
        return super().get_queryset(request).defer("job__parameters", "job__result")

    @admin.display(description="requested by")
    def requested_by(self, optimization: BulkOptimization) -> str:
        return str(optimization.job.requested_by or "-")


@admin.register(BulkRow)
class BulkRowAdmin(ExportMixin, ReadOnlyAdmin):
    list_display = (
        "product",
        "of_optimization",
        "current_price",
        "recommended_price",
        "changes",
        "reason",
        "confidence",
        "risk_level",
        "profit_now",
        "profit",
        "profit_low",
        "profit_high",
    )
    list_filter = ("changes", "reason", "risk_level", "quality")
    list_select_related = ("product", "optimization")
    search_fields = ("product__code", "product__name", "=optimization__job__id")
    ordering = ("-optimization_id", "product_id")
    actions = ("export_csv", "export_xlsx")
    export_fields = ("optimization", "product", *COLUMNS[1:])

    @admin.display(description="optimization", ordering="optimization_id")
    def of_optimization(self, row: BulkRow) -> Any:
        return change_link(row.optimization)


@admin.register(CategorySummary)
class CategorySummaryAdmin(ReadOnlyAdmin):
    list_display = (
        "__str__",
        "products",
        "revenue",
        "margin_percent",
        "elasticity",
        "to_change",
        "profit_change",
        "profit_change_low",
        "profit_change_high",
        "computed_at",
    )
    search_fields = ("category",)
    ordering = ("-revenue", "category")

    @admin.display(description="margin", ordering="margin")
    def margin_percent(self, summary: CategorySummary) -> str:
        return "-" if summary.margin is None else f"{100 * summary.margin:.1f} %"
