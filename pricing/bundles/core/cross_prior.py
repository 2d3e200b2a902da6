"""Shrink cross-price elasticities of pairs of products by a mixture prior that all pairs share.

Most products have nothing to do with each other: the estimate of a pair is shrunk to 0 by a mixture prior whose
weights are found from all pairs (empirical Bayes; Stephens 2017). In some categories, though, everything competes with
everything: there the pairs are shrunk to the category's common cross effect (Smith & Griffin 2023). Which of the two a
category is, is judged by how well each explains its pairs.
"""

from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np

from pricing.bundles.core.constants import (
    COMMON_SD,
    COMMON_SHARE,
    COMMON_SPREAD,
    CORRELATIONS,
    PRIOR_CATEGORIES,
    PRIOR_PAIRS,
    SPREADS,
    STARTING_WEIGHTS,
)
from pricing.sales.core.arrays import BoolArray, FloatArray, IntArray

INDEPENDENT: Final = "independent"
SUBSTITUTES: Final = "substitutes"
COMPLEMENTS: Final = "complements"
RELATIONSHIPS: Final = (INDEPENDENT, SUBSTITUTES, COMPLEMENTS)

STRATA: Final = 2
"""Pairs of one category, and pairs that are bought together: the prior's weights are found for each."""

# EM of the weights: it runs on while a weight still moves by more than EXACT in a round, and has converged below SETTLED.
MOST_ROUNDS: Final = 200
EXACT: Final = 1e-13
SETTLED: Final = 1e-4
# The weights, and which categories have a common effect, depend on each other: found in turn, so many times.
TURNS: Final = 5
COMMON_ROUNDS: Final = 100
BISECTIONS: Final = 40
TAIL: Final = 0.025


