"""When the generated shop changed its regular prices."""

from dataclasses import replace

import numpy as np

from simulations.generator.shop import generate_shop
from simulations.generator.steps import PriceStep, price_steps

DAYS = 120


def shop_of(*paths, promotion=None):
    """A shop of products whose prices are given as {first day: price}."""
    shop = generate_shop(seed=1, products=len(paths), customers=5, days=DAYS)
    prices = np.zeros((len(paths), DAYS))
    for row, path in enumerate(paths):
        for day, price in path.items():
            prices[row, day:] = price
    marks = np.zeros(prices.shape, bool) if promotion is None else promotion
    return replace(shop, effective_price=prices, promotion=marks)


def steps_of(shop, first=60, last=80):
    found = price_steps(shop, shop.first_day + first, shop.first_day + last)
    return [each._replace(day=each.day - shop.first_day) for each in found]


def test_a_lasting_change_is_found_on_its_first_day():
    assert steps_of(shop_of({0: 5.0, 60: 6.0}, {0: 3.0, 80: 2.5})) == [
        PriceStep(0, 60, 5.0, 6.0),
        PriceStep(1, 80, 3.0, 2.5),
    ]


def test_changes_before_and_after_the_days_asked_for_are_left_out():
    assert steps_of(shop_of({0: 5.0, 59: 6.0}, {0: 3.0, 81: 2.5}, {0: 4.0})) == []


def test_a_change_with_another_in_the_month_before_or_after_it_is_left_out():
    assert steps_of(shop_of({0: 5.0, 35: 5.5, 60: 6.0}, {0: 3.0, 60: 2.5, 100: 3.0})) == []
    assert steps_of(shop_of({0: 5.0, 29: 5.5, 60: 6.0})) == [PriceStep(0, 60, 5.5, 6.0)]


def test_a_change_during_a_promotion_is_left_out():
    promotion = np.zeros((1, DAYS), bool)
    promotion[0, 60:] = True
    assert steps_of(shop_of({0: 5.0, 60: 4.5}, promotion=promotion)) == []


def test_the_sales_after_a_change_were_made_at_the_new_price():
    shop = generate_shop()
    found = price_steps(shop, shop.last_day - 90, shop.last_day - 60)
    assert len(found) >= 20
    day = shop.lines.minute // 1440
    for step in found:
        mine = (shop.lines.product == step.product) & ~shop.lines.cancellation & (shop.lines.quantity < 6)
        assert set(shop.lines.unit_price[mine & (day >= step.day)]) == {step.after}
        assert set(shop.lines.unit_price[mine & (day < step.day) & (day >= step.day - 30)]) == {step.before}
