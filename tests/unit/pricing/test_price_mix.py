"""Which products are sold at several prices at once."""

from typing import Any

import numpy as np

from pricing.sales.core.lines import SalesLines, clean_lines
from pricing.sales.core.price_mix import several_prices

DAY = 19_002


def several(*rows: tuple[int, int, float], **columns: Any) -> bool:
    """Whether a product is, of lines of day, quantity and price; each of a customer and invoice of its own."""
    (answer,) = which(*rows, **columns)
    return answer


def which(*rows: tuple[int, int, float], **columns: Any) -> list[bool]:
    """Which products are, given the product of each line beside the rows."""
    day, quantity, price = (np.array(column) for column in zip(*rows, strict=True))
    count = np.arange(day.size)
    product = np.asarray(columns.get("product", np.zeros(day.size, np.int64)))
    lines = SalesLines(
        product=product,
        day=DAY + day,
        minute=(DAY + day) * 1440 + count * columns.get("timed", 1),
        quantity=quantity,
        price=price * 1.0,
        customer=np.asarray(columns.get("customer", count)),
        invoice=np.asarray(columns.get("invoice", count)),
        cancellation=np.zeros(day.size, np.bool_),
        voided=np.zeros(day.size, np.bool_),
    )
    products = int(product.max()) + 1
    found: list[bool] = several_prices(lines, clean_lines(lines, products), products).tolist()
    return found


def test_two_stores_with_prices_of_their_own() -> None:
    assert several(*((day, 1, price) for day in range(10) for price in (4.0, 4.5)))


def test_of_two_stores_whose_lines_have_no_times_and_stand_store_by_store() -> None:
    by_store = [(day, 1, price) for day in range(10) for price in (4.0, 4.0, 4.0, 4.5, 4.5, 4.5)]
    # In random order 6 - 18 / 6 = 3 of the 5 neighbours of a day differ.
    assert several(*by_store, timed=0)
    other = [(day, 1, 4.5 if number == day else 4.0) for day in range(10) for number in range(10)]
    assert not several(*other, timed=0)  # 10 - 82 / 10 = 1.8 of 9
    # 4 - 10 / 4 = 1.5 of 3, and from day to day none, of 10 days in 28.
    rare = [(day, 1, 4.0) for day in range(10, 28) for _ in range(2)]
    some = [(day, 1, price) for day in range(10) for price in (4.0, 4.0, 4.0, 4.5)]
    assert not several(*some, *rare, timed=0)  # 15 of 30 + 18 + 27
    assert several(*some, *rare[:10], timed=0)  # 15 of 30 + 5 + 14


def test_one_price_for_all() -> None:
    assert not several(*((day, 1, 4.0) for day in range(10) for _ in range(2)))
    assert not several(*((day, 1, price) for day in range(10) for price in (4.0, 4.02)))  # half a percent


def test_prices_that_change_every_day_are_one_at_a_time() -> None:
    assert not several(*((day, 1, 4.0 + day % 2) for day in range(20)))
    # Once on one day: every pair of one day.
    assert several(*((day, 1, 4.0 + day % 2) for day in range(20)), (20, 1, 4.0), (20, 1, 4.5))
    twice_a_day = [(day, 1, 4.0 + day % 2) for day in range(20) for _ in range(2)]
    assert not several(*twice_a_day)
    assert not several(*twice_a_day, (20, 1, 4.0), (20, 1, 4.5))  # 1 of 21


def test_quantity_breaks_are_no_second_price() -> None:
    assert not several(*((day, quantity, 4.0 - quantity / 24) for day in range(20) for quantity in (1, 12)))


def test_a_channel_with_a_markup_is_no_second_price() -> None:
    rows = [(day, 1, price) for day in range(20) for price in (4.0, 6.0)]
    assert not several(*rows, customer=[-1, 5] * 20)
    assert several(*rows, customer=[-1, -1, 5, 5] * 10)
    assert not several(
        *((day, number, 6.0 / number) for day in range(20) for number in (1, 2)), customer=[-1, 5] * 20
    )


def test_two_prices_on_one_invoice_are_one_buyers() -> None:
    rows = [(7 * week, 1, price) for week in range(20) for price in (4.0, 4.5)]
    assert not several(*rows, invoice=np.repeat(np.arange(20), 2))
    assert several(*rows)


def test_ten_pairs_are_needed_and_a_quarter_of_them_at_another_price() -> None:
    pairs = [(7 * week, 1, price) for week in range(10) for price in (4.0, 4.5)]
    assert several(*pairs)
    assert not several(*pairs[:-2])
    same = [(7 * week, 1, 4.0) for week in range(100, 131) for _ in range(2)]
    assert not several(*pairs, *same)
    assert several(*pairs, *same[:-2])


def test_products_are_told_apart() -> None:
    """Three at one price each, though not the same, and two with the prices of two stores among them."""
    prices = [(4.0, 4.0), (5.0, 5.5), (6.0, 6.0), (7.0, 7.7), (8.0, 8.0)]
    rows = [(day, 1, price) for pair in prices for day in range(10) for price in pair]
    assert which(*rows, product=np.repeat(np.arange(5), 20)) == [False, True, False, True, False]


def test_lines_far_apart_are_not_compared() -> None:
    assert not several(*((4 * number, 1, 4.0 + number % 2) for number in range(30)))


def test_no_lines_say_nothing() -> None:
    none = np.zeros(0, np.int64)
    empty = none.astype(np.bool_)
    lines = SalesLines(none, none, none, none, none * 1.0, none, none, empty, empty)
    assert several_prices(lines, clean_lines(lines, 2), 2).tolist() == [False, False]
