"""The ledger of prices: proposed, decided on, applied and rolled back; never edited."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils.html import format_html
from rest_framework import serializers

from elastix.admin_base import ExportMixin, ReadOnlyAdmin, changelist_url, copy_state
from elastix.api.fields import CONTROL
from elastix.api.permissions import audit_username
from elastix.errors import Conflict
from pricing.changes.serializers import ScheduleField
from pricing.changes.services import price_changes as ledger
from pricing.sales.models import PriceChange

MOST_NOTE_CHARACTERS = 255


PROPOSED_FIELDS = ("product", "new_price", "scheduled_for", "reason")


class ProposalForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = PriceChange
        fields = PROPOSED_FIELDS

    def clean_scheduled_for(self) -> Any:
        moment = self.cleaned_data["scheduled_for"]
        try:
            return moment and ScheduleField().run_validation(moment)
        except serializers.ValidationError as error:
            raise ValidationError([str(each) for each in error.detail]) from error

    def clean_reason(self) -> str:
        return _one_line(self.cleaned_data["reason"])


@admin.register(PriceChange)
class PriceChangeAdmin(ExportMixin, ReadOnlyAdmin):
    """Steps are taken by pricing.changes.services.price_changes with all of the selection, or with none of it."""

    list_display = (
        "created_at",
        "product",
        "old_price",
        "new_price",
        "price_now",
        "status",
        "source",
        "whole_batch",
        "scheduled_for",
        "changed_at",
        "proposed_by",
        "decided_by",
        "reason",
        "note",
    )
    list_filter = ("status", "source", "scheduled_for")
    list_select_related = ("product",)
    search_fields = ("product__code", "product__name", "reason", "proposed_by", "decided_by", "applied_by")
    date_hierarchy = "created_at"
    actions = ("approve", "apply", "reject", "roll_back", "export_csv", "export_xlsx")
    form = ProposalForm
    autocomplete_fields = ("product",)
    kept_fields = (
        *(
            "product",
            "old_price",
            "new_price",
            "status",
            "source",
            "batch",
            "reason",
            "created_at",
            "proposed_by",
        ),
        *("decided_at", "decided_by", "scheduled_for", "changed_at", "applied_by"),
        *("rolled_back_at", "rolled_back_by", "note", "foreseen"),
    )
    export_fields = (
        "id",
        "product",
        "old_price",
        "new_price",
        "status",
        "source",
        "batch",
        "reason",
        "created_at",
        "proposed_by",
        "decided_at",
        "decided_by",
        "scheduled_for",
        "changed_at",
        "applied_by",
        "rolled_back_at",
        "rolled_back_by",
        "note",
    )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("pricing.add_pricechange")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.kept_fields if obj else PROPOSED_FIELDS

    def save_model(self, request: HttpRequest, obj: PriceChange, form: Any, change: bool) -> None:
        given = form.cleaned_data
        wanted = ledger.PriceProposal(
            given["product"].pk, given["new_price"], given["reason"], given["scheduled_for"]
        )
        try:
            copy_state(obj, ledger.propose([wanted], by=audit_username(request))[0])
        except ledger.ProposalRefused as error:
            raise ValidationError(
                [f"Not proposed: {refusal.reason}." for refusal in error.refusals]
            ) from error

    def has_decide_permission(self, request: HttpRequest) -> bool:
        # Nobody may edit lines; who could by the groups' rights may decide on them.
        return request.user.has_perm("pricing.change_pricechange")

    @admin.display(description="price now")
    def price_now(self, change: PriceChange) -> Any:
        return change.product.current_price

    @admin.display(description="expected in 30 days")
    def foreseen(self, change: PriceChange) -> str:
        """What was expected of the change at its approval, in words."""
        if change.expected is None:
            return "-"
        now, then, limits = (change.expected[name] for name in ("current", "projected", "interval"))
        parts = []
        for name in ("quantity", "revenue", "profit"):
            if now[name] is None or then[name] is None or limits[name] is None:
                continue
            low, high = limits[name]
            parts.append(f"{name} {now[name]:,.2f} \u2192 {then[name]:,.2f} ({low:,.2f} to {high:,.2f})")
        return f"{'; '.join(parts)}. The limits hold in {100 * limits['level']:.0f} % of cases."

    @admin.display(description="batch", ordering="batch")
    def whole_batch(self, change: PriceChange) -> str:
        if change.batch is None:
            return "-"
        url = f"{changelist_url(PriceChange)}?batch__exact={change.batch}"
        return format_html('<a href="{}">{}</a>', url, str(change.batch)[-6:])

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest) -> bool:
        return lookup == "batch__exact" or super().lookup_allowed(lookup, value, request)

    @admin.action(permissions=["decide"], description="Approve selected proposals")
    def approve(self, request: HttpRequest, queryset: Any) -> None:
        self._take(request, queryset, ledger.approve, "Approved")

    @admin.action(permissions=["decide"], description="Apply selected approved changes now")
    def apply(self, request: HttpRequest, queryset: Any) -> None:
        self._take(request, queryset, ledger.apply, "Applied")

    @admin.action(permissions=["decide"], description="Reject selected changes")
    def reject(self, request: HttpRequest, queryset: Any) -> Any:
        if not request.POST.get("post"):
            return self._ask(request, queryset, "reject", "Reject", "These changes will not be made.")
        return self._take(request, queryset, ledger.reject, "Rejected", note=_note(request))

    @admin.action(permissions=["decide"], description="Roll back selected applied changes")
    def roll_back(self, request: HttpRequest, queryset: Any) -> Any:
        if not request.POST.get("post"):
            warning = "These products get back the prices they had before."
            return self._ask(request, queryset, "roll_back", "Roll back", warning)
        return self._take(request, queryset, ledger.roll_back, "Rolled back", note=_note(request))

    def _take(
        self, request: HttpRequest, queryset: Any, step: Callable[..., Any], done: str, **given: Any
    ) -> None:
        chosen = list(queryset.order_by().values_list("pk", flat=True))
        try:
            step(chosen, by=request.user.get_username(), **given)
        except (Conflict, PermissionDenied) as error:
            self.message_user(request, str(error), messages.ERROR)
        else:
            self.message_user(request, f"{done}: {len(chosen)}.")

    def _ask(
        self, request: HttpRequest, queryset: Any, action: str, title: str, warning: str
    ) -> TemplateResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": f"{title} price changes",
            "opts": self.opts,
            "changes": queryset.select_related("product").order_by("product_id", "pk"),
            "action": action,
            "verb": title,
            "warning": warning,
            "most_note_characters": MOST_NOTE_CHARACTERS,
            "media": self.media,
        }
        return TemplateResponse(request, "admin/pricing/pricechange/step_confirmation.html", context)


def _note(request: HttpRequest) -> str:
    return _one_line(request.POST.get("note", ""))[:MOST_NOTE_CHARACTERS]


def _one_line(text: str) -> str:
    return CONTROL.sub(" ", text).strip()
