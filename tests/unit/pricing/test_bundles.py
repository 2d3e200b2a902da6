"""The price of a bundle: the formula, its constraint, and what it is assumed to bring."""

from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pricing.bundles.core.bundles import bundle

prices = st.decimals("0.01", "99999", places=2)
costs = st.decimals("0", "99999", places=4)
parts = st.lists(st.tuples(prices, costs, st.integers(0, 100_000)), min_size=2, max_size=6)


def two(discount=None, saving=None, costs=("4.00", "3.00"), sold=(100, 80)):
    return bundle(
        [Decimal("10.00"), Decimal("8.00")],
        [cost if cost is None else Decimal(cost) for cost in costs],
        sold,
        discount=discount and Decimal(discount),
        expected_saving=saving and Decimal(saving),
    )


def test_a_worked_example():
    offer = two()
    assert (offer.individual_total, offer.alpha, offer.price) == (18, Decimal("0.85"), Decimal("15.30"))
    assert (offer.savings, offer.savings_percent) == (Decimal("2.70"), 15)
    # 1.3 x 80 bundles; 15.30 x 104 - (1000 + 640) / 2; 15.30 x 104 - 18 x 80.
    assert (offer.whole_units, offer.incremental_revenue) == (104, Decimal("771.20"))
    assert offer.cautious_revenue == Decimal("151.20")
    assert (offer.lowest_price, offer.is_floored) == (9, False)


def test_the_summed_cost_and_2_is_the_lowest_price():
    offer = two(costs=("8.00", "6.005"))
    assert (offer.lowest_price, offer.price, offer.is_floored) == (Decimal("16.01"), Decimal("16.01"), True)
    assert offer.savings_percent == pytest.approx(Decimal("11.0556"), abs=Decimal("0.0001"))


def test_costs_near_the_prices_leave_no_saving():
    offer = two(costs=("9.50", "7.00"))
    assert (offer.price, offer.savings) == (Decimal("18.50"), Decimal("-0.50"))


def test_with_a_cost_unknown_nothing_is_checked():
    offer = two(costs=("17.50", None))
    assert (offer.lowest_price, offer.price, offer.is_floored) == (None, Decimal("15.30"), False)


@pytest.mark.parametrize(
    ("saving", "optimal", "alpha"),
    [("2.70", "0.85", "0.85"), ("0.90", "0.95", "0.90"), ("9.00", "0.5", "0.80"), ("36", "-1", "0.80")],
)
def test_an_expected_saving_sets_alpha_within_its_limits(saving, optimal, alpha):
    offer = two(saving=saving)
    assert (offer.optimal_alpha, offer.alpha) == (Decimal(optimal), Decimal(alpha))


@pytest.mark.parametrize("discount", ["0.10", "0.20"])
def test_both_ends_of_the_discount_are_allowed(discount):
    assert two(discount=discount).alpha == 1 - Decimal(discount)


@pytest.mark.parametrize("discount", ["0.0999", "0.2001", "-0.1", "1"])
def test_a_discount_outside_its_limits_is_refused(discount):
    with pytest.raises(ValueError, match=r"0\.10 to 0\.20"):
        two(discount=discount)


def test_a_discount_and_a_saving_at_once_are_refused():
    with pytest.raises(ValueError, match="either"):
        two(discount="0.15", saving="2")


def test_every_product_needs_its_three_figures_and_a_price_above_0():
    with pytest.raises(ValueError, match="above 0"):
        bundle([Decimal(1), Decimal(0)], [None, None], [1, 1])
    with pytest.raises(ValueError, match="quantity"):
        bundle([Decimal(1), Decimal(2)], [None, None], [1])


@given(parts, st.one_of(st.none(), st.decimals("0.10", "0.20", places=4)))
def test_a_bundle_never_goes_below_its_lowest_price_nor_its_discount(rows, discount):
    price, cost, sold = zip(*rows, strict=True)
    offer = bundle(price, cost, sold, discount=discount)
    assert offer.price >= sum(cost) + 2
    formula = (offer.alpha * sum(price)).quantize(Decimal("0.01"), ROUND_HALF_UP)
    assert offer.price in (formula, offer.lowest_price)
    assert offer.price + offer.savings == sum(price)
    assert offer.whole_units == 13 * min(sold) // 10
    assert offer.is_floored == (offer.price > formula)


@given(parts, st.decimals("0", "999999", places=2))
def test_alpha_stays_between_080_and_090_whatever_buyers_expect(rows, saving):
    price, _, sold = zip(*rows, strict=True)
    offer = bundle(price, [None] * len(price), sold, expected_saving=saving)
    assert Decimal("0.80") <= offer.alpha <= Decimal("0.90")
