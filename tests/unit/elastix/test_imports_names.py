"""What columns are called beside their names, and what stands beside numbers: taxes, currencies, units, hundredths."""

from decimal import Decimal

import pytest

from elastix.imports.core.fields import currency_in, name_without_unit, says_with_tax
from elastix.imports.core.numbers import without_measure
from pricing.sales.core.files import PRODUCTS
from tests.unit.elastix.imports_helpers import read, table


def file_of(price: str, *cells: str, quantity: str = "Qty") -> str:
    return f"Invoice;SKU;{quantity};Date;{price}\n" + "".join(f"1;A1;{cell}\n" for cell in cells)


@pytest.mark.parametrize(
    "name",
    ["Price incl. VAT", "Unit price excl. tax", "Price ex VAT", "price_usd", "Price EUR", "Preis (brutto) EUR", "Bruttopreis",
     "Preis netto", "VK brutto", "Prix TTC", "Prix unitaire HT (\u20ac)", "Precio con IVA", "Precio sin IVA",
     "Prezzo IVA inclusa", "Prijs excl. BTW", "Sale Price incl. GST", "Price/unit", "Price per item", "Preis/Stk",
     "Preis je St\u00fcck"],
)  # fmt: skip
def test_a_price_is_known_whatever_tax_or_currency_its_name_says(name: str) -> None:
    assert table(file_of(name, "2;2024-03-13;11.90")).report.mapping["unit_price"] == name


@pytest.mark.parametrize(
    "name",
    [
        "Qty (kg)",
        "Menge in kg",
        "Anz.",
        "Stk",
        "Pcs",
        "Sales Qty",
        "Verkaufte Einheiten",
        "Units (pack of 6)",
        "kg",
    ],
)
def test_a_quantity_is_known_whatever_unit_its_name_says(name: str) -> None:
    assert table(file_of("Price", "2;2024-03-13;11.90", quantity=name)).report.mapping["quantity"] == name


@pytest.mark.parametrize("name", ["Recent", "Percent", "Tax", "Ct value", "Accent"])
def test_other_names_lose_nothing_that_is_theirs(name: str) -> None:
    assert name_without_unit(name) == name.replace(" ", "").casefold()


@pytest.mark.parametrize(
    ("name", "with_tax"),
    [("Price incl. VAT", True), ("Preis (brutto)", True), ("Prix TTC", True), ("Prijs excl. BTW", False), ("Nettopreis", False),
     ("Prix HT", False), ("Price", None), ("Neto", None), ("Internet price", None)],
)  # fmt: skip
def test_a_name_says_whether_its_prices_are_with_tax(name: str, with_tax: bool | None) -> None:
    assert says_with_tax(name) is (False if name == "Neto" else with_tax)


def test_a_name_says_its_currency() -> None:
    assert [currency_in(name) for name in ("price_usd", "Preis (\u20ac)", "Price in CHF", "Price")] == [
        "USD", "\u20ac", "CHF", ""
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "cells", "prices"),
    [
        ("Price (cents)", ["1099", "995"], ["10.99", "9.95"]),
        ("unit_price_cents", ["1099", "5"], ["10.99", "0.05"]),
        ("price_pence", ["1099", "1000"], ["10.99", "10"]),
        ("Preis in Cent", ["1.099", "12.345"], ["10.99", "123.45"]),
        ("Price", ["1099", "5"], ["1099", "5"]),
    ],
)
def test_amounts_in_hundredths_are_divided_where_the_name_says_so(
    name: str, cells: list[str], prices: list[str]
) -> None:
    rows = [f"1;2024-03-13;{cell}" for cell in cells]
    opened = table(file_of(name, *rows), decimal_mark="," if "Cent" in name else ".")
    (chunk,) = opened.chunks()
    assert chunk.columns["unit_price"] == [Decimal(price) for price in prices]
    assert any("divided by 100" in note for note in opened.report.notes) == (name != "Price")


def test_costs_and_list_prices_of_products_may_be_in_hundredths_too() -> None:
    chunk = read("SKU,Price (cents),Cost in cents\nA1,1099,550\n", schema=PRODUCTS)
    assert chunk.columns["current_price"] == [Decimal("10.99")]
    assert chunk.columns["cost"] == [Decimal("5.5")]


@pytest.mark.parametrize(
    ("text", "number", "unit"),
    [("2 kg", "2", "kg"), ("1.5kg", "1.5", "kg"), ("3 pcs", "3", ""), ("2 St\u00fcck", "2", ""), ("x4", "4", ""), ("4x", "4", ""),
     ("-2 kg", "-2", "kg"), ("500 g", "500", "g"), ("1,250", "1,250", ""), ("12 kgs of", "12 kgs of", ""), ("kg", "kg", "")],
)  # fmt: skip
def test_units_beside_a_quantity_are_no_part_of_it(text: str, number: str, unit: str) -> None:
    found = without_measure(text)
    assert (found[0].strip(), found[1]) == (number, unit)


def test_quantities_with_units_are_read_with_their_decimal_mark() -> None:
    chunk = read(file_of("Preis", "1,5 kg;13.03.2024;2,99", "2 kg;14.03.2024;2,99"))
    assert chunk.columns["quantity"] == [Decimal("1.5"), Decimal(2)]
    assert chunk.rejects == []


def test_a_column_of_currency_signs_is_the_currency_whatever_its_name() -> None:
    opened = table("Invoice,SKU,Qty,Date,,Price\n1,A1,2,2024-03-13,$,11.90\n2,A1,2,2024-03-14,\u20ac,11.90\n")
    assert opened.distinct("currency") == {"$", "\u20ac"}
    sizes = table(
        "Invoice,SKU,Qty,Date,Size,Price\n1,A1,2,2024-03-13,XL,11.90\n2,A1,2,2024-03-14,ALL,11.90\n"
    )
    assert "currency" not in sizes.report.mapping
