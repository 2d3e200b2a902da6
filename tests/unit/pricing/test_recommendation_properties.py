"""Whatever the elasticity, the cost, the price and the policy: what a recommendation never does."""

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pricing.elasticity.core.demand import DEMAND_MODELS
from pricing.recommendation.core.inputs import STRATEGIES, PriceConstraints, PricingInputs, PricingStrategy
from pricing.recommendation.core.optimum import expected_value
from pricing.recommendation.core.rationale import rationale
from pricing.recommendation.core.recommendation import recommend

money = st.decimals("0.01", "5000", places=2)
perhaps_money = st.none() | money
fraction = st.decimals("0", "0.9", places=3)
cases = st.fixed_dictionaries(
    {
        "price": money,
        "cost": st.none() | st.decimals("0", "5000", places=4),
        "elasticity": st.floats(-50, 50),
        "std_error": st.none() | st.floats(0, 20),
        "assumed_cost_ratio": st.none() | fraction,
        "quantity": st.integers(0, 10_000),
    }
)
policies = st.fixed_dictionaries(
    {},
    optional={
        "target_margin": fraction,
        "minimum_margin": fraction,
        "markup": st.decimals("0", "6", places=3),
        "max_change": st.decimals("0", "3", places=3),
        "min_price": money,
        "max_price": money,
        "competitor_floor": money,
        "competitor_ceiling": money,
        "lowest_charged": money,
        "highest_charged": money,
    },
)
strategies = st.builds(
    PricingStrategy,
    st.sampled_from(STRATEGIES),
    st.sampled_from(DEMAND_MODELS),
    st.lists(st.integers(0, 99), max_size=3).map(tuple) | st.just((49, 99)),
)


def breaches(price, case, policy):
    """Name the hard rules a price breaks, in exact arithmetic and without the code under test."""
    p0, cost = Fraction(case["price"]), case["cost"]
    if cost is None and case["assumed_cost_ratio"]:
        cost = round(Fraction(case["assumed_cost_ratio"]) * p0, 4)
    get = {name: Fraction(value) for name, value in policy.items()}.get
    change = get("max_change", Fraction(15, 100))
    rules = {
        "down": price >= p0 * (1 - change),
        "up": price <= p0 * (1 + change),
        "min": price >= max(get("min_price", 0), get("competitor_floor", 0)),
        "max": price <= min(get("max_price", price), get("competitor_ceiling", price)),
        "whole cent": (100 * price).denominator == 1,
    }
    if cost:
        cost = Fraction(cost)
        margins = [get("target_margin", -1), get("minimum_margin", -1)]
        rules["cost"] = price >= cost * 11 / 10
        rules["margin"] = all(price * (1 - margin) >= cost for margin in margins if margin >= 0)
        rules["ceiling"] = price <= max(5 * cost, p0)
    return [rule for rule, holds in rules.items() if not holds]


@settings(max_examples=120, deadline=None)
@given(cases, policies, strategies)
def test_the_recommendation_is_the_present_price_or_breaks_no_hard_rule(case, policy, strategy):
    advice = recommend(PricingInputs.of(**case), PriceConstraints.of(1, **policy), strategy).of_product(0)
    assert advice.moved == (advice.recommended_price != case["price"])
    assert advice.current_price == case["price"]
    if advice.moved:
        assert breaches(Fraction(advice.recommended_price), case, policy) == []
        assert advice.elasticity < 0
    assert 0 <= advice.confidence <= 1
    assert rationale(advice).endswith(".")


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("model", DEMAND_MODELS)
def test_in_a_large_shop_every_price_stays_or_lies_from_low_to_high(strategy, model):
    rng, count = np.random.default_rng(3), 5_000
    price = np.round(rng.lognormal(2, 2, count), 2) + 0.01
    inputs = PricingInputs.of(
        price=price,
        cost=np.where(rng.random(count) < 0.9, np.round(price * rng.uniform(0, 1.5, count), 4), np.nan),
        elasticity=rng.uniform(-50, 50, count) / rng.choice([1, 10, 50], count),
        std_error=rng.lognormal(-1, 2, count),
    )
    constraints = PriceConstraints.of(
        count,
        target_margin=rng.uniform(0, 0.4, count),
        markup=rng.uniform(0, 3, count),
        min_price=np.where(rng.random(count) < 0.3, price * rng.uniform(0.7, 1.2, count), np.nan),
        max_change=rng.uniform(0, 0.6, count),
    )
    found = recommend(inputs, constraints, PricingStrategy(strategy, model))
    cents = np.rint(100 * found.price)
    inside = (cents >= found.limits.low) & (cents <= found.limits.high)
    assert (inside | (found.price == inputs.price)).all()
    assert (found.price[~found.moved] == inputs.price[~found.moved]).all()
    assert found.moved.sum() > 100


