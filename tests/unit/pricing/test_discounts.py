"""What the discounts of a file are: its totals say it, its signs, or the user is asked."""

from decimal import Decimal
from typing import Any

import pytest

from elastix.imports.core import UnreadableFile
from pricing.sales.core.discounts import Discounts, is_before_discount, read_discounts

AMOUNTS = Discounts()


@pytest.mark.parametrize(
    ("cells", "asked", "expected"),
    [
        ({"discount_percent": {"20%", "0%"}}, (), Discounts("discount_percent")),
        ({"discount_percent": {"0.2", "0"}}, (), Discounts("discount_percent", are_shares=True)),
        ({"discount_percent": {"20", "0"}}, (), Discounts("discount_percent")),
        ({"discount": {"20%", "5%"}}, (), Discounts("discount")),
        ({"discount": {"6.00", "0"}}, (), AMOUNTS),
        ({"discount": {"5.00", "10.00"}}, (), AMOUNTS),
        ({"discount": {"5", "0"}}, (), AMOUNTS),
        ({"discount": {"5", "10", "3"}}, (), AMOUNTS),
        ({"discount": {"5", "10"}}, ("discount",), AMOUNTS),
        ({"discount": {"0,50 \u20ac", "0,00 \u20ac"}}, (), AMOUNTS),
        ({"discount": {"0.5"}}, ("discount",), AMOUNTS),
        ({"discount": {"0"}}, (), AMOUNTS),
        ({}, (), AMOUNTS),
    ],
)
def test_discounts_are_amounts_or_percents(cells: Any, asked: Any, expected: Discounts) -> None:
    assert read_discounts(cells, asked) == expected


@pytest.mark.parametrize(
    ("texts", "sentence"),
    [
        ({"0.2", "0.5"}, "All discounts are below 1"),
        ({"10", "15", "0"}, "such as 10 and 15: they may be percents"),
    ],
)
def test_discounts_that_can_be_both_are_asked_about(texts: Any, sentence: str) -> None:
    with pytest.raises(UnreadableFile, match=sentence):
        read_discounts({"discount": texts}, ())
    assert read_discounts({"discount": texts}, (), are_used=False) == AMOUNTS


# Price, quantity, discount and total of two lines each, worked out by hand.
@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([("10", "2", "10", "18"), ("10", "2", "15", "17")], Discounts("discount")),
        ([("10", "2", "0.1", "18"), ("10", "2", "0.15", "17")], Discounts("discount", are_shares=True)),
        ([("10", "2", "0.5", "19.5"), ("10", "2", "0.8", "19.2")], AMOUNTS),
        ([("10", "2", "1", "18"), ("10", "3", "2", "24")], Discounts(of_units=True)),
        ([("10", "-2", "10", "-18"), ("10", "2", "-10", "18")], Discounts("discount")),
    ],
)
def test_line_totals_say_what_discounts_are(rows: Any, expected: Discounts) -> None:
    sample = [tuple(map(Decimal, row)) for row in rows]
    assert read_discounts({"discount": {row[2] for row in rows}}, (), sample) == expected


def test_totals_that_fit_no_reading_leave_the_question() -> None:
    sample = [(Decimal(10), Decimal(2), Decimal(10), Decimal(33))]
    with pytest.raises(UnreadableFile, match="percents or amounts"):
        read_discounts({"discount": {"10", "15"}}, (), sample)


@pytest.mark.parametrize(
    ("name", "before"),
    [("Gross sales", True), ("gross_amount", True), ("Net sales", False), ("Total", False)],
)
def test_gross_totals_are_those_before_discounts(name: str, before: bool) -> None:
    assert is_before_discount(name) is before
