"""Bulk optimizations, to be looked at and proposed, and categories, to be looked at."""

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest
from django.utils.html import format_html

from elastix.admin_base import ExportMixin, ReadOnlyAdmin, change_link, changelist_url
from elastix.api.permissions import Role, audit_username, role_of
from elastix.errors import Conflict
from pricing.changes.services.bulk_proposals import bulk_propose
from pricing.recommendation.models import BulkOptimization, BulkRow, CategorySummary
from pricing.recommendation.selectors.bulk_optimization import COLUMNS


@admin.register(BulkOptimization)
class BulkOptimizationAdmin(ReadOnlyAdmin):
    list_display = ("__str__", "computed_at", "requested_by", "proposed", "proposed_at", "proposed_by")
    list_select_related = ("job__requested_by",)
    date_hierarchy = "computed_at"
    ordering = ("-job_id",)
    actions = ("propose",)
    fields = (
        *("job", "computed_at", "what_to_change", "what_it_brings", "product_by_product"),
        *("batch", "proposed", "proposed_at", "proposed_by", "left_out"),
    )

    def get_queryset(self, request: HttpRequest) -> Any:
        # A job's parameters and result list thousands of products.
        return super().get_queryset(request).defer("job__parameters", "job__result")

    @admin.display(description="requested by")
    def requested_by(self, optimization: BulkOptimization) -> str:
        return str(optimization.job.requested_by or "-")

    @admin.display(description="prices to change")
    def what_to_change(self, optimization: BulkOptimization) -> str:
        found = optimization.job.result or {}
        return f"{found['to_change']:,} of {found['products']:,}" if found else "-"

    @admin.display(description="profit in 30 days")
    def what_it_brings(self, optimization: BulkOptimization) -> str:
        profit = (optimization.job.result or {}).get("totals", {}).get("profit")
        if not profit:
            return "-"
        return (
            f"{profit['current']:,.2f} now, {profit['expected']:,.2f} expected: {profit['change']:+,.2f}"
            f" ({profit['change_low']:+,.2f} to {profit['change_high']:+,.2f} in four cases of five)"
        )

    @admin.display(description="product by product")
    def product_by_product(self, optimization: BulkOptimization) -> str:
        rows = f"{changelist_url(BulkRow)}?optimization__exact={optimization.pk}"
        return format_html(
            '<a href="{}">Look at them</a>, <a href="/api/jobs/{}/result.csv">download as CSV</a>',
            rows,
            optimization.pk,
        )

    def has_propose_permission(self, request: HttpRequest) -> bool:
        return role_of(request.user) >= Role.ANALYST

    @admin.action(
        permissions=["propose"], description="Propose all changed prices of selected bulk optimizations"
    )
    def propose(self, request: HttpRequest, chosen: Any) -> None:
        for optimization in chosen:
            try:
                found, is_new = bulk_propose(optimization.pk, by=audit_username(request))
            except Conflict as error:
                self.message_user(request, str(error), messages.ERROR)
                continue
            count = f"{found.proposed:,} price{'' if found.proposed == 1 else 's'}"
            when = "" if is_new else " already"
            self.message_user(
                request,
                f"{str(found).capitalize()}: {count} proposed{when}, {len(found.left_out):,} left out. They await a"
                " decision under Price changes.",
            )


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
