"""What the segments, the dashboard and the list of stock items answer."""

import csv
import io
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

from django.http import HttpResponseBase, StreamingHttpResponse
from rest_framework.renderers import BaseRenderer, BrowsableAPIRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from elastix.api.parameters import DateRangeQuery
from elastix.api.versions import answer
from elastix.api.views import ElastixView
from elastix.imports.core import neutralise_formula
from elastix.sql import batches
from segments import serializers
from segments.selectors import customers, dashboard
from segments.selectors.elasticities import elasticities_of_segments
from segments.selectors.stock_item import stock_item
from segments.selectors.stock_items import stock_items

CUSTOMERS_A_PAGE = 50
ROWS_A_CHUNK = 500


def has_window(query: dict[str, Any]) -> bool:
    return bool(query["start_date"] or query["end_date"])


class KpisView(ElastixView):
    """Price sensitivity, wallet share and churn risk of the six segments, in percent."""

    queries = {"GET": DateRangeQuery}
    responses = {"GET": serializers.KpisSerializer}

    def get(self, request: Request) -> Response:
        return answer(request, lambda version: dashboard.kpis(**self.query))


class TreemapView(ElastixView):
    """Customers, revenue and mean RFM score of the six segments."""

    queries = {"GET": DateRangeQuery}
    responses = {"GET": serializers.TreemapSerializer}

    def get(self, request: Request) -> Response:
        return answer(request, lambda version: dashboard.treemap(**self.query))


class TrendsView(ElastixView):
    """Each segment's revenue day by day; without dates from the first to the last day with sales."""

    queries = {"GET": DateRangeQuery}
    responses = {"GET": serializers.TrendsSerializer}

    def get(self, request: Request) -> Response:
        return answer(request, lambda version: dashboard.trends(version, **self.query))


class StockItemsView(ElastixView):
    """Merchandise on sale: elasticity, sales, main segment. With dates: what was sold between them."""

    queries = {"GET": serializers.StockItemsQuery}
    responses = {"GET": serializers.StockItemsSerializer}

    def get(self, request: Request) -> Response:
        return answer(request, lambda version: stock_items(**self.query), live=has_window(self.query))


class StockItemView(ElastixView):
    """One product's sales and elasticity, over all sales or between two days."""

    queries = {"GET": DateRangeQuery}
    responses = {"GET": serializers.StockItemDetailSerializer}

    def get(self, request: Request, code: str) -> Response:
        return answer(request, lambda version: stock_item(code, **self.query), live=has_window(self.query))


class SegmentElasticitiesView(ElastixView):
    """How the six segments answer to price; with `segment`, how that segment does, product by product."""

    queries = {"GET": serializers.SegmentElasticitiesQuery}
    responses = {"GET": serializers.SegmentElasticitiesSerializer}

    def get(self, request: Request) -> Response:
        return answer(
            request,
            lambda version: elasticities_of_segments(version, **self.query),
            live=has_window(self.query),
        )


class CsvRenderer(BaseRenderer):
    """Rows of cells as CSV; what a spreadsheet would take for a formula stands behind an apostrophe."""

    media_type = "text/csv"
    format = "csv"
    charset = "utf-8"
    header = customers.COLUMNS

    def render(self, data: Any, accepted_media_type: str | None = None, renderer_context: Any = None) -> str:
        return "".join(self.lines(data)) if data else ""

    def lines(self, rows: Iterable[Iterable[Any]]) -> Iterator[str]:
        """Yield the header and the rows as text, many rows at a time."""
        for chunk in batches(chain([self.header], rows), ROWS_A_CHUNK):
            text = io.StringIO()
            csv.writer(text).writerows([_cell(value) for value in row] for row in chunk)
            yield text.getvalue()


def _cell(value: Any) -> Any:
    return neutralise_formula(value) if isinstance(value, str) else value


class CustomersView(ElastixView):
    """Recency, frequency, monetary value, scores and segment per customer; `format=csv`: all in a file."""

    queries = {"GET": serializers.CustomersQuery}
    responses = {"GET": serializers.CustomersSerializer}
    renderer_classes = [JSONRenderer, BrowsableAPIRenderer, CsvRenderer]

    def get(self, request: Request) -> HttpResponseBase:
        if isinstance(request.accepted_renderer, CsvRenderer):
            return self._csv(request, request.accepted_renderer)
        query = {**self.query, "limit": self.query["limit"] or CUSTOMERS_A_PAGE}
        return answer(request, lambda version: customers.customers_page(version, **query))

    def _csv(self, request: Request, renderer: CsvRenderer) -> HttpResponseBase:
        response = answer(request, lambda version: customers.customers_rows(version, **self.query))
        if response.status_code != 200:
            return response
        file = StreamingHttpResponse(renderer.lines(response.data), content_type="text/csv; charset=utf-8")
        file["Content-Disposition"] = 'attachment; filename="customers.csv"'
        for name in ("ETag", "Cache-Control"):
            file[name] = response[name]
        return file
