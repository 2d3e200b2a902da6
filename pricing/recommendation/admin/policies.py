"""Price policies in the admin: aims and limits of prices."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from elastix.admin_base import ServiceDeletes, copy_state
from elastix.sql import batches
from pricing.recommendation.models import PricePolicy
from pricing.recommendation.models.policies import AIM, LIMITS, PRACTICE, SETTINGS
from pricing.recommendation.selectors.policies import stated_by
from pricing.recommendation.services.policies import policy_create, policy_delete, policy_update


def _fields(group: str) -> tuple[Any, ...]:
    """The settings of a group, two in a line."""
    names = [name for name, setting in SETTINGS.items() if setting.group == group]
    return tuple(tuple(pair) for pair in batches(names, 2))


@admin.register(PricePolicy)
class PricePolicyAdmin(ServiceDeletes):
    """Policies are written by their services; the page's history shows changes made through the API too."""

    list_display = ("__str__", "sets", "updated_at")
    list_filter = ("strategy", "demand_model", "self_approval")
    list_select_related = ("product",)
    search_fields = ("product__code", "product__name", "category")
    autocomplete_fields = ("product",)
    readonly_fields = ("updated_at",)
    fieldsets = (
        (
            "For",
            {"fields": (("product", "category"),), "description": "Leave both empty for the whole shop."},
        ),
        *((group, {"fields": _fields(group)}) for group in (AIM, LIMITS, PRACTICE)),  # type: ignore[arg-type]
        (None, {"fields": ("updated_at",)}),
    )

    @admin.display(description="what it states")
    def sets(self, policy: PricePolicy) -> str:
        stated = (f"{name.replace('_', ' ')} {value}" for name, value in stated_by(policy).items())
        return ", ".join(stated) or "nothing"

    def save_model(self, request: HttpRequest, obj: PricePolicy, form: Any, change: bool) -> None:
        names = form.changed_data if change else ("product", "category", *SETTINGS)
        fields = {name: form.cleaned_data[name] for name in names}
        copy_state(obj, policy_update(obj.pk, fields) if change else policy_create(fields))

    def delete_model(self, request: HttpRequest, obj: PricePolicy) -> None:
        policy_delete(obj.pk)
