import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pricing.elasticity.core.points import (
    DEFAULT_ELASTICITY,
    arc_elasticity,
    classify,
    last_two_price_levels,
    point_elasticity,
    two_point_elasticities,
)

prices = st.floats(0.01, 1e4)
units = st.floats(0.1, 1e5)


def test_the_worked_example_of_the_seed():
    assert point_elasticity(1000, 800, 10, 12) == pytest.approx(-1.0, rel=1e-12)
    assert arc_elasticity(1000, 800, 10, 12) == pytest.approx(-11 / 9, rel=1e-12)


def test_the_default_elasticity_is_the_seeds():
    assert DEFAULT_ELASTICITY == -1.2


@pytest.mark.parametrize("formula", [point_elasticity, arc_elasticity])
@pytest.mark.parametrize(
    ("points", "sentence"),
    [
        ((1000, 800, 10, 10), "price did not change"),
        ((1000, 800, 0, 10), "prices must be above 0"),
        ((1000, 800, 10, 0), "prices must be above 0"),
        ((1000, 800, -10, 12), "prices must be above 0"),
        ((1000, 800, math.nan, 12), "prices must be above 0"),
        ((-1, 800, 10, 12), "must not be negative"),
        ((1000, math.nan, 10, 12), "must not be negative"),
        ((0, 0, 10, 12), "Nothing was sold"),
    ],
)
def test_points_without_an_elasticity_are_refused_with_a_sentence(formula, points, sentence):
    with pytest.raises(ValueError, match=sentence):
        formula(*points)


def test_nothing_sold_at_the_old_price_has_an_arc_elasticity_only():
    assert arc_elasticity(0, 800, 12, 10) == pytest.approx(-11.0)
    with pytest.raises(ValueError, match="Nothing was sold at the old price"):
        point_elasticity(0, 800, 12, 10)


@given(units, units, prices, st.floats(1.01, 5))
def test_arc_elasticity_is_the_same_in_both_directions(q1, q2, p1, factor):
    p2 = p1 * factor
    there, back = arc_elasticity(q1, q2, p1, p2), arc_elasticity(q2, q1, p2, p1)
    assert there == pytest.approx(back, rel=1e-9, abs=1e-12)


@given(units, units, prices, st.floats(1.01, 5), st.floats(0.01, 100), st.floats(0.01, 100))
def test_neither_currency_nor_unit_of_quantity_matters(q1, q2, p1, factor, currency, unit):
    p2 = p1 * factor
    for formula in (point_elasticity, arc_elasticity):
        expected = formula(q1, q2, p1, p2)
        scaled = formula(q1 * unit, q2 * unit, p1 * currency, p2 * currency)
        assert scaled == pytest.approx(expected, rel=1e-6, abs=1e-9)


@given(st.floats(-4, 0.5), units, prices)
def test_for_small_changes_both_formulas_approach_a_constant_elasticity(elasticity, q1, p1):
    p2 = p1 * 1.0001
    q2 = q1 * 1.0001**elasticity
    assert point_elasticity(q1, q2, p1, p2) == pytest.approx(elasticity, abs=2e-3)
    assert arc_elasticity(q1, q2, p1, p2) == pytest.approx(elasticity, abs=1e-6)


def levels(rows, products=1):
    product, day, price, units_sold = (np.array(column) for column in zip(*rows, strict=True))
    return last_two_price_levels(product, day, price.astype(float), units_sold.astype(float), products)


def test_the_seeds_two_points_as_two_days():
    found = two_point_elasticities(levels([(0, 1, 10, 1000), (0, 31, 12, 800)]))
    assert found.point[0] == pytest.approx(-1.0)
    assert found.arc[0] == pytest.approx(-11 / 9)
    assert bool(found.uses_arc[0]) is True
    assert found.elasticity[0] == found.arc[0]


def test_units_are_per_day_of_each_level():
    found = levels([(0, 1, 10, 30), (0, 2, 10, 10), (0, 3, 10.5, 12), (0, 4, 10.5, 24), (0, 5, 10.5, 0)])
    assert (found.previous_price[0], found.previous_units[0]) == (10.0, 20.0)
    assert (found.last_price[0], found.last_units[0]) == (10.5, 12.0)


