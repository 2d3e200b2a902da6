"""List prices and promotions reconstructed from paid prices, and the daily roll-up made of them."""

from dataclasses import replace

import numpy as np
import pytest

from pricing.sales.core.constants import PROMOTION_REACH_DAYS, RETURNED_PRICE, SAME_PRICE, SHORT_DIP_DAYS
from pricing.sales.core.daily import DailySales, daily_sales
from pricing.sales.core.lines import SalesLines, clean_lines
from pricing.sales.core.list_prices import LEVELS_SEARCHED, PRICE_DECIMALS, infer_promotions
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


def together(*parts: SalesLines) -> SalesLines:
    """The lines of some products, numbered one after another."""
    renumbered = [replace(part, product=part.product * 0 + number) for number, part in enumerate(parts)]
    return SalesLines(
        *(np.concatenate([getattr(part, name) for part in renumbered]) for name in SalesLines.__slots__)
    )


def shop_and_web(shop: list[tuple[int, float]], web: list[tuple[int, float]]) -> SalesLines:
    """Single units of one product at (day, price): in the shop with a customer id, on the web without."""
    rows = [(*row, 7) for row in shop] + [(*row, -1) for row in web]
    day, price, customer = zip(*rows, strict=True)
    return lines_of([0] * len(rows), list(day), [1] * len(rows), list(price), list(customer))


def test_a_new_price_that_only_the_web_has_shown_so_far_is_freed_of_its_markup() -> None:
    shop = [(day, 4.0) for day in range(20)]
    web = [(day, 8.0) for day in range(0, 20, 2)] + [(day, 12.0) for day in range(20, 26)]
    assert rolled_up(shop_and_web(shop, web)).list_price.tolist() == pytest.approx([4.0] * 20 + [6.0] * 6)


def test_channels_at_one_price_both_show_it() -> None:
    shop = [(day, 4.0) for day in range(0, 20, 2)]
    web = [(day, 4.01) for day in range(1, 20, 2)] + [(day, 5.0) for day in range(20, 26)]
    assert rolled_up(shop_and_web(shop, web)).list_price.tolist() == [4.01] * 20 + [5.0] * 6


def test_a_markup_of_less_than_a_price_change_is_taken_off_too() -> None:
    """One of .9 times what counts as one price is a markup, one of .4 times is none."""
    shop = [(day, 4.0) for day in range(0, 20, 2)]
    for part, expected in ((0.9, 4.0), (0.4, 4.0 * np.exp(0.4 * SAME_PRICE))):
        web = [(day, 4.0 * np.exp(part * SAME_PRICE)) for day in range(1, 20, 2)]
        assert rolled_up(shop_and_web(shop, web)).list_price.tolist() == pytest.approx(
            [expected] * 20, abs=1e-4
        )


def test_no_list_price_is_rounded_to_nothing() -> None:
    lines = lines_of([0] * 3, [0, 1, 2], [1] * 3, [0.1**PRICE_DECIMALS / 3] * 3)
    assert rolled_up(lines).list_price.tolist() == pytest.approx([0.1**PRICE_DECIMALS] * 3)


def test_the_price_of_another_product_shows_no_markup() -> None:
    """The web shows three days, the shop's price is known around two of them alone; the neighbour has it around all."""
    whole = shop_and_web([(day, 4.0) for day in range(10)], [])
    early = shop_and_web([(day, 4.0) for day in range(1, 10)], [(day, 8.0) for day in (0, 2, 4)])
    late = shop_and_web([(day, 4.0) for day in range(9)], [(day, 8.0) for day in (4, 6, 9)])
    daily = rolled_up(together(whole, early, whole, late, whole), 5)
    unknown = np.isnan(daily.list_price)
    assert list(zip(daily.product[unknown], daily.day[unknown], strict=True)) == [(1, 0), (3, 9)]
    np.testing.assert_array_equal(daily.list_price[~unknown], 4.0)


def test_every_product_is_rolled_up_as_if_it_were_alone() -> None:
    """Products of the same prices, whose neighbours could be taken for themselves."""
    rng = np.random.default_rng(7)
    shops = []
    for _ in range(30):
        day = np.sort(rng.integers(0, 40, 25))
        rows = [(int(each), float(rng.choice([4.0, 4.0, 4.04, 3.5, 5.0]))) for each in day]
        web = rng.random(len(rows)) < 0.4
        shops.append(
            shop_and_web(
                [row for row, on in zip(rows, web, strict=True) if not on],
                [(when, 2 * price) for (when, price), on in zip(rows, web, strict=True) if on],
            )
        )
    among = rolled_up(together(*shops), len(shops))
    for number, shop in enumerate(shops):
        alone, own = rolled_up(shop), take_products(among, np.array([number]))
        for name in DailySales.__slots__:
            np.testing.assert_array_equal(getattr(own, name), getattr(alone, name))


