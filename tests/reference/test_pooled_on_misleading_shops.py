"""What the estimator makes of shops that mislead it in one way, written without regard to its model."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from pricing.elasticity.core.pooled import FLAGS, Posterior, fit_pooled, refresh
from pricing.elasticity.core.pooled.grades import PRICES_FOLLOW_SALES
from pricing.elasticity.core.pooled.hyperparameters import Hyperparameters
from pricing.sales.core.cancellations import match_cancellations
from pricing.sales.core.daily import DailySales, daily_sales
from pricing.sales.core.lines import SalesLines, clean_lines
from tests.simulated_shops import ALONE, PLAIN, simulate
from tests.simulated_shops.shop import SimulatedShop

pytestmark = pytest.mark.slow
SEEDS = (1, 2)


@cache
def fitted(disturbance: str, seed: int) -> tuple[SimulatedShop, DailySales, Hyperparameters, Posterior]:
    shop = simulate(replace(PLAIN, disturbances=ALONE[disturbance]), seed)
    keys = ("product", "customer", "quantity", "minute", "cancellation", "price")
    order = np.arange(shop.product.size)
    voided = match_cancellations(**{key: shop.lines[key] for key in keys}, order=order)
    lines = SalesLines(**shop.lines, voided=voided)
    daily = daily_sales(lines, clean_lines(lines, shop.spec.products), shop.spec.products)
    hyper = fit_pooled(daily, shop.product_category, np.unique(daily.day[daily.lines > 0]))
    return shop, daily, hyper, refresh(daily, shop.product_category, hyper)


def bias(disturbance: str) -> float:
    errors = []
    for seed in SEEDS:
        shop, _, _, found = fitted(disturbance, seed)
        errors.append((found.elasticity - shop.true_elasticity)[found.estimated])
    return float(np.concatenate(errors).mean())


@pytest.mark.parametrize("disturbance", ["plain", "raised_in_season", "slow_adaptation", "promotions"])
def test_the_bias_is_small(disturbance: str) -> None:
    assert abs(bias(disturbance)) <= 0.15


@pytest.mark.parametrize("seed", SEEDS)
def test_prices_that_follow_sales_raise_the_alarm(seed: int) -> None:
    _, _, hyper, found = fitted("follows_demand", seed)
    assert hyper.placebo > 6
    assert not np.isin(found.grade, ["A", "B"]).any()
    assert (found.flags[found.estimated] & FLAGS[PRICES_FOLLOW_SALES] > 0).all()


@pytest.mark.parametrize("disturbance", ["plain", "raised_in_season", "slow_adaptation", "promotions"])
@pytest.mark.parametrize("seed", SEEDS)
def test_there_is_no_alarm_without_a_cause(disturbance: str, seed: int) -> None:
    _, _, hyper, found = fitted(disturbance, seed)
    assert abs(hyper.placebo) < 3
    assert not (found.flags & FLAGS[PRICES_FOLLOW_SALES]).any()
    assert np.isin(found.grade, ["A", "B"]).any()


def test_the_placebo_does_not_depend_on_the_order_of_products() -> None:
    shop, daily, hyper, _ = fitted("plain", 1)
    turned = shop.spec.products - 1 - daily.product
    order = np.argsort(turned, kind="stable")
    again = replace(daily.rows(order), product=turned[order])
    opened = np.unique(daily.day[daily.lines > 0])
    assert fit_pooled(again, shop.product_category[::-1], opened).placebo == pytest.approx(
        hyper.placebo, abs=1e-6
    )
