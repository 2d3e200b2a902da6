"""Shapes of requests and answers: elasticities."""

from typing import Any

from rest_framework import serializers

from elastix.api.fields import TextField
from elastix.api.parameters import DateRangeQuery, QuerySerializer, limit_field, offset_field
from pricing.elasticity.models import Method
from pricing.sales.api.serializers import CodeField


class MethodField(serializers.ChoiceField):
    """How to estimate; `arc` is short for arc_elasticity."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(choices=[*Method.values, "default"], **kwargs)

    def to_internal_value(self, data: Any) -> Any:
        return super().to_internal_value("arc_elasticity" if data == "arc" else data)


class ElasticityQuery(DateRangeQuery):
    stock_codes = serializers.ListField(
        child=CodeField(),
        required=False,
        default=list,
        max_length=1000,
        help_text="Only these products; repeatable.",
    )
    country = TextField(required=False, default=None, max_length=60)
    method = MethodField(required=False, default=Method.POOLED)
    limit = limit_field(200)
    offset = offset_field()


class AnalyticsElasticityQuery(QuerySerializer):
    method = MethodField(required=False, default=None)


class ElasticityRowSerializer(serializers.Serializer[Any]):
    stock_code = serializers.CharField()
    description = serializers.CharField()
    elasticity = serializers.FloatField()
    sample_size = serializers.IntegerField()
    avg_price = serializers.FloatField(allow_null=True)
    total_quantity = serializers.IntegerField()
    r_squared = serializers.FloatField()
    std_error = serializers.FloatField(allow_null=True)
    ci_low = serializers.FloatField(allow_null=True)
    ci_high = serializers.FloatField(allow_null=True)
    quality = serializers.CharField()
    method = serializers.CharField()
    flags = serializers.ListField(child=serializers.CharField())


class ElasticityMetaSerializer(serializers.Serializer[Any]):
    start_date = serializers.DateField(allow_null=True)
    end_date = serializers.DateField(allow_null=True)
    total_products = serializers.IntegerField()
    returned_products = serializers.IntegerField()
    limit = serializers.IntegerField()
    offset = serializers.IntegerField()
    available_countries = serializers.ListField(child=serializers.CharField())


class ElasticityListSerializer(serializers.Serializer[Any]):
    results = ElasticityRowSerializer(many=True)
    meta = ElasticityMetaSerializer()
    last_updated = serializers.DateTimeField(allow_null=True)


class AnalyticsElasticitySerializer(serializers.Serializer[Any]):
    product_id = serializers.CharField()
    elasticity = serializers.FloatField()
    classification = serializers.ChoiceField(["Elastic", "Unit Elastic", "Inelastic"])
    confidence = serializers.FloatField(allow_null=True)
    data_points = serializers.IntegerField()
    calculation_method = serializers.CharField()
    last_updated = serializers.DateTimeField(allow_null=True)
    std_error = serializers.FloatField(allow_null=True)
    ci_low = serializers.FloatField(allow_null=True)
    ci_high = serializers.FloatField(allow_null=True)
    r_squared = serializers.FloatField()
    quality = serializers.CharField()
    flags = serializers.ListField(child=serializers.CharField())
    own_elasticity = serializers.FloatField(allow_null=True)
    own_std_error = serializers.FloatField(allow_null=True)
    weight = serializers.FloatField(allow_null=True)
    prior_mean = serializers.FloatField(allow_null=True)
    list_prices = serializers.IntegerField()
    warnings = serializers.ListField(child=serializers.CharField())
