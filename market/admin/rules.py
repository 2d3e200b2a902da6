"""Repricing rules, what their runs did, and the kill switch."""

from functools import partial
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest
from django.utils.html import format_html

from elastix.admin_base import (
    BaseAdmin,
    ExportMixin,
    ReadOnlyAdmin,
    ServiceDeletes,
    change_link,
    changelist_url,
    copy_state,
)
from elastix.errors import Conflict
from market.models import KillSwitch, RepricingResult, RepricingRule, RepricingRun
from market.models.rules import RepricingOutcome, RuleScope
from market.services.kill_switch import kill_switch_set
from market.services.repricing import rule_run_request
from market.services.rules import rule_create, rule_delete, rule_update

COUNTED = {name: name.replace("_", " ") for name in (*RepricingOutcome.values, "unchanged", "skipped")} | {
    "outside_canary": "outside the canary share"
}


class RuleForm(forms.ModelForm):  # type: ignore[type-arg]
    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or self.cleaned_data
        if (values.get("scope") == RuleScope.PRODUCTS) != bool(values.get("products")):
            self.add_error("products", "A rule for chosen products names them; others leave this empty.")
        return values


@admin.register(RepricingRule)
class RepricingRuleAdmin(ServiceDeletes):
    """Rules are written by their services; the page's history shows changes made through the API too."""

    form = RuleForm
    list_display = (
        *("priority", "name", "scope", "action", "enabled", "dry_run", "may_apply", "canary_percent"),
        "updated_at",
    )
    list_display_links = ("name",)
    list_filter = ("enabled", "dry_run", "may_apply", "action", "scope")
    search_fields = ("name", "category")
    autocomplete_fields = ("products",)
    readonly_fields = (
        *("auto_apply_approved_by", "auto_apply_approved_at"),
        *("created_by", "created_at", "updated_at"),
    )
    actions = ("try_out", "run_now", "delete_selected")
    fieldsets = (
        (None, {"fields": ("name", ("enabled", "dry_run"), ("priority", "canary_percent"))}),
        ("Products", {"fields": ("scope", "category", "products")}),
        ("Conditions, all of them", {"fields": (
            ("stock_days_below", "stock_days_above"),
            ("surge_above", "competitor_move_percent", "unchanged_days"),
            ("hours", "weekdays"),
        )}),
        ("Price", {"fields": (
            ("action", "reference", "climbs"), ("percent", "amount"), ("min_price", "max_price"), "revert_when_inactive",
        )}),
        ("Limits", {"fields": (
            ("max_change_percent", "max_day_percent", "max_run_changes"), ("dead_band_percent", "hold_hours"), "keep_endings",
        )}),
        ("Schedule", {"fields": (("every_hours", "run_hours"),)}),
        ("Approval", {
            "fields": ("may_apply", ("auto_apply_approved_by", "auto_apply_approved_at")),
            "description": "A rule that may apply changes prices with the approval of the manager who saved it last.",
        }),
        ("History", {"fields": (("created_by", "created_at", "updated_at"),)}),
    )  # fmt: skip

    def save_model(self, request: HttpRequest, obj: RepricingRule, form: Any, change: bool) -> None:
        fields = {name: form.cleaned_data[name] for name in form.fields}
        fields["products"] = list(fields["products"])
        write = partial(rule_update, obj.pk) if change else rule_create
        copy_state(obj, write(fields, user=request.user, log=False))

    def delete_model(self, request: HttpRequest, obj: RepricingRule) -> None:
        rule_delete(obj.pk, user=request.user, log=False)

    @admin.action(permissions=["change"], description="Dry run of selected rules now")
    def try_out(self, request: HttpRequest, queryset: Any) -> None:
        self.run_now(request, queryset, dry_run=True)

    @admin.action(permissions=["change"], description="Run selected rules now")
    def run_now(self, request: HttpRequest, queryset: Any, dry_run: bool = False) -> None:
        for rule in queryset:
            try:
                job = rule_run_request(rule.pk, dry_run=dry_run, by=request.user)
            except Conflict as error:
                self.message_user(request, str(error), messages.ERROR)
            else:
                self.message_user(
                    request, f"Job {job.pk} runs the rule {rule.name!r}; see the repricing runs."
                )


@admin.register(RepricingRun)
class RepricingRunAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "rule_names", "outcomes", "stopped", "dry_run", "requested_by")
    list_filter = ("dry_run",)
    search_fields = ("slot", "rules__name")
    fields = (
        *("rules", "dry_run", "requested_by", "outcomes", "results_link", "stopped"),
        *("created_at", "finished_at", "slot", "job", "batch"),
    )

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).prefetch_related("rules")

    @admin.display(description="rules")
    def rule_names(self, run: RepricingRun) -> str:
        return ", ".join(rule.name for rule in run.rules.all()) or "-"

    @admin.display(description="products")
    def outcomes(self, run: RepricingRun) -> str:
        """Number of products by outcome, all its rules together."""
        sums = {
            word: sum(counts.get(name, 0) for counts in run.counts.values()) for name, word in COUNTED.items()
        }
        return ", ".join(f"{count:,} {word}" for word, count in sums.items() if count) or "-"

    @admin.display(description="results")
    def results_link(self, run: RepricingRun) -> str:
        return format_html(
            '<a href="{}?run__exact={}">Show the results</a>', changelist_url(RepricingResult), run.pk
        )


@admin.register(RepricingResult)
class RepricingResultAdmin(ExportMixin, ReadOnlyAdmin):
    list_display = (
        *("product_id", "rule", "outcome", "reason", "base_price", "old_price", "wanted_price", "new_price"),
        *("cost_then", "cost_now", "limited_by", "run_link"),
    )
    list_filter = ("outcome", "reason", "rule")
    list_select_related = ("rule", "run")
    search_fields = ("product__code",)
    actions = ("export_csv", "export_xlsx")
    export_fields = (
        *("product_id", "rule__name", "outcome", "reason", "base_price", "old_price", "wanted_price"),
        *("new_price", "cost_then", "cost_now"),
    )

    @admin.display(description="limited by")
    def limited_by(self, result: RepricingResult) -> str:
        return ", ".join(result.binding) or "-"

    @admin.display(description="run", ordering="run_id")
    def run_link(self, result: RepricingResult) -> str:
        return change_link(result.run, str(result.run_id))


@admin.register(KillSwitch)
class KillSwitchAdmin(BaseAdmin):
    """One switch: it is made when it is first turned on, and is never deleted."""

    list_display = ("__str__", "reason", "set_by", "set_at")
    readonly_fields = ("set_by", "set_at")
    offers = ("add", "change")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return super().has_add_permission(request) and not KillSwitch.objects.exists()

    def save_model(self, request: HttpRequest, obj: KillSwitch, form: Any, change: bool) -> None:
        copy_state(obj, kill_switch_set(on=obj.on, reason=obj.reason, by=request.user.get_username()))
