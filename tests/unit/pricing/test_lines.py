from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pricing.sales.core.grouping import group_quantiles
from pricing.sales.core.lines import (
    EXCLUSION_REASONS,
    SalesLines,
    clean_lines,
    data_flags,
    quantity_caps,
)

DAY = 24 * 60


def sales(*rows, **columns):
    """Lines from (product, quantity, price) rows, each on an invoice and a day of its own by default."""
    product, quantity, price = (np.array(column) for column in zip(*rows, strict=True))
    n = product.size
    given_columns = {
        "minute": DAY * np.arange(n),
        "customer": np.full(n, 7),
        "invoice": np.arange(n),
        "cancellation": quantity < 0,
        "voided": np.zeros(n, np.bool_),
        **{name: np.asarray(values) for name, values in columns.items()},
    }
    return SalesLines(
        product=product,
        day=given_columns["minute"] // DAY,
        quantity=quantity,
        price=price.astype(np.float64),
        **given_columns,
    )


def reasons(clean):
    return [EXCLUSION_REASONS[code] for code in clean.reason.tolist()]


def test_ordinary_sales_count_in_full():
    clean = clean_lines(sales((0, 3, 2.5), (1, 1, 9.0)), products=2)
    assert clean.units.tolist() == [3.0, 1.0]
    assert clean.priced.tolist() == [True, True]
    assert reasons(clean) == ["none", "none"]


def test_returns_count_nothing_and_show_no_price():
    clean = clean_lines(sales((0, 3, 2.5), (0, -2, 2.5)), products=1)
    assert clean.units.tolist() == [3.0, 0.0]
    assert clean.priced.tolist() == [True, False]
    assert reasons(clean) == ["none", "return"]


def test_a_cancellation_with_a_positive_quantity_is_a_return_too():
    clean = clean_lines(sales((0, 3, 2.5), (0, 2, 2.5), cancellation=[False, True]), products=1)
    assert clean.units.tolist() == [3.0, 0.0]
    assert reasons(clean) == ["none", "return"]


def test_voided_lines_count_nothing_on_either_side():
    lines = sales((0, 3, 2.5), (0, 5, 2.5), (0, -5, 2.5), voided=[False, True, True])
    clean = clean_lines(lines, products=1)
    assert clean.units.tolist() == [3.0, 0.0, 0.0]
    assert clean.priced.tolist() == [True, False, False]
    assert reasons(clean) == ["none", "voided", "voided"]


def test_identical_lines_of_one_invoice_are_as_many_items():
    lines = sales(*[(0, 3, 2.5)] * 3, minute=[9, 9, 9], invoice=[4, 4, 4])
    clean = clean_lines(lines, products=1)
    assert clean.units.tolist() == [3.0, 3.0, 3.0]
    assert reasons(clean) == ["none", "none", "none"]


@pytest.mark.parametrize("price", [0.0, -11.0])
def test_what_is_given_away_is_no_demand(price):
    clean = clean_lines(sales((0, 3, 2.5), (0, 2, price)), products=1)
    assert clean.units.tolist() == [3.0, 0.0]
    assert clean.priced.tolist() == [True, False]
    assert reasons(clean) == ["none", "no_price"]


@pytest.mark.parametrize(
    ("price", "usable"), [(8.0, True), (8.01, False), (0.5, True), (0.49, False), (20, False)]
)
def test_a_price_more_than_four_times_off_the_median_is_not_used(price, usable):
    clean = clean_lines(sales(*[(0, 1, 2.0)] * 4, (0, 1, price), (1, 1, price)), products=2)
    assert clean.priced.tolist() == [True] * 4 + [usable, True]
    assert reasons(clean)[4] == ("none" if usable else "price_outlier")
    assert clean.units.tolist() == [1.0] * 6


def test_lines_that_do_not_count_do_not_move_the_median():
    lines = sales(
        (0, 1, 2.0),
        *[(0, -1, 9.0)] * 3,
        *[(0, 1, 9.0)] * 2,
        (0, 1, 0.0),
        voided=[False] * 4 + [True] * 2 + [False],
    )
    assert clean_lines(lines, products=1).priced.tolist() == [True] + [False] * 6


def test_bulk_quantities_are_capped_and_still_show_their_price():
    clean = clean_lines(sales(*[(0, 2, 2.5)] * 7, (0, 1000, 2.5), (1, 1000, 2.5)), products=2)
    assert clean.units.tolist() == [2.0] * 7 + [24.0, 1000.0]
    assert clean.priced.all()
    assert reasons(clean)[6:] == ["none", "bulk_capped", "none"]


def test_the_cap_follows_the_quartiles_of_the_log_quantities():
    # Logs of 10, 10, 40, 40: quartiles at the values themselves, so the cap is 40 * 4^3.
    lines = sales(*[(0, 10, 1.0)] * 3, *[(0, 40, 1.0)] * 5, (0, 100_000, 1.0))
    assert clean_lines(lines, products=1).units[-1] == pytest.approx(40 * 4**3)


def test_a_product_with_equal_quantities_is_capped_at_an_iqr_of_one_half():
    caps = quantity_caps(np.zeros(4, np.int64), np.full(4, 100), products=2)
    assert caps[0] == pytest.approx(100 * np.exp(1.5))
    assert caps[1] == 24.0


def test_of_several_reasons_the_first_is_named():
    lines = sales(
        *[(0, 1, 2.0)] * 12,
        (0, 900, 100.0),
        (0, 900, 0.0),
        (0, -900, 100.0),
        (0, 900, 100.0),
        voided=[False] * 15 + [True],
    )
    clean = clean_lines(lines, products=1)
    assert reasons(clean)[12:] == ["price_outlier", "no_price", "return", "voided"]
    assert clean.units[12:].tolist() == [24.0, 0.0, 0.0, 0.0]


