"""Files of products and costs as other programs write them, each with the products that must come of it, by hand."""

from decimal import Decimal
from typing import Any

import pytest

from pricing.sales.models import Product
from tests.factories import ProductFactory
from tests.integration.pricing.test_product_import import Send, send

__all__ = ["send"]
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def shop(settings: Any) -> None:
    settings.SHOP_CURRENCY, settings.PRICES_INCLUDE_TAX = "EUR", True


def text(*lines: str) -> bytes:
    return "\n".join((*lines, "")).encode()


def figures() -> dict[str, tuple[str | None, ...]]:
    """(cost, price, stock) by code."""
    rows = Product.objects.values_list("code", "cost", "current_price", "stock_level")
    return {
        code: tuple(None if each is None else f"{Decimal(each).normalize():f}" for each in values)
        for code, *values in rows
    }


MUG = ("4.2", "9.99", None)

RIGHT: dict[str, tuple[bytes, dict[str, tuple[str | None, ...]], dict[str, int], str]] = {
    "a German merchandise system": (
        text(
            "Artikelnummer;Bezeichnung;Warengruppe;EK netto;VK brutto;Lagerbestand",
            "A1;Tasse;Becher;4,20;9,99;120", "A2;Kanne;Becher;1.004,20;1.999,99;1.200",
        ),
        {"A1": ("4.2", "9.99", "120"), "A2": ("1004.2", "1999.99", "1200")}, {}, "",
    ),
    "French": (
        text("R\u00e9f\u00e9rence;Libell\u00e9;Prix d'achat HT;Prix de vente TTC;Stock", "A1;Tasse;4,20 \u20ac;9,99 \u20ac;12"),
        {"A1": ("4.2", "9.99", "12")}, {}, "",
    ),
    "Spanish": (
        text("C\u00f3digo;Descripci\u00f3n;Familia;Coste;PVP;Existencias", "A1;Taza;Menaje;4,20;9,99;12"),
        {"A1": ("4.2", "9.99", "12")}, {}, "",
    ),
    "Italian": (
        text("Codice;Descrizione;Costo;Prezzo di vendita;Giacenza", "A1;Tazza;4,20;9,99;12"),
        {"A1": ("4.2", "9.99", "12")}, {}, "",
    ),
    "Dutch": (
        text("Artikelcode;Omschrijving;Inkoopprijs;Verkoopprijs;Voorraad", "A1;Mok;4,20;9,99;12"),
        {"A1": ("4.2", "9.99", "12")}, {}, "",
    ),
    "Swiss thousands": (text("SKU;EK;VK", "A1;1'204.20;1'999.90"), {"A1": ("1204.2", "1999.9", None)}, {}, ""),
    "Shopify products": (
        text(
            "Handle,Title,Variant SKU,Variant Price,Variant Compare At Price,Cost per item,Variant Inventory Qty,Status",
            "mug,Mug,A1,9.99,12.99,4.20,20,active",
        ),
        {"A1": ("4.2", "9.99", "20")}, {}, "",
    ),
    "WooCommerce products": (
        text(
            "ID,Type,SKU,Name,Published,Stock,Sale price,Regular price,Categories",
            "12,simple,A1,Mug,1,20,8.99,9.99,Cups", "13,simple,A2,Cup,1,5,,12.99,Cups",
        ),
        {"A1": (None, "8.99", "20"), "A2": (None, "12.99", "5")}, {}, "the lower sale price beside them is read: 1.",
    ),
    "Lightspeed items": (
        text("System ID;UPC;Item;Price;Default Cost;MSRP", "2100001;;Mug;9.99;4.20;12.99"),
        {"2100001": MUG}, {}, "is read as code",
    ),
    "costs of 0": (
        text("sku,cost,price", "A1,0.00,9.99", "A2,4.20,9.99"),
        {"A1": (None, "9.99", None), "A2": MUG}, {}, "Rows with a cost of 0, which is taken as not known: 1.",
    ),
    "prices of 0": (text("sku,cost,price", "A1,4.20,0", "A2,4.20,9.99"), {"A2": MUG}, {"out_of_range": 1}, ""),
    "stock in words": (
        text("sku,cost,stock", "A1,4.20,10+", "A2,4.20,>50", "A3,4.20,12"), {"A3": ("4.2", None, "12")}, {"not_a_number": 2}, "",
    ),
    "stock of each place": (
        text("sku,warehouse,stock", "A1,North,10", "A1,South,25"),
        {"A1": (None, None, "25")}, {}, "Products in several rows that differ: 1 (A1). Of each the last row counts",
    ),
    "the same row twice": (text("sku,cost,price", "A1,4.20,9.99", "A1,4.20,9.99"), {"A1": MUG}, {}, "Created: 1 (A1)."),
    "costs by quantity": (
        text("sku,min qty,cost", "A1,1,4.20", "A1,100,3.90"), {"A1": ("3.9", None, None)}, {}, "prices mean: min qty.",
    ),
    "costs with days that are not read": (
        text("sku,cost,valid from", "A1,4.50,2025-02-13", "A1,4.00,2024-02-13"),
        {"A1": ("4", None, None)}, {}, "prices mean: valid from.",
    ),
    "costs with their days": (
        text("sku,cost,cost valid from", "A1,4.50,2025-02-13", "A1,4.00,2024-02-13"), {"A1": ("4.5", None, None)}, {}, "",
    ),
    "a supplier's discount": (text("SKU;EK;Rabatt %;VK", "A1;4,20;30;9,99"), {"A1": MUG}, {}, "prices mean: Rabatt %."),
    "freight": (text("sku,cost price,freight,price", "A1,4.20,0.50,9.99"), {"A1": MUG}, {}, "prices mean: freight."),
    "a price unit": (
        text("Artikelnummer;EK;Preiseinheit;VK", "A1;420,00;100;9,99", "A2;4,20;1;9,99"),
        {"A2": MUG}, {"price_not_allowed": 1}, "prices mean: Preiseinheit.",
    ),
    "cost by weight": (
        text("sku,cost,price", "A1,4.20/kg,9.99", "A2,4.20,9.99/kg", "A3,4.20,9.99"), {"A3": MUG}, {"not_a_number": 2}, "",
    ),
    "another currency": (text("sku,cost,ccy", "A1,4.20,CNY"), {"A1": ("4.2", None, None)}, {}, "Amounts are in CNY"),
    "costs in one currency, prices in another": (
        text("sku,cost,price", "A1,$4.20,\u20ac9.99"), {"A1": MUG}, {}, "Amounts are in $",
    ),
    "gross costs": (text("SKU;EK brutto;VK", "A1;4,20;9,99"), {"A1": MUG}, {}, "says that costs are with tax"),
    "thousands without decimals": (
        text("SKU;EK;VK", "A1;4,20;9,99", "A2;1.234;2.345,60"),
        {"A1": MUG, "A2": ("1234", "2345.6", None)}, {},
        '"EK" has "1.234", which is read as thousands, since "4,20" has decimals',
    ),
    "net prices": (text("SKU;EK;VK netto", "A1;4,20;9,99"), {"A1": MUG}, {}, "says that its prices are without tax"),
}  # fmt: skip


