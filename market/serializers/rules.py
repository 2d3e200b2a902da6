"""Shapes of requests and answers: repricing rules, their runs, the kill switch."""

from typing import Any

from rest_framework import serializers

from elastix.api.fields import TextField
from elastix.api.parameters import QuerySerializer, limit_field, offset_field
from market.models.rules import (
    LIMITS,
    MOST_HOURS,
    CompetitorReference,
    RepricingOutcome,
    RuleAction,
    RuleScope,
)
from market.selectors.rules import LISTS
from pricing.recommendation.core.limits import ALL_RULES
from pricing.sales.api.serializers import CodeField
from pricing.sales.models import Product

MOST_CODES = 10_000
LEFT: dict[str, Any] = {"required": False, "allow_null": True}
"""Of what a rule may leave out."""


def _number(name: str, help_text: str = "", places: int = 2) -> serializers.DecimalField:
    low, high = LIMITS[name]
    return serializers.DecimalField(
        max_digits=10, decimal_places=places, min_value=low, max_value=high, help_text=help_text, **LEFT
    )


def _numbers(low: int, high: int, help_text: str) -> serializers.ListField:
    return serializers.ListField(
        child=serializers.IntegerField(min_value=low, max_value=high),
        required=False,
        max_length=24,
        help_text=help_text,
    )


# --- query parameters ----------------------------------------------------------------------------


class RulesQuery(QuerySerializer):
    enabled = serializers.BooleanField(required=False, allow_null=True, default=None)
    action = serializers.ChoiceField(RuleAction.choices, required=False, default=None)
    limit = limit_field(100)
    offset = offset_field()


class RunsQuery(QuerySerializer):
    limit = limit_field(100)
    offset = offset_field()


class ResultsQuery(QuerySerializer):
    outcome = serializers.ChoiceField(RepricingOutcome.choices, required=False, default=None)
    limit = limit_field(1000)
    offset = offset_field()


class RunQuery(QuerySerializer):
    dry_run = serializers.BooleanField(
        required=False, default=False, help_text="Write down what it would do, and change nothing."
    )


# --- rules ---------------------------------------------------------------------------------------


class RuleSerializer(serializers.Serializer[Any]):
    """When a rule fires and what it does; conditions that are left out or null ask for nothing."""

    name = TextField(max_length=100)
    scope = serializers.ChoiceField(RuleScope.choices, required=False)
    category = TextField(max_length=100, required=False, allow_blank=True)
    products = serializers.ListField(child=CodeField(), required=False, max_length=MOST_CODES)
    priority = serializers.IntegerField(min_value=1, max_value=1000, required=False)
    stock_days_below = _number("stock_days_below", "Days that the stock lasts.", 1)
    stock_days_above = _number("stock_days_above", "Days that the stock lasts.", 1)
    surge_above = _number("surge_above", "Units of the last 7 days, as a multiple of the usual.")
    hours = _numbers(0, 23, "Hours of the shop's day; empty: all.")
    weekdays = _numbers(1, 7, "1: Monday; empty: all.")
    competitor_move_percent = _number(
        "competitor_move_percent", "-5: they fell by 5 % or more; 5: they rose."
    )
    unchanged_days = serializers.IntegerField(min_value=1, max_value=3650, **LEFT)
    action = serializers.ChoiceField(RuleAction.choices)
    percent = _number("percent")
    amount = _number("amount")
    reference = serializers.ChoiceField(CompetitorReference.choices, **LEFT)
    min_price = _number("min_price")
    max_price = _number("max_price")
    returns = serializers.BooleanField(required=False)
    max_change_percent = _number("max_change_percent")
    max_day_percent = _number("max_day_percent")
    max_run_changes = serializers.IntegerField(min_value=1, max_value=1_000_000, **LEFT)
    every_hours = serializers.IntegerField(min_value=1, max_value=MOST_HOURS, required=False)
    run_hours = _numbers(0, 23, "Hours of the shop's day at which it runs; empty: any.")
    enabled = serializers.BooleanField(required=False)
    dry_run = serializers.BooleanField(required=False)
    may_apply = serializers.BooleanField(
        required=False, help_text="It changes prices itself, by the say of the manager who saved it last."
    )
    canary_percent = serializers.IntegerField(min_value=1, max_value=100, required=False)

    def validate_products(self, codes: list[str]) -> list[Product]:
        known = {product.code: product for product in Product.objects.filter(code__in=codes)}
        if missing := sorted(set(codes) - set(known)):
            raise serializers.ValidationError(f"There is no product {missing[0]!r}.", code="unknown")
        return list(known.values())

    def fields_of_rule(self) -> dict[str, Any]:
        """The validated values under the model's names; what a full PUT leaves out is as in a new rule."""
        values: dict[str, Any] = dict(self.validated_data)
        if not self.partial:
            values = DEFAULTS | values
        for name in LISTS:
            if name in values:
                values[name] = ",".join(map(str, sorted(set(values[name]))))
        if "reference" in values:
            values["reference"] = values["reference"] or ""
        return values


