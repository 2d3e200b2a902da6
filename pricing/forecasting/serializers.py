"""Shapes of requests and answers about the demand to come."""

from decimal import Decimal
from typing import Any

from rest_framework import serializers

from elastix.api.parameters import QuerySerializer
from pricing.elasticity.core.demand import DEMAND_MODELS, LINEAR
from pricing.forecasting.core import AUTO, METHODS
from pricing.forecasting.core.boosting import BOOSTED


class ForecastQuery(QuerySerializer):
    periods = serializers.IntegerField(
        required=False, default=30, min_value=1, max_value=365, help_text="Days from the as-of date on."
    )
    method = serializers.ChoiceField(
        [*METHODS, BOOSTED, AUTO],
        required=False,
        default=None,
        error_messages={
            "invalid_choice": f'There is no method "{{input}}". Known: {", ".join((*METHODS, BOOSTED, AUTO))}.'
        },
        help_text="auto: the one that would have forecast this product's past best, `boosted` not among them. "
        "Default: the published forecast.",
    )
    price = serializers.DecimalField(
        max_digits=10,
        decimal_places=2,
        min_value=Decimal("0.01"),
        required=False,
        default=None,
        help_text="What it would be sold at; the forecast follows by the product's elasticity.",
    )
    demand_model = serializers.ChoiceField(DEMAND_MODELS, required=False, default=LINEAR)


class HistoryDaySerializer(serializers.Serializer[Any]):
    date = serializers.DateField()
    quantity = serializers.FloatField(help_text="Clean units: without cancelled sales, bulk orders capped.")


class ForecastDaySerializer(serializers.Serializer[Any]):
    date = serializers.DateField()
    quantity = serializers.FloatField(help_text="Expected units.")
    low = serializers.FloatField(help_text="10 % limit.")
    high = serializers.FloatField(help_text="90 % limit.")


class MeasuresSerializer(serializers.Serializer[Any]):
    wape = serializers.FloatField(
        allow_null=True, help_text="Of 28-day totals, as a fraction of what was sold."
    )
    bias = serializers.FloatField(
        allow_null=True, help_text="Above 0: too much was forecast; as a fraction of what was sold."
    )
    mase = serializers.FloatField(allow_null=True, help_text="Of days, against the week before.")
    pinball = serializers.FloatField(allow_null=True, help_text="Of a day's 10 % and 90 % limits, in units.")


class AccuracySerializer(MeasuresSerializer):
    origins = serializers.IntegerField(help_text="Times the past was forecast.")
    horizon_days = serializers.IntegerField()
    seasonal_naive = MeasuresSerializer()


class CandidateSerializer(MeasuresSerializer):
    method = serializers.CharField()
    score = serializers.FloatField(
        allow_null=True,
        help_text="WAPE, |bias| and pinball loss as a share of sales, added up; least is best.",
    )


class ForecastPriceSerializer(serializers.Serializer[Any]):
    price = serializers.FloatField()
    current_price = serializers.FloatField()
    elasticity = serializers.FloatField()
    demand_model = serializers.CharField()
    factor = serializers.FloatField(help_text="By which quantities differ from those at the present price.")


class ForecastSerializer(serializers.Serializer[Any]):
    product_id = serializers.CharField()
    method = serializers.CharField(allow_null=True)
    as_of = serializers.DateField(allow_null=True, help_text="The first day that is forecast.")
    periods = serializers.IntegerField()
    history = HistoryDaySerializer(many=True)
    forecast = ForecastDaySerializer(many=True)
    total = serializers.FloatField(help_text="Units expected on all days together.")
    interval = serializers.FloatField(help_text="Share of the days expected between low and high.")
    accuracy = AccuracySerializer(allow_null=True)
    candidates = CandidateSerializer(many=True, allow_null=True)
    price = ForecastPriceSerializer(allow_null=True)
    warnings = serializers.ListField(child=serializers.CharField())
    last_updated = serializers.DateTimeField(allow_null=True)
