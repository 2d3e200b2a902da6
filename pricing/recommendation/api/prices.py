"""/api/price/recommend: which price to set."""

from rest_framework.request import Request
from rest_framework.response import Response

from elastix.api.operations import operation
from elastix.api.versions import answer
from elastix.api.viewsets import ElastixViewSet
from pricing.recommendation.api.price_serializers import (
    ProductRecommendationSerializer,
    RecommendationSerializer,
    RecommendQuery,
    overrides_of,
)
from pricing.recommendation.selectors.recommendations import recommend_one
from pricing.sales.selectors.products import find_product


class RecommendViewSet(ElastixViewSet):
    """Recommended prices."""

    lookup_url_kwarg = "code"
    lookup_value_converter = "product_code"

    @operation(query=RecommendQuery, response=RecommendationSerializer)
    def retrieve(self, request: Request, code: str) -> Response:
        """The price to set for a product, and why.

        Limits asked for narrow those of the policies and never widen them.
        """
        code = find_product(code).code
        overrides = overrides_of(self.query)
        return answer(
            request,
            lambda version: ProductRecommendationSerializer(recommend_one(code, overrides)).data,
            etag=False,
        )
