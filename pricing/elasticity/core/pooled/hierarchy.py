"""Empirical Bayes: means and spreads of coefficients over products, by EM on what each product's own data say.

Around its posterior mode a product's likelihood is close to a normal one, with precision h and weighted mean b
(h times the unpooled estimate). Both follow from the posterior by taking the prior off, and the EM below runs on
them alone, to convergence, before the likelihood is looked at again (Laplace; Gelman et al. 2013, section 5).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from pricing.elasticity.core.constants import GROUP_SPREAD_WEIGHT, SPREAD_WEIGHT, Hyperprior
from pricing.sales.core.arrays import BoolArray, FloatArray, IntArray

MOST_ROUNDS: Final = 60
LEAST_PRECISION: Final = 1e-4
# EM creeps: it runs on while spreads still move by more than EXACT of their size in a round, and has converged below
# SETTLED. What a slow drift adds up to is judged by the fit that calls it.
EXACT: Final = 1e-13
SETTLED: Final = 5e-3


@dataclass(frozen=True, slots=True)
class Unpooled:
    """What the products' own data say about one coefficient: (P,) precisions h and weighted means b = h x estimate."""

    precision: FloatArray
    weighted: FloatArray


@dataclass(frozen=True, slots=True)
class Groups:
    """Means (G,) of groups and their variances, spread within groups, mean and spread of the groups' means."""

    mean: FloatArray
    variance: FloatArray
    spread: float
    overall: float
    overall_variance: float
    between: float
    converged: bool
    iterations: int


@dataclass(frozen=True, slots=True)
class Pooled:
    """Mean and spread over products of one coefficient, and how the EM ended."""

    mean: float
    spread: float
    converged: bool
    iterations: int


def unpooled_data(
    mode: FloatArray, variance: FloatArray, prior_mean: FloatArray, prior_precision: FloatArray
) -> Unpooled:
    """Take the prior off the posterior of one coefficient; products without cells (variance 0) carry no information."""
    known = variance > 0
    safe = np.where(known, variance, 1.0)
    precision = np.where(known, np.maximum(1.0 / safe - prior_precision, 0.0), 0.0)
    identified = precision > LEAST_PRECISION
    weighted = np.where(identified, mode / safe - prior_mean * prior_precision, 0.0)
    return Unpooled(np.where(identified, precision, 0.0), weighted)


def pool_groups(
    data: Unpooled, group: IntArray, groups: int, hyperprior: Hyperprior, start: tuple[float, float]
) -> Groups:
    """E_i ~ N(m_group, tau^2), m_group ~ N(m, omega^2), m ~ N(mean, mean_sd^2), with weak priors on tau and omega.

    Parameters
    ----------
    data : of the elasticity of P products.
    group : (P,) group of each product, 0..G-1.
    groups : number of groups G.
    hyperprior : priors of m, tau and omega.
    start : first guesses of tau and omega.
    """
    identified = data.precision > 0
    h, b, of = data.precision[identified], data.weighted[identified], group[identified]
    tau, omega = start
    change = np.inf
    iterations = 0
    while iterations < MOST_ROUNDS and change > EXACT:
        iterations += 1
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
        group_squares = ((mean - overall) ** 2 + variance)[seen]
        before = tau, omega
        tau = _spread(squares, hyperprior.spread, SPREAD_WEIGHT)
        omega = _spread(group_squares, hyperprior.group_spread, GROUP_SPREAD_WEIGHT)
        change = max(abs(tau / before[0] - 1.0), abs(omega / before[1] - 1.0))
    return Groups(
        np.asarray(mean),
        np.asarray(variance, np.float64),
        tau,
        float(overall),
        float(overall_variance),
        omega,
        converged=bool(change <= SETTLED),
        iterations=iterations,
    )


def pool_mean(data: Unpooled, hyperprior: Hyperprior, start: float) -> Pooled:
    """Mean and spread over products of one coefficient that has no groups; `start` is a first guess of the spread."""
    identified = data.precision > 0
    h, b = data.precision[identified], data.weighted[identified]
    mean, spread = hyperprior.mean, start
    change = np.inf
    iterations = 0
    while iterations < MOST_ROUNDS and change > EXACT:
        iterations += 1
        shrink = 1.0 / (1.0 + h * spread**2)
        if hyperprior.mean_sd > 0:
            prior_weight = hyperprior.mean_sd**-2
            mean = ((b * shrink).sum() + hyperprior.mean * prior_weight) / ((h * shrink).sum() + prior_weight)
            mean = min(max(mean, hyperprior.least), hyperprior.most)
        variance = spread**2 * shrink
        deviation = (b + mean / spread**2) * variance - mean
        before, spread = spread, _spread(deviation**2 + variance, hyperprior.spread, SPREAD_WEIGHT)
        change = abs(spread / before - 1.0)
    return Pooled(float(mean), spread, bool(change <= SETTLED), iterations)


