"""/api/analytics/cross-elasticity, /api/analytics/bundles, /api/price/bundle: products together."""

from typing import Any
from urllib.parse import quote

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from elastix.api.fields import TextField
from elastix.api.operations import operation
from elastix.api.permissions import Role
from elastix.api.serializers import (
    ElasticityField,
    MoneyField,
    PercentField,
    PublishedSerializer,
    RoundedField,
    RowSerializer,
)
from elastix.api.versions import answer
from elastix.api.viewsets import ElastixViewSet
from elastix.dataset.models import DataVersion
from pricing.bundles.core.cross_prior import RELATIONSHIPS
from pricing.bundles.models import SOURCES
from pricing.bundles.selectors.bundles import bundle_offer, bundle_suggestions, counted_baskets
from pricing.bundles.selectors.pairs import cross_elasticity, pair_is_published
from pricing.recommendation.api.prices import fraction_field
from pricing.sales.api.fields import CodeField, QuantityField, amount_field
from pricing.sales.selectors.products import find_product

FEWEST, MOST = 2, 6


# --- requests ------------------------------------------------------------------------------------


class CrossElasticityQuery(serializers.Serializer[Any]):
    product_x = CodeField(help_text="Whose demand.")
    product_y = CodeField(help_text="Whose price.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs["product_x"] == attrs["product_y"]:
            raise serializers.ValidationError(
                {
                    "product_y": "Name two different products; a product's answer to its own price is at "
                    f"/api/analytics/elasticity/{quote(attrs['product_x'], safe='')}."
                },
                code="same",
            )
        return attrs


class BundlesQuery(serializers.Serializer[Any]):
    category = TextField(
        required=False, default=None, max_length=100, help_text="One of the two stands in it."
    )
    product = CodeField(required=False, default=None, help_text="One of the two.")
    limit = serializers.IntegerField(required=False, default=50, min_value=1, max_value=1000)


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
    expected_saving = amount_field(
        allow_null=True, help_text="Amount that buyers expect to save, in place of a discount."
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


# --- answers -------------------------------------------------------------------------------------


class CrossElasticitySerializer(PublishedSerializer):
    product_x = serializers.CharField(source="product_x_id")
    product_y = serializers.CharField(source="product_y_id")
    cross_elasticity = ElasticityField(
        allow_null=True, help_text="Percent more of product_x sold for 1 % on the price of product_y."
    )
    relationship = serializers.ChoiceField(
        RELATIONSHIPS, help_text="independent unless the 95 % interval excludes 0."
    )
    std_error = ElasticityField(allow_null=True)
    ci_low = ElasticityField(allow_null=True)
    ci_high = ElasticityField(allow_null=True)
    interpretation = serializers.CharField()
    source = serializers.ChoiceField(  # type: ignore[assignment]
        SOURCES,
        help_text="published with all pairs, estimated on_the_spot for this answer, or not_estimated yet.",
    )
    baskets_together = serializers.IntegerField(help_text="Invoices with both.")
    support = RoundedField(6, allow_null=True, help_text="Share of all invoices; null while not_estimated.")
    confidence = RoundedField(4, help_text="Share of the invoices with product_x that have product_y.")
    lift = RoundedField(
        2, allow_null=True, help_text="Confidence over the share of all invoices with product_y, or null."
    )


class BundlePartSerializer(RowSerializer):
    id = serializers.CharField(source="code")
    name = serializers.CharField()
    price = MoneyField(source="current_price")
    cost = RoundedField(4, allow_null=True)
    monthly_sales = QuantityField(help_text="Units of the 30 days before the as-of date.")


class DemandAssumptionSerializer(RowSerializer):
    days = serializers.IntegerField()
    text = serializers.CharField()


class BundleConstraintSerializer(RowSerializer):
    rule = serializers.CharField()
    bound = MoneyField(allow_null=True)
    checked = serializers.BooleanField(help_text="False where a cost is not known.")
    binding = serializers.BooleanField(help_text="It set the price.")
    cost_unknown_for = serializers.ListField(child=serializers.CharField())


class BundlePairSerializer(RowSerializer):
    product_x = serializers.CharField()
    product_y = serializers.CharField()
    baskets_together = serializers.IntegerField(help_text="Invoices with both.")
    baskets_x = serializers.IntegerField()
    baskets_y = serializers.IntegerField()
    confidence = RoundedField(4, help_text="Share of the invoices with product_x that have product_y.")
    support = RoundedField(6, allow_null=True)
    lift = RoundedField(2, allow_null=True)
    cross_elasticity = ElasticityField(allow_null=True)
    relationship = serializers.ChoiceField(RELATIONSHIPS, allow_null=True)


class BundleEvidenceSerializer(RowSerializer):
    """Baskets in which the products were bought together."""

    baskets_with_all = serializers.IntegerField()
    pairs = BundlePairSerializer(many=True)


class BundlePriceSerializer(RowSerializer):
    individual_total = MoneyField(source="bundle.individual_total", help_text="Sum of the single prices.")
    bundle_price = MoneyField(source="bundle.price")
    savings = MoneyField(source="bundle.savings", help_text="What the buyer saves.")
    savings_percent = PercentField(
        source="bundle.savings_percent", help_text="The actual saving, in percent of the single prices."
    )


class BundleOfferSerializer(PublishedSerializer, BundlePriceSerializer):
    products = BundlePartSerializer(many=True)
    alpha = RoundedField(4, source="bundle.alpha", help_text="Of the summed prices, before the lowest price.")
    optimal_alpha = RoundedField(
        4,
        source="bundle.optimal_alpha",
        allow_null=True,
        help_text="1 - expected saving / summed prices, before it is kept within 0.80-0.90.",
    )
    profit_per_bundle = MoneyField(source="profit", allow_null=True)
    projected_bundles_sold = serializers.IntegerField(source="bundle.whole_units")
    incremental_revenue = MoneyField(source="bundle.incremental_revenue")
    incremental_revenue_cautious = MoneyField(source="bundle.cautious_revenue")
    demand_assumption = DemandAssumptionSerializer()
    constraints = BundleConstraintSerializer(many=True)
    evidence = BundleEvidenceSerializer()
    warnings = serializers.ListField(child=serializers.CharField())


class SuggestionSerializer(BundlePriceSerializer):
    products = serializers.ListField(child=serializers.CharField(), min_length=2, max_length=2)
    names = serializers.ListField(child=serializers.CharField(), min_length=2, max_length=2)
    baskets_together = serializers.IntegerField(source="pair.baskets_together")
    support = RoundedField(6, source="pair.support", help_text="Share of all invoices that have both.")
    confidence = RoundedField(
        4, source="pair.confidence", help_text="Share of the first one's invoices that have the second."
    )
    confidence_back = RoundedField(4, help_text="Share of the second one's invoices that have the first.")
    lift = RoundedField(2, source="pair.lift")
    cross_elasticity = ElasticityField(source="pair.cross_elasticity")
    relationship = serializers.ChoiceField(RELATIONSHIPS, source="pair.relationship")


class SuggestionsSerializer(PublishedSerializer):
    bundles = SuggestionSerializer(many=True)
    baskets = serializers.IntegerField(help_text="Number of all invoices with merchandise.")


# --- viewsets --------------------------------------------------------------------------------------


class CrossElasticityViewSet(ElastixViewSet):
    """How demand for one product answers to the price of another."""

    @operation(query=CrossElasticityQuery, response=CrossElasticitySerializer, errors=(404,))
    def list(self, request: Request) -> Response:
        """The cross-price elasticity of a pair of products.

        A pair that was not among those computed for the whole shop is estimated on the spot.
        """
        x, y = (find_product(self.query[name]).code for name in ("product_x", "product_y"))
        live = not pair_is_published(x, y)
        return answer(
            request,
            lambda version: CrossElasticitySerializer(cross_elasticity(version, x, y)).data,
            live=live,
        )


class BundleSuggestionViewSet(ElastixViewSet):
    """Products that might be sold as one."""

    @operation(query=BundlesQuery, response=SuggestionsSerializer, errors=(404,))
    def list(self, request: Request) -> Response:
        """Pairs of products that are bought together beyond chance."""
        asked = dict(self.query)
        if asked["product"] is not None:
            asked["product"] = find_product(asked["product"]).code

        def build(version: DataVersion) -> dict[str, Any]:
            found = {"bundles": bundle_suggestions(**asked), "baskets": counted_baskets()}
            return SuggestionsSerializer(found).data

        return answer(request, build, etag=False)


class BundleViewSet(ElastixViewSet):
    """Several products sold as one."""

    @operation(body=BundleSerializer, response=BundleOfferSerializer, errors=(404, 409), role=Role.VIEWER)
    def create(self, request: Request) -> Response:
        """The price of a bundle of two to six products, its expected result, and how often they were bought together."""
        asked = self.validated()
        codes = [find_product(code).code for code in asked["products"]]

        def build(version: DataVersion) -> dict[str, Any]:
            return BundleOfferSerializer(
                bundle_offer(codes, asked["discount"], asked["expected_saving"])
            ).data

        return answer(request, build, etag=False)
