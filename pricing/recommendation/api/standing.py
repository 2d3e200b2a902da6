"""/api/price/recommendations: the prices recommended for all products as they stand."""

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from elastix.api.filters import ChoiceFilter, Ordering, StrictFilterSet, TextFilter
from elastix.api.operations import operation
from elastix.api.permissions import Role
from elastix.api.serializers import ElasticityField, MoneyField, PercentField, RoundedField, RowSerializer
from elastix.api.viewsets import ElastixViewSet
from pricing.elasticity.models import Grade
from pricing.recommendation.core.impact import RISK_LEVELS
from pricing.recommendation.selectors.standing import (
    LOWER,
    ORDERINGS,
    RAISE,
    SEGMENTS,
    filtered_standing,
)
from pricing.recommendation.selectors.standing_totals import chosen_totals
from pricing.sales.api.fields import CodeField

MOST_TOGETHER = 5_000
OFFERED = ("open", "refused")
PRIVATE = {"Cache-Control": "private, no-store"}


class WordsField(serializers.CharField):
    """Words kept in one text, as a list."""

    def to_representation(self, value: str) -> Any:
        return value.split()


class StandingSerializer(RowSerializer):
    product_id = serializers.CharField()
    name = serializers.CharField(source="product.name")
    category = serializers.CharField(source="product.category")
    current_price = MoneyField(allow_null=True)
    recommended_price = MoneyField(allow_null=True)
    change_percent = PercentField(allow_null=True)
    changes = serializers.BooleanField(help_text="Another price than the present one is recommended.")
    reason = serializers.CharField(help_text="Why this price, in one word.")
    confidence = RoundedField(2)
    risk_level = serializers.ChoiceField(RISK_LEVELS)
    elasticity = ElasticityField(allow_null=True)
    ci_low = ElasticityField(allow_null=True, help_text="95 % interval of the elasticity.")
    ci_high = ElasticityField(allow_null=True)
    quality = serializers.CharField(help_text="Grade of the elasticity; empty without one.")
    evidence = serializers.CharField(
        help_text="What the elasticity rests on: experimental, price_change, observational or borrowed; empty without one."
    )
    profit_change = MoneyField(
        allow_null=True, help_text="Expected in 30 days; null where the cost is not known."
    )
    gain_low = MoneyField(allow_null=True, help_text="80 % interval of the change of profit.")
    gain_high = MoneyField(allow_null=True)
    probability_of_gain = RoundedField(4, allow_null=True)
    limits = WordsField(help_text="Guardrails that shaped the price.")
    warnings = WordsField()
    competitor_price = MoneyField(allow_null=True, help_text="Median of the fresh ones.")
    stock_days = RoundedField(1, allow_null=True, help_text="How long the stock lasts at the present price.")
    open_change = serializers.IntegerField(
        allow_null=True, help_text="The change of the product that is proposed or approved already."
    )
    offer = serializers.ChoiceField(
        OFFERED, allow_null=True, help_text="Offered by itself and open, or refused and remembered."
    )
    computed_at = serializers.DateTimeField()
    as_of = serializers.DateField(allow_null=True, help_text="The first day that is not in the figures.")


class StandingFilterSet(StrictFilterSet):
    category = TextFilter(method="asked", max_length=100)
    grade = ChoiceFilter(method="asked", choices=Grade.choices)
    change = ChoiceFilter(method="asked", choices=(RAISE, LOWER))
    risk = ChoiceFilter(method="asked", choices=RISK_LEVELS)
    segment = ChoiceFilter(method="asked", choices=SEGMENTS, help_text="Customers who buy most of it.")
    reason = TextFilter(method="asked", max_length=30)
    offer = ChoiceFilter(method="asked", choices=OFFERED, help_text="Of this state only.")
    ordering = Ordering(ORDERINGS, default="-gain", key="product_id")

    def asked(self, found: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return filtered_standing(found, {name: value})


class StandingQuery(serializers.Serializer[Any]):
    changes = serializers.BooleanField(
        required=False,
        allow_null=True,
        default=None,
        help_text="Only changed prices, or only those left alone.",
    )


class ChosenSerializer(serializers.Serializer[Any]):
    product_ids = serializers.ListField(child=CodeField(), allow_empty=False, max_length=MOST_TOGETHER)


class CorrectedTotalsSerializer(RowSerializer):
    """The change of profit with cross-price effects: what the set takes from its own products and from others."""

    profit_change = MoneyField()
    interval = serializers.ListField(child=serializers.FloatField(), help_text="80 % interval.")
    within = MoneyField(help_text="Of the difference to the naive sum: what falls on products of the set.")
    neighbours = MoneyField(help_text="What falls on other products.")
    neighbour_count = serializers.IntegerField(help_text="Other products that answer to these prices.")
    pairs = serializers.IntegerField(help_text="Substitutes and complements that it rests on.")
    with_evidence = serializers.IntegerField(
        help_text="Products of the set whose price is known to move others; of the rest nothing is known."
    )


class PriceTotalsSerializer(RowSerializer):
    """What some recommended prices amount to together, in 30 days."""

    count = serializers.IntegerField(help_text="Prices that are recommended to change.")
    known = serializers.IntegerField(help_text="Of how many a change of profit is expected.")
    revenue_change = MoneyField()
    profit_change = MoneyField(help_text="The naive sum: as if no price moved another product's sales.")
    interval = serializers.ListField(
        child=serializers.FloatField(), allow_null=True, help_text="80 % interval of the change of profit."
    )
    corrected = CorrectedTotalsSerializer(
        allow_null=True, help_text="null: no cross elasticity of these products is known."
    )
    high_risk = serializers.IntegerField()
    below_cost = serializers.IntegerField()
    lowest_percent = PercentField(allow_null=True)
    highest_percent = PercentField(allow_null=True)


class StandingViewSet(ElastixViewSet):
    """What recommended prices amount to."""

    @action(detail=False, methods=["post"])
    @operation(body=ChosenSerializer, response=PriceTotalsSerializer, role=Role.VIEWER)
    def totals(self, request: Request) -> Response:
        """What the recommended prices of these products amount to together; those left alone do not count."""
        return Response(PriceTotalsSerializer(chosen_totals(self.validated()["product_ids"])).data)
