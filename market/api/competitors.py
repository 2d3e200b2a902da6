"""/api/market: competitors, their prices, and the position of ours among them."""

import math
from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from elastix.api.fields import MomentField, PriceInputField, TextField
from elastix.api.filters import (
    BooleanFilter,
    DateRangeFilterSet,
    DayFilter,
    Ordering,
    StrictFilterSet,
    TextFilter,
)
from elastix.api.operations import operation
from elastix.api.serializers import MoneyField, PercentField, PublishedSerializer, RoundedField, RowSerializer
from elastix.api.versions import answer
from elastix.api.viewsets import ElastixViewSet
from market.core.attraction import DEFAULT_GAMMA
from market.core.positioning import COMPETITIVE_POSITIONS, POSITIONS
from market.models import Competitor, CompetitorPrice
from market.models.competitors import LONGEST_NAME, LONGEST_SOURCE
from market.selectors.competitors import (
    competitors_with_prices,
    find_competitor,
    find_price,
    is_fresh,
    judged,
    product_market,
    recorded_between,
)
from market.services.competitors import competitor_update, price_delete, price_record, price_update
from market.services.importing import KIND
from pricing.sales.api.fields import CodeField, CodeFilter
from pricing.sales.api.imports import AcceptedSerializer, ImportSerializer, upload
from pricing.sales.selectors.products import find_product

HIGHEST_GAMMA = 10.0


# --- competitors' prices ----------------------------------------------------------------------------------


class NameField(TextField):
    """A competitor's name; runs of blanks count as one, as in files."""

    def to_internal_value(self, data: Any) -> str:
        return " ".join(super().to_internal_value(data).split())


class CompetitorPriceSerializer(serializers.Serializer[Any]):
    product_id = CodeField()
    competitor_name = NameField(max_length=LONGEST_NAME)
    price = PriceInputField()
    recorded_at = MomentField(required=False, help_text="When it was seen; now, unless said otherwise.")
    source = TextField(max_length=LONGEST_SOURCE, required=False, allow_blank=True)  # type: ignore[assignment]


class CompetitorPriceRowSerializer(RowSerializer):
    id = serializers.IntegerField(source="price.pk")
    product_id = serializers.CharField(source="price.product_id")
    competitor_name = serializers.CharField(source="price.competitor_name")
    price = MoneyField(source="price.price")
    recorded_at = serializers.DateTimeField(source="price.recorded_at")
    source = serializers.CharField(source="price.source", allow_blank=True)  # type: ignore[assignment]
    newest = serializers.BooleanField(help_text="No newer one of this competitor for this product is known.")
    fresh = serializers.BooleanField(help_text="Young enough to be used, by the product's policy.")
    plausible = serializers.BooleanField(
        allow_null=True,
        help_text="Not more than 4 times off the others' median; null for prices that a newer one replaced.",
    )
    used = serializers.BooleanField(help_text="newest, fresh and plausible")


