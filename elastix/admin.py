"""The admin of what every app stands on: versions of the data, jobs, refused rows; the site's own words."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path
from django.utils.html import format_html
from django.views.decorators.http import require_POST

from elastix.admin_alerts import AlertAdmin, AlertDeliveryAdmin
from elastix.admin_base import BUSY, ReadOnlyAdmin, change_link, changelist_url
from elastix.admin_imports import SECONDS_BETWEEN_LOOKS, ImportRejectAdmin, render_key_values
from elastix.alerts.models import Alert, AlertDelivery
from elastix.api.permissions import Role, role_of
from elastix.dataset.models import DataVersion
from elastix.imports.models import ImportReject
from elastix.jobs.models import OPEN_STATES, Job, ScheduleRun
from elastix.jobs.recompute import request_recompute

admin.site.site_header = "elastix"
admin.site.site_title = "elastix"
admin.site.index_title = "Sales, prices and elasticities"
admin.site.register(ImportReject, ImportRejectAdmin)
admin.site.register(Alert, AlertAdmin)
admin.site.register(AlertDelivery, AlertDeliveryAdmin)

# The parameters of a job may list every product of the shop.
LONGEST_VALUE = 1_000


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
            return redirect(changelist_url(DataVersion))
        self.message_user(request, format_html("Everything is being recomputed: {}.", change_link(job)))
        return redirect(changelist_url(DataVersion))


@admin.register(Job)
class JobAdmin(ReadOnlyAdmin):
    list_display = (
        "id",
        "kind",
        "state",
        "percent",
        "attempts",
        "short_error",
        "requested_by",
        "created_at",
        "finished_at",
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

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> Any:
        context = {"refresh_seconds": SECONDS_BETWEEN_LOOKS, "open_states": OPEN_STATES}
        return super().change_view(request, object_id, form_url, {**context, **(extra_context or {})})

    @admin.display(description="progress", ordering="progress")
    def percent(self, job: Job) -> str:
        return f"{100 * job.progress:.0f} %"

    @admin.display(description="error")
    def short_error(self, job: Job) -> str:
        return job.error if len(job.error) <= 80 else f"{job.error[:77]}..."

    @admin.display(description="parameters")
    def parameters_table(self, job: Job) -> str:
        return render_key_values(_shortened(job.parameters))

    @admin.display(description="result")
    def result_table(self, job: Job) -> str:
        return render_key_values(_shortened(job.result or {}))

    @admin.display(description="part of")
    def parent_link(self, job: Job) -> str:
        return change_link(job.parent)


def _shortened(values: dict[str, Any]) -> dict[str, str]:
    texts = {name: str(value) for name, value in values.items()}
    return {
        name: text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}... ({len(text):,} characters)"
        for name, text in texts.items()
    }


@admin.register(ScheduleRun)
class ScheduleRunAdmin(ReadOnlyAdmin):
    list_display = ("name", "last_run_at", "error")
    fields = ("name", "last_run_at", "error")
