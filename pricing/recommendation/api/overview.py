"""GET /api/overview: key figures of the shop, and which steps of its setup are done."""

from collections.abc import Callable
from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from elastix.api.operations import operation
from elastix.api.serializers import MoneyField, PercentField, PublishedSerializer, RowSerializer
from elastix.api.versions import answer
from elastix.api.viewsets import ElastixViewSet
from pricing.recommendation.selectors.overview import shop_overview
from pricing.sales.api.fields import QuantityField


class SetupSerializer(RowSerializer):
    """What recommendations need, and how much of it is there."""

    has_sales = serializers.BooleanField()
    products = serializers.IntegerField(help_text="Active merchandise.")
    with_cost = serializers.IntegerField()
    with_assumed_cost = serializers.IntegerField(
        help_text="Without a cost of their own; a policy assumes one."
    )
    shop_cost_ratio = serializers.FloatField(
        allow_null=True, help_text="What the shop's policy takes an unknown cost to be, of the price."
    )
    with_category = serializers.IntegerField()
    policies = serializers.IntegerField()
    users = serializers.IntegerField(help_text="Two are needed: nobody approves what they proposed.")
    is_done = serializers.BooleanField()


def _figure(field: Callable[..., Any], name: str) -> type[RowSerializer]:
    """A figure of the last days beside those before and a year ago, and of each day; null where it is not known."""
    fields = {each: field(allow_null=True) for each in ("now", "before", "last_year")}
    series = serializers.ListField(child=field(allow_null=True), help_text="Of each day, oldest first.")
    return type(name, (RowSerializer,), {**fields, "series": series})


MoneyFigureSerializer = _figure(MoneyField, "MoneyFigureSerializer")
PercentFigureSerializer = _figure(PercentField, "PercentFigureSerializer")
UnitsFigureSerializer = _figure(QuantityField, "UnitsFigureSerializer")


class DayRevenueSerializer(RowSerializer):
    date = serializers.DateField()
    revenue = MoneyField()


class ShopFiguresSerializer(RowSerializer):
    days = serializers.IntegerField()
    first_day = serializers.DateField()
    last_day = serializers.DateField()
    revenue = MoneyFigureSerializer()
    profit = MoneyFigureSerializer(help_text="Of the products whose cost is known or assumed; net of tax.")
    margin_percent = PercentFigureSerializer()
    units = UnitsFigureSerializer()
    covered_percent = PercentField(allow_null=True, help_text="Of the revenue: what `profit` rests on.")
    assumed_percent = PercentField(allow_null=True, help_text="Of the revenue: whose cost is assumed.")
    sold = DayRevenueSerializer(many=True, help_text="Days of twice the length.")
    expected = DayRevenueSerializer(many=True, help_text="The days to come, at the prices sold at now.")


class WorthSerializer(RowSerializer):
    """What acting on all recommendations would bring in 30 days, with its 80 % interval."""

    prices = serializers.IntegerField(help_text="Prices to change.")
    profit = MoneyField()
    low = MoneyField()
    high = MoneyField()


class OverviewSerializer(PublishedSerializer):
    setup = SetupSerializer()
    figures = ShopFiguresSerializer(allow_null=True, help_text="Null without sales.")
    worth = WorthSerializer(
        allow_null=True, help_text="Null until recommendations are summed up, after a recompute."
    )


class OverviewViewSet(ElastixViewSet):
    """The shop as a whole."""

    @operation(response=OverviewSerializer)
    def list(self, request: Request) -> Response:
        """How the shop does in 28 days against those before and last year, what recommendations are worth, what is missing."""
        return answer(request, lambda version: OverviewSerializer(shop_overview(version)).data, etag=False)
