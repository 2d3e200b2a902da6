"""Frequencies of purchases after days without a sale."""

import numpy as np
import pytest

from pricing.forecasting.core.lines import after_inactivity, since


def after(
    frequency: float, exposure: float, alpha: float, weights: list[float], shares: list[float]
) -> tuple[float, float]:
    found = after_inactivity(
        np.array([frequency]), np.array([exposure]), np.array([alpha]), np.array(weights), np.array(shares)
    )
    return float(found[0][0]), float(found[1][0])


def test_days_without_a_sale_lower_the_frequency_by_what_they_would_have_sold() -> None:
    # 0.8 on each of 6 average days, which two days at one half a day leave 1.5 of: .8 x 1.5 = 1.2 sales, on 1.5 + 1 / 2 + 2 days.
    assert after(0.8, 6.0, 0.5, [1.0, 2.0], [1.0, 1.0]) == pytest.approx((0.3, 4.0))


def test_closed_days_say_nothing() -> None:
    assert after(0.8, 6.0, 0.5, [0.0, 0.0], [0.0, 0.0]) == pytest.approx((0.8, 6.0))


def test_less_than_a_day_in_all_counts_as_well() -> None:
    # Half a day with .2 sales a day, and a quarter of a day without one: .1 sales on .75 days.
    assert after(0.2, 0.5, 0.0, [0.25], [1.0]) == pytest.approx((2 / 15, 0.75))


def test_what_was_never_on_sale_keeps_its_frequency() -> None:
    assert after(0.4, 0.0, 0.5, [0.0], [0.0]) == (0.4, 0.0)


def test_sums_from_a_column_on() -> None:
    assert since(np.array([0, 2, 3]), np.array([1.0, 2.0, 4.0])).tolist() == [7, 4, 0]
