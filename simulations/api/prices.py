"""/api/price and /api/analytics: simulate other prices. Nothing is saved."""

from collections.abc import Callable
from typing import Any

from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from elastix.api.fields import TextField
from elastix.api.operations import operation
from elastix.api.permissions import Role
from elastix.api.serializers import (
    KnownField,
    KnownMoneyField,
    PublishedSerializer,
    RoundedField,
    RowSerializer,
)
from elastix.api.versions import answer
from elastix.api.viewsets import ElastixViewSet
from pricing.elasticity.core.demand import DEMAND_MODELS
from pricing.recommendation.api.prices import (
    FiguresSerializer,
    IntervalSerializer,
    OtherModelSerializer,
    price_field,
)
from pricing.recommendation.core.impact import DECREASE, INCREASE, KEEP, RISK_LEVELS
from pricing.recommendation.core.scenarios import PRESETS
from pricing.sales.api.fields import CodeField, amount_field
from pricing.sales.models.products import MAX_PRICE
from pricing.sales.selectors.products import find_product
from simulations.api.periods import ComingDaysSerializer
from simulations.selectors.periods import ONLY_PRESENT_PRICE
from simulations.selectors.prices import (
    Projection,
    demand_over_prices,
    price_scenarios,
    price_simulation,
    profit_impact,
)
from simulations.serializers import demand_factor_field, demand_model_field, response_factor_field

MOST_SCENARIOS = 50


# --- requests ---------------------------------------------------------------------------------------------


class _TriedQuery(serializers.Serializer[Any]):
    """What a client's sliders may change beside the price."""

    cost = amount_field(
        decimal_places=4,
        max_value=MAX_PRICE,
        allow_null=True,
        help_text="To be tried in place of the product's.",
    )
    demand_factor = demand_factor_field()
    demand_model = demand_model_field()


class _TriedSerializer(_TriedQuery):
    product_id = CodeField()


class PriceSimulateSerializer(_TriedSerializer):
    new_price = price_field()
    response_factor = response_factor_field()


class ScenarioSerializer(serializers.Serializer[Any]):
    name = TextField(max_length=100)
    price = price_field(required=False, allow_null=True, default=None)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs["price"] is None and attrs["name"] not in PRESETS:
            raise serializers.ValidationError(
                {"price": f"A scenario needs a price, or one of these names: {', '.join(PRESETS)}."}
            )
        return attrs


class PriceScenariosSerializer(_TriedSerializer):
    scenarios = ScenarioSerializer(
        many=True,
        required=False,
        default=list,
        max_length=MOST_SCENARIOS,  # type: ignore[call-arg]
        help_text="Without any: Conservative, Recommended and Aggressive.",
    )


class DemandCurveQuery(_TriedQuery):
    min_price = price_field(required=False, default=None, help_text="Default: 30 % below the present price.")
    max_price = price_field(required=False, default=None, help_text="Default: 30 % above it.")
    points = serializers.IntegerField(required=False, default=21, min_value=2, max_value=500)
    response_factor = response_factor_field()


class ProfitImpactQuery(serializers.Serializer[Any]):
    new_price = price_field(required=False, default=None)
    fixed_costs = amount_field(
        max_digits=14, help_text="Costs of 30 days that do not depend on what is sold."
    )
    demand_model = demand_model_field()


# --- answers ----------------------------------------------------------------------------------------------


class _PremisesSerializer(PublishedSerializer):
    """What a projection rests on."""

    product_id = serializers.CharField(source="facts.code")
    days = serializers.IntegerField(help_text="Quantities and money are those of this many days.")
    period = ComingDaysSerializer(source="days", help_text="The days that quantities and money are of.")
    base = serializers.ChoiceField(ONLY_PRESENT_PRICE, help_text="What the current price is.")
    demand_model = serializers.ChoiceField(DEMAND_MODELS)
    linear_share = RoundedField(
        4, source="facts.linear_share", help_text="Weight of linear demand in the average of both models."
    )
    elasticity = KnownField(4, source="inputs.elasticity")
    quality = serializers.CharField(source="facts.grade", help_text="Grade of the elasticity, A to D.")
    evidence = serializers.CharField(
        source="facts.evidence",
        help_text="What the elasticity rests on: experimental, price_change, observational or borrowed.",
    )
    cost = KnownField(4, source="inputs.net_cost", help_text="Per unit, without tax.")
    tax_rate = RoundedField(
        2,
        source="facts.policy.included_tax",
        help_text="Percent that prices and revenue include; profit is net.",
    )
    cost_assumed = serializers.BooleanField(source="inputs.cost_assumed")
    warnings = serializers.ListField(child=serializers.CharField())


class ChangesSerializer(RowSerializer):
    revenue_change = KnownMoneyField(source="impact.change.revenue")
    revenue_change_percent = KnownField(1, source="impact.change_percent.revenue")
    profit_change = KnownMoneyField(source="impact.change.profit")
    profit_change_percent = KnownField(1, source="impact.change_percent.profit")
    quantity_change = KnownField(source="impact.change.quantity")
    quantity_change_percent = KnownField(1, source="impact.change_percent.quantity")


