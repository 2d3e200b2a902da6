"""Exports of more programs and countries, each with the lines that must come of it, by hand."""

import io
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from elastix.imports.models import ImportBatch, ImportStatus
from pricing.sales.models import Product, Transaction
from tests.integration.pricing.test_sales_files import Load, lines, load, on

__all__ = ["load"]
pytestmark = pytest.mark.django_db

HEADER = "Invoice,SKU,Qty,Date,Price"


def text(*rows: str) -> bytes:
    return "\n".join((*rows, "")).encode()


RIGHT: dict[str, tuple[bytes, list[tuple[Any, ...]], int]] = {
    # "Total Price" is with shipping: 2 x 10.00 + 4.00.
    "eBay": (
        text(
            "Sales Record Number,Order Number,Buyer Username,Item Number,Item Title,Custom Label,Quantity,Sold For,"
            "Shipping And Handling,Total Price,Sale Date",
            "101,12-1,joe,1101,Mug,A1,2,$10.00,$4.00,$24.00,Mar-13-24",
            ",,,,,,,,,,",
            "1,record(s) downloaded,,,,,,,,,",
        ),
        on("2024-03-13", 2),
        1,
    ),
    # Prices are those of a line, the net one with its discount off: 15.00 for 2.
    "Toast": (
        text(
            "Location,Order Id,Order #,Order Date,Menu Item,Item Id,Gross Price,Discount,Net Price,Qty,Void?",
            "Main St,9001,12,3/13/24 12:00 PM,Burger,A1,20.00,5.00,15.00,2,FALSE",
            "Main St,9002,13,3/13/24 12:10 PM,Burger,A1,10.00,0.00,10.00,1,TRUE",
        ),
        on("2024-03-13 12:00", 2, price="7.5"),
        1,
    ),
    "Shopware": (
        text(
            "orderNumber;orderTime;status;email;articleID;articleNumber;articleName;articlePrice;quantity",
            "20001;2024-03-13 10:15:00;Komplett abgeschlossen;a@example.org;12;A1;Tasse;10,00;2",
            "20002;2024-03-14 10:15:00;Storniert;b@example.org;12;A1;Tasse;10,00;1",
        ),
        on("2024-03-13 10:15", 2),
        1,
    ),
    # 2 x 10.00 less 10 % are 18.00; a credit note is a return.
    "Xero": (
        text(
            "ContactName,InvoiceNumber,InvoiceDate,Total,InventoryItemCode,Description,Quantity,UnitAmount,Discount,"
            "LineAmount,Currency,Type,Status",
            "Acme,INV-1,13/03/2024,60.00,A1,Mug,2,10.00,10,18.00,GBP,Sales invoice,Paid",
            "Acme,CN-2,14/03/2024,10.00,A1,Mug,1,10.00,,10.00,GBP,Sales credit note,Paid",
        ),
        [*on("2024-03-13", 2, price="9"), *on("2024-03-14", -1)],
        0,
    ),
    "BigCommerce": (
        text(
            "Order ID,Order Status,Order Date,Order Time,Product ID,Product Qty,Product SKU,Product Unit Price",
            "100,Completed,13/03/2024,10:15:00,77,2,A1,10.00",
        ),
        on("2024-03-13 10:15", 2),
        0,
    ),
    "SAP": (
        text(
            "Fakturadatum|Faktura|Material|Fakt.Menge|Nettowert|WHRG",
            "13.03.2024|90001|A1|1.200,000|12.000,00|EUR",
            "14.03.2024|90002|A1|2,000-|20,00-|EUR",
        ),
        [*on("2024-03-13", 1200), *on("2024-03-14", -2)],
        0,
    ),
    "cancelled order of several rows": (
        text(
            f"{HEADER},Financial Status,Cancelled at",
            "7,A1,2,2024-03-13,10,paid,2024-03-14 09:00",
            "7,B1,1,2024-03-13,5,,",
            "8,A1,3,2024-03-14,10,paid,",
        ),
        on("2024-03-14", 3),
        2,
    ),
    "gross sales and discounts": (
        text("Date,SKU,Units,Gross sales,Discounts", "2024-03-13,A1,2,20,2", "2024-03-14,A1,2,20,0"),
        [*on("2024-03-13", 2, price="9"), *on("2024-03-14", 2)],
        0,
    ),
    "net sales and discounts": (
        text("Date,SKU,Units,Gross sales,Discounts,Net sales", "2024-03-13,A1,2,20,2,18"),
        on("2024-03-13", 2, price="9"),
        0,
    ),
    "percents that line totals tell": (
        text(f"{HEADER},Discount,Line total", "1,A1,2,2024-03-13,10,10,18", "2,A1,2,2024-03-14,10,15,17"),
        [*on("2024-03-13", 2, price="9"), *on("2024-03-14", 2, price="8.5")],
        0,
    ),
    "prices without cents": (
        text("Beleg;Artikelnr;Menge;Datum;Preis", "1;A1;2;13.03.2024;10,\u2013 \u20ac", "2;A1;1;14.03.2024;10,- \u20ac"),
        [*on("2024-03-13", 2), *on("2024-03-14", 1)],
        0,
    ),
    "totals between the lines": (
        text(
            HEADER, "1,A1,2,2024-03-13,10", "1,Invoice total,2,2024-03-13,10", "2,A1,1,2024-03-14,10",
            "2,Total for A1,3,2024-03-14,10", "2,Tagessumme,3,2024-03-14,10",
        ),
        [*on("2024-03-13", 2), *on("2024-03-14", 1)],
        3,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", RIGHT)
def test_an_export_is_read_as_it_is_meant(name: str, load: Load) -> None:
    content, expected, rejected = RIGHT[name]
    batch = load(content)
    assert (batch.status, batch.rejected) == (ImportStatus.PUBLISHED, rejected), batch.error
    assert lines() == expected


def test_round_discounts_are_asked_about_and_answered(load: Load) -> None:
    content = text(f"{HEADER},Discount", "1,A1,2,2024-03-13,10,10", "2,A1,2,2024-03-14,10,20")
    batch = load(content)
    assert (batch.status, Transaction.objects.count()) == (ImportStatus.FAILED, 0)
    assert "they may be percents or amounts of money" in batch.error
    load(content, mapping={"Discount": "discount_percent"})
    assert lines() == [*on("2024-03-13", 2, price="9"), *on("2024-03-14", 2, price="8")]


ORDERS = ("Order,SKU,Qty,Date,Total", "1,A1,2,2024-03-13,30", "1,B1,1,2024-03-13,30", "2,A1,1,2024-03-14,25")


def test_totals_of_orders_are_not_taken_for_those_of_lines(load: Load) -> None:
    content = text(*ORDERS, "2,B1,1,2024-03-14,25", "2,C1,1,2024-03-14,25")
    batch = load(content)
    assert (batch.status, Transaction.objects.count()) == (ImportStatus.FAILED, 0)
    assert "Total is the same in all rows of an order" in batch.error
    assert load(content, mapping={"Total": "line_total"}).accepted == 5


def test_totals_of_lines_may_be_alike(load: Load) -> None:
    assert load(text(*ORDERS, "2,B1,1,2024-03-14,20", "2,C1,1,2024-03-14,25")).accepted == 5


def test_charges_among_the_products_are_named(load: Load) -> None:
    content = text(
        "Invoice,Item,Qty,Date,Price",
        "1,Mug,2,2024-03-13,10",
        "1,VAT 20%,1,2024-03-13,4",
        "1,Rounding,1,2024-03-13,0.01",
        "1,Next day carriage,1,2024-03-13,5",
        "1,Summer action,1,2024-03-13,-5",
    )
    notes = " ".join(load(content).report["notes"])
    assert (
        "These are called as charges, taxes or discounts are, and count as services: ROUNDING, VAT 20%."
        in notes
    )
    assert (
        "These look like charges, taxes or discounts, not products: NEXT DAY CARRIAGE, SUMMER ACTION. They count as products"
        in notes
    )


def test_costs_that_are_not_those_of_one_unit_in_the_shop_s_money_are_noted(tmp_path: Path) -> None:
    path = tmp_path / "products.csv"
    path.write_bytes(
        text("SKU,Cost incl. VAT (USD),Pack size,Price", "A1,5.40,6,12.50", "Total,5.40,6,12.50")
    )
    call_command("import_products", str(path), stdout=io.StringIO(), stderr=io.StringIO())
    batch = ImportBatch.objects.get()
    notes = " ".join(batch.report["notes"])
    assert "Amounts are in USD, the shop's currency is GBP: they are not converted." in notes
    assert "Cost incl. VAT (USD) says that costs are with tax" in notes
    assert "may change what costs or prices mean: Pack size." in notes
    assert (batch.accepted, batch.reasons) == (1, {"total_row": 1})
    assert list(Product.objects.values_list("code", flat=True)) == ["A1"]
