"""Cross-price elasticities: how demand for a product answers to the price of another.

The regression is the pooled estimator's own: sale lines per week on the product's log price, season, promotion, trend
and yearly waves, all with the priors of the last full fit, and beside them the log prices of the products it may
have to do with. Each of these is judged with the others held fixed, so that a promotion of a whole category is not
put down to every product in it. What the sales say about a pair is then shrunk to 0, by a prior whose spread all
pairs tell together (empirical Bayes): most products have nothing to do with each other.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from scipy.special import ndtr

from pricing.bundles.core.baskets import Together
from pricing.elasticity.core.pooled.design import design_matrix
from pricing.elasticity.core.pooled.hierarchy import Hyperprior, pool_mean, unpooled_data
from pricing.elasticity.core.pooled.hyperparameters import COLUMNS, Hyperparameters, Normal, product_priors
from pricing.elasticity.core.pooled.panel import Panel, build_panel
from pricing.elasticity.core.pooled.solve import ROUGH, batches, own_dispersion, solve_part
from pricing.sales.core.calendar import BoolArray, FloatArray, IntArray, cumulated_days, first_day_of_week
from pricing.sales.core.daily import DailySales

INDEPENDENT: Final = "independent"
SUBSTITUTES: Final = "substitutes"
COMPLEMENTS: Final = "complements"
RELATIONSHIPS: Final = (INDEPENDENT, SUBSTITUTES, COMPLEMENTS)

MOST_PARTNERS: Final = 30
"""Products that a product is paired with for being bought together, and as many for standing in its category."""

BEST_PARTNERS: Final = 15
FEWEST_SOLD_DAYS: Final = 20

SPREAD: Final = Hyperprior(mean=0.0, mean_sd=0.0, spread=0.2)
PRODUCTS_A_CHUNK: Final = 400
LEAST_INFORMATION: Final = 1e-3

SPREADS: Final = np.array([0.02, 0.1, 0.1, 0.2, 0.2, 0.4, 0.4, 0.8, 0.8])
CORRELATIONS: Final = np.array([0.0, 0.0, 0.8, 0.0, 0.8, 0.0, 0.8, 0.0, 0.8])
"""Components of the prior of a pair's two elasticities. Where one product replaces the other, the other mostly
replaces it too (Slutsky symmetry, but for income and for shares of the budget): hence the correlated ones."""

STRATA: Final = 2
"""Pairs of one category, and pairs that are bought together: the prior's weights are found for each."""

WEIGHT_ROUNDS: Final = 200
STARTING_WEIGHTS: Final = np.array([0.8] + [0.2 / (SPREADS.size - 1)] * (SPREADS.size - 1))
PRIOR_PAIRS: Final = 20.0
"""Pairs that the starting weights count as, so that a small shop does not find its own chances to be a rule."""

INTERVAL_ROUNDS: Final = 40
TAIL: Final = 0.025


@dataclass(frozen=True, slots=True)
class Candidates:
    """n unordered pairs of products to look at, sorted: first < second, (n,) each; and whether bought together."""

    first: IntArray
    second: IntArray
    together: BoolArray


