"""What may be tried on a product beside its price: for the API and the pages alike."""

from typing import Any

from rest_framework import serializers

from elastix.api.fields import FiniteField
from pricing.recommendation.api.prices import price_field
from pricing.sales.api.fields import amount_field
from pricing.sales.models.products import MAX_PRICE

LARGEST_FACTOR = 100.0


def demand_factor_field() -> FiniteField:
    text = "Demand as a multiple of the present one, for other reasons than price."
    return FiniteField(min_value=0.0, max_value=LARGEST_FACTOR, required=False, default=1.0, help_text=text)


def response_factor_field() -> FiniteField:
    text = "How much more or less than estimated customers answer to price; scales the elasticity."
    return FiniteField(min_value=0.5, max_value=2.0, required=False, default=1.0, help_text=text)


class TriedSlidersSerializer(serializers.Serializer[Any]):
    """What the sliders of a product's page say; what is not said stays as it is."""

    price = price_field(required=False)
    cost = amount_field(decimal_places=4, max_value=MAX_PRICE)
    demand_factor = demand_factor_field()
    response_factor = response_factor_field()
