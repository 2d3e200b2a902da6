"""Shapes of requests and answers: products, transactions, imports, elasticities."""

from decimal import Decimal
from typing import Any

from rest_framework import serializers

from elastix.api.fields import CONTROL, CustomerField, MomentField, TextField, rounded
from elastix.api.parameters import DateRangeQuery, QuerySerializer, limit_field, offset_field
from pricing.sales.core.service_codes import normalise_code
from pricing.sales.models import Transaction
from pricing.sales.models.products import MAX_PRICE, Kind
from pricing.sales.models.transactions import MAX_QUANTITY
from pricing.sales.services.transactions import price_is_allowed

PAGE_SIZE = 50


class CodeField(TextField):
    """A product code in its normal form."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 50)
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> str:
        try:
            return normalise_code(super().to_internal_value(data))
        except ValueError as error:
            raise serializers.ValidationError(str(error), code="product_code") from error


# --- query parameters ----------------------------------------------------------------------------


class TransactionsQuery(DateRangeQuery):
    page = serializers.IntegerField(required=False, default=1, min_value=1, max_value=1_000_000)
    page_size = serializers.IntegerField(required=False, default=PAGE_SIZE, min_value=1, max_value=1000)
    stock_code = CodeField(required=False, default=None)
    country = TextField(required=False, default=None, max_length=60)
    customer_id = TextField(required=False, default=None, max_length=20)


class ConfirmQuery(QuerySerializer):
    confirm = serializers.BooleanField(required=False, default=False)


class ProductsQuery(QuerySerializer):
    ORDERINGS = ("id", "name", "category", "current_price", "cost", "monthly_sales")
    category = TextField(required=False, default=None, max_length=100)
    search = TextField(required=False, default=None, max_length=100)
    ordering = serializers.ChoiceField(
        [sign + name for name in ORDERINGS for sign in ("", "-")], required=False, default="id"
    )
    limit = limit_field(1000)
    offset = offset_field()


class ProductDetailQuery(QuerySerializer):
    days = serializers.IntegerField(required=False, default=90, min_value=1, max_value=3660)


class ImportsQuery(QuerySerializer):
    limit = limit_field(50)
    offset = offset_field()


# --- transactions --------------------------------------------------------------------------------


class TransactionSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField(read_only=True)
    invoice_no = TextField(max_length=20)
    stock_code = CodeField(source="product_id")
    description = TextField(max_length=255, required=False, allow_blank=True, default="")
    quantity = serializers.IntegerField(
        min_value=-MAX_QUANTITY, max_value=MAX_QUANTITY, help_text="Units; negative for a return."
    )
    invoice_date = MomentField()
    unit_price = serializers.DecimalField(
        max_digits=12, decimal_places=4, min_value=-MAX_PRICE, max_value=MAX_PRICE
    )
    customer_id = CustomerField(required=False, default=None)
    country = TextField(max_length=60, required=False, allow_blank=True, default="")

    def validate_quantity(self, value: int) -> int:
        if value == 0:
            raise serializers.ValidationError("A quantity of 0 sells nothing.", code="zero")
        return value

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        code = attrs.get("product_id", getattr(self.instance, "product_id", ""))
        price: Decimal | None = attrs.get("unit_price", getattr(self.instance, "unit_price", None))
        if price is not None and not price_is_allowed(code, price):
            raise serializers.ValidationError(
                {"unit_price": f"Only service codes may have a negative price; {code} is none."},
                code="negative_price",
            )
        return attrs

    def to_representation(self, instance: Transaction) -> dict[str, Any]:
        return {
            "id": str(instance.pk),
            "invoice_no": instance.invoice_no,
            "stock_code": instance.product_id,
            "description": instance.description,
            "quantity": instance.quantity,
            "invoice_date": instance.invoice_date.isoformat().replace("+00:00", "Z"),
            "unit_price": rounded(instance.unit_price, 4),
            "customer_id": instance.customer_id,
            "country": instance.country,
        }


class TransactionBatchSerializer(serializers.Serializer[Any]):
    transactions = TransactionSerializer(many=True, allow_empty=False, max_length=10_000)  # type: ignore[call-arg]


class TransactionPageSerializer(serializers.Serializer[Any]):
    items = TransactionSerializer(many=True)
    total = serializers.IntegerField()
    page = serializers.IntegerField()
    page_size = serializers.IntegerField()
    pages = serializers.IntegerField()


class CreatedSerializer(serializers.Serializer[Any]):
    created = serializers.IntegerField()
    message = serializers.CharField()


class DeletedSerializer(serializers.Serializer[Any]):
    deleted = serializers.IntegerField()
    message = serializers.CharField()


# --- imports -------------------------------------------------------------------------------------


class ImportSerializer(serializers.Serializer[Any]):
    file = serializers.FileField(max_length=255, allow_empty_file=False)
    mapping = serializers.JSONField(
        required=False, default=dict, help_text='Columns to fields, such as {"Artikel": "stock_code"}.'
    )
    encoding = serializers.CharField(required=False, allow_blank=True, default="", max_length=20)
    day_first = serializers.BooleanField(required=False, allow_null=True, default=None)
    dry_run = serializers.BooleanField(required=False, default=False)
    again = serializers.BooleanField(required=False, default=False)

    def validate_mapping(self, value: Any) -> dict[str, str]:
        if not isinstance(value, dict) or not all(isinstance(field, str) for field in value.values()):
            raise serializers.ValidationError("Expected an object of column names and field names.")
        if any(not _is_storable(text) for pair in value.items() for text in pair):
            raise serializers.ValidationError("Control characters are not allowed.", code="control_character")
        return value


def _is_storable(text: str) -> bool:
    """Tell whether PostgreSQL can keep a text in JSON: no NUL, no half of a surrogate pair."""
    return not CONTROL.search(text) and text.encode("utf-8", "ignore").decode() == text


class ImportStatusSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    kind = serializers.CharField()
    status = serializers.CharField()
    progress = serializers.FloatField()
    file_name = serializers.CharField()
    dry_run = serializers.BooleanField()
    rows = serializers.IntegerField()
    accepted = serializers.IntegerField()
    rejected = serializers.IntegerField()
    reasons = serializers.DictField(child=serializers.IntegerField())
    report = serializers.DictField()
    quality = serializers.DictField()
    error = serializers.CharField()
    job = serializers.IntegerField(allow_null=True)
    created_at = serializers.DateTimeField()
    published_at = serializers.DateTimeField(allow_null=True)


class AcceptedSerializer(serializers.Serializer[Any]):
    id = serializers.CharField()
    status = serializers.CharField()
    job = serializers.IntegerField(allow_null=True)


class ImportListSerializer(serializers.Serializer[Any]):
    total = serializers.IntegerField()
    items = ImportStatusSerializer(many=True)


# --- products ------------------------------------------------------------------------------------


class ProductSerializer(serializers.Serializer[Any]):
    id = CodeField()
    name = TextField(max_length=255)
    category = TextField(max_length=100, required=False, allow_blank=True)
    current_price = serializers.DecimalField(
        max_digits=10, decimal_places=2, min_value=Decimal("0.01"), required=False, allow_null=True
    )
    cost = serializers.DecimalField(
        max_digits=12, decimal_places=4, min_value=Decimal(0), required=False, allow_null=True
    )
    stock_level = serializers.IntegerField(
        min_value=-10_000_000, max_value=10_000_000, required=False, allow_null=True
    )
    target_stock = serializers.IntegerField(
        min_value=0, max_value=10_000_000, required=False, allow_null=True
    )
    kind = serializers.ChoiceField(Kind.choices, required=False)
    is_active = serializers.BooleanField(required=False)


class ProductChangeSerializer(ProductSerializer):
    id = CodeField(required=False)


class ProductRowSerializer(serializers.Serializer[Any]):
    id = serializers.CharField()
    name = serializers.CharField()
    category = serializers.CharField()
    current_price = serializers.FloatField(allow_null=True)
    cost = serializers.FloatField(allow_null=True)
    current_margin = serializers.FloatField(allow_null=True, help_text="Percent of the price.")
    monthly_sales = serializers.IntegerField(help_text="Units in the 30 days before the as-of date.")


class ProductListSerializer(serializers.Serializer[Any]):
    products = ProductRowSerializer(many=True)
    total = serializers.IntegerField()


class SalesDaySerializer(serializers.Serializer[Any]):
    date = serializers.DateField()
    quantity = serializers.IntegerField()
    price = serializers.FloatField(allow_null=True)


class ProductDetailSerializer(ProductRowSerializer):
    competitor_price = serializers.FloatField(allow_null=True)
    stock_level = serializers.IntegerField(allow_null=True)
    target_stock = serializers.IntegerField(allow_null=True)
    kind = serializers.CharField()
    is_active = serializers.BooleanField()
    price_source = serializers.CharField()
    sales_history = SalesDaySerializer(many=True)


class ProductDeletedSerializer(serializers.Serializer[Any]):
    id = serializers.CharField()
    deleted = serializers.BooleanField()
    message = serializers.CharField()