class CompetitorPriceFilterSet(DateRangeFilterSet):
    product = CodeFilter(field_name="product_id")
    competitor = TextFilter(max_length=LONGEST_NAME, method="of_competitor")
    fresh = BooleanFilter(
        method="by_freshness",
        help_text="true: only prices young enough to be used, by the product's policy; false: only older ones.",
    )
    start_date = DayFilter(method="recorded", help_text="First day, inclusive.")
    end_date = DayFilter(method="recorded", help_text="Last day, inclusive.")

    def of_competitor(self, prices: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return prices.filter(competitor_name=" ".join(value.split()))

    def by_freshness(self, prices: QuerySet[Any], name: str, value: bool) -> QuerySet[Any]:
        return prices.filter(is_fresh()) if value else prices.exclude(is_fresh())

    def recorded(self, prices: QuerySet[Any], name: str, value: Any) -> QuerySet[Any]:
        return recorded_between(prices, **{name: value})


class CompetitorPriceViewSet(ElastixViewSet):
    """Competitors' prices as they were seen."""

    queryset = CompetitorPrice.objects.order_by("-recorded_at", "-id")
    filterset_class = CompetitorPriceFilterSet
    edited = CompetitorPrice
    lookup_url_kwarg = "price_id"
    lookup_value_converter = "row_id"

    @operation(response=CompetitorPriceRowSerializer, lists=True)
    def list(self, request: Request) -> Response:
        """Competitors' prices, newest first."""
        prices = self.paginate_queryset(self.filtered(self.get_queryset())) or []
        response = self.get_paginated_response(CompetitorPriceRowSerializer(judged(prices), many=True).data)
        response["Cache-Control"] = "private, no-store"
        return response

    @operation(body=CompetitorPriceSerializer, response=CompetitorPriceRowSerializer, status=(201, 200))
    def create(self, request: Request) -> Response:
        """Record a competitor's price; the same competitor, product and moment again corrects it."""
        price, created = price_record(**self.validated())
        return self._row(price, 201 if created else 200)

    @operation(response=CompetitorPriceRowSerializer)
    def retrieve(self, request: Request, price_id: int) -> Response:
        """One price of a competitor."""
        return self._row(find_price(price_id))

    @operation(body=CompetitorPriceSerializer, response=CompetitorPriceRowSerializer, errors=(409,))
    def update(self, request: Request, price_id: int) -> Response:
        """Replace a competitor's price."""
        find_price(price_id)
        return self._row(price_update(price_id, self.validated()))

    @operation(
        body=CompetitorPriceSerializer, partial=True, response=CompetitorPriceRowSerializer, errors=(409,)
    )
    def partial_update(self, request: Request, price_id: int) -> Response:
        """Change what the body names of a competitor's price."""
        return self.update(request, price_id)

    @operation(status=204)
    def destroy(self, request: Request, price_id: int) -> Response:
        """Delete a competitor's price."""
        price_delete(price_id)
        return Response(status=204)

    @action(detail=False, methods=["post"], url_path="import", parser_classes=(MultiPartParser,))
    @operation(body=ImportSerializer, response=AcceptedSerializer, status=202, errors=(409,))
    def import_file(self, request: Request) -> Response:
        """Import a CSV, TSV or XLSX file of competitors' prices; known ones are corrected."""
        return upload(request, KIND)

    @staticmethod
    def _row(price: CompetitorPrice, status: int = 200) -> Response:
        return Response(CompetitorPriceRowSerializer(judged([price])[0]).data, status=status)


# --- competitors ------------------------------------------------------------------------------------------


class CompetitorSerializer(serializers.ModelSerializer[Competitor]):
    class Meta:
        model = Competitor
        fields = ("quality",)
        extra_kwargs = {
            "quality": {"required": True, "help_text": "What the offer is worth beside ours, which is 1."}
        }


class CompetitorRowSerializer(RowSerializer):
    id = serializers.IntegerField()
    name = serializers.CharField()
    quality = RoundedField(2)
    prices = serializers.IntegerField()
    last_seen = serializers.DateTimeField(allow_null=True)


class CompetitorFilterSet(StrictFilterSet):
    name = TextFilter(max_length=LONGEST_NAME, lookup_expr="icontains", help_text="A part of the name.")
    ordering = Ordering(
        {"name": "name", "quality": "quality", "prices": "prices", "last_seen": "last_seen"}, default="name"
    )


class CompetitorViewSet(ElastixViewSet):
    """Competitors, each with the quality that its market shares are computed with."""

    queryset = Competitor.objects.all()
    filterset_class = CompetitorFilterSet
    edited = Competitor
    lookup_url_kwarg = "competitor_id"
    lookup_value_converter = "row_id"

    @operation(response=CompetitorRowSerializer, lists=True)
    def list(self, request: Request) -> Response:
        """The competitors by name, with quality, number of prices and when the newest was seen."""
        return self.page(self.filtered(competitors_with_prices()))

    @operation(response=CompetitorRowSerializer)
    def retrieve(self, request: Request, competitor_id: int) -> Response:
        """One competitor."""
        return Response(CompetitorRowSerializer(find_competitor(competitor_id)).data)

    @operation(body=CompetitorSerializer, response=CompetitorRowSerializer)
    def update(self, request: Request, competitor_id: int) -> Response:
        """Set the quality of a competitor's offer."""
        find_competitor(competitor_id)
        if changes := self.validated():
            competitor_update(competitor_id, **changes)
        return self.retrieve(request, competitor_id)

    @operation(body=CompetitorSerializer, partial=True, response=CompetitorRowSerializer)
    def partial_update(self, request: Request, competitor_id: int) -> Response:
        """Set the quality of a competitor's offer, if the body names it."""
        return self.update(request, competitor_id)


# --- one product's market ---------------------------------------------------------------------------------


class MarketQuery(serializers.Serializer[Any]):
    days = serializers.IntegerField(
        required=False, default=90, min_value=1, max_value=3660, help_text="Days of history."
    )
    gamma = serializers.FloatField(
        required=False,
        default=DEFAULT_GAMMA,
        min_value=0,
        max_value=HIGHEST_GAMMA,
        help_text="How much quality counts in the market shares; 0: not at all.",
    )

    def validate_gamma(self, value: float) -> float:
        if not math.isfinite(value):
            raise serializers.ValidationError("A finite number is required.", code="not_finite")
        return value


class MarketCompetitorSerializer(RowSerializer):
    name = serializers.CharField()
    price = MoneyField()
    recorded_at = serializers.DateTimeField()
    fresh = serializers.BooleanField()
    plausible = serializers.BooleanField()
    used = serializers.BooleanField()
    quality = serializers.FloatField()
    market_share = RoundedField(4, allow_null=True, help_text="A fraction.")


class MarketPositionSerializer(RowSerializer):
    position_index = RoundedField(2, allow_null=True)
    market_min = MoneyField(allow_null=True)
    market_max = MoneyField(allow_null=True)
    market_avg = MoneyField(allow_null=True)
    price_gap_percent = PercentField(allow_null=True)
    position = serializers.ChoiceField(POSITIONS, allow_null=True)
    competitive_position = serializers.ChoiceField(COMPETITIVE_POSITIONS, allow_null=True)


class MarketShareModelSerializer(RowSerializer):
    beta = RoundedField(4)
    gamma = serializers.FloatField()
    elasticity = RoundedField(4)
    elasticity_source = serializers.ChoiceField(["product", "default"])
    elasticity_in_model = RoundedField(4, help_text="-beta (1 - share); equals the elasticity where exact.")
    exact = serializers.BooleanField()


class MarketPointSerializer(RowSerializer):
    date = serializers.DateField()
    price = MoneyField()


class MarketHistorySerializer(RowSerializer):
    name = serializers.CharField()
    points = MarketPointSerializer(many=True)


class MarketSerializer(PublishedSerializer):
    product_id = serializers.CharField(source="product.code")
    your_price = MoneyField(source="product.current_price", allow_null=True)
    competitors = MarketCompetitorSerializer(many=True)
    market_position = MarketPositionSerializer(source="position")
    market_share = RoundedField(4, source="shares.ours", allow_null=True, help_text="Ours, a fraction.")
    market_share_model = MarketShareModelSerializer(source="shares.model", allow_null=True)
    recommendation = serializers.CharField(source="advice.sentence")
    recommendation_code = serializers.CharField(source="advice.code")
    fresh_days = serializers.IntegerField()
    history = MarketHistorySerializer(many=True)


class MarketViewSet(ElastixViewSet):
    """Products among those of the competitors."""

    lookup_url_kwarg = "code"
    lookup_value_converter = "product_code"

    @operation(query=MarketQuery, response=MarketSerializer)
    def retrieve(self, request: Request, code: str) -> Response:
        """A product's price among its competitors': position, gap, market shares, advice, history."""
        product = find_product(code)
        return answer(
            request,
            lambda version: MarketSerializer(product_market(version, product, **self.query)).data,
            etag=False,
        )
