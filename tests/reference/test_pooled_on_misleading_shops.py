"""What the estimator makes of shops that mislead it in one way, written without regard to its model."""

import json
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from pricing.elasticity.core.pooled import FLAGS, Posterior, fit_pooled, refresh
from pricing.elasticity.core.pooled.grades import (
    PRICES_FOLLOW_PEAKS,
    PRICES_FOLLOW_SALES,
    RESPONSE_FADES,
    SELLS_OUT,
)
from pricing.elasticity.core.pooled.hyperparameters import COLUMNS, Hyperparameters
from pricing.sales.core.cancellations import match_cancellations
from pricing.sales.core.daily import DailySales, daily_sales
from pricing.sales.core.lines import SalesLines, clean_lines
from tests.planted import plant_peaks
from tests.simulated_shops import ALONE, PLAIN, REALISTIC_REGULAR, ShopSpec, simulate
from tests.simulated_shops.shop import SimulatedShop

pytestmark = pytest.mark.slow
SEEDS = (1, 2)


@cache
def fitted(kind: str | ShopSpec, seed: int) -> tuple[SimulatedShop, DailySales, Hyperparameters, Posterior]:
    spec = replace(PLAIN, disturbances=ALONE[kind]) if isinstance(kind, str) else kind
    shop = simulate(spec, seed)
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


@pytest.mark.parametrize("seed", SEEDS)
def test_stock_that_ends_where_prices_are_low_raises_the_alarm(seed: int) -> None:
    _, _, hyper, found = fitted("runs_out_when_cheap", seed)
    assert hyper.sold_out > 3.5
    assert not np.isin(found.grade, ["A", "B"]).any()
    assert (found.flags[found.estimated] & FLAGS[SELLS_OUT] > 0).all()


@pytest.mark.parametrize("seed", SEEDS)
def test_competitors_that_follow_raise_the_alarm(seed: int) -> None:
    _, _, hyper, found = fitted("rivals_follow", seed)
    assert hyper.fading > 2
    assert not np.isin(found.grade, ["A", "B"]).any()
    assert (found.flags[found.estimated] & FLAGS[RESPONSE_FADES] > 0).all()


@pytest.mark.parametrize("seed", SEEDS)
def test_prices_raised_in_peaks_of_a_few_weeks_are_noticed_in_their_categories(seed: int) -> None:
    shop, daily, _, _ = fitted("plain", seed)
    category = shop.product_category
    planted = category < 3
    daily = plant_peaks(daily, planted, shop.true_elasticity, seed)
    hyper = fit_pooled(daily, category, np.unique(daily.day[daily.lines > 0]))
    found = refresh(daily, category, hyper)
    flagged = found.flags & FLAGS[PRICES_FOLLOW_PEAKS] > 0
    np.testing.assert_array_equal(flagged, planted)
    assert not np.isin(found.grade[planted], ["A", "B"]).any()
    # The others are not misled, and are not doubted for it.
    assert np.isin(found.grade[~planted], ["A", "B"]).sum() >= 40
    error = found.elasticity - shop.true_elasticity
    assert abs(error[~planted].mean()) < 0.15
    # 1.1 to 1.6 where these categories counted for the shop's response.
    assert abs(error[planted].mean()) < 0.8
    # What is stored says so too, and a category that was not in it is not flagged.
    again = Hyperparameters.from_dict(json.loads(json.dumps(hyper.to_dict())))
    assert again.prices_follow_peaks(np.array([0, 11, -1])).tolist() == [True, False, False]
    stored = hyper.to_dict()
    del stored["peaks"]
    assert not Hyperparameters.from_dict(stored).prices_follow_peaks(np.array([0, -1])).any()


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("disturbance", ["plain", "raised_in_season", "promotions"])
def test_what_comes_back_in_waves_is_no_peak(disturbance: str, seed: int) -> None:
    assert np.abs(fitted(disturbance, seed)[2].peaks).max() < 3.5


@pytest.mark.parametrize("seed", SEEDS)
def test_stock_of_some_products_that_ends_is_seen_in_these(seed: int) -> None:
    mixed = replace(REALISTIC_REGULAR.disturbances, shop_sales=0)
    shop, _, hyper, found = fitted(replace(REALISTIC_REGULAR, disturbances=mixed), seed)
    assert not hyper.sells_out
    flagged, ends = found.flags & FLAGS[SELLS_OUT] > 0, shop.affected["runs_out_when_cheap"]
    assert flagged[ends].mean() > 0.2
    assert flagged[~ends].mean() < 0.01


@pytest.mark.parametrize("seed", SEEDS)
def test_products_on_sale_for_a_part_of_the_time_are_estimated_without_bias(seed: int) -> None:
    shop, _, hyper, found = fitted("churn", seed)
    error = (found.elasticity - shop.true_elasticity)[found.estimated]
    assert abs(float(error.mean())) <= 0.15
    # Neither slope is called for by the sales of this shop.
    for name in ("seasonal_price", "price_before"):
        assert hyper.frequency.mean[COLUMNS.index(name)] == 0.0


@pytest.mark.parametrize(
    ("disturbance", "low", "high"), [("plain", 0.02, 0.2), ("logit", 0.3, 0.8), ("kinked", 0.3, 0.8)]
)
@pytest.mark.parametrize("seed", SEEDS)
def test_sales_tell_how_demand_bends(disturbance: str, low: float, high: float, seed: int) -> None:
    assert low <= fitted(disturbance, seed)[2].linear_share <= high


@pytest.mark.parametrize("disturbance", ["plain", "raised_in_season", "slow_adaptation", "promotions"])
@pytest.mark.parametrize("seed", SEEDS)
def test_there_is_no_alarm_without_a_cause(disturbance: str, seed: int) -> None:
    _, _, hyper, found = fitted(disturbance, seed)
    assert abs(hyper.placebo) < 3
    assert hyper.sold_out == 0.0
    assert hyper.fading < 2
    assert (found.flags & FLAGS[SELLS_OUT] > 0).mean() < 0.01
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


@pytest.mark.parametrize(("low", "high"), [(9.0, 10.0), (9.5, 10.5), (8.0, 10.0)])
@pytest.mark.parametrize("seed", [11, 12])
def test_prices_drawn_by_lot_each_day_are_evidence(low: float, high: float, seed: int) -> None:
    """Twelve products, about four purchases a day, elasticity -2."""
    rng = np.random.default_rng(seed)
    days = 364
    price = np.where(rng.random((12, days)) < 0.5, low, high)
    count = rng.poisson(4 * (price / 10) ** -2.0)
    product, day = (np.repeat(each.ravel(), count.ravel()) for each in np.indices(price.shape))
    rows, none = np.arange(product.size), np.zeros(product.size, np.bool_)
    units, minute = (
        1.0 + rng.poisson(0.3, rows.size),
        1440 * (19_000 + day) + rng.integers(500, 1000, rows.size),
    )
    lines = SalesLines(
        product, 19_000 + day, minute, units, price[product, day], rows, rows, none, none
    )  # fmt: skip
    daily, category = daily_sales(lines, clean_lines(lines, 12), 12), np.zeros(12, np.int64)
    found = refresh(daily, category, fit_pooled(daily, category, np.unique(daily.day)))
    assert abs(found.elasticity.mean() + 2.0) < 0.35
    assert ((found.ci_low <= -2.0) & (found.ci_high >= -2.0)).sum() >= 10
    assert set(found.grade) <= {"A", "B", "C"}
    assert (found.grade != "C").sum() >= 6
