"""Elasticities per segment of customers: E_is ~ N(E_i, tau_s^2) around the product's published elasticity.

A pair of a product and a segment has its product's cells; a level and an elasticity are fitted to the segment's sales.
"""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from pricing.elasticity.core import constants
from pricing.elasticity.core.constants import FEWEST_DAYS, SEGMENT_SPREAD
from pricing.elasticity.core.pooled.hierarchy import Unpooled, pool_mean, unpooled_data
from pricing.elasticity.core.pooled.hyperparameters import (
    LEVEL_SD,
    Hyperparameters,
    Normal,
    SegmentPriors,
)
from pricing.elasticity.core.pooled.panel import Panel
from pricing.elasticity.core.pooled.posterior import Posterior
from pricing.elasticity.core.pooled.products import ProductCells, fit_products, product_cells
from pricing.elasticity.core.pooled.solve import (
    ROUGH,
    Batch,
    batches,
    own_dispersion,
    solve_part,
    solve_with_dispersion,
)
from pricing.sales.core.arrays import Z_95, BoolArray, FloatArray, IntArray
from pricing.sales.core.calendar import week_of
from pricing.sales.core.daily import DailySales
from pricing.sales.core.grouping import as_of, distinct_pairs, group_sums, pair_key

ROUNDS: Final = 3
SETTLED: Final = 0.05  # of the spread, by which the last round may still have moved it


@dataclass(frozen=True, slots=True)
class SegmentSales:
    """Clean units sold per product, segment and day: n entries in any order, at most one each.

    Attributes
    ----------
    product, segment, day : (n,) product index 0..P-1, segment 0..S-1, days since 1970-01-01.
    units : (n,) clean units sold.
    lines : (n,) clean sale lines, where they are known: a line's quantity says little about prices, and the
        spread of quantities then does no harm.
    """

    product: IntArray
    segment: IntArray
    day: IntArray
    units: FloatArray
    lines: IntArray | None = None


@dataclass(frozen=True, slots=True)
class _Pairs:
    """Pairs of product and segment, sorted by both, and the pair of every entry of the sales (n,)."""

    product: IntArray
    segment: IntArray
    sold_days: IntArray
    units: FloatArray
    of: IntArray


@dataclass(frozen=True, slots=True)
class SegmentElasticities:
    """Elasticities of the M pairs of an estimated product and a segment that bought it, sorted by both.

    Attributes
    ----------
    product, segment : (M,).
    elasticity, std_error, ci_low, ci_high : (M,) posterior mean, standard deviation, 95 % interval. Approximate:
        the same sales enter the product's estimate and the segment's. As with products, only the interval holds what
        the model is known to miss.
    weight : (M,) weight of the pair's own sales; 0 where the product's elasticity is inherited.
    shared_error : (M,) the part of `total_error` that all products of a category share: their mean is off for all of them.
    sold_days, units : (M,) days with sales and units sold.
    converged : (M,) whether the product's and the pair's fit settled; None where that is not known.
    product_flags : (M,) the flags of the product's estimate, bits of `grades.FLAGS`; None where they are not known.
    """

    product: IntArray
    segment: IntArray
    elasticity: FloatArray
    std_error: FloatArray
    ci_low: FloatArray
    ci_high: FloatArray
    weight: FloatArray
    shared_error: FloatArray
    sold_days: IntArray
    units: FloatArray
    converged: BoolArray | None = None
    product_flags: IntArray | None = None

    @property
    def total_error(self) -> FloatArray:
        """(M,) the standard deviation behind the 95 % interval."""
        return np.asarray((self.ci_high - self.ci_low) / (2 * Z_95))


@dataclass(frozen=True, slots=True)
class SegmentMeans:
    """Unit-weighted mean elasticity of each of S segments over its products; nan for a segment without sales.

    The standard error of a mean is all that its 95 % interval is made of.

    Attributes
    ----------
    elasticity, std_error, ci_low, ci_high : (S,).
    products : (S,) products with an estimate that the segment bought.
    units : (S,) units of these products.
    """

    elasticity: FloatArray
    std_error: FloatArray
    ci_low: FloatArray
    ci_high: FloatArray
    products: IntArray
    units: FloatArray


