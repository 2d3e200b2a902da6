"""Checks of the newest sales: what is found, and what is not an error."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pricing.sales.core.data_checks import check_days


def weeks(count: int, *, lines: int = 100, closed: tuple[int, ...] = (6,)) -> np.ndarray:
    days = np.full((count, 7), lines, np.int64)
    days[:, list(closed)] = 0
    return days.reshape(-1)


def test_a_steady_shop_with_a_closed_day_is_in_order():
    check = check_days(weeks(30))
    assert check.missing.size == 0
    assert (check.last_week, check.usual_week, check.unusual) == (600, 600.0, False)


@pytest.mark.parametrize("back", [0, 3, 27])
def test_a_selling_day_without_sales_is_missing(back):
    days = weeks(30, closed=())
    days[-1 - back] = 0
    assert check_days(days).missing.tolist() == [back]


def test_a_day_missing_longer_ago_is_history():
    days = weeks(30, closed=())
    days[-29] = 0
    assert check_days(days).missing.size == 0


def test_a_weekday_that_sells_now_and_then_is_not_missed():
    days = weeks(30, closed=())
    days[0::14] = 0
    assert check_days(days).missing.size == 0


@pytest.mark.parametrize(("factor", "unusual"), [(0.3, True), (0.5, False), (2.0, False), (3.0, True)])
def test_a_last_week_far_from_the_others_is_unusual(factor, unusual):
    days = weeks(20)
    days[-7:] = days[-7:] * factor
    assert check_days(days).unusual is unusual


def test_a_season_that_began_a_fortnight_ago_is_no_error():
    days = weeks(20)
    days[-21:] *= 3
    assert check_days(days).unusual is False


@pytest.mark.parametrize("count", [0, 1, 7])
def test_a_young_shop_is_not_judged(count):
    days = weeks(count)
    if count:
        days[-3] = 0
    check = check_days(days)
    assert check.missing.size == 0
    assert check.unusual is False
    assert np.isnan(check.usual_week)


@given(arrays(np.int64, st.integers(0, 250), elements=st.integers(0, 5000)))
def test_any_history_is_judged_and_only_empty_days_are_missing(days):
    check = check_days(days)
    assert np.all(days[::-1][check.missing] == 0)
    assert np.all((check.missing >= 0) & (check.missing < 28))
    assert check.last_week <= days.sum()