def test_exclusions_are_counted_by_reason():
    lines = sales(
        (0, 1, 2.0),
        (0, 1, 2.0),
        (0, 1, 0.0),
        (0, -1, 2.0),
        (0, -1, 2.0),
        (0, 1, 2.0),
        voided=[False] * 4 + [True] * 2,
    )
    found = Counter(reasons(clean_lines(lines, products=1)))
    assert found == {"voided": 2, "return": 1, "no_price": 1, "none": 2}


def test_no_lines_are_no_error():
    empty = np.zeros(0, np.int64)
    lines = SalesLines(
        empty, empty, empty, empty, np.zeros(0), empty, empty, np.zeros(0, np.bool_), np.zeros(0, np.bool_)
    )
    clean = clean_lines(lines, products=3)
    assert clean.units.size == 0
    assert reasons(clean) == []
    assert data_flags(lines, clean, 3)["BULK_CAPPED"].tolist() == [False] * 3


@pytest.mark.parametrize("product", [-1, 2])
def test_a_product_that_does_not_exist_is_refused(product):
    with pytest.raises(ValueError, match="between 0 and 1"):
        clean_lines(sales((product, 1, 2.0)), products=2)


def flagged(flag, lines, products):
    return data_flags(lines, clean_lines(lines, products), products)[flag].tolist()


def test_capped_lines_are_flagged():
    lines = sales(*[(0, 2, 2.5)] * 7, (0, 1000, 2.5), (1, 1000, 2.5))
    assert flagged("BULK_CAPPED", lines, 2) == [True, False]


def test_high_returns_take_more_than_one_return_and_more_than_a_tenth_of_the_units():
    twice = [(0, 20, 2.0), (0, -2, 2.0), (0, -1, 2.0)]
    once = [(1, 20, 2.0), (1, -9, 2.0)]
    few = [(2, 20, 2.0), (2, -1, 2.0), (2, -1, 2.0)]
    written_off = [(3, 20, 2.0), (3, -9, 0.0), (3, -9, 0.0)]
    lines = sales(*twice, *once, *few, *written_off)
    assert flagged("HIGH_RETURNS", lines, 5) == [True, False, False, False, False]


def test_mirrored_cancellations_are_no_returns():
    lines = sales(
        (0, 20, 2.0), (0, 9, 2.0), (0, -9, 2.0), (0, 9, 2.0), (0, -9, 2.0), voided=[False] + [True] * 4
    )
    assert flagged("HIGH_RETURNS", lines, 1) == [False]


def test_two_channels_at_two_prices_are_a_mix():
    double = [(0, 6, 2.0), (0, 4, 4.0)]
    equal = [(1, 6, 2.0), (1, 4, 2.2)]
    hardly = [(2, 19, 2.0), (2, 1, 4.0)]
    half = [(3, 6, 4.0), (3, 4, 2.0)]
    alone = [(4, 6, 2.0), (4, 4, 4.0)]
    customer = [0, -1] * 4 + [-1, -1]
    lines = sales(*double, *equal, *hardly, *half, *alone, customer=customer)
    assert flagged("CHANNEL_MIX", lines, 6) == [True, False, False, True, False, False]


some_rows = st.lists(
    st.tuples(
        st.integers(0, 2),
        st.sampled_from([-3, 1, 2, 3, 50, 900]),
        st.sampled_from([0.0, 1.0, 1.5, 2.0, 30.0]),
        st.integers(0, 3),
        st.sampled_from([-1, 5]),
        st.booleans(),
    ),
    min_size=1,
    max_size=40,
)


def drawn(rows):
    product, quantity, price, invoice, customer, voided = zip(*rows, strict=True)
    core = zip(product, quantity, price, strict=True)
    return sales(*core, minute=invoice, invoice=invoice, customer=customer, voided=voided)


@given(some_rows, st.randoms(use_true_random=False))
def test_the_order_of_lines_does_not_matter(rows, random):
    mixed = random.sample(rows, len(rows))
    lines, shuffled = drawn(rows), drawn(mixed)
    clean, other = clean_lines(lines, 3), clean_lines(shuffled, 3)
    assert Counter(reasons(clean)) == Counter(reasons(other))
    key = sorted(zip(rows, clean.units.tolist(), clean.priced.tolist(), strict=True))
    assert key == sorted(zip(mixed, other.units.tolist(), other.priced.tolist(), strict=True))


@given(some_rows)
def test_every_line_counts_between_nothing_and_its_quantity_and_has_one_reason(rows):
    lines = drawn(rows)
    clean = clean_lines(lines, 3)
    assert (clean.units >= 0).all()
    assert (clean.units <= np.maximum(lines.quantity, 0)).all()
    assert (lines.price[clean.priced] > 0).all()
    assert len(reasons(clean)) == len(rows)


@given(
    st.lists(st.tuples(st.integers(0, 3), st.floats(-100, 100)), max_size=40),
    st.sampled_from([0.0, 0.25, 1 / 3, 0.5, 0.75, 1.0]),
)
def test_group_quantiles_are_those_of_each_group_alone(pairs, quantile):
    group = np.array([index for index, _ in pairs], np.int64)
    values = np.array([value for _, value in pairs], np.float64)
    (answer,) = group_quantiles(group, values, 4, (quantile,))
    for index in range(4):
        mine = values[group == index]
        expected = np.quantile(mine, quantile) if mine.size else np.nan
        np.testing.assert_allclose(answer[index], expected, rtol=1e-12, atol=1e-12)