DEFAULTS: dict[str, Any] = {
    **dict.fromkeys((*LIMITS, "unchanged_days", "max_run_changes", "reference")),
    "scope": RuleScope.SHOP,
    "category": "",
    "products": [],
    "priority": 100,
    "returns": False,
    "every_hours": 1,
    "enabled": True,
    "dry_run": False,
    "may_apply": False,
    "canary_percent": 100,
    **{name: [] for name in LISTS},
}


class RuleRowSerializer(serializers.Serializer[Any]):
    """A rule; null where a condition asks for nothing or a cap is not set."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    scope = serializers.ChoiceField(RuleScope.choices)
    category = serializers.CharField(allow_blank=True)
    products = serializers.ListField(child=serializers.CharField())
    priority = serializers.IntegerField()
    stock_days_below = serializers.FloatField(allow_null=True)
    stock_days_above = serializers.FloatField(allow_null=True)
    surge_above = serializers.FloatField(allow_null=True)
    hours = serializers.ListField(child=serializers.IntegerField())
    weekdays = serializers.ListField(child=serializers.IntegerField())
    competitor_move_percent = serializers.FloatField(allow_null=True)
    unchanged_days = serializers.IntegerField(allow_null=True)
    action = serializers.ChoiceField(RuleAction.choices)
    percent = serializers.FloatField(allow_null=True)
    amount = serializers.FloatField(allow_null=True)
    reference = serializers.ChoiceField(CompetitorReference.choices, allow_null=True)
    min_price = serializers.FloatField(allow_null=True)
    max_price = serializers.FloatField(allow_null=True)
    returns = serializers.BooleanField()
    max_change_percent = serializers.FloatField(allow_null=True)
    max_day_percent = serializers.FloatField(allow_null=True)
    max_run_changes = serializers.IntegerField(allow_null=True)
    every_hours = serializers.IntegerField()
    run_hours = serializers.ListField(child=serializers.IntegerField())
    enabled = serializers.BooleanField()
    dry_run = serializers.BooleanField()
    may_apply = serializers.BooleanField()
    may_apply_by = serializers.CharField(allow_blank=True)
    may_apply_at = serializers.DateTimeField(allow_null=True)
    canary_percent = serializers.IntegerField()
    created_by = serializers.CharField(allow_blank=True)
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


class RuleListSerializer(serializers.Serializer[Any]):
    total = serializers.IntegerField()
    items = RuleRowSerializer(many=True)


# --- runs ----------------------------------------------------------------------------------------


class RunAcceptedSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField(help_text="Of the job, to be asked for at /api/jobs/{id}.")
    status = serializers.CharField()


class CountsSerializer(serializers.Serializer[Any]):
    """For how many products the rule fired, by what came of it."""

    applied = serializers.IntegerField()
    proposed = serializers.IntegerField()
    would_change = serializers.IntegerField()
    held_back = serializers.IntegerField()
    unchanged = serializers.IntegerField(help_text="The price is what the rule wants already.")
    outside_canary = serializers.IntegerField(help_text="Products of its scope that it is not tried on yet.")


class RunRowSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    slot = serializers.CharField()
    batch = serializers.UUIDField(help_text="Of its changes at /api/price/changes.")
    job = serializers.IntegerField(allow_null=True)
    dry_run = serializers.BooleanField()
    requested_by = serializers.CharField(allow_blank=True, help_text="Empty: the schedule.")
    created_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)
    stopped = serializers.CharField(allow_blank=True, help_text="Why it did nothing or did not end.")
    counts = CountsSerializer(allow_null=True)


class RunListSerializer(serializers.Serializer[Any]):
    total = serializers.IntegerField()
    items = RunRowSerializer(many=True)


class ResultRowSerializer(serializers.Serializer[Any]):
    product_id = serializers.CharField()
    outcome = serializers.ChoiceField(RepricingOutcome.choices)
    reason = serializers.CharField(allow_blank=True, help_text="Why it was held back.")
    base_price = serializers.FloatField()
    old_price = serializers.FloatField()
    wanted_price = serializers.FloatField()
    new_price = serializers.FloatField()
    binding = serializers.ListField(
        child=serializers.ChoiceField(ALL_RULES), help_text="What kept it from the wanted price."
    )
    change = serializers.IntegerField(allow_null=True, help_text="Its number at /api/price/changes.")


class RunResultsSerializer(serializers.Serializer[Any]):
    run = RunRowSerializer()
    total = serializers.IntegerField()
    items = ResultRowSerializer(many=True)


# --- the kill switch -----------------------------------------------------------------------------


class SwitchSerializer(serializers.Serializer[Any]):
    on = serializers.BooleanField()
    reason = TextField(max_length=255, required=False, allow_blank=True, default="")


class SwitchRowSerializer(serializers.Serializer[Any]):
    on = serializers.BooleanField()
    reason = serializers.CharField(allow_blank=True)
    set_by = serializers.CharField(allow_blank=True)
    set_at = serializers.DateTimeField(allow_null=True)
