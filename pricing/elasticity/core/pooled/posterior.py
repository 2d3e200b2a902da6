"""Estimates of any products against the hyperparameters of the last full fit."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from pricing.elasticity.core.constants import CATEGORY_ERROR, MODEL_ERROR
from pricing.elasticity.core.pooled.design import design_matrix
from pricing.elasticity.core.pooled.grades import Evidence, confidences, flag_bits, grades
from pricing.elasticity.core.pooled.hyperparameters import PRICE, Hyperparameters, product_priors
from pricing.elasticity.core.pooled.panel import Panel, Window, build_panel
from pricing.elasticity.core.pooled.solve import Fit, batches, solve_with_dispersion
from pricing.sales.core.arrays import Z_95, BoolArray, FloatArray, IntArray
from pricing.sales.core.daily import DailySales

LEAST_WEIGHT: Final = 0.005


@dataclass(frozen=True, slots=True)
class Posterior:
    """Elasticities of P products and the evidence behind them; nan where a product has no usable sales.

    Attributes
    ----------
    estimated : (P,) whether there is an estimate.
    elasticity, std_error, ci_low, ci_high : (P,) posterior mean, its standard deviation, 95 % interval.
    own_elasticity, own_std_error : (P,) the unpooled estimate, from the product's own data alone; nan where
        these say next to nothing.
    weight : (P,) weight w of the own data: elasticity = w own + (1 - w) prior mean.
    prior_mean, prior_std_error : (P,) elasticity of the category, and what its uncertainty adds to `std_error`.
    sold_days, list_price_count, active_weeks : (P,) days with sales, list prices charged, weeks on sale.
    confidence : (P,) probability that the true elasticity lies within 0.5 of the estimate.
    grade : (P,) "A" to "D", "" without an estimate.
    flags : (P,) bits, named by `grades.FLAGS`.
    converged, iterations : (P,) whether both parts of the fit settled, and the steps of the longer one.
    """

    estimated: BoolArray
    elasticity: FloatArray
    std_error: FloatArray
    ci_low: FloatArray
    ci_high: FloatArray
    own_elasticity: FloatArray
    own_std_error: FloatArray
    weight: FloatArray
    prior_mean: FloatArray
    prior_std_error: FloatArray
    sold_days: IntArray
    list_price_count: IntArray
    active_weeks: IntArray
    confidence: FloatArray
    grade: np.ndarray[tuple[int], np.dtype[np.str_]]
    flags: IntArray
    converged: BoolArray
    iterations: IntArray


def refresh(
    daily: DailySales, category: IntArray, hyper: Hyperparameters, window: Window | None = None
) -> Posterior:
    """Estimate products from their own daily sales and what the last full fit found all products to share.

    A product's estimate depends on its own rows and on `hyper` only, to rounding: whichever other products are
    in the same call, it is the estimate a full run publishes.

    Parameters
    ----------
    daily : product-days of the P products (indices 0..P-1), in full; or with units and lines of one country
        and the shop's list prices.
    category : (P,) codes of categories; a code new to `hyper`, or -1, takes the mean over categories.
    hyper : from `fit_pooled`.
    window : first and last day, both inclusive, to which the estimate is limited.
    """
    group = hyper.groups_of(category)
    response = (hyper.price_response, hyper.promotion_response)
    panel = build_panel(daily, category.size, hyper.calendar, response, window)
    prepared = list(batches(panel, design_matrix(panel, hyper, group)))
    frequency, quantity = (
        solve_with_dispersion(
            prepared, product_priors(part, group), part.dispersion, part.autocorrelation, per_unit=per_unit
        )
        for part, per_unit in ((hyper.frequency, False), (hyper.quantity, True))
    )
    return _posterior(panel, hyper, group, category < 0, frequency, quantity)


def _posterior(
    panel: Panel,
    hyper: Hyperparameters,
    group: IntArray,
    no_category: BoolArray,
    frequency: Fit,
    quantity: Fit,
) -> Posterior:
    """Add up the two parts: the elasticity of units is that of the frequency less that of lines per unit."""
    estimated = panel.sold_days > 0
    priors = [product_priors(part, group) for part in (hyper.frequency, hyper.quantity)]
    coefficient = [fit.coefficients[:, PRICE] for fit in (frequency, quantity)]
    variances = [fit.covariance[:, PRICE, PRICE] for fit in (frequency, quantity)]
    spread = 1.0 / priors[0].precision[:, PRICE] + 1.0 / priors[1].precision[:, PRICE]
    variance = np.where(estimated, variances[0] + variances[1], np.nan)
    elasticity = np.where(estimated, coefficient[0] - coefficient[1], np.nan)
    prior_mean = np.where(estimated, priors[0].mean[:, PRICE] - priors[1].mean[:, PRICE], np.nan)
    prior_variance = sum(
        (part_variance * prior.precision[:, PRICE]) ** 2 * prior.price_mean_variance
        for part_variance, prior in zip(variances, priors, strict=True)
    )

    weight = np.clip(1.0 - variance / spread, 0.0, 1.0)
    own_weight = np.where(weight >= LEAST_WEIGHT, weight, np.nan)
    own = prior_mean + (elasticity - prior_mean) / own_weight
    unmodelled = MODEL_ERROR**2 + (CATEGORY_ERROR * (1.0 - weight)) ** 2
    std_error = np.sqrt(variance + prior_variance + unmodelled)
    shared = {
        "elasticity": elasticity,
        "std_error": std_error,
        "ci_low": elasticity - Z_95 * std_error,
        "ci_high": elasticity + Z_95 * std_error,
        "own_elasticity": own,
        "weight": weight,
    }
    converged = frequency.converged & quantity.converged
    evidence = Evidence(
        **shared,
        sold_days=panel.sold_days,
        active_weeks=panel.active_weeks,
        list_prices=panel.list_prices,
        gaps=panel.gaps,
        no_category=no_category,
        converged=converged,
    )
    return Posterior(
        **shared,
        sold_days=panel.sold_days,
        active_weeks=panel.active_weeks,
        estimated=estimated,
        own_std_error=np.sqrt(variance / own_weight),
        prior_mean=prior_mean,
        prior_std_error=np.where(estimated, np.sqrt(prior_variance), np.nan),
        list_price_count=panel.list_prices,
        confidence=confidences(std_error),
        grade=grades(evidence),
        flags=flag_bits(evidence),
        converged=converged,
        iterations=np.maximum(frequency.iterations, quantity.iterations),
    )
