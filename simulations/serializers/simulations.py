"""Shapes of requests and answers: quick and saved simulations."""

import math
from typing import Any

from rest_framework import serializers

from elastix.api.fields import TextField
from elastix.api.parameters import DateRangeQuery, QuerySerializer, limit_field, offset_field
from pricing.elasticity.core.demand import DEMAND_MODELS
from pricing.sales.api.serializers import CodeField
from segments.core.rfm import SEGMENTS

LOWEST_PERCENT, HIGHEST_PERCENT = -99.0, 1000.0
MOST_STEPS = 500


class PercentField(serializers.FloatField):
    """A price change in percent, -99 to 1000."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_value=LOWEST_PERCENT, max_value=HIGHEST_PERCENT, **kwargs)

    def to_internal_value(self, data: Any) -> float:
        value: float = super().to_internal_value(data)
        if not math.isfinite(value):
            raise serializers.ValidationError("A valid number is required.", code="invalid")
        return value


def demand_model_field() -> serializers.ChoiceField:
    return serializers.ChoiceField(choices=DEMAND_MODELS, required=False, default=DEMAND_MODELS[0])


class SimulateSerializer(serializers.Serializer[Any]):
    stock_code = CodeField()
    price_change_percent = PercentField()
    demand_model = demand_model_field()


class SimulateAnswerSerializer(serializers.Serializer[Any]):
    stock_code = serializers.CharField()
    description = serializers.CharField()
    current_price = serializers.FloatField()
    current_quantity = serializers.IntegerField()
    current_revenue = serializers.FloatField()
    price_change_percent = serializers.FloatField()
    elasticity = serializers.FloatField()
    r_squared = serializers.FloatField()
    projected_price = serializers.FloatField()
    projected_quantity = serializers.IntegerField()
    projected_revenue = serializers.FloatField()
    quantity_change_percent = serializers.FloatField()
    revenue_change_percent = serializers.FloatField()
    revenue_delta = serializers.FloatField()
    interval = serializers.DictField(help_text="80 % limits of the projected quantity and revenue.")
    demand_model = serializers.CharField()
    quality = serializers.CharField()
    warnings = serializers.ListField(child=serializers.CharField())
    last_updated = serializers.DateTimeField(allow_null=True)


class PriceRangeField(serializers.ListField):
    """[from, to, step] in percent."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(child=PercentField(), **kwargs)

    def to_internal_value(self, data: Any) -> list[float]:
        values = super().to_internal_value(data)
        if len(values) != 3:
            raise serializers.ValidationError("Expected three numbers: from, to and step.", code="length")
        first, last, step = values
        if first > last:
            raise serializers.ValidationError(
                f"The range ends ({last}) below its beginning ({first}).", "reversed"
            )
        if step <= 0:
            raise serializers.ValidationError("The step must be above 0.", code="step")
        if (last - first) / step > MOST_STEPS:
            raise serializers.ValidationError(
                f"The range has more than {MOST_STEPS} steps.", code="too_many_steps"
            )
        return [first, last, step]


class SimulationSerializer(serializers.Serializer[Any]):
    simulationId = serializers.UUIDField(read_only=True, source="pk")  # noqa: N815  (the client's spelling)
    name = TextField(max_length=255)
    description = serializers.CharField(max_length=10_000, required=False, allow_blank=True, default="")
    stockItemRef = CodeField(required=False, allow_blank=True, default="")  # noqa: N815
    priceRange = PriceRangeField(required=False, default=lambda: [-10.0, 10.0, 1.0])  # noqa: N815


class SimulationListSerializer(serializers.Serializer[Any]):
    total = serializers.IntegerField()
    items = SimulationSerializer(many=True)


class SimulationsQuery(QuerySerializer):
    limit = limit_field(1000)
    offset = offset_field()


class MetricsQuery(DateRangeQuery):
    price_change_percent = PercentField(
        required=False, default=None, help_text="Default: the middle of the simulation's range."
    )
    demand_model = demand_model_field()


class CurveQuery(DateRangeQuery):
    demand_model = demand_model_field()


class SegmentMetricsSerializer(serializers.Serializer[Any]):
    priceChangePercent = serializers.FloatField()  # noqa: N815
    quantity = serializers.IntegerField()
    revenue = serializers.FloatField()
    deltaQuantityPercent = serializers.FloatField()  # noqa: N815
    deltaRevenuePercent = serializers.FloatField()  # noqa: N815


class _BySegment(serializers.Serializer[Any]):
    def get_fields(self) -> dict[str, Any]:
        return {name: SegmentMetricsSerializer() for name in SEGMENTS}


class MetricsSerializer(_BySegment):
    """Six segments, each with its figures at one price change."""


class CurvePointSerializer(serializers.Serializer[Any]):
    priceChangePercent = serializers.FloatField()  # noqa: N815
    total = SegmentMetricsSerializer()
    segments = MetricsSerializer()


class CurveSerializer(serializers.Serializer[Any]):
    simulationId = serializers.UUIDField()  # noqa: N815
    demandModel = serializers.CharField()  # noqa: N815
    points = CurvePointSerializer(many=True)
