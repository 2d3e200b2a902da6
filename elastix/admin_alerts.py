"""The admin of alerts: look, and acknowledge."""

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest

from elastix.admin_base import ReadOnlyAdmin
from elastix.alerts.models import Alert
from elastix.alerts.services import alert_acknowledge
from elastix.api.permissions import Role, audit_username, role_of


class AlertAdmin(ReadOnlyAdmin):
    # Few columns: the message needs the room.
    list_display = ("kind", "subject", "message", "raised_at", "state")
    list_filter = (
        "kind",
        ("cleared_at", admin.EmptyFieldListFilter),
        ("acknowledged_at", admin.EmptyFieldListFilter),
    )
    search_fields = ("subject", "message")
    date_hierarchy = "raised_at"
    actions = ("acknowledge",)
    fields = (
        ("kind", "subject"),
        "message",
        "data",
        ("raised_at", "seen_at", "cleared_at"),
        ("acknowledged_at", "acknowledged_by"),
    )

    @admin.display
    def state(self, alert: Alert) -> str:
        known = [f"acknowledged by {alert.acknowledged_by}"] if alert.acknowledged_at else []
        return ", ".join(known + (["cleared"] if alert.cleared_at else [])) or "new"

    def has_acknowledge_permission(self, request: HttpRequest) -> bool:
        return role_of(request.user) >= Role.ANALYST

    @admin.action(permissions=["acknowledge"], description="Acknowledge selected alerts")
    def acknowledge(self, request: HttpRequest, alerts: Any) -> None:
        ids = list(alerts.filter(acknowledged_at__isnull=True).order_by("pk").values_list("pk", flat=True))
        for alert_id in ids:
            alert_acknowledge(alert_id, by=audit_username(request))
        count = f"{len(ids)} alert{'' if len(ids) == 1 else 's'}"
        self.message_user(request, f"{count} acknowledged.", messages.SUCCESS)


class AlertDeliveryAdmin(ReadOnlyAdmin):
    list_display = ("alert", "channel", "attempts", "next_attempt_at", "delivered_at", "error")
    list_filter = ("channel", ("delivered_at", admin.EmptyFieldListFilter))
    list_select_related = ("alert",)
    fields = ("alert", "channel", "attempts", ("next_attempt_at", "delivered_at"), "error")
