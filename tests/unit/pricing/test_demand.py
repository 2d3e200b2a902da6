"""Demand at another price, and the revenue a better price would bring."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from pricing.elasticity.core.demand import DEMAND_MODELS, demand, revenue_potential_percent

prices = st.floats(0.5, 500)
quantities = st.floats(0, 1e5)
elasticities = st.floats(-6, -0.05)
changes = st.floats(-0.9, 3)
models = st.sampled_from(DEMAND_MODELS)


def test_the_worked_example_of_the_iced_latte():
    quantity = demand(15.0, 12.99, 1200, -1.2, "linear")
    assert quantity == pytest.approx(977.18, abs=0.01)
    assert 15 * quantity == pytest.approx(14657.7, abs=0.1)
    assert (15 - 8.5) * quantity == pytest.approx(6351.7, abs=0.1)


def test_constant_elasticity_by_hand():
    assert demand(20.0, 10.0, 100.0, -2.0, "constant_elasticity") == pytest.approx(25.0)
    assert demand(5.0, 10.0, 100.0, -1.0, "constant_elasticity") == pytest.approx(200.0)


def test_linear_demand_ends_at_zero():
    assert demand([15.0, 20.0, 25.0], 10.0, 100.0, -2.0, "linear").tolist() == [0.0, 0.0, 0.0]


def test_the_average_of_both_by_hand():
    assert DEMAND_MODELS[0] == "average"
    # A rise by a tenth: linear 100 (1 - .2) = 80, constant elasticity 100 / 1.21 = 82.645.
    assert demand(11.0, 10.0, 100.0, -2.0) == pytest.approx((80 + 82.6446281) / 2)
    # A cut by half: linear 100 (1 + 1) = 200, constant elasticity 100 x 2^2 = 400.
    assert demand(5.0, 10.0, 100.0, -2.0, "average") == pytest.approx(300)
    # At twice the price linear demand has ended, 100 / 4 is left of the other.
    assert demand(20.0, 10.0, 100.0, -2.0) == pytest.approx(12.5)


@given(prices, quantities, elasticities, changes)
def test_the_average_lies_halfway_between_the_curves(p0, q0, e, change):
    p = p0 * (1 + change)
    linear, constant = (demand(p, p0, q0, e, model) for model in ("linear", "constant_elasticity"))
    assert demand(p, p0, q0, e) - linear == pytest.approx((constant - linear) / 2, rel=1e-9, abs=1e-6)


@given(prices, quantities, st.floats(-6, 2), models)
def test_at_the_base_price_demand_is_what_it_is(price, quantity, elasticity, model):
    assert demand(price, price, quantity, elasticity, model) == quantity


@given(prices, quantities, elasticities, changes, changes, models)
def test_demand_never_rises_with_price_and_is_never_negative(p0, q0, e, one, other, model):
    low, high = sorted((p0 * (1 + one), p0 * (1 + other)))
    at_low, at_high = demand([low, high], p0, q0, e, model)
    assert at_low >= at_high * (1 - 1e-12) >= 0


@given(prices, st.floats(1, 1e5), elasticities, models)
def test_both_models_have_the_elasticity_at_the_base_price(p0, q0, e, model):
    step = 1e-6
    up, down = demand([p0 * (1 + step), p0 * (1 - step)], p0, q0, e, model)
    assert (up - down) / (2 * step * q0) == pytest.approx(e, rel=1e-4)


@given(prices, quantities, st.floats(-6, -0.05), changes)
def test_linear_demand_is_never_above_constant_elasticity(p0, q0, e, change):
    p = p0 * (1 + change)
    assert demand(p, p0, q0, e, "linear") <= demand(p, p0, q0, e, "constant_elasticity") * (1 + 1e-9) + 1e-9


@given(prices, quantities, elasticities, changes, st.floats(0.01, 100), st.floats(0.01, 100), models)
def test_currency_and_unit_of_quantity_do_not_matter(p0, q0, e, change, rate, unit, model):
    p = p0 * (1 + change)
    scaled = demand(p * rate, p0 * rate, q0 * unit, e, model)
    assert scaled == pytest.approx(unit * demand(p, p0, q0, e, model), rel=1e-6, abs=1e-6)


def test_arguments_broadcast():
    assert demand(np.array([[9.0], [11.0]]), 10.0, [100.0, 200.0, 300.0], -1.0).shape == (2, 3)


def test_an_unknown_elasticity_gives_an_unknown_demand():
    assert np.isnan(demand(11.0, 10.0, 100.0, np.nan))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((1.0, 0.0, 1.0, -1.0), "positive"),
        ((-1.0, 1.0, 1.0, -1.0), "not negative"),
        ((1.0, 1.0, -1.0, -1.0), "not negative"),
        ((0.0, 1.0, 1.0, -1.0, "constant_elasticity"), "price of 0"),
        ((0.0, 1.0, 1.0, -1.0), "price of 0"),
        ((1.0, 1.0, 1.0, -1.0, "logit"), "unknown demand model 'logit'"),
    ],
)
def test_impossible_arguments_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        demand(*arguments)


@pytest.mark.parametrize(
    ("elasticity", "percent"),
    [
        (-3.0, 100 * (0.85 * 1.45 - 1)),  # the cut limit binds
        (-1.25, 100 * (0.9 * 1.125 - 1)),  # the top of the parabola: 90.00
        (-1.0, 0.0),
        (-0.5, 100 * (1.15 * 0.925 - 1)),  # the rise limit binds
        (0.0, 0.0),
        (0.7, 0.0),
    ],
)
def test_revenue_potential_by_hand(elasticity, percent):
    assert revenue_potential_percent(elasticity, 100.0) == pytest.approx(percent, abs=1e-9)


def test_the_interval_is_rounded_inward_to_the_cent():
    # 15 % above 0.42 is 0.483, below 0.357: the prices allowed are 0.36 to 0.48.
    assert revenue_potential_percent(-0.5, 0.42) == pytest.approx(100 * (48 / 42 * (1 - 0.5 * 6 / 42) - 1))
    assert revenue_potential_percent(-5.0, 0.42) == pytest.approx(100 * (36 / 42 * (1 + 5 * 6 / 42) - 1))


def test_a_price_with_no_other_cent_in_reach_has_no_potential():
    assert revenue_potential_percent([-3.0, -0.2], 0.03).tolist() == [0.0, 0.0]
    assert revenue_potential_percent([-3.0, -0.2], 0.0055).tolist() == [0.0, 0.0]


def test_what_is_unknown_stays_unknown():
    assert np.isnan(revenue_potential_percent([np.nan, -1.0], [10.0, np.nan])).all()


def test_a_base_price_of_zero_is_refused():
    with pytest.raises(ValueError, match="positive"):
        revenue_potential_percent(-1.0, 0.0)


@given(st.floats(-12, 3), st.integers(1, 50000))
def test_no_price_in_whole_cents_within_15_percent_brings_more(elasticity, cents):
    p0 = cents / 100
    tried = np.arange(-(-85 * cents // 100), 115 * cents // 100 + 1) / 100
    potential = revenue_potential_percent(elasticity, p0)
    assert potential >= 0
    assume(elasticity < 0)
    revenue = tried * demand(tried, p0, 1.0, elasticity, "linear")
    assert potential == pytest.approx(100 * max(0.0, revenue.max() / p0 - 1), abs=1e-6)


def test_where_the_whole_cents_beside_the_best_price_lose_the_present_one_stays():
    # At -1 revenue is greatest at the present 0.035; whole cents from 0.03 to 0.04 bring less.
    assert revenue_potential_percent(-1.0, 0.035) == 0
