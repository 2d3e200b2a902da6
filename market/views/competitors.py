"""/api/market: competitors, their prices, and where ours stand."""

from typing import Any

from django.http import Http404
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from elastix.api.versions import answer
from elastix.api.views import ElastixView
from market.models import Competitor, CompetitorPrice
from market.selectors.competitors import (
    competitor_rows,
    competitors_list,
    price_rows,
    prices_list,
    product_market,
)
from market.serializers import (
    CompetitorListSerializer,
    CompetitorPriceListSerializer,
    CompetitorPriceRowSerializer,
    CompetitorPriceSerializer,
    CompetitorRowSerializer,
    CompetitorSerializer,
    CompetitorsQuery,
    MarketQuery,
    MarketSerializer,
    PricesQuery,
)
from market.services import competitors
from market.services.importing import KIND
from pricing.sales.api.serializers import AcceptedSerializer, ImportSerializer
from pricing.sales.api.transactions import upload
from pricing.sales.selectors.products import find_product

# What a column of row numbers can hold.
IDS = 2**63


class MarketView(ElastixView):
    """A product's price among its competitors': position, gap, market shares, advice, history."""

    queries = {"GET": MarketQuery}
    responses = {"GET": MarketSerializer}

    def get(self, request: Request, code: str) -> Response:
        product = find_product(code)
        return answer(request, lambda version: product_market(version, product, **self.query), etag=False)


class CompetitorPricesView(ElastixView):
    """Competitors' prices, newest first, and a new one. The same competitor, product and moment again corrects it."""

    queries = {"GET": PricesQuery}
    bodies = {"POST": CompetitorPriceSerializer}
    responses = {"GET": CompetitorPriceListSerializer, "POST": CompetitorPriceRowSerializer}

    def get(self, request: Request) -> Response:
        return Response(prices_list(**self.query), headers={"Cache-Control": "private, no-store"})

    def post(self, request: Request) -> Response:
        serializer = CompetitorPriceSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        price, created = competitors.price_record(**serializer.validated_data)
        return Response(_row(price), status=201 if created else 200)


class CompetitorPriceView(ElastixView):
    """One price of a competitor."""

    bodies = {"PUT": CompetitorPriceSerializer, "PATCH": CompetitorPriceSerializer}
    responses = {
        "GET": CompetitorPriceRowSerializer,
        "PUT": CompetitorPriceRowSerializer,
        "PATCH": CompetitorPriceRowSerializer,
        "DELETE": None,
    }

    def get(self, request: Request, price_id: int) -> Response:
        return Response(_row(_price(price_id)))

    def put(self, request: Request, price_id: int) -> Response:
        return self._change(request, price_id, partial=False)

    def patch(self, request: Request, price_id: int) -> Response:
        return self._change(request, price_id, partial=True)

    def delete(self, request: Request, price_id: int) -> Response:
        _price(price_id)
        try:
            competitors.price_delete(price_id)
        except CompetitorPrice.DoesNotExist as error:
            raise _no_price(price_id) from error
        return Response(status=204)

    def _change(self, request: Request, price_id: int, *, partial: bool) -> Response:
        _price(price_id)
        serializer = CompetitorPriceSerializer(data=request.data, partial=partial)
        serializer.is_valid(raise_exception=True)
        try:
            changed = competitors.price_update(price_id, serializer.validated_data)
        except CompetitorPrice.DoesNotExist as error:
            raise _no_price(price_id) from error
        return Response(_row(changed))


class CompetitorPriceImportView(ElastixView):
    """Import a CSV, TSV or XLSX file of competitors' prices; known ones are corrected."""

    parser_classes = (MultiPartParser,)
    bodies = {"POST": ImportSerializer}
    responses = {"POST": AcceptedSerializer}

    def post(self, request: Request) -> Response:
        return upload(request, KIND)


class QualitiesView(ElastixView):
    """The competitors by name, each with the quality that its market shares are computed with."""

    queries = {"GET": CompetitorsQuery}
    responses = {"GET": CompetitorListSerializer}

    def get(self, request: Request) -> Response:
        return Response(competitors_list(**self.query))


class QualityView(ElastixView):
    """One competitor; PUT and PATCH set its quality."""

    bodies = {"PUT": CompetitorSerializer, "PATCH": CompetitorSerializer}
    responses = {
        "GET": CompetitorRowSerializer,
        "PUT": CompetitorRowSerializer,
        "PATCH": CompetitorRowSerializer,
    }

    def get(self, request: Request, competitor_id: int) -> Response:
        return Response(competitor_rows([_competitor(competitor_id)])[0])

    def put(self, request: Request, competitor_id: int) -> Response:
        return self._change(request, competitor_id, partial=False)

    def patch(self, request: Request, competitor_id: int) -> Response:
        return self._change(request, competitor_id, partial=True)

    def _change(self, request: Request, competitor_id: int, *, partial: bool) -> Response:
        competitor = _competitor(competitor_id)
        serializer = CompetitorSerializer(data=request.data, partial=partial)
        serializer.is_valid(raise_exception=True)
        changes: dict[str, Any] = serializer.validated_data
        try:
            changed = competitors.competitor_update(competitor_id, **changes) if changes else competitor
        except Competitor.DoesNotExist as error:
            raise _no_competitor(competitor_id) from error
        return Response(competitor_rows([changed])[0])


def _row(price: CompetitorPrice) -> dict[str, Any]:
    return price_rows([price])[0]


def _price(price_id: int) -> CompetitorPrice:
    price = CompetitorPrice.objects.filter(pk=price_id).first() if price_id < IDS else None
    if price is None:
        raise _no_price(price_id)
    return price


def _competitor(competitor_id: int) -> Competitor:
    competitor = Competitor.objects.filter(pk=competitor_id).first() if competitor_id < IDS else None
    if competitor is None:
        raise _no_competitor(competitor_id)
    return competitor


def _no_price(price_id: int) -> Http404:
    return Http404(f"There is no competitor's price {price_id}.")


def _no_competitor(competitor_id: int) -> Http404:
    return Http404(f"There is no competitor {competitor_id}.")
