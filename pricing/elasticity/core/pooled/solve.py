"""Penalised Poisson regressions of many products at once, in padded batches.

Demand has two parts. The rate: sale lines are counts, their exposure is open days. The size: units per line,
with log link and variance proportional to the squared mean; its likelihood is that of the same lines as
counts with the units as exposure, so that both are solved alike (the coefficients of the size are those of lines
per unit, the inverse of units per line).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from pricing.elasticity.core.pooled.hyperparameters import LEVEL, Normal
from pricing.elasticity.core.pooled.panel import Panel
from pricing.sales.core.calendar import BoolArray, FloatArray, IntArray

BATCH_CELLS: Final = 24_000
MOST_STEPS: Final = 100
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
    freedom : (P,) cells less the effective number of coefficients.
    correlation : (P,) lag-1 correlation of the residuals, less what fitting the coefficients takes from it.
    """

    coefficients: FloatArray
    covariance: FloatArray
    residual: FloatArray
    freedom: FloatArray
    correlation: FloatArray


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
    size: bool = False,
    start: FloatArray | None = None,
    tolerance: float = EXACT,
) -> Fit:
    """Fit one part of demand for all products.

    Parameters
    ----------
    prepared : batches that together hold every product with cells at most once.
    prior : of P products; the level's prior is centred on the product's own mean.
    dispersion : (P,) variance of the counts over their mean.
    size : fit lines per unit instead of lines per open day.
    start : (P, K) first guess; without it the level of each product and its prior means.
    tolerance : a product is left alone after a step shorter than this.

    Returns
    -------
    Fit; a product's result does not depend on the others.
    """
    products, columns = prior.mean.shape
    fit = Fit(
        np.zeros((products, columns)),
        np.zeros((products, columns, columns)),
        *(np.zeros(products) for _ in range(3)),
    )
    for batch in prepared:
        at = batch.product
        exposure = batch.units if size else batch.exposure
        mean, precision = prior.mean[at].copy(), prior.precision[at]
        mean[:, LEVEL] = np.log(batch.lines.sum(axis=1) / exposure.sum(axis=1))
        guess = mean if start is None else start[at]
        theta, covariance = _newton(
            batch,
            exposure,
            guess,
            Normal(mean, precision, prior.price_mean_variance[at]),
            dispersion[at],
            tolerance,
        )
        fit.coefficients[at], fit.covariance[at] = theta, covariance
        expected = exposure * np.exp(np.matmul(batch.design, theta[:, :, None])[:, :, 0])
        cells = (exposure > 0).sum(axis=1)
        coefficients = columns - (precision * np.einsum("pkk->pk", covariance)).sum(axis=1)
        pearson = _size_residual(batch.lines, expected) if size else _rate_residual(batch.lines, expected)
        fit.freedom[at] = np.maximum(cells - coefficients, 0.0)
        fit.residual[at] = pearson * cells
        fit.correlation[at] = _lag_correlation(batch.lines, expected) + coefficients / cells
    return fit


def _rate_residual(lines: FloatArray, expected: FloatArray) -> FloatArray:
    """Variance over mean of the counts, (B,). Busy cells count most: they carry the information on the price."""
    return np.asarray(((lines - expected) ** 2).sum(axis=1) / expected.sum(axis=1))


def _size_residual(lines: FloatArray, expected: FloatArray) -> FloatArray:
    """Squared coefficient of variation of units per line, (B,)."""
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
) -> tuple[FloatArray, FloatArray]:
    """Maximise sum(lines eta - exposure exp(eta)) / dispersion - penalty: modes (B, K), covariances (B, K, K)."""
    theta = start.copy()
    covariance = np.empty((*theta.shape, theta.shape[1]))
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
        still: BoolArray = np.abs(step).max(axis=1) > tolerance
        if not still.any():
            break
        if not still.all():
            moving, design, transposed = moving[still], design[still], transposed[still]
            lines, exposure, scale = lines[still], exposure[still], scale[still]
    return theta, covariance
