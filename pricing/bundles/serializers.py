"""Shapes of requests and answers: pairs of products and bundles."""

from decimal import Decimal
from typing import Any

from rest_framework import serializers

from elastix.api.fields import TextField
from elastix.api.parameters import QuerySerializer, limit_field
from pricing.bundles.core.cross_price import RELATIONSHIPS
from pricing.bundles.selectors.pairs import SOURCES
from pricing.recommendation.api.price_serializers import fraction_field
from pricing.sales.api.serializers import CodeField

FEWEST, MOST = 2, 6


class CrossElasticityQuery(QuerySerializer):
    product_x = CodeField(help_text="Whose demand.")
    product_y = CodeField(help_text="Whose price.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs["product_x"] == attrs["product_y"]:
            raise serializers.ValidationError(
                {
                    "product_y": "Name two different products; a product's answer to its own price is at "
                    f"/api/analytics/elasticity/{attrs['product_x']}."
                },
                code="same",
            )
        return attrs


class CrossElasticitySerializer(serializers.Serializer[Any]):
    product_x = serializers.CharField()
    product_y = serializers.CharField()
    cross_elasticity = serializers.FloatField(
        allow_null=True, help_text="Percent more of product_x sold for 1 % on the price of product_y."
    )
    relationship = serializers.ChoiceField(
        RELATIONSHIPS, help_text="independent unless the 95 % interval excludes 0."
    )
    std_error = serializers.FloatField(allow_null=True)
    ci_low = serializers.FloatField(allow_null=True)
    ci_high = serializers.FloatField(allow_null=True)
    interpretation = serializers.CharField()
    source = serializers.ChoiceField(  # type: ignore[assignment]
        SOURCES,
        help_text="published with all pairs, estimated on_the_spot for this answer, or not_estimated yet.",
    )
    baskets_together = serializers.IntegerField(help_text="Invoices with both.")
    support = serializers.FloatField(
        allow_null=True, help_text="Share of all invoices that have both; null while not_estimated."
    )
    confidence = serializers.FloatField(help_text="Share of the invoices with product_x that have product_y.")
    lift = serializers.FloatField(
        allow_null=True,
        help_text="Confidence over the share of all invoices with product_y; null while not_estimated.",
    )
    last_updated = serializers.DateTimeField(allow_null=True)


class BundleSerializer(serializers.Serializer[Any]):
    products = serializers.ListField(child=CodeField(), min_length=FEWEST, max_length=MOST)
    discount = fraction_field(
        "0.2",
        least="0.1",
        required=False,
        allow_null=True,
        default=None,
        help_text="Fraction off the summed prices.",
    )
    expected_saving = serializers.DecimalField(
        max_digits=12,
        decimal_places=2,
        min_value=Decimal(0),
        required=False,
        allow_null=True,
        default=None,
        help_text="Amount that buyers expect to save, in place of a discount.",
    )

    def validate_products(self, codes: list[str]) -> list[str]:
        if len(set(codes)) < len(codes):
            raise serializers.ValidationError("A product stands here twice.", code="repeated")
        return codes

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs["discount"] is not None and attrs["expected_saving"] is not None:
            raise serializers.ValidationError(
                {"expected_saving": "Give either a discount or an expected saving."}, code="both"
            )
        return attrs


class BundlePartSerializer(serializers.Serializer[Any]):
    id = serializers.CharField()
    name = serializers.CharField()
    price = serializers.FloatField()
    cost = serializers.FloatField(allow_null=True)
    monthly_sales = serializers.IntegerField(help_text="Units of the 30 days before the as-of date.")


class BundlePriceSerializer(serializers.Serializer[Any]):
    individual_total = serializers.FloatField(help_text="Sum of the single prices.")
    bundle_price = serializers.FloatField()
    savings = serializers.FloatField(help_text="What the buyer saves.")
    savings_percent = serializers.FloatField(help_text="The actual saving, in percent of the single prices.")


class DemandAssumptionSerializer(serializers.Serializer[Any]):
    days = serializers.IntegerField()
    text = serializers.CharField()


class BundleConstraintSerializer(serializers.Serializer[Any]):
    rule = serializers.CharField()
    bound = serializers.FloatField(allow_null=True)
    checked = serializers.BooleanField(help_text="False where a cost is not known.")
    binding = serializers.BooleanField(help_text="It set the price.")
    cost_unknown_for = serializers.ListField(child=serializers.CharField())


class BundlePairSerializer(serializers.Serializer[Any]):
    product_x = serializers.CharField()
    product_y = serializers.CharField()
    baskets_together = serializers.IntegerField(help_text="Invoices with both.")
    baskets_x = serializers.IntegerField()
    baskets_y = serializers.IntegerField()
    confidence = serializers.FloatField(help_text="Share of the invoices with product_x that have product_y.")
    support = serializers.FloatField(allow_null=True)
    lift = serializers.FloatField(allow_null=True)
    cross_elasticity = serializers.FloatField(allow_null=True)
    relationship = serializers.ChoiceField(RELATIONSHIPS, allow_null=True)


class BundleEvidenceSerializer(serializers.Serializer[Any]):
    """What the baskets say of the products."""

    baskets_with_all = serializers.IntegerField()
    pairs = BundlePairSerializer(many=True)


class BundleOfferSerializer(BundlePriceSerializer):
    products = BundlePartSerializer(many=True)
    alpha = serializers.FloatField(help_text="Of the summed prices, before the lowest price.")
    optimal_alpha = serializers.FloatField(
        allow_null=True, help_text="1 - expected saving / summed prices, before it is kept within 0.80-0.90."
    )
    profit_per_bundle = serializers.FloatField(allow_null=True)
    projected_bundles_sold = serializers.IntegerField()
    incremental_revenue = serializers.FloatField()
    incremental_revenue_cautious = serializers.FloatField()
    demand_assumption = DemandAssumptionSerializer()
    constraints = BundleConstraintSerializer(many=True)
    evidence = BundleEvidenceSerializer()
    warnings = serializers.ListField(child=serializers.CharField())
    last_updated = serializers.DateTimeField(allow_null=True)


class BundlesQuery(QuerySerializer):
    category = TextField(
        required=False, default=None, max_length=100, help_text="One of the two stands in it."
    )
    product = CodeField(required=False, default=None, help_text="One of the two.")
    limit = limit_field(50)


class SuggestionSerializer(BundlePriceSerializer):
    products = serializers.ListField(child=serializers.CharField(), min_length=2, max_length=2)
    names = serializers.ListField(child=serializers.CharField(), min_length=2, max_length=2)
    baskets_together = serializers.IntegerField()
    support = serializers.FloatField(help_text="Share of all invoices that have both.")
    confidence = serializers.FloatField(help_text="Share of the first one's invoices that have the second.")
    confidence_back = serializers.FloatField(
        help_text="Share of the second one's invoices that have the first."
    )
    lift = serializers.FloatField()
    cross_elasticity = serializers.FloatField()
    relationship = serializers.ChoiceField(RELATIONSHIPS)


class SuggestionsSerializer(serializers.Serializer[Any]):
    bundles = SuggestionSerializer(many=True)
    baskets = serializers.IntegerField(help_text="Number of all invoices with merchandise.")
    last_updated = serializers.DateTimeField(allow_null=True)
