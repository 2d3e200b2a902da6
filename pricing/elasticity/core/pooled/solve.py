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
from pricing.elasticity.core.pooled.hyperparameters import LEVEL, LEVEL_SD, PRICE, Normal
from pricing.elasticity.core.pooled.panel import Panel
from pricing.sales.core.arrays import BoolArray, FloatArray, IntArray
from pricing.sales.core.grouping import group_starts

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
    design : (B, T, K + E) columns; the last E tell the second and later price series of a product from the first.
    lines, exposure, units : (B, T).
    apart : E.
    """

    product: IntArray
    design: FloatArray
    lines: FloatArray
    exposure: FloatArray
    units: FloatArray
    apart: int = 0


@dataclass(frozen=True, slots=True)
class Fit:
    """Posterior modes (P, K) and covariances (P, K, K) of one part of demand, 0 for products without cells.

    Attributes
    ----------
    residual : (P,) variance of the counts over their mean, as the residuals have it, times the cells.
    residual_df : (P,) cells less the effective number of coefficients.
    correlation, second_correlation : (P,) lag-1 and lag-2 correlation of the residuals, less what fitting the
        coefficients takes from them.
    price_correlation : (P,) lag-1 correlation of the log price.
    converged : (P,) whether the last step was shorter than the tolerance, and every number is finite.
    iterations : (P,) steps.
    """

    coefficients: FloatArray
    covariance: FloatArray
    residual: FloatArray
    residual_df: FloatArray
    correlation: FloatArray
    second_correlation: FloatArray
    price_correlation: FloatArray
    converged: BoolArray
    iterations: IntArray


def batches(panel: Panel, design: FloatArray, of: IntArray | None = None) -> Iterator[Batch]:
    """Pad the cells into batches of products with about the same number of cells.

    Parameters
    ----------
    panel, design : n cells and their columns.
    of : where the cells are of price series, (S,) the product of each, ascending. A product's series have a level each
        and all else in common.
    """
    of = np.arange(panel.sold_days.size) if of is None else of
    product = of[panel.product]
    cells = np.bincount(product, minlength=int(of.max(initial=-1)) + 1)
    start = np.cumsum(cells) - cells
    # Number of each cell's series among those of its product that have cells.
    new = group_starts(panel.product)
    first = group_starts(product)
    rank = np.cumsum(new) - 1
    rank -= np.maximum.accumulate(np.where(first, rank, 0))
    several = np.bincount(product, rank > 0, cells.size) > 0
    waiting = np.argsort(cells, kind="stable")
    waiting = waiting[cells[waiting] > 0]
    for some in (waiting[~several[waiting]], waiting[several[waiting]]):
        yield from _padded(panel, design, some, cells, start, rank)


def _padded(
    panel: Panel, design: FloatArray, waiting: IntArray, cells: IntArray, start: IntArray, rank: IntArray
) -> Iterator[Batch]:
    while waiting.size:
        padded = np.arange(1, waiting.size + 1) * cells[waiting]
        size = max(1, int(np.searchsorted(padded, BATCH_CELLS, "right")))
        chosen, waiting = waiting[:size], waiting[size:]
        within = np.arange(cells[chosen[-1]])
        real = within < cells[chosen][:, None]
        rows = np.where(real, start[chosen][:, None] + within, start[chosen][:, None])
        columns = (panel.lines[rows], panel.exposure[rows], panel.units[rows])
        apart = int(rank[rows].max())
        padded_design = design[rows]
        if apart:
            levels = (rank[rows][:, :, None] == np.arange(1, apart + 1)).astype(np.float64)
            padded_design = np.concatenate((padded_design, levels), axis=2)
        lines, exposure, units = (np.where(real, column, 0.0) for column in columns)
        yield Batch(chosen, padded_design, lines, exposure, units, apart)


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
        second_correlation=np.zeros(products),
        price_correlation=np.zeros(products),
        converged=np.ones(products, np.bool_),
        iterations=np.zeros(products, np.int64),
    )
    for batch in prepared:
        at, lines = batch.product, batch.lines
        exposure = batch.units if per_unit else batch.exposure
        mean, precision = prior.mean[at].copy(), prior.precision[at]
        mean[:, LEVEL] = np.log(lines.sum(axis=1) / exposure.sum(axis=1))
        guess = mean if start is None else start[at]
        if batch.apart:
            mean, precision, guess = _with_levels(batch, exposure, mean, precision, guess)
        normal = Normal(mean, precision, prior.price_mean_variance[at])
        theta, covariance, fit.converged[at], fit.iterations[at] = _newton(
            batch, exposure, guess, normal, dispersion[at], tolerance
        )
        fit.coefficients[at], fit.covariance[at] = theta[:, :columns], covariance[:, :columns, :columns]
        expected = exposure * np.exp(np.matmul(batch.design, theta[:, :, None])[:, :, 0])
        cells = (exposure > 0).sum(axis=1)
        coefficients = columns + batch.apart - (precision * np.einsum("pkk->pk", covariance)).sum(axis=1)
        fit.residual_df[at] = np.maximum(cells - coefficients, 0.0)
        fit.residual[at] = _dispersion(lines, expected, per_unit) * cells
        residual = (lines - expected) / np.sqrt(np.maximum(expected, SMALLEST_MEAN))
        fit.correlation[at] = _lag_correlation(residual, 1) + coefficients / cells
        fit.second_correlation[at] = _lag_correlation(residual, 2) + coefficients / cells
        fit.price_correlation[at] = _lag_correlation(
            np.where(exposure > 0, batch.design[:, :, PRICE], 0.0), 1
        )
    return fit


def _with_levels(
    batch: Batch, exposure: FloatArray, mean: FloatArray, precision: FloatArray, guess: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Prior means, precisions and first guesses (B, K + E) with the levels of a product's further series: each series' own
    mean, as the level of the first is."""
    others = batch.design[:, :, -batch.apart :]
    first = 1.0 - others.sum(axis=2)

    def rates(within: FloatArray) -> FloatArray:
        lines, exposed = (batch.lines * within).sum(axis=1), (exposure * within).sum(axis=1)
        return np.asarray(np.log(np.maximum(lines, 0.5) / np.maximum(exposed, SMALLEST_MEAN)))

    base = rates(first)
    levels = np.stack([rates(others[:, :, k]) for k in range(batch.apart)], axis=1) - base[:, None]
    there = others.sum(axis=1) > 0
    levels = np.where(there, levels, 0.0)
    mean[:, LEVEL] = base
    loose = np.full(levels.shape, LEVEL_SD**-2)
    guess = guess.copy()
    guess[:, LEVEL] = base
    return tuple(
        np.concatenate(pair, axis=1) for pair in ((mean, levels), (precision, loose), (guess, levels))
    )  # type: ignore[return-value]


