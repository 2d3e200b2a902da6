"""/api/price and /api/analytics: what prices asked for would do. Asked, answered, not kept."""

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer

from elastix.api.permissions import Role
from elastix.api.versions import answer
from elastix.api.views import ElastixView
from pricing.sales.selectors.products import find_product
from simulations.selectors.prices import demand_curve, price_scenarios, price_simulation, profit_impact
from simulations.serializers.prices import (
    DemandCurveQuery,
    DemandCurveSerializer,
    PriceComparisonSerializer,
    PriceScenariosSerializer,
    PriceSimulateSerializer,
    PriceSimulationSerializer,
    ProfitImpactQuery,
    ProfitImpactSerializer,
)


class PriceSimulateView(ElastixView):
    """What another price would do to a product's units, revenue and profit of 30 days."""

    roles = {"POST": Role.VIEWER}
    bodies = {"POST": PriceSimulateSerializer}
    responses = {"POST": PriceSimulationSerializer}

    def post(self, request: Request) -> Response:
        asked = _asked(PriceSimulateSerializer, request)
        code = find_product(asked.pop("product_id")).code
        return answer(request, lambda version: price_simulation(code, **asked), etag=False)


class PriceScenariosView(ElastixView):
    """Prices of a product beside its present one, the best first."""

    roles = {"POST": Role.VIEWER}
    bodies = {"POST": PriceScenariosSerializer}
    responses = {"POST": PriceComparisonSerializer}

    def post(self, request: Request) -> Response:
        asked = _asked(PriceScenariosSerializer, request)
        code = find_product(asked.pop("product_id")).code
        asked["scenarios"] = [(each["name"], each["price"]) for each in asked["scenarios"]]
        return answer(request, lambda version: price_scenarios(code, **asked), etag=False)


class DemandCurveView(ElastixView):
    """A product's units, revenue and profit of 30 days over a range of prices."""

    queries = {"GET": DemandCurveQuery}
    responses = {"GET": DemandCurveSerializer}

    def get(self, request: Request, code: str) -> Response:
        code = find_product(code).code
        return answer(request, lambda version: demand_curve(code, **self.query), etag=False)


class ProfitImpactView(ElastixView):
    """Margin, markup, profit and break-even of a product now, at another price, and over a range of prices."""

    queries = {"GET": ProfitImpactQuery}
    responses = {"GET": ProfitImpactSerializer}

    def get(self, request: Request, code: str) -> Response:
        code = find_product(code).code
        return answer(request, lambda version: profit_impact(code, **self.query), etag=False)


def _asked(shape: type[Serializer[Any]], request: Request) -> dict[str, Any]:
    serializer = shape(data=request.data)
    serializer.is_valid(raise_exception=True)
    return dict(serializer.validated_data)
