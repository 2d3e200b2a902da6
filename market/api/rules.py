"""/api/price/rules and /api/price/kill-switch: repricing rules, their runs, and what stops them."""

from typing import Any

from django.db import models
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from elastix.api.fields import PriceInputField, TextField
from elastix.api.filters import BooleanFilter, ChoiceFilter, StrictFilterSet
from elastix.api.operations import operation
from elastix.api.pagination import LimitOffset
from elastix.api.permissions import Role, audit_username
from elastix.api.serializers import MoneyField, RoundedField, RowSerializer
from elastix.api.viewsets import ElastixViewSet
from elastix.fields import PriceField
from elastix.jobs.api import JobAcceptedSerializer
from market.core.repricing import COST_DECIMALS
from market.models import KillSwitch, RepricingRule, RepricingRun
from market.models.rules import LISTS, CompetitorReference, RepricingOutcome, RuleAction
from market.selectors.rules import find_rule, find_run, run_results
from market.services.kill_switch import kill_switch, kill_switch_set
from market.services.repricing import rule_run_request
from market.services.rules import rule_create, rule_delete, rule_update
from pricing.recommendation.core.limits import ALL_RULES
from pricing.sales.api.fields import CodeField, DecimalNumberField
from pricing.sales.models import Product

MOST_CODES = 10_000


# --- rules ------------------------------------------------------------------------------------------------


class NumbersField(serializers.ListField):
    """Whole numbers, which the model keeps as text: "8,11,12"."""

    def __init__(self, name: str, **kwargs: Any) -> None:
        low, high = LISTS[name]
        child = serializers.IntegerField(min_value=low, max_value=high)
        super().__init__(child=child, required=False, max_length=24, **kwargs)

    def to_internal_value(self, data: Any) -> str:  # type: ignore[override]
        return ",".join(map(str, sorted(set(super().to_internal_value(data)))))

    def to_representation(self, data: Any) -> list[int]:
        return [int(number) for number in data.split(",") if number]


class ProductsField(serializers.ListField):
    """Products by their codes."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(child=CodeField(), required=False, max_length=MOST_CODES, **kwargs)

    def to_internal_value(self, data: Any) -> list[Product]:
        codes = super().to_internal_value(data)
        known = {product.code: product for product in Product.objects.filter(code__in=codes)}
        if missing := sorted(set(codes) - set(known)):
            raise serializers.ValidationError(f"There is no product {missing[0]!r}.", code="unknown")
        return list(known.values())

    def to_representation(self, data: Any) -> list[str]:
        return sorted(product.code for product in data.all())


class ReferenceField(serializers.ChoiceField):
    """Which of the competitors' prices; null: none."""

    def to_representation(self, value: Any) -> Any:
        return value or None


class RuleSerializer(serializers.ModelSerializer[RepricingRule]):
    """When a rule fires and what it does; conditions that are left out or null ask for nothing."""

    serializer_field_mapping = serializers.ModelSerializer.serializer_field_mapping | {
        models.DecimalField: DecimalNumberField,
        PriceField: PriceInputField,
    }
    name = TextField(max_length=100)
    category = TextField(max_length=100, required=False, allow_blank=True)
    products = ProductsField()
    hours = NumbersField("hours", help_text="Hours of the shop's day; empty: all.")
    weekdays = NumbersField("weekdays", help_text="1: Monday; empty: all.")
    reference = ReferenceField(CompetitorReference.choices, required=False, allow_null=True)
    returns = serializers.BooleanField(
        source="revert_when_inactive",
        required=False,
        help_text=RepricingRule._meta.get_field("revert_when_inactive").help_text,
    )
    run_hours = NumbersField("run_hours", help_text="Hours of the shop's day at which it runs; empty: any.")
    may_apply_by = serializers.CharField(
        source="auto_apply_approved_by", read_only=True, help_text="The manager who approved it."
    )
    may_apply_at = serializers.DateTimeField(source="auto_apply_approved_at", read_only=True, allow_null=True)

    class Meta:
        model = RepricingRule
        fields = (
            "id", "name", "scope", "category", "products", "priority", "stock_days_below", "stock_days_above",
            "surge_above", "hours", "weekdays", "competitor_move_percent", "unchanged_days", "action", "percent",
            "amount", "reference", "climbs", "min_price", "max_price", "returns", "max_change_percent", "max_day_percent",
            "dead_band_percent", "hold_hours", "keep_endings", "max_run_changes", "every_hours", "run_hours", "enabled",
            "dry_run", "may_apply", "may_apply_by", "may_apply_at", "canary_percent", "created_by", "created_at", "updated_at",
        )  # fmt: skip

    def validate_reference(self, value: str | None) -> str:
        return value or ""

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """What a full PUT leaves out is as in a new rule."""
        if self.partial:
            return attrs
        new = RepricingRule()
        names = [
            str(field.source) for field in self._writable_fields if field.source not in ("name", "action")
        ]
        return {name: [] if name == "products" else getattr(new, name) for name in names} | attrs


