"""/api/price/recommend: which price to set; and how recommended prices are asked for and answered."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from elastix.api.fields import PriceInputField
from elastix.api.operations import operation
from elastix.api.serializers import (
    ElasticityField,
    KnownField,
    KnownMoneyField,
    MoneyField,
    PercentField,
    RoundedField,
    RowSerializer,
)
from elastix.api.versions import answer
from elastix.api.viewsets import ElastixViewSet
from pricing.elasticity.core.demand import DEMAND_MODELS
from pricing.recommendation.core.impact import RISK_LEVELS, Impact
from pricing.recommendation.core.inputs import STRATEGIES
from pricing.recommendation.core.limits import RULES
from pricing.recommendation.selectors.expected import interval
from pricing.recommendation.selectors.policies import Overrides
from pricing.recommendation.selectors.recommendations import recommend_one
from pricing.sales.selectors.products import find_product

price_field = PriceInputField


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


class PriceRangeSerializer(serializers.Serializer[Any]):
    """A lowest and a highest price, in this order."""

    min_price = price_field(required=False)
    max_price = price_field(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        low, high = attrs.get("min_price"), attrs.get("max_price")
        if low is not None and high is not None and low > high:
            raise serializers.ValidationError(
                {"max_price": f"The highest price ({high}) lies below the lowest ({low})."}
            )
        return attrs


class NarrowerLimitsSerializer(PriceRangeSerializer):
    """Limits in place of the policies'; each counts where it is narrower than these."""

    target_margin = fraction_field("0.99", required=False, help_text="0.30: 30 % of the price.")
    max_change_percent = percent_field(required=False, help_text="Largest change either way.")


class RecommendQuery(NarrowerLimitsSerializer):
    strategy = serializers.ChoiceField(STRATEGIES, required=False, help_text="In place of the policy's.")
    demand_model = serializers.ChoiceField(
        DEMAND_MODELS, required=False, help_text="In place of the policy's."
    )


def overrides_of(asked: Mapping[str, Any]) -> Overrides:
    """What a request asks for in place of the policies; its percentages are fractions there."""
    names = {"min_margin": "minimum_margin", "max_change_percent": "max_change"}
    return Overrides(
        **{
            names.get(name, name): value / 100 if name.endswith("_percent") else value
            for name, value in asked.items()
        }
    )


class FiguresSerializer(RowSerializer):
    """Units, revenue and profit of 30 days at a price; null where unknown."""

    price = KnownMoneyField()
    quantity = KnownField()
    revenue = KnownMoneyField()
    profit = KnownMoneyField()


def _limits() -> serializers.ListField:
    return serializers.ListField(child=serializers.FloatField(allow_null=True), min_length=2, max_length=2)


class IntervalSerializer(RowSerializer):
    """Lowest and highest value that is expected with the probability `level`."""

    level = serializers.FloatField()
    quantity = _limits()
    revenue = _limits()
    profit = _limits()

    def to_representation(self, instance: Impact) -> dict[str, Any]:
        return interval(instance)


class OtherModelSerializer(FiguresSerializer):
    demand_model = serializers.ChoiceField(DEMAND_MODELS)


class ExpectedSerializer(RowSerializer):
    """What the recommended price is expected to bring in 30 days."""

    days = serializers.IntegerField()
    current = FiguresSerializer(source="impact.current")
    projected = FiguresSerializer(source="impact.projected")
    interval = IntervalSerializer(source="impact")
    probability_of_gain = KnownField(
        4, source="impact.probability_of_gain", help_text="Of more profit than now."
    )
    quantity_change = KnownField(source="impact.change.quantity")
    revenue_change = KnownMoneyField(source="impact.change.revenue")
    profit_change = KnownMoneyField(source="impact.change.profit")
    risk_level = serializers.ChoiceField(RISK_LEVELS, source="impact.risk_level")
    other_model = OtherModelSerializer(
        allow_null=True, help_text="What the other demand model foresees, beyond 15 % of change."
    )
    robust_gain = KnownMoneyField(
        source="impact.robust_gain",
        help_text="Change of profit at an elasticity of -0.3; if a loss, the advice rests on the estimate alone.",
    )


