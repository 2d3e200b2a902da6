"""Prices worth comparing: steps towards a recommendation, presets, and scenarios side by side."""

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pricing.recommendation.core.inputs import PriceConstraints, PricingInputs, PricingStrategy
from pricing.recommendation.core.recommendation import recommend
from pricing.recommendation.core.scenarios import Scenario, compare, preset_prices, steps_towards

elasticities = st.floats(-5, -0.05)


def latte(**facts):
    known = {"price": 12.99, "cost": 8.5, "elasticity": -1.2, "std_error": 0.4, "quantity": 1200} | facts
    return PricingInputs.of(**known)


def names_and_prices(scenarios):
    return {scenario.name: str(scenario.price) for scenario in scenarios}


def test_the_steps_towards_a_recommendation_are_a_third_and_twice_of_it():
    found = recommend(latte(), PriceConstraints.of(1, target_margin=0.3))
    assert names_and_prices(steps_towards(found, 0)) == {
        "Conservative": "13.49",
        "Recommended": "14.49",
        "Aggressive": "15.99",
    }


def test_the_steps_around_a_price_that_stays_try_the_direction_worth_taking():
    stays = recommend(latte(cost=None, elasticity=-3.0), PriceConstraints.of(1))
    assert names_and_prices(steps_towards(stays, 0)) == {
        "Conservative": "12.49",
        "Recommended": "12.99",
        "Aggressive": "10.99",
    }
    undecided = recommend(latte(elasticity=0.4), PriceConstraints.of(1))
    assert names_and_prices(steps_towards(undecided, 0)) == {
        "Conservative": "13.49",
        "Recommended": "12.99",
        "Aggressive": "14.99",
    }


def test_the_steps_around_the_price_of_a_sweet_are_the_next_cents():
    # 5 % and 15 % of 10 pence lie between 8 and 10 pence: 9 pence is the next below, and ends as prices may.
    stays = recommend(latte(price=0.10, cost=None, elasticity=-3.0), PriceConstraints.of(1))
    assert names_and_prices(steps_towards(stays, 0)) == {
        "Conservative": "0.09",
        "Recommended": "0.10",
        "Aggressive": "0.09",
    }


@settings(max_examples=40, deadline=None)
@given(st.decimals("0.01", "900", places=2), st.floats(-5, 1), st.floats(0.1, 1.2))
def test_the_outer_steps_lie_on_one_side_of_the_present_price_and_are_above_0(price, e, share):
    found = recommend(
        PricingInputs.of(price=price, cost=share * float(price), elasticity=e), PriceConstraints.of(1)
    )
    first, advised, last = (scenario.price for scenario in steps_towards(found, 0))
    assert first > 0
    assert last > 0
    assert (first - price) * (last - price) >= 0
    if found.moved[0]:
        assert abs(first - price) <= abs(advised - price) <= abs(last - price)


def test_endings_do_not_carry_the_first_step_past_the_recommended_price() -> None:
    # A third of the way from 2.08 to 2.39 is 2.18; the next price with an ending is 2.49.
    found = recommend(
        PricingInputs.of(price=2.08, cost=1.0, elasticity=-1.2, std_error=0.1), PriceConstraints.of(1)
    )
    assert names_and_prices(steps_towards(found, 0)) == {
        "Conservative": "2.18",
        "Recommended": "2.39",
        "Aggressive": "2.49",
    }


def test_the_presets_by_hand():
    found = recommend(latte(), PriceConstraints.of(1, target_margin=0.3))
    prices = {name: float(price[0]) for name, price in preset_prices(found, np.array([12.49])).items()}
    # Allowed: 12.15 to 14.93. Most profit at 16.16, most revenue at 11.91; no ending between 12.15 and 12.48.
    assert prices == {
        "maximize-profit": 14.49,
        "maximize-revenue": 12.49,
        "balanced": 13.49,
        "premium": 14.49,
        "market-leader": 12.48,
    }


