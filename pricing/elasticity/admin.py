"""Published elasticity estimates in the admin, read-only."""

from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html_join

from elastix.admin_base import ReadOnlyAdmin
from elastix.glossary import sentence_of
from pricing.elasticity.models import (
    CategoryOpinion,
    ElasticityEstimate,
    ElasticityModel,
    ExperimentalEvidence,
    LearnedModel,
    Method,
)
from pricing.sales.models import ProductSummary


class EstimateAdmin(ReadOnlyAdmin):
    """Estimates of products, by what distinguishes them beside the product."""

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


class MethodFilter(admin.SimpleListFilter):
    """One estimate of each product first: the pooled one, which the shop works with; the others when asked for."""

    title = "method"
    parameter_name = "method"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(str(value), str(label)) for value, label in Method.choices if value != Method.POOLED] + [
            ("all", "All methods")
        ]

    def choices(self, changelist: Any) -> Any:
        first, *others = super().choices(changelist)
        return [{**first, "display": Method.POOLED.label}, *others]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        asked = self.value() or Method.POOLED
        return queryset if asked == "all" else queryset.filter(method=asked)


@admin.register(ElasticityEstimate)
class ElasticityEstimateAdmin(EstimateAdmin):
    list_display = (
        "product", "method", "two_decimals", "interval", "quality", "evidence", "weight_percent", "sample_size",
        "list_prices", "flag_names",
    )  # fmt: skip
    list_filter = (MethodFilter, "quality", "evidence")

    @admin.display(description="flags")
    def flag_names(self, estimate: ElasticityEstimate) -> str:
        return format_html_join(
            ", ", '<abbr title="{}">{}</abbr>', ((sentence_of(flag), flag) for flag in estimate.flags)
        )


@admin.register(ExperimentalEvidence)
class ExperimentalEvidenceAdmin(ReadOnlyAdmin):
    list_display = (
        "source", "product", "category", "two_decimals", "std_error", "first_day", "last_day", "recorded_at",
    )  # fmt: skip
    list_select_related = ("product",)
    search_fields = ("source", "product__code", "category")
    ordering = ("source",)

    @admin.display(description="elasticity", ordering="elasticity")
    def two_decimals(self, found: ExperimentalEvidence) -> str:
        return f"{found.elasticity:.2f}"


@admin.register(ElasticityModel)
class ElasticityModelAdmin(ReadOnlyAdmin):
    list_display = ("__str__", "sales_version", "fitted_at")
    # The hyperparameters of a large shop fill megabytes.
    fields = ("sales_version", "fitted_at")

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).defer("hyperparameters")


@admin.register(LearnedModel)
class LearnedModelAdmin(ReadOnlyAdmin):
    list_display = (
        "method", "version", "offered", "products", "contradicted_products", "sales_version", "learned_at",
    )  # fmt: skip

    @admin.display(description="contradicts")
    def contradicted_products(self, model: LearnedModel) -> str:
        return str(len(model.contradicted))


@admin.register(CategoryOpinion)
class CategoryOpinionAdmin(ReadOnlyAdmin):
    list_display = ("category", "model", "two_decimals", "interval", "products")
    list_select_related = ("model",)
    list_filter = ("model__method",)
    search_fields = ("category",)

    @admin.display(description="elasticity", ordering="elasticity")
    def two_decimals(self, opinion: CategoryOpinion) -> str:
        return f"{opinion.elasticity:.2f}"

    @admin.display(description="95 % interval")
    def interval(self, opinion: CategoryOpinion) -> str:
        return f"{opinion.ci_low:.2f} to {opinion.ci_high:.2f}"


@admin.register(ProductSummary)
class ProductSummaryAdmin(ReadOnlyAdmin):
    list_display = (
        "product", "total_quantity", "total_revenue", "avg_price", "purchase_frequency", "sold_days",
        "monthly_sales", "first_sold", "last_sold",
    )  # fmt: skip
    list_select_related = ("product",)
    search_fields = ("product__code", "product__name")
    ordering = ("-total_revenue", "product_id")