@dataclass(frozen=True, slots=True)
class CrossPrior:
    """What all pairs share: spread of cross elasticities in the regression, and the mixture's weights (STRATA, K)."""

    spread: float
    weights: FloatArray

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers and lists that JSON can hold."""
        return {"spread": self.spread, "weights": self.weights.tolist()}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "CrossPrior":
        """Rebuild what `to_dict` wrote."""
        return cls(float(values["spread"]), np.array(values["weights"], np.float64))


@dataclass(frozen=True, slots=True)
class OwnCross:
    """What the sales alone say of n pairs, (n, 2): of first to the price of second, and the other way round.

    A variance is large where the sales say nothing, because the other's price never moved or the sales are few.
    """

    estimate: FloatArray
    variance: FloatArray


@dataclass(frozen=True, slots=True)
class CrossElasticities:
    """Cross elasticities of n pairs, (n, 2): of first to the price of second, and the other way round.

    Attributes
    ----------
    elasticity, std_error : posterior mean and standard deviation.
    ci_low, ci_high : 95 % interval of the posterior.
    relationship : one of `RELATIONSHIPS`; independent unless the interval excludes 0.
    """

    elasticity: FloatArray
    std_error: FloatArray
    ci_low: FloatArray
    ci_high: FloatArray
    relationship: np.ndarray[tuple[int, int], np.dtype[np.str_]]


def candidate_pairs(together: Together, category: IntArray, price: FloatArray, sold: BoolArray) -> Candidates:
    """Choose the pairs worth looking at: bought together, or neighbours in one category.

    Of the pairs bought together those stay that are among the 15 strongest of either product and the 30 strongest of
    both. In a category of up to 31 products everybody is paired with everybody, in a larger one with the 15 next cheaper
    and the 15 next dearer.

    Parameters
    ----------
    together : of P products.
    category : (P,) codes, -1 for none.
    price : (P,) present or mean price, nan where unknown.
    sold : (P,) whether there are sales enough to estimate anything.
    """
    products = category.size
    usable = sold[together.first] & sold[together.second]
    first, second = together.first[usable], together.second[usable]
    ranks = np.stack(_ranks(first, second, together.strength[usable]))
    strong = (ranks.min(axis=0) < BEST_PARTNERS) & (ranks.max(axis=0) < MOST_PARTNERS)
    bought = first[strong] * products + second[strong]
    peers = _category_pairs(category, price, sold)
    key = np.union1d(bought, peers)
    return Candidates(key // products, key % products, np.isin(key, bought, assume_unique=True))


def fit_cross(
    daily: DailySales, category: IntArray, hyper: Hyperparameters, pairs: Candidates
) -> tuple[CrossPrior, CrossElasticities]:
    """Estimate all candidate pairs, and what they share.

    Parameters
    ----------
    daily, category : of all P products, as for `pooled.refresh`.
    hyper : from `pooled.fit_pooled` on the same products.
    pairs : from `candidate_pairs`.
    """
    panel, design = _panel(daily, category, hyper)
    spread = SPREAD.spread
    first_look = _own_cross(panel, design, category, hyper, pairs, spread)
    spread = _spread(first_look, spread)
    own = _own_cross(panel, design, category, hyper, pairs, spread)
    prior = CrossPrior(spread, _weights(own, pairs.together))
    return prior, shrink(own, prior, pairs.together)


def cross_of_pair(
    daily: DailySales, category: IntArray, hyper: Hyperparameters, prior: CrossPrior, together: bool
) -> CrossElasticities:
    """Estimate one pair by itself: `daily` and `category` are those of its two products (0 and 1)."""
    panel, design = _panel(daily, category, hyper)
    pairs = Candidates(np.array([0]), np.array([1]), np.array([together]))
    own = _own_cross(panel, design, category, hyper, pairs, prior.spread)
    return shrink(own, prior, pairs.together)


def shrink(own: OwnCross, prior: CrossPrior, together: BoolArray) -> CrossElasticities:
    """Combine what the sales say with the prior.

    Parameters
    ----------
    own : of n pairs.
    prior : from `fit_cross`.
    together : (n,) whether the pair is bought together, which chooses the prior's weights.
    """
    likelihood, mean, sd = _components(own)
    share = likelihood * prior.weights[together.astype(np.int64)]
    share = (share / share.sum(axis=1, keepdims=True))[:, None, :]
    elasticity = (share * mean).sum(axis=2)
    variance = (share * (sd**2 + mean**2)).sum(axis=2) - elasticity**2
    low, high = (_quantile(share, mean, sd, probability) for probability in (TAIL, 1 - TAIL))
    relationship = np.where(low > 0, SUBSTITUTES, np.where(high < 0, COMPLEMENTS, INDEPENDENT))
    return CrossElasticities(elasticity, np.sqrt(np.maximum(variance, 0.0)), low, high, relationship)


# --- candidates ----------------------------------------------------------------------------------


def _ranks(first: IntArray, second: IntArray, strength: FloatArray) -> tuple[IntArray, IntArray]:
    """Rank of each pair (n,), from 0, among the pairs of its first product and among those of its second."""
    product = np.concatenate([first, second])
    order = np.lexsort((np.tile(np.arange(first.size), 2), -np.tile(strength, 2), product))
    starts = np.searchsorted(product[order], product[order], "left")
    rank = np.empty(product.size, np.int64)
    rank[order] = np.arange(product.size) - starts
    return rank[: first.size], rank[first.size :]


def _category_pairs(category: IntArray, price: FloatArray, sold: BoolArray) -> IntArray:
    """Keys first * P + second of the pairs of each category."""
    usable = np.flatnonzero(sold & (category >= 0))
    # Products without a price come last; nan would sort there too, but not in the same order everywhere.
    order = usable[np.lexsort((usable, np.nan_to_num(price[usable], nan=np.inf), category[usable]))]
    ends = np.searchsorted(category[order], category[order], "right")
    size = ends - np.searchsorted(category[order], category[order], "left")
    reach = np.where(size <= MOST_PARTNERS + 1, size, BEST_PARTNERS)
    keys = []
    for step in range(1, MOST_PARTNERS + 1):
        at = np.flatnonzero((np.arange(order.size) + step < ends) & (step <= reach))
        one, other = order[at], order[at + step]
        keys.append(np.minimum(one, other) * category.size + np.maximum(one, other))
    return np.concatenate(keys)


# --- the regression ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _PricePaths:
    """Running totals over days (P, D + 1) of weekday weight times log price, this less the product's mean; and of
    the weights alone (D + 1). A product counts as 0 on days on which it is not on sale."""

    first_day: int
    log_price: FloatArray
    weight: FloatArray

    def mean_between(self, product: IntArray, start: IntArray, stop: IntArray) -> FloatArray:
        """Mean centred log price of products (n, C) over the days start <= day < stop (n,), (n, C)."""
        begin, end = start - self.first_day, stop - self.first_day
        weight = np.maximum(self.weight[end] - self.weight[begin], 1e-9)
        total = self.log_price[product, end[:, None]] - self.log_price[product, begin[:, None]]
        return np.asarray(total / weight[:, None])


def _panel(daily: DailySales, category: IntArray, hyper: Hyperparameters) -> tuple[Panel, FloatArray]:
    response = (hyper.price_response, hyper.promotion_response)
    panel = build_panel(daily, category.size, hyper.calendar, response)
    return panel, design_matrix(panel, hyper, hyper.groups_of(category))


def _own_cross(
    panel: Panel,
    design: FloatArray,
    category: IntArray,
    hyper: Hyperparameters,
    pairs: Candidates,
    spread: float,
) -> OwnCross:
    """Fit every product with the prices of all its partners, and take the prior of the asked pair off again."""
    n = pairs.first.size
    mode, variance = np.zeros((2, n)), np.zeros((2, n))
    if panel.product.size:
        group = hyper.groups_of(category)
        stop = _cell_ends(panel)
        paths = _price_paths(panel, stop, hyper, category.size)
        for chunk in _chunks(panel, pairs, category.size):
            of_chunk = _fit_chunk(panel, design, stop, paths, chunk, group, hyper, spread)
            mode[chunk.side, chunk.pair], variance[chunk.side, chunk.pair] = of_chunk
    known = unpooled_data(mode.ravel(), variance.ravel(), np.zeros(2 * n), np.full(2 * n, spread**-2))
    precision = np.maximum(known.precision, LEAST_INFORMATION)
    return OwnCross((known.weighted / precision).reshape(2, n).T, (1 / precision).reshape(2, n).T)


@dataclass(frozen=True, slots=True)
class _Chunk:
    """Some products (B,), and their m entries in the list of pairs: row 0..B-1, column of the padded table,
    partner, and where the result belongs (side 0 or 1, pair)."""

    products: IntArray
    row: IntArray
    column: IntArray
    partner: IntArray
    side: IntArray
    pair: IntArray


def _chunks(panel: Panel, pairs: Candidates, products: int) -> Iterator[_Chunk]:
    """Group products by number of partners, so that padding stays small."""
    owner = np.concatenate([pairs.first, pairs.second])
    partner = np.concatenate([pairs.second, pairs.first])
    count = np.bincount(owner, minlength=products) * (np.bincount(panel.product, minlength=products) > 0)
    order = np.argsort(owner, kind="stable")
    start = np.cumsum(np.bincount(owner, minlength=products)) - np.bincount(owner, minlength=products)
    waiting = np.argsort(count, kind="stable")
    waiting = waiting[count[waiting] > 0]
    for begin in range(0, waiting.size, PRODUCTS_A_CHUNK):
        chosen = np.sort(waiting[begin : begin + PRODUCTS_A_CHUNK])
        row = np.repeat(np.arange(chosen.size), count[chosen])
        column = np.arange(row.size) - np.repeat(np.cumsum(count[chosen]) - count[chosen], count[chosen])
        entry = order[start[chosen][row] + column]
        size = pairs.first.size
        yield _Chunk(chosen, row, column, partner[entry], entry // size, entry % size)


def _fit_chunk(
    panel: Panel,
    design: FloatArray,
    stop: IntArray,
    paths: _PricePaths,
    chunk: _Chunk,
    group: IntArray,
    hyper: Hyperparameters,
    spread: float,
) -> tuple[FloatArray, FloatArray]:
    """Posterior mode and variance of the cross elasticities of the chunk's entries, (m,) each."""
    width = int(chunk.column.max()) + 1
    partner = np.full((chunk.products.size, width), -1)
    partner[chunk.row, chunk.column] = chunk.partner
    number = np.full(group.size, -1)
    number[chunk.products] = np.arange(chunk.products.size)
    cells = np.flatnonzero(number[panel.product] >= 0)
    own = number[panel.product[cells]]
    asked = partner[own]
    prices = paths.mean_between(np.maximum(asked, 0), panel.start[cells], stop[cells])
    columns = np.concatenate([design[cells], np.where(asked >= 0, prices, 0.0)], axis=1)
    part = replace(
        panel,
        product=own,
        exposure=panel.exposure[cells],
        lines=panel.lines[cells],
        units=panel.units[cells],
        sold_days=panel.sold_days[chunk.products],
    )
    base = product_priors(hyper.frequency, group[chunk.products])
    shape = (chunk.products.size, width)
    normal = Normal(
        np.concatenate([base.mean, np.zeros(shape)], axis=1),
        np.concatenate([base.precision, np.full(shape, spread**-2)], axis=1),
        base.price_mean_variance,
    )
    prepared = list(batches(part, columns))
    dispersion = np.full(chunk.products.size, hyper.frequency.dispersion)
    rough = solve_part(prepared, normal, dispersion, tolerance=ROUGH)
    dispersion = own_dispersion(rough, hyper.frequency.dispersion, hyper.frequency.autocorrelation)
    fit = solve_part(prepared, normal, dispersion, start=rough.coefficients, tolerance=ROUGH)
    at = len(COLUMNS) + chunk.column
    return fit.coefficients[chunk.row, at], fit.covariance[chunk.row, at, at]


