"""/api/price/prior-prices: the price that an announced reduction has to name, of prices in force and of proposals."""

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from elastix.api.filters import BooleanFilter, StrictFilterSet, TextFilter
from elastix.api.operations import operation
from elastix.api.serializers import MoneyField, PercentField, RowSerializer
from elastix.api.viewsets import ElastixViewSet
from pricing.changes.core.prior_price import PRIOR_STATES
from pricing.changes.selectors.prior_prices import (
    PriorPriceRow,
    open_cuts,
    prior_prices,
    prior_prices_of_changes,
    products_with_cuts,
)
from pricing.recommendation.api.standing import PRIVATE
from pricing.sales.api.fields import CodeFilter


class PriorPriceSerializer(RowSerializer):
    """What may be announced of a price."""

    product_id = serializers.CharField(source="product.pk")
    name = serializers.CharField(source="product.name")
    category = serializers.CharField(source="product.category")
    price = MoneyField(source="found.price", allow_null=True)
    state = serializers.ChoiceField(PRIOR_STATES, source="found.state")
    prior_price = MoneyField(
        source="found.prior_price", allow_null=True, help_text="Lowest of the 30 days before the reduction."
    )
    discount_percent = PercentField(
        source="found.discount_percent", allow_null=True, help_text="That may be announced."
    )
    since = serializers.DateField(source="found.since", allow_null=True, help_text="Its first step.")
    known_days = serializers.IntegerField(source="found.known_days", help_text="Of the 30 before.")
    new_arrival = serializers.BooleanField(
        source="found.new_arrival", help_text="Fewer than 30 days before are known."
    )
    progressive = serializers.BooleanField(
        source="found.progressive", help_text="Lowered further since: the prior price is the first step's."
    )
    resumed = serializers.BooleanField(
        source="found.resumed", help_text="A deeper reduction ended within it: taken to have run on."
    )


class ProposedPriorPriceSerializer(PriorPriceSerializer):
    change = serializers.IntegerField(source="number", help_text="The proposal that lowers the price.")


class PriorPriceFilterSet(StrictFilterSet):
    product = CodeFilter(field_name="code", help_text="Of this product only.")
    category = TextFilter(field_name="category", max_length=100)
    cut = BooleanFilter(
        method="lowered", help_text="Only prices that the ledger lowered in the last 90 days."
    )

    def lowered(self, found: QuerySet[Any], name: str, value: bool) -> QuerySet[Any]:
        return products_with_cuts(value) & found


class PriorPriceViewSet(ElastixViewSet):
    """Prior prices of reductions, by Directive 98/6/EC."""

    filterset_class = PriorPriceFilterSet
    default_limit = 50

    @operation(response=PriorPriceSerializer, lists=True)
    def list(self, request: Request) -> Response:
        """The prior price of every price in force: what a shop has to print beside a reduction; by product."""
        products = self.paginate_queryset(self.filtered(products_with_cuts()).order_by("code")) or ()
        found = prior_prices(each.pk for each in products)
        rows = [PriorPriceRow(each, found[each.pk]) for each in products]
        return _answered(self, PriorPriceSerializer(rows, many=True).data)


class ProposedFilterSet(StrictFilterSet):
    product = CodeFilter(field_name="product_id", help_text="Of this product only.")
    category = TextFilter(field_name="product__category", max_length=100)


class ProposedPriorPriceViewSet(ElastixViewSet):
    """Reductions that are proposed, and what could be announced of them."""

    filterset_class = ProposedFilterSet
    file_name = "price-prior-price-proposed"
    default_limit = 50

    @action(detail=False)
    @operation(response=ProposedPriorPriceSerializer, lists=True)
    def proposed(self, request: Request) -> Response:
        """Reductions that wait for approval or their day, as if in force today; `no_discount`: not to be announced."""
        changes = self.paginate_queryset(self.filtered(open_cuts()).order_by("product_id", "pk")) or ()
        found = prior_prices_of_changes(changes)
        rows = [PriorPriceRow(each.product, found[each.pk], each.pk) for each in changes]
        return _answered(self, ProposedPriorPriceSerializer(rows, many=True).data)


def _answered(view: ElastixViewSet, rows: Any) -> Response:
    response: Response = view.get_paginated_response(rows)
    response["Cache-Control"] = PRIVATE["Cache-Control"]
    return response