@pytest.mark.parametrize("name", RIGHT)
def test_a_file_is_read_as_it_is_meant(name: str, send: Send) -> None:
    content, expected, reasons, note = RIGHT[name]
    body = send(content)
    assert (body["status"], figures(), body["reasons"]) == ("published", expected, reasons), body["error"]
    assert note in " ".join(body["report"]["notes"])


@pytest.mark.parametrize(
    ("content", "question"),
    [
        (text("sku,cost,currency", "A1,4.20,USD", "A2,3.20,EUR"), "prices in 2 currencies (EUR, USD)"),
        (text("sku,cost", "A1,$4.20", "A2,\u20ac3.20"), "in several currencies"),
        (text("SKU;EK/kg;VK", "A1;4,20;9,99"), "has prices of a kg, not of one product"),
        (text("sku,Cost (per 100),price", "A1,420,9.99"), "has prices of 100, not of one product"),
        (text("SKU;EK;VK netto;VK brutto", "A1;4,20;8,39;9,99"), "could all be current_price"),
        (text("sku,standard cost,last cost,price", "A1,4.20,4.50,9.99"), "could all be cost"),
        (text("SKU;EK", "A1;1.250", "A2;2.125"), "can be read two ways"),
    ],
)
def test_what_a_file_does_not_say_is_asked(content: bytes, question: str, send: Send) -> None:
    body = send(content)
    assert body["status"] == "failed"
    assert question in body["error"]
    assert figures() == {}


def test_a_currency_can_be_chosen(send: Send) -> None:
    body = send(text("sku,cost,currency", "A1,4.20,USD", "A2,3.20,EUR"), currency="EUR")
    assert (figures(), body["reasons"]) == ({"A2": ("3.2", None, None)}, {"other_currency": 1})


def test_products_may_cost_nothing(send: Send) -> None:
    send(text("sku,cost,price", "A1,0,9.99"), accept="zero_cost")
    assert figures() == {"A1": ("0", "9.99", None)}


def test_new_codes_are_named_since_one_may_be_mistyped(send: Send) -> None:
    ProductFactory(code="A1")
    note = "Would be created: 1 (AI). The other rows would update what is there. A mistyped code becomes a product"
    assert note in " ".join(send(text("sku,cost", "A1,4.20", "AI,4.20"), dry_run="true")["report"]["notes"])
    known = " ".join(send(text("sku,cost", "A1,4.20"), dry_run="true")["report"]["notes"])
    assert known == "Would be created: 0. The other rows would update what is there."


def test_a_cost_above_the_price_is_noted(send: Send) -> None:
    for code, price in (("A1", "2.08"), ("A2", "99.00"), ("A3", None), ("A4", "4.00")):
        ProductFactory(code=code, current_price=price and Decimal(price))
    # The price in the file counts before the present one; a cost as high as the price is none above it.
    content = text("sku,cost,price", "A1,99,", "A2,99,", "A3,99,", "A4,5,6", "A5,5,5")
    assert "Costs above the price of their product: 1 (A1)." in " ".join(send(content)["report"]["notes"])


@pytest.mark.parametrize("said", [{}, {"decimal_mark": ","}])
def test_thousands_are_noted_unless_the_decimal_mark_is_said(send: Send, said: dict[str, str]) -> None:
    notes = " ".join(send(text("SKU;EK", "A1;4,20", "A2;1.234"), **said)["report"]["notes"])
    assert ("read as thousands" in notes) == (not said)
