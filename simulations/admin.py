"""Saved simulations."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from elastix.admin_base import BaseAdmin
from simulations.experiments.admin import ExperimentAdmin
from simulations.models import Simulation

__all__ = ["ExperimentAdmin", "SimulationAdmin"]


@admin.register(Simulation)
class SimulationAdmin(BaseAdmin):
    list_display = ("name", "product", "price_range", "created_by", "created_at", "updated_at")
    list_select_related = ("product", "created_by")
    search_fields = ("name", "description", "product__code", "product__name")
    date_hierarchy = "created_at"
    autocomplete_fields = ("product",)
    readonly_fields = ("created_by", "created_at", "updated_at")
    fields = (
        *("name", "description", "product", ("range_from_percent", "range_to_percent", "range_step_percent")),
        ("created_by", "created_at", "updated_at"),
    )

    @admin.display(description="price changes")
    def price_range(self, simulation: Simulation) -> str:
        return (
            f"{simulation.range_from_percent:+g} to {simulation.range_to_percent:+g} % "
            f"in steps of {simulation.range_step_percent:g}"
        )

    def save_model(self, request: HttpRequest, obj: Simulation, form: Any, change: bool) -> None:
        if not change:
            obj.created_by = request.user  # type: ignore[assignment]
        super().save_model(request, obj, form, change)
