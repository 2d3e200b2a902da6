"""Files of tills: payments, change, rounding, coupons, kits and scanned items among the lines, through all three ways in."""

from decimal import Decimal
from typing import Any

import pytest

from elastix.imports.models import ImportStatus
from pricing.sales.core.lines import NO_PRICE
from pricing.sales.models import Product, SalesHistory, Transaction
from pricing.sales.models.products import Kind
from tests.integration.pricing.test_sales_files import Load, lines, load, on

__all__ = ["load"]
pytestmark = pytest.mark.django_db

HEADER = "Invoice,SKU,Description,Qty,Date,Price"


def text(*rows: str) -> bytes:
    return "\n".join((*rows, "")).encode()


def notes(batch: Any) -> str:
    return " ".join(batch.report["notes"])


def test_a_partial_refund_is_a_refund_of_its_amount(load: Load) -> None:
    batch = load(
        text(
            f"{HEADER},Type",
            "1,A1,Mug,2,2024-03-13,10,Sale", "1,A1,Mug,1,2024-03-14,4,Partial refund", "2,A1,Mug,1,2024-03-15,3,Teilerstattung",
        )
    )  # fmt: skip
    assert lines() == [
        *on("2024-03-13", 2), *on("2024-03-14", -1, price="4"), *on("2024-03-15", -1, price="3"),
    ]  # fmt: skip
    assert "Rows read as returns because their type says so: 2." in notes(batch)


def test_an_order_that_was_refunded_in_part_is_a_sale_and_noted(load: Load) -> None:
    batch = load(
        text(
            f"{HEADER},Financial Status",
            "1,A1,Mug,2,2024-03-13,10,paid", "2,A1,Mug,1,2024-03-14,10,partially_refunded",
        )
    )  # fmt: skip
    assert lines() == [*on("2024-03-13", 2), *on("2024-03-14", 1)]
    assert "Rows whose status says that a part was given back, not how much: 1." in notes(batch)


TILL = text(
    HEADER,
    "1,A1,Mug,2,2024-03-13,10",
    "1,R,Rundung,1,2024-03-13,-0.02",
    "1,C1X,10 % coupon,1,2024-03-13,-2",
    "1,P1,Cash,1,2024-03-13,-20",
    "1,P2,Change,1,2024-03-13,2.02",
    "1,P3,Card,1,2024-03-13,5",
    "2,G1,Card,1,2024-03-13,3",
)


def test_payments_are_refused_and_rounding_and_coupons_are_services(load: Load) -> None:
    batch = load(TILL)
    assert (batch.accepted, batch.reasons) == (4, {"payment_row": 3})
    assert dict(Product.objects.values_list("code", "kind")) == {
        "A1": Kind.MERCHANDISE,
        "R": Kind.SERVICE,
        "C1X": Kind.SERVICE,
        "G1": Kind.MERCHANDISE,  # a card, in a receipt without payments
    }
    assert "count as services: C1X 10 % coupon, R Rundung." in notes(batch)
    assert "Rows with a negative price, read as returns: 2." in notes(batch)
    days = SalesHistory.objects.all()
    assert sum(day.revenue - day.returned_revenue for day in days) == Decimal("20.98")
    assert {day.product_id for day in days if day.units} == {"A1", "G1"}


def test_products_called_as_payments_can_be_kept(load: Load) -> None:
    batch = load(TILL, accept=["payment_row"])
    assert (batch.accepted, batch.reasons) == (7, {})


def test_types_of_lines_say_what_is_no_sale_of_the_product(load: Load) -> None:
    batch = load(
        text(
            f"{HEADER},Line type",
            "1,A1,Mug,2,2024-03-13,10,Item sale", "1,A1,Mug,1,2024-03-13,3.8,Tax", "1,A1,Mug,1,2024-03-13,23.8,Payment",
            "1,A1,Mug,1,2024-03-13,-2,Discount",
        )
    )  # fmt: skip
    assert (batch.accepted, batch.reasons) == (2, {"not_a_sale": 2})
    assert lines() == [*on("2024-03-13", 2), *on("2024-03-13", -1, price="2")]


