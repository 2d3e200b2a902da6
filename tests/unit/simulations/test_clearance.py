"""The path of prices that clears a stock: by hand, beside every other path, and what always holds."""

from dataclasses import replace
from itertools import combinations_with_replacement
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from elastix.currency import find_currency
from simulations.core.clearance import (
    WORTH_A_MARKDOWN,
    Clearance,
    best_path,
    draw_demand,
    markdown_prices,
    plan_clearance,
    worth,
)

PRICES = np.array([10.0, 9.0, 8.0, 7.0, 6.0])
# Straight demand through 10 units at 10 with elasticity -2: 30 - 2 p, so 10, 12, 14, 16, 18 units at these prices.
CERTAIN = Clearance(
    units=np.array([10.0, 10.0]),
    base_price=10.0,
    elasticity=-2.0,
    std_error=0.0,
    linear_share=1.0,
    dispersion=0.0,
    rate_error=0.0,
    stock=26.0,
)
UNSURE = replace(CERTAIN, std_error=0.5, linear_share=0.5, dispersion=4.0, rate_error=0.3)


def plan(case: Clearance = CERTAIN, **changes: Any) -> Any:
    return plan_clearance(replace(case, **changes), PRICES)


# --- by hand ----------------------------------------------------------------------------------------------


def test_a_stock_of_26_is_cleared_by_9_and_then_8() -> None:
    # 9 x 12 + 8 x 14 = 220; 9 and 9: 216; 8 and 8: 208; 10 and 7: 212; 10 and 10: 200.
    found = plan()
    assert found.plan.price.tolist() == [9, 8]
    assert found.plan.units == pytest.approx([12, 14], abs=1e-3)
    assert found.plan.revenue == pytest.approx([108, 112], abs=1e-2)
    assert found.plan.left == pytest.approx([14, 0], abs=1e-3)
    assert found.plan.total_revenue == pytest.approx(220, abs=1e-2)
    assert found.plan.revenue_interval == pytest.approx((220, 220), abs=1e-2)
    assert (found.gain, found.at_lowest) == (1.0, False)


def test_it_stands_beside_the_present_price_and_one_markdown() -> None:
    found = plan()
    assert found.hold.price.tolist() == [10, 10]
    assert found.hold.total_revenue == pytest.approx(200, abs=1e-2)
    assert (found.hold.sold_out, found.hold.left[-1]) == (0, pytest.approx(6, abs=1e-3))
    assert found.markdown.price.tolist() == [9, 9]
    assert found.markdown.total_revenue == pytest.approx(216, abs=1e-2)


@pytest.mark.parametrize(
    ("stock", "path"),
    [(8, [10, 10]), (20, [10, 10]), (22, [10, 9]), (24, [9, 9]), (26, [9, 8]), (1000, [8, 8])],
)
def test_the_larger_the_stock_the_farther_it_goes(stock: float, path: list[float]) -> None:
    # Without a limit on units 8 and 7 bring 112 each, more than the others: the first of equals is enough.
    assert plan(stock=stock).plan.price.tolist() == path


def test_what_is_left_may_be_worth_more_than_a_markdown_brings() -> None:
    # Left over a unit brings 5: 10 x 20 + 5 x 4 = 220; 9 and 9 sell all 24 for 216; 10 and 9 bring 208 + 2 x 5 = 218.
    found = plan(stock=24.0, salvage=5.0)
    assert found.plan.price.tolist() == [10, 10]
    assert found.plan.proceeds == pytest.approx(220, abs=1e-2)
    assert found.plan.total_revenue == pytest.approx(200, abs=1e-2)
    assert found.gain == 0


def test_tax_counts_against_what_is_left_and_not_in_the_revenue() -> None:
    found = plan(stock=24.0, tax_factor=1.25, salvage=0.0)
    assert found.plan.total_revenue == pytest.approx(216, abs=1e-2)
    assert found.plan.proceeds == pytest.approx(216 / 1.25, abs=1e-2)


def test_a_markdown_that_hardly_pays_is_left_out() -> None:
    # 9.99 in place of 10 brings .1 of 1,000: less than two in a thousand.
    prices = np.array([10.0, 9.99])
    found = plan_clearance(replace(CERTAIN, stock=1e6, units=np.array([50.0, 50.0]), elasticity=-1.1), prices)
    assert found.plan.price.tolist() == [10, 10]


def test_where_the_present_price_is_the_only_one_it_is_the_plan() -> None:
    found = plan_clearance(CERTAIN, PRICES[:1])
    assert found.plan.price.tolist() == [10, 10]
    assert (found.markdown, found.gain, found.at_lowest) == (None, 0, True)


# --- beside every other path ------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(12))
def test_no_other_falling_path_brings_more_in_the_draws(seed: int) -> None:
    rng = np.random.default_rng(seed)
    case = Clearance(
        units=rng.uniform(2, 30, 4),
        base_price=10.0,
        elasticity=rng.uniform(-3, -0.7),
        std_error=0.4,
        linear_share=0.5,
        dispersion=rng.uniform(1, 6),
        rate_error=0.3,
        stock=float(rng.integers(20, 200)),
        salvage=rng.choice([0.0, 2.0]),
    )
    demand = draw_demand(case, PRICES, 200, seed)
    every = np.array(list(combinations_with_replacement(range(PRICES.size), 4)))
    charge = WORTH_A_MARKDOWN * worth(case, PRICES, demand, every[:1])[0]
    most = worth(case, PRICES, demand, every, charge).max()
    found = worth(case, PRICES, demand, best_path(case, PRICES, demand)[None], charge)[0]
    assert found == pytest.approx(most, rel=1e-9)


