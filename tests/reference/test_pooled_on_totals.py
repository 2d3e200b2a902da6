"""Sales as totals, one line for each product and day, week or month, give the elasticities that their lines give."""

from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest

from pricing.elasticity.core.pooled import FLAGS, Posterior, fit_pooled, refresh
from pricing.sales.core.cancellations import match_cancellations
from pricing.sales.core.daily import daily_sales
from pricing.sales.core.lines import SalesLines, clean_lines
from tests.daily import take_products
from tests.dgp import REGULAR, Disturbances, ShopSpec, SimulatedShop, simulate_shop

# One price for all buyers: where buyers pay different prices, totals hold their mean.
ONE_PRICE = replace(
    Disturbances(), web_markup=False, quantity_breaks=False, mistyped_prices=False, bulk_orders=False
)
SPEC = replace(REGULAR, products=250, categories=6, customers=1000, disturbances=ONE_PRICE)
MANY_PRICES = replace(SPEC, disturbances=Disturbances())
WEEK, MONTH = 7, 30
FIRST = 19_002  # a Monday


@lru_cache
def shop(spec: ShopSpec = SPEC) -> SimulatedShop:
    return simulate_shop(spec, 7)


def summed_up(days: int, spec: ShopSpec = SPEC) -> SalesLines:
    """The shop's sales as a till exports them: units net of returns, and the mean price paid to the cent."""
    columns = shop(spec).lines
    period = (columns["day"] - SPEC.first_day) // days
    key = columns["product"] * 10_000 + period
    cell, of = np.unique(key, return_inverse=True)
    units = np.bincount(of, columns["quantity"]).astype(np.int64)
    price = np.round(
        np.bincount(of, columns["quantity"] * columns["price"]) / np.where(units == 0, 1, units), 2
    )
    kept = (units > 0) & (price > 0)
    return totals(cell[kept] // 10_000, SPEC.first_day + cell[kept] % 10_000 * days, units[kept], price[kept])


def totals(product: np.ndarray, day: np.ndarray, units: np.ndarray, price: np.ndarray) -> SalesLines:
    none = np.zeros(product.size, np.bool_)
    rows = np.arange(product.size)
    return SalesLines(product, day, day * 1440, units, price, np.full(product.size, -1), rows, none, none)


def estimated(lines: SalesLines, category: np.ndarray) -> Posterior:
    daily = daily_sales(lines, clean_lines(lines, category.size), category.size)
    hyper = fit_pooled(daily, category, np.unique(daily.day))
    whole = refresh(daily, category, hyper)
    one = refresh(take_products(daily, np.array([1])), category[[1]], hyper)
    np.testing.assert_allclose(one.elasticity, whole.elasticity[[1]], rtol=1e-8)
    return whole


@lru_cache
def by_line() -> Posterior:
    columns = shop().lines
    keys = ("product", "customer", "quantity", "minute", "cancellation", "price")
    voided = match_cancellations(**{key: columns[key] for key in keys}, order=np.arange(shop().product.size))
    return estimated(SalesLines(**columns, voided=voided), shop().product_category)


@pytest.mark.parametrize("days", [1, WEEK])
def test_totals_are_as_good_as_their_lines(days: int) -> None:
    truth = shop().true_elasticity
    found = estimated(summed_up(days), shop().product_category)
    errors = [posterior.elasticity - truth for posterior in (found, by_line())]
    rmse, of_lines = (float(np.sqrt((error**2).mean())) for error in errors)
    assert rmse < of_lines + 0.1
    assert abs(errors[0].mean()) < 0.15
    assert ((found.ci_low <= truth) & (truth <= found.ci_high)).mean() >= 0.92


@pytest.mark.parametrize("days", [1, WEEK])
def test_totals_of_buyers_who_pay_different_prices_are_flagged(days: int) -> None:
    found = estimated(summed_up(days, MANY_PRICES), shop(MANY_PRICES).product_category)
    assert ((found.flags & FLAGS["MIXED_PRICES"]) > 0).mean() > 0.95
    assert set(found.grade) <= {"C", "D"}
    assert abs((found.elasticity - shop(MANY_PRICES).true_elasticity).mean()) < 0.5
    assert not (by_line().flags & FLAGS["MIXED_PRICES"]).any()


def panel_of_totals(period: int, periods: int, promotion: bool = False, seed: int = 1) -> SalesLines:
    """Ten products whose elasticity is -2, with a new price every two periods or 20 % off in some."""
    rng = np.random.default_rng(seed)
    product, number = np.repeat(np.arange(10), periods), np.tile(np.arange(periods), 10)
    if promotion:
        price = np.where(rng.random((10, periods // 2 + 1)) < 0.3, 8.0, 10.0)
    else:
        price = rng.choice([9.0, 9.5, 10.0, 10.5, 11.0], (10, periods // 2 + 1))
    paid = price[product, number // 2]
    units = rng.poisson(60 * (paid / 10.0) ** -2.0)
    return totals(product, FIRST + period * number, units, paid)


@pytest.mark.parametrize(
    ("period", "periods", "promotion"), [(WEEK, 104, False), (WEEK, 104, True), (MONTH, 48, False)]
)
def test_totals_whose_price_changes_every_other_period(period: int, periods: int, promotion: bool) -> None:
    found = estimated(panel_of_totals(period, periods, promotion), np.zeros(10, np.int64))
    assert ((found.ci_low <= -2.0) & (found.ci_high >= -2.0)).mean() >= 0.9
    assert abs(found.elasticity.mean() + 2.0) < 0.3


@pytest.mark.parametrize("rate", [1.0, 1.5])
@pytest.mark.parametrize("seed", [11, 12])
def test_totals_of_products_that_sell_one_or_two_units_a_week(rate: float, seed: int) -> None:
    """Sixty products with elasticity -2 and a new price every fortnight; a week without a sale has no row.

    Where these rows were taken for single purchases, 15 to 47 of the 60 intervals held, at means of -.4 to -1.2.
    """
    rng = np.random.default_rng(seed)
    product, week = np.repeat(np.arange(60), 104), np.tile(np.arange(104), 60)
    price = np.round(10 * np.exp(rng.normal(0, 0.1, (60, 52))), 2)[product, week // 2]
    units = rng.poisson(rate * (price / 10.0) ** -2.0)
    sold = units > 0
    lines = totals(product[sold], FIRST + WEEK * week[sold], units[sold], price[sold])
    found = estimated(lines, np.zeros(60, np.int64))
    assert abs(found.elasticity.mean() + 2.0) < 0.75
    assert ((found.ci_low <= -2.0) & (found.ci_high >= -2.0)).mean() >= 0.9


def test_a_promotion_of_one_day_is_a_price_where_lines_are_totals() -> None:
    lines = panel_of_totals(1, 60)
    lines.price[:] = 10.0
    lines.price[[30, 90]] = 7.0
    daily = daily_sales(lines, clean_lines(lines, 10), 10)
    np.testing.assert_allclose(daily.list_price, lines.price)


def test_a_week_ten_times_as_good_as_others_is_counted_in_full() -> None:
    lines = panel_of_totals(WEEK, 104)
    lines.quantity[5] = 900
    assert clean_lines(lines, 10).units[5] == 900
