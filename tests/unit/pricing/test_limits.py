"""The bounds of a price, rounded inward, and the endings inside them."""

from decimal import Decimal
from fractions import Fraction
from math import ceil, floor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from elastix.currency import TWO_DECIMALS
from pricing.recommendation.core.inputs import PriceConstraints, PricingInputs
from pricing.recommendation.core.limits import (
    CEILINGS,
    FLOORS,
    RULES,
    crossed_limit,
    is_extrapolation,
    price_limits,
)
from pricing.recommendation.core.optimum import price_endings_near

amounts = st.decimals("0.0001", "9999", places=4)
fractions = st.decimals("0", "0.9999", places=4)


def limits(price=10.0, cost=None, **constraints):
    return price_limits(
        PricingInputs.of(price=price, cost=cost, elasticity=-2.0), PriceConstraints.of(1, **constraints)
    )


def bounds(found):
    return {each.rule: str(each.bound) for each in found.of_product(0)}


def named(found, aim):
    return [rule for rule, binds in zip(RULES, found.binding(np.array([aim]))[:, 0], strict=True) if binds]


def test_each_rule_has_its_bound_rounded_inward_to_the_cent():
    found = limits(
        12.99,
        8.5,
        target_margin=0.3,
        minimum_margin=0.1,
        min_price=9.991,
        max_price=19.999,
        competitor_floor=12.5,
        competitor_ceiling=14.4999,
    )
    assert bounds(found) == {
        "cost_floor": "9.35",
        "target_margin": "12.15",
        "minimum_margin": "9.45",
        "min_price": "10.00",
        "max_decrease": "11.05",
        "competitor_floor": "12.50",
        "max_price": "19.99",
        "max_increase": "14.93",
        "competitor_ceiling": "14.49",
        "price_ceiling": "42.50",
    }
    assert (found.low[0], found.high[0]) == (1250, 1449)


@settings(deadline=None)
@given(amounts, amounts, fractions, st.decimals("0", "5", places=4))
def test_bounds_are_those_of_exact_arithmetic(price, cost, margin, change):
    found = limits(float(price), float(cost), target_margin=float(margin), max_change=float(change))
    p, c, m, x = (100 * Fraction(price), 100 * Fraction(cost), Fraction(margin), Fraction(change))
    expected = {
        "cost_floor": ceil(c * 11 / 10),
        "target_margin": ceil(c / (1 - m)),
        "max_decrease": max(ceil(p * (1 - x)), 1),
        "max_increase": floor(p * (1 + x)),
        "price_ceiling": floor(max(5 * c, p)),
    }
    assert {rule: int(100 * Decimal(bound)) for rule, bound in bounds(found).items()} == expected


def test_a_bound_that_is_a_whole_cent_stays_where_it_is():
    # In binary fractions 8.50 * 1.1 is 9.350000000000001, and 1.1 * 10 * 1.15 is below 12.65.
    assert bounds(limits(11.0, 8.5))["cost_floor"] == "9.35"
    assert bounds(limits(11.0))["max_increase"] == "12.65"


def test_a_floor_is_known_from_a_cost_or_a_minimum_price_only():
    assert not limits(minimum_margin=0.2, max_price=20, competitor_floor=9).floor_known[0]
    assert not limits(cost=0.0, min_price=0.0).floor_known[0]
    assert limits(cost=4.0).floor_known[0]
    assert limits(min_price=4.0).floor_known[0]


def test_the_ceiling_never_lies_below_the_present_price():
    assert bounds(limits(99.0, 2.0))["price_ceiling"] == "99.00"


def test_what_was_not_laid_down_does_not_appear():
    assert list(bounds(limits())) == ["max_decrease", "max_increase"]


def test_the_tightest_rule_on_the_side_of_the_aim_binds():
    found = limits(12.99, 8.5, target_margin=0.3)
    assert named(found, 16.16) == ["max_increase"]
    assert named(found, 11.0) == ["target_margin"]
    assert named(found, 13.5) == []
    assert named(found, np.inf) == ["max_increase"]
    assert named(found, np.nan) == []


