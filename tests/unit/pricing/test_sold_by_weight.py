"""Goods sold by weight: the same shop in kilos and in grams has the same elasticities."""

import numpy as np
import pytest

from pricing.elasticity.core.pooled.fit import fit_pooled
from pricing.elasticity.core.pooled.posterior import refresh
from pricing.sales.core.daily import daily_sales
from pricing.sales.core.grouping import sold_by_weight
from pricing.sales.core.lines import SalesLines, clean_lines, quantity_caps
from pricing.sales.core.list_prices import reconstruct_list_prices
from pricing.sales.core.totals import totals_periods
from tests.dgp import ShopSpec, simulate_shop

SPEC = ShopSpec(products=40, lines_per_day=1.5, log_price_sd=0.12)
PRODUCTS = SPEC.products


def weighed_shop(seed=1):
    """The lines of a simulated shop, of 0.35 kg or so for each piece, to the gram and no less than 100 g."""
    shop = simulate_shop(SPEC, seed)
    weight = np.random.default_rng(seed).lognormal(np.log(0.35), 0.5, shop.quantity.size)
    kilos = np.maximum(np.round(np.abs(shop.quantity) * weight, 3), 0.1) * np.sign(shop.quantity)
    lines = shop.lines | {"quantity": kilos, "voided": np.zeros(kilos.size, np.bool_)}
    return shop, lines


def in_grams(lines):
    """The same in grams; prices stay those of a kilo, since those of a gram have too few digits after the point."""
    return lines | {"quantity": np.rint(1000 * lines["quantity"])}


def day_totals(lines):
    """One line for each product and day, without customer."""
    sale = ~lines["cancellation"]
    key, first, of = np.unique(
        np.stack([lines["product"][sale], lines["day"][sale]]), axis=1, return_index=True, return_inverse=True
    )
    paid = np.bincount(of, (lines["quantity"] * lines["price"])[sale])
    units = np.round(np.bincount(of, lines["quantity"][sale]), 3)
    none = np.zeros(units.size, np.bool_)
    return {
        "product": key[0],
        "day": key[1],
        "minute": lines["minute"][sale][first],
        "quantity": units,
        "price": paid / units,
        "customer": np.full(units.size, -1),
        "invoice": np.arange(units.size),
        "cancellation": none,
        "voided": none,
    }


def estimates(lines, category):
    sales = SalesLines(**lines)
    clean = clean_lines(sales, PRODUCTS)
    daily = daily_sales(sales, clean, PRODUCTS)
    return refresh(daily, category, fit_pooled(daily, category, np.unique(sales.day)))


@pytest.mark.parametrize("recorded", [lambda lines: lines, day_totals], ids=["lines", "totals"])
def test_kilos_and_grams_have_the_same_elasticities(recorded):
    shop, lines = weighed_shop()
    kilos = estimates(recorded(lines), shop.product_category)
    grams = estimates(in_grams(recorded(lines)), shop.product_category)
    np.testing.assert_allclose(kilos.elasticity, grams.elasticity, rtol=0, atol=1e-6)
    np.testing.assert_allclose(kilos.std_error, grams.std_error, rtol=0, atol=1e-6)
    assert kilos.grade.tolist() == grams.grade.tolist()


def test_a_shop_that_sells_by_weight_is_estimated_as_well_as_one_that_sells_by_the_piece():
    shop, lines = weighed_shop()
    pieces = lines | {"quantity": shop.quantity}

    def error(of):
        return float(
            np.sqrt(np.mean((estimates(of, shop.product_category).elasticity - shop.true_elasticity) ** 2))
        )

    assert error(lines) < 1.1 * error(pieces)


@pytest.mark.parametrize(
    ("quantities", "by_weight"),
    [
        ([1.0, 2.0, 3.0], False),
        ([0.35, 1.25, 2.0], True),
        ([0.5, 1.0, 2.0], False),
        ([0.001, 0.999], True),
        ([0.1 + 0.2 + 0.7, 0.8 + 0.1 + 0.1], False),
    ],
)
def test_goods_are_sold_by_weight_if_most_quantities_have_a_fraction(quantities, by_weight):
    product = np.zeros(len(quantities), np.int64)
    assert sold_by_weight(product, np.array(quantities), 2).tolist() == [by_weight, False]


def test_two_dozen_kilos_are_a_bulk_order_where_two_dozen_pieces_are_not():
    product = np.repeat([0, 1], 40)
    quantity = np.concatenate((np.tile([0.3, 0.35, 0.4, 0.45], 10), np.tile([1.0, 1.0, 2.0, 2.0], 10)))
    caps = quantity_caps(product, quantity, 3)
    # exp(Q3 + 3 * 0.5) of the kilos: their log quantities' third quartile is that of 0.4 and 0.45.
    third = np.log(0.4) + 0.25 * np.log(0.45 / 0.4)
    assert caps[0] == pytest.approx(np.exp(third + 1.5))
    assert caps[1:].tolist() == [24.0, 24.0]


def test_a_price_paid_for_more_kilos_is_no_quantity_break():
    """Three large purchases at another price are its price that day, as three of 800 and of 2,500 grams would be."""
    day = np.arange(40)
    heavy = day % 4 == 0
    lines = SalesLines(
        product=np.zeros(40, np.int64), day=day, minute=1440 * day, quantity=np.where(heavy, 2.5, 0.8) + 0.001,
        price=np.where(heavy, 9.0, 10.0), customer=np.full(40, 7), invoice=day,
        cancellation=np.zeros(40, np.bool_), voided=np.zeros(40, np.bool_),
    )  # fmt: skip
    found = [
        reconstruct_list_prices(each, clean_lines(each, 1), 1, np.zeros(1, np.bool_), np.zeros_like)[2]
        for each in (lines, SalesLines(**in_grams({name: getattr(lines, name) for name in lines.__slots__})))
    ]
    np.testing.assert_array_equal(*found)


def test_totals_of_less_than_two_kilos_are_totals():
    day = 7 * np.arange(12)
    ones = np.ones(12, np.int64)
    product = np.zeros(12, np.int64)
    assert totals_periods(product, day, ones, np.full(12, 1.25), 1).tolist() == [7]
    assert totals_periods(product, day, ones, np.full(12, 1.0), 1).tolist() == [0]
