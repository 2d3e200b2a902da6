"""Query parameters and answers of the segment, dashboard and stock item endpoints."""

from typing import Any

from rest_framework import serializers

from elastix.api.fields import TextField
from elastix.api.parameters import DateRangeQuery, QuerySerializer, limit_field, offset_field
from pricing.elasticity.serializers import ElasticityMetaSerializer
from pricing.sales.api.serializers import CodeField
from segments.core.rfm import SEGMENTS
from segments.selectors.customers import ORDERINGS
from segments.selectors.stock_items import SORTS, UNKNOWN

MOST_CODES = 1_000
SEGMENTS_AND_UNKNOWN = (*SEGMENTS, UNKNOWN)


def segment_field(*others: str, **options: Any) -> serializers.ChoiceField:
    """A segment by its name; any other is refused with the list of names."""
    names = (*SEGMENTS, *others)
    message = f'"{{input}}" is not a segment. Choose one of {", ".join(names)}.'
    return serializers.ChoiceField(
        choices=names, required=False, default=None, error_messages={"invalid_choice": message}, **options
    )


class StockItemsQuery(DateRangeQuery):
    query = TextField(
        required=False,
        default=None,
        max_length=255,
        help_text="A piece of the code or name, in any case.",
    )
    sort_by = serializers.ChoiceField(choices=SORTS, required=False, default="revenue_desc")
    segment_filter = segment_field(UNKNOWN, help_text="The segment with most lines of the product.")
    limit = limit_field(50)
    offset = offset_field()


class CustomersQuery(QuerySerializer):
    segment = segment_field()
    ordering = serializers.ChoiceField(
        choices=ORDERINGS,
        required=False,
        default="customer_id",
        help_text="A column; -column: descending.",
    )
    limit = serializers.IntegerField(
        required=False, default=None, min_value=1, max_value=1000, help_text="Default 50; all for format=csv."
    )
    offset = offset_field()


class SegmentElasticitiesQuery(DateRangeQuery):
    segment = segment_field(help_text="Its products; without it the six segments themselves.")
    stock_codes = serializers.ListField(
        child=CodeField(),
        required=False,
        default=list,
        max_length=MOST_CODES,
        help_text="Only these products.",
    )
    limit = limit_field(200)
    offset = offset_field()


class PublishedSerializer(serializers.Serializer[Any]):
    """Base of answers that belong to one published version."""

    last_updated = serializers.DateTimeField(allow_null=True)


def per_segment(name: str, child: type[serializers.Serializer[Any]]) -> type[serializers.Serializer[Any]]:
    """A serializer with one nested answer for each of the six segments."""
    return type(name, (PublishedSerializer,), {segment: child() for segment in SEGMENTS})


class KpiSerializer(serializers.Serializer[Any]):
    priceSensitivity = serializers.FloatField(help_text="Percent; 100 from an elasticity of -3 on.")  # noqa: N815
    walletShare = serializers.FloatField(help_text="Percent of the revenue of all segments.")  # noqa: N815
    churnRisk = serializers.FloatField(help_text="Mean recency in percent of the longest one.")  # noqa: N815


KpisSerializer = per_segment("KpisSerializer", KpiSerializer)


class TreemapItemSerializer(serializers.Serializer[Any]):
    segment = serializers.ChoiceField(choices=SEGMENTS)
    value = serializers.FloatField(help_text="Revenue.")
    score = serializers.FloatField(help_text="Mean RFM score, 1 to 5; 0 without customers.")
    customerCount = serializers.IntegerField()  # noqa: N815


class TreemapSerializer(PublishedSerializer):
    total = serializers.IntegerField(help_text="Customers.")
    items = TreemapItemSerializer(many=True)


TrendSerializer = type(
    "TrendSerializer",
    (serializers.Serializer,),
    {name: serializers.FloatField(help_text="Revenue of the day.") for name in SEGMENTS}
    | {"date": serializers.CharField(help_text="DD/MM/YYYY")},
)


