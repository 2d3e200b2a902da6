"""Whatever a rule, a factor, a policy or a cap says: no constrained price breaks a hard guardrail."""

from decimal import Decimal
from fractions import Fraction
from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from market.core.dynamic import DynamicSettings, dynamic_factors
from market.core.repricing import NO_RULE, Action, Conditions, Moment, PriceAction, RuleCase, Signals, choose
from pricing.recommendation.core.constrained import ConstrainedPrices, constrain_price
from pricing.recommendation.core.inputs import PriceConstraints, PricingInputs
from pricing.recommendation.core.limits import (
    COST_FLOOR,
    DAY_INCREASE,
    INFEASIBLE,
    MAX_INCREASE,
    MIN_PRICE,
    NO_FLOOR,
    DayRange,
)
from tests.unit.pricing.test_recommendation_properties import breaches, policies

money = st.decimals("0.01", "5000", places=2)
perhaps_price = st.none() | st.floats(0.01, 1e6)
percents = st.decimals("0.0001", "1", places=4)
known_of_product = st.fixed_dictionaries(
    {
        "price": money,
        "cost": st.none() | st.decimals("0", "5000", places=4),
        "assumed_cost_ratio": st.none() | st.decimals("0", "0.9", places=3),
        "elasticity": st.none(),
    }
)
numbers = st.just(0.0) | st.floats(1e-4, 1e7) | st.just(np.nan)
seen = st.fixed_dictionaries(
    {
        **dict.fromkeys(("base", "daily_demand", "demand", "usual", "lowest", "mean"), numbers),
        **dict.fromkeys(("stock", "target", "days_unchanged"), numbers),
        "competitor_move": st.floats(-1, 10),
    }
)
actions = st.builds(
    PriceAction,
    kind=st.sampled_from(get_args(Action)),
    change=st.floats(-0.9, 4),
    amount=st.floats(0, 1e6),
    reference=st.sampled_from(("lowest", "mean")),
    min_price=perhaps_price,
    max_price=perhaps_price,
)
conditions = st.builds(
    Conditions,
    stock_days_below=st.none() | st.floats(0, 1e5),
    surge_above=st.none() | st.floats(0, 5),
    hours=st.just(()) | st.just((12,)),
    competitor_move=st.none() | st.floats(-1, 5),
)
rules = st.lists(st.tuples(conditions, actions, st.booleans()), min_size=1, max_size=4)


def constrained(
    product: dict[str, Any], policy: dict[str, Any], price: float, **more: Any
) -> ConstrainedPrices:
    return constrain_price(
        np.array([price]), PricingInputs.of(**product), PriceConstraints.of(1, **policy), **more
    )


def assert_allowed(found: ConstrainedPrices, product: dict[str, Any], policy: dict[str, Any]) -> None:
    """The price is the present one, or lies inside every limit and no farther than was wanted."""
    now, price, aim = (int(each[0]) for each in (found.now, found.price, found.price))
    assert now == 100 * product["price"]
    if price != now:
        assert breaches(Fraction(price, 100), product, policy) == []
        assert min(now, aim) <= price <= max(now, aim)
        assert found.reason(0) == ""
    if product["cost"] in (None, 0) and not product["assumed_cost_ratio"] and "min_price" not in policy:
        assert (price, found.reason(0)) == (now, NO_FLOOR)


@settings(max_examples=300, deadline=None)
@given(known_of_product, policies, seen, rules, st.integers(0, 23))
def test_no_rule_leaves_the_guardrails(
    product: dict[str, Any], policy: dict[str, Any], known: dict[str, float], written: list[Any], hour: int
) -> None:
    row = {"price": float(product["price"])} | known
    signals = Signals(**{name: np.array([value]) for name, value in row.items()})
    cases = [
        RuleCase(number, condition, action, np.array([True]), returns)
        for number, (condition, action, returns) in enumerate(written)
    ]
    choice = choose(cases, signals, np.array([len(cases) - 1]), Moment(hour, 1))
    if choice.winner[0] == NO_RULE:
        assert choice.price[0] == row["price"]
    elif np.isfinite(choice.price[0]):
        assert_allowed(constrained(product, policy, choice.price[0]), product, policy)


