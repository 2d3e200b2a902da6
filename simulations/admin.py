"""Saved simulations."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest

from elastix.admin_base import BaseAdmin
from simulations.models import Simulation

LOWEST_CHANGE_PERCENT, HIGHEST_CHANGE_PERCENT = -99, 1000


class SimulationForm(forms.ModelForm):  # type: ignore[type-arg]
    range_from_percent = forms.FloatField(
        min_value=LOWEST_CHANGE_PERCENT, max_value=HIGHEST_CHANGE_PERCENT, initial=-10
    )
    range_to_percent = forms.FloatField(
        min_value=LOWEST_CHANGE_PERCENT, max_value=HIGHEST_CHANGE_PERCENT, initial=10
    )

    class Meta:
        model = Simulation
        fields = (
            "name",
            "description",
            "product",
            "range_from_percent",
            "range_to_percent",
            "range_step_percent",
        )

    def clean_range_step_percent(self) -> float:
        if self.cleaned_data["range_step_percent"] <= 0:
            raise forms.ValidationError("The step must be above 0.")
        return self.cleaned_data["range_step_percent"]  # type: ignore[no-any-return]

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        first, last = values.get("range_from_percent"), values.get("range_to_percent")
        if first is not None and last is not None and first > last:
            self.add_error("range_to_percent", "The range ends before it begins.")
        return values


@admin.register(Simulation)
class SimulationAdmin(BaseAdmin):
    form = SimulationForm
    list_display = ("name", "product", "price_range", "created_by", "created_at", "updated_at")
    list_select_related = ("product", "created_by")
    search_fields = ("name", "description", "product__code", "product__name")
    date_hierarchy = "created_at"
    autocomplete_fields = ("product",)
    readonly_fields = ("created_by", "created_at", "updated_at")
    fields = (
        "name",
        "description",
        "product",
        ("range_from_percent", "range_to_percent", "range_step_percent"),
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
