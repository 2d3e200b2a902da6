"""List prices and promotions reconstructed from paid prices, and the daily roll-up made of them."""

from dataclasses import replace

import numpy as np
import pytest

from pricing.sales.core.daily import DailySales, daily_sales
from pricing.sales.core.lines import SalesLines, clean_lines
from pricing.sales.core.list_prices import infer_promotions
from tests.daily import take_products

MONDAY = 19_002


def lines_of(
    product: list[int],
    day: list[int],
    quantity: list[int],
    price: list[float],
    customer: list[int] | None = None,
) -> SalesLines:
    n = len(product)
    return SalesLines(
        product=np.array(product, np.int64),
        day=np.array(day, np.int64),
        minute=np.array(day, np.int64) * 1440 + 600,
        quantity=np.array(quantity, np.int64),
        price=np.array(price, np.float64),
        customer=np.arange(n) if customer is None else np.array(customer, np.int64),
        invoice=np.arange(n),
        cancellation=np.array(quantity) < 0,
        voided=np.zeros(n, np.bool_),
    )


def rolled_up(lines: SalesLines, products: int = 1) -> DailySales:
    return daily_sales(lines, clean_lines(lines, products), products)


def mixed_shop(days: int = 120) -> SalesLines:
    """One product at 4.00, from day 60 on at 5.00: a retail line a day, web lines at double, dozens at 12 % less."""
    product, day, quantity, price, customer = [], [], [], [], []
    for offset in range(days):
        base = 4.0 if offset < 60 else 5.0
        kinds = [(2, 1.0, 7)]
        kinds += [(1, 2.0, -1)] * (offset % 2) + [(12, 0.88, 9)] * (offset % 3 == 0)
        for units, factor, buyer in kinds:
            product.append(0)
            day.append(MONDAY + offset)
            quantity.append(units)
            price.append(round(base * factor, 2))
            customer.append(buyer)
    return lines_of(product, day, quantity, price, customer)


def test_markups_and_quantity_breaks_are_taken_off_the_list_price() -> None:
    daily = rolled_up(mixed_shop())
    expected = np.where(daily.day < MONDAY + 60, 4.0, 5.0)
    np.testing.assert_array_equal(daily.list_price, expected)


def test_days_with_only_web_lines_still_show_the_list_price() -> None:
    whole = mixed_shop()
    web_only = (whole.customer == -1) | (whole.day % 7 != 0)
    thinned = SalesLines(*(getattr(whole, name)[web_only] for name in SalesLines.__slots__))
    daily = rolled_up(thinned)
    seen_by_web = daily.day % 7 == 0
    assert seen_by_web.sum() > 5
    np.testing.assert_allclose(daily.list_price, np.where(daily.day < MONDAY + 60, 4.0, 5.0), rtol=0.01)


def test_a_price_seen_on_one_day_only_is_not_a_list_price() -> None:
    day = list(range(MONDAY, MONDAY + 40))
    price = [3.0] * 40
    price[20] = 2.0
    daily = rolled_up(lines_of([0] * 40, day, [1] * 40, price))
    assert np.isnan(daily.list_price[20])
    np.testing.assert_array_equal(np.delete(daily.list_price, 20), 3.0)


def test_the_roll_up_does_not_depend_on_the_order_of_the_lines() -> None:
    lines = mixed_shop()
    order = np.random.default_rng(5).permutation(lines.product.size)
    shuffled = SalesLines(*(getattr(lines, name)[order] for name in SalesLines.__slots__))
    one, other = rolled_up(lines), rolled_up(shuffled)
    for name in DailySales.__slots__:
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


def test_a_product_rolled_up_alone_gives_the_same_rows_as_among_others() -> None:
    first = mixed_shop()
    rng = np.random.default_rng(6)
    other_days = np.sort(rng.integers(MONDAY, MONDAY + 300, 200))
    other = lines_of([1] * 200, other_days.tolist(), rng.integers(1, 30, 200).tolist(), [1.25] * 200)
    both = SalesLines(
        *(np.concatenate((getattr(first, name), getattr(other, name))) for name in SalesLines.__slots__)
    )
    together, alone = take_products(rolled_up(both, 2), np.array([0])), rolled_up(first)
    for name in DailySales.__slots__:
        np.testing.assert_array_equal(getattr(together, name), getattr(alone, name))


def test_days_with_returns_only_are_kept_without_units_or_price() -> None:
    daily = rolled_up(lines_of([0, 0, 0], [MONDAY, MONDAY + 1, MONDAY + 2], [1, -1, 1], [2.0, 2.0, 2.0]))
    assert daily.units.tolist() == [1.0, 0.0, 1.0]
    assert daily.lines.tolist() == [1, 0, 1]
    assert np.isnan(daily.list_price[1])


def test_prices_scale_with_the_currency() -> None:
    lines = mixed_shop()
    dearer = replace(lines, price=lines.price * 100)
    np.testing.assert_allclose(rolled_up(dearer).list_price, 100 * rolled_up(lines).list_price, rtol=1e-12)


def test_no_lines_make_no_rows() -> None:
    assert rolled_up(lines_of([], [], [], [])).product.size == 0


def promotions(prices: list[float]) -> list[bool]:
    days = np.arange(MONDAY, MONDAY + len(prices))
    return infer_promotions(np.zeros(len(prices), np.int64), days, np.log(prices)).tolist()


def test_a_dip_back_to_the_same_price_is_a_promotion() -> None:
    assert promotions([4.0] * 30 + [3.2] * 30 + [4.0] * 30) == [False] * 30 + [True] * 30 + [False] * 30


def test_a_fortnight_below_the_prices_around_it_is_a_promotion_whatever_they_are() -> None:
    assert promotions([4.0] * 30 + [3.2] * 14 + [4.4] * 30) == [False] * 30 + [True] * 14 + [False] * 30


@pytest.mark.parametrize(
    "prices",
    [
        [4.0] * 30 + [3.2] * 60,
        [4.0] * 30 + [3.2] * 40 + [4.4] * 30,
        [4.0] * 30 + [3.9] * 10 + [4.0] * 30,
        [4.0] * 30 + [3.2] * 90 + [4.0] * 30,
        [3.2] * 10 + [4.0] * 60,
    ],
    ids=["markdown", "two price changes", "less than 5 %", "a season long", "no price before"],
)
def test_other_price_changes_are_no_promotions(prices: list[float]) -> None:
    assert not any(promotions(prices))
