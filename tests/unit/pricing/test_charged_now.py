"""The current price is one that is charged: no promotion, no passing dip, no mean of two prices, no drifting level."""

import numpy as np
import pytest

from pricing.sales.core.grouping import group_upper_medians
from pricing.sales.core.lines import SalesLines, clean_lines
from pricing.sales.core.list_prices import charged_now, reconstruct_list_prices


def charged(prices: list[tuple[int, float]], promotion: tuple[int, ...] = ()) -> float:
    """The price now of one product, from (day, list price); the days of promotions apart."""
    day = np.array([day for day, _ in prices])
    price = np.array([price for _, price in prices])
    return float(charged_now(np.zeros(day.size, np.int64), day, price, np.isin(day, promotion), 1)[0])


def list_prices(paid: list[tuple[int, float]]) -> dict[int, float]:
    """The list price of each day, from single units sold at (day, price) to customers with an id."""
    n = len(paid)
    day = np.array([day for day, _ in paid])
    whole = np.zeros(n, np.int64)
    lines = SalesLines(
        product=whole, day=day, minute=1440 * day + np.arange(n), quantity=whole + 1,
        price=np.array([price for _, price in paid]), customer=np.arange(n), invoice=np.arange(n),
        cancellation=np.zeros(n, np.bool_), voided=np.zeros(n, np.bool_),
    )  # fmt: skip
    _, days, price, _ = reconstruct_list_prices(
        lines, clean_lines(lines, 1), 1, np.zeros(1, np.bool_), np.zeros_like
    )
    return dict(zip(days.tolist(), price.tolist(), strict=True))


def test_a_steady_price_is_the_price():
    assert charged([(day, 10.0) for day in range(30)]) == 10.0


def test_a_rise_counts_at_once():
    assert charged([*((day, 10.0) for day in range(30)), (30, 12.0)]) == 12.0


def test_the_promotion_of_the_day_is_not_the_price():
    assert charged([*((day, 10.0) for day in range(30)), (30, 8.0)], promotion=(30,)) == 10.0


def test_a_dip_that_may_still_go_back_is_not_the_price_for_three_weeks():
    before = [(day, 10.0) for day in range(30)]
    assert charged([*before, *((day, 8.0) for day in range(30, 50))]) == 10.0
    assert charged([*before, *((day, 8.0) for day in range(30, 51))]) == 8.0


def test_a_small_step_down_counts_at_once():
    assert charged([*((day, 10.0) for day in range(30)), (30, 9.6)]) == 9.6


def test_days_without_a_known_price_say_nothing():
    assert charged([(0, 10.0), (1, np.nan)]) == 10.0
    assert np.isnan(charged([(0, np.nan)]))


def test_a_product_that_was_only_ever_on_promotion_has_that_price():
    assert charged([(0, 8.0), (1, 8.0)], promotion=(0, 1)) == 8.0


def test_products_do_not_mix():
    product, day = np.array([0, 0, 2, 2]), np.array([0, 1, 0, 1])
    price = np.array([10.0, 9.0, 5.0, 5.0])
    found = charged_now(product, day, price, np.zeros(4, np.bool_), 3)
    assert found.tolist()[::2] == [10.0, 5.0]
    assert np.isnan(found[1])


def test_of_two_prices_on_a_day_the_price_is_one_and_not_their_mean():
    assert list_prices([(day, price) for day in range(10) for price in (10.0, 12.0)])[9] == 12.0


def test_a_slow_drift_is_no_level():
    # .9 % more every fortnight: every step is within what counts as one price, ten of them are not.
    paid = [(day, round(10 * 1.009 ** (day // 14), 2)) for day in range(140)]
    assert list_prices(paid)[139] == pytest.approx(10 * 1.009**9, rel=0.012)
    assert list_prices(paid)[0] == pytest.approx(10.0, rel=0.012)


def test_an_upper_median_is_one_of_the_values():
    group = np.array([0, 0, 1, 1, 1, 3])
    values = np.array([12.0, 10.0, 3.0, 1.0, 2.0, 7.0])
    assert group_upper_medians(group, values, 4).tolist()[:2] == [12.0, 2.0]
    assert np.isnan(group_upper_medians(group, values, 4)[2])