def fit_segments(
    sales: SegmentSales,
    daily: DailySales,
    category: IntArray,
    hyper: Hyperparameters,
    posterior: Posterior,
    segments: int,
    cells: ProductCells | None = None,
) -> Hyperparameters:
    """Add to the hyperparameters how segments differ: their weekly shares and the spread tau of elasticities.

    Parameters
    ----------
    sales : units per product, segment and day.
    daily, category : of all P products, as for `refresh`.
    hyper : from `fit_pooled`.
    posterior : from `refresh` on the same products.
    segments : number of segments S.
    cells : from `product_cells`; made here where they are not given.
    """
    first, share = _weekly_shares(sales, segments)
    priors = SegmentPriors(first, share, SEGMENT_SPREAD.spread, constants.SEGMENT_DISPERSION)
    pairs = _pairs_of(sales, posterior.estimated)
    prepared, identified = _prepare_pairs(sales, pairs, daily, category, hyper, priors, cells)
    mean = posterior.elasticity[pairs.product[identified]]
    dispersion = np.full(mean.size, priors.dispersion)
    start = None
    for _ in range(ROUNDS if prepared else 0):
        fit = solve_part(prepared, _normal(mean, priors.spread), dispersion, start=start, tolerance=ROUGH)
        start = fit.coefficients
        known = fit.residual_df >= constants.LEAST_RESIDUAL_DF
        pooled = priors.dispersion
        if known.any():
            pooled = float(fit.residual[known].sum() / fit.residual_df[known].sum())
            pooled = max(pooled, constants.LEAST_DISPERSION)
        dispersion = own_dispersion(fit, pooled, 0.0)
        precision = np.full(mean.size, priors.spread**-2)
        data = unpooled_data(fit.coefficients[:, 1], fit.covariance[:, 1, 1], mean, precision)
        deviation = Unpooled(data.precision, data.weighted - data.precision * mean)
        found = pool_mean(deviation, SEGMENT_SPREAD, priors.spread)
        priors = replace(
            priors,
            dispersion=pooled,
            spread=found.spread,
            converged=found.converged and abs(found.spread / priors.spread - 1.0) <= SETTLED,
            iterations=priors.iterations + found.iterations,
        )
    return replace(hyper, segments=priors)


def _weekly_shares(sales: SegmentSales, segments: int) -> tuple[int, FloatArray]:
    """First week, and the segments' shares in each week's product-days sold, (S, W)."""
    week = week_of(sales.day)
    first = int(week.min()) if week.size else 0
    weeks = int(week.max()) - first + 1 if week.size else 1
    counts = np.bincount(pair_key(sales.segment, week - first, weeks), minlength=segments * weeks)
    counts = counts.reshape(segments, weeks)
    # One more product-day a week, sold as on average, so that a quiet week has shares too.
    average = (counts.sum(axis=1, keepdims=True) + 1.0) / (counts.sum() + segments)
    return first, np.asarray((counts + average) / (counts.sum(axis=0) + 1.0))


def segment_elasticities(
    sales: SegmentSales,
    daily: DailySales,
    category: IntArray,
    hyper: Hyperparameters,
    posterior: Posterior,
    cells: ProductCells | None = None,
) -> SegmentElasticities:
    """Estimate each product's elasticity per segment, against the published elasticity of the product.

    Pairs with fewer than 20 sold days inherit the product's elasticity. A pair's estimate depends on its product's
    rows and on `hyper` only.

    Parameters
    ----------
    sales, daily, category, posterior : of any P products, with the same indices.
    hyper : from `fit_segments`.
    cells : from `product_cells`; made here where they are not given.

    Raises
    ------
    ValueError : if the segments have not been fitted.
    """
    priors = hyper.segments
    if priors is None:
        raise ValueError("The hyperparameters hold no segments: call fit_segments first.")
    pairs = _pairs_of(sales, posterior.estimated)
    prepared, identified = _prepare_pairs(sales, pairs, daily, category, hyper, priors, cells)
    elasticity = posterior.elasticity[pairs.product].copy()
    variance = np.full(elasticity.size, priors.spread**2)
    converged = posterior.converged[pairs.product].copy()
    if prepared:
        normal = _normal(elasticity[identified], priors.spread)
        fit = solve_with_dispersion(prepared, normal, priors.dispersion)
        solved = fit.covariance[:, 1, 1] > 0
        at = np.flatnonzero(identified)[solved]
        elasticity[at] = fit.coefficients[solved, 1]
        variance[at] = fit.covariance[solved, 1, 1]
        converged[at] &= fit.converged[solved]
    weight = np.clip(1.0 - variance / priors.spread**2, 0.0, 1.0)
    std_error, total_error = (
        np.sqrt(variance + ((1.0 - weight) * parent[pairs.product]) ** 2)
        for parent in (posterior.std_error, posterior.total_error)
    )
    return SegmentElasticities(
        product=pairs.product,
        segment=pairs.segment,
        elasticity=elasticity,
        std_error=std_error,
        ci_low=elasticity - Z_95 * total_error,
        ci_high=elasticity + Z_95 * total_error,
        weight=weight,
        shared_error=(1.0 - weight) * posterior.shared_error[pairs.product],
        sold_days=pairs.sold_days,
        units=pairs.units,
        converged=converged,
        product_flags=posterior.flags[pairs.product],
    )


