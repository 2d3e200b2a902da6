"""Unit costs of products in the admin, by the day from which they hold."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest

from elastix.admin_base import BaseAdmin, copy_state
from pricing.sales.models import ProductCost
from pricing.sales.services.costs import cost_record


class CostForm(forms.ModelForm):  # type: ignore[type-arg]
    """A cost from a day on; one for a day that has one takes its place, so there is nothing to be unique."""

    class Meta:
        model = ProductCost
        fields = ("product", "valid_from", "cost")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "cost" in self.fields:
            self.fields["cost"].required = True

    def _get_validation_exclusions(self) -> set[str]:
        # A constraint on an excluded field is not checked.
        return {*super()._get_validation_exclusions(), "valid_from"}  # type: ignore[misc]


@admin.register(ProductCost)
class ProductCostAdmin(BaseAdmin):
    """Costs are added; what is wrong is put right by adding it again for the same day."""

    offers = ("add",)
    form = CostForm
    fields = CostForm.Meta.fields
    list_display = ("product_id", "valid_from", "cost", "source", "recorded_by", "recorded_at")
    list_filter = ("source",)
    search_fields = ("product__code", "product__name")
    autocomplete_fields = ("product",)

    def save_model(self, request: HttpRequest, obj: ProductCost, form: Any, change: bool) -> None:
        row = cost_record(
            obj.product_id,
            valid_from=obj.valid_from,
            cost=form.cleaned_data["cost"],
            by=request.user.get_username(),
        )
        copy_state(obj, row)
