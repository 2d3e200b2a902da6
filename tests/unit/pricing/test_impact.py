"""What a price would do: figures, limits, risk, direction, demand curve."""

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from elastix.currency import find_currency
from pricing.elasticity.core.demand import DEMAND_MODELS, demand
from pricing.recommendation.core.impact import (
    demand_curve,
    direction_worth_taking,
    one_of,
    project_impact,
    risk_levels,
)
from pricing.recommendation.core.inputs import PricingInputs
from pricing.recommendation.core.uncertainty import truncated_quantile

models = st.sampled_from(DEMAND_MODELS)
elasticities = st.floats(-5, -0.05)


def latte(**facts):
    known = {"price": 12.99, "cost": 8.5, "elasticity": -1.2, "std_error": 0.4, "quantity": 1200} | facts
    return PricingInputs.of(**known)


@settings(deadline=None)
@given(st.floats(1, 100), st.floats(0, 120), elasticities, st.floats(0, 1e5), st.floats(0.5, 2), models)
def test_projected_figures_are_those_of_the_demand_model(p0, cost, e, q0, ratio, model):
    inputs = PricingInputs.of(price=p0, cost=cost, elasticity=e, quantity=q0)
    price = ratio * p0
    impact = project_impact(inputs, price, model)
    quantity = demand(price, p0, q0, e, model)
    assert impact.projected.quantity[0] == pytest.approx(quantity)
    assert impact.projected.revenue[0] == pytest.approx(price * quantity)
    assert impact.projected.profit[0] == pytest.approx((price - cost) * quantity)
    assert impact.change.profit[0] == pytest.approx(
        (price - cost) * quantity - (p0 - cost) * q0, abs=1e-6 * (1 + q0 * p0)
    )


@settings(deadline=None)
@given(elasticities, st.floats(0.02, 1), st.floats(0.6, 1.6), models)
def test_the_limits_enclose_the_projection_and_eight_draws_of_ten(e, sd, ratio, model):
    inputs = latte(elasticity=e, std_error=sd)
    impact = project_impact(inputs, 12.99 * ratio, model)
    for name in ("quantity", "revenue", "profit"):
        low, high = getattr(impact.low, name)[0], getattr(impact.high, name)[0]
        slack = 1e-9 * (1 + abs(low) + abs(high))
        assert low - slack <= getattr(impact.projected, name)[0] <= high + slack
    draws = truncated_quantile((np.arange(1000) + 0.5) / 1000, e, sd)
    quantities = demand(12.99 * ratio, 12.99, 1200, draws, model)
    inside = (quantities >= impact.low.quantity - 1e-6) & (quantities <= impact.high.quantity + 1e-6)
    # A draw at each end may miss it by rounding.
    assert inside.mean() >= 0.798


def test_the_expected_figures_take_the_doubt_about_the_elasticity_in():
    impact = project_impact(latte(elasticity=-0.3, std_error=0.6), 14.0)
    # Cut off at 0, the elasticity is further from it on average than its estimate.
    assert impact.expected.quantity[0] < impact.projected.quantity[0]
    sure = project_impact(latte(std_error=0.0), 14.0)
    assert sure.expected.profit[0] == pytest.approx(sure.projected.profit[0], rel=1e-5)


def test_a_price_gains_or_loses() -> None:
    impact = project_impact(latte(), 14.0)
    assert 0 < impact.probability_of_loss[0] < 1
    assert impact.probability_of_loss[0] == pytest.approx(1 - impact.probability_of_gain[0])


def test_percent_changes_hold_for_a_product_nobody_bought():
    idle, busy = project_impact(latte(quantity=0), 15.0), project_impact(latte(), 15.0)
    for name in ("price", "quantity", "revenue", "profit"):
        assert getattr(idle.change_percent, name)[0] == getattr(busy.change_percent, name)[0]
    assert idle.projected.revenue[0] == 0.0


def test_the_profit_change_of_a_loss_is_0_percent():
    impact = project_impact(latte(cost=13.5), 15.0)
    assert (impact.change_percent.profit[0], impact.change.profit[0] > 0) == (0.0, True)


