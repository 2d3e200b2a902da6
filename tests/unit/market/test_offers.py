"""What files of competitors' prices say beside a price, in six languages."""

import pytest

from market.core.offers import can_be_bought, is_address, is_new, seller_name, warned_of_offers


@pytest.mark.parametrize(
    "text",
    ["In stock", "in_stock", "Available", "http://schema.org/InStock", "Preorder", "sofort lieferbar", "Auf Lager", "En stock",
     "Disponible", "Disponibile", "Op voorraad", "yes", "true", "12", "> 10", "10+", "3 pcs", "OK"],
)  # fmt: skip
def test_what_can_be_bought(text: str) -> None:
    assert can_be_bought(text) is True


@pytest.mark.parametrize(
    "text",
    ["Out of stock", "out_of_stock", "Sold out", "Currently unavailable", "https://schema.org/OutOfStock", "ausverkauft",
     "Nicht auf Lager (Termin unbekannt)", "derzeit nicht verf\u00fcgbar", "Rupture de stock", "\u00c9puis\u00e9", "Agotado",
     "No disponible", "Non disponibile", "Esaurito", "Uitverkocht", "Niet op voorraad", "no", "0", "0 pcs", "-1", "ERROR 404"],
)  # fmt: skip
def test_what_is_sold_out(text: str) -> None:
    assert can_be_bought(text) is False


@pytest.mark.parametrize("text", ["A3", "1-3 Tage", "Only 3 left", "soon"])
def test_what_is_not_known(text: str) -> None:
    assert can_be_bought(text) is None


def test_a_status_of_a_page_is_no_number_of_pieces() -> None:
    assert can_be_bought("404", is_status=True) is False
    assert can_be_bought("200", is_status=True) is True
    assert can_be_bought("404") is True


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("New", True), ("Brand new", True), ("Neuware", True), ("Neuf", True), ("Nuevo", True), ("Nuovo", True), ("Nieuw", True),
        ("Used - very good", False), ("Like new", False), ("wie neu", False), ("Refurbished", False), ("Gebraucht", False),
        ("Reconditionn\u00e9", False), ("Segunda mano", False), ("Ricondizionato", False), ("Tweedehands", False),
        ("B-Ware", False), ("Open box", False), ("Comme neuf", False), ("11", None), ("standard", None),
    ],
)  # fmt: skip
def test_conditions(text: str, expected: bool | None) -> None:
    assert is_new(text) is expected


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("https://www.alpha.de/p/1?x=1", "alpha.de"), ("WWW.Alpha.de", "alpha.de"), ("shop.beta.co.uk", "shop.beta.co.uk"),
        ("http://user@alpha.de:8080/", "alpha.de"), ("Dr. Tasse GmbH & Co.", "Dr. Tasse GmbH & Co."), ("Alpha", "Alpha"),
    ],
)  # fmt: skip
def test_a_competitor_is_called_by_its_host(text: str, name: str) -> None:
    assert seller_name(text) == name
    assert is_address(text) is (name[0].islower())


def test_columns_that_could_change_a_price_are_named() -> None:
    columns = ["Versandkosten", "pack_size", "coupon", "price per 100g", "rank", "brand"]
    assert warned_of_offers(columns) == ["Versandkosten", "coupon", "pack_size", "price per 100g"]
