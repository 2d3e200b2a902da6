"""/api/price/dynamic: what stock, demand and time make of a price."""

from rest_framework.request import Request
from rest_framework.response import Response

from elastix.api.permissions import Role
from elastix.api.versions import answer
from elastix.api.views import ElastixView
from market.selectors.dynamic import dynamic_price
from market.serializers.dynamic import DynamicPriceSerializer, DynamicSerializer
from pricing.sales.selectors.products import find_product


class DynamicPriceView(ElastixView):
    """A product's price with each factor: from its own stock, demand and the shop's time; POST with given ones.

    Neither changes a price.
    """

    roles = {"POST": Role.VIEWER}
    bodies = {"POST": DynamicSerializer}
    responses = {"GET": DynamicPriceSerializer, "POST": DynamicPriceSerializer}

    def get(self, request: Request, code: str) -> Response:
        product = find_product(code)
        return answer(request, lambda version: dynamic_price(product), etag=False)

    def post(self, request: Request, code: str) -> Response:
        product = find_product(code)
        serializer = DynamicSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        given = serializer.given()
        return answer(request, lambda version: dynamic_price(product, given), etag=False)
