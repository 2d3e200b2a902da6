"""Which competitors' prices are believed, and what they amount to."""

from statistics import mean, median, median_high, median_low

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pricing.recommendation.core.competition import market_prices, plausible

NAN = float("nan")
prices = st.decimals("0.01", "500", places=2).map(float)
rows = st.lists(st.tuples(st.integers(0, 4), prices, st.booleans()), max_size=40)
own_prices = st.lists(prices | st.just(NAN), min_size=5, max_size=5)


def judged(*theirs: float, ours: float = NAN, fresh: list[bool] | None = None) -> list[bool]:
    counts = [True] * len(theirs) if fresh is None else fresh
    return plausible([0] * len(theirs), theirs, counts, [ours]).tolist()


def test_a_price_more_than_four_times_off_the_others_is_a_slip() -> None:
    assert judged(10, 11, 12, 134.9) == [True, True, True, False]
    assert judged(10, 11, 12, 2.74) == [True, True, True, False]
    assert judged(10, 10, 40) == [True, True, True]
    assert judged(10, 10, 40.01) == [True, True, False]


def test_one_slip_among_three_does_not_make_slips_of_the_others() -> None:
    assert judged(10, 11, 100) == [True, True, False]
    assert judged(9.99, 10.49, 1099) == [True, True, False]
    assert judged(10, 11, 0.1) == [True, True, False]
    assert judged(10, 11, 12, 13, 1200) == [True, True, True, True, False]


def test_between_two_that_disagree_our_own_price_decides() -> None:
    assert judged(10, 100, ours=12) == [True, False]
    assert judged(10, 100, ours=90) == [False, True]
    assert judged(10, 100) == [False, False]
    assert judged(10, 30, ours=1000) == [True, True]


def test_a_single_price_is_measured_by_our_own() -> None:
    assert judged(100, ours=12) == [False]
    assert judged(40, ours=12) == [True]
    assert judged(100) == [True]


def test_old_prices_are_judged_and_judge_nobody() -> None:
    assert judged(10, 100, 11, 12, fresh=[True, False, True, True]) == [True, False, True, True]
    assert judged(100, 100, 100, 10, ours=11, fresh=[False, False, False, True]) == [False] * 3 + [True]


@given(rows, own_prices)
def test_each_product_is_judged_as_if_it_were_alone(found: list, ours: list[float]) -> None:
    product, price, fresh = (list(each) for each in zip(*found, strict=True)) if found else ([], [], [])
    together = plausible(product, price, fresh, ours)
    for row, number in enumerate(product):
        others = [
            price[other]
            for other in range(len(product))
            if other != row and product[other] == number and fresh[other]
        ]
        references = [(median_low(others), median_high(others))] if others else []
        if len(others) < 2 and not np.isnan(ours[number]):
            references.append((ours[number], ours[number]))
        far = [price[row] > 4 * high or 4 * price[row] < low for low, high in references]
        assert together[row] == (not far or not all(far))


@given(rows)
def test_statistics_are_those_of_each_product(found: list) -> None:
    product, price = [each[0] for each in found], [each[1] for each in found]
    stats = market_prices(product, price, 5)
    for number in range(5):
        own = [each for code, each in zip(product, price, strict=True) if code == number]
        assert stats.count[number] == len(own)
        got = (stats.mean[number], stats.median[number], stats.lowest[number], stats.highest[number])
        if own:
            assert got == pytest.approx((mean(own), median(own), min(own), max(own)))
        else:
            assert np.isnan(got).all()


@given(rows.filter(len), own_prices, st.randoms())
def test_the_order_of_rows_does_not_matter(found: list, ours: list[float], chance) -> None:
    numbered = list(enumerate(found))
    chance.shuffle(numbered)
    before = plausible(*zip(*found, strict=True), ours)
    after = plausible(*zip(*(row for _, row in numbered), strict=True), ours)
    assert [after[place] for place in np.argsort([number for number, _ in numbered])] == before.tolist()
