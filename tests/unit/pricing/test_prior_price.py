"""The lowest price of the 30 days before a reduction, by hand. Day 0 is the first of January."""

import datetime as dt
from decimal import Decimal

import pytest

from pricing.changes.core.prior_price import PriceStep, PriorPrice, prior_price

START = dt.date(2026, 1, 1)


def found(*steps: tuple[int, int], today: int) -> PriorPrice:
    return prior_price(
        [PriceStep(START + dt.timedelta(days=day), Decimal(price)) for day, price in steps],
        START + dt.timedelta(days=today),
    )


@pytest.mark.parametrize(
    ("steps", "today", "state", "prior"),
    [
        # A plain one.
        ([(0, 100), (60, 90)], 60, "reduced", 100),
        # 80 -> 100 -> 90: raised only to be lowered. 80 was charged within the 30 days.
        ([(0, 80), (50, 100), (60, 90)], 60, "no_discount", 80),
        # The same where 80 ended on the first of the 30 days, and where it had ended the day before that.
        ([(0, 80), (31, 100), (60, 90)], 60, "no_discount", 80),
        ([(0, 80), (30, 100), (60, 90)], 60, "reduced", 100),
        # Lowered to what was charged within the 30 days, and below both.
        ([(0, 80), (50, 100), (60, 80)], 60, "no_discount", 80),
        ([(0, 80), (50, 100), (60, 75)], 60, "reduced", 80),
        # Progressive: the prior price of the first step, also once that is more than 30 days ago.
        ([(0, 100), (60, 90), (70, 80)], 70, "reduced", 100),
        ([(0, 100), (60, 90), (80, 80), (110, 70)], 115, "reduced", 100),
        # A rise between two reductions starts again.
        ([(0, 100), (60, 80), (65, 100), (70, 90)], 70, "no_discount", 80),
        ([(0, 100), (60, 80), (65, 90)], 66, "regular", None),
        # Overlapping: a flash sale within a promotion; each keeps the prior price of the promotion.
        ([(0, 100), (60, 90), (63, 85)], 64, "reduced", 100),
        ([(0, 100), (60, 90), (63, 85), (66, 90)], 67, "reduced", 100),
        # Over, and long past.
        ([(0, 100), (60, 90), (70, 100)], 71, "regular", None),
        ([(0, 100), (60, 90)], 149, "reduced", 100),
        ([(0, 100), (60, 90)], 150, "regular", None),
        # Two prices on the day of the reduction.
        ([(0, 100), (60, 95), (60, 100), (60, 97)], 60, "no_discount", 95),
    ],
)
def test_cases(steps: list[tuple[int, int]], today: int, state: str, prior: int | None) -> None:
    result = found(*steps, today=today)
    assert (result.state, result.prior_price) == (state, None if prior is None else Decimal(prior))


def test_a_new_arrival_names_the_lowest_price_since_it_came() -> None:
    result = found((50, 100), (60, 90), today=61)
    assert (result.state, result.prior_price, result.known_days, result.new_arrival) == (
        "reduced", Decimal(100), 10, True,
    )  # fmt: skip
    assert not found((0, 100), (30, 90), today=31).new_arrival


def test_progressive_and_resumed_are_reported() -> None:
    assert found((0, 100), (60, 90), (70, 80), today=70).progressive
    assert not found((0, 100), (60, 90), today=70).progressive
    assert not found((0, 90), (60, 100), today=70).progressive
    assert not found((0, 90), (60, 100), today=70).resumed
    assert found((0, 100), (60, 90), (63, 85), (66, 90), today=67).resumed
    assert not found((0, 100), (60, 90), (63, 85), today=67).resumed
    # One that ended says nothing of the next; one that deepens again has still been resumed.
    assert not found((0, 100), (60, 90), (70, 100), (80, 95), today=80).resumed
    assert found((0, 100), (60, 90), (63, 85), (66, 90), (70, 80), today=70).resumed


def test_what_may_be_announced_is_a_percentage_of_the_prior_price() -> None:
    assert found((0, 100), (60, 90), (70, 80), today=70).discount_percent == 20
    assert found((0, 80), (50, 100), (60, 90), today=60).discount_percent is None
    assert PriorPrice("reduced", price=None, prior_price=Decimal(100)).discount_percent is None
    assert PriorPrice("reduced", price=Decimal(90), prior_price=Decimal(0)).discount_percent is None


def test_without_an_earlier_price_nothing_is_known() -> None:
    assert prior_price([], START).state == "unknown"
    assert (found((0, 100), today=9).state, found((0, 100), today=9).known_days) == ("unknown", 0)