def segment_means(pairs: SegmentElasticities, segments: int) -> SegmentMeans:
    """Unit-weighted mean elasticity of each segment; errors of the category means do not average out.

    Parameters
    ----------
    pairs : from `segment_elasticities`.
    segments : number of segments S.
    """
    units = group_sums(pairs.segment, pairs.units, segments)
    share = pairs.units / np.where(units > 0, units, 1.0)[pairs.segment]
    bought = units > 0
    own_variance = share**2 * np.maximum(pairs.total_error**2 - pairs.shared_error**2, 0.0)
    shared = group_sums(pairs.segment, share * pairs.shared_error, segments)
    elasticity = group_sums(pairs.segment, share * pairs.elasticity, segments)
    std_error = np.sqrt(group_sums(pairs.segment, own_variance, segments) + shared**2)
    elasticity, std_error = np.where(bought, elasticity, np.nan), np.where(bought, std_error, np.nan)
    return SegmentMeans(
        elasticity=elasticity,
        std_error=std_error,
        ci_low=elasticity - Z_95 * std_error,
        ci_high=elasticity + Z_95 * std_error,
        products=np.bincount(pairs.segment, minlength=segments),
        units=units,
    )


def _normal(mean: FloatArray, spread: float) -> Normal:
    prior = np.stack([np.zeros(mean.size), mean], axis=1)
    precision = np.tile([LEVEL_SD**-2, spread**-2], (mean.size, 1))
    return Normal(prior, precision, np.zeros(mean.size))


def _pairs_of(sales: SegmentSales, estimated: BoolArray) -> _Pairs:
    """Pairs with sales of products that have an estimate; `of` is -1 for the other entries."""
    used = estimated[sales.product] & (sales.units > 0)
    product, segment, of_used = distinct_pairs(sales.product[used], sales.segment[used])
    of = np.full(sales.product.size, -1)
    of[used] = of_used
    return _Pairs(
        product=product,
        segment=segment,
        sold_days=np.bincount(of_used, minlength=product.size),
        units=group_sums(of_used, sales.units[used], product.size),
        of=of,
    )


def _prepare_pairs(
    sales: SegmentSales,
    pairs: _Pairs,
    daily: DailySales,
    category: IntArray,
    hyper: Hyperparameters,
    priors: SegmentPriors,
    of_products: ProductCells | None,
) -> tuple[list[Batch], BoolArray]:
    """Batches of the pairs with 20 sold days, numbered from 0, and which pairs (M,) these are.

    A pair has its product's cells. Their exposures include the segment's share of the week's sales and what the
    product's season, promotion and trend do, so that a level and an elasticity are left to fit.
    """
    identified = pairs.sold_days >= FEWEST_DAYS
    if not identified.any():
        return [], identified
    by_lines = sales.lines is not None
    of_products = of_products or product_cells(fit_products(daily, category, hyper), by_lines=by_lines)
    panel = of_products.panel
    cells = np.bincount(panel.product, minlength=panel.sold_days.size)
    start = np.cumsum(cells) - cells
    product, segment = pairs.product[identified], pairs.segment[identified]
    pair = np.repeat(np.arange(product.size), cells[product])
    first_cell = np.cumsum(cells[product]) - cells[product]
    cell = np.arange(pair.size) - first_cell[pair] + start[product][pair]
    if segment.max(initial=0) >= priors.share.shape[0]:
        raise ValueError("A segment is not among those fitted: call fit_segments again.")
    # After the fit the last known share holds, before it the first.
    column = np.clip(panel.week[cell] - priors.first_week, 0, priors.share.shape[1] - 1)
    share = priors.share[segment[pair], column]
    counts = _counts(sales, pairs, identified, panel, cells[product], first_cell - start[product])
    of_pairs = replace(
        panel,
        product=pair,
        lines=counts,
        exposure=of_products.exposure[cell] * share,
        units=counts,
        sold_days=pairs.sold_days[identified],
    )
    return list(batches(of_pairs, of_products.columns[cell])), identified


def _counts(
    sales: SegmentSales, pairs: _Pairs, identified: BoolArray, panel: Panel, cells: IntArray, shift: IntArray
) -> FloatArray:
    """Lines, or else units, in every cell of every pair with 20 sold days; sales outside the active days are left out.

    `cells` and `shift` hold each pair's number of cells, and what to add to the number of a product's cell.
    """
    number = np.where(identified, np.cumsum(identified) - 1, -1)
    pair = np.where(pairs.of >= 0, number[pairs.of], -1)
    rows = np.flatnonzero(pair >= 0)
    product, day = sales.product[rows], sales.day[rows]
    at, inside = as_of(panel.product, panel.start, product, day)
    inside &= panel.week[at] == week_of(day)
    rows, at = rows[inside], at[inside]
    counts = sales.units if sales.lines is None else sales.lines
    return group_sums(at + shift[pair[rows]], counts[rows], int(cells.sum()))
