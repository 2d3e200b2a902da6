"""Totals of weeks and months spread over the days that they cover."""

import numpy as np
import pytest

from pricing.sales.core.daily import DailySales
from pricing.sales.core.periods import (
    Periods,
    last_day_known,
    purchases,
    read_periods,
    span_of,
    spread,
    spread_daily,
)


def days_of(*dates: str) -> np.ndarray:
    return np.array(dates, "datetime64[D]").astype(np.int64)


def date_of(day: int) -> str:
    return str(np.datetime64(int(day), "D"))


def span(date: str, days: int, *, dated_last: bool) -> tuple[str, str]:
    """First and last day of the period that a date stands for."""
    start, stop = span_of(days_of(date), np.array([days]), np.array([dated_last]))
    return date_of(start[0]), date_of(stop[0] - 1)


@pytest.mark.parametrize(
    ("date", "days", "dated_last", "first", "last"),
    [
        ("2024-03-05", 0, False, "2024-03-05", "2024-03-05"),
        ("2024-03-05", 1, False, "2024-03-05", "2024-03-05"),
        ("2024-03-04", 7, False, "2024-03-04", "2024-03-10"),
        ("2024-03-10", 7, True, "2024-03-04", "2024-03-10"),
        ("2024-02-01", 30, False, "2024-02-01", "2024-02-29"),
        ("2024-02-29", 30, True, "2024-02-01", "2024-02-29"),
        ("2024-02-28", 30, True, "2024-02-01", "2024-02-29"),
        ("2024-03-15", 30, False, "2024-03-15", "2024-04-14"),
    ],
)
def test_the_days_that_a_date_stands_for(
    date: str, days: int, dated_last: bool, first: str, last: str
) -> None:
    assert span(date, days, dated_last=dated_last) == (first, last)


@pytest.mark.parametrize(
    ("dates", "days", "dated_last"),
    [
        (("2024-03-04", "2024-03-11"), 7, False),
        (("2024-03-10", "2024-03-17"), 7, True),
        (("2024-03-09", "2024-03-16"), 7, True),
        (("2024-01-01", "2024-02-01"), 30, False),
        (("2024-01-31", "2024-02-29"), 30, True),
        (("2023-02-28", "2023-03-28"), 30, True),
        (("2023-02-27", "2023-03-27"), 30, False),
        (("2024-03-09", "2024-03-10"), 1, False),
        (("2024-03-09", "2024-03-10"), 0, False),
        (("2024-03-30", "2024-03-31"), 1, False),
        (("2024-03-04", "2024-03-10"), 7, False),  # one of two is not most
        (("2024-02-01", "2024-02-29"), 30, False),
    ],
)
def test_whether_dates_begin_or_end_their_periods(
    dates: tuple[str, ...], days: int, dated_last: bool
) -> None:
    periods = read_periods(np.zeros(len(dates), np.int64), days_of(*dates), np.array([days]))
    assert periods.dated_last.tolist() == [dated_last]


def table(product: list[int], day: np.ndarray, units: list[float], prices: list[float]) -> DailySales:
    number = np.array(units)
    return DailySales(
        product=np.array(product, np.int64),
        day=day,
        units=number,
        list_price=np.array(prices),
        promotion=np.zeros(number.size, np.bool_),
        lines=(number > 0).astype(np.int64),
    )


def test_a_week_is_seven_days_and_a_purchase_one() -> None:
    daily = table([0, 0, 1], days_of("2024-03-04", "2024-03-11", "2024-03-05"), [14, 21, 5], [10, 11, 3])
    spread = spread_daily(daily, Periods(np.array([7, 0]), np.array([False, False])))
    assert spread.product.tolist() == [0] * 14 + [1]
    first = int(days_of("2024-03-04")[0])
    assert spread.day.tolist() == [*range(first, first + 14), first + 1]
    assert spread.units.tolist() == pytest.approx([2.0] * 7 + [3.0] * 7 + [5.0])
    assert spread.list_price.tolist() == [10.0] * 7 + [11.0] * 7 + [3.0]
    assert spread.lines.tolist() == [1] * 15