def test_rules_with_the_same_bound_bind_together():
    assert named(limits(10.0, 5.0, max_price=11.5), 20.0) == ["max_price", "max_increase"]


def test_where_no_price_is_left_the_rules_that_contradict_each_other_are_named():
    found = limits(12.99, 12.0, target_margin=0.3, min_price=10.0)
    assert not found.feasible[0]
    assert named(found, 13.0) == ["target_margin", "max_increase"]


def test_a_price_between_two_cents_that_may_not_move_leaves_no_whole_cent():
    found = limits(9.995, 5.0, max_change=0.0)
    assert not found.feasible[0]
    # Rounded down to the cent, the ceiling (never below the present price) is below the floor as well.
    assert set(named(found, 12.0)) == {"max_decrease", "max_increase"}


@settings(max_examples=40, deadline=None)
@given(amounts, amounts, fractions, amounts, amounts, st.floats(0, 1e6))
def test_in_every_infeasible_set_a_floor_and_a_ceiling_are_named(price, cost, margin, least, most, aim):
    found = limits(float(price), float(cost), target_margin=margin, min_price=least, max_price=most)
    binding = named(found, aim)
    contradicts = bool(set(binding) & set(FLOORS)) and bool(set(binding) & set(CEILINGS))
    assert contradicts != bool(found.feasible[0])


@settings(deadline=None)
@given(
    st.floats(0, 1),
    st.integers(1, 10_000),
    st.integers(0, 3_000),
    st.lists(st.integers(0, 99), max_size=4).map(tuple),
)
def test_endings_are_found_wherever_one_is_allowed(share, low, width, endings):
    high = low + width
    price = np.array([(low + share * width) / 100])
    cents, allowed = price_endings_near(price, np.array([low]), np.array([high]), endings)
    chosen = cents[allowed]
    inside = [c for c in range(low, high + 1) if c % 100 in endings]
    assert chosen.size > 0
    assert ((chosen >= low) & (chosen <= high)).all()
    if inside:
        assert {c % 100 for c in chosen.tolist()} <= set(endings)
        below, above = [c for c in inside if c <= 100 * price[0]], [c for c in inside if c > 100 * price[0]]
        assert {max(below, default=chosen[0]), min(above, default=chosen[0])} <= set(chosen.tolist())


def test_the_range_ever_charged_is_soft_by_5_percent():
    constraints = PriceConstraints.of(
        5, lowest_charged=[10, 10, 10, 10, np.nan], highest_charged=[20, 20, 20, 20, np.nan]
    )
    prices = np.array([9.49, 9.50, 21.0, 21.01, 1000.0])
    assert is_extrapolation(prices, constraints).tolist() == [True, False, False, True, False]


def test_money_is_none_where_there_is_none():
    assert TWO_DECIMALS.money(66.3) == Decimal("66.30")
    assert [TWO_DECIMALS.money(np.nan), TWO_DECIMALS.money(np.inf)] == [None, None]


@pytest.mark.parametrize(
    ("constraints", "message"),
    [
        ({"target_margin": 1.0}, "below 1"),
        ({"minimum_margin": 1.5}, "below 1"),
        ({"max_change": 100}, "largest change"),
        ({"max_price": -1}, "negative"),
        ({"max_price": np.inf}, "above"),
    ],
)
def test_terms_that_mean_nothing_are_refused(constraints, message):
    with pytest.raises(ValueError, match=message):
        PriceConstraints.of(1, **constraints)


def test_a_term_nobody_knows_is_refused():
    with pytest.raises(TypeError, match="maximum_price"):
        PriceConstraints.of(1, maximum_price=3)


@pytest.mark.parametrize(
    "fact", [{"price": 0.0}, {"price": np.nan}, {"cost": -1.0}, {"quantity": np.nan}, {"elasticity": np.inf}]
)
def test_offers_that_mean_nothing_are_refused(fact):
    with pytest.raises(ValueError, match=r"must (be|not)"):
        PricingInputs.of(**{"price": 10.0, "elasticity": -1.0} | fact)