def test_without_a_cost_profit_is_unknown_and_the_chances_are_those_of_revenue():
    impact = project_impact(latte(cost=None), 14.0)
    assert np.isnan(impact.projected.profit[0])
    assert impact.projected.of_product(0)["profit"] is None
    by_revenue = project_impact(latte(cost=0.0), 14.0)
    assert impact.probability_of_gain[0] == by_revenue.probability_of_gain[0]


def test_the_present_price_changes_nothing():
    impact = project_impact(latte(), 12.99)
    assert impact.change.of_product(0) == dict.fromkeys(
        ("price", "quantity", "revenue", "profit"), Decimal(0)
    )
    assert (impact.probability_of_gain[0], impact.probability_of_loss[0]) == (0.0, 0.0)
    assert impact.risk_level[0] == "low"


def test_demand_that_grows_for_other_reasons_counts_after_the_change_only():
    impact = project_impact(latte(), 12.99, demand_factor=1.1)
    assert impact.current.quantity[0] == 1200
    assert impact.projected.quantity[0] == pytest.approx(1320)
    assert impact.probability_of_gain[0] == 1.0
    assert project_impact(latte(), 12.99, demand_factor=0.0).projected.quantity[0] == 0
    shrunk = project_impact(latte(), 12.99, demand_factor=0.9)
    assert shrunk.probability_of_loss[0] == 1.0


@settings(deadline=None)
@given(elasticities, st.floats(1.001, 2), models)
def test_a_higher_price_sells_less_and_a_lower_one_more(e, ratio, model):
    up, down = (project_impact(latte(elasticity=e), 12.99 * r, model) for r in (ratio, 1 / ratio))
    assert up.projected.quantity[0] <= 1200 <= down.projected.quantity[0]
    assert up.high.quantity[0] <= 1200 <= down.low.quantity[0]


def test_beyond_15_percent_the_other_model_is_shown_as_well():
    impact = project_impact(latte(), 15.0)
    assert impact.large_change[0]
    linear, constant = 1200 * (1 - 1.2 * 2.01 / 12.99), 1200 * (15 / 12.99) ** -1.2
    assert impact.projected.quantity[0] == pytest.approx((linear + constant) / 2)
    assert impact.other_model.quantity[0] == pytest.approx(linear)
    by_linear = project_impact(latte(), 15.0, "linear")
    assert by_linear.projected.quantity[0] == pytest.approx(linear)
    assert by_linear.other_model.quantity[0] == pytest.approx(constant)
    assert not project_impact(latte(price=10.0), 11.5).large_change[0]


@pytest.mark.parametrize(
    ("price", "factor"), [(0.0, 1.0), (np.nan, 1.0), (np.inf, 1.0), (14.0, -1.0), (14.0, np.inf)]
)
def test_prices_and_factors_that_mean_nothing_are_refused(price, factor):
    with pytest.raises(ValueError, match="must be"):
        project_impact(latte(), price, demand_factor=factor)


def test_risk_grows_with_the_change_with_doubt_and_with_a_weak_estimate():
    change = np.array([0.0, 0.049, 0.05, 0.149, 0.15, 0.5])
    none = np.zeros(6)
    assert risk_levels(change, none, np.array(False)).tolist() == (
        ["low", "low", "medium", "medium", "high", "high"]
    )
    raised = ["low", "medium", "high", "high", "high", "high"]
    assert risk_levels(change, none + 0.31, np.array(False)).tolist() == raised
    assert risk_levels(change, none, np.array(True)).tolist() == raised
    assert risk_levels(change, none + np.nan, np.array(False)).tolist() == raised
    assert risk_levels(np.array([0.03]), np.array([0.3]), np.array(False)).tolist() == ["low"]


def test_a_change_of_exactly_15_percent_is_a_high_risk_whatever_binary_fractions_make_of_it():
    prices = np.array([1.0, 2.2, 3.6, 8.2, 12.6])
    impact = project_impact(PricingInputs.of(price=prices, elasticity=-0.1, std_error=0.01), prices * 1.15)
    assert set(impact.risk_level) == {"high"}


