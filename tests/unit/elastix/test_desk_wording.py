"""What services say of options and flags, in the words that pages have for them."""

import pytest
from django.utils import translation

from elastix.desk.tags import said
from elastix.desk.wording import in_page_words
from elastix.glossary import label_of

COLUMNS = "under “What each column holds”"


@pytest.mark.parametrize(
    ("technical", "on_a_page"),
    [
        (
            'No column was found for stock_code, quantity. The columns are "Dear all" (not known), "Paid" (unit_price).'
            ' Is it --map "Dear all=stock_code" --map "Paid="? Rename the columns, or say which is which'
            " (option mapping; on the command line --map COLUMN=FIELD).",
            'No column was found for product code, quantity. The columns are "Dear all" (not known), "Paid" (unit price).'
            f" Is it “Dear all” as product code “Paid” as not read? Rename the columns, or say which is which {COLUMNS}.",
        ),
        (
            'The columns "A", "B" could all be unit_price: say which one is (option mapping, such as --map "B=unit_price").',
            f'The columns "A", "B" could all be unit price: say which one is {COLUMNS}.',
        ),
        (
            "Say which it is (option date_order: day-first or month-first).",
            "Say which it is under “Order of dates”.",
        ),
        (
            "turn the signs, or accept all_returns (option accept) if they are returns.",
            "turn the signs, or tick “a file in which every row is a return” under “Accept all the same” if they are returns.",
        ),
        (
            "The same file was imported before, as 'a.csv'"
            " (import 01a22b6b-79f0-7000-8000-bf06381555e1, published). To import it a second time, set `force`.",
            "The same file was imported before, as 'a.csv'."
            " To import it a second time, tick “Import it even if the same file was imported before”.",
        ),
        (
            "They count as products unless their kind is set to service (admin, or SERVICE_CODE_PATTERNS).",
            "They count as products unless an administrator sets their kind to service.",
        ),
        ("The price is below the cost.", "The price is below the cost."),
    ],
)
def test_options_and_flags_are_the_fields_of_the_page(technical: str, on_a_page: str) -> None:
    assert in_page_words(technical) == on_a_page
    with translation.override("en"):
        assert said(technical) == on_a_page


def test_no_extra_is_asked_for_by_the_name_of_its_file() -> None:
    from pricing.elasticity.selectors.learned import NOT_INSTALLED as LEARNED
    from pricing.forecasting.selectors.boosting import NOT_INSTALLED as BOOSTED

    for text in (LEARNED, BOOSTED):
        assert "whoever keeps the server" in in_page_words(text)
        assert "scikit" not in in_page_words(text)


def test_german_pages_say_it_in_german() -> None:
    with translation.override("de"):
        text = said(
            "Rename the columns, or say which is which (option mapping; on the command line --map COLUMN=FIELD)."
        )
        assert text.endswith("sagen Sie unter „Was in jeder Spalte steht“, welche welche ist.")
        text = said(
            "'Cash' is a payment or change, no line of a sale; accept payment_row if it is a product."
        )
        assert text == (
            "'Cash' ist eine Zahlung oder Rückgeld, keine Zeile eines Verkaufs; kreuzen Sie"
            f" „{label_of('payment_row')}“ unter „Trotzdem annehmen“ an, wenn es ein Produkt ist."
        )
        assert "Für Artikelnummer, Menge wurde keine Spalte gefunden" in said(
            "No column was found for stock_code, quantity. The columns are unnamed. None of the others looks like it."
        )