def test_an_assumed_cost_is_a_share_of_the_price_and_never_replaces_a_known_one():
    inputs = PricingInputs.of(price=12.99, cost=[8.5, np.nan], elasticity=-1.2, assumed_cost_ratio=0.6)
    assert inputs.cost.tolist() == [8.5, 7.794]
    assert inputs.cost_assumed.tolist() == [False, True]


def test_prices_two_hundredths_of_a_cent_outside_are_not_allowed():
    found = limits(cost=5.0, max_change=0.1)
    assert (found.low[0], found.high[0]) == (900, 1100)
    prices = {8.9999: False, 8.99996: True, 9.0: True, 11.0: True, 11.00004: True, 11.0001: False}
    assert {price: bool(found.allows(np.array([price]))[0]) for price in prices} == prices


def test_relations_have_a_floor_and_a_ceiling():
    found = limits(cost=5.0, relation_floor=9.501, relation_ceiling=10.509)
    assert (found.low[0], found.high[0]) == (951, 1050)
    assert (bounds(found)["relation_floor"], bounds(found)["relation_ceiling"]) == ("9.51", "10.50")


def test_every_rule_is_a_floor_or_a_ceiling():
    assert FLOORS == (
        "cost_floor", "target_margin", "minimum_margin", "min_price", "max_decrease", "competitor_floor", "relation_floor",
    )  # fmt: skip
    assert CEILINGS == (
        "max_price",
        "max_increase",
        "competitor_ceiling",
        "relation_ceiling",
        "price_ceiling",
    )


def test_rules_that_can_be_kept_together_do_not_contradict_each_other():
    # A minimum of 12.00 and a largest increase to 11.50; a floor at 11.50 and a ceiling at 12.00 stand in nobody's way.
    found = limits(cost=5.0, min_price=12.0, competitor_floor=11.5, max_price=12.0)
    assert named(found, 13.0) == ["min_price", "max_increase"]


def test_an_error_that_was_not_stated_is_taken_for_a_large_one():
    inputs = PricingInputs.of(price=10.0, elasticity=[-2.0, -2.0], std_error=[None, 0.3])
    assert inputs.std_error.tolist() == [1.0, 0.3]


def test_a_share_of_0_assumes_no_cost():
    inputs = PricingInputs.of(price=10.0, elasticity=[-2.0, -2.0], assumed_cost_ratio=[0.0, 0.4])
    assert (inputs.cost[1], np.isnan(inputs.cost).tolist(), inputs.cost_assumed.tolist()) == (
        4.0,
        [True, False],
        [False, True],
    )


def test_costs_with_tax_count_to_four_decimals_and_taxes_are_not_negative():
    # 1.23456 and 20 % are 1.481472.
    assert PricingInputs.of(price=10.0, elasticity=-2.0, cost=1.23456, tax_rate=20).cost[0] == 1.4815
    with pytest.raises(ValueError, match="tax rates"):
        PricingInputs.of(price=10.0, elasticity=-2.0, tax_rate=-0.5)


def test_a_price_crosses_the_tightest_limit_on_its_side_and_none_between_them():
    # 1.1 times the cost: 5.50; by at most a quarter: 7.50 to 12.50; at most 11; 5 times the cost: 25.
    found = list(limits(price=10.0, cost=5.0, max_change=0.25, max_price=11.0).of_product(0))

    def crossed(price):
        limit = crossed_limit(Decimal(price), found)
        return limit and (limit.rule, str(limit.bound))

    assert crossed("7.49") == crossed("5.00") == ("max_decrease", "7.50")
    assert crossed("7.50") is crossed("11.00") is None
    assert crossed("11.01") == crossed("26.00") == ("max_price", "11.00")


def test_relations_to_other_prices_are_left_to_those_who_see_all_of_them():
    found = list(limits(price=10.0, relation_floor=9.0, relation_ceiling=11.0).of_product(0))
    assert crossed_limit(Decimal("8.99"), found) is crossed_limit(Decimal("11.01"), found) is None
