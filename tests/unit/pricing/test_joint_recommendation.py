"""Prices chosen together: inside the guardrails, with the right endings, never worse than chosen alone."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pricing.recommendation.core.inputs import PriceConstraints, PricingInputs
from pricing.recommendation.core.joint import _Choices, choose_together, joint_profit
from pricing.recommendation.core.limits import price_limits
from pricing.recommendation.core.recommendation import NOTHING_TO_CHOOSE, recommend

ENDINGS = (49, 99)


def choose(inputs, cross, endings=ENDINGS, **constraints):
    constraints = PriceConstraints.of(inputs.count, **constraints)
    advice = recommend(inputs, constraints)
    limits = price_limits(inputs, constraints)
    free = ~np.isin(advice.reason, NOTHING_TO_CHOOSE)
    choice = choose_together(
        inputs, (limits.low, limits.high), free, advice.price, [endings] * inputs.count, cross
    )
    return choice, advice, limits, free


def pair(**facts):
    known = {
        "price": [10.0, 10.0],
        "cost": [6.0, 6.0],
        "quantity": [100.0, 100.0],
        "elasticity": [-2.5, -2.5],
        "std_error": [0.1, 0.1],
    }
    return PricingInputs.of(**(known | facts))


def test_substitutes_are_priced_higher_together_than_alone():
    cross = np.array([[0.0, 0.8], [0.8, 0.0]])
    choice, advice, *_ = choose(pair(), cross, max_change=0.4)
    # Alone (6 + 10 x 1.4) / 2 = 10.00; together the slope is -2.5 + 0.8, the price (6 + 10 (1 + 1/1.7)) / 2 = 10.94.
    assert advice.price.tolist() == [10.0, 10.0]
    assert choice.price.tolist() == [10.99, 10.99]
    assert choice.moved.all()
    assert choice.quantity == pytest.approx([100 * (1 - 1.7 * 0.099)] * 2)
    assert choice.profit_now == choice.profit_alone == 800
    assert choice.profit_together == pytest.approx(2 * 4.99 * 83.17)


def test_complements_are_priced_lower_together_than_alone():
    cross = np.array([[0.0, -0.8], [-0.8, 0.0]])
    choice, *_ = choose(pair(), cross, max_change=0.4)
    # (6 + 10 (1 + 1/3.3)) / 2 = 9.52
    assert choice.price.tolist() == [9.49, 9.49]


def test_a_product_without_a_choice_keeps_its_price_and_counts():
    cross = np.array([[0.0, 0.8], [0.8, 0.0]])
    choice, advice, _, free = choose(pair(elasticity=[-2.5, np.nan]), cross, max_change=0.4)
    assert free.tolist() == [True, False]
    assert (choice.price[1], choice.moved[1]) == (10.0, False)
    # Each cent more on the first brings custom to the second.
    assert choice.price[0] > advice.price[0]
    assert choice.quantity[1] > 100


def test_an_ending_is_given_up_for_one_percent_of_the_present_profit_and_not_for_less():
    # 100 units that earn 5.00 each: 1 % of 500.00 is 5.00.
    choices = _Choices(
        PricingInputs.of(price=10.0, cost=5.0, quantity=100.0, elasticity=-2.0),
        np.array([10.05]), low=900, high=1100, price_endings=(99,),
    )  # fmt: skip

    def best(gain):
        profit = np.where(choices.price == 10.05, 500.0 + gain, 480.0)
        profit[-1] = 500.0
        return choices.price[choices.best(profit)]

    assert best(gain=4.99) == 10.0
    assert best(gain=5.01) == 10.05


def test_any_cent_will_do_where_no_ending_is_asked_for():
    cross = np.array([[0.0, 0.8], [0.8, 0.0]])
    choice, *_ = choose(pair(), cross, endings=(), max_change=0.4)
    assert choice.price == pytest.approx([10.94, 10.94])


prices = st.integers(50, 9_999).map(lambda cents: cents / 100)


@st.composite
def pricing_problems(draw):
    count = draw(st.integers(1, 6))
    many = {"min_size": count, "max_size": count}
    price = draw(st.lists(prices, **many))
    share = draw(st.lists(st.none() | st.floats(0.1, 1.2), **many))
    inputs = PricingInputs.of(
        price=price,
        cost=[None if part is None else part * p for part, p in zip(share, price, strict=True)],
        quantity=draw(st.lists(st.integers(0, 500), **many)),
        elasticity=draw(st.lists(st.none() | st.floats(-6, 1), **many)),
        std_error=draw(st.lists(st.floats(0.05, 1), **many)),
    )
    cross = np.array(draw(st.lists(st.floats(-1.5, 1.5), min_size=count**2, max_size=count**2)))
    cross = cross.reshape(count, count)
    np.fill_diagonal(cross, 0)
    endings = draw(st.sampled_from([(49, 99), (), (0,), (5,)]))
    return inputs, cross, endings, draw(st.floats(0, 0.5))


@given(pricing_problems())
@settings(max_examples=150, deadline=None)
def test_joint_recommendations_keep_the_limits(problem):
    inputs, cross, endings, max_change = problem
    choice, _, limits, free = choose(inputs, cross, endings, max_change=max_change)
    inside = (np.rint(100 * choice.price) >= limits.low) & (np.rint(100 * choice.price) <= limits.high)
    whole = np.isclose(100 * choice.price, np.rint(100 * choice.price), atol=1e-6)
    assert np.all(~choice.moved | (free & inside & whole))
    assert np.array_equal(choice.price[~choice.moved], inputs.price[~choice.moved])
    assert choice.profit_together >= choice.profit_alone - 1e-9
    assert choice.profit_together == pytest.approx(joint_profit(inputs, choice.price, cross))
    assert np.all(choice.quantity >= 0)


def choices(near=10.7, **range_and_endings):
    """What a product of 10.00 that earns 5.00 with each of 100 units may cost near a price."""
    known = {"low": 1050, "high": 1200, "price_endings": ()} | range_and_endings
    return _Choices(
        PricingInputs.of(price=10.0, cost=5.0, quantity=100.0, elasticity=-2.0), np.array([near]), **known
    )


@pytest.mark.parametrize(("low", "high"), [(1050, 1200), (800, 950)])
def test_a_present_price_outside_the_limits_is_not_kept(low, high):
    found = choices(low=low, high=high)
    best = found.best(np.where(found.price == 10.0, 900.0, 500.0 + found.price))
    assert low <= round(100 * found.price[best]) <= high


@pytest.mark.parametrize(("near", "low", "high"), [(10.7, 1000, 1200), (9.2, 800, 1000)])
def test_a_present_price_at_a_limit_may_be_kept(near, low, high):
    found = choices(near, low=low, high=high)
    assert found.price[found.best(np.where(found.price == 10.0, 900.0, 500.0))] == 10.0


def test_where_no_price_ends_as_it_should_the_best_cent_is_taken():
    found = choices(low=1060, high=1080, price_endings=(99,))
    assert found.price[found.best(np.where(np.isclose(found.price, 10.71), 600.0, 500.0))] == 10.71


@pytest.mark.parametrize("low", [1000, 1050])
@pytest.mark.parametrize(("most", "kept", "price"), [(5.0, 2.4, 10.7), (5.0, 2.5, 10.99), (10.0, 4.9, 10.7)])
def test_an_ending_keeps_at_least_half_of_a_gain_of_one_percent(most, kept, price, low):
    # 1 % of 500.00 is 5.00; the gain is one on the present price, whether that is allowed or not.
    found = choices(low=low, price_endings=(99,))
    gain = np.select([np.isclose(found.price, 10.7), np.isclose(found.price, 10.99)], [most, kept], -9.0)
    gain[-1] = 0.0
    assert found.price[found.best(500 + gain)] == price


def test_a_single_allowed_price_is_looked_at():
    # (6 + 10 x 1.5) / 2 = 10.50 earns most at an elasticity of -2, and is the only price allowed.
    inputs = PricingInputs.of(price=10.0, cost=6.0, quantity=100.0, elasticity=-2.0, std_error=0.1)
    allowed = np.array([1050]), np.array([1050])
    found = choose_together(inputs, allowed, np.array([True]), np.array([10.0]), [()], np.zeros((1, 1)))
    assert (found.price[0], found.moved[0]) == (10.5, True)
    assert found.profit_together == pytest.approx(4.5 * 90)


def test_a_product_without_a_cost_does_not_count_where_endings_are_chosen():
    # The second brings nothing that is known: the first takes the ending that earns most by itself, (6 + 10 x 1.5) / 2 = 10.50.
    inputs = pair(cost=[6.0, np.nan], elasticity=[-2.0, -2.0])
    cross = np.array([[0.0, 0.0], [9.0, 0.0]])
    allowed = np.array([900, 1000]), np.array([1100, 1000])
    found = choose_together(inputs, allowed, np.array([True, False]), inputs.price, [(50,), (50,)], cross)
    assert found.price.tolist() == [10.5, 10.0]
    assert (found.profit_now, found.profit_together) == (400, pytest.approx(4.5 * 90))
