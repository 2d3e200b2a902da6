"""/api/analytics/cross-elasticity, /api/analytics/bundles, /api/price/bundle: products together."""

from rest_framework.request import Request
from rest_framework.response import Response

from elastix.api.operations import operation
from elastix.api.permissions import Role
from elastix.api.versions import answer
from elastix.api.viewsets import ElastixViewSet
from pricing.bundles.selectors.bundles import bundle_offer, bundle_suggestions
from pricing.bundles.selectors.pairs import cross_elasticity, pair_is_published
from pricing.bundles.serializers import (
    BundleOfferSerializer,
    BundleSerializer,
    BundlesQuery,
    CrossElasticityQuery,
    CrossElasticitySerializer,
    SuggestionsSerializer,
)
from pricing.sales.selectors.products import find_product


class CrossElasticityViewSet(ElastixViewSet):
    """How demand for one product answers to the price of another."""

    @operation(query=CrossElasticityQuery, response=CrossElasticitySerializer, errors=(404,))
    def list(self, request: Request) -> Response:
        """The cross-price elasticity of a pair of products.

        A pair that was not among those computed for the whole shop is estimated on the spot.
        """
        x, y = (find_product(self.query[name]).code for name in ("product_x", "product_y"))
        live = not pair_is_published(x, y)
        return answer(request, lambda version: cross_elasticity(version, x, y), live=live)


class BundleSuggestionViewSet(ElastixViewSet):
    """Products that might be sold as one."""

    @operation(query=BundlesQuery, response=SuggestionsSerializer, errors=(404,))
    def list(self, request: Request) -> Response:
        """Pairs of products that are bought together beyond chance."""
        asked = dict(self.query)
        if asked["product"] is not None:
            asked["product"] = find_product(asked["product"]).code
        return answer(request, lambda version: bundle_suggestions(**asked), etag=False)


class BundleViewSet(ElastixViewSet):
    """Several products sold as one."""

    @operation(body=BundleSerializer, response=BundleOfferSerializer, errors=(404, 409), role=Role.VIEWER)
    def create(self, request: Request) -> Response:
        """The price of a bundle of two to six products, what it is assumed to bring, and what baskets say of them."""
        asked = self.validated()
        codes = [find_product(code).code for code in asked["products"]]
        return answer(
            request,
            lambda version: bundle_offer(codes, asked["discount"], asked["expected_saving"]),
            etag=False,
        )