def test_parts_of_a_kit_without_a_price_are_no_demand(load: Load) -> None:
    batch = load(
        text(
            HEADER,
            "1,KIT,Gift set,1,2024-03-13,30", "1,A1,Mug,2,2024-03-13,0", "1,B1,Cup,1,2024-03-13,0", "2,A1,Mug,1,2024-03-14,10",
        )
    )  # fmt: skip
    assert batch.accepted == 4
    assert "Rows with a price of 0, kept as given away, not as demand: 2." in notes(batch)
    assert (
        list(Transaction.objects.filter(unit_price=0).values_list("exclusion", flat=True)) == [NO_PRICE] * 2
    )
    demand = SalesHistory.objects.filter(units__gt=0).order_by("date", "product_id")
    assert list(demand.values_list("product_id", "units")) == [("KIT", 1), ("A1", 1)]


SCANNED = ("1,A1,2024-03-13,10", "1,A1,2024-03-13,10", "2,A1,2024-03-14,9")


def test_a_row_of_each_scanned_item_is_one_and_noted(load: Load) -> None:
    batch = load(text("Invoice,SKU,Date,Price", *SCANNED))
    assert lines() == [*on("2024-03-13", 1, 1), *on("2024-03-14", 1, price="9")]
    assert "The file has no column of quantities: each row counts as one item." in notes(batch)


def test_a_column_that_could_be_the_quantity_is_asked_about(load: Load) -> None:
    content = text("Invoice,Terminal,SKU,Date,Price", *(row.replace(",", ",3,", 1) for row in SCANNED))
    batch = load(content)
    assert batch.status == ImportStatus.FAILED
    assert 'Is it --map "Terminal=quantity"?' in batch.error
    assert 'If it is none, and quantity is 1 in each row: --map "Terminal=".' in batch.error
    load(content, mapping={"Terminal": ""})
    assert lines() == [*on("2024-03-13", 1, 1), *on("2024-03-14", 1, price="9")]


@pytest.mark.parametrize(
    "header", ["Invoice,SKU,Date,Total", "Ref,SKU,Date,Price", "Invoice,What,Date,Price,Size"]
)
def test_without_receipts_or_prices_of_one_quantities_are_needed(header: str, load: Load) -> None:
    rows = [f"{row},4" if "Size" in header else row for row in SCANNED]
    assert load(text(header, *rows)).status == ImportStatus.FAILED


