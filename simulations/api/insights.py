"""/api/insights: findings on a product, ranked by the money at stake."""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from elastix.api.fields import rounded
from elastix.api.operations import operation
from elastix.api.serializers import MoneyField, PublishedSerializer, RoundedField, RowSerializer
from elastix.api.versions import answer
from elastix.api.viewsets import ElastixViewSet
from elastix.shop import shop_currency
from pricing.sales.selectors.products import find_product
from simulations.selectors.insights import product_insights

PLACES = {
    **dict.fromkeys(("elasticity", "margin", "target_margin", "revenue_share"), 4),
    **dict.fromkeys(("gap_percent", "churn_risk", "cover_days"), 1),
}


class EvidenceField(serializers.DictField):
    """The numbers behind a finding; 2 decimals for units, no fewer than the currency's for money, `PLACES` for the rest."""

    def to_representation(self, value: dict[str, Any]) -> dict[str, Any]:
        usual = max(2, shop_currency().decimals)
        return {
            name: rounded(each, PLACES.get(name, usual)) if isinstance(each, float) else each
            for name, each in value.items()
        }


class SuggestedActionSerializer(RowSerializer):
    kind = serializers.CharField()
    text = serializers.CharField()
    price = MoneyField(allow_null=True, help_text="The price to set, where it is one.")


class InsightSerializer(RowSerializer):
    rank = serializers.IntegerField()
    kind = serializers.CharField()
    finding = serializers.CharField()
    money_at_stake = MoneyField(help_text="Profit; revenue where the cost is not known.")
    period = serializers.ChoiceField(["30 days", "once"], help_text="What the money at stake is per.")
    confidence = RoundedField(2, help_text="How sure the finding is, 0 to 1.")
    evidence = EvidenceField()
    action = SuggestedActionSerializer()


class InsightsSerializer(PublishedSerializer):
    product_id = serializers.CharField(source="product.code")
    name = serializers.CharField(source="product.name")
    as_of = serializers.DateField(allow_null=True)
    current_price = MoneyField(allow_null=True)
    insights = InsightSerializer(many=True, help_text="The most money at stake first.")


class InsightsViewSet(ElastixViewSet):
    """Findings on a product."""

    lookup_url_kwarg = "code"
    lookup_value_converter = "product_code"

    @operation(response=InsightsSerializer)
    def retrieve(self, request: Request, code: str) -> Response:
        """Findings on a product with evidence and one suggested action each, the most money at stake first."""
        product = find_product(code)
        return answer(
            request, lambda version: InsightsSerializer(product_insights(version, product)).data, etag=False
        )
