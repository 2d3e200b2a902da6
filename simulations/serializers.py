"""Serializers of what-if and clearance requests, for the API and the pages."""

from decimal import Decimal
from typing import Any

from rest_framework import serializers

from elastix.api.fields import FiniteField
from pricing.elasticity.core.demand import DEMAND_MODELS
from pricing.recommendation.api.prices import price_field
from pricing.sales.api.fields import QuantityField, amount_field
from pricing.sales.models.products import MAX_PRICE
from simulations.selectors.clearance_case import LONGEST_DAYS, MOST_STEPS

LARGEST_FACTOR = 100.0
MOST_STOCK = 10_000_000


def demand_factor_field() -> FiniteField:
    text = "Demand as a multiple of the present one, for other reasons than price."
    return FiniteField(min_value=0.0, max_value=LARGEST_FACTOR, required=False, default=1.0, help_text=text)


def response_factor_field() -> FiniteField:
    text = "How much more or less than estimated customers answer to price; scales the elasticity."
    return FiniteField(min_value=0.5, max_value=2.0, required=False, default=1.0, help_text=text)


def demand_model_field() -> serializers.ChoiceField:
    text = "Default: the policy's."
    return serializers.ChoiceField(
        DEMAND_MODELS, required=False, default=None, allow_null=True, help_text=text
    )


class TriedSlidersSerializer(serializers.Serializer[Any]):
    """What the sliders of a product's page say; what is not said stays as it is."""

    price = price_field(required=False)
    cost = amount_field(decimal_places=4, max_value=MAX_PRICE)
    demand_factor = demand_factor_field()
    response_factor = response_factor_field()


class ClearanceAskedSerializer(serializers.Serializer[Any]):
    """What a plan is asked for with, beside its product: also by the desk's form."""

    end_date = serializers.DateField(help_text="Last day that the stock may be sold on.")
    start_date = serializers.DateField(
        required=False, allow_null=True, default=None, help_text="First day; default: the as-of date."
    )
    stock = QuantityField(
        min_value=Decimal("0.001"),
        max_value=MOST_STOCK,
        required=False,
        allow_null=True,
        default=None,
        help_text="Units to sell; default: the recorded stock.",
    )
    minimum_price = price_field(
        required=False,
        allow_null=True,
        default=None,
        help_text="How low the price may go, where the hard limits of the policy allow it.",
    )
    allow_below_cost = serializers.BooleanField(
        required=False,
        default=False,
        help_text="Cost and minimum margin do not limit the prices; `minimum_price` has to.",
    )
    salvage_value = amount_field(
        default=Decimal(0), help_text="What a unit that is left over brings, without tax."
    )
    step_days = serializers.IntegerField(
        required=False,
        allow_null=True,
        default=None,
        min_value=1,
        max_value=LONGEST_DAYS,
        help_text=f"Days that a price stays: 7 unless that makes more than {MOST_STEPS} prices.",
    )
    cost = amount_field(
        decimal_places=4,
        max_value=MAX_PRICE,
        allow_null=True,
        help_text="To be tried in place of the product's.",
    )
    demand_model = demand_model_field()
