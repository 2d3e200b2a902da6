"""Shapes of requests and answers: competitors, their prices, a product's market."""

import math
from typing import Any

from rest_framework import serializers

from elastix.api.fields import MomentField, TextField
from elastix.api.parameters import DateRangeQuery, QuerySerializer, limit_field, offset_field
from market.core.attraction import DEFAULT_GAMMA
from market.core.positioning import COMPETITIVE_POSITIONS, POSITIONS
from market.models.competitors import (
    HIGHEST_PRICE,
    HIGHEST_QUALITY,
    LONGEST_NAME,
    LONGEST_SOURCE,
    LOWEST_PRICE,
    LOWEST_QUALITY,
)
from pricing.sales.api.serializers import CodeField

HIGHEST_GAMMA = 10.0


class NameField(TextField):
    """A competitor's name; runs of blanks count as one, as in files."""

    def to_internal_value(self, data: Any) -> str:
        return " ".join(super().to_internal_value(data).split())


# --- query parameters ----------------------------------------------------------------------------


class PricesQuery(DateRangeQuery):
    product = CodeField(required=False, default=None)
    competitor = NameField(required=False, default=None, max_length=LONGEST_NAME)
    fresh = serializers.BooleanField(
        required=False,
        allow_null=True,
        default=None,
        help_text="true: only prices young enough to be used, by the product's policy; false: only older ones.",
    )
    limit = limit_field(100)
    offset = offset_field()


class CompetitorsQuery(QuerySerializer):
    limit = limit_field(100)
    offset = offset_field()


class MarketQuery(QuerySerializer):
    days = serializers.IntegerField(
        required=False, default=90, min_value=1, max_value=3660, help_text="Days of history."
    )
    gamma = serializers.FloatField(
        required=False,
        default=DEFAULT_GAMMA,
        min_value=0,
        max_value=HIGHEST_GAMMA,
        help_text="How much quality counts in the market shares; 0: not at all.",
    )

    def validate_gamma(self, value: float) -> float:
        if not math.isfinite(value):
            raise serializers.ValidationError("A finite number is required.", code="not_finite")
        return value


# --- competitors and their prices ----------------------------------------------------------------


class CompetitorPriceSerializer(serializers.Serializer[Any]):
    product_id = CodeField()
    competitor_name = NameField(max_length=LONGEST_NAME)
    price = serializers.DecimalField(
        max_digits=10, decimal_places=2, min_value=LOWEST_PRICE, max_value=HIGHEST_PRICE
    )
    recorded_at = MomentField(required=False, help_text="When it was seen; now, unless said otherwise.")
    source = TextField(max_length=LONGEST_SOURCE, required=False, allow_blank=True)  # type: ignore[assignment]


class CompetitorPriceRowSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    product_id = serializers.CharField()
    competitor_name = serializers.CharField()
    price = serializers.FloatField()
    recorded_at = serializers.DateTimeField()
    source = serializers.CharField(allow_blank=True)  # type: ignore[assignment]
    newest = serializers.BooleanField(help_text="No newer one of this competitor for this product is known.")
    fresh = serializers.BooleanField(help_text="Young enough to be used, by the product's policy.")
    plausible = serializers.BooleanField(
        allow_null=True,
        help_text="Not more than 4 times off the others' median; null for prices that a newer one replaced.",
    )
    used = serializers.BooleanField(help_text="newest, fresh and plausible")


class CompetitorPriceListSerializer(serializers.Serializer[Any]):
    total = serializers.IntegerField()
    items = CompetitorPriceRowSerializer(many=True)


class CompetitorSerializer(serializers.Serializer[Any]):
    quality = serializers.DecimalField(
        max_digits=5,
        decimal_places=2,
        min_value=LOWEST_QUALITY,
        max_value=HIGHEST_QUALITY,
        help_text="What the offer is worth beside ours, which is 1.",
    )


class CompetitorRowSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    name = serializers.CharField()
    quality = serializers.FloatField()
    prices = serializers.IntegerField()
    last_seen = serializers.DateTimeField(allow_null=True)


class CompetitorListSerializer(serializers.Serializer[Any]):
    total = serializers.IntegerField()
    items = CompetitorRowSerializer(many=True)


# --- one product's market ------------------------------------------------------------------------


class MarketCompetitorSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    price = serializers.FloatField()
    recorded_at = serializers.DateTimeField()
    fresh = serializers.BooleanField()
    plausible = serializers.BooleanField()
    used = serializers.BooleanField()
    quality = serializers.FloatField()
    market_share = serializers.FloatField(allow_null=True, help_text="A fraction.")


class MarketPositionSerializer(serializers.Serializer[Any]):
    position_index = serializers.FloatField(allow_null=True)
    market_min = serializers.FloatField(allow_null=True)
    market_max = serializers.FloatField(allow_null=True)
    market_avg = serializers.FloatField(allow_null=True)
    price_gap_percent = serializers.FloatField(allow_null=True)
    position = serializers.ChoiceField(POSITIONS, allow_null=True)
    competitive_position = serializers.ChoiceField(COMPETITIVE_POSITIONS, allow_null=True)


class MarketShareModelSerializer(serializers.Serializer[Any]):
    beta = serializers.FloatField()
    gamma = serializers.FloatField()
    elasticity = serializers.FloatField()
    elasticity_source = serializers.ChoiceField(["product", "default"])
    elasticity_in_model = serializers.FloatField(
        help_text="-beta (1 - share); equals the elasticity where exact."
    )
    exact = serializers.BooleanField()


class MarketPointSerializer(serializers.Serializer[Any]):
    date = serializers.DateField()
    price = serializers.FloatField()


class MarketHistorySerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    points = MarketPointSerializer(many=True)


class MarketSerializer(serializers.Serializer[Any]):
    product_id = serializers.CharField()
    your_price = serializers.FloatField(allow_null=True)
    competitors = MarketCompetitorSerializer(many=True)
    market_position = MarketPositionSerializer()
    market_share = serializers.FloatField(allow_null=True, help_text="Ours, a fraction.")
    market_share_model = MarketShareModelSerializer(allow_null=True)
    recommendation = serializers.CharField()
    recommendation_code = serializers.CharField()
    fresh_days = serializers.IntegerField()
    history = MarketHistorySerializer(many=True)
    last_updated = serializers.DateTimeField(allow_null=True)
