"""Prices that follow their own product's season, which no season index of a category can know."""

import numpy as np
import pytest

from pricing.elasticity.core.pooled import Posterior, design, fit_pooled, refresh
from pricing.elasticity.core.pooled.design import explained_by
from pricing.elasticity.core.pooled.panel import Panel, build_panel
from pricing.sales.core.calendar import shop_calendar
from pricing.sales.core.daily import DailySales

DAYS, PRODUCTS, FIRST = 728, 150, 19_000


def shop(in_season: float, seed: int = 3) -> DailySales:
    """Daily sales of products whose elasticity is -2 and whose peaks fall anywhere in the year, each with its own
    changes of price and, at its peak, a price `in_season` higher (log)."""
    rng = np.random.default_rng(seed)
    day = np.arange(DAYS)
    peak = np.exp(3 * np.cos(2 * np.pi * (day - rng.uniform(0, 365, PRODUCTS)[:, None]) / 365.25) - 3)
    level = np.repeat(rng.normal(0, 0.06, (PRODUCTS, DAYS // 28)), 28, axis=1)
    log_price = level + in_season * (peak > 0.5)
    lines = rng.poisson(0.7 * np.exp(0.8 * peak - 2.0 * log_price))
    product, when = np.nonzero(lines)
    return DailySales(
        product=product,
        day=FIRST + when,
        units=lines[product, when].astype(np.float64),
        list_price=np.round(10 * np.exp(log_price[product, when]), 2),
        promotion=np.zeros(product.size, np.bool_),
        lines=lines[product, when],
    )


def estimated(daily: DailySales) -> Posterior:
    category = np.zeros(PRODUCTS, np.int64)
    return refresh(daily, category, fit_pooled(daily, category, np.unique(daily.day)))


def panel_of(daily: DailySales) -> Panel:
    return build_panel(
        daily, PRODUCTS, shop_calendar(np.unique(daily.day), daily.day, daily.lines), (-2.0, 0.3)
    )


@pytest.mark.parametrize("in_season", [0.1, -0.1])
def test_prices_that_follow_the_own_season_leave_little_bias(
    in_season: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    daily = shop(in_season)
    bias = (estimated(daily).elasticity + 2.0).mean()
    assert abs(bias) < 0.25
    monkeypatch.setattr(design, "explained_by", lambda panel, price, controls: np.zeros_like(price))
    assert abs((estimated(daily).elasticity + 2.0).mean()) > abs(bias) + 0.3


def test_what_trend_and_waves_explain_is_a_ridge_regression_by_product() -> None:
    panel = panel_of(shop(0.1))
    rng = np.random.default_rng(1)
    price, controls = rng.normal(size=panel.product.size), list(rng.normal(size=(3, panel.product.size)))
    found = explained_by(panel, price, controls)
    for product in (0, 17, PRODUCTS - 1):
        mine = panel.product == product
        weight = panel.exposure[mine]
        x = np.stack([column[mine] for column in controls], axis=1)
        x = x - weight @ x / weight.sum()
        slope = np.linalg.solve(x.T @ (weight[:, None] * x) + np.eye(3), x.T @ (weight * price[mine]))
        np.testing.assert_allclose(found[mine], x @ slope, rtol=1e-9)
