"""The joint optimum: within the guardrails, never worse than today, and the best there is."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pricing.recommendation.core.inputs import PriceConstraints, PricingInputs
from pricing.recommendation.core.joint import _profit, joint_demand, joint_prices, joint_profit
from pricing.recommendation.core.limits import price_limits
from pricing.recommendation.core.optimum import profit_optimum


def shop(seed, count=6, cross_sd=0.4):
    rng = np.random.default_rng(seed)
    price = np.round(rng.uniform(0.5, 40, count), 2)
    inputs = PricingInputs.of(
        price=price,
        quantity=rng.integers(0, 400, count),
        cost=np.where(rng.random(count) < 0.15, np.nan, price * rng.uniform(0.2, 1.1, count)),
        elasticity=np.where(rng.random(count) < 0.1, np.nan, rng.normal(-1.8, 1.0, count)),
        tax_rate=20 if seed % 2 else 0,
    )
    cross = rng.normal(0, cross_sd, (count, count)) * (1 - np.eye(count))
    return inputs, PriceConstraints.of(count, max_change=rng.uniform(0, 0.5)), cross


def bounds(inputs, constraints):
    limits = price_limits(inputs, constraints)
    return limits.low / 100, limits.high / 100


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 10_000), st.sampled_from([0.0, 0.4, 2.0]))
def test_prices_stay_within_the_guardrails_and_are_never_worse_than_todays(seed, cross_sd):
    inputs, constraints, cross = shop(seed, cross_sd=cross_sd)
    low, high = bounds(inputs, constraints)
    found = joint_prices(inputs, low, high, cross)
    kept = found == inputs.price
    assert np.all(kept | ((found >= low - 1e-9) & (found <= high + 1e-9)))
    assert np.all(kept | np.isclose(100 * found, np.round(100 * found), atol=1e-6))
    allowed = (low <= high) & ~np.isnan(inputs.cost) & (inputs.elasticity < 0)
    assert np.all(kept[~allowed])
    assert np.all((found >= low - 1e-9) & (found <= high + 1e-9) | ~allowed)
    nearest = np.where(allowed, np.clip(inputs.price, low, high), inputs.price)
    assert joint_profit(inputs, found, cross) >= joint_profit(inputs, nearest, cross)
    assert np.array_equal(found, joint_prices(inputs, low, high, cross))


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10_000))
def test_the_gradient_is_that_of_finite_differences(seed):
    inputs, _, cross = shop(seed)
    price = inputs.price * np.random.default_rng(seed + 1).uniform(0.9, 1.1, inputs.count)
    slope = _profit(inputs, price, cross)[1]
    for product in range(inputs.count):
        step = np.zeros(inputs.count)
        step[product] = 1e-6 * inputs.price[product]
        share = [joint_demand(inputs, price + sign * step, cross) > 0 for sign in (-1, 1)]
        if np.array_equal(*share):
            rise = joint_profit(inputs, price + step, cross) - joint_profit(inputs, price - step, cross)
            expected = rise / (2 * step[product])
            assert slope[product] == pytest.approx(expected, rel=1e-4, abs=1e-3)


def test_without_cross_effects_every_product_gets_its_own_optimum():
    inputs = PricingInputs.of(
        price=[10.0, 20.0], quantity=[100, 50], cost=[6.0, 9.0], elasticity=[-3.0, -2.0]
    )
    wide = np.array([0.01, 0.01]), np.array([99.0, 99.0])
    found = joint_prices(inputs, *wide, np.zeros((2, 2)))
    expected = np.asarray(profit_optimum(inputs.price, inputs.cost, inputs.elasticity, "linear"))
    assert found == pytest.approx(expected, abs=0.0101)


def two(cross_12, cross_21):
    inputs = PricingInputs.of(
        price=[10.0, 10.0], quantity=[100, 100], cost=[6.0, 6.0], elasticity=[-2.5, -2.5]
    )
    cross = np.array([[0.0, cross_12], [cross_21, 0.0]])
    return inputs, joint_prices(inputs, np.array([5.0, 5.0]), np.array([20.0, 20.0]), cross)


def test_substitutes_are_priced_higher_together_and_complements_lower():
    alone = two(0.0, 0.0)[1][0]
    assert two(0.8, 0.8)[1][0] > alone > two(-0.8, -0.8)[1][0]


def test_the_symmetric_optimum_by_hand():
    # Both at p, r = (p - 10) / 10: profit 2 x 100 (4 + 10 r)(1 - 1.7 r) is greatest at r = 3.2 / 34.
    assert two(0.8, 0.8)[1] == pytest.approx([10.94, 10.94])


def test_no_grid_point_does_better():
    inputs, _, cross = shop(3, count=3, cross_sd=0.8)
    inputs = PricingInputs.of(
        price=inputs.price, quantity=[40, 90, 60], cost=0.6 * inputs.price, elasticity=[-2, -1.5, -3]
    )
    low, high = bounds(inputs, PriceConstraints.of(3, max_change=0.3))  # fmt: skip
    best = joint_profit(inputs, joint_prices(inputs, low, high, cross), cross)
    axes = np.meshgrid(*(np.linspace(a, b, 21) for a, b in zip(low, high, strict=True)), indexing="ij")
    grid = np.stack([axis.ravel() for axis in axes], axis=1)
    # The answer is in cents, which costs next to nothing.
    assert best >= max(joint_profit(inputs, point, cross) for point in grid) - 0.05


def test_demand_never_falls_below_0():
    inputs = PricingInputs.of(price=10.0, quantity=5, cost=2.0, elasticity=-4.0)
    assert joint_demand(inputs, np.array([20.0]), np.zeros((1, 1)))[0] == 0


def test_a_product_without_a_cost_keeps_its_price_and_counts_nothing():
    inputs = PricingInputs.of(
        price=[10.0, 10.0], quantity=[100, 100], cost=[6.0, None], elasticity=[-2.5, -2.5]
    )
    cross = np.array([[0.0, 0.0], [5.0, 0.0]])
    found = joint_prices(inputs, np.array([5.0, 5.0]), np.array([20.0, 20.0]), cross)
    alone = joint_prices(inputs.take(np.array([0])), np.array([5.0]), np.array([20.0]), np.zeros((1, 1)))
    assert found.tolist() == [alone[0], 10.0]


def test_a_present_price_outside_the_limits_goes_to_an_allowed_one():
    inputs = PricingInputs.of(price=10.0, quantity=100, cost=9.5, elasticity=-3.0)
    assert joint_prices(inputs, np.array([10.45]), np.array([11.5]), np.zeros((1, 1)))[0] >= 10.45


def test_malformed_cross_elasticities_are_refused():
    inputs = PricingInputs.of(price=[10.0, 10.0], elasticity=[-2.0, -2.0])
    low, high = np.array([9.0, 9.0]), np.array([11.0, 11.0])
    with pytest.raises(ValueError, match="diagonal"):
        joint_prices(inputs, low, high, np.eye(2))
    with pytest.raises(ValueError, match="belong"):
        joint_prices(inputs, low, high, np.zeros((3, 3)))


def test_a_product_whose_demand_does_not_fall_keeps_its_price():
    inputs = PricingInputs.of(price=10.0, quantity=100, cost=6.0, elasticity=[0.0, 0.5])
    found = joint_prices(inputs, np.full(2, 5.0), np.full(2, 20.0), np.zeros((2, 2)))
    assert found.tolist() == [10.0, 10.0]
