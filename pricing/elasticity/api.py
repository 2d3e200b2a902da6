"""/elasticity and /api/analytics/elasticity: how demand answers to price."""

from rest_framework.request import Request
from rest_framework.response import Response

from elastix.api.versions import answer
from elastix.api.views import ElastixView
from pricing.elasticity.selectors.estimates import elasticity_of_product, elasticity_page
from pricing.elasticity.serializers import (
    AnalyticsElasticityQuery,
    AnalyticsElasticitySerializer,
    ElasticityListSerializer,
    ElasticityQuery,
)
from pricing.sales.selectors.products import find_product


class ElasticityView(ElastixView):
    """Elasticities of merchandise, product by product. With dates or a country: from those sales alone."""

    queries = {"GET": ElasticityQuery}
    responses = {"GET": ElasticityListSerializer}

    def get(self, request: Request) -> Response:
        live = any(self.query[name] for name in ("start_date", "end_date", "country"))
        return answer(request, lambda version: elasticity_page(version, **self.query), live=live)


class ProductElasticityView(ElastixView):
    """One product's elasticity, and how sure it is."""

    queries = {"GET": AnalyticsElasticityQuery}
    responses = {"GET": AnalyticsElasticitySerializer}

    def get(self, request: Request, code: str) -> Response:
        code = find_product(code).code
        method = self.query["method"]
        return answer(request, lambda version: elasticity_of_product(version, code, method=method))
