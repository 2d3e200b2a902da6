"""Products."""

from decimal import Decimal
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.utils import quote
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models
from django.db.models import F, OuterRef, Prefetch, Subquery, Value
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.shortcuts import redirect
from django.utils.html import format_html, format_html_join
from django.utils.http import urlencode

from elastix.admin_base import ExportMixin, ServiceDeletes, change_link, changelist_url, copy_state
from elastix.admin_imports import UploadMixin
from elastix.api.fields import CONTROL
from elastix.api.permissions import Role, role_of
from elastix.jobs.recompute import request_recompute
from pricing.elasticity.models import ElasticityEstimate
from pricing.recommendation.models import PricePolicy
from pricing.recommendation.services.manual_prices import Setter, product_create, product_update
from pricing.sales.core.files import PRODUCTS, ImportKind
from pricing.sales.core.service_codes import normalise_code
from pricing.sales.models import PriceChange, Product, SalesHistory, Transaction
from pricing.sales.models.products import margin_percent
from pricing.sales.services.products import EDITABLE, product_delete

POOLED = Prefetch(
    "elasticities", ElasticityEstimate.objects.filter(method="pooled"), to_attr="pooled_estimates"
)


def included_tax() -> Any:
    """Percent that a product's price includes: by its policy, its category's, the shop's, or the settings."""
    rate = models.DecimalField(max_digits=5, decimal_places=2)
    if not settings.PRICES_INCLUDE_TAX:
        return Value(Decimal(0), rate)
    wide = PricePolicy.objects.filter(product=None).values("tax_rate")
    wider = (Subquery(wide.filter(category=category)[:1]) for category in (OuterRef("category"), Value("")))
    return Coalesce(F("price_policy__tax_rate"), *wider, Value(settings.TAX_RATE, rate), output_field=rate)


class ProductForm(forms.ModelForm):  # type: ignore[type-arg]
    reason = forms.CharField(
        required=False,
        max_length=255,
        help_text="Why the price is changed; managers need one below the cost or outside a hard limit.",
    )

    class Meta:
        model = Product
        fields = ("code", *EDITABLE)

    def clean_code(self) -> str:
        try:
            return normalise_code(self.cleaned_data["code"])
        except ValueError as error:
            raise forms.ValidationError(str(error)) from error


@admin.register(Product)
class ProductAdmin(UploadMixin, ExportMixin, ServiceDeletes):
    """Products are written by their services, which record price changes and keep what has a history."""

    form = ProductForm
    upload_kind = ImportKind.PRODUCTS
    upload_schema = PRODUCTS
    list_display = (
        "code", "name", "category", "current_price", "cost", "margin_percent", "elasticity",
        "monthly_sales", "stock_level", "kind", "is_active",
    )  # fmt: skip
    list_display_links = ("code", "name")
    list_filter = ("is_active", "kind", "price_source", "category")
    list_select_related = ("summary",)
    search_fields = ("code", "name")
    actions = ("recompute", "export_csv", "export_xlsx", "delete_selected")
    export_fields = (
        "code", "name", "category", "cost", "current_price", "stock_level", "target_stock", "kind",
        "is_active", "price_source",
    )  # fmt: skip
    add_fields = (
        "code",
        "name",
        "category",
        "current_price",
        "reason",
        "cost",
        "stock_level",
        "target_stock",
    )
    change_fields = (
        "code", "name", "category",
        ("kind", "is_active"),
        ("current_price", "price_source", "reason"),
        ("cost", "margin_percent"),
        ("stock_level", "target_stock"),
        ("elasticity", "monthly_sales"),
        "see_also",
        ("created_at", "updated_at"),
    )  # fmt: skip
    computed = ("margin_percent", "elasticity", "monthly_sales", "see_also")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        # The code of a new product determines its kind.
        return self.change_fields if obj else self.add_fields

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ("code", "price_source", *self.computed, "created_at", "updated_at") if obj else ()

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).prefetch_related(POOLED).annotate(included_tax=included_tax())

    @admin.display(description="margin")
    def margin_percent(self, product: Any) -> str:
        """Of the price without tax."""
        tax_factor = 1 + Decimal(product.included_tax) / 100
        found = margin_percent(product.current_price, product.cost, tax_factor)
        return "-" if found is None else f"{found:.1f} %"

    @admin.display(description="elasticity")
    def elasticity(self, product: Any) -> str:
        if not product.pooled_estimates:
            return "-"
        estimate = product.pooled_estimates[0]
        return f"{estimate.elasticity:.2f} ({estimate.quality})"

    @admin.display(description="sold in 30 days", ordering="summary__monthly_sales")
    def monthly_sales(self, product: Product) -> Any:
        return product.summary.monthly_sales if hasattr(product, "summary") else "-"

    @admin.display(description="see also")
    def see_also(self, product: Product) -> str:
        pages = (Transaction, SalesHistory, ElasticityEstimate, PriceChange)
        query = urlencode({"product__exact": product.pk})
        links = [(changelist_url(page), query, page._meta.verbose_name_plural) for page in pages]
        return format_html_join(", ", '<a href="{}?{}">{}</a>', links)

    def save_model(self, request: HttpRequest, obj: Product, form: Any, change: bool) -> None:
        setter = Setter(
            request.user.get_username(),
            may_cross=role_of(request.user) >= Role.MANAGER,
            reason=CONTROL.sub(" ", form.cleaned_data.get("reason", "")).strip(),
        )
        names = form.changed_data if change else form.cleaned_data
        values = {name: form.cleaned_data[name] for name in names if name in EDITABLE}
        try:
            if not change:
                copy_state(obj, product_create(setter, code=obj.code, **values))
            elif values:
                copy_state(obj, product_update(setter, obj.pk, **values))
        except PermissionDenied as error:
            # Whoever may edit products stays on the form, which says why this price is not theirs to set.
            raise ValidationError(str(error)) from error

    def log_deletions(self, request: HttpRequest, queryset: Any) -> list[Any]:
        return []  # delete_model logs it: only the service knows whether a product is deleted

    def delete_model(self, request: HttpRequest, obj: Product) -> None:
        if product_delete(obj.pk):
            super().log_deletions(request, [obj])  # type: ignore[arg-type]
        else:
            self.log_change(request, obj, "Deactivated instead of deleted.")

    def response_delete(self, request: HttpRequest, obj_display: str, obj_id: Any) -> Any:
        if not Product.objects.filter(pk=obj_id).exists():
            return super().response_delete(request, obj_display, obj_id)
        text = f"{obj_display} has a history of sales or prices, so it was deactivated, not deleted."
        self.message_user(request, text, messages.WARNING)
        return redirect("admin:pricing_product_change", quote(obj_id))

    def say_deleted(self, request: HttpRequest, chosen: list[Any]) -> None:
        kept = Product.objects.filter(pk__in=[product.pk for product in chosen]).count()
        if len(chosen) > kept:
            self.message_user(request, f"Deleted products: {len(chosen) - kept}.")
        if kept:
            text = f"Deactivated instead of deleted, because of a history of sales or prices: {kept}."
            self.message_user(request, text, messages.WARNING)

    @admin.action(permissions=["recompute"], description="Recompute selected products")
    def recompute(self, request: HttpRequest, queryset: Any) -> None:
        codes = list(queryset.order_by("pk").values_list("pk", flat=True))
        job = request_recompute(products=codes, requested_by=request.user)
        self.message_user(request, format_html("To be recomputed: {} ({}).", len(codes), change_link(job)))

    def has_recompute_permission(self, request: HttpRequest) -> bool:
        return self.has_change_permission(request)
