"""The dynamic factors: the seed's numbers, when a factor is idle, and how far it may go."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.core.dynamic import INVENTORY_RANGE, SURGE_CAP, DynamicSettings, Factors, dynamic_factors

NOON, NIGHT = 12, 3
units = st.floats(-1e6, 1e6)


def factors(
    stock: float = 0, target: float = 0, demand: float = 0, usual: float = 0, hour: int = NIGHT, **more: int
) -> Factors:
    settings = {name: more.pop(name) for name in list(more) if name != "weekday"}
    return dynamic_factors(
        stock=stock,
        target=target,
        demand=demand,
        usual=usual,
        hour=hour,
        weekday=more.get("weekday", 1),
        settings=DynamicSettings(**settings),  # type: ignore[arg-type]
    )


@pytest.mark.parametrize(("hour", "price"), [(11, 12), (13, 12), (20, 12), (10, 10), (14, 10), (0, 10)])
def test_a_base_price_of_10_is_12_in_peak_hours_of_20_percent(hour: int, price: float) -> None:
    found = factors(hour=hour, peak_multiplier=0.2)  # type: ignore[arg-type]
    assert 10 * found.combined[0] == pytest.approx(price)


def test_peak_hours_add_15_percent_unless_said_otherwise() -> None:
    assert [factors(hour=hour).peak_hour[0] for hour in range(24)] == [
        1.15 if hour in (11, 12, 13, 18, 19, 20) else 1 for hour in range(24)
    ]


def test_half_of_the_wanted_stock_raises_and_twice_lowers_the_price() -> None:
    assert factors(stock=50, target=100).inventory[0] == pytest.approx(0.5**-0.3)
    assert factors(stock=50, target=100).inventory[0] == pytest.approx(1.2311, abs=5e-5)
    assert factors(stock=200, target=100).inventory[0] == pytest.approx(1 / 1.2311, abs=5e-5)
    assert factors(stock=100, target=100).inventory[0] == 1


def test_demand_half_above_the_usual_adds_a_quarter() -> None:
    assert factors(demand=150, usual=100).surge[0] == pytest.approx(1.25)


def test_the_code_of_the_seed_allows_a_surge_to_double_the_price_and_no_more() -> None:
    assert factors(demand=300, usual=100).surge[0] == pytest.approx(2.0)
    beyond = factors(demand=301, usual=100)
    assert (beyond.surge[0], beyond.surge_capped[0]) == (SURGE_CAP, True)


def test_the_factors_are_multiplied() -> None:
    found = factors(50, 100, 150, 100, NOON, weekday=6, weekday_multiplier=0.1, peak_weekdays=(6, 7))  # type: ignore[arg-type]
    assert found.combined[0] == pytest.approx(0.5**-0.3 * 1.25 * 1.15 * 1.1)


@pytest.mark.parametrize(
    "idle",
    [
        {},
        {"stock": 0, "target": 100},
        {"stock": -5, "target": 100},
        {"stock": 5, "target": 0},
        {"demand": 5, "usual": 0},
        {"demand": 99, "usual": 100},
        {"weekday": 7},
    ],
)
def test_a_factor_is_1_when_it_is_idle(idle: dict[str, int]) -> None:
    found = factors(**idle)
    assert [found.inventory[0], found.surge[0], found.peak_hour[0], found.weekday[0]] == [1, 1, 1, 1]
    assert not found.inventory_capped[0]
    assert not found.surge_capped[0]


@given(units, units, units, units, st.integers(0, 23), st.integers(1, 7))
def test_no_factor_leaves_its_range(
    stock: float, target: float, demand: float, usual: float, hour: int, weekday: int
) -> None:
    found = dynamic_factors(
        stock=stock, target=target, demand=demand, usual=usual, hour=hour, weekday=weekday
    )
    low, high = INVENTORY_RANGE
    assert low <= found.inventory[0] <= high
    assert 1 <= found.surge[0] <= SURGE_CAP
    assert found.peak_hour[0] in (1, 1.15)
    assert found.weekday[0] == 1
    assert np.isfinite(found.combined[0])


@given(st.floats(1, 1e6), st.floats(1, 1e6), st.floats(1.01, 10))
def test_less_stock_never_means_a_lower_price(stock: float, target: float, more: float) -> None:
    assert factors(stock, target).inventory[0] >= factors(stock * more, target).inventory[0]


@given(st.floats(0, 1e5), st.floats(1, 1e5), st.floats(0, 1e5))
def test_more_demand_never_means_a_lower_price(demand: float, usual: float, more: float) -> None:
    assert factors(demand=demand, usual=usual).surge[0] <= factors(demand=demand + more, usual=usual).surge[0]
