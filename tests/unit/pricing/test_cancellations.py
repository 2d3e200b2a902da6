import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pricing.sales.core.cancellations import match_cancellations

DAY = 24 * 60


def voided(rows, prices=None, order=None):
    """Match rows of (product, customer, quantity, minute), negative quantities being cancellations."""
    product, customer, quantity, minute = (np.array(column, np.int64) for column in zip(*rows, strict=True))
    order = np.arange(len(rows)) if order is None else np.asarray(order)
    price = None if prices is None else np.array(prices, np.float64)
    marks = match_cancellations(product, customer, quantity, minute, quantity < 0, order=order, price=price)
    return np.flatnonzero(marks).tolist()


def test_a_cancellation_voids_its_sale_and_itself():
    assert voided([(1, 7, 6, 100), (1, 7, -6, 200)]) == [0, 1]


def test_an_empty_file_voids_nothing():
    empty = np.zeros(0, np.int64)
    marks = match_cancellations(empty, empty, empty, empty, np.zeros(0, np.bool_), order=empty)
    assert marks.tolist() == []


def test_without_cancellations_nothing_is_voided():
    assert voided([(1, 7, 6, 100), (2, 7, 6, 200)]) == []


@pytest.mark.parametrize("sale", [(2, 7, 6, 100), (1, 8, 6, 100), (1, 7, 5, 100)])
def test_another_product_customer_or_quantity_is_no_mirror(sale):
    assert voided([sale, (1, 7, -6, 200)]) == []


def test_the_latest_sale_before_the_cancellation_is_voided():
    assert voided([(1, 7, 6, 100), (1, 7, 6, 150), (1, 7, 6, 300), (1, 7, -6, 200)]) == [1, 3]


def test_a_second_cancellation_voids_the_sale_before_that():
    assert voided([(1, 7, 6, 100), (1, 7, 6, 150), (1, 7, -6, 200), (1, 7, -6, 210)]) == [0, 1, 2, 3]


def test_two_cancellations_of_one_sale_leave_one_return():
    assert voided([(1, 7, 6, 100), (1, 7, -6, 200), (1, 7, -6, 210)]) == [0, 1]


def test_a_sale_after_the_cancellation_stands():
    assert voided([(1, 7, -6, 100), (1, 7, 6, 101)]) == []


def test_a_sale_of_the_same_minute_can_be_cancelled_wherever_it_stands_in_the_file():
    assert voided([(1, 7, -6, 100), (1, 7, 6, 100)]) == [0, 1]


def test_thirty_days_are_near_enough_and_a_minute_more_is_not():
    assert voided([(1, 7, 6, 0), (1, 7, -6, 30 * DAY)]) == [0, 1]
    assert voided([(1, 7, 6, 0), (1, 7, -6, 30 * DAY + 1)]) == []


def test_a_cancellation_that_comes_too_late_leaves_later_pairs_alone():
    rows = [(1, 7, 6, 0), (1, 7, -6, 40 * DAY), (1, 7, 6, 50 * DAY), (1, 7, -6, 51 * DAY)]
    assert voided(rows) == [2, 3]


def test_lines_without_customer_id_need_the_same_price():
    rows = [(1, -1, 6, 100), (1, -1, 6, 150), (1, -1, -6, 200)]
    assert voided(rows, prices=[2.5, 2.55, 2.5]) == [0, 2]
    assert voided(rows, prices=[2.4, 2.55, 2.5]) == []


def test_lines_without_customer_id_are_left_alone_when_no_price_is_known():
    assert voided([(1, -1, 6, 100), (1, -1, -6, 200), (1, 7, 6, 100), (1, 7, -6, 200)]) == [2, 3]


def test_a_credit_over_part_of_the_price_undoes_no_sale():
    rows = [(1, 7, 9360, 100), (1, 7, -9360, 200)]
    assert voided(rows, prices=[1.69, 0.03]) == []
    assert voided(rows, prices=[1.69, 1.69]) == [0, 1]


def test_a_cancellation_goes_with_the_sale_of_its_own_price():
    rows = [(1, 7, 6, 100), (1, 7, 6, 150), (1, 7, -6, 200)]
    assert voided(rows, prices=[2.0, 2.5, 2.0]) == [0, 2]


def test_a_cancellation_with_a_positive_quantity_still_cancels():
    one = np.ones(2, np.int64)
    marks = match_cancellations(
        one, one, 6 * one, np.array([10, 20]), np.array([False, True]), order=np.arange(2)
    )
    assert marks.tolist() == [True, True]


def test_a_line_of_no_units_is_no_sale_to_undo():
    one = np.ones(2, np.int64)
    marks = match_cancellations(
        one, one, 0 * one, np.array([10, 20]), np.array([False, True]), order=np.arange(2)
    )
    assert marks.tolist() == [False, False]


def test_among_sales_of_one_minute_the_given_order_decides():
    rows = [(1, 7, 6, 100), (1, 7, 6, 100), (1, 7, -6, 100)]
    assert voided(rows, order=[5, 3, 4]) == [0, 2]
    assert voided(rows, order=[3, 5, 4]) == [1, 2]


def stack_of_sales(rows, order):
    """The definition, line by line: walk through time, look back for the latest sale that still stands."""
    sequence = sorted(range(len(rows)), key=lambda i: (rows[i][3], rows[i][2] < 0, order[i]))
    standing, marks = [], set()
    for i in sequence:
        product, customer, quantity, minute = rows[i]
        if quantity > 0:
            standing.append(i)
            continue
        for j in reversed(standing):
            same = rows[j][:3] == (product, customer, -quantity)
            if same and minute - rows[j][3] <= 30 * DAY:
                standing.remove(j)
                marks |= {i, j}
                break
    return sorted(marks)


some_rows = st.lists(
    st.tuples(
        st.integers(0, 1),
        st.integers(0, 1),
        st.sampled_from([-2, -1, 1, 2]),
        st.integers(0, 6).map(lambda step: step * 12 * DAY),
    ),
    min_size=1,
    max_size=30,
)


@given(some_rows, st.randoms(use_true_random=False))
def test_it_agrees_with_looking_back_line_by_line(rows, random):
    order = random.sample(range(len(rows)), len(rows))
    assert voided(rows, order=order) == stack_of_sales(rows, order)


@given(some_rows, st.randoms(use_true_random=False))
def test_the_result_belongs_to_the_lines_and_not_to_their_places(rows, random):
    places = random.sample(range(len(rows)), len(rows))
    shuffled = voided([rows[i] for i in places], order=places)
    assert sorted(places[i] for i in shuffled) == voided(rows)
