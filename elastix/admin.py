"""Register the base's models in the admin: data versions, jobs, schedules, rejected rows; set the site's titles."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path
from django.utils.functional import lazy
from django.utils.html import format_html
from django.views.decorators.http import require_POST

from elastix import admin_imports, admin_users  # noqa: F401  (registers rejected rows, users and groups)
from elastix.admin_base import BUSY, ReadOnlyAdmin, WatchedAdmin, change_link, changelist_url, values_column
from elastix.alerts.models import Alert, AlertDelivery
from elastix.alerts.services import alert_acknowledge
from elastix.api.permissions import Role, audit_username, role_of
from elastix.audit import admin as audit_admin  # noqa: F401  (registers the audit log)
from elastix.dataset.models import DataVersion
from elastix.jobs.models import Job, ScheduleRun
from elastix.jobs.recompute import request_recompute
from elastix.shop import shop_name
from elastix.tokens import admin as tokens_admin  # noqa: F401  (registers the tokens)

_title: Any = lazy(lambda: f"elastix: {shop_name()}", str)()
admin.site.site_header = _title
admin.site.site_title = _title
admin.site.index_title = "Sales, prices and elasticities"


@admin.register(DataVersion)
class DataVersionAdmin(ReadOnlyAdmin):
    list_display = ("__str__", "is_up_to_date", "published_at", "last_full_at", "as_of", "time_zone")
    change_list_template = "admin/elastix/dataversion/change_list.html"
    fields = (
        ("sales_version", "published_version", "catalogue_version"),
        ("published_at", "last_full_at"),
        ("first_day", "as_of", "time_zone"),
        "countries",
    )

    @admin.display(description="up to date", boolean=True)
    def is_up_to_date(self, version: DataVersion) -> bool:
        return not version.is_stale

    def get_urls(self) -> list[Any]:
        page = self.admin_site.admin_view(require_POST(self.recompute_page))
        return [path("recompute/", page, name="elastix_dataversion_recompute"), *super().get_urls()]

    def has_recompute_permission(self, request: HttpRequest) -> bool:
        return role_of(request.user) >= Role.MANAGER

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        context = {"may_recompute": self.has_recompute_permission(request)}
        return super().changelist_view(request, {**context, **(extra_context or {})})

    def recompute_page(self, request: HttpRequest) -> HttpResponse:
        """Ask for a recompute of everything, hyperparameters included; one that is open already is joined."""
        if not self.has_recompute_permission(request):
            raise PermissionDenied
        try:
            job = request_recompute(full=True, requested_by=request.user)
        except OperationalError:
            self.message_user(request, BUSY, messages.ERROR)
        else:
            self.message_user(request, format_html("Everything is being recomputed: {}.", change_link(job)))
        return redirect(changelist_url(DataVersion))


@admin.register(Job)
class JobAdmin(WatchedAdmin):
    list_display = (
        *("id", "kind", "state", "percent", "attempts", "short_error"),
        *("requested_by", "created_at", "finished_at"),
    )
    list_display_links = ("id", "kind")
    list_filter = ("state", "kind")
    list_select_related = ("requested_by",)
    search_fields = ("kind", "error")
    date_hierarchy = "created_at"
    fields = (
        ("kind", "state", "percent"),
        ("attempts", "token", "lease_until"),
        "error",
        "parameters_table",
        "result_table",
        "parent_link",
        ("requested_by", "created_at", "finished_at"),
    )

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).defer("parameters", "result")

    @admin.display(description="progress", ordering="progress")
    def percent(self, job: Job) -> str:
        return f"{100 * job.progress:.0f} %"

    @admin.display(description="error")
    def short_error(self, job: Job) -> str:
        return job.error if len(job.error) <= 80 else f"{job.error[:77]}..."

    parameters_table = values_column("parameters", "parameters")
    result_table = values_column("result", "result")

    @admin.display(description="part of")
    def parent_link(self, job: Job) -> str:
        return change_link(job.parent)


@admin.register(ScheduleRun)
class ScheduleRunAdmin(ReadOnlyAdmin):
    list_display = ("name", "last_run_at", "error")
    fields = ("name", "last_run_at", "error")


@admin.register(Alert)
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


@admin.register(AlertDelivery)
class AlertDeliveryAdmin(ReadOnlyAdmin):
    list_display = ("alert", "channel", "attempts", "next_attempt_at", "delivered_at", "error")
    list_filter = ("channel", ("delivered_at", admin.EmptyFieldListFilter))
    list_select_related = ("alert",)
    fields = ("alert", "channel", "attempts", ("next_attempt_at", "delivered_at"), "error")
