"""/api/products/{code}/costs: unit costs of a product, by the day from which they hold."""

from decimal import Decimal
from typing import Any

from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from elastix.api.filters import ChoiceFilter, DayFilter, RangeForm, StrictFilterSet
from elastix.api.operations import operation
from elastix.api.permissions import Role, audit_username
from elastix.api.serializers import RoundedField, RowSerializer
from elastix.api.viewsets import ElastixViewSet
from pricing.sales.api.fields import amount_field
from pricing.sales.models.costs import CostSource
from pricing.sales.models.products import MAX_PRICE
from pricing.sales.selectors.costs import costs_of_product
from pricing.sales.selectors.products import find_product
from pricing.sales.services.costs import cost_record


class CostRecordedSerializer(serializers.Serializer[Any]):
    valid_from = serializers.DateField(help_text="First day that a unit cost this much; today at the latest.")
    cost = amount_field(
        decimal_places=4, max_value=MAX_PRICE, min_value=Decimal(0), required=True, default=serializers.empty
    )


class ProductCostSerializer(RowSerializer):
    valid_from = serializers.DateField()
    cost = RoundedField(4, allow_null=True, help_text="Per unit, without tax; null where it became unknown.")
    source = serializers.ChoiceField(CostSource.choices)  # type: ignore[assignment]
    recorded_by = serializers.CharField()
    recorded_at = serializers.DateTimeField()


class ProductCostFilterSet(StrictFilterSet):
    source = ChoiceFilter(choices=CostSource.choices)
    start_date = DayFilter(
        field_name="valid_from", lookup_expr="gte", help_text="First day from which a cost holds, inclusive."
    )
    end_date = DayFilter(
        field_name="valid_from", lookup_expr="lte", help_text="Last day from which a cost holds, inclusive."
    )

    form_base = RangeForm


class ProductCostViewSet(ElastixViewSet):
    """What products cost, by the day from which on."""

    filterset_class = ProductCostFilterSet
    lookup_url_kwarg = "code"
    lookup_value_converter = "product_code"

    @action(detail=True)
    @operation(response=ProductCostSerializer, lists=True)
    def costs(self, request: Request, code: str) -> Response:
        """What a product cost from which day on, the newest first."""
        return self.page(self.filtered(costs_of_product(code)))

    @costs.mapping.post
    @operation(body=CostRecordedSerializer, response=ProductCostSerializer, status=201, role=Role.ANALYST)
    def record_cost(self, request: Request, code: str) -> Response:
        """Record what a product cost from a day on, in place of what was recorded for that day.

        The cost of the newest day is the product's: recorded for a later day than all others, it is that from now on.
        """
        row = cost_record(find_product(code).code, by=audit_username(request), **self.validated())
        return Response(ProductCostSerializer(row).data, status=201)
