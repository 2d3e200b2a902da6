"""/api/price/dynamic: a price adjusted for stock, demand and time."""

import datetime as dt
from decimal import Decimal
from typing import Any

from django.conf import settings
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from elastix.api.fields import FIRST_MOMENT
from elastix.api.operations import operation
from elastix.api.permissions import Role
from elastix.api.serializers import MoneyField, PercentField, PublishedSerializer, RoundedField, RowSerializer
from elastix.api.versions import answer
from elastix.api.viewsets import ElastixViewSet
from market.core.dynamic import PEAK_HOURS, PEAK_MULTIPLIER, SURGE_SENSITIVITY, URGENCY, DynamicSettings
from market.selectors.dynamic import Given, dynamic_price
from pricing.recommendation.api.prices import ConstraintSerializer, price_field
from pricing.recommendation.core.limits import ALL_RULES
from pricing.sales.models import Product
from pricing.sales.selectors.products import find_product

LAST_MOMENT = dt.datetime(9000, 1, 1, tzinfo=dt.UTC)
SETTINGS = (
    *("urgency", "surge_sensitivity", "peak_multiplier", "peak_hours"),
    *("weekday_multiplier", "peak_weekdays"),
)


class NumberField(serializers.DecimalField):
    """A number of at most four decimals, for the computation with floats; may be left out."""

    def __init__(self, most: str, *, least: str = "0", **kwargs: Any) -> None:
        kwargs |= {"min_value": Decimal(least), "max_value": Decimal(most)}
        super().__init__(12, 4, required=False, allow_null=True, **kwargs)

    def run_validation(self, data: Any = serializers.empty) -> Any:
        value = super().run_validation(data)
        return None if value is None else float(value)


def _numbers(low: int, high: int, help_text: str) -> serializers.ListField:
    child = serializers.IntegerField(min_value=low, max_value=high)
    return serializers.ListField(child=child, max_length=24, required=False, help_text=help_text)


class DynamicSerializer(serializers.Serializer[Any]):
    """What is to be tried in place of what is known; what is left out or null is as known."""

    base_price = price_field(required=False, allow_null=True)
    current_stock = NumberField("10000000", least="-10000000")
    target_stock = NumberField("10000000")
    current_demand = NumberField("10000000", help_text="Units of some period.")
    expected_demand = NumberField("10000000", help_text="Units that a period as long usually brings.")
    time = serializers.DateTimeField(
        required=False,
        allow_null=True,
        default_timezone=settings.SHOP_TIME_ZONE,
        help_text="Without an offset: the shop's.",
    )
    time_of_day = serializers.IntegerField(
        required=False, allow_null=True, min_value=0, max_value=23, help_text="The hour; goes before `time`."
    )
    weekday = serializers.IntegerField(
        required=False, allow_null=True, min_value=1, max_value=7, help_text="1: Monday; goes before `time`."
    )
    urgency = NumberField(
        "1", help_text=f"Exponent of the stock's share of its target; {URGENCY} if not given."
    )
    surge_sensitivity = NumberField(
        "10", help_text=f"Rise per 100 % of demand above the expected; {SURGE_SENSITIVITY} if not given."
    )
    peak_multiplier = NumberField(
        "10",
        least="-0.9",
        help_text=f"Rise in the peak hours, as a fraction; {PEAK_MULTIPLIER} if not given.",
    )
    peak_hours = _numbers(0, 23, f"{', '.join(map(str, PEAK_HOURS))} if not given.")
    weekday_multiplier = NumberField(
        "10", least="-0.9", help_text="Change on the peak weekdays, as a fraction; 0 if not given."
    )
    peak_weekdays = _numbers(1, 7, "1: Monday; none if not given.")

    def validate_time(self, value: dt.datetime | None) -> dt.datetime | None:
        if value is not None and not FIRST_MOMENT <= value <= LAST_MOMENT:
            raise serializers.ValidationError("The time lies before 1970 or after 8999.", code="out_of_range")
        return value


class DynamicInputsSerializer(RowSerializer):
    current_stock = serializers.FloatField(allow_null=True)
    target_stock = serializers.FloatField(allow_null=True)
    current_demand = serializers.FloatField(
        allow_null=True, help_text="Units; unless given, of the 7 days before the as-of date."
    )
    expected_demand = serializers.FloatField(
        allow_null=True,
        help_text="Unless given, a quarter of the 28 days before those; null if under 5 units.",
    )
    time_of_day = serializers.IntegerField()
    weekday = serializers.IntegerField(help_text="1: Monday.")


class DynamicConstraintSerializer(ConstraintSerializer):
    rule = serializers.ChoiceField(ALL_RULES)


class DynamicPriceSerializer(PublishedSerializer):
    """A product's price with each of its factors; a factor is 1 when it is idle."""

    product_id = serializers.CharField(source="product.code")
    current_price = MoneyField(allow_null=True)
    base_price = MoneyField(
        allow_null=True, help_text="What the factors multiply: the price before repricing rules changed it."
    )
    inventory_adjustment = RoundedField(4, source="factors.inventory")
    surge_adjustment = RoundedField(4, source="factors.surge")
    peak_hour_adjustment = RoundedField(4, source="factors.peak_hour")
    weekday_adjustment = RoundedField(4, source="factors.weekday")
    combined_adjustment = RoundedField(4, source="factors.combined", help_text="Their product.")
    unconstrained_price = MoneyField(allow_null=True, help_text="Before guardrails.")
    final_price = MoneyField(allow_null=True)
    price_change = MoneyField(allow_null=True, help_text="Against the present or given price.")
    price_change_percent = PercentField(allow_null=True)
    inputs = DynamicInputsSerializer()
    constraints = DynamicConstraintSerializer(many=True)
    warnings = serializers.ListField(child=serializers.CharField())


class DynamicPriceViewSet(ElastixViewSet):
    """Prices that follow stock, demand and time. Nothing here changes a price."""

    @action(detail=False, url_path="dynamic/<product_code:code>")
    @operation(response=DynamicPriceSerializer)
    def dynamic(self, request: Request, code: str) -> Response:
        """A product's price with each factor, from its own stock and demand and the shop's time."""
        return self._answer(request, find_product(code))

    @dynamic.mapping.post
    @operation(body=DynamicSerializer, response=DynamicPriceSerializer, role=Role.VIEWER)
    def try_dynamic(self, request: Request, code: str) -> Response:
        """A product's price with each factor, from the stock, demand and time that the body gives."""
        product = find_product(code)
        given = {name: value for name, value in self.validated().items() if value is not None}
        chosen = {name: given.pop(name) for name in SETTINGS if name in given}
        return self._answer(request, product, Given(**given, settings=DynamicSettings(**chosen)))

    @staticmethod
    def _answer(request: Request, product: Product, asked: Given | None = None) -> Response:
        return answer(
            request, lambda version: DynamicPriceSerializer(dynamic_price(product, asked)).data, etag=False
        )
