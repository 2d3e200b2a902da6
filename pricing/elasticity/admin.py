"""What the last published recompute found out: to be looked at."""

from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest

from elastix.admin_base import ReadOnlyAdmin
from pricing.elasticity.models import ElasticityEstimate, ElasticityModel
from pricing.sales.models import ProductSummary


class EstimateAdmin(ReadOnlyAdmin):
    """Estimates of products, by whatever they are told apart beside the product."""

    list_select_related: ClassVar[Any] = ("product",)
    search_fields: ClassVar[Any] = ("product__code", "product__name")

    @admin.display(description="elasticity", ordering="elasticity")
    def two_decimals(self, estimate: Any) -> str:
        return f"{estimate.elasticity:.2f}"

    @admin.display(description="95 % interval")
    def interval(self, estimate: Any) -> str:
        if estimate.ci_low is None or estimate.ci_high is None:
            return "-"
        return f"{estimate.ci_low:.2f} to {estimate.ci_high:.2f}"

    @admin.display(description="own data", ordering="weight")
    def weight_percent(self, estimate: Any) -> str:
        return "-" if estimate.weight is None else f"{100 * estimate.weight:.0f} %"


@admin.register(ElasticityEstimate)
class ElasticityEstimateAdmin(EstimateAdmin):
    list_display = (
        "product", "method", "two_decimals", "interval", "quality", "evidence", "weight_percent", "sample_size",
        "list_prices", "flag_names",
    )  # fmt: skip
    list_filter = ("method", "quality", "evidence")

    @admin.display(description="flags")
    def flag_names(self, estimate: ElasticityEstimate) -> str:
        return ", ".join(estimate.flags)


@admin.register(ElasticityModel)
class ElasticityModelAdmin(ReadOnlyAdmin):
    list_display = ("__str__", "sales_version", "fitted_at")
    # The hyperparameters of a large shop fill megabytes.
    fields = ("sales_version", "fitted_at")

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).defer("hyperparameters")


@admin.register(ProductSummary)
class ProductSummaryAdmin(ReadOnlyAdmin):
    list_display = (
        "product", "total_quantity", "total_revenue", "avg_price", "purchase_frequency", "sold_days",
        "monthly_sales", "first_sold", "last_sold",
    )  # fmt: skip
    list_select_related = ("product",)
    search_fields = ("product__code", "product__name")
    ordering = ("-total_revenue", "product_id")