def _cell_ends(panel: Panel) -> IntArray:
    """Day after the last of each cell (n,): the next cell of the product begins, or the week is over."""
    following = np.full(panel.product.size, np.iinfo(np.int64).max)
    same = panel.product[1:] == panel.product[:-1]
    following[:-1][same] = panel.start[1:][same]
    return np.asarray(np.minimum(following, first_day_of_week(panel.week + 1)))


def _price_paths(panel: Panel, stop: IntArray, hyper: Hyperparameters, products: int) -> _PricePaths:
    first, last = int(panel.start.min()), int(stop.max()) - 1
    length = stop - panel.start
    row = np.repeat(panel.product, length)
    day = np.arange(length.sum()) - np.repeat(np.cumsum(length) - length, length)
    day += np.repeat(panel.start - first, length)
    weight = cumulated_days(hyper.calendar, first, last).weight
    each_day = np.diff(weight)
    price = np.repeat(panel.log_price, length)
    exposure = np.bincount(row, each_day[day], products)
    mean = np.bincount(row, each_day[day] * price, products) / np.where(exposure > 0, exposure, 1.0)
    table = np.zeros((products, each_day.size + 1))
    table[row, day + 1] = (price - mean[row]) * each_day[day]
    return _PricePaths(first, np.cumsum(table, axis=1), weight)


