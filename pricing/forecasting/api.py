"""/api/forecast/demand: the demand to come."""

from typing import Any

from rest_framework import serializers
from rest_framework.fields import CharField, DateField, FloatField, IntegerField, ListField
from rest_framework.request import Request
from rest_framework.response import Response

from elastix.api.fields import PriceInputField
from elastix.api.operations import operation
from elastix.api.serializers import ElasticityField, MoneyField, RoundedField, RowSerializer
from elastix.api.versions import answer
from elastix.api.viewsets import ElastixViewSet
from pricing.elasticity.core.demand import AVERAGE, DEMAND_MODELS
from pricing.forecasting.core.boosting import BOOSTED
from pricing.forecasting.core.named import AUTO, METHODS
from pricing.forecasting.selectors.forecasts import forecast_of_product
from pricing.sales.selectors.products import find_product


class ForecastQuery(serializers.Serializer[Any]):
    periods = IntegerField(
        required=False, default=30, min_value=1, max_value=365, help_text="Days from the as-of date on."
    )
    method = serializers.ChoiceField(
        [*METHODS, BOOSTED, AUTO],
        required=False,
        default=None,
        error_messages={
            "invalid_choice": f'There is no method "{{input}}". Known: {", ".join((*METHODS, BOOSTED, AUTO))}.'
        },
        help_text="auto: `boosted` where it won clearly on the shop's newest 84 days, otherwise the one of the others that would "
        "have forecast this product's past best. Default: the published forecast.",
    )
    price = PriceInputField(
        required=False,
        default=None,
        help_text="What it would be sold at; the forecast follows by the product's elasticity.",
    )
    demand_model = serializers.ChoiceField(DEMAND_MODELS, required=False, default=AVERAGE)


class HistoryDaySerializer(RowSerializer):
    date = DateField()
    quantity = RoundedField(2, help_text="Clean units: without cancelled sales, bulk orders capped.")


class ForecastDaySerializer(RowSerializer):
    date = DateField()
    quantity = RoundedField(2, help_text="Expected units.")
    low = RoundedField(2, help_text="10 % quantile.")
    high = RoundedField(2, help_text="90 % quantile.")


class MeasuresSerializer(RowSerializer):
    wape = RoundedField(4, allow_null=True, help_text="Of 28-day totals, as a fraction of what was sold.")
    bias = RoundedField(
        4, allow_null=True, help_text="Above 0: too much was forecast; as a fraction of what was sold."
    )
    mase = RoundedField(4, allow_null=True, help_text="Of days, against the week before.")
    pinball = RoundedField(4, allow_null=True, help_text="Of a day's 10 % and 90 % quantiles, in units.")


class AccuracySerializer(MeasuresSerializer):
    origins = IntegerField(help_text="Times the past was forecast.")
    horizon_days = IntegerField()
    seasonal_naive = MeasuresSerializer()


class CandidateSerializer(MeasuresSerializer):
    method = CharField()
    score = RoundedField(
        4,
        allow_null=True,
        help_text="WAPE, |bias| and pinball loss as a share of sales, added up; least is best.",
    )


class ForecastPriceSerializer(RowSerializer):
    price = MoneyField()
    current_price = MoneyField()
    base_price = MoneyField(help_text="What the sales were made at that the forecast rests on.")
    elasticity = ElasticityField()
    demand_model = CharField()
    factor = RoundedField(4, help_text="By which quantities differ from those at the base price.")


class ForecastSerializer(RowSerializer):
    product_id = CharField()
    method = CharField(allow_null=True)
    reason = CharField(allow_null=True, help_text="Why it is by this method.")
    as_of = DateField(allow_null=True, help_text="The first day that is forecast.")
    periods = IntegerField()
    history = HistoryDaySerializer(many=True)
    forecast = ForecastDaySerializer(many=True)
    total = RoundedField(2, help_text="Units expected on all days together.")
    interval = FloatField(help_text="Share of the days expected between low and high.")
    accuracy = AccuracySerializer(allow_null=True)
    candidates = CandidateSerializer(many=True, allow_null=True)
    price = ForecastPriceSerializer(allow_null=True)
    warnings = ListField(child=CharField())
    last_updated = serializers.DateTimeField(allow_null=True)


class DemandForecastViewSet(ElastixViewSet):
    """What products are expected to sell."""

    lookup_url_kwarg = "code"
    lookup_value_converter = "product_code"

    @operation(query=ForecastQuery, response=ForecastSerializer)
    def retrieve(self, request: Request, code: str) -> Response:
        """What one product is expected to sell a day, with intervals and the accuracy of the method on its own past."""
        code = find_product(code).code
        # The present price, which another price is compared with, is covered by no version.
        at_today = self.query["price"] is None
        return answer(
            request,
            lambda version: ForecastSerializer(forecast_of_product(version, code, **self.query)).data,
            live=at_today,
            etag=at_today,
        )
