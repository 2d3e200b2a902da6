"""Files that nobody has shown us, each with the lines that must come of it, through all three ways in."""

from typing import Any

import pytest

from elastix.imports.models import ImportStatus
from pricing.sales.models import Transaction
from tests.integration.pricing.test_sales_files import SHEET, Load, lines, load, on, workbook

__all__ = ["load"]
pytestmark = pytest.mark.django_db

HEADER = "Invoice,SKU,Qty,Date,Price"


def text(*rows: str) -> bytes:
    return "\n".join((*rows, "")).encode()


RIGHT: dict[str, tuple[bytes, list[tuple[Any, ...]]]] = {
    "returned yes or no": (
        text(f"{HEADER},Returned?", "1,A1,2,2024-03-13,10,no", "2,A1,3,2024-03-14,10,yes"),
        on("2024-03-13", 2),
    ),
    "is a return": (
        text(f"{HEADER},Retoure", "1,A1,2,2024-03-13,10,nein", "2,A1,3,2024-03-14,10,ja"),
        [*on("2024-03-13", 2), *on("2024-03-14", -3)],
    ),
    "cancelled, void and unpaid": (
        text(
            f"{HEADER},Cancelled,Paid",
            "1,A1,2,2024-03-13,10,0,1", "2,A1,3,2024-03-14,10,1,1", "3,A1,4,2024-03-15,10,0,0",
        ),
        on("2024-03-13", 2),
    ),
    "cents": (
        text("order_id,sku,quantity,created_at,unit_price_cents", "1,A1,2,2024-03-13,1050"),
        on("2024-03-13", 2, price="10.5"),
    ),
    "weeks by name": (
        text("SKU;Woche;Absatz;Durchschnittspreis", "A1;KW 12/2024;30;10,00", "A1;KW 13/2024;28;10,50"),
        [*on("2024-03-18", 30), *on("2024-03-25", 28, price="10.5")],
    ),
    "year and month apart": (
        text("SKU,Year,Month,Units,Avg price", "A1,2024,3,30,10", "A1,2024,4,28,10.5"),
        [*on("2024-03-01", 30), *on("2024-04-01", 28, price="10.5")],
    ),
    "totals at the end": (
        text("Datum;Artikel;Menge;Preis", "13.03.2024;A1;2;10,00", "14.03.2024;A1;3;10,00", "14.03.2024;Summe;5;10,00"),
        [*on("2024-03-13", 2), *on("2024-03-14", 3)],
    ),
    "units and thousands": (
        text(
            "Beleg;Artikelnr;Menge;Datum;Preis incl. MwSt",
            "1;A1;1.250 kg;Mi, 13.03.2024;10,00", "2;A1;2,5 kg;14.03.2024;10,00",
        ),
        [*on("2024-03-13", 1250), *on("2024-03-14", 2.5)],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", RIGHT)
def test_a_strangers_file_is_read_as_it_is_meant(name: str, load: Load) -> None:
    content, expected = RIGHT[name]
    batch = load(content)
    assert (batch.status, lines()) == (ImportStatus.PUBLISHED, expected), batch.error


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ((f"{HEADER},Returned?", "1,A1,3,2024-03-14,10,yes"), "not_a_sale"),
        ((HEADER, "1,A1,3,Q1 2024,10"), "period_too_long"),
        ((HEADER, "1,Total,3,2024-03-14,10"), "total_row"),
        ((f"{HEADER},Total", *["1,A1,2,2024-03-13,10,20"] * 30, "2,A1,2,2024-03-14,10,200"), "total_differs"),
    ],
)
def test_what_cannot_be_a_line_is_refused_with_its_reason(
    rows: tuple[str, ...], reason: str, load: Load
) -> None:
    batch = load(text(*rows))
    assert (batch.reasons, batch.rejected) == ({reason: 1}, 1)
    assert batch.rejects.get().line == len(rows)
    assert Transaction.objects.count() == batch.accepted == len(rows) - 2


def test_prices_and_totals_that_do_not_fit_are_asked_about_and_can_be_answered(load: Load) -> None:
    content = text(f"{HEADER},Total", "1,A1,2,2024-03-13,10,20", "2,A1,3,2024-03-14,10,27")
    batch = load(content)
    assert batch.status == ImportStatus.FAILED
    assert "10 x 3 is not 27" in batch.error
    load(content, mapping={"Total": "line_total", "Price": ""})
    assert lines() == [*on("2024-03-13", 2), *on("2024-03-14", 3, price="9")]


def test_two_currencies_in_a_column_without_a_name_are_asked_about(load: Load) -> None:
    content = text("Invoice,SKU,Qty,Date,,Price", "1,A1,2,2024-03-13,$,10", "2,A1,2,2024-03-14,\u20ac,9")
    assert "2 currencies ($, EUR)" in load(content).error
    assert load(content, currency="EUR").accepted == 1
    assert lines() == on("2024-03-14", 2, price="9")


def test_names_that_say_tax_currency_or_cents_are_noted(load: Load) -> None:
    cents = [
        f"{number},A{number},1,2024-03-13,{price}"
        for number, price in enumerate((1099, 1299, 499, 2495, 899))
    ]
    notes = " ".join(load(text("Invoice,SKU,Qty,Date,Price incl. VAT (EUR)", *cents)).report["notes"])
    assert "Prices are in EUR, the shop's currency is GBP" in notes
    assert "says that its prices are with tax, the shop's are without it" in notes
    assert "if they are cents" in notes


def test_year_and_month_apart_on_several_sheets(load: Load) -> None:
    header = ["StockCode", "Year", "Month", "Quantity", "Price"]
    load(
        workbook(
            {"One": [header, ["A1", 2024, 3, 30, 10]], "Two": [header[::-1], [10.5, 28, 4, 2024, "A1"]]}
        ),
        name="sales.xlsx",
    )
    assert lines() == [*on("2024-03-01", 30), *on("2024-04-01", 28, price="10.5")]


def test_marks_of_a_workbook_are_truths(load: Load) -> None:
    load(
        workbook(
            {
                "S": [
                    [*SHEET, "Voided"],
                    [1, "A1", 2, "2024-03-13", 10, False],
                    [2, "A1", 3, "2024-03-14", 10, True],
                ]
            }
        ),
        name="sales.xlsx",
    )
    assert lines() == on("2024-03-13", 2)
