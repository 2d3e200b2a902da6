"""The files a shop brings: its sales lines and its products."""

from decimal import Decimal
from enum import StrEnum
from typing import Final

from elastix.currency import TWO_DECIMALS, Currency
from elastix.imports.core import Field, FileSchema
from pricing.sales.core.service_codes import normalise_code

MAX_QUANTITY: Final = 999_999
MAX_PRICE: Final = Decimal("99999999.9999")
MAX_STOCK: Final = 10_000_000
CODE_NAMES: Final = ("product code", "product id", "sku", "item code")


class ImportKind(StrEnum):
    TRANSACTIONS = "transactions"
    PRODUCTS = "products"


def list_price_field(
    name: str, aliases: tuple[str, ...], currency: Currency, *, required: bool = False
) -> Field:
    """A positive price in smallest units of a currency."""
    low, high = currency.unit, currency.highest
    return Field(
        name, aliases, kind="decimal", places=currency.decimals, required=required, minimum=low, maximum=high
    )


TRANSACTIONS: Final = FileSchema(
    (
        Field(
            "invoice_no",
            ("invoice", "invoice number", "invoice id"),
            kind="code",
            required=True,
            max_length=20,
        ),
        Field("stock_code", CODE_NAMES, kind="code", required=True, convert=normalise_code),
        Field("description", ("product description", "item description"), max_length=255, empty=""),
        Field(
            "quantity",
            ("qty",),
            kind="integer",
            required=True,
            minimum=-MAX_QUANTITY,
            maximum=MAX_QUANTITY,
            zero=False,
        ),
        Field("invoice_date", ("invoice datetime", "date", "datetime"), kind="datetime", required=True),
        Field("unit_price", ("price",), kind="decimal", required=True, minimum=-MAX_PRICE, maximum=MAX_PRICE),
        Field("customer_id", ("customer", "customer no", "customer number"), kind="code", max_length=20),
        Field("country", max_length=60, empty=""),
    )
)


def products_schema(currency: Currency) -> FileSchema:
    """The columns of a file of products, whose prices are in a currency."""
    return FileSchema(
        (
            Field("code", ("stock_code", *CODE_NAMES), kind="code", required=True, convert=normalise_code),
            Field("name", ("product name", "item name", "description"), max_length=255, empty=""),
            Field("category", ("product category",), max_length=100, empty=""),
            Field("cost", ("unit cost", "cost price"), kind="decimal", minimum=0, maximum=MAX_PRICE),
            list_price_field("current_price", ("price", "unit_price", "selling price"), currency),
            Field(
                "stock_level",
                ("stock", "stock on hand"),
                kind="integer",
                minimum=-MAX_STOCK,
                maximum=MAX_STOCK,
            ),
            Field("target_stock", ("stock target",), kind="integer", minimum=0, maximum=MAX_STOCK),
        )
    )


PRODUCTS: Final = products_schema(TWO_DECIMALS)
"""Its names and options are the same in every currency."""
