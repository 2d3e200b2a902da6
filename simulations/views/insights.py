"""GET /api/insights/{id}: what there is to know of a product, by the money at stake."""

from rest_framework.request import Request
from rest_framework.response import Response

from elastix.api.versions import answer
from elastix.api.views import ElastixView
from pricing.sales.selectors.products import find_product
from simulations.selectors.insights import product_insights
from simulations.serializers.insights import InsightsSerializer


class InsightsView(ElastixView):
    """Findings on a product with evidence and one suggested action each, the most money at stake first."""

    responses = {"GET": InsightsSerializer}

    def get(self, request: Request, code: str) -> Response:
        product = find_product(code)
        return answer(request, lambda version: product_insights(version, product), etag=False)
