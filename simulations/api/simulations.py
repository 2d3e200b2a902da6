"""/simulate and /simulations: simulate a price change of a product, once or saved."""

from typing import Any
from uuid import UUID

from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from elastix.api.fields import FiniteField, TextField
from elastix.api.filters import Ordering, StrictFilterSet, TextFilter
from elastix.api.operations import operation
from elastix.api.parameters import DateRangeQuery
from elastix.api.permissions import Role
from elastix.api.serializers import (
    ElasticityField,
    KnownField,
    KnownMoneyField,
    MoneyField,
    PublishedSerializer,
    RoundedField,
    RowSerializer,
)
from elastix.api.versions import answer
from elastix.api.viewsets import ElastixViewSet
from pricing.elasticity.core.demand import DEMAND_MODELS, LINEAR
from pricing.recommendation.api.prices import IntervalSerializer
from pricing.sales.api.fields import CodeField, QuantityField
from pricing.sales.core.service_codes import LONGEST_CODE
from segments.core.rfm import SEGMENTS
from simulations.api.periods import PeriodSerializer
from simulations.models import HIGHEST_PERCENT, LOWEST_PERCENT, MOST_STEPS, Simulation
from simulations.selectors.comparison import MOST_COMPARED, compare_simulations
from simulations.selectors.periods import ALL_SALES, BASES, PERIODS
from simulations.selectors.simulations import (
    find_simulation,
    quick_simulation,
    simulation_curve,
    simulation_metrics,
)
from simulations.services.simulations import simulation_create, simulation_delete, simulation_update


def change_field(**kwargs: Any) -> FiniteField:
    """A price change in percent."""
    return FiniteField(min_value=LOWEST_PERCENT, max_value=HIGHEST_PERCENT, **kwargs)


def demand_model_field() -> serializers.ChoiceField:
    return serializers.ChoiceField(choices=DEMAND_MODELS, required=False, default=LINEAR)


# --- one price change -------------------------------------------------------------------------------------


class SimulateSerializer(serializers.Serializer[Any]):
    stock_code = CodeField()
    price_change_percent = change_field()
    demand_model = serializers.ChoiceField(
        choices=DEMAND_MODELS,
        required=False,
        default=None,
        help_text="Default: linear over all sales, that of the product's policy in the next 30 days.",
    )
    period = serializers.ChoiceField(
        choices=PERIODS,
        required=False,
        default=ALL_SALES,
        help_text="Of the quantities and revenues: all sales, from the average price paid, or the next 30 days, from "
        "the present price, as /api/price/simulate answers.",
    )


class SimulateAnswerSerializer(PublishedSerializer):
    stock_code = serializers.CharField(source="product.code")
    description = serializers.CharField(source="product.name")
    period = PeriodSerializer(help_text="The days that quantities and revenues are of.")
    base = serializers.ChoiceField(BASES, help_text="What `current_price` is.")
    current_price = MoneyField(source="sales.price")
    current_quantity = QuantityField(source="sales.quantity")
    current_revenue = MoneyField(source="sales.revenue")
    price_change_percent = serializers.FloatField(source="projected.price_change_percent")
    elasticity = ElasticityField()
    r_squared = ElasticityField()
    projected_price = MoneyField(source="projected.price")
    projected_quantity = QuantityField(source="projected.quantity")
    projected_revenue = MoneyField(source="projected.revenue")
    quantity_change_percent = RoundedField(2, source="projected.quantity_change_percent")
    revenue_change_percent = RoundedField(2, source="projected.revenue_change_percent")
    revenue_delta = MoneyField()
    interval = serializers.DictField(
        child=MoneyField(), help_text="80 % interval of the projected quantity and revenue."
    )
    demand_model = serializers.CharField()
    quality = serializers.CharField()
    warnings = serializers.ListField(child=serializers.CharField())


class SimulateViewSet(ElastixViewSet):
    """Price changes to try on a product."""

    @operation(body=SimulateSerializer, response=SimulateAnswerSerializer, errors=(404,), role=Role.VIEWER)
    def create(self, request: Request) -> Response:
        """Project a product's quantity and revenue, over all its sales or in the next 30 days, to another price."""
        asked = self.validated()
        return answer(
            request,
            lambda version: SimulateAnswerSerializer(quick_simulation(version, **asked)).data,
            etag=False,
        )


