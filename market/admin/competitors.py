"""Competitors, and their prices as somebody saw them."""

from typing import Any

import numpy as np
from django import forms
from django.contrib import admin
from django.db.models import Q
from django.http import HttpRequest

from elastix.admin_base import BaseAdmin, ExportMixin, PeriodFilter, ServiceDeletes, copy_state
from elastix.admin_imports import UploadMixin
from market.models import Competitor, CompetitorPrice
from market.selectors.competitors import freshness_days, is_fresh, judged
from market.services.competitors import EDITABLE, competitor_update, price_delete, price_record, price_update
from market.services.importing import KIND, SCHEMA
from pricing.recommendation.selectors.competition import competitor_prices
from pricing.sales.models import Product

MOST_IMPLAUSIBLE = 200


class RecordedPeriod(PeriodFilter):
    title = "time"
    field = "recorded_at"


class StateFilter(admin.SimpleListFilter):
    """Whether pricing uses the prices."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("fresh", "fresh"), ("old", "too old to be used"), ("implausible", "fresh, but implausible")]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value() == "fresh":
            return queryset.filter(is_fresh())
        if self.value() == "old":
            return queryset.exclude(is_fresh())
        return queryset.filter(_implausible()) if self.value() == "implausible" else queryset


def _implausible() -> Q:
    """The newest fresh prices that are far off the others' (the first 200 of them)."""
    products = Product.objects.filter(competitor_prices__isnull=False).distinct()
    days = freshness_days(products)
    found = competitor_prices(list(days), days, only_fresh=True)
    condition = Q(pk__in=())
    for row in np.flatnonzero(~found.plausible)[:MOST_IMPLAUSIBLE].tolist():
        code, name, moment = found.codes[found.product[row]], found.name[row], found.recorded_at[row]
        condition |= Q(product_id=code, competitor_name=name, recorded_at=moment)
    return condition


class CompetitorPriceForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = CompetitorPrice
        fields = ("product", "competitor_name", "price", "recorded_at", "source")

    def clean_competitor_name(self) -> str:
        return " ".join(self.cleaned_data["competitor_name"].split())


def _judgement(name: str) -> Any:
    """A column of what `judged` found out about each price of the page."""

    @admin.display(boolean=True, description=name)
    def column(price: Any) -> Any:
        return getattr(price.judgement, name)

    return column


@admin.register(CompetitorPrice)
class CompetitorPriceAdmin(UploadMixin, ExportMixin, ServiceDeletes):
    form = CompetitorPriceForm
    upload_kind = KIND
    upload_schema = SCHEMA
    list_display = (
        *("product", "competitor_name", "price", "our_price", "recorded_at"),
        *(_judgement(name) for name in ("newest", "fresh", "plausible")),
        "source",
    )
    list_display_links = ("product", "competitor_name")
    list_filter = (StateFilter, RecordedPeriod)
    list_select_related = ("product",)
    search_fields = ("product__code", "product__name", "competitor_name")
    autocomplete_fields = ("product",)
    actions = ("export_csv", "export_xlsx", "delete_selected")
    export_fields = ("product_id", "competitor_name", "price", "recorded_at", "source")

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """Judge the prices of the page together."""
        changelist = super().get_changelist_instance(request)
        changelist.result_list = list(changelist.result_list)
        for judgement in judged(changelist.result_list):
            judgement.price.judgement = judgement  # type: ignore[attr-defined]
        return changelist

    @admin.display(description="our price", ordering="product__current_price")
    def our_price(self, price: CompetitorPrice) -> Any:
        return price.product.current_price

    def save_model(self, request: HttpRequest, obj: CompetitorPrice, form: Any, change: bool) -> None:
        values = {"product_id": obj.product_id} | {name: form.cleaned_data.get(name) for name in EDITABLE[1:]}
        copy_state(obj, price_update(obj.pk, values) if change else price_record(**values)[0])

    def delete_model(self, request: HttpRequest, obj: CompetitorPrice) -> None:
        price_delete(obj.pk)


@admin.register(Competitor)
class CompetitorAdmin(BaseAdmin):
    """Competitors come with their first price and stay; their quality is for people to judge."""

    list_display = ("name", "quality")
    search_fields = ("name",)
    fields = ("name", "quality")
    readonly_fields = ("name",)
    offers = ("change",)

    def save_model(self, request: HttpRequest, obj: Competitor, form: Any, change: bool) -> None:
        copy_state(obj, competitor_update(obj.pk, quality=obj.quality))
