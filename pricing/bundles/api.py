"""/api/analytics/cross-elasticity, /api/analytics/bundles, /api/price/bundle: products together."""

from rest_framework.request import Request
from rest_framework.response import Response

from elastix.api.permissions import Role
from elastix.api.versions import answer
from elastix.api.views import ElastixView
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


class CrossElasticityView(ElastixView):
    """How demand for one product answers to the price of another.

    A pair that was not among those computed for the whole shop is estimated on the spot.
    """

    queries = {"GET": CrossElasticityQuery}
    responses = {"GET": CrossElasticitySerializer}

    def get(self, request: Request) -> Response:
        x, y = (find_product(self.query[name]).code for name in ("product_x", "product_y"))
        live = not pair_is_published(x, y)
        return answer(request, lambda version: cross_elasticity(version, x, y), live=live)


class BundlesView(ElastixView):
    """Pairs of products that are bought together and might be sold as one."""

    queries = {"GET": BundlesQuery}
    responses = {"GET": SuggestionsSerializer}

    def get(self, request: Request) -> Response:
        asked = dict(self.query)
        if asked["product"] is not None:
            asked["product"] = find_product(asked["product"]).code
        return answer(request, lambda version: bundle_suggestions(**asked), etag=False)


class BundleView(ElastixView):
    """The price of a bundle of two to six products, what it is assumed to bring, and what baskets say of them."""

    roles = {"POST": Role.VIEWER}
    bodies = {"POST": BundleSerializer}
    responses = {"POST": BundleOfferSerializer}

    def post(self, request: Request) -> Response:
        serializer = BundleSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        asked = serializer.validated_data
        codes = [find_product(code).code for code in asked["products"]]
        return answer(
            request,
            lambda version: bundle_offer(codes, asked["discount"], asked["expected_saving"]),
            etag=False,
        )