def test_a_price_seen_on_one_day_only_is_not_a_list_price() -> None:
    day = list(range(MONDAY, MONDAY + 40))
    price = [3.0] * 40
    price[20] = 2.0
    daily = rolled_up(lines_of([0] * 40, day, [1] * 40, price))
    assert np.isnan(daily.list_price[20])
    np.testing.assert_array_equal(np.delete(daily.list_price, 20), 3.0)


def a_quarter(lows: str, price: float = 10.0, low: float = 8.0) -> list[tuple[int, float]]:
    """A line every second day at a price for 30 of them, then as `lows` says (L: at the low price), then 30 more."""
    prices = [price] * 30 + [low if each == "L" else price for each in lows] + [price] * 30
    return [(2 * number, paid) for number, paid in enumerate(prices)]


def prices_of(rows: list[tuple[int, float]]) -> list[float]:
    return rolled_up(shop_and_web(rows, [])).list_price.tolist()


COUPONS = "HLHLLHHLHLLLHHLH"


def test_coupons_that_some_buyers_hold_are_no_list_price() -> None:
    # Thirteen pairs of neighbours with a dip, three of them both in it; three of the five dips are of one day.
    found = np.array(prices_of(a_quarter(COUPONS)))
    low = np.array([each == "L" for each in COUPONS])
    assert np.isnan(found[30:46][low]).all()
    np.testing.assert_array_equal(found[np.isfinite(found)], 10.0)


@pytest.mark.parametrize(
    ("lows", "why"),
    [
        ("HHLLLLLLLHHH", "it lasts"),
        ("HLLLHHHHLLLHHHHLLLHHHHLLLHHHH", "a weekend's sale: half of the pairs, but no dip of one day"),
        ("HLLHHHHHHLLH", "no dip of one day"),
        ("HLLLLHHLLHLLLLLHHLLLLH", "most neighbours of a low day are low"),
        ("HLLLLHLHLLLLLHHLHLLLLLHH", "these go with dips of one day, which are dropped by themselves"),
    ],
)
def test_dips_that_last_are_prices(lows: str, why: str) -> None:
    found = np.array(prices_of(a_quarter(lows)))[30 : 30 + len(lows)]
    lasting = np.array([each == "L" and "L" in (lows[at - 1], lows[at + 1]) for at, each in enumerate(lows)])
    np.testing.assert_array_equal(found[lasting], 8.0, err_msg=why)


def test_where_most_days_are_dips_buyers_have_prices_of_their_own() -> None:
    # Contracts: 60 of 120 days are low. None of the two prices is the one that all are asked.
    rows = [(2 * number, 8.0 if number % 4 in (1, 2) else 10.0) for number in range(120)]
    assert set(prices_of(rows)) == {8.0, 10.0}


def test_coupons_on_one_product_say_nothing_of_another() -> None:
    coupons, lasting = (shop_and_web(a_quarter(lows), []) for lows in (COUPONS, "HHLLLHHHHHHH"))
    both = rolled_up(together(coupons, lasting), 2)
    assert (both.list_price[both.product == 1] == 8.0).sum() == 3


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


def test_nothing_was_on_promotion_where_nothing_was_sold() -> None:
    nothing = np.zeros(0, np.int64)
    assert infer_promotions(nothing, nothing, np.zeros(0)).tolist() == []


def on_promotion(rows: list[tuple[int, float]]) -> list[int]:
    """The days of promotions, of days with their prices."""
    day, price = (np.array(column) for column in zip(*rows, strict=True))
    return day[infer_promotions(np.zeros(day.size, np.int64), day, np.log(price))].tolist()


def dip(first: int, last: int, back: int, price: float = 4.4) -> list[tuple[int, float]]:
    """4.00 until day 0, 3.20 seen every day from `first` to `last`, then another price from `back` on."""
    return [(0, 4.0), *((day, 3.2) for day in range(first, last + 1)), (back, price), (back + 1, price)]


def test_how_long_a_dip_lasts_lies_between_the_days_it_was_seen_and_the_days_it_had() -> None:
    longest = int(SHORT_DIP_DAYS)
    assert on_promotion(dip(1, longest, longest + 1)) == list(range(1, longest + 1))
    assert on_promotion(dip(1, longest + 1, longest + 2)) == []
    # One day less was seen than the longest, one more would have had room; then two.
    assert on_promotion(dip(2, longest, longest + 2)) == list(range(2, longest + 1))
    assert on_promotion(dip(2, longest, longest + 3)) == []


