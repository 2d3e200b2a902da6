"""Residuals of the fitted regressions, for tests over all products together."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from pricing.elasticity.core.constants import FEWEST_PRODUCTS_TO_JUDGE_BY
from pricing.elasticity.core.pooled.hyperparameters import Normal
from pricing.elasticity.core.pooled.panel import Panel
from pricing.elasticity.core.pooled.solve import ROUGH, Fit, batches, solve_part
from pricing.sales.core.arrays import BoolArray, FloatArray, IntArray


@dataclass(frozen=True, slots=True)
class Residuals:
    """The purchases at the posterior modes: n cells of S price series of P products, K columns.

    Attributes
    ----------
    panel, design : the cells and their columns (n, K).
    series_of : (S,) the product of each series; where no product has several, the products themselves.
    product : (n,) product of each cell.
    apart : (n,) whether the cell's product has several series, each with a level of its own that is no column.
    fit : the modes and their covariances.
    expected : (n,) mean purchases.
    scale : (n,) one over the product's dispersion.
    """

    panel: Panel
    design: FloatArray
    series_of: IntArray
    product: IntArray
    apart: BoolArray
    fit: Fit
    expected: FloatArray
    scale: FloatArray

    @classmethod
    def of(
        cls,
        panel: Panel,
        design: FloatArray,
        prior: Normal,
        dispersion: FloatArray,
        start: FloatArray | None = None,
        series_of: IntArray | None = None,
    ) -> Self:
        """Fit the purchases: priors and dispersions of P products and, if known, coefficients to start from.

        Parameters
        ----------
        series_of : where the cells are of price series, (S,) the product of each.
        """
        series_of = np.arange(panel.sold_days.size) if series_of is None else series_of
        fit = solve_part(
            list(batches(panel, design, series_of)), prior, dispersion, start=start, tolerance=ROUGH
        )
        product = series_of[panel.product]
        apart = _apart(series_of, dispersion.size)[product]
        expected = expected_purchases(panel, design, fit.coefficients, series_of)
        return cls(panel, design, series_of, product, apart, fit, expected, (1.0 / dispersion)[product])

    def unexplained(self, column: FloatArray) -> FloatArray:
        """What the other columns, and the levels of series, do not explain of one more column (n,), weighted as in the fit."""
        products = self.fit.coefficients.shape[0]
        weight = self.expected * self.scale
        column = self._within_series(column, weight)
        crossed = np.stack(
            [np.bincount(self.product, weight * column * each, products) for each in self.design.T], axis=1
        )
        explained = np.einsum("pk,pkl->pl", crossed, self.fit.covariance)
        left = column - np.einsum("nk,nk->n", self.design, explained[self.product])
        return self._within_series(left, weight)

    def _within_series(self, column: FloatArray, weight: FloatArray) -> FloatArray:
        """A column (n,) less its mean in each of several series of a product."""
        if not self.apart.any():
            return column
        return column - np.where(self.apart, _mean_ratio(self.panel.product, weight * column, weight), 0.0)

    def score(self, unexplained: FloatArray) -> FloatArray:
        """First derivative of the likelihood by the slope of such a column, at 0, by cell (n,)."""
        return np.asarray(unexplained * (self.panel.lines - self.expected) * self.scale)

    def clustered(self, by_cell: FloatArray) -> float:
        """Standard deviation of a sum over cells (n,): the larger of that over products and that over weeks.

        So that neither a product's own ups and downs nor events of the whole shop are taken for evidence (Liang and
        Zeger 1986). 0 where fewer than eight products say anything.
        """
        week = self.panel.week - self.panel.week.min(initial=0)
        by_product, by_week = np.bincount(self.product, by_cell), np.bincount(week, by_cell)
        if np.count_nonzero(by_product) < FEWEST_PRODUCTS_TO_JUDGE_BY:
            return 0.0
        return float(np.sqrt(max((by_product**2).sum(), (by_week**2).sum())))


def expected_purchases(
    panel: Panel, design: FloatArray, coefficients: FloatArray, series_of: IntArray
) -> FloatArray:
    """Mean purchases of each cell (n,) by the coefficients (P, K) of the product of its series.

    The levels of a product's several series are not among the coefficients: each series' own mean takes their place.
    """
    product = series_of[panel.product]
    expected = panel.exposure * np.exp(np.einsum("nk,nk->n", design, coefficients[product]))
    apart = _apart(series_of, coefficients.shape[0])[product]
    return np.asarray(np.where(apart, expected * _mean_ratio(panel.product, panel.lines, expected), expected))


def _apart(series_of: IntArray, products: int) -> BoolArray:
    """Whether each product (P,) has several series."""
    return np.asarray(np.bincount(series_of, minlength=products) > 1)


def _mean_ratio(series: IntArray, values: FloatArray, weights: FloatArray) -> FloatArray:
    """Sum of the values over that of the weights, of each cell's series (n,)."""
    total, weight = np.bincount(series, values), np.bincount(series, weights)
    return np.asarray((total / np.maximum(weight, 1e-12))[series])
