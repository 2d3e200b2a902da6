"""Shapes of requests and answers: many prices at once, categories."""

from decimal import Decimal
from typing import Any

from rest_framework import serializers

from elastix.api.fields import TextField
from pricing.elasticity.core.demand import CONSTANT_ELASTICITY, DEMAND_MODELS
from pricing.elasticity.models import Grade
from pricing.recommendation.api.price_serializers import fraction_field, price_field
from pricing.recommendation.core.inputs import PROFIT, STRATEGIES
from pricing.recommendation.selectors.policies import Overrides
from pricing.sales.api.serializers import CodeField

MOST_IDS = 10_000
SELECTORS = ("product_ids", "category", "filter")


class BulkFilterSerializer(serializers.Serializer[Any]):
    """Which active merchandise; all that is given has to apply, and nothing at all means the whole shop."""

    search = TextField(max_length=100, required=False, help_text="Part of the code or name.")
    category = TextField(max_length=100, required=False, allow_blank=True)
    min_price = price_field(required=False)
    max_price = price_field(required=False)
    grades = serializers.ListField(
        child=serializers.ChoiceField(Grade.choices),
        allow_empty=False,
        max_length=4,
        required=False,
        help_text="Of the elasticity.",
    )
    has_stock = serializers.BooleanField(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        return _price_order(attrs)


class ConstraintsSerializer(serializers.Serializer[Any]):
    """Limits in place of the policies'; each counts where it is narrower than these."""

    target_margin = fraction_field("0.99", required=False, help_text="0.30: 30 % of the price.")
    min_margin = fraction_field("0.99", required=False, help_text="0.30: 30 % of the price.")
    min_price = price_field(required=False)
    max_price = price_field(required=False)
    max_change_percent = serializers.DecimalField(
        max_digits=6,
        decimal_places=2,
        min_value=Decimal(0),
        max_value=Decimal(100),
        required=False,
        help_text="Largest change either way.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        return _price_order(attrs)


class BulkOptimizeSerializer(serializers.Serializer[Any]):
    """Exactly one of product_ids, category and filter says which products."""

    product_ids = serializers.ListField(
        child=CodeField(), allow_empty=False, max_length=MOST_IDS, required=False
    )
    category = TextField(
        max_length=100, allow_blank=True, required=False, help_text='"": products without one.'
    )
    filter = BulkFilterSerializer(required=False)
    strategy = serializers.ChoiceField(STRATEGIES, required=False, help_text="In place of the policies'.")
    demand_model = serializers.ChoiceField(
        DEMAND_MODELS, required=False, help_text="In place of the policies'."
    )
    constraints = ConstraintsSerializer(required=False)
    joint = serializers.BooleanField(
        required=False,
        default=False,
        help_text="Choose the prices together, with the cross effects between the products, for most profit.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        given = [name for name in SELECTORS if name in attrs]
        if len(given) != 1:
            said = f"{' and '.join(given)} were given" if given else "none was given"
            raise serializers.ValidationError(
                f"Say which products by exactly one of product_ids, category and filter; {said}.",
                code="selector",
            )
        if attrs["joint"]:
            if attrs.get("strategy", PROFIT) != PROFIT:
                raise serializers.ValidationError(
                    {"strategy": "Prices are chosen together for profit alone."}
                )
            if attrs.get("demand_model") == CONSTANT_ELASTICITY:
                raise serializers.ValidationError(
                    {"demand_model": "Prices are chosen together under linear demand alone."}
                )
        return attrs

    def overrides(self) -> Overrides:
        """What was asked for in place of the policies."""
        asked = self.validated_data
        limits = dict(asked.get("constraints", {}))
        percent = limits.pop("max_change_percent", None)
        return Overrides(
            strategy=asked.get("strategy"),
            demand_model=asked.get("demand_model"),
            minimum_margin=limits.pop("min_margin", None),
            max_change=None if percent is None else percent / 100,
            **limits,
        )


class UpliftSerializer(serializers.Serializer[Any]):
    """Expected change over 30 days if all recommendations are acted on; 80 % limits."""

    products = serializers.IntegerField(help_text="Products whose price is recommended to change.")
    revenue = serializers.FloatField()
    profit = serializers.FloatField()
    profit_low = serializers.FloatField()
    profit_high = serializers.FloatField()


class CategorySerializer(serializers.Serializer[Any]):
    category = serializers.CharField()
    label = serializers.CharField(  # type: ignore[assignment]
        help_text='The category, or "Uncategorised".'
    )
    products = serializers.IntegerField(help_text="Active merchandise.")
    revenue = serializers.FloatField(help_text="Of the 30 days to the as-of date, net of returns.")
    margin = serializers.FloatField(
        allow_null=True, help_text="Percent of the revenue whose products have a cost."
    )
    cost_known_percent = serializers.FloatField(
        allow_null=True, help_text="Percent of the revenue whose products have a cost, known or assumed."
    )
    elasticity = serializers.FloatField(allow_null=True, help_text="Mean of the published, by revenue.")
    uplift = UpliftSerializer()


class CategoriesSerializer(serializers.Serializer[Any]):
    categories = CategorySerializer(many=True)
    last_updated = serializers.DateTimeField(allow_null=True)


def _price_order(attrs: dict[str, Any]) -> dict[str, Any]:
    low, high = attrs.get("min_price"), attrs.get("max_price")
    if low is not None and high is not None and low > high:
        raise serializers.ValidationError(
            {"max_price": f"The highest price ({high}) lies below the lowest ({low})."}
        )
    return attrs
