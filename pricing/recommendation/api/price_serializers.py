"""Shapes of requests and answers: recommended prices."""

from decimal import Decimal
from typing import Any

from rest_framework import serializers

from pricing.elasticity.core.demand import DEMAND_MODELS
from pricing.recommendation.core.guardrails import RULES
from pricing.recommendation.core.impact import RISK_LEVELS
from pricing.recommendation.core.inputs import STRATEGIES


def price_field(**kwargs: Any) -> serializers.DecimalField:
    """A price in currency, from 0.01."""
    return serializers.DecimalField(max_digits=10, decimal_places=2, min_value=Decimal("0.01"), **kwargs)


def fraction_field(most: str, least: str = "0", **kwargs: Any) -> serializers.DecimalField:
    """A fraction with four decimals."""
    return serializers.DecimalField(
        max_digits=8, decimal_places=4, min_value=Decimal(least), max_value=Decimal(most), **kwargs
    )


def percent_field(**kwargs: Any) -> serializers.DecimalField:
    """A percentage from 0 to 100 with two decimals."""
    return serializers.DecimalField(
        max_digits=6, decimal_places=2, min_value=Decimal(0), max_value=Decimal(100), **kwargs
    )


def price_order(attrs: dict[str, Any]) -> dict[str, Any]:
    """Return the values if their lowest price does not lie above the highest.

    Raises
    ------
    ValidationError : it does.
    """
    low, high = attrs.get("min_price"), attrs.get("max_price")
    if low is not None and high is not None and low > high:
        raise serializers.ValidationError(
            {"max_price": f"The highest price ({high}) lies below the lowest ({low})."}
        )
    return attrs


class RecommendQuery(serializers.Serializer[Any]):
    strategy = serializers.ChoiceField(STRATEGIES, required=False, help_text="In place of the policy's.")
    demand_model = serializers.ChoiceField(
        DEMAND_MODELS, required=False, help_text="In place of the policy's."
    )
    target_margin = fraction_field(
        "0.99", required=False, help_text="0.30: 30 % of the price. Counts where it is above the policy's."
    )
    min_price = price_field(required=False, help_text="Counts where it is above the policy's.")
    max_price = price_field(required=False, help_text="Counts where it is below the policy's.")
    max_change_percent = percent_field(
        required=False, help_text="Largest change either way. Counts where it is below the policy's."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        return price_order(attrs)


class FiguresSerializer(serializers.Serializer[Any]):
    """Units, revenue and profit of 30 days at a price; null where unknown."""

    price = serializers.FloatField(allow_null=True)
    quantity = serializers.FloatField(allow_null=True)
    revenue = serializers.FloatField(allow_null=True)
    profit = serializers.FloatField(allow_null=True)


def _limits() -> serializers.ListField:
    return serializers.ListField(child=serializers.FloatField(allow_null=True), min_length=2, max_length=2)


class IntervalSerializer(serializers.Serializer[Any]):
    """Lowest and highest value that is expected with the probability `level`."""

    level = serializers.FloatField()
    quantity = _limits()
    revenue = _limits()
    profit = _limits()


class OtherModelSerializer(FiguresSerializer):
    demand_model = serializers.ChoiceField(DEMAND_MODELS)


class ExpectedSerializer(serializers.Serializer[Any]):
    """What the recommended price is expected to bring in 30 days."""

    days = serializers.IntegerField()
    current = FiguresSerializer()
    projected = FiguresSerializer()
    interval = IntervalSerializer()
    probability_of_gain = serializers.FloatField(allow_null=True, help_text="Of more profit than now.")
    quantity_change = serializers.FloatField(allow_null=True)
    revenue_change = serializers.FloatField(allow_null=True)
    profit_change = serializers.FloatField(allow_null=True)
    risk_level = serializers.ChoiceField(RISK_LEVELS)
    other_model = OtherModelSerializer(
        allow_null=True, help_text="What the other demand model foresees, beyond 15 % of change."
    )


class CalculationsSerializer(serializers.Serializer[Any]):
    elasticity = serializers.FloatField(allow_null=True)
    std_error = serializers.FloatField(allow_null=True)
    quality = serializers.CharField(allow_null=True, help_text="Grade of the elasticity, A to D.")
    target_margin = serializers.FloatField(allow_null=True)
    cost = serializers.FloatField(allow_null=True)
    cost_assumed = serializers.BooleanField()
    strategy = serializers.ChoiceField(STRATEGIES)
    demand_model = serializers.ChoiceField(DEMAND_MODELS)
    unconstrained_price = serializers.FloatField(
        allow_null=True, help_text="The strategy's aim before guardrails; null where it has no top."
    )
    formula_price = serializers.FloatField(allow_null=True, help_text="C (1 + M) / (1 + 1/E), to the letter.")
    lerner_price = serializers.FloatField(allow_null=True, help_text="C E / (1 + E); null unless E < -1.")
    best_price = serializers.FloatField(
        allow_null=True, help_text="The best allowed price, recommended or not."
    )
    probability_of_gain = serializers.FloatField(
        allow_null=True, help_text="That the best allowed price brings more of what the strategy seeks."
    )


class ConstraintSerializer(serializers.Serializer[Any]):
    rule = serializers.ChoiceField(RULES)
    bound = serializers.FloatField()
    binding = serializers.BooleanField(help_text="It shaped the answer.")
    source = serializers.CharField(  # type: ignore[assignment]
        help_text='The policy it comes from, "request" or "built in".'
    )


class RecommendationSerializer(serializers.Serializer[Any]):
    product_id = serializers.CharField()
    current_price = serializers.FloatField(allow_null=True)
    recommended_price = serializers.FloatField(allow_null=True)
    price_change = serializers.FloatField(allow_null=True)
    price_change_percent = serializers.FloatField(allow_null=True)
    reason = serializers.CharField(help_text="Why this price, in one word.")
    rationale = serializers.CharField()
    confidence = serializers.FloatField(help_text="0 to 1.")
    calculations = CalculationsSerializer()
    expected = ExpectedSerializer(allow_null=True)
    constraints = ConstraintSerializer(many=True)
    warnings = serializers.ListField(child=serializers.CharField())
    last_updated = serializers.DateTimeField(allow_null=True)
