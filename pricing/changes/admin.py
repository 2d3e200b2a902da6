"""Price changes: proposed, decided on, applied and rolled back, never edited; held prices; bulk optimizations, to be proposed."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils.html import format_html
from django.utils.translation import ngettext

from elastix.admin_base import ExportMixin, ReadOnlyAdmin, change_link, changelist_url, copy_state
from elastix.api.fields import CONTROL
from elastix.api.permissions import Role, audit_username, role_of
from elastix.currency import TWO_DECIMALS
from elastix.errors import Conflict
from elastix.shop import shop_currency
from pricing.changes.selectors.confirmations import confirmation_of, undoing_of
from pricing.changes.services import price_changes
from pricing.changes.services.bulk_proposals import bulk_propose
from pricing.changes.services.steps import MOST_UNTYPED, STEPS, take_step
from pricing.changes.services.validation import InvalidProposal, PriceProposal, validate_schedule
from pricing.recommendation.models import BulkOptimization, BulkRow, CategorySummary, Override, Recommendation
from pricing.recommendation.selectors.bulk_optimization import COLUMNS
from pricing.sales.models import PriceChange, PriceHold

MOST_NOTE_CHARACTERS = 255
# Of the prices of a confirmation; the others are counted.
MOST_LISTED = 50
PROPOSED_FIELDS = ("product", "new_price", "scheduled_for", "reason")
COLUMNS_OF_CHANGES = tuple(field.name for field in PriceChange._meta.fields if field.name != "expected")


class ProposalForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = PriceChange
        fields = PROPOSED_FIELDS

    def clean_scheduled_for(self) -> Any:
        moment = self.cleaned_data["scheduled_for"]
        if moment:
            validate_schedule(moment)
        return moment

    def clean_reason(self) -> str:
        return _one_line(self.cleaned_data["reason"])


@admin.register(PriceChange)
class PriceChangeAdmin(ExportMixin, ReadOnlyAdmin):
    """Steps are taken with all of the selection, or with none of it."""

    list_display = (
        "created_at", "product", "old_price", "new_price", "price_now", "status", "source", "whole_batch",
        "scheduled_for", "changed_at", "proposed_by", "decided_by", "reason", "note",
    )  # fmt: skip
    list_filter = ("status", "source", "scheduled_for")
    list_select_related = ("product",)
    search_fields = ("product__code", "product__name", "reason", "proposed_by", "decided_by", "applied_by")
    date_hierarchy = "created_at"
    actions = ("approve", "apply", "reject", "roll_back", "export_csv", "export_xlsx")
    form = ProposalForm
    autocomplete_fields = ("product",)
    export_fields = COLUMNS_OF_CHANGES

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("pricing.add_pricechange")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return (*COLUMNS_OF_CHANGES[1:], "foreseen") if obj else PROPOSED_FIELDS

    def save_model(self, request: HttpRequest, obj: PriceChange, form: Any, change: bool) -> None:
        given = form.cleaned_data
        proposal = PriceProposal(
            given["product"].pk, given["new_price"], given["reason"], given["scheduled_for"]
        )
        try:
            copy_state(obj, price_changes.propose([proposal], by=audit_username(request))[0])
        except InvalidProposal as error:
            raise ValidationError([f"Not proposed: {each.reason}." for each in error.violations]) from error

    def has_decide_permission(self, request: HttpRequest) -> bool:
        # Nobody may edit changes; who could by the groups' rights may decide on them.
        return request.user.has_perm("pricing.change_pricechange")

    @admin.display(description="price now")
    def price_now(self, change: PriceChange) -> Any:
        return change.product.current_price

    @admin.display(description="expected in 30 days")
    def foreseen(self, change: PriceChange) -> str:
        """What was expected of the change at its approval, in words."""
        if change.expected is None:
            return "-"
        now, then, interval = (change.expected[name] for name in ("current", "projected", "interval"))
        write = {"quantity": TWO_DECIMALS.text}
        parts = [
            "{} {} \u2192 {} ({} to {})".format(
                name, *map(write.get(name, shop_currency().text), (now[name], then[name], *interval[name]))
            )
            for name in ("quantity", "revenue", "profit")
            if None not in (now[name], then[name], *(interval[name] or [None]))
        ]
        return f"{'; '.join(parts)}. The intervals hold in {100 * interval['level']:.0f} % of cases."

    @admin.display(description="batch", ordering="batch")
    def whole_batch(self, change: PriceChange) -> str:
        if change.batch is None:
            return "-"
        url = f"{changelist_url(PriceChange)}?batch__exact={change.batch}"
        return format_html('<a href="{}">{}</a>', url, str(change.batch)[-6:])

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest) -> bool:
        return lookup == "batch__exact" or super().lookup_allowed(lookup, value, request)

    @admin.action(permissions=["decide"], description="Approve selected proposals")
    def approve(self, request: HttpRequest, queryset: Any) -> Any:
        return self._confirmed(request, queryset, "approve")

    @admin.action(permissions=["decide"], description="Apply selected approved changes now")
    def apply(self, request: HttpRequest, queryset: Any) -> Any:
        return self._confirmed(request, queryset, "apply")

    @admin.action(permissions=["decide"], description="Reject selected changes")
    def reject(self, request: HttpRequest, queryset: Any) -> Any:
        return self._confirmed(request, queryset, "reject")

    @admin.action(permissions=["decide"], description="Roll back selected applied changes")
    def roll_back(self, request: HttpRequest, queryset: Any) -> Any:
        return self._confirmed(request, queryset, "undo")

    def _confirmed(self, request: HttpRequest, queryset: Any, word: str) -> Any:
        """Ask as the desk does; take the step once it is confirmed."""
        if not request.POST.get("post"):
            return self._ask(request, queryset, word)
        batch = _batch(request)
        # Whoever decided on single changes of a batch meant it: the service leaves these out.
        found = PriceChange.objects.filter(batch=batch) if batch else queryset.order_by()
        chosen = list(found.values_list("pk", flat=True))
        step, given = STEPS[word], request.POST
        try:
            taken = take_step(
                step,
                batch or chosen,
                count=len(chosen),
                confirmed=given.get("count", ""),
                typed=given.get("typed", ""),
                note=_note(request),
                by=request.user.get_username(),
            )
        except (Conflict, PermissionDenied) as error:
            self.message_user(request, str(error), messages.ERROR)
        else:
            said = ngettext(str(step.singular), str(step.plural), len(taken))
            self.message_user(request, said % {"count": f"{len(taken):,}"})
        return None

    def _ask(self, request: HttpRequest, queryset: Any, word: str) -> TemplateResponse:
        rows = list(queryset.select_related("product").order_by("product_id", "pk"))
        step = STEPS[word]
        context = {
            **self.admin_site.each_context(request),
            "title": f"{step.name}: {len(rows):,}",
            "opts": self.opts,
            "rows": rows[:MOST_LISTED],
            "chosen": [each.pk for each in rows],
            "others": len(rows[MOST_LISTED:]),
            # Thousands of numbers would be more fields than a form may have.
            "batch": _whole_batch(rows),
            "across": request.POST.get("select_across") == "1",
            "action": request.POST["action"],
            "verb": step.name,
            "word": word,
            "step": step,
            "found": undoing_of(rows) if word == "undo" else confirmation_of(rows),
            "count": len(rows),
            "typed": len(rows) > MOST_UNTYPED,
            "media": self.media,
        }
        return TemplateResponse(request, "admin/pricing/pricechange/step_confirmation.html", context)


def _whole_batch(rows: Sequence[PriceChange]) -> UUID | None:
    """The batch of which these are all changes; None where they are not those of one batch."""
    batches = {each.batch for each in rows}
    batch = batches.pop() if len(batches) == 1 else None
    whole = batch is not None and PriceChange.objects.filter(batch=batch).count() == len(rows)
    return batch if whole else None


def _batch(request: HttpRequest) -> UUID | None:
    """The batch that was confirmed as a whole."""
    try:
        return UUID(request.POST.get("batch", ""))
    except ValueError:
        return None


def _note(request: HttpRequest) -> str:
    return _one_line(request.POST.get("note", ""))[:MOST_NOTE_CHARACTERS]


def _one_line(text: str) -> str:
    return CONTROL.sub(" ", text).strip()


@admin.register(PriceHold)
class PriceHoldAdmin(ReadOnlyAdmin):
    list_display = ("product", "holder", "reason", "created_at")
    list_select_related = ("product",)
    search_fields = ("product__code", "product__name", "holder", "reason")


@admin.register(BulkOptimization)
class BulkOptimizationAdmin(ReadOnlyAdmin):
    list_display = ("__str__", "computed_at", "requested_by", "proposed", "proposed_at", "proposed_by")
    list_select_related = ("job__requested_by",)
    date_hierarchy = "computed_at"
    ordering = ("-job_id",)
    actions = ("propose",)
    fields = (
        *("job", "computed_at", "what_to_change", "what_it_brings", "product_by_product"),
        *("batch", "proposed", "proposed_at", "proposed_by", "left_out"),
    )

    def get_queryset(self, request: HttpRequest) -> Any:
        # A job's parameters and result list thousands of products.
        return super().get_queryset(request).defer("job__parameters", "job__result")

    @admin.display(description="requested by")
    def requested_by(self, optimization: BulkOptimization) -> str:
        return str(optimization.job.requested_by or "-")

    @admin.display(description="prices to change")
    def what_to_change(self, optimization: BulkOptimization) -> str:
        found = optimization.job.result or {}
        return f"{found['to_change']:,} of {found['products']:,}" if found else "-"

    @admin.display(description="profit in 30 days")
    def what_it_brings(self, optimization: BulkOptimization) -> str:
        profit = (optimization.job.result or {}).get("totals", {}).get("profit")
        if not profit:
            return "-"
        text = shop_currency().text
        return (
            f"{text(profit['current'])} now, {text(profit['expected'])} expected: {text(profit['change'], '+')}"
            f" ({text(profit['change_low'], '+')} to {text(profit['change_high'], '+')} in four cases of five)"
        )

    @admin.display(description="product by product")
    def product_by_product(self, optimization: BulkOptimization) -> str:
        rows = f"{changelist_url(BulkRow)}?optimization__exact={optimization.pk}"
        return format_html(
            '<a href="{}">Look at them</a>, <a href="/api/jobs/{}/result.csv">download as CSV</a>',
            rows,
            optimization.pk,
        )

    def has_propose_permission(self, request: HttpRequest) -> bool:
        return role_of(request.user) >= Role.ANALYST

    @admin.action(
        permissions=["propose"], description="Propose all changed prices of selected bulk optimizations"
    )
    def propose(self, request: HttpRequest, chosen: Any) -> None:
        for optimization in chosen:
            try:
                found, is_new = bulk_propose(optimization.pk, by=audit_username(request))
            except Conflict as error:
                self.message_user(request, str(error), messages.ERROR)
                continue
            count = f"{found.proposed:,} price{'' if found.proposed == 1 else 's'}"
            when = "" if is_new else " already"
            self.message_user(
                request,
                f"{str(found).capitalize()}: {count} proposed{when}, {len(found.left_out):,} left out. They await a"
                " decision under Price changes.",
            )


@admin.register(BulkRow)
class BulkRowAdmin(ExportMixin, ReadOnlyAdmin):
    list_display = (
        "product", "of_optimization", "current_price", "recommended_price", "changes", "reason", "confidence",
        "risk_level", "profit_now", "profit", "profit_low", "profit_high",
    )  # fmt: skip
    list_filter = ("changes", "reason", "risk_level", "quality")
    list_select_related = ("product", "optimization")
    search_fields = ("product__code", "product__name", "=optimization__job__id")
    ordering = ("-optimization_id", "product_id")
    actions = ("export_csv", "export_xlsx")
    export_fields = ("optimization", "product", *COLUMNS[1:])

    @admin.display(description="optimization", ordering="optimization_id")
    def of_optimization(self, row: BulkRow) -> Any:
        return change_link(row.optimization)


@admin.register(CategorySummary)
class CategorySummaryAdmin(ReadOnlyAdmin):
    list_display = (
        "__str__", "products", "revenue", "margin_percent", "elasticity", "to_change", "profit_change",
        "profit_change_low", "profit_change_high", "computed_at",
    )  # fmt: skip
    search_fields = ("category",)
    ordering = ("-revenue", "category")

    @admin.display(description="margin", ordering="margin")
    def margin_percent(self, summary: CategorySummary) -> str:
        return "-" if summary.margin is None else f"{100 * summary.margin:.1f} %"


@admin.register(Recommendation)
class RecommendationAdmin(ReadOnlyAdmin):
    list_display = (
        "product", "state", "current_price", "recommended_price", "profit_change", "probability_of_gain",
        "quality", "evidence", "offered_at", "decided_by", "reason",
    )  # fmt: skip
    list_filter = ("state", "quality", "evidence")
    list_select_related = ("product",)
    search_fields = ("product__code", "product__name")
    ordering = ("-offered_at", "-id")


@admin.register(Override)
class OverrideAdmin(ReadOnlyAdmin):
    list_display = ("__str__", "rejected", "left", "made_by", "reason", "created_at")
    list_select_related = ("change__product", "recommendation__product")
    search_fields = (
        "change__product__code", "change__product__name", "recommendation__product__code", "recommendation__product__name",
        "made_by", "reason",
    )  # fmt: skip
    ordering = ("-created_at", "-id")
