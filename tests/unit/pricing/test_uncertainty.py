"""Means, probabilities and limits over what the elasticity may be."""

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from scipy import stats

from pricing.elasticity.core.demand import DEMAND_MODELS, demand, shape_weights
from pricing.recommendation.core.inputs import PricingInputs
from pricing.recommendation.core.uncertainty import (
    elasticity_interval,
    expected_share,
    probability_of_gain,
    quadrature,
    share_interval,
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
    st.floats(0, 1),
)
@example(-1.2, 0.4, 0.9, 0.65, "linear", 1.0, 0.5)  # a cut
@example(-1.2, 0.4, 1.1, 1.0, "linear", 1.0, 0.5)  # nothing is earned today
@example(-1.2, 0.4, 1.1, 1.05, "linear", 1.0, 0.5)  # a loss turned into a profit
@example(-1.2, 0.4, 1.1, 1.5, "constant_elasticity", 1.0, 0.5)  # losses before and after
@example(-1.2, 0.4, 0.8, 0.9, "constant_elasticity", 1.0, 0.5)  # a profit turned into a loss
@example(-4.0, 0.5, 2.0, 1.0, "linear", 1.0, 0.5)  # demand ends: nothing earned before or after
@example(-2.0, 0.4, 1.1, 0.5, "average", 1.0, 0.1)  # a shop whose sales speak for constant elasticity
def test_the_probability_of_gain_is_the_share_of_draws_that_gain(
    mean, sd, ratio, cost, model, factor, linear_share
):
    inputs = PricingInputs.of(price=1.0, cost=cost, elasticity=mean, std_error=sd, linear_share=linear_share)
    probability = probability_of_gain(np.array([ratio]), inputs, None, model, factor)[0]
    draws = truncated_quantile((np.arange(2_000) + 0.5) / 2_000, mean, sd)
    # Each of a model's curves holds in its share of the draws.
    weights = shape_weights(model, linear_share)
    quantity = factor * np.array([demand(ratio, 1.0, 1.0, draws, shape) for shape in weights])
    gains = ((ratio - cost) * quantity > 1.0 - cost).mean(axis=1)
    assert probability == pytest.approx(np.average(gains, weights=[*weights.values()]), abs=1.5e-3)


def test_the_closed_form_of_every_model_by_hand():
    inputs = PricingInputs.of(price=10.0, cost=6.0, elasticity=-2.0, std_error=0.5)
    # 4 a unit becomes 5: demand may fall to 0.8; linear by E > -2, constant elasticity E > ln .8 / ln 1.1.
    exact, threshold = truncated(-2.0, 0.5), np.log(0.8) / np.log(1.1)
    linear, constant = 1 - exact.cdf(-2.0), 1 - exact.cdf(threshold)

    def chance(model):
        return probability_of_gain(np.array([11.0]), inputs, None, model)[0]

    assert (linear, constant) == pytest.approx((0.5, 0.7525), abs=1e-4)
    assert chance("linear") == pytest.approx(linear)
    assert chance("constant_elasticity") == pytest.approx(constant)
    assert chance("average") == pytest.approx((linear + constant) / 2)


def fine_grid(mean, sd, cells=200_000):
    """Elasticities in the middle of equally wide cells, and how likely each cell is."""
    exact = truncated(mean, sd)
    edges = np.linspace(exact.ppf(1e-9), 0, cells + 1)
    return (edges[1:] + edges[:-1]) / 2, np.diff(exact.cdf(edges))


@settings(deadline=None, max_examples=200)
@given(
    st.floats(-5, -0.05),
    st.floats(0.05, 2),
    st.floats(0.4, 2.5),
    st.floats(0.4, 2.5),
    st.floats(0, 2),
    st.floats(0.5, 2),
)
@example(-2.0, 0.5, 1.2, 1.4, 0.6, 1.0)  # raised once, and to be raised again
@example(-2.0, 0.5, 1.2, 1.0, 0.6, 1.0)  # back to where it was
@example(-2.0, 0.5, 0.8, 0.7, 0.5, 1.0)  # cut once, and to be cut again
@example(-4.0, 1.0, 1.25, 1.5, 0.6, 1.0)  # demand has ended at either price for some of the elasticities
@example(-4.0, 1.0, 1.25, 0.9, 0.95, 1.0)  # from a price without buyers to a loss or a gain
@example(-2.0, 0.5, 1.2, 0.9, 1.1, 1.0)  # a profit today, a loss at the price asked
@example(-2.0, 0.5, 0.9, 1.2, 1.0, 1.0)  # a loss today, a profit at the price asked
def test_gains_are_measured_between_two_prices_projected_from_a_third(mean, sd, now, asked, cost, factor):
    assume(abs(now / asked - 1) > 1e-3)
    inputs = PricingInputs.of(price=now, base_price=1.0, cost=cost, elasticity=mean, std_error=sd)
    e, likely = fine_grid(mean, sd)
    linear = [np.maximum(1 + e * (price - 1), 0) for price in (now, asked)]
    constant = [price**e for price in (now, asked)]
    gains = [
        likely[(asked - cost) * factor * after > (now - cost) * before].sum()
        for before, after in (linear, constant)
    ]
    # Where demand has ended at both prices nothing is earned either way: no gain, however it is rounded.
    found = {
        model: probability_of_gain(np.array([asked]), inputs, None, model, factor)[0]
        for model in ("linear", "constant_elasticity", "average")
    }
    assert found["linear"] == pytest.approx(gains[0], abs=1e-3)
    assert found["constant_elasticity"] == pytest.approx(gains[1], abs=1e-3)
    assert found["average"] == pytest.approx(sum(gains) / 2, abs=1e-3)


