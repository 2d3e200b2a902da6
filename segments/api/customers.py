"""The customers, one in full, and their moves between segments."""

from typing import Any

from django.forms.models import model_to_dict
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from elastix.api.filters import ChoiceFilter, Ordering, StrictFilterSet, TextFilter
from elastix.api.operations import operation
from elastix.api.parameters import DateRangeQuery
from elastix.api.serializers import MoneyField, PublishedSerializer, RowSerializer
from elastix.api.versions import answer
from elastix.api.viewsets import ElastixViewSet
from elastix.dataset.models import DataVersion
from pricing.sales.api.fields import QuantityField
from segments.api.pagination import PublishedPage
from segments.core.rfm import SEGMENTS
from segments.selectors.customers import PRODUCTS_SHOWN, customer_detail, customers
from segments.selectors.moves import segment_moves


class RecencyField(serializers.IntegerField):
    """Days from a customer's last purchase to the as-of date; 0 if it came later still, but was cancelled."""

    def to_representation(self, value: Any) -> int:
        as_of = self.context["as_of"]
        return max((as_of - value).days, 0) if as_of else 0


class CustomerSerializer(RowSerializer):
    customer_id = serializers.CharField()
    recency = RecencyField(
        source="last_purchase", help_text="Days since the last purchase, on the as-of date."
    )
    frequency = serializers.IntegerField(help_text="Different invoices with a purchase.")
    monetary = MoneyField(help_text="Money spent, net of cancellations.")
    r_score = serializers.IntegerField(help_text="1 to 5; 0 without a segment.")
    f_score = serializers.IntegerField()
    m_score = serializers.IntegerField()
    segment = serializers.ChoiceField(choices=SEGMENTS, allow_blank=True)
    country = serializers.CharField(help_text="Of the last purchase.")


CUSTOMER_COLUMNS = tuple(CustomerSerializer().fields)


class SegmentAtSerializer(RowSerializer):
    as_of = serializers.DateField()
    segment_before = serializers.ChoiceField(choices=SEGMENTS, allow_blank=True)
    segment = serializers.ChoiceField(choices=SEGMENTS, allow_blank=True)
    worked_out_later = serializers.BooleanField(
        help_text="From the sales before the day, by the first publish after it."
    )


class BoughtProductSerializer(RowSerializer):
    stock_code = serializers.CharField(source="code")
    name = serializers.CharField()
    quantity = QuantityField(help_text="Net of cancellations and returns, as the revenue.")
    revenue = MoneyField()
    invoices = serializers.IntegerField()
    last_purchase = serializers.DateField()


class CustomerDetailSerializer(CustomerSerializer, PublishedSerializer):
    history = SegmentAtSerializer(many=True, help_text="Moves between segments, the newest first.")
    products = BoughtProductSerializer(
        many=True, help_text=f"The {PRODUCTS_SHOWN} that brought most revenue at most."
    )
    products_total = serializers.IntegerField(help_text="Different products bought.")


class CustomerOrdering(Ordering):
    def filter(self, qs: Any, value: Any) -> Any:
        # The fewer the days, the later the last purchase.
        turned = {"recency": "-recency", "-recency": "recency"}
        return super().filter(qs, turned.get(value, value))


class CustomerFilterSet(StrictFilterSet):
    segment = ChoiceFilter(choices=SEGMENTS)
    country = TextFilter(max_length=60, help_text="Of the last purchase.")
    query = TextFilter(
        field_name="customer_id", lookup_expr="icontains", max_length=64, help_text="A piece of the id."
    )
    ordering = CustomerOrdering(
        {name: {"recency": "last_purchase", "segment": "place"}.get(name, name) for name in CUSTOMER_COLUMNS},
        default="customer_id",
        key="customer_id",
    )


class CustomerViewSet(ElastixViewSet):
    """Customers by how recently, how often and for how much they buy."""

    queryset = customers()
    file_name = "customers"
    filterset_class = CustomerFilterSet
    pagination_class = PublishedPage
    default_limit = 50
    lookup_url_kwarg = "customer_id"
    lookup_value_converter = "product_code"

    @operation(response=CustomerSerializer, lists=True)
    def list(self, request: Request) -> Response:
        """Recency, frequency, monetary value, scores and segment per customer; `format=csv`: all in a file."""
        found = self.filtered(self.get_queryset()).values(
            *(each.source for each in CustomerSerializer().fields.values())
        )

        def rows(version: DataVersion, page: Any) -> Any:
            return CustomerSerializer(page, many=True, context={"as_of": version.as_of}).data

        return answer(
            request,
            lambda version: self.get_paginated_response(rows(version, self.paginate_queryset(found))).data,
        )

    @operation(response=CustomerDetailSerializer)
    def retrieve(self, request: Request, customer_id: str) -> Response:
        """One customer: sums and scores, moves between segments, and the products bought."""

        def build(version: DataVersion) -> Any:
            detail = customer_detail(customer_id)
            row = model_to_dict(detail.customer) | {
                "history": detail.history,
                "products": detail.products,
                "products_total": detail.products_total,
            }
            return CustomerDetailSerializer(row, context={"as_of": version.as_of}).data

        return answer(request, build, live=True)


# --- moves between segments -------------------------------------------------------------------------------


class MoveCountSerializer(RowSerializer):
    segment_before = serializers.ChoiceField(
        choices=SEGMENTS, allow_blank=True, help_text="Empty: not a customer yet, or without a segment."
    )
    segment = serializers.ChoiceField(choices=SEGMENTS, allow_blank=True)
    customers = serializers.IntegerField()


class SegmentMovesSerializer(PublishedSerializer):
    start_date = serializers.DateField(allow_null=True, help_text="As-of date of the first run.")
    end_date = serializers.DateField(allow_null=True, help_text="As-of date of the second run.")
    runs = serializers.ListField(child=serializers.DateField(), help_text="As-of dates of all runs.")
    total = serializers.IntegerField(help_text="Customers with a segment at either run.")
    moved = serializers.IntegerField(help_text="Customers with another segment at the second run.")
    items = MoveCountSerializer(
        many=True, help_text="Those who stayed included; cells without customers not."
    )


class SegmentMoveViewSet(ElastixViewSet):
    """Customers who moved between segments."""

    pagination_class = None

    @operation(query=DateRangeQuery, response=SegmentMovesSerializer)
    def list(self, request: Request) -> Response:
        """How many customers moved between segments: from the last run up to a day to that up to another."""
        return answer(request, lambda version: SegmentMovesSerializer(segment_moves(**self.query)).data)