class CalculationsSerializer(RowSerializer):
    elasticity = ElasticityField(source="price.elasticity", allow_null=True)
    std_error = ElasticityField(source="price.std_error", allow_null=True)
    quality = serializers.CharField(allow_null=True, help_text="Grade of the elasticity, A to D.")
    evidence = serializers.CharField(
        source="facts.evidence",
        help_text="What the elasticity rests on: experimental, price_change, observational or borrowed; empty without one.",
    )
    target_margin = RoundedField(4, source="facts.policy.target_margin", allow_null=True)
    cost = RoundedField(4, source="price.cost", allow_null=True, help_text="Per unit, without tax.")
    tax_rate = RoundedField(
        2,
        source="facts.policy.included_tax",
        help_text="Percent that prices and revenue include; profit is net.",
    )
    cost_assumed = serializers.BooleanField(source="price.cost_assumed")
    strategy = serializers.ChoiceField(STRATEGIES, source="price.strategy")
    demand_model = serializers.ChoiceField(DEMAND_MODELS, source="price.demand_model")
    linear_share = RoundedField(
        4,
        source="facts.linear_share",
        help_text="Weight of linear demand in the average of both models, by the shop's own price changes.",
    )
    unconstrained_price = MoneyField(
        source="price.unconstrained_price",
        allow_null=True,
        help_text="The strategy's aim before guardrails; null where it has no top.",
    )
    formula_price = MoneyField(
        source="price.formula_price", allow_null=True, help_text="C (1 + M) / (1 + 1/E), to the letter."
    )
    lerner_price = MoneyField(
        source="price.lerner_price", allow_null=True, help_text="C E / (1 + E); null unless E < -1."
    )
    best_price = MoneyField(
        source="price.best_price", allow_null=True, help_text="The best allowed price, recommended or not."
    )
    probability_of_gain = RoundedField(
        4,
        source="price.probability_of_gain",
        allow_null=True,
        help_text="That the best allowed price brings more of what the strategy seeks.",
    )


class ConstraintSerializer(RowSerializer):
    rule = serializers.ChoiceField(RULES)
    bound = MoneyField()
    binding = serializers.BooleanField(help_text="It shaped the answer.")
    source = serializers.CharField(  # type: ignore[assignment]
        help_text='The policy it comes from, "request" or "built in".'
    )


class ProductRecommendationSerializer(RowSerializer):
    product_id = serializers.CharField(source="facts.code")
    current_price = MoneyField(source="price.current_price", allow_null=True)
    recommended_price = MoneyField(source="price.recommended_price", allow_null=True)
    price_change = MoneyField(source="price.price_change", allow_null=True)
    price_change_percent = PercentField(source="price.price_change_percent", allow_null=True)
    reason = serializers.CharField(source="price.reason", help_text="Why this price, in one word.")
    rationale = serializers.CharField()
    confidence = RoundedField(2, source="price.confidence", help_text="0 to 1.")
    calculations = CalculationsSerializer()
    expected = ExpectedSerializer(allow_null=True)
    constraints = ConstraintSerializer(many=True)
    warnings = serializers.ListField(child=serializers.CharField())


class RecommendationSerializer(ProductRecommendationSerializer):
    last_updated = serializers.DateTimeField(allow_null=True)


class RecommendViewSet(ElastixViewSet):
    """Recommended prices."""

    lookup_url_kwarg = "code"
    lookup_value_converter = "product_code"

    @operation(query=RecommendQuery, response=RecommendationSerializer)
    def retrieve(self, request: Request, code: str) -> Response:
        """The price to set for a product, and why.

        Limits asked for narrow those of the policies and never widen them.
        """
        code = find_product(code).code
        overrides = overrides_of(self.query)
        return answer(
            request,
            lambda version: ProductRecommendationSerializer(recommend_one(code, overrides)).data,
            etag=False,
        )
