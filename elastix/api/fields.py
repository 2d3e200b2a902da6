"""Serializer fields with the limits that the models have."""

import math
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from typing import Any

from django.conf import settings
from django.utils import timezone
from rest_framework import serializers

from elastix.shop import shop_currency

CONTROL = re.compile(r"[\x00-\x1f\x7f]")
LARGEST_WITH_CENTS = 1e13
FIRST_MOMENT = datetime(1970, 1, 2, tzinfo=UTC)


class TextField(serializers.CharField):
    """One line of text: stripped, without control characters."""

    def to_internal_value(self, data: Any) -> str:
        value: str = super().to_internal_value(data)
        if CONTROL.search(value):
            raise serializers.ValidationError("Control characters are not allowed.", code="control_character")
        return value


class ObjectField(serializers.JSONField):
    """A JSON object, also as the text that a form sends."""

    def to_internal_value(self, data: Any) -> Any:
        try:
            value = super().to_internal_value(data)
        except RecursionError as error:
            raise serializers.ValidationError("It is nested too deeply.", code="invalid") from error
        if not isinstance(value, dict):
            raise serializers.ValidationError("Expected a JSON object.", code="invalid")
        return value


class FiniteField(serializers.FloatField):
    """A number; neither infinite nor NaN, which floats can be written as."""

    def to_internal_value(self, data: Any) -> float:
        value: float = super().to_internal_value(data)
        if not math.isfinite(value):
            raise serializers.ValidationError("A valid number is required.", code="invalid")
        return value


class CustomerField(TextField):
    """A customer id; spreadsheets write numbers as 17850.0, blanks mean that nobody is known."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(allow_null=True, allow_blank=True, **kwargs)

    def to_internal_value(self, data: Any) -> str | None:  # type: ignore[override]
        value = super().to_internal_value(data)
        return re.sub(r"^(\d+)\.0+$", r"\1", value) or None


class MomentField(serializers.DateTimeField):
    """A date and time; without an offset it is in the shop's zone."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(default_timezone=settings.SHOP_TIME_ZONE, **kwargs)

    def to_internal_value(self, value: Any) -> datetime:
        moment: datetime = super().to_internal_value(value)
        if moment < FIRST_MOMENT:
            raise serializers.ValidationError("The date lies before 1970.", code="out_of_range")
        if moment > timezone.now() + timedelta(days=1):
            # One mistyped year would make every customer look lost: "today" is the day after the newest sale.
            raise serializers.ValidationError("The date lies in the future.", code="in_the_future")
        return moment.astimezone(UTC)


class PriceInputField(serializers.DecimalField):
    """A price in the shop's currency: at least its smallest unit, and no finer."""

    def __init__(self, **kwargs: Any) -> None:
        # A serializer builds its fields for each request, so this is the currency of now.
        currency = shop_currency()
        kwargs |= {"max_digits": 8 + currency.decimals, "decimal_places": currency.decimals}
        super().__init__(**{"min_value": currency.unit} | kwargs)

    def to_representation(self, value: Any) -> float | None:  # type: ignore[override]
        return money(value)


def money(value: Decimal | float | None) -> float | None:
    """Round an amount to the currency's decimals, halves away from zero, for JSON."""
    return rounded(value, shop_currency().decimals)


def known(value: float, places: int) -> float | None:
    """Round a number for JSON; None where it is not finite."""
    if not math.isfinite(value):
        return None
    # Beyond this a float has no cents to round.
    return rounded(float(value), places) if abs(value) < LARGEST_WITH_CENTS else float(value)


def rounded(value: Decimal | float | None, places: int) -> float | None:
    return None if value is None else rounder(places)(value)


@cache
def rounder(places: int) -> Callable[[Decimal | float], float]:
    """Return the function that rounds to a number of decimals, halves away from zero."""
    step = Decimal(1).scaleb(-places)

    def rounds(value: Decimal | float) -> float:
        exact = value if isinstance(value, Decimal) else Decimal(repr(float(value)))
        # Adding 0 makes a 0 of a -0.
        return float(exact.quantize(step, ROUND_HALF_UP)) + 0.0

    return rounds
