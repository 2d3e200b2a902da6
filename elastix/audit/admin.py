"""The audit log in the admin: read-only, for managers and admins."""

from typing import Any

from django.contrib import admin
from django.utils.html import format_html_join

from elastix.admin_base import ReadOnlyAdmin
from elastix.audit.models import AuditEntry


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    list_display = ("at", "username", "action", "table", "row", "source")
    list_display_links = ("at",)
    list_filter = ("action", "table")
    search_fields = ("row", "username", "request_id")
    date_hierarchy = "at"
    fields = (("at", "action"), ("table", "row"), ("username", "source", "request_id"), "differences")

    @admin.display(description="before and after")
    def differences(self, entry: AuditEntry) -> Any:
        pairs = ((name, before, after) for name, (before, after) in entry.changed.items())
        return format_html_join("", "<p>{}: {} &rarr; {}</p>", pairs)
