"""Counts of baskets, and which of them are more than chance."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pricing.bundles.core import baskets as core
from pricing.bundles.core.baskets import association, baskets_of, beyond_chance, bought_together
from pricing.bundles.core.constants import BEYOND_CHANCE

books = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 5)), max_size=120)


def sorted_into(lines, products=6):
    basket, product = (np.array([line[side] for line in lines], np.int64) for side in (0, 1))
    return baskets_of(basket, product, products)


def counted_by_hand(lines):
    contents = {}
    for basket, product in lines:
        contents.setdefault(basket, set()).add(product)
    return list(contents.values())


@settings(deadline=None)
@given(books)
def test_counts_are_those_of_sets(lines):
    found, contents = sorted_into(lines), counted_by_hand(lines)
    assert found.total == len(contents)
    assert found.of_product.tolist() == [sum(each in basket for basket in contents) for each in range(6)]
    pairs = np.array(list(combinations(range(6), 2)))
    expected = [sum({x, y} <= basket for basket in contents) for x, y in pairs.tolist()]
    assert found.with_both(pairs[:, 0], pairs[:, 1]).tolist() == expected


def shop(seed=1, buyers=4000, products=40):
    """Products that one buyer in ten takes, each by itself; only 3 and 7 go together."""
    rng = np.random.default_rng(seed)
    taken = rng.random((buyers, products)) < 0.1
    taken[:, 7] |= taken[:, 3] & (rng.random(buyers) < 0.3)
    basket, product = np.nonzero(taken)
    shuffled = rng.permutation(basket.size)
    return basket[shuffled], product[shuffled]


def test_only_the_pair_that_goes_together_is_found():
    found = bought_together(baskets_of(*shop(), products=40))
    assert list(zip(found.first.tolist(), found.second.tolist(), strict=True)) == [(3, 7)]
    basket, product = shop()
    both = len(set(basket[product == 3].tolist()) & set(basket[product == 7].tolist()))
    assert found.baskets.tolist() == [both]
    assert found.strength[0] > BEYOND_CHANCE


def test_blocks_do_not_change_what_is_found(monkeypatch):
    rng = np.random.default_rng(5)
    basket = rng.integers(0, 2000, 12_000)
    # Every basket has a theme: five of the thirty products.
    product = (basket % 6) * 5 + rng.integers(0, 5, basket.size)
    whole = bought_together(baskets_of(basket, product, 30))
    monkeypatch.setattr(core, "PRODUCTS_A_BLOCK", 4)
    monkeypatch.setattr(core, "PAIRS_A_BLOCK", 3)
    parts = bought_together(baskets_of(basket, product, 30))
    assert whole.first.size == 60
    for name in ("first", "second", "baskets", "strength"):
        assert np.array_equal(getattr(whole, name), getattr(parts, name))
    again = baskets_of(basket, product, 30).with_both(parts.first, parts.second)
    assert np.array_equal(again, whole.baskets)


def test_a_line_that_stands_twice_counts_once():
    found = sorted_into([(4, 1), (4, 1), (4, 2)])
    assert (found.total, found.of_product.tolist()) == (1, [0, 1, 1, 0, 0, 0])


def test_no_lines_no_baskets():
    found = sorted_into([])
    assert found.total == 0
    assert bought_together(found).first.size == 0


def test_association_of_a_worked_example():
    # 1000 baskets, 100 with tea, 50 with scones, 20 with both.
    tea = association(np.array([20]), np.array([100]), np.array([50]), 1000)
    assert (tea.support[0], tea.confidence[0], tea.lift[0]) == pytest.approx((0.02, 0.2, 4.0))
    scones = association(np.array([20]), np.array([50]), np.array([100]), 1000)
    assert (scones.confidence[0], scones.lift[0]) == pytest.approx((0.4, 4.0))


def test_association_of_nothing_is_0():
    none = association(np.array([0]), np.array([0]), np.array([0]), 0)
    assert (none.support[0], none.confidence[0], none.lift[0]) == (0, 0, 0)


@pytest.mark.parametrize(
    ("both", "x", "y", "expected"),
    [(20, 100, 50, True), (5, 100, 50, False), (4, 20, 20, False), (10, 19, 50, False)],
)
def test_beyond_chance_needs_baskets_enough_and_more_than_expected(both, x, y, expected):
    counts = (np.array([count]) for count in (both, x, y))
    assert beyond_chance(*counts, 1000)[0] == expected