def test_a_price_changed_since_the_sales_is_projected_from_the_price_they_were_made_at():
    # 100 a month at 10 with elasticity -2; today it costs 11, asked is 12, the cost is 6.
    inputs = PricingInputs.of(
        price=11.0, base_price=10.0, quantity=100, cost=6.0, elasticity=-2.0, std_error=0.3
    )
    impact = project_impact(inputs, 12.0, "linear")
    # At 11 100 (1 - 2 x .1) = 80 are left, at 12 100 (1 - 2 x .2) = 60.
    assert impact.current.of_product(0) == {
        "price": Decimal(11),
        "quantity": Decimal(80),
        "revenue": Decimal(880),
        "profit": Decimal(400),
    }
    assert impact.projected.quantity[0] == pytest.approx(60)
    assert impact.projected.profit[0] == pytest.approx(360)
    assert impact.change_percent.quantity[0] == pytest.approx(-25)
    assert impact.change_percent.profit[0] == pytest.approx(-10)
    # By the average: 80 and 100 / 1.21 = 82.64, 60 and 100 / 1.44 = 69.44.
    average = project_impact(inputs, 12.0)
    assert average.current.quantity[0] == pytest.approx(81.3223, abs=1e-4)
    assert average.projected.quantity[0] == pytest.approx(64.7222, abs=1e-4)
    # The same answer comes from those figures at today's price only if the base price is kept.
    from_today = project_impact(
        PricingInputs.of(price=11.0, quantity=80, cost=6.0, elasticity=-2.0, std_error=0.3), 12.0, "linear"
    )
    assert from_today.projected.quantity[0] > impact.projected.quantity[0] + 5


def test_the_direction_is_that_of_the_slope_of_profit():
    # At a margin of 4.49 of 12.99, profit rises with price down to an elasticity of -2.89.
    inputs = latte(elasticity=[-1.2, -2.8, -4.0, 0.3, np.nan])
    assert direction_worth_taking(inputs).tolist() == ["Increase", "Keep", "Decrease", "Keep", "Keep"]


def test_below_cost_the_direction_is_up_and_without_a_cost_revenue_decides():
    assert direction_worth_taking(latte(cost=14.0, elasticity=-6.0))[0] == "Increase"
    inputs = latte(cost=None, elasticity=[-0.3, -1.0, -2.0])
    assert direction_worth_taking(inputs).tolist() == ["Increase", "Keep", "Decrease"]


def test_the_direction_does_not_depend_on_the_size_of_the_price():
    # -1 / (1 - .5) = -2: it answers with -5 and less, so a lower price earns more, of a cent as of a hundred pounds.
    for price in (0.01, 1.0, 100.0):
        inputs = latte(price=price, cost=price / 2, elasticity=-5.0)
        assert direction_worth_taking(inputs)[0] == "Decrease"


@settings(max_examples=40, deadline=None)
@given(elasticities, st.floats(0.01, 0.9), models)
def test_a_small_step_in_the_direction_gains_with_the_probability_asked_for(e, share, model):
    inputs = latte(cost=12.99 * share, elasticity=e)
    direction = direction_worth_taking(inputs)[0]
    up, down = (project_impact(inputs, 12.99 * r, model).probability_of_gain[0] for r in (1.00001, 0.99999))
    assert (up > 0.699) if direction == "Increase" else (up < 0.701)
    assert (down > 0.699) if direction == "Decrease" else (down < 0.701)


def test_the_demand_curve_falls_between_its_limits():
    curve = demand_curve(latte(), np.linspace(8, 20, 13))
    assert (np.diff(curve.projected.quantity) < 0).all()
    assert (curve.low.quantity <= curve.projected.quantity).all()
    assert (curve.high.quantity >= curve.projected.quantity).all()
    np.testing.assert_allclose(curve.projected.revenue, curve.projected.price * curve.projected.quantity)
    with pytest.raises(ValueError, match="one product"):
        demand_curve(PricingInputs.of(price=[1.0, 2.0], elasticity=-1.0), np.array([1.0]))