def test_only_the_last_two_levels_count_even_when_an_old_price_comes_back():
    found = levels([(0, 1, 9, 99), (0, 2, 10, 40), (0, 3, 9, 50)])
    assert (found.previous_price[0], found.previous_units[0]) == (10.0, 40.0)
    assert (found.last_price[0], found.last_units[0]) == (9.0, 50.0)


def test_one_price_no_sales_or_no_known_price_give_no_levels():
    found = levels([(0, 1, 10, 5), (0, 2, 10.00001, 6), (2, 1, math.nan, 5), (2, 2, 0, 5), (2, 3, 8, 5)], 4)
    assert found.found.tolist() == [False] * 4
    assert np.isnan(found.last_price).all()
    assert np.isnan(two_point_elasticities(found).elasticity).all()


def test_prices_of_pence_are_prices():
    found = levels([(0, 1, 0.25, 8), (0, 2, 0.2, 10), (0, 3, -0.2, 10)])
    assert (found.previous_price[0], found.last_price[0], found.last_units[0]) == (0.25, 0.2, 10.0)


def test_a_shop_with_one_product_at_one_price_has_no_levels():
    assert levels([(0, 1, 10, 5), (0, 2, 10, 6)]).found.tolist() == [False]


def test_no_days_at_all_give_no_levels():
    empty = np.zeros(0)
    found = last_two_price_levels(empty.astype(np.int64), empty.astype(np.int64), empty, empty, 2)
    assert found.found.tolist() == [False, False]


def test_products_do_not_see_each_other_and_the_order_of_rows_does_not_matter():
    rows = [(1, 1, 10, 100), (1, 2, 10.5, 95), (3, 1, 10.5, 7), (3, 5, 20, 4), (0, 9, 10.5, 3)]
    expected = two_point_elasticities(levels(rows, 5))
    assert levels(rows, 5).found.tolist() == [False, True, False, True, False]
    assert expected.elasticity[1] == pytest.approx(point_elasticity(100, 95, 10, 10.5))
    assert expected.elasticity[3] == pytest.approx(arc_elasticity(7, 4, 10.5, 20))
    shuffled = two_point_elasticities(levels(rows[::-1], 5))
    np.testing.assert_array_equal(shuffled.elasticity, expected.elasticity)


@pytest.mark.parametrize(
    ("old_price", "new_price", "arc"),
    [(10, 11.0, False), (10, 9.0, False), (3.1, 3.41, False), (10, 11.01, True), (10, 8.99, True)],
)
def test_a_change_of_exactly_ten_percent_still_takes_the_point_formula(old_price, new_price, arc):
    found = two_point_elasticities(levels([(0, 1, old_price, 50), (0, 2, new_price, 40)]))
    assert bool(found.uses_arc[0]) is arc


def test_a_formula_without_a_value_is_nan_not_an_error():
    found = two_point_elasticities(
        levels([(0, 1, 10, 0), (0, 2, 10.5, 5), (1, 1, 10, 0), (1, 2, 10.5, 0)], 2)
    )
    assert np.isnan(found.point).all()
    assert found.arc[0] == pytest.approx(arc_elasticity(0, 5, 10, 10.5))
    assert math.isnan(found.arc[1])


@pytest.mark.parametrize(
    ("elasticity", "name"),
    [
        (-1.2, "Elastic"),
        (-1.0051, "Elastic"),
        (-1.005, "Unit Elastic"),
        (-1.0, "Unit Elastic"),
        (-0.995, "Unit Elastic"),
        (-0.9949, "Inelastic"),
        (0.0, "Inelastic"),
        (1.0, "Unit Elastic"),
        (2.0, "Elastic"),
        (-math.inf, "Elastic"),
    ],
)
def test_classes_by_size(elasticity, name):
    assert classify(elasticity) == name


def test_what_is_not_a_number_has_no_class():
    with pytest.raises(ValueError, match="not a number"):
        classify(math.nan)
