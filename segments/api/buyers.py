"""/segments/buyers: who buys a product."""

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from elastix.api.operations import operation
from elastix.api.serializers import (
    ElasticityField,
    MoneyField,
    PercentField,
    PublishedSerializer,
    RowSerializer,
)
from elastix.api.versions import answer
from elastix.api.viewsets import ElastixViewSet
from pricing.sales.api.fields import QuantityField
from pricing.sales.selectors.products import find_product
from segments.core.rfm import SEGMENTS
from segments.selectors.buyers import buyers_of_product


class BuyersRowSerializer(RowSerializer):
    """What one segment bought, net of returns."""

    segment = serializers.ChoiceField(choices=SEGMENTS)
    quantity = QuantityField()
    revenue = MoneyField()
    share_percent = PercentField(allow_null=True, help_text="Of what all segments paid.")
    avg_price = MoneyField(allow_null=True)
    elasticity = ElasticityField(allow_null=True)
    ci_low = ElasticityField(allow_null=True)
    ci_high = ElasticityField(allow_null=True)
    quality = serializers.CharField(allow_null=True, help_text="Grade of the elasticity, A to D.")


class BuyersSerializer(PublishedSerializer):
    product_id = serializers.CharField()
    segments = BuyersRowSerializer(many=True)


class BuyersViewSet(ElastixViewSet):
    """Who buys a product."""

    lookup_url_kwarg = "code"
    lookup_value_converter = "product_code"

    @operation(response=BuyersSerializer)
    def retrieve(self, request: Request, code: str) -> Response:
        """What each segment bought of a product over all sales, what it paid, and how it answers to the price."""
        code = find_product(code).code
        return answer(
            request,
            lambda version: BuyersSerializer({"product_id": code, "segments": buyers_of_product(code)}).data,
        )
