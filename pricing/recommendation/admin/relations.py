"""Relations between prices."""

from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.forms.formsets import DELETION_FIELD_NAME
from django.http import HttpRequest

from elastix.admin_base import ServiceDeletes
from elastix.dataset.versions import lock_version
from pricing.recommendation.models import PriceRelation, PriceRelationMember
from pricing.recommendation.services.relations import Member, check_members, relation_delete


class MemberFormSet(forms.BaseInlineFormSet):  # type: ignore[type-arg]
    def clean(self) -> None:
        """Check the products as the service does."""
        super().clean()
        rows = [
            form.cleaned_data for form in self.forms if form.is_valid() and form.cleaned_data.get("product")
        ]
        members = [
            Member(row["product"].code, row["size"]) for row in rows if not row.get(DELETION_FIELD_NAME)
        ]
        relation = self.instance
        try:
            check_members(relation.kind, relation.gap_percent or Decimal(0), members)
        except ValidationError as error:
            raise ValidationError(error.messages) from error


class MemberInline(admin.TabularInline):  # type: ignore[type-arg]
    model = PriceRelationMember
    formset = MemberFormSet
    fields = ("position", "product", "size")
    autocomplete_fields = ("product",)
    extra = 2


@admin.register(PriceRelation)
class PriceRelationAdmin(ServiceDeletes):
    list_display = ("name", "kind", "gap_percent", "products", "updated_at")
    list_filter = ("kind",)
    search_fields = ("name", "members__product__code")
    readonly_fields = ("updated_at",)
    inlines = (MemberInline,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[PriceRelation]:
        return super().get_queryset(request).prefetch_related("members")

    @admin.display(description="products")
    def products(self, relation: PriceRelation) -> str:
        return ", ".join(each.product_id for each in relation.members.all())

    def save_model(self, request: HttpRequest, obj: PriceRelation, form: Any, change: bool) -> None:
        lock_version()
        super().save_model(request, obj, form, change)

    def delete_model(self, request: HttpRequest, obj: PriceRelation) -> None:
        relation_delete(obj.pk)