# --- saved simulations ------------------------------------------------------------------------------------


class PriceRangeField(serializers.ListField):
    """[from, to, step] in percent."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(child=change_field(), **kwargs)

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
        return values


class SimulationSerializer(RowSerializer):
    simulationId = serializers.UUIDField(read_only=True, source="pk")
    name = TextField(max_length=255)
    description = serializers.CharField(
        max_length=10_000,
        required=False,
        allow_blank=True,
        allow_null=True,
        default="",
        help_text="null: empty.",
    )
    stockItemRef = CodeField(source="stock_code", required=False, allow_blank=True, default="")
    priceRange = PriceRangeField(source="price_range", required=False, default=lambda: [-10.0, 10.0, 1.0])

    def validate_description(self, value: str | None) -> str:
        return value or ""


class CurveQuery(DateRangeQuery):
    demand_model = demand_model_field()


class MetricsQuery(CurveQuery):
    price_change_percent = change_field(
        required=False, default=None, help_text="Default: the middle of the simulation's range."
    )


class SegmentMetricsSerializer(RowSerializer):
    priceChangePercent = serializers.FloatField(source="price_change_percent")
    quantity = QuantityField()
    revenue = MoneyField()
    deltaQuantityPercent = RoundedField(2, source="quantity_change_percent")
    deltaRevenuePercent = RoundedField(2, source="revenue_change_percent")


SegmentsSerializer = type(
    "SegmentsSerializer", (RowSerializer,), {name: SegmentMetricsSerializer() for name in SEGMENTS}
)


class CurvePointSerializer(RowSerializer):
    priceChangePercent = serializers.FloatField(source="total.price_change_percent")
    total = SegmentMetricsSerializer()
    segments = SegmentsSerializer()


MetricsSerializer = type(
    "MetricsSerializer", (PublishedSerializer,), {name: SegmentMetricsSerializer() for name in SEGMENTS}
)


class CurveSerializer(PublishedSerializer):
    simulationId = serializers.UUIDField(source="simulation.pk")
    period = PeriodSerializer(help_text="The days that quantities and revenues are of.")
    base = serializers.ChoiceField(BASES, help_text="What the changes are of: the average price paid.")
    demandModel = serializers.CharField(source="demand_model")
    points = CurvePointSerializer(many=True)


class ComparisonQuery(serializers.Serializer[Any]):
    id = serializers.ListField(
        child=serializers.UUIDField(),
        min_length=1,
        max_length=MOST_COMPARED,
        help_text=f"Repeatable: up to {MOST_COMPARED} simulations.",
    )
    price_change_percent = change_field(
        required=False, default=None, help_text="Default: the best of each simulation's range."
    )


class ComparedPriceSerializer(RowSerializer):
    price = KnownMoneyField(source="impact.projected.price")
    quantity = KnownField(source="impact.projected.quantity")
    revenue = KnownMoneyField(source="impact.projected.revenue")
    profit = KnownMoneyField(source="impact.projected.profit")


class ComparedPointSerializer(ComparedPriceSerializer):
    revenue_change = KnownMoneyField(source="impact.change.revenue")
    profit_change = KnownMoneyField(source="impact.change.profit")
    probability_of_gain = KnownField(4, source="impact.probability_of_gain")
    allowed = serializers.BooleanField(help_text="Whether policies and guardrails allow the price.")
    interval = IntervalSerializer(source="impact")


class ComparedProjectionSerializer(RowSerializer):
    demand_model = serializers.ChoiceField(DEMAND_MODELS)
    elasticity = KnownField(4, source="inputs.elasticity")
    quality = serializers.CharField(source="facts.grade")
    base = serializers.ChoiceField(BASES, help_text="What the current price is.")
    current = ComparedPriceSerializer()
    projected = ComparedPointSerializer(help_text="At `price_change_percent`.")
    points = ComparedPointSerializer(many=True, source="prices", help_text="At each of `changes`.")
    warnings = serializers.ListField(child=serializers.CharField())


class ComparedSimulationSerializer(RowSerializer):
    simulationId = serializers.UUIDField(source="simulation.pk")
    name = serializers.CharField(source="simulation.name")
    stockItemRef = serializers.CharField(source="simulation.stock_code")
    obstacle = serializers.CharField(help_text="Why there is no projection: DRAFT, SERVICE or NO_PRICE.")
    price_change_percent = serializers.FloatField(source="change", allow_null=True)
    changes = serializers.ListField(child=serializers.FloatField())
    projection = ComparedProjectionSerializer(allow_null=True)
    segments = SegmentsSerializer(allow_null=True, help_text="null without a projection.")


class ComparisonSerializer(PublishedSerializer):
    period = PeriodSerializer(help_text="Of all figures but those of the segments.")
    segments_period = PeriodSerializer(
        help_text="Of the segments' figures, which start from the average price paid in it."
    )
    items = ComparedSimulationSerializer(many=True)


class SimulationFilterSet(StrictFilterSet):
    name = TextFilter(max_length=255, lookup_expr="icontains", help_text="A part of the name.")
    stockItemRef = TextFilter(
        field_name="product_id", max_length=LONGEST_CODE, help_text="Code of the product."
    )
    ordering = Ordering(
        {"created_at": "created_at", "name": "name", "product": "product_id"},
        default="-created_at",
    )


class SimulationViewSet(ElastixViewSet):
    """Saved ranges of price changes to try on a product. A draft has no product yet."""

    queryset = Simulation.objects.order_by("-created_at", "id")
    filterset_class = SimulationFilterSet
    edited = Simulation
    default_limit = 1000
    lookup_url_kwarg = "simulation_id"
    lookup_value_converter = "uuid"

    @operation(response=SimulationSerializer, lists=True)
    def list(self, request: Request) -> Response:
        """The saved simulations, newest first."""
        return self.page(self.filtered(self.get_queryset()))

    @operation(body=SimulationSerializer, response=SimulationSerializer, status=201)
    def create(self, request: Request) -> Response:
        """Save a simulation; without a product it is a draft."""
        made = simulation_create(self.validated(), user=request.user)
        return Response(SimulationSerializer(made).data, status=201)

    @operation(response=SimulationSerializer)
    def retrieve(self, request: Request, simulation_id: UUID) -> Response:
        """One saved simulation."""
        return Response(SimulationSerializer(find_simulation(simulation_id)).data)

    @operation(body=SimulationSerializer, partial=True, response=SimulationSerializer)
    def update(self, request: Request, simulation_id: UUID) -> Response:
        """Change what the body names of a simulation."""
        find_simulation(simulation_id)
        changed = simulation_update(simulation_id, self.validated())
        return Response(SimulationSerializer(changed).data)

    @operation(status=204)
    def destroy(self, request: Request, simulation_id: UUID) -> Response:
        """Delete a simulation."""
        simulation_delete(simulation_id)
        return Response(status=204)

    @action(detail=False)
    @operation(query=ComparisonQuery, response=ComparisonSerializer, errors=(404,))
    def comparison(self, request: Request) -> Response:
        """Up to four simulations side by side: units, revenue and profit of the next 30 days at the best of each range."""
        asked = self.query
        return answer(
            request,
            lambda version: (
                ComparisonSerializer(
                    compare_simulations(
                        version, ids=asked["id"], price_change_percent=asked["price_change_percent"]
                    )
                ).data
            ),
            etag=False,
        )

    @action(detail=True)
    @operation(query=MetricsQuery, response=MetricsSerializer)
    def metrics(self, request: Request, simulation_id: UUID) -> Response:
        """Each segment's quantity and revenue at one price change."""
        simulation = find_simulation(simulation_id)
        return answer(
            request,
            lambda version: MetricsSerializer(simulation_metrics(simulation, **self.query)).data,
            etag=False,
        )

    @action(detail=True)
    @operation(query=CurveQuery, response=CurveSerializer)
    def curve(self, request: Request, simulation_id: UUID) -> Response:
        """The metrics at every step of the simulation's range, in total and by segment."""
        simulation = find_simulation(simulation_id)
        return answer(
            request,
            lambda version: CurveSerializer(simulation_curve(version, simulation, **self.query)).data,
            etag=False,
        )