# --- the prior -----------------------------------------------------------------------------------


def _spread(own: OwnCross, start: float) -> float:
    """Spread of all cross elasticities around 0, for the regression."""
    precision = 1.0 / own.variance.ravel()
    known = unpooled_data(
        own.estimate.ravel() * precision / (precision + start**-2),
        1.0 / (precision + start**-2),
        np.zeros(precision.size),
        np.full(precision.size, start**-2),
    )
    return pool_mean(known, SPREAD, start).spread


def _weights(own: OwnCross, together: BoolArray) -> FloatArray:
    """Weights (STRATA, K) of the prior's components by EM; those to start from where a stratum has no pairs."""
    likelihood = _components(own)[0]
    weights = np.tile(STARTING_WEIGHTS, (STRATA, 1))
    for stratum in range(STRATA):
        mine = likelihood[together.astype(np.int64) == stratum]
        for _ in range(WEIGHT_ROUNDS):
            share = mine * weights[stratum]
            share /= share.sum(axis=1, keepdims=True)
            total = share.sum(axis=0) + PRIOR_PAIRS * STARTING_WEIGHTS
            weights[stratum] = total / total.sum()
    return weights


def _components(own: OwnCross) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Under each of K components: relative likelihood (n, K), posterior means and standard deviations (n, 2, K).

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
    likelihood = np.exp(log_likelihood - log_likelihood.max(axis=1, keepdims=True))
    mean = np.stack([square * pulled1 + shared * pulled2, shared * pulled1 + square * pulled2], axis=1)
    gained1 = (square**2 * other - 2 * square * shared**2 + shared**2 * one) / determinant
    gained2 = (square**2 * one - 2 * square * shared**2 + shared**2 * other) / determinant
    sd = np.sqrt(np.maximum(square - np.stack([gained1, gained2], axis=1), 1e-12))
    return np.asarray(likelihood), mean, np.asarray(sd)


def _quantile(share: FloatArray, mean: FloatArray, sd: FloatArray, probability: float) -> FloatArray:
    """Quantile (n, 2) of mixtures of normals, by bisection."""
    low, high = (mean - 6 * sd).min(axis=2), (mean + 6 * sd).max(axis=2)
    for _ in range(INTERVAL_ROUNDS):
        middle = (low + high) / 2
        below = (share * ndtr((middle[:, :, None] - mean) / sd)).sum(axis=2) < probability
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return np.asarray((low + high) / 2)
