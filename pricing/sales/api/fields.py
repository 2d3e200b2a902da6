"""Fields that the resources of every app share: product codes, and decimals that are answered as numbers."""

from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django_filters.rest_framework import CharFilter
from rest_framework import serializers

from elastix.api.fields import TextField, rounded
from elastix.api.filters import TextFormField
from elastix.fields import as_quantity
from elastix.shop import shop_currency
from pricing.sales.core.files import QUANTITY_PLACES
from pricing.sales.core.service_codes import LONGEST_CODE, normalise_code


class CodeField(TextField):
    """A product code in its normal form."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", LONGEST_CODE)
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> str:
        try:
            return normalise_code(super().to_internal_value(data))
        except ValueError as error:
            raise serializers.ValidationError(str(error), code="product_code") from error


class CodeFormField(TextFormField):
    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        try:
            return text and normalise_code(text)
        except ValueError as error:
            raise ValidationError(str(error), code="product_code") from error


class CodeFilter(CharFilter):  # type: ignore[misc]
    """Rows of one product, whose code may be written in any case."""

    field_class = CodeFormField


def amount_field(**kwargs: Any) -> serializers.DecimalField:
    """An amount of money that may be left out, not negative."""
    return AmountField(**{"min_value": Decimal(0), "required": False, "default": None} | kwargs)


class AmountField(serializers.DecimalField):
    """An amount of money with as many decimals as the shop's currency has, unless others are asked for."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"max_digits": 12, "decimal_places": shop_currency().decimals} | kwargs)


class QuantityField(serializers.DecimalField):
    """Units, exact to 3 decimals; in answers an integer where they are whole, else a number such as 1.25."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_digits=18, decimal_places=QUANTITY_PLACES, **kwargs)

    def to_internal_value(self, data: Any) -> int | Decimal:  # type: ignore[override]
        return as_quantity(super().to_internal_value(data))

    def to_representation(self, value: Any) -> int | float:  # type: ignore[override]
        found = as_quantity(value)
        return found if isinstance(found, int) else float(found)


class DecimalNumberField(serializers.DecimalField):
    """An exact decimal in requests; in answers a number with the same decimal places."""

    def to_representation(self, value: Any) -> float | None:  # type: ignore[override]
        return rounded(value, self.decimal_places or 0)
