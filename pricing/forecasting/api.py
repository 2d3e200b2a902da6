"""/api/forecast: the demand to come."""

from rest_framework.request import Request
from rest_framework.response import Response

from elastix.api.versions import answer
from elastix.api.views import ElastixView
from pricing.forecasting.selectors.forecasts import forecast_of_product
from pricing.forecasting.serializers import ForecastQuery, ForecastSerializer
from pricing.sales.selectors.products import find_product


class DemandForecastView(ElastixView):
    """What one product is expected to sell a day, with limits and the accuracy of the method on its own past."""

    queries = {"GET": ForecastQuery}
    responses = {"GET": ForecastSerializer}

    def get(self, request: Request, code: str) -> Response:
        code = find_product(code).code
        # The present price, which another price is compared with, is covered by no version.
        at_today = self.query["price"] is None
        return answer(
            request,
            lambda version: forecast_of_product(version, code, **self.query),
            live=at_today,
            etag=at_today,
        )
