"""/api/feeds: prices for others to fetch."""

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

from django.conf import settings
from django.http import StreamingHttpResponse
from rest_framework import serializers
from rest_framework.authentication import SessionAuthentication
from rest_framework.decorators import action
from rest_framework.request import Request

from elastix.api.authentication import ApiTokenAuthentication, OpenApiAuthentication, TokenAsPassword
from elastix.api.operations import operation
from elastix.api.renderers import csv_file
from elastix.api.viewsets import AnyAccept, ElastixViewSet
from elastix.sql import batches
from pricing.connections.core.feeds import GOOGLE_COLUMNS, google_row, tsv_line, xml_pieces
from pricing.connections.core.prices import plain
from pricing.connections.selectors.feeds import feed_rows

ROWS_A_PIECE = 500
# No cache between may keep what only some may see.
PRIVATE = {"Cache-Control": "private, no-store"}
CSV_COLUMNS = (
    "code", "price", "currency", "regular_price", "sale_from", "sale_until", "decided_at",
)  # fmt: skip


class SinceSerializer(serializers.Serializer[Any]):
    since = serializers.DateTimeField(
        required=False, help_text="Only prices that were put in force from this moment on."
    )


class FeedViewSet(ElastixViewSet):
    """Prices as files, sent piece by piece."""

    content_negotiation_class = AnyAccept
    # The first one says how to log in: clients that have only a name and a password wait to be asked for them.
    authentication_classes = (
        TokenAsPassword, ApiTokenAuthentication, SessionAuthentication, OpenApiAuthentication,
    )  # fmt: skip

    @action(detail=False, url_path="prices.csv")
    @operation(query=SinceSerializer, response=bytes)
    def prices(self, request: Request) -> StreamingHttpResponse:
        """Prices that the ledger has put in force, as CSV, by product: what a shop has to set."""
        rows = feed_rows(decided_only=True, since=self.query.get("since"))
        cells = (
            (
                row.code, plain(row.price), settings.SHOP_CURRENCY, row.regular and plain(row.regular),
                *(moment and moment.isoformat() for moment in (row.sale_from, row.sale_until, row.decided_at)),
            )
            for row in rows
        )  # fmt: skip
        return csv_file("prices.csv", CSV_COLUMNS, cells, PRIVATE)

    @action(detail=False, url_path="google.tsv")
    @operation(response=bytes, media_type="text/tab-separated-values")
    def google_tsv(self, request: Request) -> StreamingHttpResponse:
        """Prices of active merchandise as a supplemental feed of Google's Merchant Center, with tabs."""
        return _file(map(tsv_line, chain([GOOGLE_COLUMNS], _google_rows())), "text/tab-separated-values")

    @action(detail=False, url_path="google.xml")
    @operation(response=bytes, media_type="application/xml")
    def google_xml(self, request: Request) -> StreamingHttpResponse:
        """The same as XML (RSS 2.0)."""
        link = request.build_absolute_uri("/")
        return _file(xml_pieces(settings.SHOP_NAME, link, _google_rows()), "application/xml")


def _google_rows() -> Iterator[tuple[str, ...]]:
    return (google_row(row, settings.SHOP_CURRENCY) for row in feed_rows())


def _file(pieces: Iterable[str], media_type: str) -> StreamingHttpResponse:
    joined = ("".join(chunk) for chunk in batches(pieces, ROWS_A_PIECE))
    return StreamingHttpResponse(joined, content_type=f"{media_type}; charset=utf-8", headers=PRIVATE)