class PriceSimulationSerializer(_PremisesSerializer):
    demand_factor = serializers.FloatField()
    response_factor = serializers.FloatField(help_text="`elasticity` is the estimate times this.")
    current = FiguresSerializer(source="projected.impact.current")
    projected = FiguresSerializer(source="projected.impact.projected")
    impact = ChangesSerializer(source="projected")
    recommendation = serializers.ChoiceField(
        [INCREASE, DECREASE, KEEP],
        source="projected.impact.direction",
        help_text="Where the present price should go, for any price asked.",
    )
    interval = IntervalSerializer(source="projected.impact")
    probability_of_gain = KnownField(
        4,
        source="projected.impact.probability_of_gain",
        help_text="Of more profit; of revenue without a cost.",
    )
    risk_level = serializers.ChoiceField(RISK_LEVELS, source="projected.impact.risk_level")
    allowed = serializers.BooleanField(
        source="projected.allowed", help_text="Whether policies and guardrails allow the price."
    )
    other_model = OtherModelSerializer(
        allow_null=True, help_text="Projection of the other demand model, beyond 15 % of change."
    )


class ScenarioRowSerializer(ChangesSerializer):
    name = serializers.CharField()
    price = KnownMoneyField(source="impact.projected.price")
    is_baseline = serializers.BooleanField(help_text="It is the present price.")
    allowed = serializers.BooleanField(help_text="Whether policies and guardrails allow the price.")
    rank = serializers.IntegerField(help_text="1 for the most profit; for the most revenue without a cost.")
    projected_quantity = KnownField(source="impact.projected.quantity")
    projected_revenue = KnownMoneyField(source="impact.projected.revenue")
    projected_profit = KnownMoneyField(source="impact.projected.profit")
    probability_of_gain = KnownField(4, source="impact.probability_of_gain")
    interval = IntervalSerializer(source="impact")
    risk_level = serializers.ChoiceField(RISK_LEVELS, source="impact.risk_level")


class PriceComparisonSerializer(_PremisesSerializer):
    demand_factor = serializers.FloatField()
    scenarios = ScenarioRowSerializer(many=True, source="prices", help_text="By rank.")


class ProjectedFiguresSerializer(RowSerializer):
    price = KnownMoneyField(source="impact.projected.price")
    quantity = KnownField(source="impact.projected.quantity")
    revenue = KnownMoneyField(source="impact.projected.revenue")
    profit = KnownMoneyField(source="impact.projected.profit")


class CurvePricePointSerializer(ProjectedFiguresSerializer):
    quantity_low = KnownField(source="impact.low.quantity")
    quantity_high = KnownField(source="impact.high.quantity")


class DemandCurveSerializer(_PremisesSerializer):
    demand_factor = serializers.FloatField()
    response_factor = serializers.FloatField(help_text="`elasticity` is the estimate times this.")
    current_price = KnownMoneyField(source="inputs.price")
    curve_points = CurvePricePointSerializer(many=True, source="prices")


class ProfitRowSerializer(ProjectedFiguresSerializer):
    total_cost = KnownMoneyField(source="margins.total_cost")
    margin_percent = KnownField(1, source="margins.margin_percent")
    markup_percent = KnownField(1, source="margins.markup_percent")
    profit_per_unit = KnownField(4, source="margins.profit_per_unit")
    break_even_units = KnownField(
        source="margins.break_even_units",
        help_text="Units that earn back what the quantity cost; 0 where a unit earns nothing.",
    )
    break_even_units_fixed_costs = KnownMoneyField(
        source="margins.break_even_units_fixed_costs",
        help_text="Units that pay the fixed costs; null without these.",
    )


class ProfitImpactSerializer(_PremisesSerializer):
    fixed_costs = KnownMoneyField()
    current = ProfitRowSerializer()
    projected = ProfitRowSerializer(allow_null=True, help_text="At `new_price`.")
    points = ProfitRowSerializer(
        many=True, source="prices", help_text="From 30 % below the present price to 30 % above it."
    )


class _ProjectingViewSet(ElastixViewSet):
    def _answer(self, code: str, project: Callable[..., Projection], asked: dict[str, Any]) -> Response:
        """Answer with what a selector projects for a product, as the operation declares it."""
        code, render = find_product(code).code, self.operation.response  # type: ignore[union-attr]
        return answer(
            self.request,
            lambda version: render(project(code, **asked), context={"version": version}).data,
            etag=False,
        )


class PriceTrialViewSet(_ProjectingViewSet):
    """Prices to be tried on one product."""

    @action(detail=False, methods=["post"])
    @operation(
        body=PriceSimulateSerializer, response=PriceSimulationSerializer, errors=(404,), role=Role.VIEWER
    )
    def simulate(self, request: Request) -> Response:
        """Project a product's units, revenue and profit of 30 days to another price."""
        asked = self.validated()
        return self._answer(asked.pop("product_id"), price_simulation, asked)

    @action(detail=False, methods=["post"])
    @operation(
        body=PriceScenariosSerializer, response=PriceComparisonSerializer, errors=(404,), role=Role.VIEWER
    )
    def scenarios(self, request: Request) -> Response:
        """Compare prices of a product with its present one, the best first."""
        asked = self.validated()
        asked["scenarios"] = [(each["name"], each["price"]) for each in asked["scenarios"]]
        return self._answer(asked.pop("product_id"), price_scenarios, asked)


class PriceAnalysisViewSet(_ProjectingViewSet):
    """One product over a range of prices."""

    @action(detail=False, url_path="demand-curve/<product_code:code>")
    @operation(query=DemandCurveQuery, response=DemandCurveSerializer)
    def demand_curve(self, request: Request, code: str) -> Response:
        """A product's units, revenue and profit of 30 days over a range of prices."""
        return self._answer(code, demand_over_prices, self.query)

    @action(detail=False, url_path="profit-impact/<product_code:code>")
    @operation(query=ProfitImpactQuery, response=ProfitImpactSerializer)
    def profit_impact(self, request: Request, code: str) -> Response:
        """Margin, markup, profit and break-even of a product now, at another price, and over a range of prices."""
        return self._answer(code, profit_impact, self.query)
