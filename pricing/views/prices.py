"""/api/price: which price to set."""

from rest_framework.request import Request
from rest_framework.response import Response

from elastix.api.versions import answer
from elastix.api.views import ElastixView
from pricing.selectors.catalogue import find_product
from pricing.selectors.policies import Overrides
from pricing.selectors.recommendations import recommend_one
from pricing.serializers.prices import RecommendationSerializer, RecommendQuery


class RecommendView(ElastixView):
    """The price to set for a product, and why.

    Limits asked for narrow those of the policies and never widen them.
    """

    queries = {"GET": RecommendQuery}
    responses = {"GET": RecommendationSerializer}

    def get(self, request: Request, code: str) -> Response:
        code = find_product(code).code
        asked = dict(self.query)
        percent = asked.pop("max_change_percent", None)
        overrides = Overrides(**asked, max_change=None if percent is None else percent / 100)
        return answer(request, lambda version: recommend_one(code, overrides), etag=False)