def test_the_market_leader_undercuts_by_a_cent_where_no_ending_does_and_never_below_the_floor():
    found = recommend(latte(price=[12.99] * 3), PriceConstraints.of(3))
    leader = preset_prices(found, np.array([11.30, 9.0, np.nan]))["market-leader"]
    assert leader.tolist() == [11.29, 11.49, 11.49]


def test_presets_need_what_they_compute_with():
    found = recommend(
        latte(cost=[np.nan, np.nan, 8.5], elasticity=[-1.2, -1.2, 0.5], price=[12.99] * 3),
        PriceConstraints.of(3, min_price=[np.nan, 10, np.nan]),
    )
    presets = preset_prices(found)
    known = {name: np.isfinite(prices).tolist() for name, prices in presets.items()}
    assert known == {
        "maximize-profit": [False, False, False],
        "maximize-revenue": [False, True, False],
        "balanced": [False, False, False],
        "premium": [False, True, True],
        "market-leader": [False, True, True],
    }


@settings(max_examples=40, deadline=None)
@given(
    st.decimals("0.05", "900", places=2),
    elasticities,
    st.floats(0.1, 1.2),
    st.floats(0, 900),
    st.lists(st.integers(0, 99), max_size=2).map(tuple),
)
def test_presets_lie_within_the_guardrails_or_are_the_present_price(price, e, share, rival, endings):
    inputs = PricingInputs.of(price=price, cost=share * float(price), elasticity=e)
    found = recommend(inputs, PriceConstraints.of(1), PricingStrategy(price_endings=endings))
    limits = found.limits
    for prices in preset_prices(found, np.array([rival])).values():
        cents = round(100 * prices[0]) if limits.feasible[0] else None
        assert (cents is None and np.isnan(prices[0])) or (
            prices[0] == inputs.price[0] or limits.low[0] <= cents <= limits.high[0]
        )


def test_scenarios_are_ranked_by_profit_beside_the_present_price():
    asked = [Scenario("High", Decimal("15.99")), Scenario("Low", Decimal("11.99"))]
    comparison = compare(latte(), asked)
    assert [scenario.name for scenario in comparison.scenarios] == ["Current price", "High", "Low"]
    assert comparison.rank.tolist() == [2, 1, 3]
    assert comparison.impact.risk_level.tolist() == ["low", "high", "high"]


def test_without_a_cost_scenarios_are_ranked_by_revenue():
    asked = [Scenario("High", Decimal("15.99")), Scenario("Low", Decimal("11.99"))]
    assert compare(latte(cost=None), asked).rank.tolist() == [2, 3, 1]


def test_scenarios_are_those_of_one_product():
    with pytest.raises(ValueError, match="one product"):
        compare(PricingInputs.of(price=[1.0, 2.0], elasticity=-1.0), [])


def test_the_steps_below_a_price_of_one_cent_stay_at_one_cent() -> None:
    stays = recommend(latte(price=0.01, cost=None, elasticity=-3.0), PriceConstraints.of(1))
    assert [str(scenario.price) for scenario in steps_towards(stays, 0)] == ["0.01", "0.01", "0.01"]


def test_the_market_leader_asks_the_lowest_allowed_cent_where_that_undercuts() -> None:
    # Allowed from 12.15; no ending below 12.16, and 12.15 is below it. Below 12.15 nothing undercuts: the lowest ending.
    found = recommend(latte(price=[12.99] * 2), PriceConstraints.of(2, target_margin=0.3))
    assert preset_prices(found, np.array([12.16, 12.15]))["market-leader"].tolist() == [12.15, 12.49]


def test_the_first_step_goes_a_third_of_the_way() -> None:
    found = recommend(
        PricingInputs.of(price=100.0, cost=50.0, elasticity=-1.2, std_error=0.1), PriceConstraints.of(1)
    )
    # A third of 14.99 is 5.00, twice as much 29.98.
    assert names_and_prices(steps_towards(found, 0)) == {
        "Conservative": "104.99",
        "Recommended": "114.99",
        "Aggressive": "129.99",
    }
