"""Shapes of requests and answers: elasticities."""

import datetime as dt
from typing import Any

from rest_framework import serializers
from rest_framework.fields import CharField, FloatField, IntegerField, ListField

from elastix.api.serializers import ElasticityField, MoneyField, RoundedField, RowSerializer
from pricing.elasticity.core.points import CLASSES
from pricing.elasticity.models import Method
from pricing.sales.api.fields import QuantityField
from pricing.sales.selectors.daily import day_of_epoch

METHODS = (*Method.values, "default")
METHOD_ALIASES = {"arc": Method.ARC.value}


class MethodField(serializers.ChoiceField):
    """How to estimate; `arc` is short for arc_elasticity."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(choices=METHODS, **kwargs)

    def to_internal_value(self, data: Any) -> Any:
        return super().to_internal_value(METHOD_ALIASES.get(data, data))


class AnalyticsElasticityQuery(serializers.Serializer[Any]):
    method = MethodField(required=False, default=None)


class ElasticityRowSerializer(RowSerializer):
    stock_code = CharField()
    description = CharField()
    elasticity = ElasticityField()
    sample_size = IntegerField()
    avg_price = MoneyField(allow_null=True)
    total_quantity = QuantityField()
    r_squared = ElasticityField()
    std_error = ElasticityField(allow_null=True)
    ci_low = ElasticityField(allow_null=True)
    ci_high = ElasticityField(allow_null=True)
    quality = CharField()
    method = CharField()
    flags = ListField(child=CharField())


class SecondOpinionSerializer(RowSerializer):
    method = CharField(help_text="dml (double machine learning) or ml (boosted demand model).")
    about = CharField(help_text="product, or category: the mean over its products.")
    elasticity = ElasticityField()
    std_error = ElasticityField(allow_null=True)
    ci_low = ElasticityField(allow_null=True)
    ci_high = ElasticityField(allow_null=True)
    products = IntegerField(help_text="Products that it rests on.")
    contradicts = serializers.BooleanField(
        help_text="Whether this method contradicts the product's pooled estimate, itself or through its category."
    )
    version = CharField(help_text="Of the way to learn.")
    sales_version = IntegerField(help_text="Version of the sales that it was learned from.")
    learned_at = serializers.DateTimeField()


class AnalyticsElasticitySerializer(RowSerializer):
    product_id = CharField()
    elasticity = ElasticityField(source="estimate.elasticity")
    classification = serializers.ChoiceField(CLASSES)
    confidence = RoundedField(2, source="estimate.confidence", allow_null=True)
    data_points = IntegerField(source="estimate.sample_size")
    calculation_method = CharField(source="estimate.method")
    last_updated = serializers.DateTimeField(allow_null=True)
    std_error = ElasticityField(source="estimate.std_error", allow_null=True)
    ci_low = ElasticityField(source="estimate.ci_low", allow_null=True)
    ci_high = ElasticityField(source="estimate.ci_high", allow_null=True)
    r_squared = ElasticityField()
    quality = CharField(
        source="estimate.quality",
        help_text="Grade, A to D. Only the pooled estimate is graded: any other method has D.",
    )
    evidence = CharField(
        source="estimate.evidence",
        help_text="What it rests on: experimental, price_change, observational or borrowed; empty where the method does not say.",
    )
    flags = ListField(child=CharField(), source="estimate.flags")
    own_elasticity = ElasticityField(source="estimate.own_elasticity", allow_null=True)
    own_std_error = ElasticityField(source="estimate.own_std_error", allow_null=True)
    weight = ElasticityField(source="estimate.weight", allow_null=True)
    prior_mean = ElasticityField(source="estimate.prior_mean", allow_null=True)
    list_prices = IntegerField(
        source="estimate.list_prices",
        help_text="Different list prices that were charged; 0 where the method does not count them.",
    )
    warnings = ListField(child=CharField())
    second_opinions = SecondOpinionSerializer(
        many=True, help_text="Of learned models, beside the pooled estimate; empty where there are none."
    )


# --- diagnostics ---------------------------------------------------------------------------------


class DayField(serializers.DateField):
    """A day counted from 1970-01-01, as a date."""

    def to_representation(self, value: Any) -> Any:
        return day_of_epoch(value).isoformat()


class ErrorEstimateSerializer(RowSerializer):
    kind = CharField(
        help_text="classical, HC3 (uneven variance) or HAC (Newey-West: serial correlation as well)."
    )
    std_error = ElasticityField(allow_null=True)
    t_value = ElasticityField(allow_null=True)
    p_value = RoundedField(6, allow_null=True)
    ci_low = ElasticityField(allow_null=True)
    ci_high = ElasticityField(allow_null=True)


class TestResultSerializer(RowSerializer):
    statistic = ElasticityField(allow_null=True)
    p_value = RoundedField(6, allow_null=True)


class InfluentialDaySerializer(RowSerializer):
    date = DayField(source="day")
    price = ElasticityField()
    quantity = FloatField()
    cooks_distance = ElasticityField(allow_null=True)
    leverage = ElasticityField(allow_null=True)
    elasticity_without = ElasticityField(
        allow_null=True, help_text="Null: without the day there is no regression."
    )


class PoissonSerializer(RowSerializer):
    elasticity = ElasticityField(allow_null=True)
    std_error = ElasticityField(allow_null=True, help_text="Robust: any dispersion (HC0).")
    p_value = RoundedField(6, allow_null=True)
    ci_low = ElasticityField(allow_null=True)
    ci_high = ElasticityField(allow_null=True)
    dispersion = ElasticityField(
        allow_null=True, help_text="Pearson chi-squared over its degrees of freedom."
    )
    converged = serializers.BooleanField()
    iterations = IntegerField()


class CostInstrumentSerializer(RowSerializer):
    elasticity = ElasticityField(
        allow_null=True,
        help_text="Two-stage least squares with the log cost, beside a linear trend; null: the price hardly follows the cost.",
    )
    std_error = ElasticityField(allow_null=True, help_text="Jackknife over the spells of one cost.")
    ci_low = ElasticityField(allow_null=True, help_text="Anderson and Rubin's interval.")
    ci_high = ElasticityField(allow_null=True)
    first_stage_f = RoundedField(
        2,
        allow_null=True,
        help_text="How closely the price follows the cost, above 10 closely; null: exactly.",
    )
    spells = IntegerField(help_text="Times of one cost.")
    days = IntegerField(help_text="Days of the regression whose cost is recorded.")


class ChartPointSerializer(RowSerializer):
    date = DayField(source="day")
    price = ElasticityField()
    quantity = FloatField()
    fitted = ElasticityField(help_text="Log of the units that the line expects.")
    residual = ElasticityField(help_text="Log of the units sold, less fitted.")


class FindingSerializer(RowSerializer):
    topic = CharField()
    caution = serializers.BooleanField(help_text="Calls for care.")
    text = CharField(help_text="What it means for a price.")


class DiagnosticsSerializer(serializers.Serializer[Any]):
    """Diagnostics of the product named in the context, as of the data version there."""

    product_id = serializers.SerializerMethodField()
    sold_days = IntegerField(help_text="Days with sales at a known price: the rows of the regression.")
    prices = IntegerField(help_text="Different prices paid.")
    elasticity = ElasticityField()
    intercept = ElasticityField(help_text="Log units of a day at a price of 1.")
    r_squared = ElasticityField()
    adjusted_r_squared = ElasticityField()
    standard_errors = ErrorEstimateSerializer(many=True)
    hac_lags = IntegerField(help_text="floor(4 (n / 100)^(2/9)), counted in days with sales.")
    durbin_watson = ElasticityField(allow_null=True)
    breusch_pagan = TestResultSerializer()
    reset = TestResultSerializer()
    influential_days = InfluentialDaySerializer(source="influential", many=True)
    poisson = PoissonSerializer()
    costs = CostInstrumentSerializer(
        allow_null=True, help_text="By changes of cost; null: fewer than 6 costs or 60 such days."
    )
    points = ChartPointSerializer(many=True)
    flags = ListField(child=CharField())
    findings = FindingSerializer(many=True)
    last_updated = serializers.SerializerMethodField()

    def get_product_id(self, found: Any) -> str:
        return str(self.context["code"])

    def get_last_updated(self, found: Any) -> dt.datetime | None:
        published_at: dt.datetime | None = self.context["version"].published_at
        return published_at
