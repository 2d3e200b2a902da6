"""The files a shop brings: its sales lines, its products and its competitors' prices."""

import re
from decimal import Decimal
from typing import Final

from elastix.imports.core.fields import Field, FileSchema

MAX_QUANTITY: Final = 999_999
MAX_PRICE: Final = Decimal("99999999.9999")
MAX_STOCK: Final = 10_000_000
LONGEST_PRODUCT_CODE: Final = 50

_PRINTABLE_ASCII: Final = re.compile(r"[ -.0-~]+")


def product_code(text: str) -> str:
    """Normal form of a product code: stripped, upper-cased, at most 50 printable ASCII characters, no slash.

    Raises
    ------
    ValueError : if the text cannot be a product code; the message says why.
    """
    code = text.strip()
    if not code:
        raise ValueError("is empty")
    if len(code) > LONGEST_PRODUCT_CODE:
        raise ValueError(f"is longer than {LONGEST_PRODUCT_CODE} characters")
    # Before upper-casing, which turns some foreign letters into ASCII ones.
    if not _PRINTABLE_ASCII.fullmatch(code):
        raise ValueError("holds something else than printable ASCII characters, or a slash")
    return code.upper()


_PRODUCT_CODE_NAMES: Final = ("stock_code", "stock code", "product code", "product id", "sku", "item code")

TRANSACTIONS: Final = FileSchema(
    (
        Field(
            "invoice_no",
            ("invoice", "invoice number", "invoice id"),
            kind="code",
            required=True,
            max_length=20,
        ),
        Field(
            "stock_code",
            _PRODUCT_CODE_NAMES[2:],
            kind="code",
            required=True,
            convert=product_code,
        ),
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
        Field(
            "unit_price",
            ("price",),
            kind="decimal",
            required=True,
            minimum=-MAX_PRICE,
            maximum=MAX_PRICE,
        ),
        Field("customer_id", ("customer", "customer no", "customer number"), kind="code", max_length=20),
        Field("country", max_length=60, empty=""),
    )
)

PRODUCTS: Final = FileSchema(
    (
        Field("code", _PRODUCT_CODE_NAMES, kind="code", required=True, convert=product_code),
        Field("name", ("product name", "item name", "description"), max_length=255, empty=""),
        Field("category", ("product category",), max_length=100, empty=""),
        Field("cost", ("unit cost", "cost price"), kind="decimal", minimum=0, maximum=MAX_PRICE),
        Field(
            "current_price",
            ("price", "unit_price", "selling price"),
            kind="decimal",
            places=2,
            minimum=Decimal("0.01"),
            maximum=Decimal("99999999.99"),
        ),
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

COMPETITOR_PRICES: Final = FileSchema(
    (
        Field(
            "product_code",
            ("code", "stock_code", *_PRODUCT_CODE_NAMES[2:]),
            kind="code",
            required=True,
            convert=product_code,
        ),
        Field("competitor_name", ("competitor", "seller", "shop"), required=True, max_length=255),
        Field(
            "price",
            ("competitor price", "unit_price"),
            kind="decimal",
            places=2,
            required=True,
            minimum=Decimal("0.01"),
            maximum=Decimal("99999999.99"),
        ),
        Field("recorded_at", ("recorded", "seen at", "date", "datetime"), kind="datetime", required=True),
        Field("source", ("url",), max_length=100, empty=""),
    )
)
