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


def test_the_total_of_an_order_that_every_row_repeats_is_none_of_a_line() -> None:
    assert judged(("10", "2", "25"), ("5", "1", "25"), ("10", "1", "10"), invoices=["1", "1", "2"]) == (
        [],
        [],
    )


def test_equal_lines_of_one_invoice_fit_by_themselves() -> None:
    rows = [("10", "2", "20")] * 40
    assert judged(*rows, ("10", "2", "200"), invoices=["1"] * 40 + ["2"])[1] == [42]
