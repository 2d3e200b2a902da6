"""/api/products: the catalogue."""

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.fields import empty
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from elastix.api.fields import TextField
from elastix.api.filters import Ordering, StrictFilterSet, TextFilter
from elastix.api.operations import operation
from elastix.api.permissions import Role, audit_username, role_of
from elastix.api.serializers import MoneyField, PercentField, RoundedField, RowSerializer
from elastix.api.viewsets import ElastixViewSet
from elastix.dataset.models import DataVersion
from elastix.dataset.versions import current_version, data_version
from pricing.recommendation.selectors.products import product_detail, taxed_rows
from pricing.recommendation.services.manual_prices import Setter, product_create, product_update
from pricing.sales.api.fields import CodeField, QuantityField
from pricing.sales.api.imports import AcceptedSerializer, ImportSerializer, upload
from pricing.sales.core.files import MAX_STOCK, ImportKind
from pricing.sales.core.service_codes import normalise_code
from pricing.sales.models import Product
from pricing.sales.selectors.products import (
    find_product,
    merchandise,
    product_rows,
    product_values,
    products_matching,
)
from pricing.sales.services.products import product_delete

HISTORY_DAYS = 90


class OptionalBooleanField(serializers.BooleanField):
    """True or false; a form without it leaves the value as it is."""

    default_empty_html = empty


class ProductSerializer(serializers.ModelSerializer[Product]):
    id = CodeField(source="code")
    name = TextField(max_length=255)
    category = TextField(max_length=100, required=False, allow_blank=True)
    stock_level = QuantityField(min_value=-MAX_STOCK, max_value=MAX_STOCK, required=False, allow_null=True)
    target_stock = QuantityField(min_value=0, max_value=MAX_STOCK, required=False, allow_null=True)
    is_active = OptionalBooleanField(required=False)
    reason = TextField(
        max_length=255,
        required=False,
        allow_blank=True,
        help_text="Why this price; managers have to say so below the cost or outside a hard limit.",
    )

    class Meta:
        model = Product
        fields = (
            "id", "name", "category", "current_price", "cost", "stock_level", "target_stock", "kind", "is_active",
            "reason",
        )  # fmt: skip


class ProductChangeSerializer(ProductSerializer):
    id = CodeField(source="code", required=False)

    def validate_id(self, value: str) -> str:
        if self.instance is not None and value != self.instance.code:
            raise serializers.ValidationError(
                "A product's code cannot be changed: its sales are recorded under it."
            )
        return value


class ProductRowSerializer(RowSerializer):
    id = serializers.CharField(source="code")
    name = serializers.CharField()
    category = serializers.CharField()
    current_price = MoneyField(allow_null=True)
    cost = RoundedField(4, allow_null=True)
    current_margin = PercentField(
        source="margin_percent", allow_null=True, help_text="Percent of the price without tax."
    )
    tax_rate = RoundedField(2, help_text="Percent that the price includes; 0 where prices are net.")
    monthly_sales = QuantityField(help_text="Units in the 30 days before the as-of date.")


class SalesDaySerializer(RowSerializer):
    date = serializers.DateField()
    quantity = QuantityField()
    price = RoundedField(4, allow_null=True)


class ChannelPriceSerializer(RowSerializer):
    channel = serializers.CharField(help_text="Empty: the lines without a channel.")
    price = MoneyField(allow_null=True, help_text="What it charges at its newest sale, promotions aside.")
    units = QuantityField(help_text="Units in the 30 days up to the product's newest sale.")
    last_sold = serializers.DateField(allow_null=True)
    is_main = serializers.BooleanField(help_text="It sells most: its price is the product's own.")


class ProductDetailSerializer(ProductRowSerializer):
    competitor_price = MoneyField(allow_null=True)
    stock_level = QuantityField(allow_null=True)
    target_stock = QuantityField(allow_null=True)
    stock_days = serializers.IntegerField(
        allow_null=True, help_text="How long the stock lasts at the sales of the last 30 days."
    )
    kind = serializers.CharField()
    is_active = serializers.BooleanField()
    price_source = serializers.CharField()
    sales_history = SalesDaySerializer(many=True)
    channel_prices = ChannelPriceSerializer(many=True, help_text="Empty where all channels charge the same.")


class ProductDeletedSerializer(serializers.Serializer[Any]):
    id = serializers.CharField()
    deleted = serializers.BooleanField()
    message = serializers.CharField()


