"""/api/price/clearance: the path of prices that clears a stock by a day. Nothing is saved, nothing applied."""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from elastix.api.operations import operation
from elastix.api.permissions import Role
from elastix.api.serializers import (
    KnownField,
    KnownMoneyField,
    MoneyField,
    PercentField,
    PublishedSerializer,
    RoundedField,
    RowSerializer,
)
from elastix.api.versions import answer
from elastix.api.viewsets import ElastixViewSet
from pricing.changes.core.prior_price import PRIOR_STATES
from pricing.elasticity.core.demand import DEMAND_MODELS
from pricing.recommendation.api.prices import ConstraintSerializer
from pricing.recommendation.core.limits import HARD
from pricing.sales.api.fields import CodeField, QuantityField
from pricing.sales.selectors.products import find_product
from simulations.selectors.clearance import ROWS, clearance
from simulations.selectors.clearance_case import STOCK_SOURCES, ClearanceAsked
from simulations.serializers import ClearanceAskedSerializer

HARD_RULES = [rule.name for rule in HARD]


class ClearanceQuerySerializer(ClearanceAskedSerializer):
    product_id = CodeField()


class HardLimitSerializer(ConstraintSerializer):
    rule = serializers.ChoiceField(HARD_RULES)
    binding = serializers.BooleanField(help_text="The path ends there.")


class StepSerializer(RowSerializer):
    """Means of what a price of the path brings."""

    start_date = serializers.DateField()
    end_date = serializers.DateField(help_text="Inclusive.")
    price = KnownMoneyField()
    units = KnownField()
    revenue = KnownMoneyField()
    stock_left = KnownField(help_text="At the end of the step.")
    probability_sold_out = KnownField(4, source="sold_out", help_text="By the end of the step.")
    prior_state = serializers.ChoiceField(
        PRIOR_STATES, source="prior.state", help_text="As if all steps before had come into force."
    )
    prior_price = MoneyField(
        source="prior.prior_price",
        allow_null=True,
        help_text="Lowest of the 30 days before the reduction: to be printed with it.",
    )
    discount_percent = PercentField(
        source="prior.discount_percent", allow_null=True, help_text="That may be announced."
    )


class _MoneyIntervalField(serializers.ListField):
    """Lowest and highest amount that is expected with a probability of 80 %."""

    def to_representation(self, data: Any) -> list[Any]:
        return [KnownMoneyField().to_representation(each) for each in data]


def _interval(source: str) -> serializers.ListField:
    return _MoneyIntervalField(
        source=source, child=serializers.FloatField(), min_length=2, max_length=2, help_text="80 %."
    )


class ClearanceRowSerializer(RowSerializer):
    """One way to sell the stock: the plan, the best single lower price from now on, the present price."""

    name = serializers.ChoiceField(ROWS)
    first_price = KnownMoneyField()
    last_price = KnownMoneyField()
    units = KnownField(source="figures.total_units")
    stock_left = KnownField()
    revenue = KnownMoneyField(source="figures.total_revenue")
    revenue_interval = _interval("figures.revenue_interval")
    proceeds = KnownMoneyField(
        source="figures.proceeds", help_text="Revenue without tax, and the salvage value of what is left."
    )
    proceeds_interval = _interval("figures.proceeds_interval")
    probability_sold_out = KnownField(4, source="figures.sold_out", help_text="By the last day.")


class ProposedSerializer(RowSerializer):
    product_id = serializers.CharField()
    new_price = MoneyField()
    reason = serializers.CharField()


class ClearanceSerializer(PublishedSerializer):
    product_id = serializers.CharField(source="facts.code")
    start_date = serializers.DateField()
    end_date = serializers.DateField(help_text="Inclusive.")
    step_days = serializers.IntegerField()
    stock = QuantityField()
    stock_source = serializers.ChoiceField(STOCK_SOURCES)
    salvage_value = MoneyField()
    current_price = KnownMoneyField(source="inputs.price")
    expected_units = KnownField(
        source="expected",
        help_text="Forecast of these days at the price that was sold at, whatever the stock.",
    )
    demand_model = serializers.ChoiceField(DEMAND_MODELS)
    linear_share = RoundedField(
        4, source="facts.linear_share", help_text="Weight of linear demand in the average of both models."
    )
    elasticity = KnownField(4, source="inputs.elasticity")
    std_error = KnownField(4, source="inputs.std_error")
    quality = serializers.CharField(source="facts.grade", help_text="Grade of the elasticity, A to D.")
    evidence = serializers.CharField(
        source="facts.evidence",
        help_text="What the elasticity rests on: experimental, price_change, observational or borrowed.",
    )
    dispersion = RoundedField(2, help_text="Variance over mean of the units sold.")
    rate_error = RoundedField(4, help_text="Relative standard deviation of the rate of sales.")
    cost = KnownField(4, source="inputs.net_cost", help_text="Per unit, without tax.")
    cost_assumed = serializers.BooleanField(source="inputs.cost_assumed")
    tax_rate = RoundedField(
        2, source="facts.policy.included_tax", help_text="Percent that prices and revenue include."
    )
    floor = HardLimitSerializer(help_text="The limit that is the lowest price.")
    constraints = HardLimitSerializer(many=True, source="limits", help_text="Hard limits that apply.")
    path = StepSerializer(many=True, source="steps")
    compared = ClearanceRowSerializer(many=True, source="rows", help_text="The plan first.")
    probability_of_gain = RoundedField(
        4, source="gain", help_text="That the plan brings more than the present price."
    )
    proposal = ProposedSerializer(
        allow_null=True,
        help_text="Body of POST /api/price/changes for the first step; null where there is none that it would take.",
    )
    warnings = serializers.ListField(child=serializers.CharField())


class ClearanceViewSet(ElastixViewSet):
    """Stocks that have to be sold by a day."""

    @operation(
        body=ClearanceQuerySerializer,
        response=ClearanceSerializer,
        status=200,
        errors=(404, 409),
        role=Role.VIEWER,
    )
    def create(self, request: Request) -> Response:
        """Plan the markdowns that clear a product's stock by a day, with their risk.

        The path never rises. It is to be asked for again as sales come in: with the stock that is left then.
        """
        asked = dict(self.validated())
        code = find_product(asked.pop("product_id")).code
        return answer(
            request,
            lambda version: ClearanceSerializer(clearance(code, version, ClearanceAsked(**asked))).data,
            etag=False,
        )
