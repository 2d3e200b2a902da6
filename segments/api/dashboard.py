"""The dashboard, the stock items and the elasticities of the six customer segments."""

from typing import Any

from drf_spectacular.utils import PolymorphicProxySerializer
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from elastix.api.filters import ChoiceFilter, DateRangeFilterSet, TextFilter
from elastix.api.operations import operation
from elastix.api.parameters import DateRangeQuery
from elastix.api.serializers import (
    ElasticityField,
    MoneyField,
    PercentField,
    PublishedSerializer,
    RoundedField,
    RowSerializer,
)
from elastix.api.versions import answer
from elastix.api.viewsets import ElastixViewSet
from elastix.dataset.models import DataVersion
from pricing.elasticity.api import CodesFilter, ElasticityPages
from pricing.elasticity.serializers import ElasticityRowSerializer
from pricing.sales.api.fields import QuantityField
from pricing.sales.selectors.daily import Window
from pricing.sales.selectors.products import merchandise
from segments.api.pagination import PublishedPage
from segments.core.rfm import SEGMENTS
from segments.models import SegmentElasticity
from segments.selectors import dashboard
from segments.selectors.elasticities import product_rows, segment_rows
from segments.selectors.stock_items import SORTS, UNKNOWN, stock_item, stock_items

SEGMENTS_AND_UNKNOWN = (*SEGMENTS, UNKNOWN)


# --- the dashboard ----------------------------------------------------------------------------------------


class KpiSerializer(RowSerializer):
    priceSensitivity = PercentField(
        source="price_sensitivity", help_text="Percent; 100 from an elasticity of -3 on."
    )
    walletShare = PercentField(source="wallet_share", help_text="Percent of the revenue of all segments.")
    churnRisk = PercentField(source="churn_risk", help_text="Mean recency in percent of the longest one.")


KpisSerializer = type(
    "KpisSerializer", (PublishedSerializer,), {segment: KpiSerializer() for segment in SEGMENTS}
)


class TreemapItemSerializer(RowSerializer):
    segment = serializers.ChoiceField(choices=SEGMENTS)
    value = MoneyField(source="revenue", help_text="Revenue.")
    score = RoundedField(2, help_text="Mean RFM score, 1 to 5; 0 without customers.")
    customerCount = serializers.IntegerField(source="customer_count")


class TreemapSerializer(PublishedSerializer):
    total = serializers.IntegerField(help_text="Customers.")
    items = TreemapItemSerializer(many=True)


TrendSerializer = type(
    "TrendSerializer",
    (RowSerializer,),
    {name: serializers.FloatField(help_text="Revenue of the day.") for name in SEGMENTS}
    | {"date": serializers.CharField(help_text="DD/MM/YYYY")},
)


class TrendsSerializer(PublishedSerializer):
    total = serializers.IntegerField(help_text="Days.")
    items = TrendSerializer(many=True)


class DashboardViewSet(ElastixViewSet):
    """Figures of the six segments. Dates limit the revenue; customers stay in the segments of the last publish."""

    pagination_class = None

    @action(detail=False)
    @operation(query=DateRangeQuery, response=KpisSerializer)
    def kpis(self, request: Request) -> Response:
        """Price sensitivity, wallet share and churn risk of the six segments, in percent."""
        return answer(request, lambda version: KpisSerializer(dashboard.kpis(**self.query)).data)

    @action(detail=False)
    @operation(query=DateRangeQuery, response=TreemapSerializer)
    def segments(self, request: Request) -> Response:
        """Customers, revenue and mean RFM score of the six segments."""

        def build(version: DataVersion) -> Any:
            items = dashboard.segment_sizes(**self.query)
            total = sum(item.customer_count for item in items)
            return TreemapSerializer({"total": total, "items": items}).data

        return answer(request, build)

    @action(detail=False)
    @operation(query=DateRangeQuery, response=TrendsSerializer)
    def trends(self, request: Request) -> Response:
        """Each segment's revenue day by day; without dates from the first to the last day with sales."""

        def build(version: DataVersion) -> Any:
            days = dashboard.trends(version, **self.query)
            items = [day.revenue | {"date": f"{day.first_day:%d/%m/%Y}"} for day in days]
            return TrendsSerializer({"total": len(items), "items": items}).data

        return answer(request, build)


# --- stock items ------------------------------------------------------------------------------------------


class StockItemSerializer(RowSerializer):
    id = serializers.CharField(source="code")
    itemName = serializers.CharField(source="name")
    elasticity = ElasticityField(help_text="0 where `flags` say NO_ELASTICITY.")
    purchaseFrequency = serializers.IntegerField(source="invoices", help_text="Different invoices.")
    revenuePotential = RoundedField(
        2,
        source="revenue_potential",
        help_text="Expected revenue change, in percent, at the best price within 15 %; 0 where it is not known.",
    )
    totalQuantity = QuantityField(source="quantity")
    totalRevenue = MoneyField(source="revenue")
    segment = serializers.ChoiceField(choices=SEGMENTS_AND_UNKNOWN)
    flags = serializers.ListField(child=serializers.CharField(), help_text="NO_ELASTICITY, NO_PRICE.")


