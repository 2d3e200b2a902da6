"""Channels with prices of their own: which products have them, which channel is the main one, and one level each."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from pricing.elasticity.core.pooled.hyperparameters import COLUMNS, LEVEL_SD, PRICE, Normal
from pricing.elasticity.core.pooled.panel import Panel
from pricing.elasticity.core.pooled.solve import batches, solve_part
from pricing.sales.core.channels import PriceSeries, in_series, main_prices, main_series, price_series
from pricing.sales.core.constants import CHANNELS_NEAR_DAYS, MAIN_DAYS, MOST_CHANNELS
from pricing.sales.core.daily import DailySales, daily_sales
from pricing.sales.core.lines import SalesLines, clean_lines
from pricing.sales.core.price_mix import several_prices

Row = tuple[int, int, int, float]  # product, channel, day, price


def sales_of(rows: list[Row], products: int = 1) -> tuple[SalesLines, Any, np.ndarray]:
    """A line of one unit for each row, each on an invoice of its own and to another customer."""
    product, channel, day = (np.array([row[at] for row in rows], np.int64) for at in range(3))
    n = product.size
    none = np.zeros(n, np.bool_)
    lines = SalesLines(
        product=product, day=day, minute=1440 * day + np.arange(n), quantity=np.ones(n),
        price=np.array([row[3] for row in rows]), customer=np.arange(n), invoice=np.arange(n), cancellation=none,
        voided=none,
    )  # fmt: skip
    return lines, clean_lines(lines, products), channel


def series_of(rows: list[Row], products: int = 1) -> PriceSeries:
    return price_series(*sales_of(rows, products), products)


def at(channel: int, price: float, days: range = range(30), product: int = 0, times: int = 1) -> list[Row]:
    return [(product, channel, day, price) for day in days for _ in range(times)]


def test_channels_of_different_prices_have_a_series_each() -> None:
    found = series_of([*at(0, 4.0), *at(1, 5.0), *at(0, 9.0, product=1), *at(1, 9.0, product=1)], 2)
    assert (found.product.tolist(), found.channel.tolist()) == ([0, 0], [0, 1])
    assert found.daily.list_price.tolist() == [4.0] * 30 + [5.0] * 30
    assert found.daily.product.tolist() == [0] * 30 + [1] * 30


@pytest.mark.parametrize(
    "other",
    [
        at(1, 4.0),
        at(1, 4.04),  # a percent
        at(1, 5.0, range(19)),  # too few lines to show a price
        [*at(1, 5.0, range(19)), *at(1, 0.0, range(19, 25))],  # no more lines that sold anything
        [*at(1, 4.0), *at(1, 5.0, range(28, 30))],  # two days
    ],
)
def test_others_have_none(other: list[Row]) -> None:
    assert series_of([*at(0, 4.0), *other]).product.size == 0


def test_a_price_that_changes_in_one_channel_first_differs_only_for_these_days() -> None:
    early = [*at(0, 4.0, range(50)), *at(0, 5.0, range(50, 100))]
    assert series_of([*early, *at(1, 4.0, range(59)), *at(1, 5.0, range(59, 100))]).product.size == 0
    assert series_of([*early, *at(1, 4.0, range(61)), *at(1, 5.0, range(61, 100))]).product.size == 2


def alternating(days: range) -> list[Row]:
    """A main channel at 4.00 and 5.00 by turns, two days each."""
    return [row for day in days for row in at(0, 4.0 + day // 2 % 2, range(day, day + 1), times=3)]


@pytest.mark.parametrize("first", [0, 1], ids=["first day", "last day"])
def test_a_price_is_compared_with_the_main_channel_s_of_the_same_day(first: int) -> None:
    cheap_days = range(first, 40, 4)
    assert series_of([*alternating(range(40)), *at(1, 5.0, cheap_days, times=2)]).product.size == 2
    dear_days = range(first + 2, 40, 4)
    assert series_of([*alternating(range(40)), *at(1, 5.0, dear_days, times=2)]).product.size == 0


NEAR = CHANNELS_NEAR_DAYS


@pytest.mark.parametrize(
    ("before", "after", "compared"), [(NEAR, NEAR, True), (NEAR + 1, NEAR, False), (NEAR, NEAR + 1, False)]
)
def test_a_price_is_compared_where_the_main_channel_s_is_known_near_by_on_both_sides(
    before: int, after: int, compared: bool
) -> None:
    length = before + after
    main = at(0, 4.0, range(0, 3 * length + 1, length), times=10)
    other = at(1, 5.0, range(before, 3 * length, length), times=7)
    assert bool(series_of([*main, *other]).product.size) is compared


@pytest.mark.parametrize("days", [range(10), range(40, 50)], ids=["before its first", "after its last"])
def test_days_that_the_main_channel_did_not_see_are_not_compared(days: range) -> None:
    own = [*at(0, 4.0, range(10, 40)), *at(1, 5.0, days, times=2)]
    assert series_of(own).product.size == 0
    # Neighbours whose channels agree: the price of another product is none to be compared with.
    neighbour = [*at(0, 5.0, range(50)), *at(1, 5.0, range(50))]
    rows = [(product, *row[1:]) for product, part in enumerate([neighbour, own, neighbour]) for row in part]
    assert series_of(rows, 3).product.size == 0


def test_of_more_than_twenty_channels_the_busiest_count() -> None:
    rows = [
        row for channel in range(22) for row in at(channel, 4.0 + channel, times=1 + (channel > 1), product=1)
    ]
    found = series_of([*at(0, 1.0), *at(1, 2.0), *rows], 2)
    assert found.product.tolist() == [0] * 2 + [1] * MOST_CHANNELS
    assert found.channel.tolist() == [0, 1, *range(2, 22)]


def test_the_main_channel_sold_most_in_the_last_year() -> None:
    # Channel 0 sold most in all, channel 1 in the year up to day 400.
    rows = [*at(0, 4.0, range(36), times=9), *at(0, 4.0, range(371, 401)), *at(1, 5.0, range(341, 401))]
    found = series_of(rows)
    assert found.main.tolist() == [False, True]
    assert series_of([*at(0, 4.0), *at(1, 5.0)]).main.tolist() == [True, False]


def test_a_product_has_the_price_of_its_main_channel() -> None:
    rows = [*at(0, 4.0, range(30)), *at(1, 5.0, range(20, 50)), *at(0, 2.0, product=1)]
    rows += at(1, 5.0, range(20, 50))
    lines, clean, channel = sales_of(rows, 2)
    found = price_series(lines, clean, channel, 2)
    assert found.main.tolist() == [False, True]
    daily = main_prices(daily_sales(lines, clean, 2), found)
    price = {
        (int(product), int(day)): price
        for product, day, price in zip(daily.product, daily.day, daily.list_price, strict=True)
    }
    assert np.isnan(price[0, 19])
    assert (price[0, 20], price[0, 49], price[1, 0]) == (5.0, 5.0, 2.0)


def table(product: list[int], day: list[int], price: list[float], promotion: list[bool]) -> DailySales:
    ones = np.ones(len(day))
    return DailySales(
        np.array(product), np.array(day), ones, np.array(price), np.array(promotion), ones.astype(np.int64)
    )


def test_prices_and_promotions_of_a_product_with_series_are_all_the_main_channel_s() -> None:
    """Product 1 has two series, the second is the main one: what the other's lines showed is left out."""
    series = PriceSeries(
        np.array([1, 1]),
        np.array([4, 5]),
        np.array([False, True]),
        table([0, 1, 1], [5, 6, 7], [9.0, 2.0, 3.0], [True, False, True]),
    )
    daily = table([0, 1, 1, 1, 2], [5, 5, 6, 7, 6], [4.0] * 5, [True, True, True, False, False])
    found = main_prices(daily, series)
    np.testing.assert_array_equal(found.list_price, [4.0, np.nan, 2.0, 3.0, 4.0])
    assert found.promotion.tolist() == [True, False, False, True, False]


