"""Elasticities per segment of customers: E_is ~ N(E_i, tau_s^2) around the product's published elasticity."""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from pricing.elasticity.core.pooled.fit import LEAST_DISPERSION, LEAST_FREEDOM, own_dispersion
from pricing.elasticity.core.pooled.hierarchy import Hyperprior, OwnData, own_data, pool_mean
from pricing.elasticity.core.pooled.hyperparameters import LEVEL_SD, Hyperparameters, Normal, SegmentPriors
from pricing.elasticity.core.pooled.panel import totals
from pricing.elasticity.core.pooled.posterior import DISPERSION_PASSES, Z_95, Posterior
from pricing.elasticity.core.pooled.segment_panel import SegmentSales, pairs_of, prepare_pairs
from pricing.elasticity.core.pooled.solve import ROUGH, Batch, Fit, solve_part
from pricing.sales.core.calendar import FloatArray, IntArray, week_of
from pricing.sales.core.daily import DailySales

ROUNDS: Final = 3
SPREAD: Final = Hyperprior(mean=0.0, mean_sd=0.0, spread=0.3)
STARTING_DISPERSION: Final = 10.0


@dataclass(frozen=True, slots=True)
class SegmentElasticities:
    """Elasticities of the M pairs of an estimated product and a segment that bought it, sorted by both.

    Attributes
    ----------
    product, segment : (M,).
    elasticity, std_error, ci_low, ci_high : (M,) posterior mean, standard deviation, 95 % interval. Approximate:
        the same sales enter the product's estimate and the segment's.
    weight : (M,) weight of the pair's own sales; 0 where the product's elasticity is inherited.
    shared_error : (M,) the part of `std_error` that all products of a category share.
    sold_days, units : (M,) days with sales and units sold.
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


@dataclass(frozen=True, slots=True)
class SegmentMeans:
    """Unit-weighted mean elasticity of each of S segments over its products; nan for a segment without sales.

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
) -> Hyperparameters:
    """Add to the hyperparameters how segments differ: their weekly shares and the spread tau of elasticities.

    Parameters
    ----------
    sales : units per product, segment and day.
    daily, category : of all P products, as for `refresh`.
    hyper : from `fit_pooled`.
    posterior : from `refresh` on the same products.
    segments : number of segments S.
    """
    first, share = _weekly_shares(sales, segments)
    priors = SegmentPriors(first, share, SPREAD.spread, STARTING_DISPERSION)
    pairs = pairs_of(sales, posterior.estimated)
    prepared, told = prepare_pairs(sales, pairs, daily, category, hyper, priors)
    mean = posterior.elasticity[pairs.product[told]]
    dispersion = np.full(mean.size, priors.dispersion)
    start = None
    for _ in range(ROUNDS if prepared else 0):
        fit = solve_part(prepared, _normal(mean, priors.spread), dispersion, start=start, tolerance=ROUGH)
        start = fit.coefficients
        known = fit.freedom >= LEAST_FREEDOM
        if known.any():
            pooled = float(fit.residual[known].sum() / fit.freedom[known].sum())
            priors = replace(priors, dispersion=max(pooled, LEAST_DISPERSION))
        dispersion = own_dispersion(fit, priors.dispersion, 0.0)
        own = _own(fit, mean, priors.spread)
        deviation = OwnData(own.precision, own.weighted - own.precision * mean)
        priors = replace(priors, spread=pool_mean(deviation, SPREAD, priors.spread)[1])
    return replace(hyper, segments=priors)


def _weekly_shares(sales: SegmentSales, segments: int) -> tuple[int, FloatArray]:
    """First week, and the segments' shares in each week's product-days sold, (S, W)."""
    week = week_of(sales.day)
    first = int(week.min()) if week.size else 0
    weeks = int(week.max()) - first + 1 if week.size else 1
    counts = np.bincount(sales.segment * weeks + week - first, minlength=segments * weeks)
    counts = counts.reshape(segments, weeks)
    # One more product-day a week, sold as on average, so that a quiet week has shares too.
    average = (counts.sum(axis=1, keepdims=True) + 1.0) / (counts.sum() + segments)
    return first, np.asarray((counts + average) / (counts.sum(axis=0) + 1.0))


def segment_elasticities(
    sales: SegmentSales, daily: DailySales, category: IntArray, hyper: Hyperparameters, posterior: Posterior
) -> SegmentElasticities:
    """Estimate each product's elasticity per segment, against the published elasticity of the product.

    Pairs with fewer than 20 sold days inherit the product's elasticity. A pair's estimate depends on its product's
    rows and on `hyper` only.

    Parameters
    ----------
    sales, daily, category, posterior : of any P products, with the same indices.
    hyper : from `fit_segments`.

    Raises
    ------
    ValueError : if the segments have not been fitted.
    """
    priors = hyper.segments
    if priors is None:
        raise ValueError("The hyperparameters hold no segments: call fit_segments first.")
    pairs = pairs_of(sales, posterior.estimated)
    prepared, told = prepare_pairs(sales, pairs, daily, category, hyper, priors)
    elasticity = posterior.elasticity[pairs.product].copy()
    variance = np.full(elasticity.size, priors.spread**2)
    if prepared:
        fit = _solve(prepared, elasticity[told], priors)
        solved = fit.covariance[:, 1, 1] > 0
        at = np.flatnonzero(told)[solved]
        elasticity[at] = fit.coefficients[solved, 1]
        variance[at] = fit.covariance[solved, 1, 1]
    weight = np.clip(1.0 - variance / priors.spread**2, 0.0, 1.0)
    parent = posterior.std_error[pairs.product]
    std_error = np.sqrt(variance + ((1.0 - weight) * parent) ** 2)
    return SegmentElasticities(
        product=pairs.product,
        segment=pairs.segment,
        elasticity=elasticity,
        std_error=std_error,
        ci_low=elasticity - Z_95 * std_error,
        ci_high=elasticity + Z_95 * std_error,
        weight=weight,
        shared_error=(1.0 - weight) * posterior.prior_std_error[pairs.product],
        sold_days=pairs.sold_days,
        units=pairs.units,
    )


def segment_means(pairs: SegmentElasticities, segments: int) -> SegmentMeans:
    """Unit-weighted mean elasticity of each segment; errors of the category means do not average out.

    Parameters
    ----------
    pairs : from `segment_elasticities`.
    segments : number of segments S.
    """
    units = totals(pairs.segment, pairs.units, segments)
    share = pairs.units / np.where(units > 0, units, 1.0)[pairs.segment]
    bought = units > 0
    own_variance = share**2 * np.maximum(pairs.std_error**2 - pairs.shared_error**2, 0.0)
    shared = totals(pairs.segment, share * pairs.shared_error, segments)
    elasticity = totals(pairs.segment, share * pairs.elasticity, segments)
    std_error = np.sqrt(totals(pairs.segment, own_variance, segments) + shared**2)
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


def _own(fit: Fit, mean: FloatArray, spread: float) -> OwnData:
    return own_data(fit.coefficients[:, 1], fit.covariance[:, 1, 1], mean, np.full(mean.size, spread**-2))


def _solve(prepared: list[Batch], mean: FloatArray, priors: SegmentPriors) -> Fit:
    normal = _normal(mean, priors.spread)
    dispersion = np.full(mean.size, priors.dispersion)
    start = None
    for _ in range(DISPERSION_PASSES):
        rough = solve_part(prepared, normal, dispersion, start=start, tolerance=ROUGH)
        start, dispersion = rough.coefficients, own_dispersion(rough, priors.dispersion, 0.0)
    return solve_part(prepared, normal, dispersion, start=start)
