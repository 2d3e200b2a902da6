"""Rows of the feeds: money, sales, floors, and files that hold whatever a name holds."""

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from xml.etree import ElementTree

import pytest

from pricing.connections.core.feeds import FeedRow, amount, floors, google_row, tsv_line, xml_pieces

ROW = FeedRow("CUP", "Cup", Decimal("4.50"), Decimal("2.10"), Decimal("2.31"))
NAN = float("nan")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("12.99", "12.99 GBP"),
        ("4", "4.00 GBP"),
        ("4.5000", "4.50 GBP"),
        ("2.1250", "2.125 GBP"),
        ("1E+2", "100.00 GBP"),
    ],
)
def test_money_has_a_point_two_decimals_and_its_currency(value: str, text: str) -> None:
    assert amount(Decimal(value), "GBP") == text


def test_a_row_without_a_sale() -> None:
    assert google_row(ROW, "GBP") == ("CUP", "4.50 GBP", "", "", "2.10 GBP", "2.31 GBP")


def test_a_sale_has_the_price_before_and_its_dates() -> None:
    begin = dt.datetime(2025, 3, 1, 8, 30, 59, tzinfo=dt.UTC)
    sale = replace(ROW, regular=Decimal("5.00"), sale_from=begin, sale_until=begin + dt.timedelta(days=7))
    assert google_row(sale, "EUR")[1:4] == (
        "5.00 EUR", "4.50 EUR", "2025-03-01T08:30Z/2025-03-08T08:30Z",
    )  # fmt: skip


def test_what_is_not_known_is_left_empty_and_so_is_a_floor_that_is_not_below_the_price() -> None:
    assert google_row(replace(ROW, cost=None, floor=None), "GBP")[4:] == ("", "")
    assert google_row(replace(ROW, floor=Decimal("4.50")), "GBP")[5] == ""
    assert google_row(replace(ROW, floor=Decimal("4.49")), "GBP")[5] == "4.49 GBP"


def test_the_floor_is_the_highest_of_cost_margin_and_minimum() -> None:
    # 1.1 x 2.10 = 2.31; 2.10 / (1 - 0.4) = 3.50; minimum price 3.00.
    found = floors(
        [4.5, 4.5, 4.5, 4.5, 4.5],
        [2.1, 2.1, 2.1, NAN, NAN],
        [NAN, 0.4, NAN, 0.4, NAN],
        [NAN, NAN, 3.0, 3.0, NAN],
    )
    assert found == [Decimal("2.31"), Decimal("3.50"), Decimal("3.00"), Decimal("3.00"), None]


def test_a_cost_of_nothing_is_no_floor() -> None:
    assert floors([4.5], [0.0], [NAN], [NAN]) == [None]


def test_a_line_stays_a_line() -> None:
    assert tsv_line(("A\tB\nC", "4.50 GBP")) == "A B C\t4.50 GBP\n"


def test_the_xml_can_be_read_whatever_the_cells_hold() -> None:
    cells = ("A<B>&C", "4.50 GBP", "", "", "", "")
    document = "".join(xml_pieces("Cups & <more>", "https://shop.example/", [cells]))
    item = ElementTree.fromstring(document).find("channel/item")  # noqa: S314
    assert item is not None
    google = "{http://base.google.com/ns/1.0}"
    assert {each.tag.removeprefix(google): each.text for each in item} == {
        "id": "A<B>&C",
        "price": "4.50 GBP",
    }
