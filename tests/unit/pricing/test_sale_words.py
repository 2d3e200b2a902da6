"""The words of files: statuses, marks of yes and no, totals; and what a file as a whole says."""

from decimal import Decimal

import pytest

from elastix.imports.core import UnreadableFile
from pricing.sales.core.sale_words import Meaning, is_total, is_yes, meaning
from pricing.sales.core.whole_file import look_like_cents, read_marks, read_meanings, read_units, warned_of

SALE, REFUND, UNDONE, VOID = Meaning.SALE, Meaning.REFUND, Meaning.UNDONE, Meaning.VOID
PART = Meaning.PART


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Order cancelled", VOID), ("Bestellung storniert", VOID), ("Commande annul\u00e9e", VOID), ("Pedido cancelado", VOID),
        ("Ordine annullato", VOID), ("Bestelling geannuleerd", VOID), ("Payment failed", VOID), ("Nicht bezahlt", VOID),
        ("Non pagato", VOID), ("Stornorechnung", REFUND), ("CRN", REFUND), ("R\u00fccksendung", REFUND),
        ("Zur\u00fcckgesendet", UNDONE), ("Refund issued", UNDONE), ("Restituito", UNDONE), ("teilweise erstattet", PART),
        ("Reembolso parcial", PART), ("En attente", SALE), ("In afwachting", SALE), ("Return requested", SALE), ("OK", SALE),
        ("Return in transit", None),
    ],
)  # fmt: skip
def test_statuses_in_six_languages(text: str, expected: Meaning | None) -> None:
    assert meaning(text) is expected


def test_two_letters_mean_something_together() -> None:
    assert read_meanings("Type", {"S", "R"})[0] == {"S": SALE, "R": REFUND}
    assert read_meanings("Type", {"V", "R"})[0] == {"V": SALE, "R": REFUND}
    assert read_meanings("Type", {"S", "M", "L"})[0] == {}
    assert read_meanings("Type", {"R"})[0] == {}


@pytest.mark.parametrize(
    "text", ["yes", "Y", "TRUE", "1", "x", "ja", "oui", "s\u00ed", "vero", "waar", "\u2713"]
)
def test_yes_in_six_languages(text: str) -> None:
    assert is_yes(text) is True


@pytest.mark.parametrize("text", ["no", "N", "False", "0", "nein", "non", "nee", "falso", "-", ""])
def test_no_in_six_languages(text: str) -> None:
    assert is_yes(text) is False


def test_marks_say_what_a_line_is_and_other_values_do_not() -> None:
    assert read_marks("returned", "Returned?", {"yes", "no"}) == ({"yes": UNDONE}, "")
    assert read_marks("is_return", "Retoure", {"ja"}) == ({"ja": REFUND}, "")
    assert read_marks("cancelled", "Void", {"1", "0"}) == ({"1": VOID}, "")
    assert read_marks("paid", "Paid", {"yes", "no"}) == ({"no": VOID}, "")
    found, note = read_marks("returned", "Returned", {"0", "2"})
    assert found == {}
    assert note.startswith('The values of Returned ("2") say neither yes nor no')


@pytest.mark.parametrize(
    "text",
    [
        "Total",
        "TOTAL:",
        "Grand total",
        "Summe",
        "Zwischensumme",
        "Gesamt",
        "Sous-total",
        "Totale",
        "Subtotaal",
    ],
)
def test_rows_that_sum_up_others_are_known(text: str) -> None:
    assert is_total(text)


@pytest.mark.parametrize("text", ["Total care", "TOTAL1", "Sum 41", "", None, "123", "Totally"])
def test_other_texts_are_no_totals(text: str | None) -> None:
    assert not is_total(text)


def test_units_of_one_kind_are_not_added_up() -> None:
    assert read_units({"2 kg", "1.5 kg", "3", 4}) == "Units beside quantities (kg) were taken off."
    assert read_units({"3 pcs", "2"}) == ""
    with pytest.raises(UnreadableFile, match=r"several units \(g, kg\)"):
        read_units({"2 kg", "500 g"})


@pytest.mark.parametrize(
    ("prices", "expected"),
    [
        (["1099", "1299", "499", "2495", "899"], True),
        (["1099", "1299", "499", "2495", "8.99"], False),
        (["1100", "1200", "500", "2000", "899"], False),
        (["5", "9", "15", "19", "25"], False),
        (["1099", "1299"], False),
    ],
)
def test_whole_prices_that_end_as_cents_do(prices: list[str], expected: bool) -> None:
    assert look_like_cents([Decimal(price) for price in prices]) is expected


def test_columns_that_could_change_what_lines_mean_are_warned_of() -> None:
    named = {
        "vat_rate",
        "Coupon amount",
        "Returned quantity",
        "Unit",
        "Customer Name",
        "Private",
        "Packing note",
    }
    assert warned_of(named) == ["Coupon amount", "Packing note", "Returned quantity", "Unit", "vat_rate"]


@pytest.mark.parametrize(
    "text",
    ["Invoice total", "Total for Mug", "Total 2024-03-14", "TOTAL (2 invoices)", "Day total", "Summe Beleg 1", "Tagessumme",
     "Gesamtsumme EUR", "Monatssumme M\u00e4rz", "\u00dcbertrag", "Total du jour", "Total facture", "Total del d\u00eda",
     "Totale giorno", "Totale scontrino", "Totaal bon", "Dagtotaal", "Suma y sigue", "Riporto", "Carried forward"],
)  # fmt: skip
def test_a_row_that_sums_up_says_of_what(text: str) -> None:
    assert is_total(text)


@pytest.mark.parametrize(
    "text",
    ["Total 0% Yoghurt", "Total Greek Yogurt 500g", "Colgate Total", "Summer Dress", "TOTAL-500", "Total Quartz 5W-30",
     "Sumatra Coffee", "Report Folder", "Betragsrechner", "1001"],
)  # fmt: skip
def test_a_product_may_be_called_total(text: str) -> None:
    assert not is_total(text)


@pytest.mark.parametrize(
    "text",
    ["Sales Credit Note", "Sales refund", "Order refund", "Invoice credit", "POS return", "Return to stock", "Kassenbon Retoure",
     "Avoir client", "Retour marchandise", "Devoluci\u00f3n de cliente", "Reso cliente"],
)  # fmt: skip
def test_a_refund_is_one_whoever_s_it_is(text: str) -> None:
    assert meaning(text) is REFUND


@pytest.mark.parametrize(
    ("text", "expected"),
    [("Partial refund", PART), ("No refund", None), ("Awaiting return", None), ("Return policy seen", None),
     ("Cancelled return", VOID), ("Sales invoice", SALE), ("Sale no return", SALE)],
)  # fmt: skip
def test_a_refund_that_is_none_yet_is_none(text: str, expected: Meaning | None) -> None:
    assert meaning(text) is expected


@pytest.mark.parametrize(
    "text", ["Purchase order", "Quotation", "Proforma", "Lieferschein", "Stock transfer", "Inventory count", "Bon de livraison"]
)  # fmt: skip
def test_other_papers_of_the_trade_are_no_sales(text: str) -> None:
    assert meaning(text) is VOID


def test_a_way_of_paying_says_nothing_of_the_sale() -> None:
    assert meaning("Transfer") is meaning("Card") is None


def test_columns_that_can_change_what_a_cost_means() -> None:
    names = ["Pack size", "EK pro 100", "Cost currency", "VAT", "Status", "Colour"]
    assert warned_of(names, of_costs=True) == ["Cost currency", "EK pro 100", "Pack size", "VAT"]
