"""The list of imports, with the way out of the books that this app knows."""

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils.html import format_html

from elastix.admin_base import change_link
from elastix.admin_imports import ImportBatchAdmin
from elastix.errors import Conflict
from elastix.imports.models import ImportBatch
from pricing.sales.core.files import ImportKind
from pricing.sales.services.imports import batch_revert


@admin.register(ImportBatch)
class SalesImportBatchAdmin(ImportBatchAdmin):
    actions = (*ImportBatchAdmin.actions, "withdraw")

    def has_withdraw_permission(self, request: HttpRequest) -> bool:
        return self.has_import_permission(request) and request.user.has_perm("pricing.delete_transaction")

    @admin.action(permissions=["withdraw"], description="Withdraw from the books")
    def withdraw(self, request: HttpRequest, queryset: Any) -> Any:
        """Ask once more, then take the transactions of the selected imports out of the books."""
        if not request.POST.get("post"):
            return self._ask(request, queryset)
        for batch in queryset:
            if batch.kind != ImportKind.TRANSACTIONS:
                self._say_refused(request, batch, "Only imports of transactions can be withdrawn.")
                continue
            try:
                job = batch_revert(batch, user=request.user)
            except Conflict as error:
                self._say_refused(request, batch, str(error))
            else:
                self.message_user(
                    request, format_html("{} is being withdrawn: {}.", batch.file_name, change_link(job))
                )
        return None

    def _say_refused(self, request: HttpRequest, batch: ImportBatch, reason: str) -> None:
        self.message_user(request, f"{batch.file_name}: {reason}", messages.ERROR)

    def _ask(self, request: HttpRequest, queryset: Any) -> TemplateResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": "Withdraw imports",
            "opts": self.opts,
            "batches": list(queryset),
            "media": self.media,
        }
        return TemplateResponse(request, "admin/pricing/withdraw_confirmation.html", context)
