"""What rules want: conditions, actions, which rule decides, the canary share, and lists of hours as people write them."""

import math
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.core.repricing import (
    NO_RULE,
    Conditions,
    Moment,
    PriceAction,
    RuleCase,
    Signals,
    choose,
    cost_passed_on,
    in_canary,
    numbers_in,
)

MONDAY_NOON = Moment(hour=12, weekday=1)
KNOWN = {
    "price": 11.0, "base": 10.0, "stock": 50.0, "target": 100.0, "daily_demand": 5.0, "demand": 60.0, "usual": 40.0,
    "lowest": 9.0, "mean": 9.5, "competitor_move": -0.05, "days_unchanged": 7.0, "cost": 6.5, "cost_then": 6.0,
}  # fmt: skip


def signals(*products: dict[str, float]) -> Signals:
    rows = [KNOWN | each for each in products or ({},)]
    return Signals(**{name: np.array([row[name] for row in rows]) for name in KNOWN})


def holds(conditions: Conditions, moment: Moment = MONDAY_NOON, **known: float) -> bool:
    return bool(conditions.hold(signals(known), moment)[0])


def wanted(action: PriceAction, **known: float) -> float:
    return float(action.price(signals(known), MONDAY_NOON)[0])


@pytest.mark.parametrize(
    ("conditions", "known"),
    [
        (Conditions(), {}),
        (Conditions(stock_days_below=10.1), {}),
        (Conditions(stock_days_above=9.9), {}),
        (Conditions(stock_days_below=1), {"stock": -3.0}),
        (Conditions(stock_days_above=1000), {"daily_demand": 0.0}),
        (Conditions(surge_above=1.5), {}),
        (Conditions(competitor_move=-0.05), {}),
        (Conditions(competitor_move=0.05), {"competitor_move": 0.05}),
        (Conditions(unchanged_days=7), {}),
        (Conditions(unchanged_days=7), {"days_unchanged": math.inf}),
        (Conditions(hours=(12,), weekdays=(1,)), {}),
        (Conditions(hours=(11, 12), stock_days_below=11, surge_above=1.2), {}),
    ],
)
def test_a_condition_holds(conditions: Conditions, known: dict[str, float]) -> None:
    assert holds(conditions, **known)


@pytest.mark.parametrize(
    ("conditions", "known"),
    [
        (Conditions(stock_days_below=10), {}),
        (Conditions(stock_days_above=10), {}),
        (Conditions(stock_days_below=10), {"stock": math.nan}),
        (Conditions(stock_days_above=10), {"stock": math.nan, "daily_demand": 0.0}),
        (Conditions(surge_above=1.51), {}),
        (Conditions(surge_above=0.01), {"usual": math.nan}),
        (Conditions(competitor_move=-0.06), {}),
        (Conditions(competitor_move=0.01), {}),
        (Conditions(competitor_move=-0.01), {"competitor_move": math.nan}),
        (Conditions(unchanged_days=8), {}),
        (Conditions(hours=(13,)), {}),
        (Conditions(weekdays=(6, 7)), {}),
        (Conditions(hours=(12,), stock_days_below=2), {}),
    ],
)
def test_a_condition_does_not_hold_or_is_not_known_to(
    conditions: Conditions, known: dict[str, float]
) -> None:
    assert not holds(conditions, **known)


@pytest.mark.parametrize(
    ("action", "price"),
    [
        (PriceAction("factor", change=-0.2), 8.0),
        (PriceAction("factor", change=0.2, max_price=11.5), 11.5),
        (PriceAction("match", reference="lowest"), 9.0),
        (PriceAction("match", reference="mean"), 9.5),
        (PriceAction("match", reference="lowest", min_price=9.25), 9.25),
        (PriceAction("undercut", amount=0.01, reference="lowest"), 8.99),
        (PriceAction("undercut", change=0.01, reference="mean"), 9.4),
        (PriceAction("bounds", min_price=5, max_price=10.5), 10.5),
        (PriceAction("bounds", min_price=12), 12.0),
        (PriceAction("bounds", min_price=5, max_price=20), 11.0),
        (PriceAction("dynamic"), 10 * 0.5**-0.3 * 1.25 * 1.15),
        (PriceAction("pass_through", change=1), 11.5),
        (PriceAction("pass_through", change=0.6), 11.3),
        (PriceAction("pass_through", change=1.5), 11.75),
        (PriceAction("pass_through", change=1, max_price=11.2), 11.2),
    ],
)
def test_an_action_asks_for_a_price(action: PriceAction, price: float) -> None:
    assert wanted(action) == pytest.approx(price)


def test_undercutting_ends_below_even_where_a_cent_is_more_than_the_percentage() -> None:
    assert wanted(PriceAction("undercut", change=0.01, reference="lowest"), lowest=0.10) == 0.09


def test_undercutting_by_more_than_there_is_ends_at_a_cent() -> None:
    assert wanted(PriceAction("undercut", amount=100, reference="lowest")) == 0.01


def test_without_competitors_there_is_nothing_to_match() -> None:
    assert math.isnan(wanted(PriceAction("match", min_price=5), lowest=math.nan))


def test_a_cost_that_fell_lowers_the_price() -> None:
    assert wanted(PriceAction("pass_through", change=1), cost=5.6) == pytest.approx(10.6)


