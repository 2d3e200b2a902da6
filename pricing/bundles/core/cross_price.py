"""Cross-price elasticities: how demand for a product answers to the price of another.

The regression is the pooled estimator's own: sale lines per week on the product's log price, season, promotion, trend
and yearly waves, all with the priors of the last full fit, and beside them the log prices of the products it may
have to do with. Each of these is judged with the others held fixed, so that a promotion of a whole category is not
attributed to every product in it. What the sales say about a pair is then shrunk (`cross_prior.py`).
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

import numpy as np

from pricing.bundles.core.baskets import Candidates
from pricing.bundles.core.constants import SPREAD
from pricing.bundles.core.cross_prior import CrossElasticities, CrossPrior, OwnCross, fit_prior, shrink
from pricing.elasticity.core.pooled.design import design_matrix
from pricing.elasticity.core.pooled.hierarchy import Unpooled, pool_mean, unpooled_data
from pricing.elasticity.core.pooled.hyperparameters import COLUMNS, Hyperparameters, Normal, product_priors
from pricing.elasticity.core.pooled.panel import Panel, build_panel
from pricing.elasticity.core.pooled.solve import ROUGH, batches, own_dispersion, solve_part
from pricing.sales.core.arrays import FloatArray, IntArray
from pricing.sales.core.calendar import cumulated_days, first_day_of_week
from pricing.sales.core.daily import DailySales

PRODUCTS_A_CHUNK: Final = 400
LEAST_INFORMATION: Final = 1e-3


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
    regression = _regression(daily, category, hyper)
    first = _own_cross(regression, pairs, SPREAD.spread)
    precision = 1.0 / first.variance.ravel()
    pooled = pool_mean(Unpooled(precision, first.estimate.ravel() * precision), SPREAD, SPREAD.spread)
    own = _own_cross(regression, pairs, pooled.spread)
    group = np.where(category[pairs.first] == category[pairs.second], category[pairs.first], -1)
    weights, common, settled, rounds = fit_prior(own, pairs.together, group, pairs.first, pairs.second)
    converged = first.converged and pooled.converged and own.converged and settled
    iterations = max(first.iterations, pooled.iterations, own.iterations, rounds)
    prior = CrossPrior(pooled.spread, weights, converged, iterations)
    return prior, shrink(own, prior, pairs.together, common)


def cross_of_pair(
    daily: DailySales, category: IntArray, hyper: Hyperparameters, prior: CrossPrior, together: bool
) -> CrossElasticities:
    """Estimate one pair by itself: `daily` and `category` are those of its two products (0 and 1)."""
    pair = Candidates(np.array([0]), np.array([1]), np.array([together]))
    own = _own_cross(_regression(daily, category, hyper), pair, prior.spread)
    return shrink(own, prior, pair.together)


# --- the regression ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Regression:
    """The pooled estimator's cells of P products and their columns, and every product's mean price between two days.

    Attributes
    ----------
    stop : (n,) day after the last of each cell.
    log_price : (P, D + 1) running totals over days of weekday weight times log price, this less the product's mean;
        a product counts as 0 on days on which it is not on sale.
    weight : (D + 1,) running totals of the weights alone.
    """

    panel: Panel
    design: FloatArray
    hyper: Hyperparameters
    group: IntArray
    stop: IntArray
    first_day: int
    log_price: FloatArray
    weight: FloatArray

    def mean_price(self, product: IntArray, start: IntArray, stop: IntArray) -> FloatArray:
        """Mean centred log price of products (n, C) over the days start <= day < stop (n,), (n, C)."""
        begin, end = start - self.first_day, stop - self.first_day
        weight = np.maximum(self.weight[end] - self.weight[begin], 1e-9)
        total = self.log_price[product, end[:, None]] - self.log_price[product, begin[:, None]]
        return np.asarray(total / weight[:, None])


def _regression(daily: DailySales, category: IntArray, hyper: Hyperparameters) -> _Regression:
    panel = build_panel(
        daily, category.size, hyper.calendar, (hyper.price_response, hyper.promotion_response)
    )
    group = hyper.groups_of(category)
    # A cell ends where the product's next one begins, or with the week.
    following = np.full(panel.product.size, np.iinfo(np.int64).max)
    same = panel.product[1:] == panel.product[:-1]
    following[:-1][same] = panel.start[1:][same]
    stop = np.minimum(following, first_day_of_week(panel.week + 1))

    first, last = (int(panel.start.min()), int(stop.max()) - 1) if stop.size else (0, -1)
    length = stop - panel.start
    row = np.repeat(panel.product, length)
    day = np.arange(length.sum()) - np.repeat(np.cumsum(length) - length - panel.start + first, length)
    weight = cumulated_days(hyper.calendar, first, last).weight
    each_day = np.diff(weight)
    price = np.repeat(panel.log_price, length)
    exposure = np.bincount(row, each_day[day], category.size)
    mean = np.bincount(row, each_day[day] * price, category.size) / np.where(exposure > 0, exposure, 1.0)
    table = np.zeros((category.size, each_day.size + 1))
    table[row, day + 1] = (price - mean[row]) * each_day[day]
    design = design_matrix(panel, hyper, group)
    return _Regression(panel, design, hyper, group, stop, first, np.cumsum(table, axis=1), weight)


class _Chunk(NamedTuple):
    """Some products (B,), and their m entries in the list of directed pairs: row 0..B-1 and column of the padded table
    of partners, partner, place in the list."""

    products: IntArray
    row: IntArray
    column: IntArray
    partner: IntArray
    entry: IntArray


def _own_cross(regression: _Regression, pairs: Candidates, spread: float) -> OwnCross:
    """Fit every product with the prices of all its partners, and take the prior of the asked pair off again."""
    n = pairs.first.size
    mode, variance = np.zeros(2 * n), np.zeros(2 * n)
    converged, iterations = True, 0
    for chunk in _chunks(regression, pairs):
        fitted = _fit_chunk(regression, chunk, spread)
        mode[chunk.entry], variance[chunk.entry] = fitted.estimate, fitted.variance
        converged, iterations = converged and fitted.converged, max(iterations, fitted.iterations)
    known = unpooled_data(mode, variance, np.zeros(2 * n), np.full(2 * n, spread**-2))
    precision = np.maximum(known.precision, LEAST_INFORMATION)
    estimate, variance = known.weighted / precision, 1 / precision
    return OwnCross(estimate.reshape(2, n).T, variance.reshape(2, n).T, converged, iterations)


def _chunks(regression: _Regression, pairs: Candidates) -> Iterator[_Chunk]:
    """Group products by number of partners, so that padding stays small."""
    owner = np.concatenate([pairs.first, pairs.second])
    partner = np.concatenate([pairs.second, pairs.first])
    products = regression.group.size
    each = np.bincount(owner, minlength=products)
    count = each * (np.bincount(regression.panel.product, minlength=products) > 0)
    order, start = np.argsort(owner, kind="stable"), np.cumsum(each) - each
    waiting = np.argsort(count, kind="stable")
    waiting = waiting[count[waiting] > 0]
    for begin in range(0, waiting.size, PRODUCTS_A_CHUNK):
        chosen = np.sort(waiting[begin : begin + PRODUCTS_A_CHUNK])
        row = np.repeat(np.arange(chosen.size), count[chosen])
        column = np.arange(row.size) - np.repeat(np.cumsum(count[chosen]) - count[chosen], count[chosen])
        entry = order[start[chosen][row] + column]
        yield _Chunk(chosen, row, column, partner[entry], entry)


def _fit_chunk(regression: _Regression, chunk: _Chunk, spread: float) -> OwnCross:
    """Posterior mode and variance of the cross elasticities of the chunk's entries, (m,) each."""
    panel, frequency = regression.panel, regression.hyper.frequency
    shape = (chunk.products.size, int(chunk.column.max()) + 1)
    partners = np.full(shape, -1)
    partners[chunk.row, chunk.column] = chunk.partner
    number = np.full(regression.group.size, -1)
    number[chunk.products] = np.arange(chunk.products.size)
    cells = np.flatnonzero(number[panel.product] >= 0)
    own = number[panel.product[cells]]
    asked = partners[own]
    prices = regression.mean_price(np.maximum(asked, 0), panel.start[cells], regression.stop[cells])
    part = replace(
        panel,
        product=own,
        exposure=panel.exposure[cells],
        lines=panel.lines[cells],
        units=panel.units[cells],
        sold_days=panel.sold_days[chunk.products],
    )
    columns = np.concatenate([regression.design[cells], np.where(asked >= 0, prices, 0.0)], axis=1)
    prepared = list(batches(part, columns))
    base = product_priors(frequency, regression.group[chunk.products])
    normal = Normal(
        np.concatenate([base.mean, np.zeros(shape)], axis=1),
        np.concatenate([base.precision, np.full(shape, spread**-2)], axis=1),
        base.price_mean_variance,
    )
    dispersion = np.full(chunk.products.size, frequency.dispersion)
    rough = solve_part(prepared, normal, dispersion, tolerance=ROUGH)
    dispersion = own_dispersion(rough, frequency.dispersion, frequency.autocorrelation, frequency.persistence)
    fit = solve_part(prepared, normal, dispersion, start=rough.coefficients, tolerance=ROUGH)
    at = len(COLUMNS) + chunk.column
    return OwnCross(
        fit.coefficients[chunk.row, at],
        fit.covariance[chunk.row, at, at],
        bool(fit.converged.all()),
        int((rough.iterations + fit.iterations).max()),
    )
