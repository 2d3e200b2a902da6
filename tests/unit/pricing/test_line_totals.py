"""Files with a unit price and a line total that do not fit."""

from decimal import Decimal
from typing import Any

import pytest

from elastix.imports.core import UnreadableFile
from pricing.sales.core.line_totals import LineTotals, fits

Row = tuple[str, str, str]


def judged(
    *rows: Row, invoices: list[str] | None = None, gross: list[str] | None = None
) -> tuple[list[str], list[int]]:
    """Notes and refused lines of rows of (price, quantity, total); the first is on line 2."""
    columns: dict[str, list[Any]] = {
        name: [Decimal(row[place]) for row in rows]
        for place, name in enumerate(("unit_price", "quantity", "line_total"))
    }
    columns["invoice_no"] = invoices or [str(number) for number in range(len(rows))]
    totals = LineTotals()
    totals.keep_unfit(columns, [Decimal(each) for each in gross] if gross else columns["unit_price"])
    totals.add(range(2, 2 + len(rows)), columns)
    return totals.judge("Price", "Total")


def test_totals_that_fit_are_silent() -> None:
    assert judged(("10", "2", "20"), ("3.333", "3", "10.00"), ("10", "-2", "-20"), ("5", "-1", "5")) == (
        [],
        [],
    )


def test_a_price_in_cents_may_hide_half_a_cent_of_each_unit() -> None:
    # 100 at .3349 each cost 33.49, with the price shown as .33: off by .49, and by .51 at most.
    assert fits(Decimal("0.33"), Decimal(100), Decimal("33.49"))
    assert fits(Decimal("0.33"), Decimal(100), Decimal("33.51"))
    assert not fits(Decimal("0.33"), Decimal(100), Decimal("33.52"))


def test_before_and_after_a_discount_both_fit() -> None:
    assert judged(("9", "2", "18"), ("9", "2", "20"), gross=["10", "10"]) == ([], [])


def test_totals_with_tax_are_noted() -> None:
    rows = [
        ("10", "2", "23.80"),
        ("10", "3", "35.70"),
        ("5", "1", "5.35"),
        ("5", "4", "21.40"),
        ("0.05", "4", "0.24"),
    ]
    notes, lines = judged(*rows)
    assert lines == []
    assert notes == [
        "Total is more than price times quantity by 7%, 19%, as with tax: Price is read as it stands."
    ]


def test_few_that_do_not_fit_are_refused() -> None:
    notes, lines = judged(*[("10", "2", "20")] * 59, ("10", "2", "200"))
    assert lines == [61]
    assert "Price times quantity is not Total: 1." in notes[0]


def test_many_that_do_not_fit_are_asked_about() -> None:
    with pytest.raises(UnreadableFile) as refused:
        judged(("10", "2", "20"), ("10", "3", "27"), ("5", "4", "18"))
    assert "In 2 of 3 rows Price times quantity is not Total, first on line 3: 10 x 3 is not 27." in str(
        refused.value
    )
    assert '--map "Total=line_total" --map "Price="' in str(refused.value)


def test_a_price_that_is_the_total_is_guessed() -> None:
    with pytest.raises(UnreadableFile, match="Price seems to be the total of the line"):
        judged(("20", "2", "20"), ("30", "3", "30"), ("5", "1", "5"))
    with pytest.raises(UnreadableFile, match=r"is not 20\. Say which counts"):
        judged(("20", "2", "20"), ("30", "3", "31"), ("5", "2", "7"))


def test_the_total_of_an_order_that_every_row_repeats_is_none_of_a_line() -> None:
    assert judged(("10", "2", "25"), ("5", "1", "25"), ("10", "1", "10"), invoices=["1", "1", "2"]) == (
        [],
        [],
    )


def test_equal_lines_of_one_invoice_fit_by_themselves() -> None:
    rows = [("10", "2", "20")] * 40
    assert judged(*rows, ("10", "2", "200"), invoices=["1"] * 40 + ["2"])[1] == [42]


def test_rows_without_a_price_a_quantity_or_a_total_are_not_compared() -> None:
    ten, two, none = Decimal(10), Decimal(2), None
    columns: dict[str, list[Any]] = {
        "unit_price": [none, ten, ten, ten, none],
        "quantity": [two, none, two, two, two],
        "line_total": [Decimal(20), Decimal(20), none, Decimal(99), Decimal(20)],
        "invoice_no": list("12345"),
    }
    totals = LineTotals()
    totals.keep_unfit(columns, [none, ten, ten, ten, ten])
    assert columns["line_total"] == [none, none, none, Decimal(99), none]
    assert totals.compared == 2  # the fourth, and the fifth by its price before the discount


def test_one_in_twenty_is_refused_alone_and_one_in_nineteen_is_asked_about() -> None:
    assert judged(*[("10", "2", "20")] * 19, ("10", "2", "21"))[1] == [21]
    with pytest.raises(UnreadableFile, match="In 1 of 19 rows"):
        judged(*[("10", "2", "20")] * 18, ("10", "2", "21"))


@pytest.mark.parametrize(
    "rows",
    [
        [("10", "2", "23.80")] * 2,
        [("10", "2", "18.00")] * 3,
        [("10", "2", "28.00")] * 3,
        [("10", "2", f"{20 + each}") for each in range(1, 7)],
        [*[("10", "2", "23.80")] * 9, ("10", "2", "30")],
    ],
    ids=["too few", "less", "more than any tax", "too many rates", "one of ten is none"],
)
def test_what_is_no_tax(rows: list[Row]) -> None:
    with pytest.raises(UnreadableFile):
        judged(*rows)


def test_the_total_of_an_order_is_repeated_by_the_next_row_of_its_invoice_and_not_by_another() -> None:
    assert judged(("10", "2", "25"), ("5", "3", "25"), invoices=["1", "1"]) == ([], [])
    with pytest.raises(UnreadableFile, match="In 2 of 2 rows"):
        judged(("10", "2", "25"), ("5", "3", "25"), invoices=["1", "2"])
    with pytest.raises(UnreadableFile, match="In 3 of 3 rows"):
        judged(("10", "2", "25"), ("7", "2", "30"), ("5", "3", "25"), invoices=["1", "1", "1"])
