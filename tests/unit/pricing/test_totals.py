"""What many changes of price do together, and how sure that is."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pricing.elasticity.core.demand import DEMAND_MODELS
from pricing.recommendation.core.inputs import PricingInputs
from pricing.recommendation.core.sums import draw_profit_sum
from pricing.recommendation.core.uncertainty import (
    DRAWS,
    ErrorFactor,
    Spillover,
    draw_changes,
    drawn_normals,
    interval_of,
)


def inputs(products, **facts):
    known = {"price": 10.0, "cost": 6.0, "elasticity": -1.5, "std_error": 0.4, "quantity": 100.0} | facts
    return PricingInputs.of(**{name: np.full(products, value) for name, value in known.items()})


def errors_of(products, shared=0.0, category="one"):
    names = [f"product {number}" for number in range(products)]
    return ErrorFactor(names, [category] * products, np.full(products, shared))


def spread(drawn):
    low, high = np.quantile(drawn, [0.1, 0.9])
    return high - low


def test_the_mean_change_is_the_expected_one():
    drawn = draw_changes(inputs(400), np.full(400, 11.0), errors_of(400), "linear")
    # 100 units lose 15 % at 1 more a unit: 85 x 11 - 1000, and 85 x 5 - 400.
    assert drawn.revenue.mean() == pytest.approx(-65, abs=1)
    assert drawn.profit.mean() == pytest.approx(25, abs=1)
    average = draw_changes(inputs(400), np.full(400, 11.0), errors_of(400))
    # Constant elasticity leaves 100 x 1.1^-1.5 x exp((.4 ln 1.1)^2 / 2) = 86.74: in all 85.87 x 5 - 400.
    assert average.profit.mean() == pytest.approx(29.35, abs=1)
    # The curve is the same for all products of a draw, so that its error does not average out over them.
    linear, constant = (half.mean() for half in np.array_split(average.profit, 2, axis=1))
    assert (linear, constant) == pytest.approx((25, 33.7), abs=1)


def test_a_change_counts_from_the_present_price_also_where_that_was_set_since_the_sales():
    known = inputs(1, price=11.0, base_price=10.0, std_error=1e-6, elasticity=-2.0)
    drawn = draw_changes(known, np.array([12.0]), errors_of(1), "linear")
    # 80 are sold at 11, 60 at 12: 60 x 12 - 80 x 11, and 60 x 6 - 80 x 5.
    assert drawn.revenue == pytest.approx(np.full((1, DRAWS), -160.0), abs=1e-2)
    assert drawn.profit == pytest.approx(np.full((1, DRAWS), -40.0), abs=1e-2)


def test_errors_of_their_own_average_out_and_shared_ones_do_not():
    alone, shared = (
        draw_changes(inputs(400), np.full(400, 11.0), errors_of(400, sd), "linear").profit.sum(axis=0)
        for sd in (0.0, 0.2)
    )
    # One product's profit spreads by 50 x 0.04 x sd 0.4 x 2.56; of 400, twenty times that, or 400 x half of it.
    one = 0.1 * 500 * 0.4 * 2.563
    assert spread(alone) == pytest.approx(20 * one, rel=0.1)
    assert spread(shared) == pytest.approx(one * np.hypot(20 * np.sqrt(0.75), 400 * 0.5), rel=0.1)


@pytest.mark.parametrize(
    ("shared", "sd"),
    # A unit of elasticity is 100 x 0.1 x 5 of profit: a product spreads by 50 x 0.4. Of 400, twenty times that, or the root of
    # (20 x 20 x root of 0.75) squared and (400 x 20 / 2) squared, or 400 times.
    [(0.0, 400.0), (0.2, 4014.97), (0.4, 8000.0), (5.0, 8000.0)],
)
def test_a_sum_spreads_by_shared_errors_without_drawing_those_of_each_product(shared, sd):
    known, price = inputs(400, elasticity=-3.0), np.full(400, 11.0)
    drawn = draw_profit_sum(known, price, errors_of(400, shared), "linear")
    # 100 units lose 30 %: 70 x 5 - 400 = -50 for each.
    assert drawn.mean() == pytest.approx(400 * -50, abs=3.5 * sd / np.sqrt(DRAWS))
    assert drawn.std() == pytest.approx(sd, rel=0.08)


@pytest.mark.parametrize("model", DEMAND_MODELS)
def test_a_sum_has_the_interval_that_drawing_every_product_has(model):
    known = inputs(300, elasticity=-2.0, base_price=10.5)
    price = np.where(np.arange(300) < 200, 11.5, 9.0)
    errors = errors_of(300, 0.2)
    errors = ErrorFactor(errors.names, ["one"] * 150 + ["two"] * 150, errors.shared_sd)
    every = draw_changes(known, price, errors, model).profit.sum(axis=0)
    drawn = draw_profit_sum(known, price, errors, model)
    wide = spread(every)
    assert np.quantile(drawn, [0.1, 0.9]) == pytest.approx(np.quantile(every, [0.1, 0.9]), abs=0.08 * wide)


def test_categories_err_apart_from_each_other():
    first, second = (
        draw_changes(inputs(1), np.array([11.0]), errors_of(1, 0.4, category)).profit[0]
        for category in ("one", "two")
    )
    assert abs(np.corrcoef(first, second)[0, 1]) < 0.1


def test_a_cut_and_a_rise_that_lean_on_one_category_offset_each_other():
    price = np.array([11.0, 9.0])
    drawn = draw_changes(inputs(2, cost=0.0), price, errors_of(2, 0.4), "linear").revenue
    assert np.corrcoef(drawn)[0, 1] < -0.95


@given(
    price=st.floats(0.5, 40),
    elasticity=st.floats(-8, -0.01),
    std_error=st.floats(0.01, 3),
    shared=st.floats(0, 5),
    model=st.sampled_from(DEMAND_MODELS),
)
@settings(max_examples=60, deadline=None)
def test_demand_is_never_negative_and_no_draw_has_it_rise_with_the_price(
    price, elasticity, std_error, shared, model
):
    drawn = draw_changes(
        inputs(2, elasticity=elasticity, std_error=std_error, cost=0.0),
        np.full(2, price),
        errors_of(2, shared),
        model,
    )
    units = (drawn.revenue + 1000) / price
    assert drawn.revenue.shape == (2, DRAWS)
    assert np.all(units >= -1e-9)
    assert np.all((units <= 100 + 1e-6) if price > 10 else (units >= 100 - 1e-6))


def test_prices_of_others_count_with_their_own_uncertainty():
    same = np.full(1, 10.0)
    sure = draw_changes(
        inputs(1), same, errors_of(1), spillover=Spillover(np.array([0.1]), np.array([0.0]))
    ).profit
    unsure = draw_changes(
        inputs(1), same, errors_of(1), spillover=Spillover(np.array([0.1]), np.array([0.05]))
    ).profit
    assert sure == pytest.approx(np.full((1, DRAWS), 40.0))
    assert unsure.mean() == pytest.approx(40, abs=1.5)
    assert unsure.std() == pytest.approx(20, rel=0.1)


def test_profit_without_a_cost_is_not_known():
    drawn = draw_changes(inputs(1, cost=np.nan), np.array([11.0]), errors_of(1))
    assert np.isnan(drawn.profit).all()
    assert np.isfinite(drawn.revenue).all()


def test_the_same_name_draws_the_same_in_any_company():
    together = drawn_normals(["a", "b", "a"])
    assert np.array_equal(together[0], together[2])
    assert np.array_equal(together[1], drawn_normals(["b"])[0])
    assert drawn_normals([]).shape == (0, DRAWS)
    assert together[1].mean() == pytest.approx(0, abs=0.1)
    assert together[1].std() == pytest.approx(1, abs=0.1)


def test_limits_lie_on_either_side_of_the_expectation():
    drawn = np.linspace(0, 100, 1001)
    assert interval_of(drawn, 50.0) == pytest.approx((10, 90))
    assert interval_of(drawn, 95.0) == pytest.approx((10, 95))
    assert interval_of(np.zeros(DRAWS), 0.0) == (0, 0)


@pytest.mark.parametrize("shared", [0.0, 0.06, 0.1])
def test_each_elasticity_errs_as_much_whatever_part_of_it_is_shared(shared):
    # At 11 instead of 10 a tenth of the elasticity is lost of 100 units that bring 11 each: a spread of 110 x 0.1.
    facts = inputs(1, elasticity=-5.0, std_error=0.1)
    drawn = draw_changes(facts, np.array([11.0]), errors_of(1, shared), "linear").revenue[0]
    assert drawn.std() == pytest.approx(11.0, rel=0.06)
    assert drawn.mean() == pytest.approx(100 * (11 * 0.5 - 10), abs=2)


def test_sales_lost_to_others_are_lost_and_no_more_than_all_of_them():
    facts, errors = inputs(2, std_error=1e-6), errors_of(2)
    taken = Spillover(np.array([-0.5, -2.0]), np.zeros(2))
    drawn = draw_changes(facts, np.full(2, 10.0), errors, "linear", taken)
    # Of 100 at 10.00 that earn 4.00 each, 50 are left of the one, and none of the other.
    assert drawn.revenue[:, 0] == pytest.approx([-500, -1000])
    assert drawn.profit[:, 0] == pytest.approx([-200, -400])
