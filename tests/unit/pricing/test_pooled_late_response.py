"""Buyers who learn of a price late, and prices that pass before there is anything after their first week."""

from functools import lru_cache

import numpy as np
import pytest

from pricing.elasticity.core.pooled import Hyperparameters, Posterior, fit_pooled, placebo, refresh
from pricing.elasticity.core.pooled.placebo import passing
from pricing.sales.core.daily import DailySales
from tests.unit.pricing.test_pooled_panel import MONDAY, panel_of, sales_on

PRODUCTS, DAYS, LEARNING = 60, 728, 42
STRONG, WEAK = -3.2, -0.8


def elasticities() -> np.ndarray:
    return np.where(np.arange(PRODUCTS) % 2, STRONG, WEAK)


@lru_cache
def fitted(late: float) -> tuple[Hyperparameters, Posterior]:
    """60 products of 30 purchases a day at prices that last eight weeks each. Demand answers to the mean of the present log
    price and, by the share `late`, that of the 42 days before; every other product answers four times as strongly."""
    rng = np.random.default_rng(11)
    levels = rng.choice([-0.2, -0.1, 0.0, 0.1, 0.2], (PRODUCTS, DAYS // 56 + 2))
    turn = (np.arange(DAYS + LEARNING) + 5 * np.arange(PRODUCTS)[:, None]) % (56 * levels.shape[1]) // 56
    log_price = np.take_along_axis(levels, turn, axis=1)
    total = np.cumsum(np.concatenate([np.zeros((PRODUCTS, 1)), log_price], axis=1), axis=1)
    before = (total[:, LEARNING:-1] - total[:, : -LEARNING - 1]) / LEARNING
    now = log_price[:, LEARNING:]
    seen = (1 - late) * now + late * before
    lines = rng.poisson(30 * np.exp(elasticities()[:, None] * seen))
    daily = DailySales(
        product=np.repeat(np.arange(PRODUCTS), DAYS),
        day=np.tile(MONDAY + np.arange(DAYS), PRODUCTS),
        lines=lines.ravel().astype(np.int64),
        units=lines.ravel().astype(np.float64),
        list_price=10 * np.exp(now.ravel()),
        promotion=np.zeros(lines.size, np.bool_),
    )
    hyper = fit_pooled(daily, np.zeros(PRODUCTS, np.int64), np.unique(daily.day))
    return hyper, refresh(daily, np.zeros(PRODUCTS, np.int64), hyper)


def test_a_late_response_is_the_same_share_of_a_strong_and_of_a_weak_one() -> None:
    hyper, posterior = fitted(0.5)
    assert hyper.late_share == pytest.approx(0.5, abs=0.08)
    for each in (STRONG, WEAK):
        mine = elasticities() == each
        assert posterior.elasticity[mine].mean() == pytest.approx(each, abs=0.12)


def test_buyers_who_know_at_once_have_no_late_share() -> None:
    assert fitted(0.0)[0].late_share == 0.0


def test_what_was_stored_before_there_was_a_late_share_has_none() -> None:
    stored = fitted(0.5)[0].to_dict()
    assert Hyperparameters.from_dict(stored).late_share == stored.pop("late_share")
    assert Hyperparameters.from_dict(stored).late_share == 0.0


def stocked_up() -> DailySales:
    """60 products whose prices last eight weeks, but for ten days of each at 4 % off, after which little is bought for a week."""
    rng = np.random.default_rng(12)
    levels = rng.choice([-0.2, -0.1, 0.0, 0.1, 0.2], (PRODUCTS, DAYS // 56 + 8))
    day = np.arange(DAYS) + 5 * np.arange(PRODUCTS)[:, None]
    into = day % 56
    now = np.take_along_axis(levels, day // 56, axis=1) - 0.04 * ((into >= 28) & (into < 38))
    lines = rng.poisson(30 * np.exp(-2 * now - 0.3 * ((into >= 38) & (into < 45))))
    return DailySales(
        product=np.repeat(np.arange(PRODUCTS), DAYS),
        day=np.tile(MONDAY + np.arange(DAYS), PRODUCTS),
        lines=lines.ravel().astype(np.int64),
        units=lines.ravel().astype(np.float64),
        list_price=10 * np.exp(now.ravel()),
        promotion=np.zeros(lines.size, np.bool_),
    )


def test_stock_laid_in_at_a_passing_price_is_no_response_that_fades(monkeypatch: pytest.MonkeyPatch) -> None:
    daily = stocked_up()
    asked = daily, np.zeros(PRODUCTS, np.int64), np.unique(daily.day)
    assert not fit_pooled(*asked).response_fades
    monkeypatch.setattr(placebo, "PASSING_DAYS", 0)
    assert fit_pooled(*asked).response_fades


def test_a_price_of_two_weeks_or_less_passes() -> None:
    days = np.arange(MONDAY, MONDAY + 70)
    price = np.select([days < MONDAY + 28, days < MONDAY + 42], [10.0, 9.0], 10.5)
    panel = panel_of(sales_on(days.tolist(), price.tolist()))
    assert passing(panel).tolist() == [False] * 4 + [True] * 2 + [False] * 4
    longer = np.select([days < MONDAY + 28, days < MONDAY + 43], [10.0, 9.0], 10.5)
    assert not passing(panel_of(sales_on(days.tolist(), longer.tolist()))).any()
