"""The list of imports, with the action that reverts them."""

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils.html import format_html

from elastix.admin_base import change_link
from elastix.admin_imports import ImportBatchAdmin
from elastix.errors import Conflict
from elastix.imports.models import ImportBatch
from pricing.sales.services.imports import batch_revert

REVERTED = "The transactions of these imports will be deleted. To import them again, upload the files again."


@admin.register(ImportBatch)
class SalesImportBatchAdmin(ImportBatchAdmin):
    actions = (*ImportBatchAdmin.actions, "revert")

    def has_revert_permission(self, request: HttpRequest) -> bool:
        return self.has_import_permission(request) and request.user.has_perm("pricing.delete_transaction")

    @admin.action(permissions=["revert"], description="Revert selected imports (delete their transactions)")
    def revert(self, request: HttpRequest, queryset: Any) -> Any:
        """Ask for confirmation, then queue a job for each import that deletes its transactions."""
        if not request.POST.get("post"):
            context = {
                **self.admin_site.each_context(request),
                "title": "Revert imports",
                "verb": "Revert",
                "action": "revert",
                "warning": REVERTED,
                "opts": self.opts,
                "rows": list(queryset),
                "media": self.media,
            }
            return TemplateResponse(request, "admin/pricing/revert_confirmation.html", context)
        for batch in queryset:
            try:
                job = batch_revert(batch, user=request.user)
            except Conflict as error:
                self.message_user(request, f"{batch.file_name}: {error}", messages.ERROR)
            else:
                text = format_html("{} is being reverted: {}.", batch.file_name, change_link(job))
                self.message_user(request, text)
        return None