class ProductDetailQuery(serializers.Serializer[Any]):
    days = serializers.IntegerField(
        required=False, default=HISTORY_DAYS, min_value=1, max_value=3660, help_text="Days of sales history."
    )


class ProductFilterSet(StrictFilterSet):
    category = TextFilter(max_length=100)
    search = TextFilter(max_length=100, method="matching", help_text="A part of the code or name.")
    ordering = Ordering(
        {
            "id": "code",
            "name": "name",
            "category": "category",
            "current_price": "current_price",
            "cost": "cost",
            "monthly_sales": "summary__monthly_sales",
        },
        default="id",
        key="code",
    )

    def matching(self, products: QuerySet[Product], name: str, value: str) -> QuerySet[Product]:
        return products_matching(products, value)


class ProductViewSet(ElastixViewSet):
    """The catalogue."""

    queryset = merchandise()
    filterset_class = ProductFilterSet
    edited = Product
    default_limit = 1000
    items_key = file_name = "products"
    lookup_url_kwarg = "code"
    lookup_value_converter = "product_code"

    def edited_key(self) -> str | None:
        code = self.kwargs.get("code")
        try:
            return None if code is None else normalise_code(code)
        except ValueError:
            return ""  # of no product, as the handler says

    @operation(body=ProductSerializer, response=ProductDetailSerializer, status=201, errors=(409,))
    def create(self, request: Request) -> Response:
        """Add a product; without a kind, its code decides whether it is merchandise or a service.

        A price below cost or outside a hard limit is a manager's to set (403), with a `reason`.
        """
        given = self.validated()
        product = product_create(self._setter(given.pop("reason", "")), **given)
        return self._detail(product.code, data_version(), status=201)

    @action(detail=False, url_path="list")
    @operation(response=ProductRowSerializer, lists=True)
    def catalogue(self, request: Request) -> Response:
        """Active merchandise with price, cost, margin and monthly sales."""
        found = self.paginate_queryset(product_values(self.filtered(self.get_queryset())))
        rows = ProductRowSerializer(taxed_rows(product_rows(found or ())), many=True)
        return self.get_paginated_response(rows.data)

    @action(detail=False, methods=["post"], url_path="import", parser_classes=(MultiPartParser,))
    @operation(body=ImportSerializer, response=AcceptedSerializer, status=202, errors=(409,))
    def import_file(self, request: Request) -> Response:
        """Import a CSV, TSV or XLSX file of products; existing ones are updated."""
        return upload(request, ImportKind.PRODUCTS)

    @operation(query=ProductDetailQuery, response=ProductDetailSerializer)
    def retrieve(self, request: Request, code: str) -> Response:
        """A product with its competitors' median price and its latest sales."""
        code = find_product(code).code
        return self._detail(code, current_version(), days=self.query["days"])

    @operation(body=ProductChangeSerializer, response=ProductDetailSerializer)
    def update(self, request: Request, code: str) -> Response:
        """Change a product; the name is required, other fields that are not given stay.

        A price below cost or outside a hard limit is a manager's to set (403), with a `reason`.
        """
        return self._change(request, code)

    @operation(body=ProductChangeSerializer, partial=True, response=ProductDetailSerializer)
    def partial_update(self, request: Request, code: str) -> Response:
        """Change the given fields of a product.

        A price below cost or outside a hard limit is a manager's to set (403), with a `reason`.
        """
        return self._change(request, code)

    @operation(response=ProductDeletedSerializer)
    def destroy(self, request: Request, code: str) -> Response:
        """Delete a product; one with a history of sales or prices is deactivated instead."""
        code = find_product(code).code
        deleted = product_delete(code)
        message = "Deleted." if deleted else "It has history, so it was deactivated instead."
        return Response({"id": code, "deleted": deleted, "message": f"{code}: {message}"})

    def _change(self, request: Request, code: str) -> Response:
        product = find_product(code)
        changes = self.validated(product)
        changes.pop("code", None)
        product_update(self._setter(changes.pop("reason", "")), product.code, **changes)
        return self._detail(product.code, data_version())

    def _setter(self, reason: str) -> Setter:
        may_cross = role_of(self.request.user) >= Role.MANAGER
        return Setter(audit_username(self.request), may_cross, reason)

    def _detail(
        self, code: str, version: DataVersion, *, days: int = HISTORY_DAYS, status: int = 200
    ) -> Response:
        detail = product_detail(code, days=days, version=version)
        return Response(ProductDetailSerializer(detail).data, status=status)