@settings(deadline=None, max_examples=100)
@given(
    st.floats(-5, -0.05),
    st.floats(0.05, 2),
    st.floats(0.4, 2.5).filter(lambda ratio: abs(ratio - 1) > 1e-3),
    models,
)
@example(-2.0, 0.5, 1.1, "average")
@example(-2.0, 0.5, 0.8, "average")
@example(-4.0, 1.0, 1.5, "average")  # linear demand has ended
def test_eight_tenths_of_the_probability_lie_between_the_ends(mean, sd, ratio, model):
    inputs = PricingInputs.of(price=1.0, elasticity=mean, std_error=sd)
    low, high = (end[0] for end in share_interval(np.array([ratio]), inputs, model))
    e, likely = fine_grid(mean, sd)
    curves = {"linear": np.maximum(1 + e * (ratio - 1), 0), "constant_elasticity": ratio**e}
    parts = list(curves.values()) if model == "average" else [curves[model]]
    slack = 1e-6 * max(high, 1)
    below, above, inside = (
        np.mean([likely[where(part)].sum() for part in parts])
        for where in (
            lambda share: share < low - slack,
            lambda share: share > high + slack,
            lambda share: (share >= low - slack) & (share <= high + slack),
        )
    )
    # More than a tenth may lie at one end: demand of 0, or as much as an elasticity of 0 brings.
    assert below <= 0.1 + 2e-3
    assert above <= 0.1 + 2e-3
    assert inside >= 0.8 - 4e-3
    ends_smooth = all(np.ptp(part[likely > 1e-9]) > 0 and part.min() > 0 for part in parts)
    if ends_smooth and abs(mean) > 3 * sd:
        assert inside == pytest.approx(0.8, abs=0.01)


def test_the_interval_of_the_average_by_hand():
    # A sure elasticity of -2 leaves which curve holds: at 1.25 times the price .5 or .64, one half each.
    inputs = PricingInputs.of(price=10.0, elasticity=-2.0, std_error=1e-6)
    low, high = share_interval(np.array([12.5]), inputs)
    assert (low[0], high[0]) == pytest.approx((0.5, 0.64), abs=1e-4)
    low, high = share_interval(np.array([12.5]), inputs, "linear")
    assert (low[0], high[0]) == pytest.approx((0.5, 0.5), abs=1e-4)


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
    chance = probability_of_gain(np.array([11.0]), inputs, np.zeros(1), "linear")[0]
    assert chance == pytest.approx(1 - truncated(-2.0, 0.5).cdf((1 / 1.1 - 1) / 0.1))


@settings(deadline=None)
@given(means, errors)
def test_the_limits_leave_a_tenth_on_either_side(mean, sd):
    low, high = elasticity_interval(PricingInputs.of(price=10.0, elasticity=mean, std_error=sd))
    exact = truncated(mean, sd)
    assert low[0] < high[0] <= 0
    if mean < 0:
        assert exact.cdf([low[0], high[0]]).tolist() == pytest.approx([0.1, 0.9], abs=1e-7)


@pytest.mark.parametrize("model", DEMAND_MODELS)
def test_at_the_price_of_the_sales_demand_is_known(model):
    inputs = PricingInputs.of(price=10.0, elasticity=[-1.0, -3.0], std_error=0.5)
    low, high = share_interval(np.full(2, 10.0), inputs, model)
    assert (low.tolist(), high.tolist()) == ([1.0, 1.0], [1.0, 1.0])


def test_no_elasticity_lies_above_0():
    assert truncated_cdf([0.0, 0.5, np.inf, -np.inf], -1.0, 0.5).tolist() == [1.0, 1.0, 1.0, 0.0]
