"""The price that earns most before guardrails."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pricing.elasticity.core.demand import demand
from pricing.recommendation.core.inputs import (
    MARKUP,
    REVENUE,
    TARGET_MARGIN,
    PriceConstraints,
    PricingInputs,
    PricingStrategy,
)
from pricing.recommendation.core.optimum import (
    believed_formula_price,
    best_in_interval,
    best_prices,
    formula_price,
    lerner_price,
    linear_profit_optimum,
    linear_revenue_optimum,
    markup_price,
    price_endings_near,
    profit_optimum,
    revenue_optimum,
    strategy_optimum,
)

prices = st.floats(0.5, 500)
cost_shares = st.floats(0.05, 0.95)


@settings(deadline=None)
@given(prices, cost_shares, st.floats(-8, -0.05))
def test_no_price_of_a_grid_earns_more_than_the_linear_optimum(p0, share, e):
    cost = share * p0
    best = linear_profit_optimum(p0, cost, e)
    grid = np.linspace(0.01, p0 * (2 - 2 / e), 501)
    profit = (grid - cost) * demand(grid, p0, 100.0, e, "linear")
    at_best = (best - cost) * demand(best, p0, 100.0, e, "linear")
    # Above the cost by less than demand allows there is something to earn; elsewhere not to sell is best.
    assume(cost < p0 * (1 - 1 / e))
    assert at_best >= profit.max() - 1e-9 * abs(at_best)


@settings(deadline=None)
@given(prices, st.floats(-8, -0.05))
def test_no_price_of_a_grid_brings_more_revenue_than_the_linear_optimum(p0, e):
    best = linear_revenue_optimum(p0, e)
    grid = np.linspace(0, p0 * (1 - 1 / e), 501)
    revenue = grid * demand(grid, p0, 100.0, e, "linear")
    assert best * demand(best, p0, 100.0, e, "linear") >= revenue.max() * (1 - 1e-12)


@settings(deadline=None)
@given(prices, cost_shares, st.floats(-8, -1.1))
def test_no_price_of_a_grid_earns_more_than_lerners(p0, share, e):
    cost = share * p0
    best = lerner_price(cost, e)
    grid = cost * np.geomspace(0.5, 60, 501)
    profit = (grid - cost) * demand(grid, p0, 100.0, e, "constant_elasticity")
    at_best = (best - cost) * demand(best, p0, 100.0, e, "constant_elasticity")
    assert at_best >= profit.max() * (1 - 1e-12)


@settings(deadline=None)
@given(st.floats(0.1, 100), st.floats(-20, -1.01), st.floats(0.01, 5))
def test_lerners_price_falls_towards_the_cost_as_buyers_grow_more_sensitive(cost, e, more):
    assert cost < lerner_price(cost, e - more) < lerner_price(cost, e)


@settings(deadline=None)
@given(prices, cost_shares, st.floats(-20, -0.01), st.floats(0.01, 5))
def test_the_linear_optimum_falls_as_buyers_grow_more_sensitive_and_rises_with_the_cost(p0, share, e, more):
    cost = share * p0
    assert linear_profit_optimum(p0, cost, e - more) < linear_profit_optimum(p0, cost, e)
    assert linear_profit_optimum(p0, cost + more, e) > linear_profit_optimum(p0, cost, e)


@settings(deadline=None)
@given(st.floats(0.1, 100), st.floats(0, 0.9), st.floats(-20, -1.01))
def test_the_seeds_formula_is_lerners_price_times_one_plus_the_margin(cost, m, e):
    assert formula_price(cost, m, e) == pytest.approx(lerner_price(cost, e) * (1 + m))


@pytest.mark.parametrize(("e", "price"), [(-3.0, 15.60), (-1.1, 114.40), (-0.8, -41.60)])
def test_the_seeds_formula_at_cost_8_and_margin_30_percent(e, price):
    assert formula_price(8.0, 0.3, e) == pytest.approx(price)


def test_the_seeds_formula_is_undefined_where_it_divides_by_0():
    assert np.isnan(formula_price(8.0, 0.3, [-1.0, 0.0])).all()


def test_a_formula_price_beyond_5_times_the_cost_becomes_two_and_a_half_times_the_cost():
    assert believed_formula_price(8.0, 0.3, [-3.0, -1.1]).tolist() == pytest.approx([15.6, 20.0])


def test_the_formula_has_no_end_for_inelastic_demand_and_no_value_for_rising_demand():
    assert believed_formula_price(8.0, 0.3, [-1.0, -0.8]).tolist() == [np.inf, np.inf]
    assert np.isnan(believed_formula_price(8.0, 0.3, [0.0, 0.5])).all()
    assert np.isnan(believed_formula_price([np.nan, 8.0], [0.3, np.nan], -0.5)).all()


def test_profit_rises_without_limit_for_inelastic_demand_of_constant_elasticity():
    optimum = profit_optimum(10.0, 5.0, [-3.0, -1.0, -0.5, 0.0, 1.0], "constant_elasticity")
    assert optimum[:3].tolist() == [7.5, np.inf, np.inf]
    assert np.isnan(optimum[3:]).all()


def test_linear_demand_has_a_finite_optimum_for_every_negative_elasticity():
    optimum = profit_optimum(10.0, 5.0, [-1.0, -0.5, -1e-12, 0.0, 2.0, np.nan], "linear")
    assert np.isfinite(optimum[:3]).all()
    assert np.isnan(optimum[3:]).all()


def curve(price, p0, e):
    """Demand for one unit at the base price, both curves written out."""
    linear = np.maximum(1 + e * (price - p0) / p0, 0)
    return (linear + (price / p0) ** e) / 2


@settings(deadline=None)
@given(prices, cost_shares, st.floats(-8, -0.05))
def test_no_price_of_a_fine_grid_earns_more_than_the_optimum_of_the_average(p0, share, e):
    cost = share * p0
    best = profit_optimum(p0, cost, e)
    # Looked for where linear demand still sells and below half of the base price no further.
    grid = np.linspace(max(p0 / 2, cost), p0 * (1 - 1 / e), 200_001)
    profit = (grid - cost) * curve(grid, p0, e)
    assert (best - cost) * curve(best, p0, e) >= profit.max() * (1 - 1e-4) - 1e-9
    assert grid[0] - 1e-9 <= best <= grid[-1] + 1e-9


def test_the_optimum_of_the_average_by_hand():
    # E = -2, p0 = 10, c = 5, r = p / p0: profit is proportional to (r - .5) (3 - 2 r + 1 / r^2) and has slope
    # 4 - 4 r - 1 / r^2 + 1 / r^3, which is 0 at r = 1: both curves have their top there, E = -p0 / (p0 - c).
    assert profit_optimum(10.0, 5.0, -2.0) == pytest.approx(10.0, abs=0.005)
    # With c = 6 the slope is 4.2 - 4 r - 1 / r^2 + 1.2 / r^3: .4 at r = 1, .0261 at 1.07 and .0001 at 1.0751.
    # Linear demand alone has its top at (6 + 15) / 2 = 10.50, constant elasticity at 12.
    assert profit_optimum(10.0, 6.0, -2.0) == pytest.approx(10.751, abs=0.006)


def test_revenue_of_the_average_has_a_top():
    # r (3 - 2 r + 1 / r^2) = 3 r - 2 r^2 + 1 / r falls from r = .5 (3) on: cut as far as anything is known of.
    assert revenue_optimum(10.0, -2.0) == pytest.approx(5.0)
    # E = -.5: r (1.5 - .5 r) + r^.5 rises until 1.5 - r + .5 / r^.5 = 0. At r = 1.866 that is 1.5 - 1.866 + .366.
    assert revenue_optimum(10.0, -0.5) == pytest.approx(18.66, abs=0.006)
    assert np.isnan(revenue_optimum(10.0, [0.0, 0.4])).all()


def test_the_optimum_does_not_move_with_a_price_set_since():
    raised = PricingInputs.of(price=14.0, base_price=12.99, cost=8.5, elasticity=-1.2)
    before = PricingInputs.of(price=12.99, cost=8.5, elasticity=-1.2)
    for strategy in (PricingStrategy(), PricingStrategy(REVENUE), PricingStrategy(demand_model="linear")):
        one, other = (strategy_optimum(each, PriceConstraints.of(1), strategy) for each in (raised, before))
        assert one == pytest.approx(other)


def test_revenue_of_constant_elasticity_has_no_top():
    limits = revenue_optimum(10.0, [-2.0, -1.0, -0.5], "constant_elasticity")
    assert limits.tolist() == [0.0, 10.0, np.inf]


def test_the_seeds_revenue_formula_is_the_price_of_most_profit_and_not_of_most_revenue():
    price, revenue_best = lerner_price(8.0, -1.5), revenue_optimum(12.0, -1.5, "linear")
    assert price == pytest.approx(24.0)
    assert revenue_best == pytest.approx(10.0)
    revenue = [p * demand(p, 12.0, 100.0, -1.5, "linear") for p in (price, revenue_best)]
    assert revenue[0] < revenue[1]


def test_a_markup_adds_to_the_cost():
    assert markup_price(8.0, 0.25) == 10.0


def test_every_strategy_aims_at_its_own_price():
    inputs = PricingInputs.of(price=12.99, cost=8.5, elasticity=-1.2)
    constraints = PriceConstraints.of(1, target_margin=0.3)
    aims = [
        float(strategy_optimum(inputs, constraints, strategy)[0])
        for strategy in (
            PricingStrategy(demand_model="linear"),
            PricingStrategy(REVENUE, demand_model="linear"),
            PricingStrategy(MARKUP),
            PricingStrategy(TARGET_MARGIN),
        )
    ]
    assert aims == pytest.approx([16.1575, 11.9075, 8.5 / 0.7, 21.25])


def test_a_markup_laid_down_goes_before_the_target_margin():
    inputs = PricingInputs.of(price=[10.0] * 3, cost=5.0, elasticity=-2.0)
    constraints = PriceConstraints.of(3, target_margin=[0.5, 0.5, np.nan], markup=[np.nan, 0.4, np.nan])
    aim = strategy_optimum(inputs, constraints, PricingStrategy(MARKUP))
    assert aim[:2].tolist() == pytest.approx([10.0, 7.0])
    assert np.isnan(aim[2])


def best(low, high, strategy="profit", endings=(), aim=np.nan, **facts):
    """The best price of a product of linear demand that costs 10.00, and whether it is better."""
    known = {"price": 10.0, "cost": 6.0, "elasticity": -2.0, "std_error": 1e-6} | facts
    found, better = best_prices(
        PricingInputs.of(**known), np.array([low]), np.array([high]), np.array([aim]),
        PricingStrategy(strategy, "linear", endings),
    )  # fmt: skip
    return round(float(found[0]), 2), bool(better[0])


def test_the_best_allowed_price_is_looked_for_whatever_the_aim():
    # (6 + 10 x 1.5) / 2 = 10.50
    assert best(500, 2000) == (10.5, True)
    assert best(1080, 2000) == (10.8, True)
    assert best(500, 1020) == (10.2, True)


def test_the_present_price_is_left_aside_and_beats_all_others_where_it_is_the_best():
    found, better = best(500, 2000, price=10.5, base_price=10.0)
    assert (abs(round(100 * found) - 1050), better) == (1, False)


def test_of_a_rule_a_price_as_far_from_its_aim_as_the_present_one_is_no_better():
    assert best(900, 1100, MARKUP, endings=(50,), aim=10.25) == (10.5, False)
    assert best(900, 1100, MARKUP, endings=(50,), aim=10.26) == (10.5, True)


def test_two_cents_on_either_side_of_a_price_are_its_neighbours():
    found, allowed = price_endings_near(np.array([10.005]), np.array([900]), np.array([1100]), ())
    assert (sorted(found[0].tolist()), allowed.all()) == ([999, 1000, 1001, 1002], True)
    found, _ = price_endings_near(np.array([10.0]), np.array([1000]), np.array([1001]), ())
    assert sorted(set(found[0].tolist())) == [1000, 1001]


def test_two_endings_on_either_side_of_a_price_are_its_neighbours():
    found, allowed = price_endings_near(np.array([10.2]), np.array([850]), np.array([1150]), (49, 99))
    assert sorted(found[0][allowed[0]].tolist()) == [899, 949, 999, 1049, 1099, 1149]


def test_an_ending_that_leaves_half_of_the_way_of_a_rule_is_kept():
    # From 10.00 towards 11.00, which is more than 5 %: 10.50 is half of the way, 10.49 is not.
    assert best(900, 1100, MARKUP, endings=(50,), aim=11.0) == (10.5, True)
    assert best(900, 1100, MARKUP, endings=(49,), aim=11.0) == (11.0, True)


def test_a_markup_says_nothing_of_demand_that_does_not_fall():
    aim = strategy_optimum(
        PricingInputs.of(price=10.0, cost=6.0, elasticity=[-0.1, 0.0, 0.5]),
        PriceConstraints.of(3, markup=0.5),
        PricingStrategy(MARKUP),
    )
    assert (aim[0], np.isnan(aim).tolist()) == (9.0, [False, True, True])


def test_the_search_finds_a_top_at_either_bound():
    bounds = np.array([1.0, 3.0]), np.array([9.0, 3.0])
    assert best_in_interval(lambda price: price, *bounds).tolist() == [9.0, 3.0]
    assert best_in_interval(lambda price: -price, *bounds).tolist() == [1.0, 3.0]