RIGHT: dict[str, tuple[bytes, list[tuple[Any, ...]], dict[str, int], str]] = {
    "orders with refunded quantities": (
        text(
            "Order #,SKU,Qty Ordered,Qty Refunded,Purchase Date,Price",
            "1,A1,2,0,2024-03-13,10", "2,A1,3,1,2024-03-14,10", "3,A1,1,1,2024-03-15,10",
        ),
        [*on("2024-03-13", 2), *on("2024-03-14", 2)], {"not_a_sale": 1},
        "Rows from whose quantity the returned units were taken off: 1.",
    ),
    "refunded amounts": (
        text("Order,SKU,Qty,Date,Price,Amount Refunded", "1,A1,2,2024-03-13,10,4"),
        on("2024-03-13", 2), {}, "may change what prices or lines mean: Amount Refunded.",
    ),
    "a configurable product and the one chosen": (
        text("Order,SKU,Qty,Date,Price", "1,A1,2,2024-03-13,10", "1,A1-RED,2,2024-03-13,0"),
        [*on("2024-03-13", 2), *on("2024-03-13", 2, price="0", code="A1-RED")], {}, "Rows with a price of 0",
    ),
    "deposits of bottles": (
        text(
            "Bon;Artikelnr;Bezeichnung;Menge;Datum;Preis",
            "1;A1;Cola;2;13.03.2024;10,00", "1;P1;Pfand 0,25;2;13.03.2024;0,25", "1;P2;Leergut;1;13.03.2024;-3,30",
        ),
        [
            *on("2024-03-13", 2), *on("2024-03-13", 2, price="0.25", code="P1"), *on("2024-03-13", -1, price="3.3", code="P2"),
        ],
        {}, "count as services: P1 Pfand 0,25.",
    ),
    "loyalty points and a card": (
        text("Receipt,Item,Qty,Date,Price", "1,A1,2,2024-03-13,10", "1,Points,1,2024-03-13,-5", "1,Contactless,1,2024-03-13,15"),
        on("2024-03-13", 2), {"payment_row": 2}, "",
    ),
    "a gratuity": (
        text("Receipt,Item,Qty,Date,Price", "1,A1,1,2024-03-13,10", "1,Gratuity 18%,1,2024-03-13,1.8"),
        [*on("2024-03-13", 1), *on("2024-03-13", 1, price="1.8", code="GRATUITY 18%")], {}, "count as services: GRATUITY 18%.",
    ),
    "the letter of a mark": (
        text("Receipt,SKU,Qty,Date,Price,Void", "1,A1,2,2024-03-13,10,", "1,A1,1,2024-03-13,10,V"),
        on("2024-03-13", 2), {"not_a_sale": 1}, "",
    ),
    "meals of the staff and waste": (
        text(
            "Receipt,SKU,Qty,Date,Price,Type",
            "1,A1,2,2024-03-13,10,Sale", "1,A1,1,2024-03-13,10,Staff meal", "1,A1,1,2024-03-13,10,Waste",
        ),
        on("2024-03-13", 2), {"not_a_sale": 2}, "",
    ),
    "purchases among movements of stock": (
        text("Receipt,SKU,Movement,Qty,Date,Price", "1,A1,Sale,2,2024-03-13,10", "2,A1,Purchase,10,2024-03-13,4"),
        on("2024-03-13", 2), {"not_a_sale": 1}, "",
    ),
    "kinds of service": (
        text("Order,SKU,Qty,Date,Price,Order Type", "1,A1,2,2024-03-13,10,Takeaway", "2,A1,1,2024-03-14,10,Delivery"),
        [*on("2024-03-13", 2), *on("2024-03-14", 1)], {}, "say nothing about sales: the column is not used.",
    ),
    "letters of tax rates beside prices": (
        text("Bon;Artikel;Menge;Datum;Preis", "1;A1;2;13.03.2024;10,00 A"), [], {"not_a_number": 1}, "",
    ),
    "an Etsy order": (
        text(
            "Sale Date,Item Name,Buyer,Quantity,Price,Coupon Code,Discount Amount,Order Shipping,Transaction ID,SKU,Date Shipped",
            "03/13/24,Mug,joe,2,10.00,SPRING,2.00,4.00,77,A1,03/14/24",
        ),
        on("2024-03-13", 2, price="9"), {}, "",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", RIGHT)
def test_a_file_of_a_till_or_shop_is_read_as_it_is_meant(name: str, load: Load) -> None:
    content, expected, reasons, note = RIGHT[name]
    batch = load(content)
    assert (batch.status, lines(), batch.reasons) == (ImportStatus.PUBLISHED, expected, reasons), batch.error
    assert note in notes(batch)


def test_sales_that_are_written_as_what_left_the_stock_are_asked_about(load: Load) -> None:
    content = text(
        "Receipt,SKU,Movement,Qty,Date,Price", "1,A1,Sale,-2,2024-03-13,10", "2,A1,Purchase,10,2024-03-13,4"
    )
    batch = load(content)
    assert batch.status == ImportStatus.FAILED
    assert "All 1 rows that are called sales have a negative quantity: turn the signs" in batch.error
    assert load(content, accept=["all_returns"]).accepted == 1


@pytest.mark.parametrize(
    ("content", "question"),
    [
        (
            text(
                "order-id,sku,quantity-purchased,posted-date,amount-type,amount-description,amount",
                "1,A1,2,2024-03-13,ItemPrice,Principal,20.00", "1,A1,2,2024-03-13,ItemPrice,Tax,3.80",
            ),
            "No column was found for",
        ),
        (text("Order,Date,Items,Total", '1,2024-03-13,"A1 x 2, B1 x 1",30'), "No column was found for"),
        (text("Order,SKU,Qty,Date,Price,Unit Price", "1,A1,2,2024-03-13,20,10"), "could all be unit_price"),
        (text("Order,SKU,Qty,Date,Cost", "1,A1,2,2024-03-13,4"), "No column was found for unit_price"),
        (text("Order,SKU,Qty,Date,Price (per 100)", "1,A1,2,2024-03-13,400"), "has prices of 100, not of one product"),
    ],
)  # fmt: skip
def test_what_a_file_does_not_say_is_asked(content: bytes, question: str, load: Load) -> None:
    batch = load(content)
    assert batch.status == ImportStatus.FAILED
    assert question in batch.error