def common_shift(
    score: FloatArray,
    information: FloatArray,
    group: IntArray,
    start: tuple[FloatArray, FloatArray],
    hyperpriors: tuple[Hyperprior, ...],
    between: float,
) -> FloatArray:
    """How far the prior means of all coefficients have to move together, (G, K): one step of Newton's method.

    Coefficients whose columns resemble each other, as price and promotion do, would take turns for ever if each mean
    were found with the others held.

    Parameters
    ----------
    score, information : (P, K) and (P, K, K), first and negative second derivatives of the products' likelihoods with
        respect to their prior means; the first coefficient is the elasticity, whose mean is its group's.
    group : (P,) group of each product, 0..G-1.
    start : the means now: of the elasticity (G,), and of all coefficients (K,), whose first is not used.
    hyperpriors : (K,) of the means; a mean whose own spread is 0 is held, one that is not called for goes to 0.
    between : spread of the groups' means.
    """
    group_mean, mean = start
    groups, count = group_mean.size, mean.size
    size = groups + count - 1
    matrix, vector = np.zeros((size, size)), np.zeros(size)
    # The overall mean is integrated out: what is left ties the groups' means to each other.
    price = hyperpriors[0]
    tie = between**-2
    matrix[:groups, :groups] = -(tie**2) / (groups * tie + price.mean_sd**-2)
    matrix[range(groups), range(groups)] += tie
    vector[:groups] = matrix[:groups, :groups] @ (price.mean - group_mean)
    matrix[range(groups), range(groups)] += np.bincount(group, information[:, 0, 0], groups)
    vector[:groups] += np.bincount(group, score[:, 0], groups)
    for k in range(1, count):
        across = np.bincount(group, information[:, 0, k], groups)
        matrix[:groups, groups + k - 1] = matrix[groups + k - 1, :groups] = across
    matrix[groups:, groups:] = information[:, 1:, 1:].sum(axis=0)
    vector[groups:] = score[:, 1:].sum(axis=0)
    free = np.ones(size, np.bool_)
    for k in range(1, count):
        at, prior = groups + k - 1, hyperpriors[k]
        free[at] = prior.mean_sd > 0
        if free[at]:
            matrix[at, at] += prior.mean_sd**-2
            vector[at] += (prior.mean - mean[k]) * prior.mean_sd**-2
    every = [Hyperprior(0.0, 0.0, 0.0)] * groups + list(hyperpriors[1:])
    step = _bounded_step(matrix, vector, np.concatenate((group_mean, mean[1:])), free, every)
    shift = np.tile(np.concatenate(([0.0], step[groups:])), (groups, 1))
    shift[:, 0] = step[:groups]
    return shift


def _bounded_step(
    matrix: FloatArray,
    vector: FloatArray,
    now: FloatArray,
    free: BoolArray,
    hyperpriors: Sequence[Hyperprior],
) -> FloatArray:
    """Newton's step (M,) of the means that are free: none leaves its bounds, and one that is not called for goes to 0.

    Parameters
    ----------
    matrix, vector : (M, M) and (M,) negative second and first derivatives.
    now : (M,) where the means are.
    hyperpriors : (M,) bounds of the means, and what they need.
    """
    least, most, needs = (
        np.array([getattr(prior, name) for prior in hyperpriors]) for name in ("least", "most", "needs")
    )
    free, step = free.copy(), np.zeros(now.size)
    while True:
        inverse = np.linalg.inv(matrix[np.ix_(free, free)])
        step[free] = inverse @ (vector - matrix[:, ~free] @ step[~free])[free]
        asked = np.where(free, np.clip(now + step, least, most), now + step)
        uncalled = np.zeros(now.size, np.bool_)
        uncalled[free] = np.abs(asked[free]) < needs[free] * np.sqrt(np.diag(inverse))
        asked[uncalled] = 0.0
        beyond = free & (uncalled | (asked != now + step))
        if not beyond.any():
            return step
        step[beyond] = (asked - now)[beyond]
        free &= ~beyond


def _spread(squares: FloatArray, expected: float, weight: float) -> float:
    return float(np.sqrt((squares.sum() + weight * expected**2) / (squares.size + weight)))