def test_the_main_series_sold_most_units_in_the_year_up_to_the_product_s_newest_sale() -> None:
    """Of equal ones the first; days without sales, such as those of a price that was set, are not the newest."""
    product = np.array([0, 0, 1, 1, 2, 2])
    year = MAIN_DAYS
    days = table([0, 1, 1, 2, 3, 4, 5, 5], [0, year, 9, 4, 4, 7, 7, 7 + year], [1.0] * 8, [False] * 8)
    units = np.array([9.0, 2.0, 1.0, 3.0, 3.0, 1.0, 2.0, 0.0])
    assert main_series(product, replace(days, units=units)).tolist() == [
        False, True, True, False, False, True,
    ]  # fmt: skip
    a_day_later = replace(days, units=units, day=days.day + (np.arange(8) == 0))
    assert main_series(product, a_day_later).tolist()[:2] == [True, False]


def test_days_of_products_with_series_are_theirs_and_the_others_stay() -> None:
    rows = [
        *at(0, 1.0, range(3)),
        *at(0, 4.0, product=1),
        *at(1, 5.0, product=1),
        *at(0, 9.0, range(2), product=2),
    ]
    lines, clean, channel = sales_of(rows, 3)
    daily = daily_sales(lines, clean, 3)
    days, of = in_series(daily, price_series(lines, clean, channel, 3), 3)
    assert of.tolist() == [0, 1, 1, 2]
    assert days.product.tolist() == [0] * 3 + [1] * 30 + [2] * 30 + [3] * 2
    assert days.list_price.tolist() == [1.0] * 3 + [4.0] * 30 + [5.0] * 30 + [9.0] * 2
    same, plain = in_series(daily, None, 3)
    assert same is daily
    assert plain.tolist() == [0, 1, 2]


