"""Shapes of requests and answers: dynamic prices."""

import datetime as dt
from decimal import Decimal
from typing import Any

from django.conf import settings
from rest_framework import serializers

from elastix.api.fields import FIRST_MOMENT
from market.core.dynamic import PEAK_HOURS, PEAK_MULTIPLIER, SURGE_SENSITIVITY, URGENCY, DynamicSettings
from market.selectors.dynamic import Given
from pricing.recommendation.api.price_serializers import ConstraintSerializer, price_field
from pricing.recommendation.core.limits import ALL_RULES

LAST_MOMENT = dt.datetime(9000, 1, 1, tzinfo=dt.UTC)
SETTINGS = (
    *("urgency", "surge_sensitivity", "peak_multiplier", "peak_hours"),
    *("weekday_multiplier", "peak_weekdays"),
)


def _number(most: str, places: int, *, least: str = "0", help_text: str = "") -> serializers.DecimalField:
    return serializers.DecimalField(
        max_digits=12,
        decimal_places=places,
        min_value=Decimal(least),
        max_value=Decimal(most),
        required=False,
        allow_null=True,
        help_text=help_text,
    )


def _numbers(low: int, high: int, help_text: str) -> serializers.ListField:
    return serializers.ListField(
        child=serializers.IntegerField(min_value=low, max_value=high),
        max_length=24,
        required=False,
        help_text=help_text,
    )


class DynamicSerializer(serializers.Serializer[Any]):
    """What is to be tried in place of what is known; what is left out or null is as known."""

    base_price = price_field(required=False, allow_null=True)
    current_stock = _number("10000000", 4, least="-10000000")
    target_stock = _number("10000000", 4)
    current_demand = _number("10000000", 4, help_text="Units of some period.")
    expected_demand = _number("10000000", 4, help_text="Units that a period as long usually brings.")
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
    urgency = _number(
        "1", 4, help_text=f"Exponent of the stock's share of its target; {URGENCY} if not given."
    )
    surge_sensitivity = _number(
        "10", 4, help_text=f"Rise per 100 % of demand above the expected; {SURGE_SENSITIVITY} if not given."
    )
    peak_multiplier = _number(
        "10",
        4,
        least="-0.9",
        help_text=f"Rise in the peak hours, as a fraction; {PEAK_MULTIPLIER} if not given.",
    )
    peak_hours = _numbers(0, 23, f"{', '.join(map(str, PEAK_HOURS))} if not given.")
    weekday_multiplier = _number(
        "10", 4, least="-0.9", help_text="Change on the peak weekdays, as a fraction; 0 if not given."
    )
    peak_weekdays = _numbers(1, 7, "1: Monday; none if not given.")

    def validate_time(self, value: dt.datetime | None) -> dt.datetime | None:
        if value is not None and not FIRST_MOMENT <= value <= LAST_MOMENT:
            raise serializers.ValidationError("The time lies before 1970 or after 8999.", code="out_of_range")
        return value

    def given(self) -> Given:
        """What was asked, for the selector."""
        values = {name: value for name, value in self.validated_data.items() if value is not None}
        chosen: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else float(value)
            for name, value in values.items()
            if name in SETTINGS
        }
        known = {name: value for name, value in values.items() if name not in SETTINGS}
        for name in ("current_stock", "target_stock", "current_demand", "expected_demand"):
            if name in known:
                known[name] = float(known[name])
        return Given(**known, settings=DynamicSettings(**chosen))


class DynamicInputsSerializer(serializers.Serializer[Any]):
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


class DynamicPriceSerializer(serializers.Serializer[Any]):
    """A product's price with each of its factors; a factor is 1 when it is idle."""

    product_id = serializers.CharField()
    current_price = serializers.FloatField(allow_null=True)
    base_price = serializers.FloatField(
        allow_null=True, help_text="What the factors multiply: the price before repricing rules changed it."
    )
    inventory_adjustment = serializers.FloatField()
    surge_adjustment = serializers.FloatField()
    peak_hour_adjustment = serializers.FloatField()
    weekday_adjustment = serializers.FloatField()
    combined_adjustment = serializers.FloatField(help_text="Their product.")
    unconstrained_price = serializers.FloatField(allow_null=True, help_text="Before guardrails.")
    final_price = serializers.FloatField(allow_null=True)
    price_change = serializers.FloatField(allow_null=True, help_text="Against the present or given price.")
    price_change_percent = serializers.FloatField(allow_null=True)
    inputs = DynamicInputsSerializer()
    constraints = DynamicConstraintSerializer(many=True)
    warnings = serializers.ListField(child=serializers.CharField())
    last_updated = serializers.DateTimeField(allow_null=True)