def test_a_promotion_counts_near_the_price_that_it_goes_back_to() -> None:
    reach = PROMOTION_REACH_DAYS
    long = dip(1, reach + 5, reach + 6, 4.0)
    assert on_promotion(long) == list(range(6, reach + 1))
    returned = np.exp(RETURNED_PRICE)
    assert on_promotion(dip(1, reach, reach + 1, 4.0 * returned**0.9)) == list(range(1, reach + 1))
    assert on_promotion(dip(1, reach, reach + 1, 4.0 * returned**1.1)) == []


def test_the_higher_price_may_be_some_small_steps_away() -> None:
    steps = [round(8.0 + 0.12 * step, 2) for step in range(LEVELS_SEARCHED)]
    prices = [10.0, 10.0, *steps, 10.0, 10.0]
    assert promotions(prices) == [False] * 2 + [True] * LEVELS_SEARCHED + [False] * 2
    assert promotions(prices[::-1]) == [False] * 2 + [True] * LEVELS_SEARCHED + [False] * 2
    # With a step more the first is too far from the price after it, and the last from the price before.
    more = [10.0, 10.0, 7.88, *steps, 10.0, 10.0]
    assert promotions(more) == [False] * 3 + [True] * (LEVELS_SEARCHED - 1) + [False] * 3


def test_a_promotion_is_one_of_its_own_product() -> None:
    """The neighbours were dearer before and after: another product's price is none that it goes back to."""
    product = np.repeat([0, 1, 2], 10)
    log_price = np.log(np.repeat([4.0, 3.2, 4.0], 10))
    assert not infer_promotions(product, np.tile(np.arange(10), 3), log_price).any()


def test_a_dip_back_to_the_same_price_is_a_promotion() -> None:
    assert promotions([4.0] * 30 + [3.2] * 30 + [4.0] * 30) == [False] * 30 + [True] * 30 + [False] * 30


def test_the_price_that_counts_is_the_nearest_higher_one() -> None:
    assert promotions([5.0] * 5 + [4.0] * 5 + [3.2] * 25 + [4.0] * 5)[10:] == [True] * 25 + [False] * 5
    assert promotions([4.0] * 5 + [3.2] * 25 + [4.0] * 5 + [5.0] * 5)[:30] == [False] * 5 + [True] * 25


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


def by_lot(lines_a_day: int, low: float, *, days: int = 120, lots: int = 2) -> tuple[SalesLines, list[float]]:
    """One product whose price of each day is drawn by lot: 10.00, or `low` in one of so many; and these prices."""
    drawn = np.random.default_rng(3).integers(0, lots, days) == 0
    prices = np.where(drawn, low, 10.0).tolist()
    rows = [(MONDAY + day, price) for day, price in enumerate(prices) for _ in range(lines_a_day)]
    day, price = map(list, zip(*rows, strict=True))
    return lines_of([0] * len(rows), day, [1] * len(rows), price), prices


@pytest.mark.parametrize("low", [8.0, 9.0, 9.8])
def test_a_price_drawn_by_lot_each_day_is_that_day_s_list_price_and_no_promotion(low: float) -> None:
    lines, prices = by_lot(2, low)
    daily = rolled_up(lines)
    assert daily.list_price.tolist() == prices
    assert not daily.promotion.any()


def test_where_no_day_has_two_purchases_a_price_of_one_day_may_be_one_buyer_s() -> None:
    lines, _ = by_lot(1, 9.0)
    assert np.isnan(rolled_up(lines).list_price).sum() > 10


def test_a_few_days_with_two_purchases_do_not_show_that_all_pay_one_price() -> None:
    for twice, known in ((5, False), (10, True)):
        single, prices = by_lot(1, 9.0)
        again = list(range(twice))
        lines = lines_of(
            [0] * (120 + twice),
            [*single.day.tolist(), *(MONDAY + day for day in again)],
            [1] * (120 + twice),
            [*prices, *(prices[day] for day in again)],
        )
        assert np.isfinite(rolled_up(lines).list_price).all() == known


def test_a_price_of_one_day_now_and_then_is_a_mistake() -> None:
    lines, prices = by_lot(2, 9.0, lots=25)
    daily = rolled_up(lines)
    assert 0 < np.isnan(daily.list_price).sum() == prices.count(9.0)
    assert set(daily.list_price[np.isfinite(daily.list_price)]) == {10.0}


def test_single_days_of_another_price_far_from_the_next_sale_are_not_changes_by_the_day() -> None:
    lines, _ = by_lot(2, 9.0)
    apart = replace(lines, day=MONDAY + 3 * (lines.day - MONDAY))
    assert np.isnan(rolled_up(apart).list_price).any()