class StockItemDetailSerializer(PublishedSerializer):
    id = serializers.CharField(source="product.code")
    itemName = serializers.CharField(source="product.name")
    elasticity = ElasticityField(source="estimate.elasticity", help_text="0 where `flags` say NO_ELASTICITY.")
    rSquared = ElasticityField(
        source="r_squared", help_text="Of the log-log regression; 0 where it has none."
    )
    avgPrice = MoneyField(source="avg_price", allow_null=True)
    totalQuantity = QuantityField(source="quantity")
    totalRevenue = MoneyField(source="revenue")
    sampleSize = serializers.IntegerField(source="estimate.sample_size", help_text="Days with sales.")
    method = serializers.CharField(
        source="estimate.method", allow_null=True, help_text="default: a rule of thumb."
    )
    quality = serializers.CharField(
        source="estimate.quality", help_text="A: own data speak, to D: what its category says."
    )
    flags = serializers.ListField(source="estimate.flags", child=serializers.CharField())
    ciLow = ElasticityField(source="estimate.ci_low", allow_null=True)
    ciHigh = ElasticityField(source="estimate.ci_high", allow_null=True)


class StockItemFilterSet(DateRangeFilterSet):
    defaults = {"sort_by": "revenue_desc"}

    query = TextFilter(max_length=255, help_text="A piece of the code or name, in any case.")
    sort_by = ChoiceFilter(choices=SORTS, help_text="Default revenue_desc.")
    segment_filter = ChoiceFilter(
        choices=SEGMENTS_AND_UNKNOWN, help_text="The segment with most lines of the product."
    )


class StockItemViewSet(ElastixViewSet):
    """Merchandise on sale with its sales, main segment and elasticity."""

    queryset = merchandise()
    filterset_class = StockItemFilterSet
    pagination_class = PublishedPage
    default_limit = 50
    lookup_url_kwarg = "code"
    lookup_value_converter = "product_code"

    @operation(response=StockItemSerializer, lists=True)
    def list(self, request: Request) -> Response:
        """Merchandise on sale: elasticity, sales, main segment. With dates: what was sold between them."""
        filters = self.filters()
        return answer(
            request, lambda version: self.page(stock_items(**filters)).data, live=_has_window(filters)
        )

    @operation(query=DateRangeQuery, response=StockItemDetailSerializer)
    def retrieve(self, request: Request, code: str) -> Response:
        """One product's sales and elasticity, over all sales or between two days."""
        return answer(
            request,
            lambda version: StockItemDetailSerializer(stock_item(code, **self.query)).data,
            live=_has_window(self.query),
        )


def _has_window(dates: dict[str, Any]) -> bool:
    return bool(dates["start_date"] or dates["end_date"])


# --- elasticities of the segments -------------------------------------------------------------------------


class SegmentElasticitySerializer(RowSerializer):
    """One of the six segments."""

    segment = serializers.ChoiceField(choices=SEGMENTS)
    customer_count = serializers.IntegerField()
    product_count = serializers.IntegerField()
    elasticity = ElasticityField(source="known_elasticity", help_text="0 where `flags` say NO_ELASTICITY.")
    std_error = ElasticityField(allow_null=True)
    ci_low = ElasticityField(allow_null=True)
    ci_high = ElasticityField(allow_null=True)
    sample_size = serializers.IntegerField(help_text="Days with sales.")
    flags = serializers.ListField(child=serializers.CharField())


class SegmentElasticityFilterSet(DateRangeFilterSet):
    segment = ChoiceFilter(
        choices=SEGMENTS, help_text="Its products; without it the six segments themselves."
    )
    stock_codes = CodesFilter(help_text="Only these products; repeatable.")


class SegmentElasticityViewSet(ElastixViewSet):
    """Price elasticities of the six segments and of the products that they buy."""

    queryset = SegmentElasticity.objects.all()
    filterset_class = SegmentElasticityFilterSet
    pagination_class = ElasticityPages
    default_limit = 200
    items_key = "results"

    @operation(
        response=PolymorphicProxySerializer(
            "SegmentElasticityRow",
            [SegmentElasticitySerializer, ElasticityRowSerializer],
            resource_type_field_name=None,
        ),
        lists=True,
    )
    def list(self, request: Request) -> Response:
        """Price elasticities of the six segments; with `segment`, of the products that it buys."""
        filters = self.filters()
        codes, window = filters["stock_codes"], Window(filters["start_date"], filters["end_date"])

        def build(version: DataVersion) -> Any:
            self.paginator.version, self.paginator.filters = version, filters
            serializer: type[RowSerializer]
            if filters["segment"]:
                rows, serializer = product_rows(codes, window, filters["segment"]), ElasticityRowSerializer
            else:
                rows, serializer = segment_rows(codes, window), SegmentElasticitySerializer
            self.row_serializer = serializer
            found = self.paginate_queryset(rows)  # type: ignore[arg-type]
            return self.get_paginated_response(serializer(found, many=True).data).data

        return answer(request, build, live=_has_window(filters))
