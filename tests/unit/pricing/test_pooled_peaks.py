"""Scores of prices that move with peaks of sales that come back every year."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from pricing.elasticity.core.pooled.peaks import peak_scores

WEEKS = 104
PEAK = np.isin(np.arange(WEEKS) % 52, (10, 11, 12))


def score(
    *,
    raised: float = 0.0,
    lift: float = 0.0,
    products: int = 20,
    weeks: int = WEEKS,
    seed: int = 1,
    **more: Any,
) -> float:
    """Of one group whose products sell about five a week at prices that change every six weeks.

    In three weeks of each year the log price is `raised`, and `lift` is the log of what sells beyond the expected.
    """
    rng = np.random.default_rng(seed)
    price = np.repeat(rng.normal(0, 0.1, (products, WEEKS // 6 + 1)), 6, axis=1)[:, :WEEKS] + raised * PEAK
    expected = np.full((products, WEEKS), 5.0)
    lines = rng.poisson(expected * np.exp(lift * PEAK)).astype(float)
    promotion = np.broadcast_to(more.get("promotion", np.zeros(WEEKS, np.bool_)), price.shape)
    product, week = np.indices(price.shape)
    columns = (product, week, price, expected, lines, promotion)
    product, week, price, expected, lines, promotion = (each[:, :weeks].ravel() for each in columns)
    panel: Any = SimpleNamespace(
        product=product, week=2_700 + week, log_price=price, exposure=np.ones(price.size), lines=lines,
        promotion=promotion, sold_days=np.ones(products),
    )  # fmt: skip
    group = more.get("group", np.zeros(products, np.int64))
    (found,) = peak_scores(panel, expected, np.arange(products), group)
    return float(found)


def test_prices_raised_in_weeks_that_sell_more_every_year() -> None:
    assert score(raised=0.14, lift=1.0) > 6


def test_prices_cut_in_weeks_that_sell_more_every_year() -> None:
    assert score(raised=-0.14, lift=1.0) < -6


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(("raised", "lift"), [(0.0, 0.0), (0.0, 1.0), (0.14, 0.0)])
def test_neither_the_peak_nor_the_price_alone_is_anything(raised: float, lift: float, seed: int) -> None:
    assert abs(score(raised=raised, lift=lift, seed=seed)) < 3.5


def test_a_year_alone_tells_nothing() -> None:
    assert score(raised=0.14, lift=1.0, weeks=52) == 0


def test_eight_products_are_needed_and_those_without_a_group_do_not_count() -> None:
    assert score(raised=0.14, lift=1.0, products=8) > 3
    assert score(raised=0.14, lift=1.0, products=7) == 0
    assert score(raised=0.14, lift=1.0, products=20, group=np.repeat([0, -1], [7, 13])) == 0


def test_promotions_that_come_back_are_left_out() -> None:
    assert abs(score(raised=-0.2, lift=1.0, promotion=PEAK)) < 3.5


def test_a_product_counts_for_three_at_most() -> None:
    assert score(raised=0.14, lift=3.0, products=9) <= 3 * 9 / np.sqrt(9)