class RuleFilterSet(StrictFilterSet):
    enabled = BooleanFilter()
    action = ChoiceFilter(choices=RuleAction.choices)


# --- runs -------------------------------------------------------------------------------------------------


class RunFilterSet(StrictFilterSet):
    dry_run = BooleanFilter()
    finished = BooleanFilter(
        field_name="finished_at",
        lookup_expr="isnull",
        exclude=True,
        help_text="false: under way, or waiting.",
    )


class RunQuery(serializers.Serializer[Any]):
    dry_run = serializers.BooleanField(
        required=False, default=False, help_text="Record what it would do, and change nothing."
    )


class CountsSerializer(serializers.Serializer[Any]):
    """Number of products for which the rule fired, by outcome."""

    applied = serializers.IntegerField()
    proposed = serializers.IntegerField()
    would_change = serializers.IntegerField()
    held_back = serializers.IntegerField()
    unchanged = serializers.IntegerField(help_text="The price is what the rule asks for already.")
    skipped = serializers.IntegerField(
        help_text="The change of the cost that it should pass on is not known; a dry run lists them."
    )
    outside_canary = serializers.IntegerField(help_text="Products of its scope that it is not tried on yet.")


@extend_schema_field(CountsSerializer(allow_null=True))
class CountsField(serializers.Field):  # type: ignore[type-arg]
    """A run's counts of the rule that was asked for."""

    def to_representation(self, value: Any) -> Any:
        counts = value.get(str(self.context["view"].kwargs["rule_id"]))
        # Runs of the release before know no skipped products.
        return counts and {"skipped": 0} | counts


class RunSerializer(serializers.ModelSerializer[RepricingRun]):
    counts = CountsField()

    class Meta:
        model = RepricingRun
        fields = (
            "id", "slot", "batch", "job", "dry_run", "requested_by", "created_at", "finished_at", "stopped", "counts",
        )  # fmt: skip


class ResultSerializer(RowSerializer):
    product_id = serializers.CharField()
    outcome = serializers.ChoiceField(RepricingOutcome.choices)
    reason = serializers.CharField(allow_blank=True, help_text="Why it was held back or skipped.")
    base_price = MoneyField()
    old_price = MoneyField()
    wanted_price = MoneyField()
    new_price = MoneyField()
    cost_then = RoundedField(
        COST_DECIMALS,
        allow_null=True,
        help_text="Per unit, without tax, when the old price took effect; null where nobody looked.",
    )
    cost_now = RoundedField(
        COST_DECIMALS, allow_null=True, help_text="Per unit, without tax, where its change is passed on."
    )
    binding = serializers.ListField(
        child=serializers.ChoiceField(ALL_RULES), help_text="What kept it from the wanted price."
    )
    change = serializers.IntegerField(
        source="change_id", allow_null=True, help_text="Its number at /api/price/changes."
    )


class ResultFilterSet(StrictFilterSet):
    outcome = ChoiceFilter(choices=RepricingOutcome.choices)


class ResultPage(LimitOffset):
    """`limit` and `offset` -> {run, total, items}; the view sets `run`."""

    run: Any = None

    def get_paginated_response(self, data: Any) -> Response:
        return Response({"run": self.run, "total": self.total, "items": data})

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        page = super().get_paginated_response_schema(schema)
        run = {"$ref": "#/components/schemas/Run"}
        return page | {
            "required": ["run", *page["required"]],
            "properties": {"run": run} | page["properties"],
        }


