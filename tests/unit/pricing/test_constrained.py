"""A wanted price within the limits: the nearest allowed one on the way, or the present one."""

from typing import Any

import numpy as np
import pytest

from pricing.recommendation.core.constrained import ConstrainedPrices, constrain_price
from pricing.recommendation.core.inputs import PriceConstraints, PricingInputs
from pricing.recommendation.core.limits import DayRange

HIGHEST = 9_999_999_999  # cents of the highest price that can be stored


def constrained(
    wanted: float, cost: float | None = 5.0, day: DayRange | None = None, **constraints: Any
) -> ConstrainedPrices:
    """A product of 10.00 that may be changed by 15 %, from 8.50 to 11.50."""
    inputs = PricingInputs.of(price=10.0, elasticity=-2.0, cost=cost)
    return constrain_price(np.array([wanted]), inputs, PriceConstraints.of(1, **constraints), day)


@pytest.mark.parametrize(
    ("wanted", "price", "rules"),
    [
        (9.0, 900, []),
        (10.0, 1000, []),
        (8.5, 850, []),
        (8.49, 850, ["max_decrease"]),
        (11.5, 1150, []),
        (11.51, 1150, ["max_increase"]),
    ],
)
def test_a_price_goes_as_far_as_it_may(wanted: float, price: int, rules: list[str]) -> None:
    found = constrained(wanted)
    assert (found.now[0], found.price[0], found.bound_by(0)) == (1000, price, rules)
    assert found.reason(0) == ""


@pytest.mark.parametrize(("wanted", "price"), [(9.9, 1000), (10.1, 1000), (10.2, 1020), (10.5, 1050)])
def test_a_present_price_below_its_floor_is_raised_only_by_who_wants_that_much(
    wanted: float, price: int
) -> None:
    assert constrained(wanted, min_price=10.2).price[0] == price


@pytest.mark.parametrize(("wanted", "price"), [(10.1, 1000), (9.9, 1000), (9.8, 980), (9.0, 900)])
def test_a_present_price_above_its_ceiling_is_lowered_only_by_who_wants_that_much(
    wanted: float, price: int
) -> None:
    assert constrained(wanted, max_price=9.8).price[0] == price


def test_without_a_floor_the_price_stays() -> None:
    found = constrained(9.0, cost=None)
    assert (found.price[0], found.reason(0)) == (1000, "NO_FLOOR")
    assert constrained(9.0, cost=None, min_price=8.0).price[0] == 900


def test_where_no_price_is_allowed_it_stays_and_the_rules_that_contradict_each_other_are_named() -> None:
    found = constrained(9.0, min_price=12.0)
    assert (found.price[0], found.reason(0)) == (1000, "INFEASIBLE")
    assert found.bound_by(0) == ["min_price", "max_increase"]


def test_a_day_has_a_range_of_its_own() -> None:
    day = DayRange(start=np.array([9.5]), most=np.array([0.1]))
    assert constrained(8.0, day=day).price[0] == 855
    assert constrained(8.0, day=day).bound_by(0) == ["day_decrease"]
    assert constrained(11.0, day=day).price[0] == 1045
    assert constrained(11.0, day=day).bound_by(0) == ["day_increase"]


@pytest.mark.parametrize(("wanted", "aim"), [(0.0, 1), (-3.0, 1), (0.004, 1), (1e15, HIGHEST)])
def test_what_is_wanted_is_a_price_that_can_be_stored(wanted: float, aim: int) -> None:
    assert constrained(wanted).wanted[0] == aim