# --- what always holds ------------------------------------------------------------------------------------

CASES = st.builds(
    Clearance,
    units=st.lists(st.floats(0, 200), min_size=1, max_size=8).map(np.array),
    base_price=st.floats(5, 20),
    elasticity=st.floats(-4, -0.1),
    std_error=st.floats(0, 1.5),
    linear_share=st.floats(0, 1),
    dispersion=st.sampled_from([0.0, 1.0, 5.0]),
    rate_error=st.sampled_from([0.0, 0.3, 1.0]),
    stock=st.integers(1, 5000).map(float),
    salvage=st.sampled_from([0.0, 3.0, 30.0]),
    tax_factor=st.sampled_from([1.0, 1.2]),
    whole=st.booleans(),
)


@settings(max_examples=40, deadline=None)
@given(CASES)
def test_it_never_rises_nor_leaves_the_prices_nor_sells_more_than_there_is(case: Clearance) -> None:
    found = plan_clearance(case, PRICES)
    for row in (found.plan, found.hold, found.markdown):
        assert np.all(np.diff(row.price) <= 0)
        assert set(row.price) <= set(PRICES)
        assert np.all(row.units >= 0)
        assert row.total_units <= case.stock * (1 + 1e-9)
        assert row.units.sum() == pytest.approx(row.total_units)
        assert row.left[-1] == pytest.approx(case.stock - row.total_units, abs=1e-6)
        assert row.revenue.sum() == pytest.approx(row.total_revenue)
        low, high = row.proceeds_interval
        assert low <= high
        assert np.all(np.diff(row.sold_out_by) >= 0)
    # One change of the price in place of another may cost up to its charge, and no more.
    charge = WORTH_A_MARKDOWN * abs(found.hold.proceeds)
    assert found.plan.proceeds >= found.hold.proceeds
    assert found.plan.proceeds >= found.markdown.proceeds - charge * (1 + 1e-9)


@pytest.mark.parametrize("elasticity", [-0.8, -1.5, -2.5])
def test_more_stock_never_begins_at_a_higher_price(elasticity: float) -> None:
    case = replace(UNSURE, units=np.full(6, 20.0), elasticity=elasticity)
    first = [plan(case, stock=stock).plan.price[0] for stock in (10.0, 40.0, 80.0, 150.0, 300.0, 600.0)]
    assert first == sorted(first, reverse=True)


def test_a_lower_price_is_wanted_at_least_as_much_in_every_draw_and_as_much_as_expected() -> None:
    case = replace(UNSURE, std_error=0.0, linear_share=1.0, rate_error=0.0)
    demand = draw_demand(case, PRICES, 20_000, 7)
    assert np.all(np.diff(demand, axis=2) >= 0)
    assert demand.mean(axis=(0, 1)) == pytest.approx([10, 12, 14, 16, 18], rel=0.01)
    assert demand.var(axis=0).mean(axis=0) == pytest.approx(4 * np.array([10, 12, 14, 16, 18]), rel=0.05)
    assert np.all(demand == np.rint(demand))


def test_what_is_weighed_comes_in_fractions_with_the_same_spread() -> None:
    case = replace(UNSURE, std_error=0.0, linear_share=1.0, rate_error=0.0, whole=False)
    demand = draw_demand(case, PRICES, 20_000, 7)
    assert demand.var(axis=0).mean(axis=0) == pytest.approx(4 * np.array([10, 12, 14, 16, 18]), rel=0.05)
    assert np.any(demand != np.rint(demand))


def test_the_same_question_has_the_same_answer() -> None:
    one, other = plan(UNSURE), plan(UNSURE)
    assert one.plan.price.tolist() == other.plan.price.tolist()
    assert one.plan.proceeds_interval == other.plan.proceeds_interval


# --- the prices that are tried ----------------------------------------------------------------------------


def test_prices_end_as_the_shop_has_it_and_fall_from_the_present_one() -> None:
    prices = markdown_prices(12.99, 850, 10**9, (49, 99))
    assert prices.tolist() == [12.99, 12.49, 11.99, 11.49, 10.99, 10.49, 9.99, 9.49, 8.99, 8.5, 8.99][:9]
    assert prices[-1] >= 8.5


def test_cheap_products_are_tried_to_the_cent() -> None:
    prices = markdown_prices(0.85, 40, 10**9, (49, 99))
    assert (prices[0], prices[-1]) == (0.85, 0.4)
    assert prices.size > 10


def test_dear_products_are_tried_in_as_many_steps() -> None:
    prices = markdown_prices(49_990.0, 1_000_000, 10**12, (49, 99))
    assert prices.size == 16
    assert np.all(np.diff(np.log(prices)) < 0)


def test_prices_of_a_currency_without_cents_are_whole() -> None:
    prices = markdown_prices(1980.0, 900, 10**9, (80, 98), find_currency("JPY"))
    assert prices[0] == 1980
    assert all(price % 100 in (80, 98) for price in prices)


@pytest.mark.parametrize(("low", "high"), [(1300, 10**9), (1299, 10**9), (500, 400)])
def test_without_a_lower_price_that_is_allowed_the_present_one_stays(low: int, high: int) -> None:
    assert markdown_prices(12.99, low, high, (49, 99)).tolist() == [12.99]


def test_a_ceiling_below_the_present_price_is_kept_by_all_others() -> None:
    prices = markdown_prices(12.99, 500, 1000, (49, 99))
    assert prices[0] == 12.99
    assert prices[1] == 9.99
