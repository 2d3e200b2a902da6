"""Grouped sums, quantiles, runs and as-of lookups, each against a plain loop over the groups."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pricing.sales.core.grouping import (
    as_of,
    distinct,
    distinct_pairs,
    group_ends,
    group_medians,
    group_numbers,
    group_quantiles,
    group_starts,
    group_sums,
    matching_rows,
    number_values,
    pair_key,
    product_day_key,
    split_pair,
    split_product_day,
)

rows = st.lists(
    st.tuples(st.integers(0, 4), st.integers(-(2**30), 2**30 - 1), st.floats(-1e6, 1e6)), max_size=30
)


def columns(given_rows):
    product = np.array([row[0] for row in given_rows], np.int64)
    day = np.array([row[1] for row in given_rows], np.int64)
    value = np.array([row[2] for row in given_rows], np.float64)
    return product, day, value


@given(rows)
def test_a_key_sorts_by_product_then_day_and_gives_both_back(found):
    product, day, _ = columns(found)
    key = product_day_key(product, day)
    assert np.argsort(key, kind="stable").tolist() == np.lexsort((day, product)).tolist()
    again = split_product_day(key)
    assert again[0].tolist() == product.tolist()
    assert again[1].tolist() == day.tolist()


def test_a_pair_is_its_place_in_a_table_and_comes_apart_again():
    first, second = np.array([0, 0, 1, 2, -1]), np.array([0, 3, 0, 1, 3])
    key = pair_key(first, second, 4)
    assert key.tolist() == [0, 3, 4, 9, -1]
    assert [column.tolist() for column in split_pair(key, 4)] == [first.tolist(), second.tolist()]


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ([], []),
        ([7], [7]),
        ([3, 1, 3, 2, 1], [1, 2, 3]),
        ([0, -1, 0], [-1, 0]),
        ([2**62, -(2**62)], [-(2**62), 2**62]),
    ],
)
def test_distinct_integers_ascend_once_each(keys, expected):
    found = distinct(np.array(keys, np.int64))
    assert (found.tolist(), found.dtype) == (expected, np.int64)


def test_distinct_pairs_stand_in_order_and_every_row_knows_its_own():
    first, second, of = distinct_pairs(np.array([2, 0, 2, 0, 2]), np.array([1, 5, 0, 5, 1]))
    assert (first.tolist(), second.tolist()) == ([0, 2, 2], [5, 0, 1])
    assert of.tolist() == [2, 0, 1, 0, 2]


def test_no_pairs_are_no_distinct_pairs():
    nothing = np.zeros(0, np.int64)
    assert [column.tolist() for column in distinct_pairs(nothing, nothing)] == [[], [], []]
    assert [column.tolist() for column in split_pair(pair_key(nothing, nothing, 0), 0)] == [[], []]


def test_groups_of_neighbouring_rows():
    starts = group_starts(np.array([1, 1, 1, 2, 2]), np.array([5.0, 5.0, 6.0, 6.0, 6.0]))
    assert starts.tolist() == [True, False, True, True, False]
    assert group_ends(starts).tolist() == [False, True, True, False, True]
    assert group_numbers(starts).tolist() == [0, 0, 1, 2, 2]


def test_no_rows_make_no_groups():
    starts = group_starts(np.zeros(0, np.int64))
    assert starts.size == group_ends(starts).size == group_numbers(starts).size == 0


@given(rows)
def test_sums_and_quantiles_are_those_of_each_group_alone(found):
    group, _, value = columns(found)
    sums = group_sums(group, value, 6)
    low, high = group_quantiles(group, value, 6, (0.25, 0.9))
    middle = group_medians(group, value, 6)
    for number in range(6):
        inside = value[group == number]
        assert sums[number] == sum(inside.tolist())
        if inside.size:
            assert low[number] == pytest.approx(np.quantile(inside, 0.25), rel=1e-12, abs=1e-9)
            assert high[number] == pytest.approx(np.quantile(inside, 0.9), rel=1e-12, abs=1e-9)
            assert middle[number] == pytest.approx(np.median(inside), rel=1e-12, abs=1e-9)
        else:
            assert np.isnan([low[number], high[number], middle[number]]).all()


@given(rows, rows)
def test_the_row_as_of_a_day_is_the_latest_of_its_product(known, asked):
    known_product, known_day, _ = columns(sorted(known))
    product, day, _ = columns(asked)
    position, found = as_of(known_product, known_day, product, day)
    for row in range(product.size):
        before = np.flatnonzero((known_product == product[row]) & (known_day <= day[row]))
        assert found[row] == (before.size > 0)
        assert position[row] == (before[-1] if before.size else 0)


def test_matching_rows_of_two_tables():
    left, right = matching_rows(np.array([30, 10, 20]), np.array([20, 40, 10]))
    assert left.tolist() == [1, 2]
    assert right.tolist() == [2, 0]


def test_equal_values_have_equal_numbers():
    assert number_values(["b", "a", "b", "c"]).tolist() == [1, 0, 1, 2]
    assert number_values([]).tolist() == []
