"""What tills write among the products of a receipt, in six languages."""

import pytest

from pricing.sales.core.sale_words import Meaning, meaning
from pricing.sales.core.till_words import is_charge, is_payment
from pricing.sales.core.whole_file import read_marks, read_meanings

SALE, REFUND, PART, VOID, CHARGE = (
    Meaning.SALE, Meaning.REFUND, Meaning.PART, Meaning.VOID, Meaning.CHARGE,
)  # fmt: skip


@pytest.mark.parametrize(
    "text",
    ["Cash", "CHANGE", "Change due", "Card payment", "Tender", "Cash tendered 20.00", "Barzahlung", "R\u00fcckgeld", "EC-Karte",
     "Girocard", "Esp\u00e8ces", "Rendu monnaie", "Efectivo", "Pago con tarjeta", "Contanti", "Bancomat", "Wisselgeld",
     "Pinbetaling", "Cash EUR"],
)  # fmt: skip
def test_payments_and_change_are_no_products(text: str) -> None:
    assert is_payment(text) is True
    assert not is_charge(text)


@pytest.mark.parametrize("text", ["Bar", "Card", "Visa", "Gift card", "Cambio", "Pin", "Pago"])
def test_a_product_may_be_called_as_a_payment(text: str) -> None:
    assert is_payment(text) is None


@pytest.mark.parametrize(
    "text",
    ["Cash box", "Change purse", "Chicken tenders", "Bar stool", "Birthday card", "Card holder", "Kassenrolle", "A1", "",
     "Payment terminal", "Monnaie du pape"],
)  # fmt: skip
def test_what_only_begins_so_is_a_product(text: str) -> None:
    assert is_payment(text) is False


@pytest.mark.parametrize(
    "text",
    ["10 % coupon", "10% off", "Rabatt", "Rabatt 10 %", "Discount", "Voucher", "Rounding", "Rundung", "Arrondi", "Redondeo",
     "Arrotondamento", "Afronding", "Remise", "Descuento", "Sconto", "Korting", "VAT 20%", "MwSt. 19 %", "Trinkgeld", "Shipping"],
)  # fmt: skip
def test_names_that_say_nothing_but_a_charge_or_discount(text: str) -> None:
    assert is_charge(text)


@pytest.mark.parametrize("text", ["Discount rack", "Coupon organizer", "Mug", "Vat 69 whisky", "Tip jar", ""])
def test_names_that_say_more_than_that(text: str) -> None:
    assert not is_charge(text)


@pytest.mark.parametrize(
    ("text", "of_a_line", "of_an_order"),
    [
        ("Partial refund", REFUND, PART), ("Teilerstattung", REFUND, PART), ("Teilretoure", REFUND, PART),
        ("Teilstorno", REFUND, PART), ("Remboursement partiel", REFUND, PART), ("Avoir partiel", REFUND, PART),
        ("Reembolso parcial", REFUND, PART), ("Nota de cr\u00e9dito parcial", REFUND, PART), ("Rimborso parziale", REFUND, PART),
        ("Gedeeltelijke terugbetaling", REFUND, PART), ("Partial credit note", REFUND, PART),
        ("partially_refunded", PART, PART), ("Refunded (partial)", PART, PART),
        ("Teilweise erstattet", PART, PART), ("Partiellement rembours\u00e9", PART, PART),
        ("Parcialmente devuelto", PART, PART), ("Parzialmente rimborsato", PART, PART),
        ("Gedeeltelijk terugbetaald", PART, PART), ("Partially cancelled", PART, PART),
        ("Partially paid", SALE, SALE), ("Partially fulfilled", SALE, SALE), ("Partial refund requested", None, None),
        ("Teilzahlung", None, None),
    ],
)  # fmt: skip
def test_a_part_given_back_is_an_entry_of_its_own_or_says_not_how_much(
    text: str, of_a_line: Meaning | None, of_an_order: Meaning | None
) -> None:
    assert meaning(text, of_lines=True) is of_a_line
    assert meaning(text) is of_an_order


def test_types_of_lines_tell_how_they_were_paid_and_what_was_charged_beside() -> None:
    found, note = read_meanings("Type", {"Sale", "Payment", "Cash", "Tax", "Gratuity"}, of_lines=True)
    assert found == {"Sale": SALE, "Payment": VOID, "Cash": VOID, "Tax": CHARGE, "Gratuity": CHARGE}
    assert note == ""
    # Alone it is the word for sales.
    assert read_meanings("Type", {"Payment", "Refund"}, of_lines=True)[0] == {
        "Payment": SALE,
        "Refund": REFUND,
    }


def test_types_of_lines_say_something_beside_each_other() -> None:
    def read(*texts: str) -> dict[str, Meaning]:
        return read_meanings("Type", set(texts), of_lines=True)[0]

    assert read("Item", "Discount") == {"Item": SALE, "Discount": CHARGE}
    assert read("Regular sale", "Discount") == {"Regular sale": SALE}
    assert read("Item") == {}
    assert read("Sale", "Purchase") == {"Sale": SALE, "Purchase": VOID}
    assert read("Purchase", "Refund") == {"Purchase": SALE, "Refund": REFUND}
    assert read("Sale", "Comp", "Internal transfer") == {
        "Sale": SALE,
        "Comp": VOID,
        "Internal transfer": VOID,
    }
    # Ways of paying.
    assert read("Cash", "Card", "Invoice") == {"Invoice": SALE}


def test_the_letter_of_a_mark_says_yes() -> None:
    assert read_marks("cancelled", "Void", {"V"})[0] == {"V": VOID}
    assert read_marks("cancelled", "Void", {"V", "Z"})[0] == {}
    assert read_marks("returned", "Void", {"D"})[0] == {}
