"""Pulled orders and pushed prices in the admin, read-only."""

from django.contrib import admin

from elastix.admin_base import ReadOnlyAdmin
from pricing.connections.models import OrderPull, PulledOrder, PushedPrice


@admin.register(OrderPull)
class OrderPullAdmin(ReadOnlyAdmin):
    list_display = ("pulled_at", "platform", "since", "until", "more", "batch", "counts")
    list_filter = ("platform",)
    list_select_related = ("batch",)


@admin.register(PulledOrder)
class PulledOrderAdmin(ReadOnlyAdmin):
    list_display = ("invoice_no", "platform", "order_id", "pulled_at")
    list_filter = ("platform",)
    search_fields = ("invoice_no", "order_id")


@admin.register(PushedPrice)
class PushedPriceAdmin(ReadOnlyAdmin):
    list_display = (
        "product", "platform", "price", "state", "found", "read_at", "pushed_at", "attempts", "next_attempt_at", "error",
    )  # fmt: skip
    list_filter = ("platform", "state")
    list_select_related = ("product",)
    search_fields = ("product__code", "product__name", "error")
