"""/transactions: sales lines, one by one, in batches and from files."""

from decimal import Decimal
from typing import Any
from uuid import UUID

from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from elastix.api.fields import CustomerField, MomentField, TextField
from elastix.api.filters import DateRangeFilterSet, TextFilter
from elastix.api.operations import operation
from elastix.api.pagination import PageNumber
from elastix.api.permissions import Role
from elastix.api.serializers import RowSerializer
from elastix.api.viewsets import ElastixViewSet
from elastix.dataset.versions import current_version
from elastix.errors import NotFound
from pricing.sales.api.fields import CodeField, CodeFilter, DecimalNumberField, QuantityField
from pricing.sales.api.imports import AcceptedSerializer, ImportSerializer, upload
from pricing.sales.core.files import LONGEST_CHANNEL, LONGEST_ID, ImportKind
from pricing.sales.models import Transaction
from pricing.sales.models.products import MAX_PRICE
from pricing.sales.models.transactions import MAX_QUANTITY
from pricing.sales.selectors.newest_lines import NewestLines
from pricing.sales.services import transactions


class InvoiceDateField(MomentField):
    def to_representation(self, value: Any) -> str:
        return value.isoformat().replace("+00:00", "Z")  # type: ignore[no-any-return]


# Bad lines of a batch that the answer names.
MOST_NAMED = 1_000


class TransactionListSerializer(serializers.ListSerializer[Any]):
    """Lines of a batch. After a thousand bad ones the others are not looked at: nothing will be written, and nobody waits."""

    refused = 0

    def to_internal_value(self, data: Any) -> Any:
        self.refused = 0
        return super().to_internal_value(data)

    def run_child_validation(self, data: Any) -> Any:
        if self.refused >= MOST_NAMED:
            return {}
        try:
            return super().run_child_validation(data)
        except serializers.ValidationError:
            self.refused += 1
            raise


class TransactionSerializer(RowSerializer):
    class Meta:
        list_serializer_class = TransactionListSerializer

    id = serializers.UUIDField(read_only=True)
    invoice_no = TextField(max_length=LONGEST_ID)
    stock_code = CodeField(source="product_id")
    description = TextField(max_length=255, required=False, allow_blank=True, default="")
    quantity = QuantityField(
        min_value=-MAX_QUANTITY, max_value=MAX_QUANTITY, help_text="Units; negative for a return."
    )
    invoice_date = InvoiceDateField()
    unit_price = DecimalNumberField(
        max_digits=12, decimal_places=4, min_value=-MAX_PRICE, max_value=MAX_PRICE
    )
    customer_id = CustomerField(max_length=LONGEST_ID, required=False, default=None)
    country = TextField(max_length=60, required=False, allow_blank=True, default="")
    channel = TextField(
        max_length=LONGEST_CHANNEL,
        required=False,
        allow_blank=True,
        default="",
        help_text="Store, web shop, marketplace or arm of a price test.",
    )

    def validate_quantity(self, value: Decimal) -> Decimal:
        if value == 0:
            raise serializers.ValidationError("The quantity must not be 0.", code="zero")
        return value

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        code = attrs.get("product_id", getattr(self.instance, "product_id", ""))
        price: Decimal | None = attrs.get("unit_price", getattr(self.instance, "unit_price", None))
        if price is not None and not transactions.price_is_allowed(code, price):
            raise serializers.ValidationError(
                {"unit_price": transactions.NEGATIVE_PRICE.format(code)}, code="negative_price"
            )
        return attrs


class TransactionBatchSerializer(serializers.Serializer[Any]):
    transactions = TransactionSerializer(many=True, allow_empty=False, max_length=10_000)  # type: ignore[call-arg]


class CreatedSerializer(serializers.Serializer[Any]):
    created = serializers.IntegerField()
    message = serializers.CharField()


class DeletedSerializer(serializers.Serializer[Any]):
    deleted = serializers.IntegerField()
    message = serializers.CharField()


class ConfirmQuery(serializers.Serializer[Any]):
    confirm = serializers.BooleanField(required=False, default=False, help_text="Must be true.")

    def validate_confirm(self, value: bool) -> bool:
        if not value:
            raise serializers.ValidationError(
                "This deletes every transaction of the shop. To do it, send confirm=true."
            )
        return value


class TransactionFilterSet(DateRangeFilterSet):
    stock_code = CodeFilter(field_name="product_id")
    country = TextFilter(max_length=60)
    customer_id = TextFilter(max_length=LONGEST_ID)
    channel = TextFilter(max_length=LONGEST_CHANNEL)


class TransactionViewSet(ElastixViewSet):
    """Sales lines."""

    queryset = Transaction.objects.order_by("-invoice_date", "-id")
    filterset_class = TransactionFilterSet
    edited = Transaction
    pagination_class = PageNumber
    default_limit = 50
    lookup_url_kwarg = "transaction_id"
    lookup_value_converter = "uuid"

    @operation(response=TransactionSerializer, lists=True)
    def list(self, request: Request) -> Response:
        """The transactions, newest first."""
        found = self.filtered(self.get_queryset())
        if {"start_date", "end_date"} & set(request.query_params):
            current_version()
        return self.page(found if self.is_file else NewestLines(found, self.filters()))

    @operation(body=TransactionSerializer, response=TransactionSerializer, status=201)
    def create(self, request: Request) -> Response:
        """Add a transaction."""
        (line,) = transactions.transactions_create([self.validated()])
        return Response(TransactionSerializer(line).data, status=201)

    @operation(query=ConfirmQuery, response=DeletedSerializer, role=Role.ADMIN)
    def destroy_all(self, request: Request) -> Response:
        """Delete all transactions; products, price changes and competitors' prices stay."""
        deleted = transactions.transactions_delete_all()
        return Response({"deleted": deleted, "message": f"{deleted} transactions were deleted."})

    @action(detail=False, methods=["post"])
    @operation(body=TransactionBatchSerializer, response=CreatedSerializer, status=201)
    def batch(self, request: Request) -> Response:
        """Add several transactions, all or none; errors name the row."""
        created = len(transactions.transactions_create(self.validated()["transactions"]))
        body = {"created": created, "message": f"{created} transactions were created."}
        return Response(body, status=201)

    @action(detail=False, methods=["post"], url_path="import", parser_classes=(MultiPartParser,))
    @operation(body=ImportSerializer, response=AcceptedSerializer, status=202, errors=(409,))
    def import_file(self, request: Request) -> Response:
        """Import a CSV, TSV or XLSX file of sales; its progress is at /transactions/imports/{import_id}."""
        return upload(request, ImportKind.TRANSACTIONS)

    @operation(response=TransactionSerializer)
    def retrieve(self, request: Request, transaction_id: UUID) -> Response:
        """A transaction."""
        return Response(TransactionSerializer(self._line(transaction_id)).data)

    @operation(body=TransactionSerializer, partial=True, response=TransactionSerializer)
    def update(self, request: Request, transaction_id: UUID) -> Response:
        """Change the given fields of a transaction."""
        changes = self.validated(self._line(transaction_id))
        return Response(TransactionSerializer(transactions.transaction_update(transaction_id, changes)).data)

    @operation(status=204)
    def destroy(self, request: Request, transaction_id: UUID) -> Response:
        """Delete a transaction."""
        transactions.transaction_delete(transaction_id)
        return Response(status=204)

    def _line(self, transaction_id: UUID) -> Transaction:
        line = self.get_queryset().filter(pk=transaction_id).first()
        if line is None:
            raise NotFound(f"There is no transaction {transaction_id}.")
        return line  # type: ignore[no-any-return]