class RuleViewSet(ElastixViewSet):
    """Repricing rules, and what their runs did."""

    queryset = RepricingRule.objects.order_by("priority", "id").prefetch_related("products")
    filterset_class = RuleFilterSet
    edited = RepricingRule
    lookup_url_kwarg = "rule_id"
    lookup_value_converter = "row_id"

    @operation(response=RuleSerializer, lists=True)
    def list(self, request: Request) -> Response:
        """Repricing rules in the order in which they are tried."""
        return self.page(self.filtered(self.get_queryset()))

    @operation(body=RuleSerializer, response=RuleSerializer, status=201, role=Role.MANAGER)
    def create(self, request: Request) -> Response:
        """Add a repricing rule."""
        rule = rule_create(self.validated(), user=request.user)
        return Response(RuleSerializer(rule).data, status=201)

    @operation(response=RuleSerializer)
    def retrieve(self, request: Request, rule_id: int) -> Response:
        """One repricing rule."""
        return Response(RuleSerializer(find_rule(rule_id)).data)

    @operation(body=RuleSerializer, response=RuleSerializer, role=Role.MANAGER)
    def update(self, request: Request, rule_id: int) -> Response:
        """Replace a repricing rule; what the body leaves out is as in a new one."""
        find_rule(rule_id)
        rule = rule_update(rule_id, self.validated(), user=request.user)
        return Response(RuleSerializer(rule).data)

    @operation(body=RuleSerializer, partial=True, response=RuleSerializer, role=Role.MANAGER)
    def partial_update(self, request: Request, rule_id: int) -> Response:
        """Change what the body names of a repricing rule."""
        return self.update(request, rule_id)

    @operation(status=204, role=Role.MANAGER)
    def destroy(self, request: Request, rule_id: int) -> Response:
        """Delete a repricing rule; prices stay what it made them."""
        rule_delete(rule_id, user=request.user)
        return Response(status=204)

    @action(detail=True, methods=["post"])
    @operation(query=RunQuery, response=JobAcceptedSerializer, status=202, errors=(409,), role=Role.MANAGER)
    def run(self, request: Request, rule_id: int) -> Response:
        """Run one rule now, whatever its schedule; the outcome is at .../runs."""
        job = rule_run_request(rule_id, dry_run=self.query["dry_run"], by=request.user)
        return Response(JobAcceptedSerializer(job).data, status=202)

    @action(detail=True, filterset_class=RunFilterSet)
    @operation(response=RunSerializer, lists=True)
    def runs(self, request: Request, rule_id: int) -> Response:
        """Runs of a rule, newest first."""
        runs = RepricingRun.objects.filter(rules=find_rule(rule_id)).order_by("-id")
        return self.page(self.filtered(runs))

    @action(
        detail=True,
        url_path="runs/<row_id:run_id>",
        filterset_class=ResultFilterSet,
        pagination_class=ResultPage,
        default_limit=1000,
    )
    @operation(response=ResultSerializer, lists=True)
    def results(self, request: Request, rule_id: int, run_id: int) -> Response:
        """What a run did about each product for which the rule asked for another price."""
        results = self.filtered(run_results(rule_id, run_id))
        run = find_run(find_rule(rule_id), run_id)
        self.paginator.run = RunSerializer(run, context=self.get_serializer_context()).data
        return self.page(results)


# --- the kill switch --------------------------------------------------------------------------------------


class KillSwitchSerializer(serializers.ModelSerializer[KillSwitch]):
    on = serializers.BooleanField()
    reason = TextField(max_length=255, required=False, allow_blank=True, default="")

    class Meta:
        model = KillSwitch
        fields = ("on", "reason", "set_by", "set_at")


class KillSwitchViewSet(ElastixViewSet):
    """While it is on, no repricing rule changes or proposes a price. Prices that people set are not affected."""

    @action(detail=False, url_path="kill-switch")
    @operation(response=KillSwitchSerializer)
    def kill_switch(self, request: Request) -> Response:
        """The switch that stops all repricing rules."""
        return Response(KillSwitchSerializer(kill_switch()).data, headers={"Cache-Control": "no-store"})

    @kill_switch.mapping.put
    @operation(body=KillSwitchSerializer, response=KillSwitchSerializer, role=Role.MANAGER)
    def set_kill_switch(self, request: Request) -> Response:
        """Turn the switch on or off."""
        switch = kill_switch_set(**self.validated(), by=audit_username(request))
        return Response(KillSwitchSerializer(switch).data)
