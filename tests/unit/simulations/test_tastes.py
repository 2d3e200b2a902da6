"""What kinds of customers like: receipts change hands, and nothing else does."""

from dataclasses import replace

import numpy as np
import pytest

from segments.core.rfm import SEGMENTS, rfm_segments
from simulations.generator import shop as generator
from simulations.generator.shop import generate_shop

MINUTES_A_DAY = 1440


@pytest.fixture(scope="module")
def shop():
    return generate_shop()


def segment_lines(shop):
    """Lines (products, segments) that the customers of each segment bought."""
    lines = shop.lines
    known = (lines.customer >= 0) & ~lines.cancellation
    number, customer = np.unique(lines.customer[known], return_inverse=True)
    day = lines.minute[known] // MINUTES_A_DAY
    last = np.zeros(number.size, int)
    np.maximum.at(last, customer, day)
    visits = np.unique(np.stack([customer, lines.invoice[known]]), axis=1)[0]
    money = np.bincount(customer, weights=(lines.quantity * lines.unit_price)[known])
    segment = rfm_segments(day.max() + 1 - last, np.bincount(visits, minlength=number.size), money).segment[
        customer
    ]
    bought = np.zeros((len(shop.products.code), len(SEGMENTS)), int)
    np.add.at(bought, (lines.product[known], segment), 1)
    return bought


def test_every_segment_is_the_best_customer_of_some_products(shop):
    best = np.bincount(segment_lines(shop).argmax(axis=1), minlength=len(SEGMENTS))
    assert (best >= 3).all(), dict(zip(SEGMENTS, best.tolist(), strict=True))
    assert best[SEGMENTS.index("Champion")] > 150


def test_the_best_customers_buy_most_of_all(shop):
    bought = segment_lines(shop)
    assert bought[:, SEGMENTS.index("Champion")].sum() > 0.5 * bought.sum()
    # The Iced Latte is everybody's.
    assert bought[0].argmax() == SEGMENTS.index("Champion")


def test_what_is_sold_does_not_change_only_who_buys_it(monkeypatch):
    size = {"products": 40, "customers": 300, "days": 200}
    seen = []

    def watched(rng, sales, day, customers, by_mail):
        seen.append((sales, with_tastes(rng, sales, day, customers, by_mail), customers))
        return seen[0][1]

    with_tastes = generator.with_tastes
    monkeypatch.setattr(generator, "with_tastes", watched)
    generate_shop(seed=3, **size)
    before, after, customers = seen[0]
    for name in ("product", "minute", "quantity", "unit_price", "invoice", "cancellation"):
        np.testing.assert_array_equal(getattr(after, name), getattr(before, name), err_msg=name)
    assert (after.customer != before.customer).any()
    known = before.customer >= 0
    np.testing.assert_array_equal(after.customer >= 0, known)
    # Nobody comes oftener or more seldom than before.
    receipts = [np.unique(np.stack([sales.customer, sales.invoice]), axis=1)[0] for sales in (before, after)]
    np.testing.assert_array_equal(np.bincount(receipts[0] + 1), np.bincount(receipts[1] + 1))
    # Whoever lives abroad still does.
    np.testing.assert_array_equal(after.country[known], customers.country[after.customer[known] - 10001])


def test_mail_orders_stay_with_those_who_order_by_mail(monkeypatch):
    seen = []

    def watched(rng, sales, day, customers, by_mail):
        seen.append((sales, with_tastes(rng, sales, day, customers, by_mail), by_mail))
        return seen[0][1]

    with_tastes = generator.with_tastes
    monkeypatch.setattr(generator, "with_tastes", watched)
    generate_shop(seed=3, products=40, customers=300, days=200)
    before, after, by_mail = seen[0]
    known = before.customer >= 0
    assert by_mail.any()
    np.testing.assert_array_equal(
        by_mail[after.customer[known] - 10001], by_mail[before.customer[known] - 10001]
    )


def test_a_shop_without_cards_is_left_as_it_is():
    shop = generate_shop(seed=5, products=3, customers=1, days=7)
    lines = replace(shop.lines, customer=np.full(shop.lines.product.size, -1))
    day = lines.minute // MINUTES_A_DAY
    assert generator.with_tastes(np.random.default_rng(0), lines, day, None, None) is lines