@dataclass(frozen=True, slots=True)
class CrossPrior:
    """What all pairs share.

    Attributes
    ----------
    spread : of cross elasticities in the regression.
    weights : (STRATA, K) of the mixture's components.
    converged, iterations : whether all regressions and the EM of spread and weights settled, and the rounds of the
        longest.
    """

    spread: float
    weights: FloatArray
    converged: bool = True
    iterations: int = 0

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers and lists that JSON can hold."""
        return asdict(self) | {"weights": self.weights.tolist()}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "CrossPrior":
        """Rebuild what `to_dict` wrote; earlier releases wrote no `converged` and `iterations`."""
        return cls(**values | {"weights": np.array(values["weights"], np.float64)})


@dataclass(frozen=True, slots=True)
class OwnCross:
    """Unpooled estimates of n pairs, (n, 2): of first to the price of second, and the other way round.

    A variance is large where the sales hold no information, because the other's price never moved or the sales are few.
    `converged` and `iterations` are those of the regressions: whether all settled, and the steps of the longest.
    """

    estimate: FloatArray
    variance: FloatArray
    converged: bool = True
    iterations: int = 0


@dataclass(frozen=True, slots=True)
class CrossElasticities:
    """Cross elasticities of n pairs, (n, 2): of first to the price of second, and the other way round.

    Attributes
    ----------
    elasticity, std_error : posterior mean and standard deviation.
    ci_low, ci_high : 95 % interval of the posterior.
    relationship : one of `RELATIONSHIPS`; independent unless the interval excludes 0.
    converged, iterations : of the regressions, as in `OwnCross`.
    """

    elasticity: FloatArray
    std_error: FloatArray
    ci_low: FloatArray
    ci_high: FloatArray
    relationship: np.ndarray[tuple[int, int], np.dtype[np.str_]]
    converged: bool
    iterations: int


@dataclass(frozen=True, slots=True)
class CommonEffects:
    """Of n pairs: the probability that all products of their category compete alike, and the common effect if so.

    Attributes
    ----------
    probability : (n,), 0 for pairs that are not of one category.
    mean, variance : (n,) of the category's common cross elasticity.
    """

    probability: FloatArray
    mean: FloatArray
    variance: FloatArray

    @classmethod
    def none(cls, pairs: int) -> "CommonEffects":
        return cls(np.zeros(pairs), np.zeros(pairs), np.zeros(pairs))


def fit_prior(
    own: OwnCross, together: BoolArray, group: IntArray, first: IntArray, second: IntArray
) -> tuple[FloatArray, CommonEffects, bool, int]:
    """Find what all pairs share, and what those of one category do.

    Parameters
    ----------
    own : of n pairs.
    together : (n,) whether the pair is bought together.
    group : (n,) the category of both products, -1 where there is none.
    first, second : (n,) the products of each pair.

    Returns
    -------
    The mixture's weights (STRATA, K), the common effects, whether both settled, and the rounds of the longest EM.
    """
    common = CommonEffects.none(together.size)
    for _ in range(TURNS):
        weights, weights_settled, rounds = _mixture_weights(own, together, 1.0 - common.probability)
        apart = _log_likelihood(own, weights, together)
        common, common_settled, common_rounds = _common_effects(own, apart, group, first, second)
    return weights, common, weights_settled and common_settled, max(rounds, common_rounds)


def shrink(
    own: OwnCross, prior: CrossPrior, together: BoolArray, common: CommonEffects | None = None
) -> CrossElasticities:
    """Combine what the sales say with the prior.

    Parameters
    ----------
    own : of n pairs.
    prior : from `fit_cross`.
    together : (n,) whether the pair is bought together, which chooses the prior's weights.
    common : from `fit_prior`; without it no category has a common effect.
    """
    common = common or CommonEffects.none(together.size)
    likelihood, mean, sd = _components(own)[:3]
    share = likelihood * prior.weights[together.astype(np.int64)]
    share *= ((1.0 - common.probability) / share.sum(axis=1))[:, None]
    kept = own.variance / (COMMON_SPREAD**2 + own.variance)
    near = common.mean[:, None] * kept + own.estimate * (1.0 - kept)
    near_sd = np.sqrt(COMMON_SPREAD**2 * kept + common.variance[:, None] * kept**2)
    share = np.concatenate([share, common.probability[:, None]], axis=1)[:, None, :]
    mean = np.concatenate([mean, near[:, :, None]], axis=2)
    sd = np.concatenate([sd, near_sd[:, :, None]], axis=2)
    elasticity = (share * mean).sum(axis=2)
    std_error = np.sqrt(np.maximum((share * (sd**2 + mean**2)).sum(axis=2) - elasticity**2, 0.0))
    low, high = (_quantile(share, mean, sd, probability) for probability in (TAIL, 1 - TAIL))
    relationship = np.where(low > 0, SUBSTITUTES, np.where(high < 0, COMPLEMENTS, INDEPENDENT))
    return CrossElasticities(elasticity, std_error, low, high, relationship, own.converged, own.iterations)


def _common_effects(
    own: OwnCross, log_apart: FloatArray, group: IntArray, first: IntArray, second: IntArray
) -> tuple[CommonEffects, bool, int]:
    """Judge by category whether its pairs are alike, and estimate their common effect.

    Within a category e_ij ~ N(m, COMMON_SPREAD^2), and among categories m ~ N(mean, sd^2), both found by EM as is the
    share of such categories, so that each Bayes factor is closed form. Estimates of one product's regression err
    together, as its demand had the same luck in all of them: evidence and precision are divided by how much more the
    products' sums of errors vary than independent errors would.

    Parameters
    ----------
    log_apart : (n,) log likelihood of each pair under the mixture around 0.

    Returns
    -------
    The effects, whether their EM settled, and its rounds.
    """
    from scipy.special import expit, logit

    pairs = np.flatnonzero(group >= 0)
    found = CommonEffects.none(group.size)
    of_group, of_pair = np.unique(group[pairs], return_inverse=True)
    both = np.concatenate([of_pair, of_pair])
    estimate, variance = own.estimate[pairs].T.ravel(), own.variance[pairs].T.ravel() + COMMON_SPREAD**2

    def total(values: FloatArray) -> FloatArray:
        return np.asarray(np.bincount(both, values, of_group.size), np.float64)

    precision = total(1 / variance)
    pooled = total(estimate / variance) / precision
    inflation = _inflation(estimate, variance, pooled, both, np.concatenate([first[pairs], second[pairs]]))
    misfit = total((estimate - pooled[both]) ** 2 / variance + np.log(variance))
    gained = -np.bincount(of_pair, log_apart[pairs], of_group.size) - 0.5 * misfit
    error = inflation / precision
    share, center, square = COMMON_SHARE, 0.0, COMMON_SD**2
    change, rounds = np.inf, 0
    while change > EXACT and rounds < COMMON_ROUNDS:
        before = np.array([share, center, square])
        apart = square + error
        # Integrated over the common effect: the likelihood of the pairs, and the prior.
        evidence = -0.5 * (np.log(apart / error) + (pooled - center) ** 2 / apart)
        probability = expit(gained / inflation + evidence + logit(share))
        posterior_variance = square * error / apart
        mean = (square * pooled + error * center) / apart
        count = probability.sum() + PRIOR_CATEGORIES
        share = (probability.sum() + PRIOR_CATEGORIES * COMMON_SHARE) / (of_group.size + PRIOR_CATEGORIES)
        center = (probability * mean).sum() / count
        spread = (probability * ((mean - center) ** 2 + posterior_variance)).sum()
        square = (spread + PRIOR_CATEGORIES * COMMON_SD**2) / count
        change, rounds = np.abs(np.array([share, center, square]) - before).max(), rounds + 1
    found.probability[pairs] = probability[of_pair]
    found.mean[pairs] = mean[of_pair]
    found.variance[pairs] = posterior_variance[of_pair]
    return found, bool(change <= SETTLED), rounds


def _inflation(
    estimate: FloatArray, variance: FloatArray, mean: FloatArray, group: IntArray, product: IntArray
) -> FloatArray:
    """By category (G,): variance of the products' sums of errors over that of independent errors, 1 at least."""
    score = (estimate - mean[group]) / variance
    of_product = np.bincount(product, score)
    owner = np.zeros(of_product.size, np.int64)
    owner[product] = group
    clustered = np.bincount(owner, of_product**2, mean.size)
    apart = np.bincount(group, score**2, mean.size)
    return np.asarray(np.maximum(clustered / np.where(apart > 0, apart, 1.0), 1.0))


