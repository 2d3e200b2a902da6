"""Files of competitors' prices as crawlers and shops write them, each with the prices that must come of it, by hand."""

from typing import Any

import pytest

from tests.integration.market.test_price_import import Send, products, rows, send

__all__ = ["products", "send"]
pytestmark = pytest.mark.django_db

HEADER = "sku,seller,price,date"
CUP = ("CUP", "Alpha", "9.99", "2025-03-13 12:00")
MUG = ("MUG", "Beta", "19.99", "2025-03-13 12:00")
GOOD = "CUP,Alpha,9.99,2025-03-13 12:00"


@pytest.fixture(autouse=True)
def shop(settings: Any) -> None:
    settings.SHOP_CURRENCY, settings.SHOP_NAME, settings.PRICES_INCLUDE_TAX = "EUR", "Tassen Laden", True


def text(*lines: str) -> bytes:
    return "\n".join((*lines, "")).encode()


def prices() -> list[tuple[str, ...]]:
    return [(code, name, f"{price.normalize():f}", moment) for code, name, price, moment, _ in rows()]


RIGHT: dict[str, tuple[bytes, list[tuple[str, ...]], dict[str, int], str]] = {
    "Prisync": (
        text(
            "Product Code,Product Name,Competitor,Competitor URL,Price,Currency,Stock Status,Last Update",
            "CUP,Cup,Alpha,https://www.alpha.de/cup?ref=1,9.99,EUR,In Stock,2025-03-13 12:00",
            "MUG,Mug,Beta,https://beta.de/m,19.99,EUR,Out of Stock,2025-03-13 12:00",
        ),
        [CUP], {"not_available": 1}, "",
    ),
    "Price2Spy": (
        text(
            "Product SKU;Site;URL;Price;Old price;Availability;Checked",
            "CUP;www.alpha.de;https://alpha.de/c;9,99;12,99;Available;13.03.2025 12:00",
            "MUG;beta.de;https://beta.de/m;19,99;;Not available;13.03.2025 12:00",
        ),
        [("CUP", "alpha.de", "9.99", "2025-03-13 12:00")], {"not_available": 1}, "",
    ),
    "Idealo": (
        text(
            "Artikelnummer;Shopname;Preis;Versandkosten;Gesamtpreis;Lieferzeit;Abrufdatum",
            "CUP;Alpha;9,99;3,90;13,89;1-3 Tage;13.03.2025 12:00",
        ),
        [CUP], {}, "may change what prices mean: Versandkosten.",
    ),
    "a sale price for a time": (
        text(
            "sku,title,price,sale_price,availability,seller,date",
            "CUP,Cup,12.99 EUR,9.99 EUR,in_stock,Alpha,2025-03-13 12:00",
            "MUG,Mug,19.99 EUR,,in stock,Beta,2025-03-13 12:00",
        ),
        [CUP, MUG], {}, "the lower sale price beside them is read: 1.",
    ),
    "sale prices that are none": (
        text("sku,seller,price,sale price,date", "CUP,Alpha,9.99,12.99,2025-03-13 12:00", "MUG,Beta,19.99,0,2025-03-13 12:00"),
        [CUP, MUG], {}, "",
    ),
    "schema.org": (
        text(
            "sku,seller,price,availability,date",
            "CUP,Alpha,9.99,http://schema.org/InStock,2025-03-13 12:00",
            "MUG,Beta,19.99,https://schema.org/OutOfStock,2025-03-13 12:00",
        ),
        [CUP], {"not_available": 1}, "",
    ),
    "pieces in stock": (
        text("sku,seller,price,stock,date", "CUP,Alpha,9.99,12,2025-03-13 12:00", "MUG,Beta,19.99,0,2025-03-13 12:00"),
        [CUP], {"not_available": 1}, "",
    ),
    "German": (
        text(
            "SKU;Anbieter;Preis;Verf\u00fcgbarkeit;Datum",
            "CUP;Alpha;9,99 \u20ac;sofort lieferbar;13.03.2025 12:00", "MUG;Beta;1.019,99 \u20ac;ausverkauft;13.03.2025 12:00",
        ),
        [CUP], {"not_available": 1}, "",
    ),
    "French": (
        text(
            "R\u00e9f\u00e9rence;Marchand;Prix;Prix barr\u00e9;Disponibilit\u00e9;Date",
            "CUP;Alpha;9,99 \u20ac;12,99 \u20ac;En stock;13/03/2025 12:00",
            "MUG;Beta;19,99 \u20ac;;Rupture de stock;13/03/2025 12:00",
        ),
        [CUP], {"not_available": 1}, "",
    ),
    "Italian": (
        text(
            "Codice;Venditore;Prezzo;Disponibilit\u00e0;Data",
            "CUP;Alpha;9,99;Disponibile;13/03/2025 12:00", "MUG;Beta;19,99;Non disponibile;13/03/2025 12:00",
        ),
        [CUP], {"not_available": 1}, "",
    ),
    "availability in words of their own": (
        text("sku,seller,price,availability,date", "CUP,Alpha,9.99,A3,2025-03-13 12:00"),
        [CUP], {}, 'The values of availability ("A3") say nothing known: the column is not used.',
    ),
    "used goods": (
        text(
            "sku,seller,price,condition,date",
            "CUP,Alpha,9.99,New,2025-03-13 12:00", "MUG,Beta,9.99,Used - very good,2025-03-13 12:00",
            "MUG,Beta,8.99,generalueberholt / refurbished,2025-03-13 12:00",
        ),
        [CUP], {"not_new": 2}, "",
    ),
    "from, ranges, crossed out": (
        text(
            HEADER, GOOD, "MUG,A,from 19.99,2025-03-13", "MUG,B,9.99-12.99,2025-03-13",
            "MUG,C,9.99 \u2013 12.99 \u20ac,2025-03-13", "MUG,D,\u20ac12.99 \u20ac9.99,2025-03-13",
        ),
        [CUP], {"not_a_number": 4}, "",
    ),
    "by weight": (
        text(HEADER, GOOD, "MUG,A,1.99/100g,2025-03-13", "MUG,B,19.90 \u20ac/kg,2025-03-13", "MUG,C,19.90 pro l,2025-03-13"),
        [CUP], {"not_a_number": 3}, "",
    ),
    "not found": (
        text(HEADER, GOOD, "MUG,A,,2025-03-13", "MUG,B,0,2025-03-13", "MUG,C,N/A,2025-03-13", "MUG,D,not found,2025-03-13"),
        [CUP], {"value_missing": 2, "out_of_range": 1, "not_a_number": 1}, "",
    ),
    "our own shop by name and by host": (
        text(
            HEADER, GOOD, "CUP,Tassen Laden,9.49,2025-03-13", "CUP,www.tassen-laden.de,9.49,2025-03-13",
            "CUP,https://tassenladen.com/cup,9.49,2025-03-13",
        ),
        [CUP], {"own_shop": 3}, "",
    ),
    "addresses in place of names": (
        text(
            "sku,url,price,date",
            "CUP,https://www.alpha.de/p/cup-blue?utm=1,9.99,2025-03-13 12:00",
            "MUG,http://shop.beta.co.uk/m,19.99,2025-03-13 12:00",
            "MUG,somewhere,1.99,2025-03-13 12:00",
        ),
        [("CUP", "alpha.de", "9.99", "2025-03-13 12:00"), ("MUG", "shop.beta.co.uk", "19.99", "2025-03-13 12:00")],
        {"value_missing": 1}, "they are called by the hosts in url.",
    ),
    "long addresses": (
        text(f"{HEADER},url", f"{GOOD},https://www.alpha.de/{'x' * 120}"),
        [CUP], {}, "Addresses of more than 100 characters, cut after that: 1.",
    ),
    "twice with another price": (
        text(HEADER, "CUP,alpha,10.99,2025-03-13 12:00", GOOD),
        [CUP], {}, "stand there already with another price: 1. Of each the last one counts.",
    ),
    "time with a zone": (
        text("sku,competitor,price,timestamp", "CUP,Alpha,9.99,2025-03-13T13:00:00+01:00", "MUG,Beta,19.99,2025-03-13T12:00:00Z"),
        [CUP, MUG], {}, "",
    ),
    "time in a column of its own": (text("sku,seller,price,date,time", "CUP,Alpha,9.99,2025-03-13,12:00"), [CUP], {}, ""),
    "prices without cents": (
        text("SKU;Anbieter;Preis;Datum", "CUP;Alpha;9.-;13.03.2025 12:00", "MUG;Beta;19,99 EUR;13.03.2025 12:00"),
        [("CUP", "Alpha", "9", "2025-03-13 12:00"), MUG], {}, "",
    ),
    "net prices": (text("sku,seller,Price excl. VAT,date", GOOD), [CUP], {}, "says that its prices are without tax"),
    "packs": (text("sku,seller,price,date,pack size", f"{GOOD},6"), [CUP], {}, "may change what prices mean: pack size."),
    "pages that were not found": (
        text("sku,seller,price,date,status", f"{GOOD},OK", "MUG,Beta,19.99,2025-03-13 12:00,ERROR 404"),
        [CUP], {"not_available": 1}, "",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", RIGHT)
def test_a_file_is_read_as_it_is_meant(name: str, send: Send) -> None:
    content, expected, reasons, note = RIGHT[name]
    body = send(content)
    assert (body["status"], prices(), body["reasons"]) == ("published", expected, reasons), body["error"]
    assert note in " ".join(body["report"]["notes"])


ASKED: dict[str, tuple[bytes, str]] = {
    "another currency": (text(f"{HEADER},currency", f"{GOOD},USD"), "Prices are in USD, the shop's currency is EUR: convert"),
    "another currency's sign": (text(HEADER, GOOD.replace("9.99", "$9.99")), "Prices are in $"),
    "another currency in the header": (text("sku,seller,Price (USD),date", GOOD), "Prices are in USD"),
    "two currencies": (
        text(f"{HEADER},currency", f"{GOOD},EUR", "MUG,Beta,19.99,2025-03-13,CHF"), "prices in 2 currencies (CHF, EUR)",
    ),
    "two currencies by their signs": (
        text(HEADER, GOOD.replace("9.99", "\u20ac9.99"), "MUG,Beta,\u00a319.99,2025-03-13"), "in several currencies (EUR, GBP)",
    ),
    "prices of a kilo": (text("sku,seller,Price (per kg),date", GOOD), "has prices of a kg, not of one product"),
    "prices of 100 grams": (text("sku,seller,Price (per 100 g),date", GOOD), "has prices of 100 g"),
    "net and gross": (text("sku,seller,Net price,Gross price,date", "CUP,Alpha,8.39,9.99,2025-03-13"), "could all be price"),
    "a column for each competitor": (
        text("sku,name,our price,Alpha,Beta,date", "CUP,Cup,10.00,9.99,10.49,2025-03-13", "MUG,Mug,20.00,19.99,,2025-03-13"),
        'The columns "Alpha", "Beta" seem to be a column for each competitor_name: turn the table',
    ),
    "lowest, mean and highest": (
        text("sku,competitor count,min price,max price,avg price,date", "CUP,5,8.99,12.99,10.20,2025-03-13"),
        "No column was found for competitor_name.",
    ),
    "no dates": (text("sku,seller,price", "CUP,Alpha,9.99"), "No column was found for recorded_at."),
}  # fmt: skip


@pytest.mark.parametrize("name", ASKED)
def test_what_a_file_does_not_say_is_asked(name: str, send: Send) -> None:
    content, question = ASKED[name]
    body = send(content)
    assert body["status"] == "failed"
    assert question in body["error"]
    assert prices() == []


def test_a_currency_can_be_chosen(send: Send) -> None:
    body = send(ASKED["two currencies"][0], currency="EUR")
    assert (prices(), body["reasons"]) == ([CUP], {"other_currency": 1})


def test_prices_in_another_currency_can_be_read_as_they_stand(send: Send) -> None:
    body = send(ASKED["another currency"][0], currency="USD")
    assert prices() == [CUP]
    assert "Prices are in USD, the shop's currency is EUR: they are not converted." in body["report"]["notes"]


def test_prices_of_a_kilo_can_be_read_as_they_stand(send: Send) -> None:
    mapping = '{"Price (per kg)": "price"}'
    assert send(ASKED["prices of a kilo"][0], mapping=mapping)["status"] == "published"
    assert prices() == [CUP]
    # ... and the next file of the same columns by itself.
    send(ASKED["prices of a kilo"][0].replace(b"9.99", b"9.49"))
    assert [price for _, _, price, _ in prices()] == ["9.49"]


def test_offers_that_are_sold_out_or_used_can_be_read(send: Send) -> None:
    body = send(RIGHT["used goods"][0], accept="other_offers")
    assert (body["accepted"], body["reasons"]) == (3, {})
