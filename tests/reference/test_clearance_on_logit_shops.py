"""Clearance plans against buyers who are not as the planner has them: a logit choice to buy or not, at true elasticities.

Of each product the planner knows an elasticity and a rate of sales with their errors. What really sells at the prices of its
path is drawn from the logit demand, which is neither straight nor of constant elasticity.
"""

from dataclasses import dataclass

import numpy as np
import pytest

from pricing.sales.core.arrays import FloatArray
from simulations.core.clearance import Clearance, ClearancePlan, markdown_prices, plan_clearance

PRODUCTS = 160
DISPERSION = 3.0
STD_ERROR = 0.35
TIMES_SOLD = 40


@dataclass(frozen=True)
class Told:
    """A product: its plan, and what following it and holding the price brought, (n,) each."""

    plan: ClearancePlan
    planned: FloatArray
    held: FloatArray
    sold_out: FloatArray
    held_sold_out: FloatArray


def logit_share(price: FloatArray, base: float, elasticity: float, buyers: float) -> FloatArray:
    """Demand in relation to that at the base price, where `buyers` of those who look buy and the elasticity holds."""
    slope = -elasticity / (base * (1 - buyers))
    appeal = np.log(buyers / (1 - buyers)) - slope * (price - base)
    return np.asarray(1 / (1 + np.exp(-appeal)) / buyers)


def sell(rng: np.random.Generator, mean: FloatArray, stock: float) -> FloatArray:
    """Units (n, T) sold of a stock, where wanted units scatter with the dispersion around the means (n, T)."""
    wanted = rng.poisson(rng.gamma(mean / (DISPERSION - 1)) * (DISPERSION - 1))
    return np.diff(np.minimum(np.cumsum(wanted, axis=1), stock), axis=1, prepend=0)


def told(seed: int) -> Told:
    rng = np.random.default_rng(seed)
    base, floor = round(rng.uniform(5, 60)) - 0.01, rng.uniform(0.3, 0.6)
    steps, week = int(rng.integers(4, 13)), np.exp(rng.uniform(np.log(1.5), np.log(60)))
    stock = float(np.ceil(week * steps * rng.uniform(0.6, 2.2)))
    rate_error = min(np.sqrt(DISPERSION / (4 * week + 0.5)), 1.0)
    elasticity = rng.uniform(-2.8, -0.8)
    case = Clearance(
        units=np.full(steps, week), base_price=base, elasticity=elasticity, std_error=STD_ERROR, linear_share=0.5,
        dispersion=DISPERSION, rate_error=rate_error, stock=stock,
    )  # fmt: skip
    plan = plan_clearance(case, markdown_prices(base, int(100 * base * floor), 10**9, (49, 99)))
    true = np.minimum(rng.normal(elasticity, STD_ERROR, TIMES_SOLD), -0.05)[:, None]
    rate = week * rng.gamma(rate_error**-2, rate_error**2, TIMES_SOLD)[:, None]
    buyers = rng.uniform(0.03, 0.4)
    outcome = []
    for path in (plan.plan, plan.hold):
        mean = rate * np.array([logit_share(path.price, base, each, buyers) for each in true[:, 0]])
        units = sell(rng, mean, stock)
        outcome += [(units * path.price).sum(axis=1), units.sum(axis=1) >= stock]
    return Told(plan, outcome[0], outcome[2], outcome[1], outcome[3])


@pytest.fixture(scope="module")
def shops() -> list[Told]:
    return [told(seed) for seed in range(1, PRODUCTS + 1)]


def test_following_the_plans_brings_more_than_holding_the_prices(shops: list[Told]) -> None:
    planned = sum(each.planned.mean() for each in shops)
    held = sum(each.held.mean() for each in shops)
    assert planned > 1.02 * held
    moved = [each for each in shops if each.plan.plan.price[-1] < each.plan.hold.price[0]]
    assert len(moved) > PRODUCTS / 3
    assert sum(each.planned.mean() for each in moved) > 1.05 * sum(each.held.mean() for each in moved)
    assert np.mean([each.planned.mean() > each.held.mean() for each in moved]) > 0.8


def test_the_revenue_is_what_was_expected_and_falls_into_its_interval(shops: list[Told]) -> None:
    expected = sum(each.plan.plan.total_revenue for each in shops)
    realised = sum(each.planned.mean() for each in shops)
    assert realised == pytest.approx(expected, rel=0.05)
    inside = [
        np.mean((each.planned >= low - 1e-6) & (each.planned <= high + 1e-6))
        for each in shops
        for low, high in [each.plan.plan.revenue_interval]
    ]
    assert np.mean(inside) == pytest.approx(0.8, abs=0.1)


@pytest.mark.parametrize("of", ["plan", "hold"])
def test_stocks_sell_out_as_often_as_stated(shops: list[Told], of: str) -> None:
    stated = np.array([getattr(each.plan, of).sold_out for each in shops])
    came = np.array([(each.sold_out if of == "plan" else each.held_sold_out).mean() for each in shops])
    assert came.mean() == pytest.approx(stated.mean(), abs=0.05)
    groups = np.clip((5 * stated).astype(int), 0, 4)
    for group in range(5):
        within = groups == group
        if within.sum() >= 10:
            assert came[within].mean() == pytest.approx(stated[within].mean(), abs=0.1), group
