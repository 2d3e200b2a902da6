"""The files a shop brings: its sales lines and its products."""

from collections.abc import Sequence
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

from elastix.currency import TWO_DECIMALS, Currency
from elastix.imports.core import Field, FileSchema, column_names
from elastix.imports.core.fields import normalise_name
from pricing.sales.core.service_codes import normalise_code

MAX_QUANTITY: Final = 999_999
MAX_PRICE: Final = Decimal("99999999.9999")
MAX_STOCK: Final = 10_000_000
QUANTITY_PLACES: Final = 3  # weighed goods: 1.250 kg
LONGEST_ID: Final = 64  # of an invoice or a customer
LONGEST_CHANNEL: Final = 100


class ImportKind(StrEnum):
    TRANSACTIONS = "transactions"
    PRODUCTS = "products"


def list_price_field(
    name: str,
    aliases: tuple[str, ...],
    currency: Currency,
    *,
    required: bool = False,
    instead: str | None = None,
) -> Field:
    """A positive price in smallest units of a currency."""
    low, high = currency.unit, currency.highest
    return Field(
        name,
        aliases,
        kind="decimal",
        places=currency.decimals,
        required=required,
        instead=instead,
        minimum=low,
        maximum=high,
        money=True,
        each=True,
    )


def sale_price_field(currency: Currency) -> Field:
    """A price for a time, which is the one that is charged where it is below the other; 0 or blank where there is none."""
    return Field(
        "sale_price", column_names("sale_price"), kind="decimal", places=currency.decimals, minimum=0, maximum=currency.highest,
        money=True, each=True,
    )  # fmt: skip


def charge_sale_prices(prices: list[Any], sale_prices: Sequence[Any]) -> int:
    """Put sale prices in place of the prices above them, or of none; return how many took the place of another."""
    replaced = 0
    for row, sale in enumerate(sale_prices):
        if sale and (prices[row] is None or sale < prices[row]):
            replaced += prices[row] is not None
            prices[row] = sale
    return replaced


def without_sale_prices(concept: str) -> tuple[str, ...]:
    """The names of columns of prices without those of prices for a time."""
    sale = {normalise_name(name) for name in column_names("sale_price")}
    return tuple(name for name in column_names(concept) if normalise_name(name) not in sale)


def _money(
    name: str,
    aliases: tuple[str, ...] = (),
    *,
    required: bool = False,
    instead: str | None = None,
    percent: bool = False,
) -> Field:
    """An amount as it was paid; more than four decimals are rounded."""
    return Field(
        name, aliases, kind="decimal", rounds=True, required=required, instead=instead, percent=percent,
        inspected=percent, minimum=-MAX_PRICE, maximum=MAX_PRICE, money=True,
    )  # fmt: skip


def stock_field(name: str, aliases: tuple[str, ...], minimum: int) -> Field:
    """Units in stock."""
    return Field(name, aliases, kind="decimal", places=QUANTITY_PLACES, minimum=minimum, maximum=MAX_STOCK)


TRANSACTIONS: Final = FileSchema(
    (
        Field(
            "invoice_no",
            column_names("invoice"),
            kind="code",
            required=True,
            instead="",
            max_length=LONGEST_ID,
            ranked=True,
        ),
        Field(
            "stock_code",
            column_names("product_code"),
            kind="code",
            required=True,
            convert=normalise_code,
            ranked=True,
        ),
        Field("description", column_names("product_name"), max_length=255, empty=""),
        Field(
            "quantity",
            column_names("quantity"),
            kind="decimal",
            places=QUANTITY_PLACES,
            required=True,
            minimum=-MAX_QUANTITY,
            maximum=MAX_QUANTITY,
            zero=False,
            units=True,
            inspected=True,
        ),
        Field("invoice_date", column_names("date"), kind="datetime", required=True),
        Field("invoice_time", column_names("time")),
        _money("unit_price", column_names("unit_price"), required=True, instead="line_total"),
        _money("line_total", column_names("line_total")),
        _money("discount", column_names("discount"), percent=True),
        Field(
            "discount_percent",
            column_names("discount_percent"),
            kind="decimal",
            percent=True,
            inspected=True,
            minimum=-100,
            maximum=100,
        ),
        # Whether prices are with tax already is up to the user: such a column counts only where it is mapped.
        Field(
            "tax_amount", kind="decimal", rounds=True, by_name=False, minimum=-MAX_PRICE, maximum=MAX_PRICE
        ),
        Field("tax_rate", kind="decimal", percent=True, by_name=False, minimum=0, maximum=100),
        Field(
            "returned_quantity",
            column_names("returned_quantity"),
            kind="decimal",
            places=QUANTITY_PLACES,
            minimum=-MAX_QUANTITY,
            maximum=MAX_QUANTITY,
            units=True,
        ),
        Field("status", column_names("status"), max_length=60, empty="", inspected=True),
        Field("line_type", column_names("line_type"), max_length=60, empty="", inspected=True),
        *(
            Field(name, column_names(name), max_length=60, empty="", inspected=True)
            for name in ("is_return", "returned", "cancelled", "paid")
        ),
        Field("currency", column_names("currency"), max_length=10, empty="", inspected=True),
        Field("customer_id", column_names("customer"), kind="code", max_length=LONGEST_ID),
        Field("country", column_names("country"), max_length=60, empty=""),
        # Files often have a store's number and its name: either will do.
        Field("channel", column_names("channel"), max_length=LONGEST_CHANNEL, empty="", first=True),
    ),
    fallback={"stock_code": "description"},
    # Tills that write a row for each item scanned.
    assumed={"quantity": (Decimal(1), frozenset({"invoice_no", "stock_code", "invoice_date", "unit_price"}))},
    time={"invoice_date": "invoice_time"},
    date="invoice_date",
)


def products_schema(currency: Currency) -> FileSchema:
    """The columns of a file of products, whose prices are in a currency."""
    return FileSchema(
        (
            Field(
                "code",
                ("stock_code", *column_names("product_code")),
                kind="code",
                required=True,
                convert=normalise_code,
                ranked=True,
            ),
            Field("name", column_names("product_name"), max_length=255, empty=""),
            Field("category", column_names("category"), max_length=100, empty=""),
            Field(
                "cost",
                column_names("cost"),
                kind="decimal",
                rounds=True,
                minimum=0,
                maximum=MAX_PRICE,
                money=True,
                each=True,
            ),
            Field("cost_valid_from", column_names("cost_valid_from"), kind="datetime"),
            list_price_field("current_price", without_sale_prices("list_price"), currency),
            sale_price_field(currency),
            Field("currency", column_names("currency"), max_length=10, empty="", inspected=True),
            stock_field("stock_level", column_names("stock"), -MAX_STOCK),
            stock_field("target_stock", column_names("target_stock"), 0),
            Field("reason", column_names("price_reason"), max_length=255, empty=""),
        )
    )


PRODUCTS: Final = products_schema(TWO_DECIMALS)
"""Its names and options are the same in every currency."""
