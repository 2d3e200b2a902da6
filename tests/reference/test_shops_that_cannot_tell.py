"""Shops whose sales cannot tell the response to prices say so."""

import numpy as np
import pytest

from pricing.elasticity.core.pooled import FLAGS, Hyperparameters, Posterior, fit_pooled, refresh
from pricing.sales.core.daily import DailySales

FIRST, DAYS, PRODUCTS = 19_002, 546, 80


def shop(log_price: np.ndarray, log_demand: np.ndarray, seed: int) -> DailySales:
    """Daily sales of products whose elasticity is -2 at log prices (P, D), with what else moves demand (P, D)."""
    lines = np.random.default_rng(seed).poisson(2.0 * np.exp(log_demand - 2.0 * log_price))
    product, when = np.nonzero(lines)
    return DailySales(
        product=product,
        day=FIRST + when,
        units=lines[product, when] * 1.0,
        list_price=np.round(10 * np.exp(log_price[product, when]), 2),
        promotion=np.zeros(product.size, np.bool_),
        lines=lines[product, when],
    )


def levels(rng: np.random.Generator, products: int, spread: float = 0.1) -> np.ndarray:
    return np.repeat(rng.normal(0, spread, (products, DAYS // 42)), 42, axis=1)


def shocks(rng: np.random.Generator) -> np.ndarray:
    """Demand that is above or below the expected for about three weeks at a time."""
    noise = np.repeat(rng.normal(0, 0.3, (PRODUCTS, DAYS // 21)), 21, axis=1)
    return np.asarray(noise)


def fitted(daily: DailySales) -> tuple[Hyperparameters, Posterior]:
    category = np.arange(PRODUCTS) % 2
    hyper = fit_pooled(daily, category, np.unique(daily.day))
    return hyper, refresh(daily, category, hyper)


@pytest.mark.parametrize("follows", [0.5, -0.5])
def test_prices_that_follow_sales_are_found_out(follows: float) -> None:
    rng = np.random.default_rng(1)
    demand = shocks(rng)
    seen = np.roll(demand, 14, axis=1)
    hyper, posterior = fitted(shop(levels(rng, PRODUCTS, 0.05) + follows * seen, demand, 2))
    assert np.sign(follows) * hyper.placebo > 5
    assert ((posterior.flags & FLAGS["PRICES_FOLLOW_SALES"]) > 0).all()
    assert set(posterior.grade) <= {"C", "D"}


def test_prices_that_do_not_follow_sales_are_not_accused() -> None:
    rng = np.random.default_rng(1)
    hyper, posterior = fitted(shop(levels(rng, PRODUCTS), shocks(rng), 2))
    assert abs(hyper.placebo) < 3
    assert not (posterior.flags & FLAGS["PRICES_FOLLOW_SALES"]).any()
    assert np.isin(posterior.grade, ("A", "B")).mean() > 0.3


def test_where_all_prices_move_together_the_assumption_is_not_taken_for_evidence() -> None:
    rng = np.random.default_rng(3)
    together = np.tile(levels(rng, 1), (PRODUCTS, 1))
    _, posterior = fitted(shop(together, np.zeros((PRODUCTS, DAYS)), 4))
    assert set(posterior.grade) == {"D"}
    assert ((posterior.flags & FLAGS["PRIOR_DOMINATED"]) > 0).all()
    assert ((posterior.ci_low < -2.0) & (posterior.ci_high > -2.0)).all()
    _, apart = fitted(shop(levels(rng, PRODUCTS), np.zeros((PRODUCTS, DAYS)), 4))
    assert apart.weight.mean() > 0.5
    from_data, from_prior = (each.std_error.mean() for each in (apart, posterior))
    assert from_data < 0.8 * from_prior
