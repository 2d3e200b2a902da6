"""Product pairs in the admin, read-only."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from elastix.admin_base import ReadOnlyAdmin
from pricing.bundles.models import CrossPriceModel, ProductPair
from pricing.elasticity.admin import EstimateAdmin


@admin.register(ProductPair)
class ProductPairAdmin(EstimateAdmin):
    list_display = (
        "product_x", "product_y", "two_decimals", "interval", "relationship", "baskets_together",
        "confidence_percent", "lift_shown",
    )  # fmt: skip
    list_filter = ("relationship",)
    list_select_related = ("product_x", "product_y")
    search_fields = ("product_x__code", "product_x__name", "product_y__code", "product_y__name")

    @admin.display(description="cross elasticity", ordering="cross_elasticity")
    def two_decimals(self, pair: ProductPair) -> str:
        return f"{pair.cross_elasticity:.2f}"

    @admin.display(description="of x's invoices", ordering="confidence")
    def confidence_percent(self, pair: ProductPair) -> str:
        return f"{100 * pair.confidence:.1f} %"

    @admin.display(description="lift", ordering="lift")
    def lift_shown(self, pair: ProductPair) -> str:
        return f"{pair.lift:.1f}"


@admin.register(CrossPriceModel)
class CrossPriceModelAdmin(ReadOnlyAdmin):
    list_display = ("__str__", "baskets", "sales_version", "fitted_at")
    fields = ("baskets", "sales_version", "fitted_at")

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).defer("prior")