def test_a_price_set_within_a_week_leaves_the_units_alone() -> None:
    """The day of a recorded price has no sales: the total that covers the day keeps its price and its units."""
    daily = table([0, 0, 0], days_of("2024-03-04", "2024-03-06", "2024-03-13"), [14, 0, 0], [10, 12, 13])
    spread = spread_daily(daily, Periods(np.array([7]), np.array([False])))
    assert spread.units.tolist() == pytest.approx([2.0] * 7 + [0.0])
    assert spread.list_price.tolist() == [10.0] * 7 + [13.0]
    assert spread.lines.tolist() == [1] * 7 + [0]


def test_of_totals_that_meet_on_a_day_the_newest_sets_its_price_and_all_count() -> None:
    """Weeks from Monday 4 and Thursday 7 March share four days: 1 + 3 units, two lines, at the second's price."""
    daily = table([0, 0], days_of("2024-03-04", "2024-03-07"), [7, 21], [10, 12])
    spread = spread_daily(daily, Periods(np.array([7]), np.array([False])))
    assert spread.units.tolist() == pytest.approx([1.0] * 3 + [4.0] * 4 + [3.0] * 3)
    assert spread.lines.tolist() == [1] * 3 + [2] * 4 + [1] * 3
    assert spread.list_price.tolist() == [10.0] * 3 + [12.0] * 7


def test_dates_are_spread_over_the_days_of_their_own_periods() -> None:
    """A week that ends on 10 March, a single day, and a February of 29 days dated at its end."""
    days = days_of("2024-03-10", "2024-03-05", "2024-02-29")
    row, day, share = spread(days, np.array([7, 1, 30]), np.array([True, False, True]))
    assert row.tolist() == [0] * 7 + [1] + [2] * 29
    assert [date_of(each) for each in day[[0, 6, 7, 8, 36]]] == [
        "2024-03-04", "2024-03-10", "2024-03-05", "2024-02-01", "2024-02-29",
    ]  # fmt: skip
    assert share.tolist() == [1 / 7] * 7 + [1.0] + [1 / 29] * 29


def test_purchases_are_lines_and_of_longer_totals_the_units() -> None:
    daily = table([0, 1, 2, 3], days_of(*["2024-03-04"] * 4), [5, 6, 7, 8], [1, 1, 1, 1])
    assert purchases(daily, np.array([0, 1, 7, 30])).tolist() == [1, 1, 7, 8]


def test_nothing_is_spread_of_nothing() -> None:
    spread = spread_daily(table([], days_of(), [], []), Periods(np.array([7]), np.array([False])))
    assert spread.units.size == spread.day.size == 0


@pytest.mark.parametrize(
    ("rows", "newest"),
    [
        ([("2024-03-04", 0, False)], "2024-03-04"),
        ([("2024-03-04", 7, False)], "2024-03-10"),
        ([("2024-03-10", 7, True)], "2024-03-10"),
        ([("2024-03-01", 30, False), ("2024-01-20", 0, False)], "2024-03-31"),
        ([("2024-03-01", 30, False), ("2024-02-29", 0, False)], "2024-03-31"),
        ([("2024-03-01", 30, False), ("2024-03-20", 0, False)], "2024-03-20"),
        ([("2024-03-01", 30, False), ("2024-03-04", 7, False)], "2024-03-10"),
        ([("2024-03-01", 30, False), ("2024-03-04", 7, False), ("2024-03-12", 0, False)], "2024-03-12"),
        ([("2024-03-31", 30, True), ("2024-03-20", 0, False)], "2024-03-31"),
    ],
)
def test_how_far_the_data_go(rows: list[tuple[str, int, bool]], newest: str) -> None:
    dates, days, last = zip(*rows, strict=True)
    assert date_of(last_day_known(days_of(*dates), np.array(days), np.array(last))) == newest
