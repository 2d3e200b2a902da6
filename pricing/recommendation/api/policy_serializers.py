"""Shapes of requests and answers: price policies."""

from typing import Any

from rest_framework import serializers

from elastix.api.fields import TextField
from elastix.api.parameters import QuerySerializer, limit_field, offset_field
from pricing.elasticity.core.demand import DEMAND_MODELS
from pricing.recommendation.api.price_serializers import fraction_field, price_field
from pricing.recommendation.core.inputs import STRATEGIES
from pricing.recommendation.models.policies import validate_endings
from pricing.sales.api.serializers import CodeField
from pricing.sales.models import Product

LEFT: dict[str, Any] = {"required": False, "allow_null": True}
"""Of a setting that a policy may leave to the wider ones."""


class PoliciesQuery(QuerySerializer):
    product_id = CodeField(required=False, default=None)
    category = TextField(required=False, default=None, max_length=100)
    limit = limit_field(100)
    offset = offset_field()


class PolicySettingsSerializer(serializers.Serializer[Any]):
    """What a policy may state; null: as in the wider policy."""

    strategy = serializers.ChoiceField(STRATEGIES, **LEFT)
    demand_model = serializers.ChoiceField(DEMAND_MODELS, **LEFT)
    target_margin = fraction_field("0.99", **LEFT)
    minimum_margin = fraction_field("0.99", **LEFT)
    markup = fraction_field("100", **LEFT)
    max_change = fraction_field("1", **LEFT)
    min_price = price_field(**LEFT)
    max_price = price_field(**LEFT)
    competitor_floor = fraction_field("10", help_text="Share of the competitors' mean price.", **LEFT)
    competitor_ceiling = fraction_field(
        "10", least="0.0001", help_text="Share of the competitors' mean price.", **LEFT
    )
    competitor_days = serializers.IntegerField(min_value=1, max_value=365, **LEFT)
    endings = serializers.CharField(
        validators=[validate_endings], help_text='Cents as "49,99", or "any".', **LEFT
    )
    cooldown_days = serializers.IntegerField(min_value=0, max_value=365, **LEFT)
    assumed_cost_ratio = fraction_field("1", least="0.0001", **LEFT)
    self_approval = serializers.BooleanField(**LEFT)


class PolicySerializer(PolicySettingsSerializer):
    """A policy of one product, of one category or, with neither, of the shop."""

    product_id = CodeField(**LEFT)
    category = TextField(max_length=100, required=False, allow_blank=True)

    def validate_product_id(self, code: str | None) -> Product | None:
        if code is None:
            return None
        product = Product.objects.filter(code=code).first()
        if product is None:
            raise serializers.ValidationError(f"There is no product {code!r}.", code="unknown")
        return product

    def fields_of_policy(self) -> dict[str, Any]:
        """The validated values under the model's names; what a full PUT leaves out is left to the wider policies."""
        values: dict[str, Any] = dict(self.validated_data)
        if not self.partial:
            values = {
                "product_id": None,
                "category": "",
                **dict.fromkeys(PolicySettingsSerializer().fields),
            } | values
        if "product_id" in values:
            values["product"] = values.pop("product_id")
        for name in ("strategy", "demand_model", "endings"):
            if name in values:
                values[name] = values[name] or ""
        return values


class PolicyRowSerializer(serializers.Serializer[Any]):
    """A policy; null where it leaves a setting to the wider ones."""

    id = serializers.IntegerField()
    product_id = serializers.CharField(allow_null=True)
    category = serializers.CharField()
    scope = serializers.CharField(help_text='"product P001", "category Drinks" or "the shop".')
    strategy = serializers.ChoiceField(STRATEGIES, allow_null=True)
    demand_model = serializers.ChoiceField(DEMAND_MODELS, allow_null=True)
    target_margin = serializers.FloatField(allow_null=True)
    minimum_margin = serializers.FloatField(allow_null=True)
    markup = serializers.FloatField(allow_null=True)
    max_change = serializers.FloatField(allow_null=True)
    min_price = serializers.FloatField(allow_null=True)
    max_price = serializers.FloatField(allow_null=True)
    competitor_floor = serializers.FloatField(allow_null=True)
    competitor_ceiling = serializers.FloatField(allow_null=True)
    competitor_days = serializers.IntegerField(allow_null=True)
    endings = serializers.CharField(allow_null=True)
    cooldown_days = serializers.IntegerField(allow_null=True)
    assumed_cost_ratio = serializers.FloatField(allow_null=True)
    self_approval = serializers.BooleanField(allow_null=True)
    updated_at = serializers.DateTimeField()


class PolicyListSerializer(serializers.Serializer[Any]):
    policies = PolicyRowSerializer(many=True)
    total = serializers.IntegerField()


class EffectivePolicySerializer(serializers.Serializer[Any]):
    product_id = serializers.CharField()
    settings = serializers.DictField(
        child=serializers.DictField(),
        help_text='By setting: {value, source}; source "built in" if no policy has it.',
    )
