"""/api/forecast/demand: the demand to come."""

from rest_framework.request import Request
from rest_framework.response import Response

from elastix.api.operations import operation
from elastix.api.versions import answer
from elastix.api.viewsets import ElastixViewSet
from pricing.forecasting.selectors.forecasts import forecast_of_product
from pricing.forecasting.serializers import ForecastQuery, ForecastSerializer
from pricing.sales.selectors.products import find_product


class DemandForecastViewSet(ElastixViewSet):
    """What products are expected to sell."""

    lookup_url_kwarg = "code"
    lookup_value_converter = "product_code"

    @operation(query=ForecastQuery, response=ForecastSerializer)
    def retrieve(self, request: Request, code: str) -> Response:
        """What one product is expected to sell a day, with intervals and the accuracy of the method on its own past."""
        code = find_product(code).code
        # The present price, which another price is compared with, is covered by no version.
        at_today = self.query["price"] is None
        return answer(
            request,
            lambda version: ForecastSerializer(forecast_of_product(version, code, **self.query)).data,
            live=at_today,
            etag=at_today,
        )
