"""Our 80 % intervals for what a price change brings hold four times out of five where the truth is known.

Changes are the steps of the simulated list prices. The elasticity that the expectation rests on is the true one with
an error of known size; chance, season and paid level are estimated from the sales, as in a real shop.
"""

from dataclasses import dataclass, replace

import numpy as np
import pytest
from numpy.typing import NDArray

from pricing.changes.core.constants import NOISE_WEEKS
from pricing.changes.core.outcomes import (
    FIGURES,
    WINDOWS,
    Z_80,
    Band,
    CumulativeSales,
    Noise,
    calibrate,
    estimate_noise,
    predict,
    season,
)
from pricing.elasticity.core.demand import CONSTANT_ELASTICITY, demand
from tests.dgp import REGULAR, SPARSE, Disturbances, ShopSpec, SimulatedShop, simulate_shop

ORDINARY = Disturbances.only(
    "intermittent", "weekly_season", "yearly_season", "trend", "quantity_breaks", "web_markup", "returns"
)
ERROR = 0.3


@dataclass
class Steps:
    """Changes of list prices whose 30 days before and 28 days after have one price each."""

    product: NDArray[np.int64]
    at: NDArray[np.int64]
    old: NDArray[np.float64]
    new: NDArray[np.float64]


def clean_steps(shop: SimulatedShop) -> Steps:
    found = []
    for product in range(shop.spec.products):
        edges = [0, *(np.flatnonzero(np.diff(shop.regular_price[product])) + 1), shop.spec.days]
        for before, step, after in zip(edges, edges[1:], edges[2:], strict=False):
            if step >= 150 and step - before >= 30 and after - step > max(WINDOWS):
                found.append((product, step))
                break
    product, at = np.array(found).T
    return Steps(product, at, shop.regular_price[product, at - 1], shop.regular_price[product, at])


def outcomes(shop: SimulatedShop, window: int, chance: bool = True) -> tuple[Band, NDArray[np.float64]]:
    """Predict every step's window, and add up what was sold in it."""
    spec, steps = shop.spec, clean_steps(shop)
    sale = shop.quantity > 0
    product, day, quantity = shop.product[sale], shop.day[sale], shop.quantity[sale].astype(np.float64)
    days = CumulativeSales.of(
        spec.first_day, spec.days, spec.products, (product, day, quantity, quantity * shop.price[sale])
    )
    whole = CumulativeSales.of(spec.first_day, spec.days, 1, (np.zeros_like(day), day, quantity, quantity))
    n, moment = steps.product.size, spec.first_day + steps.at

    def of_shop(start: NDArray[np.int64], stop: NDArray[np.int64]) -> NDArray[np.float64]:
        return whole.between(start, stop, np.zeros_like(start))[0]

    estimate = shop.true_elasticity[steps.product] + np.random.default_rng(11).normal(0, ERROR, n)
    # 80 % limits of demand, as the projection of a change states them.
    low, share, high = (
        demand(
            steps.new, steps.old, np.ones(n), np.minimum(estimate + z * 1.2815515655, 0), CONSTANT_ELASTICITY
        )
        for z in (-ERROR, 0, ERROR)
    )
    baseline, paid = days.between(moment - 30, moment, steps.product)
    level = np.where(baseline > 0, paid / np.maximum(baseline, 1) / steps.old, 1.0)
    weeks = moment[:, None] - 7 * np.arange(NOISE_WEEKS, 0, -1)
    units, revenue = days.between(weeks, weeks + 7, steps.product[:, None])
    shop_weeks = of_shop(weeks, weeks + 7)
    noise = estimate_noise(units, revenue, shop_weeks, steps.old * level, window)
    month = of_shop(moment - 30, moment)
    usual = units.sum(axis=1) / shop_weeks.sum(axis=1) * month
    sold, received = days.between(moment + 1, moment + 1 + window, steps.product)
    rest = of_shop(moment + 1, moment + 1 + window) - sold
    factor, _ = season(month - baseline, rest, np.full(n, window))
    cost = shop.cost[steps.product]
    band = predict(
        baseline=baseline,
        usual=usual,
        share=share,
        share_sd=np.abs(high - low) / (2 * Z_80) / share,
        scale=window / 30 * factor,
        price=steps.new,
        paid_level=level,
        price_before=steps.old,
        cost=cost,
        noise=noise if chance else Noise(*(np.zeros((3, n)))),
    )
    return band, np.array([sold, received, received - cost * sold])


@pytest.fixture(scope="module", params=["sparse", "regular"])
def shop(request: pytest.FixtureRequest) -> SimulatedShop:
    kind: ShopSpec = {"sparse": SPARSE, "regular": REGULAR}[request.param]
    return simulate_shop(replace(kind, products=500, disturbances=ORDINARY), seed=3)


@pytest.mark.slow
@pytest.mark.parametrize("window", WINDOWS)
def test_four_of_five_outcomes_fall_within_our_interval(shop: SimulatedShop, window: int) -> None:
    band, realised = outcomes(shop, window)
    judged = np.ones(realised.shape[1], np.bool_)
    assert judged.size > 400
    for place in range(len(FIGURES)):
        found = calibrate(band, realised, judged, place)
        assert 0.74 <= found.share <= 0.90, (FIGURES[place], found)
        assert abs(found.bias_percent) < 8, (FIGURES[place], found)


@pytest.mark.slow
def test_an_interval_of_the_elasticity_alone_would_hold_far_too_seldom(shop: SimulatedShop) -> None:
    band, realised = outcomes(shop, 28, chance=False)
    found = calibrate(band, realised, np.ones(realised.shape[1], np.bool_), 0)
    assert found.share < 0.5
