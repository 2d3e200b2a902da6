"""The files a shop brings: its sales lines and its products."""

from decimal import Decimal
from enum import StrEnum
from typing import Final

from elastix.imports.core import Field, FileSchema
from pricing.sales.core.service_codes import normalise_code

MAX_QUANTITY: Final = 999_999
MAX_PRICE: Final = Decimal("99999999.9999")
MAX_STOCK: Final = 10_000_000
QUANTITY_PLACES: Final = 3  # weighed goods: 1.250 kg
LONGEST_ID: Final = 64  # of an invoice or a customer
CODE_NAMES: Final = ("product code", "product id", "sku", "item code")


class ImportKind(StrEnum):
    TRANSACTIONS = "transactions"
    PRODUCTS = "products"


def list_price_field(name: str, aliases: tuple[str, ...], *, required: bool = False) -> Field:
    """A positive price in cents."""
    low, high = Decimal("0.01"), Decimal("99999999.99")
    return Field(name, aliases, kind="decimal", places=2, required=required, minimum=low, maximum=high)


def stock_field(name: str, aliases: tuple[str, ...], minimum: int) -> Field:
    """Units in stock."""
    return Field(name, aliases, kind="decimal", places=QUANTITY_PLACES, minimum=minimum, maximum=MAX_STOCK)


TRANSACTIONS: Final = FileSchema(
    (
        Field(
            "invoice_no",
            ("invoice", "invoice number", "invoice id"),
            kind="code",
            required=True,
            max_length=LONGEST_ID,
        ),
        Field("stock_code", CODE_NAMES, kind="code", required=True, convert=normalise_code),
        Field("description", ("product description", "item description"), max_length=255, empty=""),
        Field(
            "quantity",
            ("qty",),
            kind="decimal",
            places=QUANTITY_PLACES,
            required=True,
            minimum=-MAX_QUANTITY,
            maximum=MAX_QUANTITY,
            zero=False,
        ),
        Field("invoice_date", ("invoice datetime", "date", "datetime"), kind="datetime", required=True),
        Field("unit_price", ("price",), kind="decimal", required=True, minimum=-MAX_PRICE, maximum=MAX_PRICE),
        Field(
            "customer_id", ("customer", "customer no", "customer number"), kind="code", max_length=LONGEST_ID
        ),
        Field("country", max_length=60, empty=""),
    )
)

PRODUCTS: Final = FileSchema(
    (
        Field("code", ("stock_code", *CODE_NAMES), kind="code", required=True, convert=normalise_code),
        Field("name", ("product name", "item name", "description"), max_length=255, empty=""),
        Field("category", ("product category",), max_length=100, empty=""),
        Field("cost", ("unit cost", "cost price"), kind="decimal", minimum=0, maximum=MAX_PRICE),
        list_price_field("current_price", ("price", "unit_price", "selling price")),
        stock_field("stock_level", ("stock", "stock on hand"), -MAX_STOCK),
        stock_field("target_stock", ("stock target",), 0),
    )
)