def test_the_robust_gain_is_that_at_a_weak_elasticity() -> None:
    inputs = PricingInputs.of(
        price=[10.0, 10.0, 10.0, 10.0],
        quantity=100.0,
        cost=[6.0, 6.0, 6.0, np.nan],
        elasticity=[-2.0, -0.1, -2.0, -2.0],
    )
    gain = project_impact(inputs, [9.0, 9.0, 11.0, 11.0], "linear").robust_gain
    # At -0.3 a cut of 10 % sells 103 instead of 100: 103 x 3 - 100 x 4 = -91. At -0.1 it is 101 x 3 - 400 = -97: what is weaker
    # stays. A rise of 10 % sells 97: 97 x 5 - 400 = 85, in revenue 97 x 11 - 1000 = 67.
    assert gain == pytest.approx([-91.0, -97.0, 85.0, 67.0])


def test_percent_changes_by_hand() -> None:
    # 10 % more for 10 % less, of which 0.40 is earned now and 0.60 then: 1.1 x .9 = .99, .6 x .9 / .4 = 1.35.
    inputs = PricingInputs.of(price=2.0, quantity=100, cost=1.6, elasticity=-1.0, std_error=0.1)
    change = project_impact(inputs, 2.2, "linear").change_percent
    assert [float(getattr(change, name)[0]) for name in ("price", "quantity", "revenue", "profit")] == (
        pytest.approx([10, -10, -1, 35])
    )


def test_the_direction_of_linear_demand_is_measured_from_the_price_of_the_sales() -> None:
    # Sold at 10, now 12, cost 6: profit rises with the price from -12 / (12 - 6) = -2 upwards where the elasticity is constant,
    # from -10 / (2 x 12 - 10 - 6) = -1.25 upwards where demand is linear.
    inputs = PricingInputs.of(
        price=12.0, base_price=10.0, cost=6.0, elasticity=[-2.2, -1.6, -1.1], std_error=0.01
    )
    assert direction_worth_taking(inputs, "constant_elasticity").tolist() == [
        "Decrease",
        "Increase",
        "Increase",
    ]
    assert direction_worth_taking(inputs, "linear").tolist() == ["Decrease", "Decrease", "Increase"]
    assert direction_worth_taking(inputs).tolist() == ["Decrease", "Keep", "Increase"]


def test_amounts_have_the_decimals_of_their_currency_and_units_always_two() -> None:
    impact = project_impact(PricingInputs.of(price=100.0, quantity=1.25, cost=60.0, elasticity=-1.0), 100.0)
    figures = {name: str(value) for name, value in impact.current.of_product(0, find_currency("JPY")).items()}
    assert figures == {"price": "100", "quantity": "1.25", "revenue": "125", "profit": "50"}


def test_of_many_products_one_can_be_looked_at() -> None:
    inputs = PricingInputs.of(price=[10.0, 20.0], quantity=[1.0, 3.0], cost=[6.0, 9.0], elasticity=-1.0)
    second = one_of(project_impact(inputs, [10.0, 20.0], "linear"), 1)
    assert (second.current.revenue, second.current.profit, second.risk_level) == (60, 33, "low")


def test_where_nothing_is_sold_now_changes_have_no_percentage() -> None:
    # Sold at 5, at 10 an elasticity of -2 leaves nothing; at 7 a fifth of 100 units comes back.
    inputs = PricingInputs.of(
        price=10.0, base_price=5.0, quantity=100, cost=4.0, elasticity=-2.0, std_error=0.1
    )
    impact = project_impact(inputs, 7.0, "linear")
    assert (impact.current.quantity[0], impact.projected.quantity[0]) == (0, pytest.approx(20))
    assert np.isnan(impact.change_percent.quantity[0])


def test_a_price_far_below_that_of_the_sales_rises_whatever_the_elasticity() -> None:
    # Sold at 15, now 10, cost 8: linear demand earns more at a higher price for every elasticity, as 2 x 10 - 15 - 8 is below 0.
    inputs = PricingInputs.of(price=10.0, base_price=15.0, cost=8.0, elasticity=-9.0, std_error=0.1)
    assert direction_worth_taking(inputs, "linear")[0] == "Increase"
