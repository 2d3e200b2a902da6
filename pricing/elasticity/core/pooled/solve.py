"""Penalised Poisson regressions of many products at once, in padded batches.

Demand has two parts. The purchase frequency: sale lines are counts, their exposure is open days. The units per
purchase: log link and variance proportional to the squared mean; their likelihood is that of the same lines as counts
with the units as exposure, so that both are solved alike (the coefficients are those of lines per unit, the inverse
of units per purchase).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from pricing.elasticity.core import constants
from pricing.elasticity.core.pooled.hyperparameters import LEVEL, Normal
from pricing.elasticity.core.pooled.panel import Panel
from pricing.sales.core.arrays import BoolArray, FloatArray, IntArray

BATCH_CELLS: Final = 24_000
MOST_STEPS: Final = 100
DISPERSION_PASSES: Final = 2
SMALLEST_MEAN: Final = 1e-6
EXACT: Final = 1e-11
ROUGH: Final = 1e-3
# Along a step that moves no linear predictor by more than 1.5, the penalised likelihood cannot fall.
LONGEST_STEP: Final = 1.5


@dataclass(frozen=True, slots=True)
class Batch:
    """Cells of B products, padded to T cells each; padding has neither counts nor exposures.

    Attributes
    ----------
    product : (B,) product indices.
    design : (B, T, K) columns.
    lines, exposure, units : (B, T).
    """

    product: IntArray
    design: FloatArray
    lines: FloatArray
    exposure: FloatArray
    units: FloatArray


@dataclass(frozen=True, slots=True)
class Fit:
    """Posterior modes (P, K) and covariances (P, K, K) of one part of demand, 0 for products without cells.

    Attributes
    ----------
    residual : (P,) variance of the counts over their mean, as the residuals have it, times the cells.
    residual_df : (P,) cells less the effective number of coefficients.
    correlation : (P,) lag-1 correlation of the residuals, less what fitting the coefficients takes from it.
    converged : (P,) whether the last step was shorter than the tolerance, and every number is finite.
    iterations : (P,) steps.
    """

    coefficients: FloatArray
    covariance: FloatArray
    residual: FloatArray
    residual_df: FloatArray
    correlation: FloatArray
    converged: BoolArray
    iterations: IntArray


def batches(panel: Panel, design: FloatArray) -> Iterator[Batch]:
    """Pad the cells into batches of products with about the same number of cells."""
    cells = np.bincount(panel.product, minlength=panel.sold_days.size)
    start = np.cumsum(cells) - cells
    waiting = np.argsort(cells, kind="stable")
    waiting = waiting[cells[waiting] > 0]
    while waiting.size:
        padded = np.arange(1, waiting.size + 1) * cells[waiting]
        size = max(1, int(np.searchsorted(padded, BATCH_CELLS, "right")))
        chosen, waiting = waiting[:size], waiting[size:]
        within = np.arange(cells[chosen[-1]])
        real = within < cells[chosen][:, None]
        rows = np.where(real, start[chosen][:, None] + within, start[chosen][:, None])
        columns = (panel.lines[rows], panel.exposure[rows], panel.units[rows])
        yield Batch(chosen, design[rows], *(np.where(real, column, 0.0) for column in columns))


def solve_part(
    prepared: list[Batch],
    prior: Normal,
    dispersion: FloatArray,
    per_unit: bool = False,
    start: FloatArray | None = None,
    tolerance: float = EXACT,
) -> Fit:
    """Fit one part of demand for all products.

    Parameters
    ----------
    prepared : batches that together hold every product with cells at most once.
    prior : of P products; the level's prior is centred on the product's own mean.
    dispersion : (P,) variance of the counts over their mean.
    per_unit : fit lines per unit instead of lines per open day.
    start : (P, K) first guess; without it the level of each product and its prior means.
    tolerance : a product is left alone after a step shorter than this.

    Returns
    -------
    Fit; a product's result does not depend on the others.
    """
    products, columns = prior.mean.shape
    fit = Fit(
        coefficients=np.zeros((products, columns)),
        covariance=np.zeros((products, columns, columns)),
        residual=np.zeros(products),
        residual_df=np.zeros(products),
        correlation=np.zeros(products),
        converged=np.ones(products, np.bool_),
        iterations=np.zeros(products, np.int64),
    )
    for batch in prepared:
        at, lines = batch.product, batch.lines
        exposure = batch.units if per_unit else batch.exposure
        mean, precision = prior.mean[at].copy(), prior.precision[at]
        mean[:, LEVEL] = np.log(lines.sum(axis=1) / exposure.sum(axis=1))
        normal = Normal(mean, precision, prior.price_mean_variance[at])
        guess = mean if start is None else start[at]
        theta, covariance, fit.converged[at], fit.iterations[at] = _newton(
            batch, exposure, guess, normal, dispersion[at], tolerance
        )
        fit.coefficients[at], fit.covariance[at] = theta, covariance
        expected = exposure * np.exp(np.matmul(batch.design, theta[:, :, None])[:, :, 0])
        cells = (exposure > 0).sum(axis=1)
        coefficients = columns - (precision * np.einsum("pkk->pk", covariance)).sum(axis=1)
        fit.residual_df[at] = np.maximum(cells - coefficients, 0.0)
        fit.residual[at] = _dispersion(lines, expected, per_unit) * cells
        fit.correlation[at] = _lag_correlation(lines, expected) + coefficients / cells
    return fit


def solve_with_dispersion(
    prepared: list[Batch],
    prior: Normal,
    pooled: float,
    autocorrelation: float = 0.0,
    *,
    per_unit: bool = False,
) -> Fit:
    """Fit one part of demand with each product's own dispersion, found in two passes from the pooled one."""
    dispersion = np.full(prior.mean.shape[0], pooled)
    start = None
    for _ in range(DISPERSION_PASSES):
        rough = solve_part(prepared, prior, dispersion, per_unit, start, ROUGH)
        start = rough.coefficients
        dispersion = own_dispersion(rough, pooled, autocorrelation)
    return solve_part(prepared, prior, dispersion, per_unit, start)