@pytest.mark.parametrize(
    "known",
    [{"cost": 6.0}, {"cost": 6.004}, {"cost": 5.996}, {"cost": math.nan}, {"cost_then": math.nan}],
    ids=["unchanged", "less than a cent", "less than a cent down", "unknown now", "unknown then"],
)
def test_nothing_is_passed_on(known: dict[str, float]) -> None:
    assert math.isnan(wanted(PriceAction("pass_through", change=1), **known))


def test_half_a_cent_is_passed_on() -> None:
    assert wanted(PriceAction("pass_through", change=1), cost=6.005) == pytest.approx(11.005)


@pytest.mark.parametrize(
    ("new_price", "covered"),
    [("5.00", "3.0000"), ("4.60", "2.6000"), ("4.00", "2.0000"), ("5.20", "3.0000"), ("3.90", "2.0000")],
    ids=["all", "a part", "nothing", "more", "the other way"],
)
def test_a_price_covers_the_cost_as_far_as_it_went(new_price: str, covered: str) -> None:
    found = cost_passed_on(
        Decimal(2), Decimal(3),
        old_price=Decimal(4), wanted_price=Decimal(5), new_price=Decimal(new_price),
    )  # fmt: skip
    assert str(found) == covered


@given(st.decimals(0, 50, places=4), st.decimals(0, 50, places=4), st.floats(0.01, 1.5), st.floats(0, 1))
def test_in_two_steps_a_cost_is_passed_on_as_in_one(
    then: Decimal, now: Decimal, share: float, part: float
) -> None:
    action = PriceAction("pass_through", change=share)
    old = 100.0
    whole = old + share * float(now - then)
    limited = old + part * (whole - old)
    covered = cost_passed_on(
        then, now,
        old_price=Decimal(old), wanted_price=Decimal(whole), new_price=Decimal(limited),
    )  # fmt: skip
    rest = wanted(action, price=limited, cost=float(now), cost_then=float(covered))
    assert math.isnan(rest) or rest == pytest.approx(whole, abs=0.001)


def test_a_rule_that_is_evaluated_again_at_its_own_price_asks_for_the_same() -> None:
    action = PriceAction("factor", change=0.1)
    assert wanted(action, price=10) == wanted(action, price=11) == pytest.approx(11)


def test_dynamic_factors_are_idle_where_nothing_is_known() -> None:
    unknown = {"stock": math.nan, "target": math.nan, "usual": math.nan}
    assert wanted(PriceAction("dynamic"), **unknown) == pytest.approx(11.5)  # the peak hour alone


def case(number: int, covers: list[bool], **more: Any) -> RuleCase:
    known = {"conditions": Conditions(), "action": PriceAction("factor", change=number / 10)} | more
    return RuleCase(number, covers=np.array(covers), **known)


def test_the_first_rule_that_fires_decides() -> None:
    rules = [
        case(1, [True, False, True, False], conditions=Conditions(stock_days_below=5)),
        case(2, [True, True, True, False], action=PriceAction("match")),
        case(3, [True, True, True, False]),
    ]
    seen = signals({"stock": 10.0}, {}, {"lowest": math.nan}, {})
    found = choose(rules, seen, np.full(4, NO_RULE), MONDAY_NOON)
    assert found.winner.tolist() == [0, 1, 2, NO_RULE]
    assert found.price == pytest.approx([11, 9, 13, 11])


def test_a_price_goes_back_when_the_rule_that_set_it_fires_no_more() -> None:
    never = Conditions(hours=(3,))
    rules = [
        case(1, [True] * 3, conditions=never, revert_when_inactive=True),
        case(2, [True] * 3, conditions=never),
    ]
    found = choose(rules, signals({}, {}, {}), np.array([1, 2, NO_RULE]), MONDAY_NOON)
    assert found.winner.tolist() == [0, NO_RULE, NO_RULE]
    assert found.price.tolist() == [10, 11, 11]


CODES = [f"P{number:05}" for number in range(4000)]


@given(st.integers(1, 10**6), st.integers(1, 99))
def test_a_larger_share_holds_the_smaller_one(rule: int, percent: int) -> None:
    few = {code for code in CODES[:500] if in_canary(rule, code, percent)}
    assert few <= {code for code in CODES[:500] if in_canary(rule, code, percent + 1)}


@pytest.mark.parametrize("percent", [1, 5, 10, 50])
def test_a_share_is_about_as_large_as_it_says(percent: int) -> None:
    share = 100 * sum(in_canary(7, code, percent) for code in CODES) / len(CODES)
    assert share == pytest.approx(percent, abs=3 * math.sqrt(percent * (100 - percent) / len(CODES)))


def test_the_whole_is_everything_and_each_rule_has_a_share_of_its_own() -> None:
    assert all(in_canary(7, code, 100) for code in CODES)
    assert [code for code in CODES if in_canary(7, code, 10)] != [
        code for code in CODES if in_canary(8, code, 10)
    ]


@pytest.mark.parametrize(
    ("text", "numbers"),
    [("", ()), ("8", (8,)), ("8, 11-13", (8, 11, 12, 13)), ("3,1,3", (1, 3)), ("0-23", tuple(range(24)))],
)
def test_numbers_and_ranges_are_read(text: str, numbers: tuple[int, ...]) -> None:
    assert numbers_in(text, 0, 23) == numbers


@pytest.mark.parametrize("text", ["x", "8;9", "24", "-1", "13-11", "8-", "-", "1-2-3", "1.5", "²"])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is"):
        numbers_in(text, 0, 23)