@settings(max_examples=50, deadline=None)
@given(cases, policies, strategies)
def test_with_no_floor_known_no_price_ever_moves(case, policy, strategy):
    case |= {"cost": None, "assumed_cost_ratio": None}
    policy.pop("min_price", None)
    advice = recommend(PricingInputs.of(**case), PriceConstraints.of(1, **policy), strategy).of_product(0)
    assert (advice.recommended_price, advice.reason) == (case["price"], "NO_FLOOR")
    assert "NO_FLOOR" in advice.warnings


@settings(max_examples=50, deadline=None)
@given(cases, policies, st.sampled_from(DEMAND_MODELS), st.sampled_from(["profit", "revenue"]))
def test_profit_and_revenue_move_a_price_only_for_a_likely_gain(case, policy, model, strategy):
    advice = recommend(
        PricingInputs.of(**case), PriceConstraints.of(1, **policy), PricingStrategy(strategy, model)
    ).of_product(0)
    if advice.moved:
        assert advice.probability_of_gain >= 0.8
    elif advice.reason == "UNCERTAIN_GAIN":
        assert advice.probability_of_gain < 0.8


@settings(max_examples=40, deadline=None)
@given(
    st.floats(-5, -0.2),
    st.floats(0.05, 1),
    st.floats(0.1, 0.85),
    st.decimals("2", "60", places=2),
    st.sampled_from(DEMAND_MODELS),
    st.sampled_from(["profit", "revenue"]),
    st.sampled_from([(49, 99), (0,), ()]),
)
@example(-1.0, 0.25, 0.5, Decimal("9.56"), "constant_elasticity", "revenue", (49, 99))
def test_no_allowed_price_is_expected_to_bring_more_than_the_best(e, sd, share, price, model, aim, endings):
    inputs = PricingInputs.of(price=float(price), cost=share * float(price), elasticity=e, std_error=sd)
    strategy = PricingStrategy(aim, model, endings)
    found = recommend(inputs, PriceConstraints.of(1), strategy)
    low, high = int(found.limits.low[0]), int(found.limits.high[0])
    inside = range(low, high + 1)
    now = round(100 * price)
    best = expected_value(found.best_price, inputs, strategy)[0]
    present = expected_value(inputs.price, inputs, strategy)[0]

    def most(cents):
        others = [c for c in cents if c != now]
        return expected_value(np.array([others]) / 100, inputs, strategy)[0].max() if others else present

    to_the_cent = most(inside)
    ended = most([c for c in inside if c % 100 in endings] or inside)
    slack = 1e-9 * abs(to_the_cent)
    assert ended - slack <= best <= to_the_cent + slack or best == pytest.approx(present)
    gain = to_the_cent - present
    if gain > abs(present) / 100 + slack:
        # For an ending's sake at most half of the gain is given up.
        assert best - present >= gain / 2 - slack
    if ended - present > gain / 2 + slack:
        assert best == pytest.approx(ended)