def own_dispersion(fit: Fit, pooled: float, autocorrelation: float) -> FloatArray:
    """Dispersion of each product, widened for autocorrelation by (1 + rho) / (1 - rho), (P,).

    Both are shrunk to the pooled values, as if 20 and 100 more cells had these. Counts that do not vary at all, as
    when every line is of one unit, are not taken for certain.
    """
    df, prior_cells = fit.residual_df, constants.CORRELATION_WEIGHT
    dispersion = (fit.residual + constants.DISPERSION_WEIGHT * pooled) / (df + constants.DISPERSION_WEIGHT)
    rho = (fit.correlation * df + prior_cells * autocorrelation) / (df + prior_cells)
    rho = np.clip(rho, 0.0, constants.LARGEST_CORRELATION)
    return np.maximum(dispersion * (1.0 + rho) / (1.0 - rho), constants.LEAST_DISPERSION)


def _dispersion(lines: FloatArray, expected: FloatArray, per_unit: bool) -> FloatArray:
    """Variance over mean of the counts, (B,); of lines per unit, the squared coefficient of variation."""
    if not per_unit:
        # Busy cells count most: they carry the information on the price.
        return np.asarray(((lines - expected) ** 2).sum(axis=1) / expected.sum(axis=1))
    deviation = np.where(lines > 0, (expected - lines) ** 2 / np.maximum(lines, 1.0), 0.0)
    return np.asarray(deviation.sum(axis=1) / np.maximum((lines > 0).sum(axis=1), 1))


def _lag_correlation(lines: FloatArray, expected: FloatArray) -> FloatArray:
    """Correlation of neighbouring cells' standardised residuals, (B,)."""
    residual = (lines - expected) / np.sqrt(np.maximum(expected, SMALLEST_MEAN))
    squares = (residual**2).sum(axis=1)
    lagged = (residual[:, 1:] * residual[:, :-1]).sum(axis=1)
    return np.asarray(lagged / np.where(squares > 0, squares, 1.0))


def _newton(
    batch: Batch,
    exposure: FloatArray,
    start: FloatArray,
    prior: Normal,
    dispersion: FloatArray,
    tolerance: float,
) -> tuple[FloatArray, FloatArray, BoolArray, IntArray]:
    """Maximise sum(lines eta - exposure exp(eta)) / dispersion - penalty.

    Returns
    -------
    Modes (B, K), covariances (B, K, K), whether each converged (B,), steps taken (B,).
    """
    theta = start.copy()
    covariance = np.empty((*theta.shape, theta.shape[1]))
    steps = np.zeros(theta.shape[0], np.int64)
    moving = np.arange(theta.shape[0])
    design, lines, scale = batch.design, batch.lines, 1.0 / dispersion
    transposed = np.ascontiguousarray(design.transpose(0, 2, 1))
    for _ in range(MOST_STEPS):
        expected = exposure * np.exp(np.matmul(design, theta[moving][:, :, None])[:, :, 0])
        gradient = np.matmul(transposed, (lines - expected)[:, :, None])[:, :, 0] * scale[:, None]
        gradient -= prior.precision[moving] * (theta[moving] - prior.mean[moving])
        curvature = np.matmul(transposed * (expected * scale[:, None])[:, None, :], design)
        np.einsum("bkk->bk", curvature)[...] += prior.precision[moving]
        inverse = np.linalg.inv(curvature)
        step = np.matmul(inverse, gradient[:, :, None])[:, :, 0]
        reach = np.abs(np.matmul(design, step[:, :, None])[:, :, 0]).max(axis=1)
        theta[moving] += step * np.minimum(1.0, LONGEST_STEP / np.maximum(reach, LONGEST_STEP))[:, None]
        covariance[moving] = inverse
        steps[moving] += 1
        still: BoolArray = np.abs(step).max(axis=1) > tolerance
        if not still.all():
            moving, design, transposed = moving[still], design[still], transposed[still]
            lines, exposure, scale = lines[still], exposure[still], scale[still]
        if not moving.size:
            break
    converged = np.asarray(np.isfinite(theta).all(axis=1))
    converged[moving] = False
    return theta, covariance, converged, steps
