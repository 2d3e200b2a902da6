"""Shapes of requests and answers: what prices asked for would do."""

import math
from decimal import Decimal
from typing import Any

from rest_framework import serializers

from elastix.api.fields import TextField
from elastix.api.parameters import QuerySerializer
from pricing.elasticity.core.demand import DEMAND_MODELS
from pricing.recommendation.api.price_serializers import (
    FiguresSerializer,
    IntervalSerializer,
    OtherModelSerializer,
    price_field,
)
from pricing.recommendation.core.impact import DECREASE, INCREASE, KEEP, RISK_LEVELS
from pricing.recommendation.core.scenarios import PRESETS
from pricing.sales.api.serializers import CodeField
from pricing.sales.models.products import MAX_PRICE

MOST_SCENARIOS = 50
LARGEST_FACTOR = 100.0


class FactorField(serializers.FloatField):
    """How many times its present size something is."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_value=0.0, max_value=LARGEST_FACTOR, **kwargs)

    def to_internal_value(self, data: Any) -> float:
        value: float = super().to_internal_value(data)
        if not math.isfinite(value):
            raise serializers.ValidationError("A valid number is required.", code="invalid")
        return value


def model_field() -> serializers.ChoiceField:
    return serializers.ChoiceField(
        choices=DEMAND_MODELS,
        required=False,
        default=None,
        allow_null=True,
        help_text="Default: the policy's.",
    )


class _SlidersSerializer(serializers.Serializer[Any]):
    """What a client's sliders may change beside the price."""

    product_id = CodeField()
    cost = serializers.DecimalField(
        max_digits=12,
        decimal_places=4,
        min_value=Decimal(0),
        max_value=MAX_PRICE,
        required=False,
        allow_null=True,
        default=None,
        help_text="To be tried in place of the product's.",
    )
    demand_factor = FactorField(
        required=False,
        default=1.0,
        help_text="How many times its present size demand will be, for other reasons than price.",
    )
    demand_model = model_field()


class PriceSimulateSerializer(_SlidersSerializer):
    new_price = price_field()


class ScenarioSerializer(serializers.Serializer[Any]):
    name = TextField(max_length=100)
    price = price_field(required=False, allow_null=True, default=None)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs["price"] is None and attrs["name"] not in PRESETS:
            raise serializers.ValidationError(
                {"price": f"A scenario needs a price, or one of these names: {', '.join(PRESETS)}."}
            )
        return attrs


class PriceScenariosSerializer(_SlidersSerializer):
    scenarios = ScenarioSerializer(
        many=True,
        required=False,
        default=list,
        max_length=MOST_SCENARIOS,  # type: ignore[call-arg]
        help_text="Without any: Conservative, Recommended and Aggressive.",
    )


class DemandCurveQuery(QuerySerializer):
    min_price = price_field(required=False, default=None, help_text="Default: 30 % below the present price.")
    max_price = price_field(required=False, default=None, help_text="Default: 30 % above it.")
    points = serializers.IntegerField(required=False, default=21, min_value=2, max_value=500)
    demand_model = model_field()


class ProfitImpactQuery(QuerySerializer):
    new_price = price_field(required=False, default=None)
    fixed_costs = serializers.DecimalField(
        max_digits=14,
        decimal_places=2,
        min_value=Decimal(0),
        required=False,
        default=None,
        help_text="Costs of 30 days that do not depend on what is sold.",
    )
    demand_model = model_field()


class _PremisesSerializer(serializers.Serializer[Any]):
    """What a projection rests on."""

    product_id = serializers.CharField()
    days = serializers.IntegerField(help_text="Quantities and money are those of so many days.")
    demand_model = serializers.ChoiceField(DEMAND_MODELS)
    elasticity = serializers.FloatField()
    quality = serializers.CharField(help_text="Grade of the elasticity, A to D.")
    cost = serializers.FloatField(allow_null=True)
    cost_assumed = serializers.BooleanField()
    warnings = serializers.ListField(child=serializers.CharField())
    last_updated = serializers.DateTimeField(allow_null=True)


class ChangesSerializer(serializers.Serializer[Any]):
    revenue_change = serializers.FloatField()
    revenue_change_percent = serializers.FloatField()
    profit_change = serializers.FloatField(allow_null=True)
    profit_change_percent = serializers.FloatField(allow_null=True)
    quantity_change = serializers.FloatField()
    quantity_change_percent = serializers.FloatField()


class PriceSimulationSerializer(_PremisesSerializer):
    demand_factor = serializers.FloatField()
    current = FiguresSerializer()
    projected = FiguresSerializer()
    impact = ChangesSerializer()
    recommendation = serializers.ChoiceField(
        [INCREASE, DECREASE, KEEP], help_text="Where the present price should go, whatever was asked."
    )
    interval = IntervalSerializer()
    probability_of_gain = serializers.FloatField(help_text="Of more profit; of revenue without a cost.")
    risk_level = serializers.ChoiceField(RISK_LEVELS)
    allowed = serializers.BooleanField(help_text="Whether policies and guardrails allow the price.")
    other_model = OtherModelSerializer(
        allow_null=True, help_text="What the other demand model foresees, beyond 15 % of change."
    )


class ScenarioRowSerializer(ChangesSerializer):
    name = serializers.CharField()
    price = serializers.FloatField()
    is_baseline = serializers.BooleanField(help_text="It is the present price.")
    allowed = serializers.BooleanField(help_text="Whether policies and guardrails allow the price.")
    rank = serializers.IntegerField(help_text="1 for the most profit; for the most revenue without a cost.")
    projected_quantity = serializers.FloatField()
    projected_revenue = serializers.FloatField()
    projected_profit = serializers.FloatField(allow_null=True)
    probability_of_gain = serializers.FloatField()
    interval = IntervalSerializer()
    risk_level = serializers.ChoiceField(RISK_LEVELS)


class PriceComparisonSerializer(_PremisesSerializer):
    demand_factor = serializers.FloatField()
    scenarios = ScenarioRowSerializer(many=True, help_text="By rank.")


class CurvePricePointSerializer(FiguresSerializer):
    quantity_low = serializers.FloatField()
    quantity_high = serializers.FloatField()


class DemandCurveSerializer(_PremisesSerializer):
    current_price = serializers.FloatField()
    curve_points = CurvePricePointSerializer(many=True)


class ProfitRowSerializer(FiguresSerializer):
    total_cost = serializers.FloatField(allow_null=True)
    margin_percent = serializers.FloatField(allow_null=True)
    markup_percent = serializers.FloatField(allow_null=True)
    profit_per_unit = serializers.FloatField(allow_null=True)
    break_even_units = serializers.FloatField(
        allow_null=True,
        help_text="Units that earn back what the quantity cost; 0 where a unit earns nothing.",
    )
    break_even_units_fixed_costs = serializers.FloatField(
        allow_null=True, help_text="Units that pay the fixed costs; null without these."
    )


class ProfitImpactSerializer(_PremisesSerializer):
    fixed_costs = serializers.FloatField(allow_null=True)
    current = ProfitRowSerializer()
    projected = ProfitRowSerializer(allow_null=True, help_text="At `new_price`.")
    points = ProfitRowSerializer(many=True, help_text="From 30 % below the present price to 30 % above it.")