def solve_with_dispersion(
    prepared: list[Batch],
    prior: Normal,
    pooled: float,
    autocorrelation: float = 0.0,
    persistence: float = 0.0,
    *,
    per_unit: bool = False,
) -> Fit:
    """Fit one part of demand with each product's own dispersion, found in two passes from the pooled one."""
    dispersion = np.full(prior.mean.shape[0], pooled)
    start = None
    for _ in range(DISPERSION_PASSES):
        rough = solve_part(prepared, prior, dispersion, per_unit, start, ROUGH)
        start = rough.coefficients
        dispersion = own_dispersion(rough, pooled, autocorrelation, persistence)
    return solve_part(prepared, prior, dispersion, per_unit, start)


def own_dispersion(fit: Fit, pooled: float, autocorrelation: float, persistence: float = 0.0) -> FloatArray:
    """Dispersion of each product, widened for what is unexplained for weeks on end, (P,).

    Residuals are chance of single weeks and unexpected demand that lasts: their correlation is rho at lag 1 and
    decays by a factor phi, the persistence, a week from there on. For a price whose weeks correlate by x, the variance is

        1 + 2 (rho x + rho phi x^2 + ...) = 1 + 2 rho x / (1 - phi x)

    times that of independent weeks (Bartlett 1935); with rho = phi and x = 1, (1 + rho) / (1 - rho). Dispersion and rho
    are shrunk to the pooled values, as if 20 and 100 more cells had these. Counts that do not vary at all, as when every
    line is of one unit, are not taken for certain.

    Parameters
    ----------
    pooled, autocorrelation, persistence : dispersion, rho and phi of all products together.
    """
    df, prior_cells = fit.residual_df, constants.CORRELATION_WEIGHT
    dispersion = (fit.residual + constants.DISPERSION_WEIGHT * pooled) / (df + constants.DISPERSION_WEIGHT)
    rho = (fit.correlation * df + prior_cells * autocorrelation) / (df + prior_cells)
    rho = np.clip(rho, 0.0, constants.LARGEST_CORRELATION)
    price = np.clip(fit.price_correlation, 0.0, 1.0)
    widened = 1.0 + 2.0 * rho * price / (1.0 - np.maximum(persistence, rho) * price)
    return np.maximum(dispersion * widened, constants.LEAST_DISPERSION)


def _dispersion(lines: FloatArray, expected: FloatArray, per_unit: bool) -> FloatArray:
    """Variance over mean of the counts, (B,); of lines per unit, the squared coefficient of variation."""
    if not per_unit:
        # Busy cells count most: they carry the information on the price.
        return np.asarray(((lines - expected) ** 2).sum(axis=1) / expected.sum(axis=1))
    deviation = np.where(lines > 0, (expected - lines) ** 2 / np.maximum(lines, 1.0), 0.0)
    return np.asarray(deviation.sum(axis=1) / np.maximum((lines > 0).sum(axis=1), 1))


def _lag_correlation(values: FloatArray, lag: int) -> FloatArray:
    """Correlation of cells (B, T) of mean 0 that lie `lag` apart, (B,)."""
    squares = (values**2).sum(axis=1)
    lagged = (values[:, lag:] * values[:, :-lag]).sum(axis=1)
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
