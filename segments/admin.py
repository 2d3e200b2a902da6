"""Customers, their segments and the segments' sales in the admin, read-only."""

from django.contrib import admin

from elastix.admin_base import PeriodFilter, ReadOnlyAdmin
from pricing.elasticity.admin import EstimateAdmin
from segments.models import (
    CustomerForecast,
    CustomerModel,
    CustomerSegment,
    ProductSegment,
    SegmentDailyRevenue,
    SegmentElasticity,
    SegmentMove,
    SegmentRun,
    SegmentSales,
    SegmentSummary,
)


@admin.register(CustomerSegment)
class CustomerSegmentAdmin(ReadOnlyAdmin):
    list_display = (
        *("customer_id", "segment", "last_purchase", "frequency", "monetary"),
        *("r_score", "f_score", "m_score"),
        "country",
    )
    list_filter = ("segment",)
    search_fields = ("customer_id",)


@admin.register(CustomerForecast)
class CustomerForecastAdmin(ReadOnlyAdmin):
    """Guesses all: of customers who may buy again."""

    list_display = (
        *("customer_id", "at_risk", "value_at_stake", "alive", "expected_purchases", "next_purchase"),
        *("value", "profit", "purchase_days", "last_purchase"),
    )
    list_filter = ("at_risk",)
    search_fields = ("customer_id",)


@admin.register(CustomerModel)
class CustomerModelAdmin(ReadOnlyAdmin):
    list_display = (
        *("as_of", "state", "customers", "repeat_customers", "hold_out_days"),
        *("expected_purchases", "actual_purchases", "error", "average_error"),
    )


@admin.register(SegmentRun)
class SegmentRunAdmin(ReadOnlyAdmin):
    list_display = ("as_of", "published_at", "worked_out_later")
    ordering = ("-as_of",)


@admin.register(SegmentMove)
class SegmentMoveAdmin(ReadOnlyAdmin):
    list_display = ("run_id", "customer_id", "segment_before", "segment")
    list_filter = ("segment_before", "segment")
    search_fields = ("customer_id__exact",)
    search_help_text = "A whole customer id."
    ordering = ("-run", "customer_id")


@admin.register(SegmentSummary)
class SegmentSummaryAdmin(ReadOnlyAdmin):
    list_display = (
        "segment",
        "customer_count",
        "product_count",
        "revenue",
        "score",
        "elasticity",
        "std_error",
    )


@admin.register(SegmentElasticity)
class SegmentElasticityAdmin(EstimateAdmin):
    list_display = (
        "product",
        "segment",
        "two_decimals",
        "interval",
        "quality",
        "weight_percent",
        "sample_size",
    )
    list_filter = ("segment", "quality")


@admin.register(ProductSegment)
class ProductSegmentAdmin(ReadOnlyAdmin):
    list_display = ("product", "segment", "lines")
    list_filter = ("segment",)
    list_select_related = ("product",)
    search_fields = ("product__code", "product__name")


@admin.register(SegmentSales)
class SegmentSalesAdmin(ReadOnlyAdmin):
    """As many rows as the sales history times segments: whole codes and indexes only."""

    list_display = ("product_id", "segment", "date", "quantity", "revenue", "lines")
    list_filter = (PeriodFilter, "segment")
    search_fields = ("product__code__exact",)
    search_help_text = "A whole product code."
    ordering = ("product_id", "segment", "date")
    sortable_by = ()


@admin.register(SegmentDailyRevenue)
class SegmentDailyRevenueAdmin(ReadOnlyAdmin):
    list_display = ("date", "segment", "revenue")
    list_filter = (PeriodFilter, "segment")
    ordering = ("-date", "segment")