def test_named_channels_are_no_second_price_but_two_prices_in_one_are() -> None:
    lines, clean, channel = sales_of(
        [row for pair in zip(at(0, 4.0), at(1, 5.0), strict=True) for row in pair]
    )
    assert several_prices(lines, clean, 1).tolist() == [True]
    assert several_prices(lines, clean, 1, channel).tolist() == [False]
    assert several_prices(lines, clean, 1, np.zeros_like(channel)).tolist() == [True]


def test_series_have_a_level_each_and_one_elasticity() -> None:
    """Store 1 sells ten times as much at twice the price; within each store demand is p^-2. The levels must not answer."""
    log_price = np.array([0.0, 0.1, 0.2, np.log(2), np.log(2) + 0.1, np.log(2) - 0.1])
    store = np.array([0, 0, 0, 1, 1, 1])
    mean = np.array([log_price[store == each].mean() for each in (0, 1)])
    expected = np.array([50.0, 2000.0])[store] * np.exp(-2.0 * (log_price - mean[store]))
    whole, real, mask = np.zeros(2, np.int64), np.ones(6), np.zeros(6, np.bool_)
    panel = Panel(
        product=store, week=np.arange(6), start=7 * np.arange(6), exposure=real, lines=expected, units=expected,
        log_price=log_price, promotion=mask, sold_days=whole + 3, list_prices=whole + 3, active_weeks=whole + 3,
        gaps=whole > 0, new_week=mask, period=whole,
    )  # fmt: skip
    design = np.zeros((6, len(COLUMNS)))
    design[:, 0], design[:, PRICE] = 1.0, log_price - mean[store]
    precision = np.full((1, len(COLUMNS)), 1.0)
    precision[:, 0], precision[:, PRICE] = LEVEL_SD**-2, 1e-6
    prior = Normal(np.zeros((1, len(COLUMNS))), precision, np.zeros(1))
    fit = solve_part(list(batches(panel, design, np.array([0, 0]))), prior, np.ones(1))
    assert fit.converged.all()
    assert fit.coefficients[0, PRICE] == pytest.approx(-2.0, abs=1e-5)
    assert fit.coefficients[0, 0] == pytest.approx(np.log(50), abs=1e-3)
    # Variance of a Poisson slope around each store's own mean price: 1 / sum mu (x - weighted mean of its store)^2.
    information = 0.0
    for each in (0, 1):
        mu, x = expected[store == each], design[store == each, PRICE]
        information += (mu * (x - (mu * x).sum() / mu.sum()) ** 2).sum()
    assert fit.covariance[0, PRICE, PRICE] == pytest.approx(1 / information, rel=1e-3)
