"""Projections of sales to another price."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulations.core.what_if import Sales, interval, project, steps, warnings

SOLD = Sales(1200, 1200 * 12.99)
PERCENTS = st.floats(-99, 1000)
ELASTICITIES = st.floats(-10, -0.05)


def test_a_price_rise_of_ten_percent_at_elasticity_minus_1_2_loses_twelve_percent_of_the_units() -> None:
    projected = project(SOLD, 10, -1.2)

    assert projected.quantity == 1056
    assert projected.price == pytest.approx(14.289)
    assert projected.quantity_change_percent == pytest.approx(-12)
    assert projected.revenue_change_percent == pytest.approx(100 * (1.1 * 0.88 - 1))


def test_no_change_of_price_changes_nothing() -> None:
    projected = project(SOLD, 0, -1.2)

    assert (projected.quantity, projected.revenue) == (1200, pytest.approx(SOLD.revenue))
    assert projected.quantity_change_percent == projected.revenue_change_percent == 0


def test_nothing_sold_projects_to_zeros() -> None:
    projected = project(Sales(0, 0), 10, -1.2)

    assert (projected.price, projected.quantity, projected.revenue) == (0, 0, 0)


def test_more_returned_than_sold_projects_to_zeros() -> None:
    assert project(Sales(-3, -30), 10, -1.2).quantity == 0


@given(PERCENTS, ELASTICITIES, st.sampled_from(["linear", "constant_elasticity"]))
def test_revenue_is_what_the_whole_units_bring(percent: float, elasticity: float, model: str) -> None:
    projected = project(SOLD, percent, elasticity, model)

    assert projected.quantity >= 0
    assert projected.revenue == pytest.approx(projected.quantity * projected.price)


@given(PERCENTS, ELASTICITIES, st.floats(0.05, 2))
def test_the_projection_lies_within_its_interval_when_the_cut_at_zero_is_far(
    percent: float, elasticity: float, error: float
) -> None:
    if elasticity + 3 * error > 0:
        return
    found = interval(SOLD, percent, elasticity, error)
    projected = project(SOLD, percent, elasticity)

    assert found["quantity_low"] <= projected.quantity <= found["quantity_high"]


def test_without_a_standard_error_there_is_no_interval() -> None:
    assert interval(SOLD, 10, -1.2, None) == {}


def test_beyond_fifteen_percent_the_other_model_is_heard() -> None:
    assert warnings(SOLD, 15, -1.2) == []
    (warning,) = warnings(SOLD, 50, -1.2)
    assert warning.startswith("LARGE_CHANGE")
    assert f"{round(1200 * 1.5**-1.2):,}" in warning


def test_a_positive_elasticity_is_pointed_out() -> None:
    assert any(warning.startswith("NO_ANSWER_TO_PRICE") for warning in warnings(SOLD, 5, 0.3))


@pytest.mark.parametrize(
    ("given_range", "expected"),
    [
        ((-10, 10, 5), [-10, -5, 0, 5, 10]),
        ((0, 10, 4), [0, 4, 8, 10]),
        ((3, 3, 1), [3]),
        ((0, 0.3, 0.1), [0, 0.1, 0.2, 0.3]),
    ],
)
def test_steps_include_both_ends(given_range: tuple[float, float, float], expected: list[float]) -> None:
    assert steps(*given_range) == pytest.approx(expected)
