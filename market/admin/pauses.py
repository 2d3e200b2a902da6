"""Products that a repricing rule is paused for."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from elastix.admin_base import ReadOnlyAdmin
from market.models import RepricingPause
from market.services.pauses import pauses_resume


@admin.register(RepricingPause)
class RepricingPauseAdmin(ReadOnlyAdmin):
    list_display = (
        "product_id",
        "rule",
        "old_price",
        "new_price",
        "passes",
        "paused_at",
        "resumed_at",
        "resumed_by",
    )
    list_filter = (("resumed_at", admin.EmptyFieldListFilter), "rule")
    list_select_related = ("rule",)
    search_fields = ("product__code",)
    actions = ("resume",)

    @admin.action(permissions=["resume"], description="Resume selected products")
    def resume(self, request: HttpRequest, queryset: QuerySet[RepricingPause]) -> None:
        codes: dict[int, list[str]] = {}
        for rule_id, code in queryset.filter(resumed_at__isnull=True).values_list("rule_id", "product_id"):
            codes.setdefault(rule_id, []).append(code)
        by = request.user.get_username()
        resumed = sum(pauses_resume(rule_id, by=by, codes=each) for rule_id, each in codes.items())
        self.message_user(request, f"{resumed} resumed.")

    def has_resume_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("market.change_repricingrule")
