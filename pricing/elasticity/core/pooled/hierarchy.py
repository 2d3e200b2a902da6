"""Empirical Bayes: means and spreads of coefficients over products, by EM on what each product's own data say.

Around its posterior mode a product's likelihood is close to a normal one, with precision h and weighted mean b
(h times the own estimate). Both follow from the posterior by taking the prior off, and the EM below runs on
them alone, to convergence, before the likelihood is looked at again (Laplace; Gelman et al. 2013, section 5).
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from pricing.sales.core.calendar import FloatArray, IntArray

ROUNDS: Final = 60
LEAST_PRECISION: Final = 1e-4
SPREAD_WEIGHT: Final = 20.0  # products that the starting spread counts as
GROUP_SPREAD_WEIGHT: Final = 3.0


@dataclass(frozen=True, slots=True)
class OwnData:
    """What the products' own data say about one coefficient: (P,) precisions h and weighted means b = h x own."""

    precision: FloatArray
    weighted: FloatArray


@dataclass(frozen=True, slots=True)
class Hyperprior:
    """Weak priors of a mean, N(mean, mean_sd^2), of the spread over products and of that over groups."""

    mean: float
    mean_sd: float
    spread: float
    group_spread: float = 0.0


@dataclass(frozen=True, slots=True)
class Groups:
    """Means (G,) of groups and their variances, spread within groups, mean and spread of the groups' means."""

    mean: FloatArray
    variance: FloatArray
    spread: float
    overall: float
    overall_variance: float
    between: float


def own_data(
    mode: FloatArray, variance: FloatArray, prior_mean: FloatArray, prior_precision: FloatArray
) -> OwnData:
    """Take the prior off the posterior of one coefficient; products without cells (variance 0) say nothing."""
    told = variance > 0
    safe = np.where(told, variance, 1.0)
    precision = np.where(told, np.maximum(1.0 / safe - prior_precision, 0.0), 0.0)
    weighted = np.where(precision > LEAST_PRECISION, mode / safe - prior_mean * prior_precision, 0.0)
    return OwnData(np.where(precision > LEAST_PRECISION, precision, 0.0), weighted)


def pool_groups(
    own: OwnData, group: IntArray, groups: int, hyperprior: Hyperprior, start: tuple[float, float]
) -> Groups:
    """E_i ~ N(m_group, tau^2), m_group ~ N(m, omega^2), m ~ N(mean, mean_sd^2), with weak priors on tau and omega.

    Parameters
    ----------
    own : of the elasticity of P products.
    group : (P,) group of each product, 0..G-1.
    groups : number of groups G.
    hyperprior : priors of m, tau and omega.
    start : first guesses of tau and omega.
    """
    told = own.precision > 0
    h, b, of = own.precision[told], own.weighted[told], group[told]
    tau, omega = start
    for _ in range(ROUNDS):
        shrink = 1.0 / (1.0 + h * tau**2)
        information = np.bincount(of, h * shrink, groups)
        weighted = np.bincount(of, b * shrink, groups)
        seen = information > 0
        weight = information[seen] / (1.0 + information[seen] * omega**2)
        overall_variance = 1.0 / (weight.sum() + hyperprior.mean_sd**-2)
        overall = (
            weighted[seen] / information[seen] * weight
        ).sum() + hyperprior.mean / hyperprior.mean_sd**2
        overall *= overall_variance
        variance = 1.0 / (information + omega**-2)
        mean = (weighted + overall / omega**2) * variance

        product_variance = tau**2 * shrink
        deviation = (b + mean[of] / tau**2) * product_variance - mean[of]
        squares = deviation**2 + product_variance + (h * product_variance) ** 2 * variance[of]
        tau = _spread(squares, hyperprior.spread, SPREAD_WEIGHT)
        group_squares = ((mean - overall) ** 2 + variance)[seen]
        omega = _spread(group_squares, hyperprior.group_spread, GROUP_SPREAD_WEIGHT)
    return Groups(
        np.asarray(mean),
        np.asarray(variance, np.float64),
        tau,
        float(overall),
        float(overall_variance),
        omega,
    )


def pool_mean(own: OwnData, hyperprior: Hyperprior, start: float) -> tuple[float, float]:
    """Mean and spread over products of one coefficient that has no groups; `start` is a first guess of the spread."""
    told = own.precision > 0
    h, b = own.precision[told], own.weighted[told]
    mean, spread = hyperprior.mean, start
    for _ in range(ROUNDS):
        shrink = 1.0 / (1.0 + h * spread**2)
        if hyperprior.mean_sd > 0:
            prior_weight = hyperprior.mean_sd**-2
            mean = ((b * shrink).sum() + hyperprior.mean * prior_weight) / ((h * shrink).sum() + prior_weight)
        variance = spread**2 * shrink
        deviation = (b + mean / spread**2) * variance - mean
        spread = _spread(deviation**2 + variance, hyperprior.spread, SPREAD_WEIGHT)
    return float(mean), spread


def _spread(squares: FloatArray, expected: float, weight: float) -> float:
    return float(np.sqrt((squares.sum() + weight * expected**2) / (squares.size + weight)))
