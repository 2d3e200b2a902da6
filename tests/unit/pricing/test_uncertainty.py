"""Means, probabilities and limits over what the elasticity may be."""

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from scipy import stats

from pricing.elasticity.core.demand import DEMAND_MODELS, demand
from pricing.recommendation.core.inputs import PricingInputs
from pricing.recommendation.core.uncertainty import (
    elasticity_interval,
    expected_share,
    probability_of_gain,
    quadrature,
    truncated_cdf,
    truncated_quantile,
)

means = st.floats(-6, 1)
errors = st.floats(0.02, 2)
models = st.sampled_from(DEMAND_MODELS)


def truncated(mean, sd):
    return stats.truncnorm(-np.inf, -mean / sd, mean, sd)


@settings(deadline=None)
@given(st.floats(-8, 1), means, errors)
def test_the_cdf_is_scipys(value, mean, sd):
    assert truncated_cdf(value, mean, sd) == pytest.approx(truncated(mean, sd).cdf(value), abs=1e-9)


@settings(deadline=None)
@given(st.floats(0.001, 0.999), means, errors)
def test_the_quantile_undoes_the_cdf(share, mean, sd):
    value = truncated_quantile(share, mean, sd)
    assert value <= 0
    assert truncated_cdf(value, mean, sd) == pytest.approx(share if value < 0 else 1.0, abs=1e-7)


@settings(deadline=None)
@given(st.floats(-50, 50), st.floats(1e-6, 1e6))
def test_quantiles_and_weights_are_finite_for_every_elasticity(mean, sd):
    nodes, weights = quadrature(np.array([mean]), np.array([sd]))
    assert np.isfinite(nodes).all()
    assert (nodes <= 0).all()
    assert weights.sum() == pytest.approx(1.0)


@settings(max_examples=40, deadline=None)
@given(means, errors)
def test_the_quadrature_has_the_mean_and_variance_of_the_truncated_normal(mean, sd):
    assume(mean / sd < 4)
    nodes, weights = (values[:, 0] for values in quadrature(np.array([mean]), np.array([sd])))
    exact = truncated(mean, sd)
    centre = (weights * nodes).sum()
    assert centre == pytest.approx(exact.mean(), abs=1e-5 * sd + 1e-9)
    assert (weights * (nodes - centre) ** 2).sum() == pytest.approx(exact.var(), rel=1e-3)


@pytest.mark.parametrize("model", DEMAND_MODELS)
def test_the_expected_share_is_the_mean_of_many_draws(model):
    mean, sd = np.array([-1.2, -3.0, -0.3]), np.array([0.5, 1.0, 0.6])
    inputs = PricingInputs.of(price=10.0, elasticity=mean, std_error=sd)
    draws = truncated_quantile((np.arange(20_000)[:, None] + 0.5) / 20_000, mean, sd)
    prices = np.array([[8.5, 10.5, 11.5, 14.0]] * 3)
    by_draws = np.stack([demand(price, 10.0, 1.0, draws, model).mean(axis=0) for price in prices[0]], axis=1)
    # Where demand may end altogether, 15 nodes meet a kink: right to a hundredth of the present quantity.
    np.testing.assert_allclose(expected_share(prices, inputs, model)[:, :3], by_draws[:, :3], rtol=1e-4)
    np.testing.assert_allclose(expected_share(prices, inputs, model)[:, 3], by_draws[:, 3], atol=0.01)
    np.testing.assert_array_equal(
        expected_share(prices, inputs, model)[:, 1], expected_share(prices[:, 1], inputs, model)
    )


