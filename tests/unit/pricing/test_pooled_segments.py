"""Elasticities of customer segments, on a shop whose segments differ."""

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import pytest

from pricing.elasticity.core.pooled import (
    Hyperparameters,
    Posterior,
    SegmentElasticities,
    SegmentSales,
    fit_pooled,
    fit_segments,
    refresh,
    segment_elasticities,
    segment_means,
)
from pricing.sales.core.daily import DailySales, daily_sales
from pricing.sales.core.lines import SalesLines, clean_lines
from tests.daily import take_products
from tests.dgp import REGULAR, SEGMENTS, SimulatedShop, simulate_shop


@dataclass(frozen=True)
class SegmentedShop:
    shop: SimulatedShop
    daily: DailySales
    sales: SegmentSales
    hyper: Hyperparameters
    posterior: Posterior
    pairs: SegmentElasticities


@lru_cache
def segmented_shop() -> SegmentedShop:
    spec = replace(REGULAR, products=120, categories=4, lines_per_day=5, segment_sd=0.8, customers=500)
    shop = simulate_shop(spec, 5)
    lines = SalesLines(**shop.lines, voided=np.zeros(shop.product.size, np.bool_))
    clean = clean_lines(lines, 120)
    daily = daily_sales(lines, clean, 120)
    hyper = fit_pooled(daily, shop.product_category, np.unique(daily.day))
    posterior = refresh(daily, shop.product_category, hyper)
    known = (lines.customer >= 0) & (clean.units > 0)
    segment = shop.customer_segment[lines.customer[known]]
    key = (lines.product[known] * SEGMENTS + segment) * 100_000 + lines.day[known]
    distinct, of = np.unique(key, return_inverse=True)
    pair = distinct // 100_000
    sales = SegmentSales(
        product=pair // SEGMENTS,
        segment=pair % SEGMENTS,
        day=distinct % 100_000,
        units=np.bincount(of, clean.units[known]),
        lines=np.bincount(of),
    )
    hyper = fit_segments(sales, daily, shop.product_category, hyper, posterior, SEGMENTS)
    pairs = segment_elasticities(sales, daily, shop.product_category, hyper, posterior)
    return SegmentedShop(shop, daily, sales, hyper, posterior, pairs)


def only(sales: SegmentSales, rows: np.ndarray, product: np.ndarray | None = None) -> SegmentSales:
    kept = sales.product[rows] if product is None else product
    return SegmentSales(kept, sales.segment[rows], sales.day[rows], sales.units[rows], sales.lines[rows])


def test_segments_that_answer_differently_are_distinguished() -> None:
    found = segmented_shop()
    pairs, truth = found.pairs, found.shop.segment_elasticity[found.pairs.product, found.pairs.segment]
    inherited = found.posterior.elasticity[pairs.product]
    assert found.hyper.segments is not None
    assert found.hyper.segments.spread > 0.35
    assert np.sqrt(((pairs.elasticity - truth) ** 2).mean()) < 0.9 * np.sqrt(
        ((inherited - truth) ** 2).mean()
    )


def test_a_segment_s_own_elasticity_is_the_mean_over_the_units_it_bought() -> None:
    found = segmented_shop()
    means = segment_means(found.pairs, SEGMENTS + 1)
    for segment in range(SEGMENTS):
        mine = found.pairs.segment == segment
        expected = np.average(found.pairs.elasticity[mine], weights=found.pairs.units[mine])
        assert means.elasticity[segment] == pytest.approx(expected)
        assert 0 < means.std_error[segment] < found.pairs.std_error[mine].min()
    assert np.isnan(means.elasticity[SEGMENTS])
    assert means.products[SEGMENTS] == 0


def test_pairs_with_few_sold_days_inherit_the_product_s_elasticity() -> None:
    found = segmented_shop()
    few = np.zeros(found.sales.product.size, np.bool_)
    for pair in (0, 1, 2):
        few[np.flatnonzero(found.sales.product == pair)[:19]] = True
    pairs = segment_elasticities(
        only(found.sales, few), found.daily, found.shop.product_category, found.hyper, found.posterior
    )
    np.testing.assert_array_equal(pairs.elasticity, found.posterior.elasticity[pairs.product])
    np.testing.assert_allclose(pairs.weight, 0)
    assert (pairs.std_error > found.posterior.std_error[pairs.product]).all()
    np.testing.assert_allclose(pairs.total_error**2 - pairs.std_error**2, 0.16**2)


def test_products_refreshed_alone_keep_their_segments_estimates() -> None:
    found, at = segmented_shop(), np.array([4, 31, 99])
    rows = np.isin(found.sales.product, at)
    daily, category = take_products(found.daily, at), found.shop.product_category[at]
    sales = only(found.sales, rows, np.searchsorted(at, found.sales.product[rows]))
    alone = segment_elasticities(sales, daily, category, found.hyper, refresh(daily, category, found.hyper))
    mine = np.isin(found.pairs.product, at)
    for name in ("elasticity", "std_error", "weight"):
        np.testing.assert_allclose(getattr(alone, name), getattr(found.pairs, name)[mine], rtol=1e-9)


def test_without_line_counts_units_serve() -> None:
    found = segmented_shop()
    by_units = replace(found.sales, lines=None)
    category = found.shop.product_category
    hyper = fit_segments(by_units, found.daily, category, found.hyper, found.posterior, SEGMENTS)
    pairs = segment_elasticities(by_units, found.daily, category, hyper, found.posterior)
    assert np.isfinite(pairs.elasticity).all()
    assert pairs.weight.mean() < found.pairs.weight.mean()


def test_segments_survive_in_the_stored_hyperparameters() -> None:
    found = segmented_shop()
    restored = Hyperparameters.from_dict(found.hyper.to_dict())
    again = segment_elasticities(
        found.sales, found.daily, found.shop.product_category, restored, found.posterior
    )
    np.testing.assert_array_equal(again.elasticity, found.pairs.elasticity)


def test_segments_must_be_fitted_first() -> None:
    found = segmented_shop()
    with pytest.raises(ValueError, match="fit_segments"):
        segment_elasticities(
            found.sales,
            found.daily,
            found.shop.product_category,
            replace(found.hyper, segments=None),
            found.posterior,
        )


def test_no_sales_by_segment_make_no_pairs() -> None:
    found = segmented_shop()
    nothing = only(found.sales, np.zeros(found.sales.product.size, np.bool_))
    category = found.shop.product_category
    hyper = fit_segments(nothing, found.daily, category, found.hyper, found.posterior, SEGMENTS)
    pairs = segment_elasticities(nothing, found.daily, category, hyper, found.posterior)
    assert pairs.product.size == 0
    assert np.isnan(segment_means(pairs, SEGMENTS).elasticity).all()