def _mixture_weights(own: OwnCross, together: BoolArray, counted: FloatArray) -> tuple[FloatArray, bool, int]:
    """Weights of the prior's components by EM; those to start from where a stratum has no pairs.

    Parameters
    ----------
    counted : (n,) as how much of a pair each counts.

    Returns
    -------
    The weights (STRATA, K), whether they settled, and the rounds of the longer EM.
    """
    likelihood = _components(own)[0]
    weights = np.tile(STARTING_WEIGHTS, (STRATA, 1))
    converged, iterations = True, 0
    for stratum in range(STRATA):
        chosen = together.astype(np.int64) == stratum
        mine, count = likelihood[chosen], counted[chosen, None]
        change, rounds = np.inf, 0
        while change > EXACT and rounds < MOST_ROUNDS:
            share = mine * weights[stratum]
            share *= count / share.sum(axis=1, keepdims=True)
            total = share.sum(axis=0) + PRIOR_PAIRS * STARTING_WEIGHTS
            total /= total.sum()
            change, rounds = np.abs(total - weights[stratum]).max(), rounds + 1
            weights[stratum] = total
        converged, iterations = converged and bool(change <= SETTLED), max(iterations, rounds)
    return weights, converged, iterations


def _log_likelihood(own: OwnCross, weights: FloatArray, together: BoolArray) -> FloatArray:
    """Log likelihood (n,) of each pair under the mixture around 0, but for the constant that all likelihoods have."""
    likelihood, _, _, largest = _components(own)
    return np.asarray(np.log((likelihood * weights[together.astype(np.int64)]).sum(axis=1)) + largest)


def _components(own: OwnCross) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Under each of K components: likelihood (n, K) over the largest, posterior means and standard deviations (n, 2, K).

    Last the log of the largest likelihood (n,).

    With prior covariance S = t^2 [[1, r], [r, 1]] and errors D = diag(variance), the posterior has the mean
    S (S + D)^-1 estimate and the covariance S - S (S + D)^-1 S.
    """
    square = SPREADS**2
    shared = CORRELATIONS * square
    one = square + own.variance[:, :1]
    other = square + own.variance[:, 1:]
    determinant = one * other - shared**2
    e1, e2 = own.estimate[:, :1], own.estimate[:, 1:]
    pulled1 = (other * e1 - shared * e2) / determinant
    pulled2 = (one * e2 - shared * e1) / determinant
    log_likelihood = -0.5 * (np.log(determinant) + e1 * pulled1 + e2 * pulled2)
    largest = log_likelihood.max(axis=1)
    likelihood = np.exp(log_likelihood - largest[:, None])
    mean = np.stack([square * pulled1 + shared * pulled2, shared * pulled1 + square * pulled2], axis=1)
    gained1 = (square**2 * other - 2 * square * shared**2 + shared**2 * one) / determinant
    gained2 = (square**2 * one - 2 * square * shared**2 + shared**2 * other) / determinant
    sd = np.sqrt(np.maximum(square - np.stack([gained1, gained2], axis=1), 1e-12))
    return np.asarray(likelihood), mean, np.asarray(sd), np.asarray(largest)


def _quantile(share: FloatArray, mean: FloatArray, sd: FloatArray, probability: float) -> FloatArray:
    """Quantile (n, 2) of mixtures of normals, by bisection."""
    from scipy.special import ndtr

    low, high = (mean - 6 * sd).min(axis=2), (mean + 6 * sd).max(axis=2)
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        below = (share * ndtr((middle[:, :, None] - mean) / sd)).sum(axis=2) < probability
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return np.asarray((low + high) / 2)