@settings(deadline=None)
@given(
    st.floats(-5, -0.05),
    errors,
    st.floats(0.2, 3).filter(lambda ratio: abs(ratio - 1) > 1e-3),
    st.floats(0, 2),
    models,
    st.floats(0.5, 2),
)
@example(-1.2, 0.4, 0.9, 0.65, "linear", 1.0)  # a cut
@example(-1.2, 0.4, 1.1, 1.0, "linear", 1.0)  # nothing is earned today
@example(-1.2, 0.4, 1.1, 1.05, "linear", 1.0)  # a loss turned into a profit
@example(-1.2, 0.4, 1.1, 1.5, "constant_elasticity", 1.0)  # losses before and after
@example(-1.2, 0.4, 0.8, 0.9, "constant_elasticity", 1.0)  # a profit turned into a loss
@example(-4.0, 0.5, 2.0, 1.0, "linear", 1.0)  # demand ends: nothing earned before or after
def test_the_probability_of_gain_is_the_share_of_draws_that_gain(mean, sd, ratio, cost, model, factor):
    inputs = PricingInputs.of(price=1.0, cost=cost, elasticity=mean, std_error=sd)
    probability = probability_of_gain(np.array([ratio]), inputs, None, model, factor)[0]
    draws = truncated_quantile((np.arange(2_000) + 0.5) / 2_000, mean, sd)
    quantity = factor * demand(ratio, 1.0, 1.0, draws, model)
    gains = (ratio - cost) * quantity > 1.0 - cost
    assert probability == pytest.approx(gains.mean(), abs=1.5e-3)


def test_the_closed_form_of_both_models_by_hand():
    inputs = PricingInputs.of(price=[10.0] * 2, cost=6.0, elasticity=-2.0, std_error=0.5)
    # 4 a unit becomes 5: demand may fall to 0.8; linear by E > -2, constant elasticity E > ln .8 / ln 1.1.
    exact = truncated(-2.0, 0.5)
    assert probability_of_gain(np.array([11.0, 11.0]), inputs)[0] == pytest.approx(1 - exact.cdf(-2.0))
    threshold = np.log(0.8) / np.log(1.1)
    assert probability_of_gain(np.array([11.0, 11.0]), inputs, None, "constant_elasticity")[1] == (
        pytest.approx(1 - exact.cdf(threshold))
    )


@settings(deadline=None)
@given(st.floats(-5, -0.05), errors, st.floats(0.05, 0.95), models)
def test_the_smaller_the_increase_the_likelier_the_gain(mean, sd, share, model):
    inputs = PricingInputs.of(price=[10.0] * 8, cost=10 * share, elasticity=mean, std_error=sd)
    chances = probability_of_gain(np.linspace(10.1, 20, 8), inputs, None, model)
    assert (np.diff(chances) <= 1e-9).all()


@settings(deadline=None)
@given(st.floats(-5, -0.05), errors, models)
def test_the_present_price_gains_nothing(mean, sd, model):
    inputs = PricingInputs.of(price=10.0, cost=6.0, elasticity=mean, std_error=sd)
    assert probability_of_gain(np.array([10.0]), inputs, None, model)[0] == 0.0
    assert probability_of_gain(np.array([10.0]), inputs, None, model, 1.1)[0] == 1.0


def test_what_is_unknown_stays_unknown():
    inputs = PricingInputs.of(price=[10.0] * 2, cost=[np.nan, 5.0], elasticity=[-2.0, np.nan])
    assert np.isnan(probability_of_gain(np.array([11.0, 11.0]), inputs)).all()


def test_revenue_is_asked_about_by_a_cost_of_0():
    inputs = PricingInputs.of(price=10.0, elasticity=-2.0, std_error=0.5)
    # 10 % more price needs at least 1 / 1.1 of the quantity.
    chance = probability_of_gain(np.array([11.0]), inputs, np.zeros(1))[0]
    assert chance == pytest.approx(1 - truncated(-2.0, 0.5).cdf((1 / 1.1 - 1) / 0.1))


@settings(deadline=None)
@given(means, errors)
def test_the_limits_leave_a_tenth_on_either_side(mean, sd):
    low, high = elasticity_interval(PricingInputs.of(price=10.0, elasticity=mean, std_error=sd))
    exact = truncated(mean, sd)
    assert low[0] < high[0] <= 0
    if mean < 0:
        assert exact.cdf([low[0], high[0]]).tolist() == pytest.approx([0.1, 0.9], abs=1e-7)
