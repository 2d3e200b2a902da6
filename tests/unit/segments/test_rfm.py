"""Customer segments: the table, the cuts and the key figures."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segments.core.rfm import (
    HIGH,
    LOW,
    MEDIUM,
    SEGMENT_OF_BINS,
    SEGMENTS,
    OwnCuts,
    rfm_segments,
    segment_kpis,
)

CELLS = {  # recency, frequency, monetary
    "HHH": "Champion",
    "HHM": "Champion",
    "HHL": "LoyalCustomers",
    "HMH": "Champion",
    "HMM": "PotentialLoyalists",
    "HML": "PotentialLoyalists",
    "HLH": "PotentialLoyalists",
    "HLM": "PotentialLoyalists",
    "HLL": "PotentialLoyalists",
    "MHH": "LoyalCustomers",
    "MHM": "LoyalCustomers",
    "MHL": "AtRisk",
    "MMH": "AtRisk",
    "MMM": "AtRisk",
    "MML": "AtRisk",
    "MLH": "Hibernating",
    "MLM": "Hibernating",
    "MLL": "Hibernating",
    "LHH": "LoyalCustomers",
    "LHM": "Hibernating",
    "LHL": "Hibernating",
    "LMH": "Hibernating",
    "LMM": "Hibernating",
    "LML": "Lost",
    "LLH": "Lost",
    "LLM": "Lost",
    "LLL": "Lost",
}
BIN = {"L": LOW, "M": MEDIUM, "H": HIGH}
VALUE = {"L": 1, "M": 2, "H": 3}

customers = st.lists(
    st.tuples(
        st.integers(1, 400),
        st.integers(1, 60),
        st.floats(-50, 5000, allow_nan=False).map(lambda money: round(money, 2)),
    ),
    max_size=60,
)


def columns(rows):
    recency, frequency, monetary = zip(*rows, strict=True) if rows else ((), (), ())
    return np.array(recency, int), np.array(frequency, int), np.array(monetary, float)


def sums_of(rfm, recency, revenue):
    """What `segment_kpis` takes of some customers: head count, mean and longest recency, revenue of each segment."""
    recency, revenue = np.asarray(recency, float), np.asarray(revenue, float)
    members = [rfm.segment == index for index in range(6)]
    return (
        [int(those.sum()) for those in members],
        [recency[those].mean() if those.any() else 0.0 for those in members],
        [recency[those].max(initial=0.0) for those in members],
        [revenue[those].sum() for those in members],
    )


def names(result):
    return [SEGMENTS[i] if i >= 0 else None for i in result.segment]


@pytest.mark.parametrize(("cell", "name"), CELLS.items())
def test_each_of_the_27_cells_has_its_segment(cell, name):
    r, f, m = (BIN[letter] for letter in cell)
    assert SEGMENTS[SEGMENT_OF_BINS[r, f, m]] == name


def test_a_shop_with_one_customer_in_each_cell_reproduces_the_whole_table():
    cells = ["".join(letters) for letters in product("LMH", repeat=3)]
    recency = [4 - VALUE[cell[0]] for cell in cells]
    frequency = [VALUE[cell[1]] for cell in cells]
    monetary = [10.0 * VALUE[cell[2]] for cell in cells]
    assert names(rfm_segments(recency, frequency, monetary)) == [CELLS[cell] for cell in cells]


def test_cuts_are_interpolated_quantiles_and_a_value_on_a_cut_lies_below_it():
    money = np.array([1.0, 2, 3, 4, 5, 6, 7])
    result = rfm_segments(np.ones(7), np.ones(7), money)
    np.testing.assert_allclose(result.cuts.monetary, [3.0, 5.0])
    assert result.m_bin.tolist() == [0, 0, 0, 1, 1, 2, 2]
    np.testing.assert_allclose(result.cuts.monetary_score, [2.2, 3.4, 4.6, 5.8])
    assert result.m_score.tolist() == [1, 1, 2, 3, 4, 5, 5]


def test_a_shop_may_cut_scales_itself_and_a_value_on_a_cut_lies_below_it():
    days, invoices, money = [1, 30, 31, 90, 91], [1, 2, 3, 4, 9], [5.0, 50.0, 50.5, 500.0, 600.0]
    result = rfm_segments(days, invoices, money, OwnCuts(recency=(30, 90), monetary=(50, 500)))
    assert result.r_bin.tolist() == [2, 2, 1, 1, 0]
    assert result.m_bin.tolist() == [0, 0, 1, 1, 2]
    # Cut at the thirds, 2.33 and 3.67, as the shop says nothing of invoices.
    assert result.f_bin.tolist() == [0, 0, 1, 2, 2]
    assert result.r_score.tolist() == [5, 4, 3, 2, 1]
    # Nobody need lie between a shop's own cuts.
    assert rfm_segments(days, invoices, money, OwnCuts(recency=(200, 300))).r_bin.tolist() == [2] * 5


def test_few_days_since_the_last_purchase_are_a_high_recency():
    result = rfm_segments([1, 10, 100, 200, 300], [1] * 5, [5.0] * 5)
    assert result.r_bin.tolist() == [2, 2, 1, 0, 0]
    assert result.r_score.tolist() == [5, 4, 3, 2, 1]


def test_where_cuts_coincide_the_distinct_values_are_cut():
    visits = [1] * 80 + [2, 3, 4, 5, 6, 7]
    result = rfm_segments(np.ones(86), visits, np.ones(86))
    np.testing.assert_allclose(result.cuts.frequency, [3.0, 5.0])
    assert result.f_bin.tolist() == [0] * 80 + [0, 0, 1, 1, 2, 2]
    np.testing.assert_allclose(result.cuts.frequency_score, [2.2, 3.4, 4.6, 5.8])


def test_one_distinct_value_everywhere_puts_all_customers_into_one_segment():
    result = rfm_segments([7] * 4, [1] * 4, [9.0] * 4)
    assert names(result) == ["PotentialLoyalists"] * 4
    assert {*result.r_score, *result.f_score, *result.m_score} == {3}


def test_a_scale_on_which_customers_differ_keeps_its_scores():
    result = rfm_segments([7] * 5, [1, 2, 3, 4, 5], [9.0] * 5)
    assert result.f_score.tolist() == [1, 2, 3, 4, 5]
    assert {*result.r_score, *result.m_score} == {3}


def test_a_customer_who_does_not_pay_makes_no_difference_among_the_others():
    result = rfm_segments([7, 7, 90], [1, 1, 8], [9.0, 9.0, 0.0])
    assert result.r_score.tolist() == result.f_score.tolist() == [3, 3, 0]


def test_nobody_is_nearer_to_leaving_where_all_bought_equally_long_ago():
    alike = segment_kpis([0, 2, 0, 0, 0, 3], [0, 7, 0, 0, 0, 7], [0, 7, 0, 0, 0, 7], [9.0] * 6, [-1.0] * 6)
    assert alike.churn_risk.tolist() == [0, 50, 0, 0, 0, 50]
    one_later = segment_kpis(
        [0, 2, 0, 0, 0, 3], [0, 7, 0, 0, 0, 6], [0, 7, 0, 0, 0, 7], [9.0] * 6, [-1.0] * 6
    )
    np.testing.assert_allclose(one_later.churn_risk, [0, 100, 0, 0, 0, 600 / 7])


def test_customers_without_positive_money_get_no_segment_and_move_no_cut():
    paying = rfm_segments([1, 5, 9], [3, 2, 1], [30.0, 20.0, 10.0])
    mixed = rfm_segments([1, 400, 5, 900, 9], [3, 50, 2, 90, 1], [30.0, 0.0, 20.0, -5.0, 10.0])
    assert mixed.segment.tolist() == [paying.segment[0], -1, paying.segment[1], -1, paying.segment[2]]
    np.testing.assert_array_equal(mixed.cuts.recency, paying.cuts.recency)
    assert mixed.r_bin[1] == mixed.f_bin[3] == mixed.m_bin[1] == -1
    assert mixed.r_score[1] == mixed.f_score[3] == mixed.m_score[1] == 0


def test_a_shop_without_customers_has_empty_arrays_and_unknown_cuts():
    result = rfm_segments([], [], [])
    assert result.segment.shape == (0,)
    assert np.isnan(result.cuts.recency).all()


@pytest.mark.parametrize(
    ("recency", "frequency", "monetary", "message"),
    [
        ([1, 2], [1], [1.0], "one length"),
        ([[1]], [[1]], [[1.0]], "one-dimensional"),
        ([1], [1], [float("nan")], "finite"),
        ([-1], [1], [1.0], "negative"),
        ([1], [-1], [1.0], "negative"),
    ],
)
def test_impossible_input_is_refused(recency, frequency, monetary, message):
    with pytest.raises(ValueError, match=message):
        rfm_segments(recency, frequency, monetary)


@given(customers, st.randoms(use_true_random=False))
def test_the_order_of_the_customers_does_not_matter(rows, random):
    order = list(range(len(rows)))
    random.shuffle(order)
    straight = rfm_segments(*columns(rows))
    shuffled = rfm_segments(*columns([rows[i] for i in order]))
    for field in ("segment", "r_bin", "f_bin", "m_bin", "r_score", "f_score", "m_score"):
        np.testing.assert_array_equal(getattr(shuffled, field), getattr(straight, field)[order])


@given(customers)
def test_every_paying_customer_is_in_exactly_one_segment_and_no_other_in_any(rows):
    recency, frequency, monetary = columns(rows)
    result = rfm_segments(recency, frequency, monetary)
    assert ((result.segment >= 0) == (monetary > 0)).all()
    assert sum(sums_of(result, recency, monetary)[0]) == (monetary > 0).sum()


@given(customers, st.integers(0, 59), st.integers(0, 59))
def test_a_customer_at_least_as_good_in_all_three_is_in_no_worse_segment(rows, first, second):
    paying = [row for row in rows if row[2] > 0]
    if not paying:
        return
    a, b = paying[first % len(paying)], paying[second % len(paying)]
    better = (min(a[0], b[0]), max(a[1], b[1]), max(a[2], b[2]))
    result = rfm_segments(*columns([*paying, better]))
    assert (result.segment[-1] <= result.segment[[paying.index(a), paying.index(b)]]).all()
    for field in ("r_bin", "f_bin", "m_bin", "r_score", "f_score", "m_score"):
        values = getattr(result, field)
        assert (values[-1] >= values[[paying.index(a), paying.index(b)]]).all()


@given(customers, st.integers(1, 9))
def test_currency_and_unit_of_recency_do_not_matter(rows, power):
    recency, frequency, monetary = columns(rows)
    scaled = rfm_segments(recency * 2**power, frequency, monetary * 2**power)
    np.testing.assert_array_equal(scaled.segment, rfm_segments(recency, frequency, monetary).segment)


@given(customers, st.lists(st.floats(-20, 5), min_size=6, max_size=6))
def test_key_figures_stay_between_0_and_100_and_scores_between_1_and_5(rows, elasticity):
    recency, frequency, monetary = columns(rows)
    rfm = rfm_segments(recency, frequency, monetary)
    kpis = segment_kpis(*sums_of(rfm, recency, monetary), elasticity)
    for values in (kpis.price_sensitivity, kpis.wallet_share, kpis.churn_risk):
        assert ((values >= 0) & (values <= 100 + 1e-9)).all()
    for scores in (rfm.r_score, rfm.f_score, rfm.m_score):
        assert ((scores[rfm.segment >= 0] >= 1) & (scores[rfm.segment >= 0] <= 5)).all()
        assert (scores[rfm.segment < 0] == 0).all()


def six_customers():
    """Two customers in each third of every scale: two Champions, two AtRisk, two Lost."""
    recency = np.array([10, 20, 100, 110, 200, 300])
    revenue = np.array([900.0, 500.0, 60.0, 40.0, 10.0, 20.0])
    rfm = rfm_segments(recency, [9, 8, 5, 4, 1, 2], revenue)
    assert names(rfm) == ["Champion", "Champion", "AtRisk", "AtRisk", "Lost", "Lost"]
    return rfm, recency, revenue


def test_key_figures_by_hand():
    rfm, recency, revenue = six_customers()
    sums = sums_of(rfm, recency, revenue)
    assert sums[0] == [2, 0, 0, 2, 0, 2]
    assert sums[3] == [1400, 0, 0, 100, 0, 30]
    kpis = segment_kpis(*sums, [-1.5, -1, -1, -0.6, -1, -6.0])
    np.testing.assert_allclose(kpis.price_sensitivity, [50, 0, 0, 20, 0, 100])
    np.testing.assert_allclose(kpis.wallet_share, np.array([140000, 0, 0, 10000, 0, 3000]) / 1530)
    np.testing.assert_allclose(kpis.churn_risk, [5, 0, 0, 35, 0, 250 / 3])
    scores = np.stack((rfm.r_score, rfm.f_score, rfm.m_score), axis=1)
    assert scores.tolist() == [[5, 5, 5], [5, 4, 4], [4, 3, 3], [3, 2, 2], [2, 1, 1], [1, 1, 1]]


def test_an_unknown_elasticity_counts_as_not_sensitive_and_lost_money_as_no_share():
    rfm, recency, _ = six_customers()
    window = [50.0, 50.0, 25.0, 0.0, -30.0, 0.0]
    kpis = segment_kpis(*sums_of(rfm, recency, window), [np.nan] * 6)
    assert kpis.price_sensitivity.tolist() == [0.0] * 6
    assert kpis.wallet_share.tolist() == [80.0, 0, 0, 20.0, 0, 0]


def test_a_segment_without_customers_has_no_key_figures_whatever_its_sales_are():
    kpis = segment_kpis([0, 1, 0, 0, 0, 0], [9] * 6, [9, 3, 9, 9, 9, 9], [100.0] * 6, [-3.0] * 6)
    assert kpis.price_sensitivity.tolist() == kpis.wallet_share.tolist() == [0, 100, 0, 0, 0, 0]
    assert kpis.churn_risk.tolist() == [0, 300, 0, 0, 0, 0]


@given(st.integers(1, 40).map(lambda thirds: 3 * thirds + 1), st.floats(0.01, 1000))
def test_a_value_that_is_exactly_the_cut_lies_below_it(n, step):
    money = step * np.arange(1, n + 1)
    result = rfm_segments(np.ones(n), np.ones(n), money)
    third = (n - 1) // 3
    np.testing.assert_array_equal(result.cuts.monetary, money[[third, 2 * third]])
    assert np.bincount(result.m_bin).tolist() == [third + 1, third, third]


@given(st.lists(st.floats(0.01, 1e6), min_size=1, max_size=80, unique=True))
def test_cuts_agree_with_numpys_linear_quantiles(money):
    result = rfm_segments(np.ones(len(money)), np.ones(len(money)), money)
    np.testing.assert_allclose(result.cuts.monetary, np.quantile(money, [1 / 3, 2 / 3]), rtol=1e-9)
    np.testing.assert_allclose(
        result.cuts.monetary_score, np.quantile(money, [0.2, 0.4, 0.6, 0.8]), rtol=1e-9
    )


@pytest.mark.parametrize("place", range(5))
def test_key_figures_refuse_arrays_that_do_not_fit(place):
    given = [[1.0] * 6 for _ in range(5)]
    given[place] = [1.0]
    with pytest.raises(ValueError, match="each segment"):
        segment_kpis(*given)


def test_a_purchase_on_the_day_itself_and_only_cancelled_ones_are_possible():
    found = rfm_segments(np.array([0.0, 5.0]), np.array([0.0, 2.0]), np.array([10.0, 20.0]))
    assert min(found.segment.tolist()) >= 0
