"""What columns beside quantity and price do to the lines of a sales file."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from elastix.imports.core import UnreadableFile
from elastix.imports.core.values import CellError
from pricing.sales.core.discounts import Discounts
from pricing.sales.core.sale_words import Meaning, meaning
from pricing.sales.core.sales_rows import SalesRows, made_up_invoice, of_a_day, without_zeros
from pricing.sales.core.whole_file import (
    chosen_currency,
    foreign_costs,
    other_currency,
    read_marks,
    read_meanings,
    warned_of,
)

PERCENT = Discounts("discount_percent")
MOMENT = (dt.datetime(2025, 3, 13, 10, 15, tzinfo=dt.UTC), 20_160)
BLANK = {
    "invoice_no": "1", "stock_code": "A1", "quantity": 2, "invoice_date": MOMENT, "unit_price": Decimal(10),
    "line_total": None, "discount": None, "discount_percent": None, "tax_amount": None, "tax_rate": None, "status": "",
    "line_type": "", "cancelled": "", "currency": "", "customer_id": None, "country": "", "description": "",
    "returned_quantity": None,
}  # fmt: skip


def read(
    *rows: dict[str, Any], fields: set[str] | None = None, **how: Any
) -> tuple[dict[str, list[Any]], Any]:
    """The columns of these rows after the check, and the reasons of bad rows by their number."""
    named = {name for row in rows for name in row} if fields is None else fields
    columns = {name: [row.get(name, blank) for row in rows] for name, blank in BLANK.items()}
    reader = SalesRows(
        frozenset(named | {"stock_code", "quantity", "invoice_date"}),
        is_service=lambda code: code == "POST",
        **how,
    )
    found = {row: reason for row, reason, _ in reader.check(columns)}
    return columns, found


def prices(*rows: dict[str, Any], **how: Any) -> list[str]:
    columns, problems = read(*rows, **how)
    assert problems == {}
    return [f"{price.normalize():f}" for price in columns["unit_price"]]


def money(**amounts: Any) -> dict[str, Any]:
    return {
        name: Decimal(value) if isinstance(value, str) else value
        for name, value in {"invoice_no": "1", **amounts}.items()
    }


def test_a_price_comes_of_the_line_total() -> None:
    rows = [
        money(line_total="30", quantity=3),
        money(line_total="10", quantity=3),
        money(line_total="-9", quantity=-3),
    ]
    assert prices(*rows) == ["10", "3.3333", "3"]


def test_a_line_total_below_zero_is_a_return() -> None:
    columns, problems = read(money(line_total="-9", quantity=3))
    assert (columns["quantity"], columns["unit_price"], problems) == ([-3], [Decimal(3)], {})


def test_a_line_without_its_total_is_refused() -> None:
    assert read(money(line_total=None, quantity=3))[1] == {0: "value_missing"}


def test_discounts_are_taken_off() -> None:
    assert prices(money(unit_price="10", quantity=3, discount="6")) == ["8"]
    assert prices(money(unit_price="10", quantity=3, discount="-6")) == ["8"]
    assert prices(money(unit_price="10", discount_percent="20"), discounts=PERCENT) == ["8"]
    shares = Discounts("discount_percent", are_shares=True)
    assert prices(money(unit_price="10", discount_percent="0.2"), discounts=shares) == ["8"]
    each = Discounts(of_units=True)
    assert prices(money(unit_price="10", quantity=3, discount="2"), discounts=each) == ["8"]
    assert prices(money(unit_price="10", discount=None)) == ["10"]


def test_a_percentage_and_an_amount_are_the_same_discount_once() -> None:
    row = money(unit_price="10", quantity=3, discount_percent="20", discount="6")
    assert prices(row, discounts=PERCENT) == ["8"]


def test_a_line_total_has_its_discount_off_unless_somebody_says_otherwise() -> None:
    row = money(line_total="30", quantity=3, discount="6")
    assert prices(row) == ["10"]
    assert prices(row, asked=frozenset({"discount"})) == ["8"]
    assert prices(row, is_before_discount=True) == ["8"]


def test_a_discount_larger_than_the_price_is_refused() -> None:
    assert read(money(unit_price="10", quantity=1, discount="11"))[1] == {0: "discount_too_large"}


def test_taxes_that_were_asked_for_are_added() -> None:
    assert prices(money(unit_price="10", quantity=2, tax_amount="4")) == ["12"]
    assert prices(money(unit_price="10", quantity=2, tax_rate="20")) == ["12"]


def test_types_and_statuses_say_what_a_line_is() -> None:
    rows = [
        {"line_type": "Sale", "status": "Completed"},
        {"line_type": "Refund", "status": "Completed"},
        {"line_type": "Sale", "status": "Cancelled"},
        {"line_type": "Sale", "status": "Refunded"},
        {"line_type": "Sale", "status": "Refunded", "quantity": -2},
        {"line_type": "Refund", "status": "", "quantity": -2},
    ]
    texts = {text for row in rows for text in (row["line_type"], row["status"]) if text}
    found = {text: says for text in texts if (says := meaning(text))}
    columns, problems = read(*rows, meanings={"line_type": found, "status": found})
    assert columns["quantity"] == [2, -2, 2, 2, -2, -2]
    assert problems == {2: "not_a_sale", 3: "not_a_sale"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("REFUND", Meaning.REFUND), ("Gutschrift", Meaning.REFUND), ("Rückgabe", Meaning.REFUND), ("avoir", Meaning.REFUND),
        ("Reembolso", Meaning.REFUND), ("storniert", Meaning.VOID), ("annulée", Meaning.VOID), ("wc-cancelled", Meaning.VOID),
        ("Zurückerstattet", Meaning.UNDONE), ("partially_refunded", Meaning.PART), ("paid", Meaning.SALE), ("Coffee", None),
    ],
)  # fmt: skip
def test_the_words_of_six_languages_are_known(text: str, expected: Meaning | None) -> None:
    assert meaning(text) == expected


def test_a_column_of_other_words_says_nothing_about_sales() -> None:
    assert read_meanings("Type", {"Coffee", "Tea"})[0] == {}
    known, note = read_meanings("Status", {"paid", "perhaps"})
    assert known == {"paid": Meaning.SALE}
    assert '"perhaps"' in note and "count as sales" in note
    assert read_meanings("Status", {"paid"}) == ({"paid": Meaning.SALE}, "")


def test_what_stands_on_the_first_row_of_an_order_holds_for_the_others() -> None:
    rows = [
        {"invoice_no": "1", "status": "cancelled", "country": "DE"},
        {"invoice_no": "1", "status": "", "country": ""},
        {"invoice_no": "2", "status": "", "country": ""},
    ]
    columns, problems = read(*rows, meanings={"status": {"cancelled": Meaning.VOID}})
    assert problems == {0: "not_a_sale", 1: "not_a_sale"}
    assert columns["country"] == ["DE", "DE", ""]


def test_negative_prices_are_returns_but_for_services() -> None:
    rows = [
        {"unit_price": Decimal(-10), "quantity": 1},
        {"unit_price": Decimal(-10), "quantity": -1},
        {"unit_price": Decimal(-10), "quantity": 1, "stock_code": "POST"},
    ]
    columns, problems = read(*rows)
    assert problems == {}
    assert columns["quantity"] == [-1, -1, 1]
    assert columns["unit_price"] == [Decimal(10), Decimal(10), Decimal(-10)]


def test_rejected_cells_are_left_alone() -> None:
    bad = CellError("not_a_number", "No number.")
    columns, problems = read({"unit_price": bad, "quantity": bad, "discount": bad, "line_type": "Refund"})
    assert problems == {}
    assert columns["unit_price"] == [bad]


def test_days_to_come_are_refused() -> None:
    assert read({"quantity": 1}, tomorrow=20_159)[1] == {0: "in_the_future"}
    assert read({"quantity": 1}, tomorrow=20_160)[1] == {}


def test_only_the_chosen_currency_counts() -> None:
    rows = [{"currency": "EUR"}, {"currency": "€"}, {"currency": "usd"}, {"currency": ""}]
    assert read(*rows, currency="EUR")[1] == {2: "other_currency"}


@pytest.mark.parametrize(
    ("named", "beside", "wanted", "expected"),
    [
        ({"EUR"}, (), "", ""),
        ({"EUR", "€"}, (), "", ""),
        ({"EUR", "USD"}, (), "USD", "USD"),
        ((), {"€", "EUR"}, "", ""),
        ((), (), "EUR", ""),
    ],
)
def test_one_currency_needs_no_choice(named: Any, beside: Any, wanted: str, expected: str) -> None:
    assert chosen_currency(named, beside, wanted) == expected


@pytest.mark.parametrize(
    ("named", "beside", "wanted", "sentence"),
    [
        ({"EUR", "USD"}, (), "", r"2 currencies \(EUR, USD\).*option currency"),
        ({"EUR", "USD"}, (), "GBP", "No price of the file is in GBP"),
        ({"EUR"}, (), "GBP", "No price of the file is in GBP"),
        ((), {"€", "$"}, "", "several currencies"),
    ],
)
def test_several_currencies_are_asked_about(named: Any, beside: Any, wanted: str, sentence: str) -> None:
    with pytest.raises(UnreadableFile, match=sentence):
        chosen_currency(named, beside, wanted)


@pytest.mark.parametrize(
    ("named", "beside", "expected"),
    [
        ({"EUR"}, (), "EUR"),
        ((), {"€"}, "EUR"),
        ({"GBP"}, {"£"}, ""),
        ((), {"$"}, "$"),
        ((), (), ""),
        ({"EUR", "USD"}, (), ""),
    ],
)
def test_a_file_in_another_currency_than_the_shop_s_is_noted(named: Any, beside: Any, expected: str) -> None:
    assert other_currency(named, beside, "GBP") == expected


def test_a_sign_of_several_currencies_is_that_of_the_shop_or_of_the_code_beside_it() -> None:
    assert other_currency((), {"$"}, "CAD") == other_currency((), {"RS."}, "INR") == ""
    assert chosen_currency((), {"$", "US$"}, "") == chosen_currency((), {"RS.", "\u20b9"}, "") == ""
    assert foreign_costs({"$", "\u00a3"}, "GBP") == (
        "Amounts are in $, the shop's currency is GBP: they are not converted."
    )
    assert foreign_costs({"\u00a3", "GBP"}, "GBP") == foreign_costs((), "GBP") == ""


def test_a_mark_of_the_order_holds_for_its_rows_without_a_status() -> None:
    said = {"cancelled": {"2024-03-14": Meaning.VOID}}
    first = money(unit_price="10") | {"status": "paid", "cancelled": "2024-03-14"}
    for status, expected in (("", {0: "not_a_sale", 1: "not_a_sale"}), ("paid", {0: "not_a_sale"})):
        second = money(unit_price="10") | {"status": status}
        assert read(first, second, meanings=said)[1] == expected


def test_a_date_in_a_column_of_marks_says_yes() -> None:
    assert read_marks("cancelled", "Cancelled at", {"2024-03-14 10:15"})[0] == {
        "2024-03-14 10:15": Meaning.VOID
    }
    assert read_marks("cancelled", "Cancelled", {"0", "1"})[0] == {"1": Meaning.VOID}


def test_a_made_up_invoice_is_a_visit_or_a_day_of_a_product() -> None:
    assert made_up_invoice(MOMENT[0], "A1", "17850") == "202503131015-17850"
    assert made_up_invoice(MOMENT[0], "A1", None) == "20250313-A1"
    assert len(made_up_invoice(MOMENT[0], "A" * 80, None)) == 64


@pytest.mark.parametrize("code", ["A1", "A" * 80])
def test_an_invoice_that_was_made_up_of_a_product_s_day_is_known_as_such(code: str) -> None:
    assert of_a_day(made_up_invoice(MOMENT[0], code, None), code)
    assert not of_a_day(made_up_invoice(MOMENT[0], code, "17850"), code)
    assert not of_a_day("536365", code)
    assert not of_a_day("20250313-B2", code)
    columns, _ = read({"customer_id": "7"}, fields=set())
    assert columns["invoice_no"] == ["202503131015-7"]


def test_a_code_without_its_zeros_looks_like_the_one_with_them() -> None:
    assert without_zeros(["00123", "0", "000", "0A1", "77"]) == {"123": "00123"}
    assert read({"stock_code": "123"}, known_zeros={"123": "00123"})[1] == {0: "look_alike_code"}
    assert read({"stock_code": "124"}, known_zeros={"123": "00123"})[1] == {}


def test_columns_that_may_change_what_prices_mean_are_warned_of() -> None:
    assert warned_of(["Taxes", "Colour", "MwSt.", "Fulfilment status", "Note"]) == [
        "Fulfilment status",
        "MwSt.",
        "Taxes",
    ]


def test_what_was_returned_is_taken_off_the_quantity() -> None:
    rows = [
        {"quantity": Decimal(5), "returned_quantity": Decimal(2)},
        {"quantity": Decimal(5), "returned_quantity": Decimal(-2)},
        {"quantity": Decimal(5), "returned_quantity": Decimal(5)},
        {"quantity": Decimal(5), "returned_quantity": Decimal(6)},
        {"quantity": Decimal(5), "returned_quantity": None},
        {"quantity": Decimal(-5), "returned_quantity": Decimal(5)},
    ]
    columns, problems = read(*rows)
    assert problems == {2: "not_a_sale", 3: "out_of_range"}
    assert columns["quantity"] == [3, 3, 5, 5, 5, -5]


def test_the_total_of_a_line_is_that_of_all_that_was_sold() -> None:
    columns, _ = read(money(line_total="50", quantity=Decimal(5), returned_quantity=Decimal(2)))
    assert (columns["quantity"], columns["unit_price"]) == ([3], [10])