class TrendsSerializer(PublishedSerializer):
    total = serializers.IntegerField(help_text="Days.")
    items = TrendSerializer(many=True)


class StockItemSerializer(serializers.Serializer[Any]):
    id = serializers.CharField()
    itemName = serializers.CharField()  # noqa: N815
    elasticity = serializers.FloatField(allow_null=True)
    purchaseFrequency = serializers.IntegerField(help_text="Different invoices.")  # noqa: N815
    revenuePotential = serializers.FloatField(  # noqa: N815
        allow_null=True, help_text="Expected revenue change, in percent, at the best price within 15 %."
    )
    totalQuantity = serializers.IntegerField()  # noqa: N815
    totalRevenue = serializers.FloatField()  # noqa: N815
    segment = serializers.ChoiceField(choices=SEGMENTS_AND_UNKNOWN)


class StockItemsSerializer(PublishedSerializer):
    total = serializers.IntegerField(help_text="Products that the filters leave.")
    items = StockItemSerializer(many=True)


class StockItemDetailSerializer(PublishedSerializer):
    id = serializers.CharField()
    itemName = serializers.CharField()  # noqa: N815
    elasticity = serializers.FloatField(allow_null=True)
    rSquared = serializers.FloatField(help_text="Of the log-log regression; 0 where it has none.")  # noqa: N815
    avgPrice = serializers.FloatField(allow_null=True)  # noqa: N815
    totalQuantity = serializers.IntegerField()  # noqa: N815
    totalRevenue = serializers.FloatField()  # noqa: N815
    sampleSize = serializers.IntegerField(help_text="Days with sales.")  # noqa: N815
    method = serializers.CharField(allow_null=True, help_text="default: a rule of thumb.")
    quality = serializers.CharField(help_text="A: own data speak, to D: what its category says.")
    flags = serializers.ListField(child=serializers.CharField())
    ciLow = serializers.FloatField(allow_null=True)  # noqa: N815
    ciHigh = serializers.FloatField(allow_null=True)  # noqa: N815


class CustomerSerializer(serializers.Serializer[Any]):
    customer_id = serializers.CharField()
    recency = serializers.IntegerField(help_text="Days since the last purchase, on the as-of date.")
    frequency = serializers.IntegerField(help_text="Different invoices with a purchase.")
    monetary = serializers.FloatField(help_text="Money spent, net of cancellations.")
    r_score = serializers.IntegerField(help_text="1 to 5; 0 without a segment.")
    f_score = serializers.IntegerField()
    m_score = serializers.IntegerField()
    segment = serializers.ChoiceField(choices=SEGMENTS, allow_blank=True)


class CustomersSerializer(PublishedSerializer):
    total = serializers.IntegerField()
    items = CustomerSerializer(many=True)


class SegmentElasticitySerializer(serializers.Serializer[Any]):
    """A segment; with `segment` given, one of its products."""

    segment = serializers.ChoiceField(choices=SEGMENTS, required=False)
    customer_count = serializers.IntegerField(required=False)
    product_count = serializers.IntegerField(required=False)
    stock_code = serializers.CharField(required=False)
    description = serializers.CharField(required=False)
    elasticity = serializers.FloatField(allow_null=True)
    std_error = serializers.FloatField(allow_null=True)
    ci_low = serializers.FloatField(allow_null=True)
    ci_high = serializers.FloatField(allow_null=True)
    sample_size = serializers.IntegerField(help_text="Days with sales.")
    avg_price = serializers.FloatField(required=False, allow_null=True)
    total_quantity = serializers.IntegerField(required=False)
    r_squared = serializers.FloatField(required=False)
    quality = serializers.CharField(required=False)
    method = serializers.CharField(required=False)
    flags = serializers.ListField(child=serializers.CharField(), required=False)


class SegmentElasticitiesSerializer(PublishedSerializer):
    results = SegmentElasticitySerializer(many=True)
    meta = ElasticityMetaSerializer()