@settings(max_examples=200, deadline=None)
@given(
    known_of_product,
    policies,
    seen,
    st.integers(0, 23),
    st.floats(0, 1),
    st.floats(0, 10),
    st.floats(-0.9, 10),
)
def test_no_combination_of_factors_leaves_the_guardrails(
    product: dict[str, Any], policy: dict[str, Any], known: dict[str, float], hour: int,
    urgency: float, sensitivity: float, peak: float,
) -> None:  # fmt: skip
    stock, target, demand, usual = (
        np.nan_to_num(known[name]) for name in ("stock", "target", "demand", "usual")
    )
    factors = dynamic_factors(
        stock=stock, target=target, demand=demand, usual=usual, hour=hour, weekday=1,
        settings=DynamicSettings(urgency, sensitivity, peak, weekday_multiplier=peak, peak_weekdays=(1,)),
    )  # fmt: skip
    wanted = float(product["price"]) * factors.combined[0]
    assert_allowed(constrained(product, policy, wanted), product, policy)


@settings(max_examples=200, deadline=None)
@given(known_of_product, policies, st.floats(0.01, 1e7), money, percents)
def test_the_cap_of_a_day_is_one_more_wall(
    product: dict[str, Any], policy: dict[str, Any], wanted: float, start: Decimal, most: Decimal
) -> None:
    day = DayRange(np.array([float(start)]), np.array([float(most)]))
    found = constrained(product, policy, wanted, day=day)
    assert_allowed(found, product, policy)
    if found.price[0] != found.now[0]:
        price = Fraction(int(found.price[0]), 100)
        assert abs(price - Fraction(start)) <= Fraction(most) * Fraction(start)


@settings(max_examples=100, deadline=None)
@given(known_of_product, policies, st.floats(0.01, 1e7))
def test_constraining_again_changes_nothing_where_a_wall_was_reached(
    product: dict[str, Any], policy: dict[str, Any], wanted: float
) -> None:
    first = constrained(product, policy, wanted)
    allowed = {"min_price", "max_price", "minimum_margin", "target_margin"} & policy.keys()
    fixed = {name: policy[name] for name in allowed} | {"max_change": Decimal(0)}
    again = constrained(product | {"price": Decimal(int(first.price[0])) / 100}, fixed, wanted)
    assert again.price[0] == first.price[0]


CUP = {"price": Decimal("10.00"), "cost": Decimal("6.0000"), "elasticity": None}


def price_and_walls(
    wanted: float, policy: dict[str, Any] | None = None, **more: Any
) -> tuple[int, list[str]]:
    found = constrained(CUP | more.pop("product", {}), policy or {}, wanted, **more)
    return int(found.price[0]), found.bound_by(0)


def test_a_price_inside_is_taken_to_the_cent() -> None:
    assert price_and_walls(10.494) == (1049, [])


def test_what_stops_a_price_is_named() -> None:
    assert price_and_walls(20) == (1150, [MAX_INCREASE])
    assert price_and_walls(1, {"max_change": Decimal("0.9")}) == (660, [COST_FLOOR])
    day = DayRange(np.array([9.8]), np.array([0.05]))
    assert price_and_walls(20, day=day) == (1029, [DAY_INCREASE])


def test_who_wants_a_price_lower_never_raises_it_to_its_floor() -> None:
    below_cost = {"product": {"cost": Decimal("9.50")}}
    assert price_and_walls(9, **below_cost) == (1000, [COST_FLOOR])
    assert price_and_walls(10.2, **below_cost) == (1000, [COST_FLOOR])
    assert price_and_walls(10.5, **below_cost) == (1050, [])


def test_nothing_wanted_nothing_held() -> None:
    assert price_and_walls(10.001, product={"cost": Decimal("9.50")}) == (1000, [])


def test_contradicting_rules_leave_the_price_alone_and_are_named() -> None:
    found = constrained(CUP, {"min_price": 20}, 11)
    assert (found.price[0], found.reason(0)) == (1000, INFEASIBLE)
    assert found.bound_by(0) == [MIN_PRICE, MAX_INCREASE]


@pytest.mark.parametrize("wanted", [1e-9, 1e12])
def test_the_catalogue_can_hold_every_price(wanted: float) -> None:
    product = CUP | {"price": Decimal("99999999.99"), "cost": Decimal(1)}
    found = constrained(product, {"max_change": Decimal(1)}, wanted)
    assert 1 <= found.price[0] <= 9_999_999_999
