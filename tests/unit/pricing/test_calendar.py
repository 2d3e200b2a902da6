"""The shop's calendar: weeks, open days and what each weekday is worth."""

import datetime as dt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pricing.sales.core.calendar import (
    ShopCalendar,
    cumulated_days,
    first_day_of_week,
    is_closed,
    shop_calendar,
    week_of,
    weekday_of,
)
from pricing.sales.core.constants import SMALLEST_WEEKDAY_WEIGHT, WEEKDAY_PRIOR_DAYS

EPOCH = dt.date(1970, 1, 1)
MONDAY = (dt.date(2024, 3, 4) - EPOCH).days


@given(st.dates(dt.date(1900, 1, 1), dt.date(2100, 1, 1)))
def test_weeks_and_weekdays_are_those_of_the_calendar(date: dt.date) -> None:
    day = np.array([(date - EPOCH).days])
    assert weekday_of(day) == date.weekday()
    assert first_day_of_week(week_of(day)) == day - date.weekday()
    assert week_of(day + 7) == week_of(day) + 1


def test_a_weekday_weighs_what_it_sells_beside_the_average_open_day() -> None:
    """Mondays sold 4 and 6 lines, a Tuesday 2: 4 on the average day, which counts for some days of each weekday."""
    prior = WEEKDAY_PRIOR_DAYS
    open_days = np.array([MONDAY, MONDAY + 1, MONDAY + 7])
    found = shop_calendar(open_days, np.append(open_days, MONDAY), np.array([3, 2, 6, 1]))
    assert (found.first_day, found.last_day) == (MONDAY, MONDAY + 7)
    assert found.closed_days.tolist() == [MONDAY + 2 + day for day in range(5)]
    monday, tuesday = (10 + 4 * prior) / (2 + prior) / 4, (2 + 4 * prior) / (1 + prior) / 4
    expected = [monday, tuesday] + [SMALLEST_WEEKDAY_WEIGHT] * 5
    np.testing.assert_allclose(found.weekday_weight, expected)


def test_without_sales_lines_every_weekday_weighs_the_same() -> None:
    found = shop_calendar(np.array([MONDAY, MONDAY + 1]), np.array([MONDAY]), np.array([0]))
    assert found.weekday_weight.tolist() == [1.0] * 7


def test_a_calendar_without_any_day_is_an_error() -> None:
    nothing = np.zeros(0, np.int64)
    with pytest.raises(ValueError, match="at least one day"):
        shop_calendar(nothing, nothing, nothing)


def test_days_outside_the_calendar_count_as_open() -> None:
    calendar = ShopCalendar(10, 14, np.array([10, 11, 13, 14]), np.ones(7))
    assert np.flatnonzero(is_closed(calendar, np.arange(30))).tolist() == [10, 11, 13, 14]
    assert np.flatnonzero(is_closed(calendar, np.arange(-30, 12))).tolist() == [40, 41]


def test_open_days_and_their_weights_between_two_days() -> None:
    """From Friday on, closed on Sunday: Friday 2, Saturday 3, Monday .5, Tuesday 1."""
    weights = np.array([0.5, 1, 1, 1, 2, 3, 9])
    calendar = ShopCalendar(MONDAY - 3, MONDAY + 1, np.array([MONDAY - 1]), weights)
    total = cumulated_days(calendar, MONDAY - 3, MONDAY + 1)
    start, stop = MONDAY + np.array([-3, -3, -2, 0, 1]), MONDAY + np.array([2, -3, 1, 1, 2])
    assert total.open_between(start, stop).tolist() == [4, 0, 2, 1, 1]
    assert total.weight_between(start, stop).tolist() == [6.5, 0, 3.5, 0.5, 1]
