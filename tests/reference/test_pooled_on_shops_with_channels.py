"""Stores and arms of a price test that the transactions name: estimates against the truth of simulated shops."""

from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import pytest

from pricing.elasticity.core.pooled import FLAGS, Posterior, fit_pooled, refresh
from pricing.sales.core.arrays import IntArray
from pricing.sales.core.cancellations import match_cancellations
from pricing.sales.core.channels import PriceSeries, main_prices, price_series
from pricing.sales.core.daily import daily_sales
from pricing.sales.core.lines import SalesLines, clean_lines
from pricing.sales.core.price_mix import several_prices
from tests.simulated_shops import ALONE, PLAIN, simulate

pytestmark = pytest.mark.slow
SEEDS = (1, 2, 3)
PRODUCTS = 300


@dataclass(frozen=True)
class Estimated:
    truth: np.ndarray
    series: PriceSeries
    several: np.ndarray
    posterior: Posterior

    @property
    def errors(self) -> np.ndarray:
        return np.asarray((self.posterior.elasticity - self.truth)[self.posterior.estimated])

    @property
    def covered(self) -> np.ndarray:
        found = self.posterior
        return np.asarray(((found.ci_low <= self.truth) & (self.truth <= found.ci_high))[found.estimated])


def estimated(lines: SalesLines, channel: IntArray, category: IntArray, truth: np.ndarray) -> Estimated:
    clean = clean_lines(lines, truth.size)
    series = price_series(lines, clean, channel, truth.size)
    daily = main_prices(daily_sales(lines, clean, truth.size), series)
    several = several_prices(lines, clean, truth.size, channel)
    hyper = fit_pooled(daily, category, np.unique(daily.day[daily.lines > 0]), series=series)
    posterior = refresh(daily, category, hyper, several_prices=several, series=series)
    return Estimated(truth, series, several, posterior)


@cache
def stores(seed: int, *, named: bool = True) -> Estimated:
    shop = simulate(replace(PLAIN, products=PRODUCTS, disturbances=ALONE["two_stores"]), seed)
    keys = ("product", "customer", "quantity", "minute", "cancellation", "price")
    columns = {key: shop.lines[key] for key in keys}
    voided = match_cancellations(**columns, order=np.arange(shop.product.size))
    channel = shop.store if named else np.zeros_like(shop.store)
    return estimated(
        SalesLines(**shop.lines, voided=voided), channel, shop.product_category, shop.true_elasticity
    )


@cache
def test_of_prices(seed: int) -> Estimated:
    """200 products at one price for half a year; then, for twelve weeks, half of the visitors see prices by lot.

    Purchases are Poisson, of one unit; the elasticities are normal, -2 +- 0.7, in ten categories.
    """
    chance = np.random.default_rng(seed)
    products, before, days = 200, 182, 266
    truth = chance.normal(-2.0, 0.7, products)
    base = chance.uniform(5, 50, products)
    step = chance.choice([-0.2, -0.1, 0.1, 0.2], products)
    rate = chance.lognormal(2.0, 0.5, products)
    on = np.arange(days) >= before
    factor = np.where(on[None, :, None] & (np.arange(2) == 1), 1 + step[:, None, None], 1.0)
    counts = chance.poisson(rate[:, None, None] / 2 * factor ** truth[:, None, None])
    product, day, arm = (np.repeat(each.ravel(), counts.ravel()) for each in np.indices(counts.shape))
    n = product.size
    none = np.zeros(n, np.bool_)
    lines = SalesLines(
        product=product,
        day=19_000 + day,
        minute=(19_000 + day) * 1440 + chance.integers(0, 1440, n),
        quantity=np.ones(n),
        price=np.round(base[product] * factor[product, day, arm], 2),
        customer=chance.integers(0, 3000, n),
        invoice=np.arange(n),
        cancellation=none,
        voided=none,
    )
    return estimated(lines, arm, np.arange(products) % 10, truth)


test_of_prices.__test__ = False  # type: ignore[attr-defined]


@pytest.mark.parametrize("seed", SEEDS)
def test_the_stores_of_the_simulated_shop_are_distinguished(seed: int) -> None:
    found = stores(seed)
    assert np.unique(found.series.product).size >= 0.98 * PRODUCTS
    assert not found.several.any()
    assert not (found.posterior.flags & FLAGS["SEVERAL_PRICES"]).any()
    assert np.isin(found.posterior.grade, ["A", "B"]).sum() >= 100
    unnamed = stores(seed, named=False)
    assert unnamed.series.product.size == 0
    assert unnamed.several.sum() >= 0.9 * PRODUCTS
    assert np.sqrt((found.errors**2).mean()) < np.sqrt((unnamed.errors**2).mean()) - 0.05


def test_elasticities_of_stores_are_right_on_average_and_within_their_intervals() -> None:
    errors, covered = (
        np.concatenate([getattr(stores(seed), name) for seed in SEEDS]) for name in ("errors", "covered")
    )
    assert abs(errors.mean()) <= 0.15
    assert 0.92 <= covered.mean() <= 0.98


@pytest.mark.parametrize("seed", SEEDS)
def test_a_price_test_by_lot_is_evidence(seed: int) -> None:
    found = test_of_prices(seed)
    assert np.unique(found.series.product).size >= 195
    assert abs(found.errors.mean()) <= 0.15
    assert found.covered.mean() >= 0.92
    # Without the test nothing but the category would be known: an error of 0.7. With the standard errors of the difference
    # of two Poisson counts, 0.4 at steps of 20 % and 0.8 at steps of 10 %, and that prior it would be 0.43 at best.
    assert np.sqrt((found.errors**2).mean()) <= 0.5


def test_price_tests_by_lot_are_right_on_average() -> None:
    assert abs(np.concatenate([test_of_prices(seed).errors for seed in SEEDS]).mean()) <= 0.08
