"""Competitors' prices, as somebody saw them."""

from typing import Any

from django.contrib import admin

from elastix.admin_base import BaseAdmin
from market.models import CompetitorPrice


@admin.register(CompetitorPrice)
class CompetitorPriceAdmin(BaseAdmin):
    list_display = ("product", "competitor_name", "price", "our_price", "recorded_at", "source")
    list_display_links = ("product", "competitor_name")
    list_filter = ("competitor_name",)
    list_select_related = ("product",)
    search_fields = ("product__code", "product__name", "competitor_name")
    date_hierarchy = "recorded_at"
    autocomplete_fields = ("product",)
    fields = ("product", "competitor_name", "price", "recorded_at", "source")

    @admin.display(description="our price", ordering="product__current_price")
    def our_price(self, seen: CompetitorPrice) -> Any:
        return seen.product.current_price
