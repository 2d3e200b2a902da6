"""Price experiments in the admin: what was tested, and what came of it. They are planned and run at /desk/experiments."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from elastix.admin_base import ReadOnlyAdmin
from simulations.experiments.models import ExperimentProduct, PriceExperiment


class ProductInline(admin.TabularInline):  # type: ignore[type-arg]
    model = ExperimentProduct
    fields = readonly_fields = ("product", "group", "usual_price", "old_price", "new_price", "cost")
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("product")


@admin.register(PriceExperiment)
class ExperimentAdmin(ReadOnlyAdmin):
    list_display = (
        "name",
        "design",
        "status",
        "weeks",
        "starts_on",
        "verdict",
        "elasticity",
        "kept",
        "created_by",
    )
    list_filter = ("status", "design")
    search_fields = ("name", "products__product__code")
    date_hierarchy = "created_at"
    inlines = (ProductInline,)
    fields = (
        *(
            "name",
            "design",
            "status",
            "seed",
            ("old_percent", "new_percent"),
            ("weeks", "washout_days", "past_weeks"),
        ),
        *(
            ("money", "contrast", "expected_elasticity"),
            ("planned_power", "planned_error", "planned_money_error"),
        ),
        *(("starts_on", "ended_at", "kept"), "pauses", "problems", "verdict", "decision"),
        *(("elasticity", "elasticity_error"), "evidence", "neighbours", "result_to"),
        ("created_by", "created_at", "started_by", "ended_by"),
    )

    @admin.display(description="verdict")
    def verdict(self, experiment: PriceExperiment) -> str:
        return str((experiment.result or {}).get("verdict", "-")).replace("_", " ")

    @admin.display(description="decision")
    def decision(self, experiment: PriceExperiment) -> str:
        return str((experiment.result or {}).get("decision", "-"))
