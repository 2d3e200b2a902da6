"""Propagate the uncertainty of elasticities to profit and revenue, of one product and of many together.

The elasticity is normal around its estimate, cut off at 0: demand never rises with price. Means over it are taken by
quadrature, probabilities and quantiles exactly, sums over products by Monte Carlo.

The elasticities of one category do not err independently: what is wrong with the category's mean is wrong with every
product whose estimate draws on it, and does not average out over them. So each elasticity is drawn with a part of its
error that the category shares, and the interval of a sum is that of the drawn sums.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final
from zlib import crc32

import numpy as np
from numpy.typing import ArrayLike

from pricing.elasticity.core.demand import (
    AVERAGE,
    CONSTANT_ELASTICITY,
    EQUAL_SHARES,
    LINEAR,
    DemandModel,
    demand,
    shape_weights,
)
from pricing.recommendation.core.inputs import PricingInputs
from pricing.sales.core.arrays import FloatArray

NODES: Final = 15
INTERVAL: Final = (0.1, 0.9)
"""Quantiles that bound the 80 % intervals."""

DRAWS: Final = 1_000
LARGEST_SHARE: Final = 1e12
"""Demand at another price, as a multiple of that at the base price, at which it stops being counted."""

_FARTHEST: Final = 6.0
_TAIL: Final = 1e-7
_LARGEST_EXPONENT: Final = 600.0
_BISECTIONS: Final = 30
_ABSCISSAS, _WEIGHTS = np.polynomial.legendre.leggauss(NODES)


def truncated_cdf(value: ArrayLike, elasticity: ArrayLike, std_error: ArrayLike) -> FloatArray:
    """Probability that the true elasticity is at most a value; normal, cut off above 0.

    Parameters
    ----------
    value : may be infinite; broadcasts with the rest.
    elasticity, std_error : mean and (positive) standard deviation before the cut.
    """
    from scipy.special import log_ndtr

    x, mean, sd = (np.asarray(given, np.float64) for given in (value, elasticity, std_error))
    return np.asarray(np.exp(np.minimum(log_ndtr((x - mean) / sd) - log_ndtr(-mean / sd), 0.0)))


def truncated_quantile(share: ArrayLike, elasticity: ArrayLike, std_error: ArrayLike) -> FloatArray:
    """Value that the true elasticity is below with a probability; normal, cut off above 0.

    Parameters
    ----------
    share : in (0, 1).
    elasticity, std_error : mean and (positive) standard deviation before the cut.
    """
    from scipy.special import log_ndtr, ndtri_exp

    u, mean, sd = (np.asarray(given, np.float64) for given in (share, elasticity, std_error))
    return np.asarray(np.minimum(mean + sd * ndtri_exp(np.log(u) + log_ndtr(-mean / sd)), 0.0))


def quadrature(elasticity: FloatArray, std_error: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Elasticities (15, P) to take a mean over, and their weights (15, P), which sum to 1 for each product.

    Gauss-Legendre between the quantiles that leave out a ten-millionth on either side, times the density.

    Parameters
    ----------
    elasticity, std_error : (P,) mean and (positive) standard deviation before the cut at 0.
    """
    low = truncated_quantile(_TAIL, elasticity, std_error)
    high = truncated_quantile(1 - _TAIL, elasticity, std_error)
    nodes = (low + high) / 2 + (high - low) / 2 * _ABSCISSAS[:, None]
    exponent = -(((nodes - elasticity) / std_error) ** 2) / 2
    weights = _WEIGHTS[:, None] * np.exp(exponent - exponent.max(axis=0))
    return nodes, weights / weights.sum(axis=0)


def expected_share(price: FloatArray, inputs: PricingInputs, model: DemandModel = AVERAGE) -> FloatArray:
    """Quantity expected at a price, in relation to that at the base price, over what the elasticity may be.

    Parameters
    ----------
    price : (P,) or (P, K) prices asked, above 0.
    inputs : of P products with known elasticities.

    Notes
    -----
    Linear demand has a kink where it ends. Where that lies among the elasticities that are likely, the mean
    is right to about a hundredth of the base quantity, elsewhere to a ten-thousandth.
    """
    nodes, weights = quadrature(inputs.elasticity, inputs.std_error)
    ratio = price / alongside(inputs.base_price, price)
    logarithm = np.log(ratio)
    total, curves = np.zeros(price.shape), shape_weights(model, inputs.linear_share)
    for node, weight in zip(nodes, weights, strict=True):
        e = alongside(node, price)
        for shape, likely in curves.items():
            share = (
                np.maximum(1 + e * (ratio - 1), 0.0)
                if shape == LINEAR
                else np.exp(np.minimum(e * logarithm, _LARGEST_EXPONENT))
            )
            total += alongside(weight, price) * likely * share
    return total


def probability_of_gain(
    price: FloatArray,
    inputs: PricingInputs,
    cost: FloatArray | None = None,
    model: DemandModel = AVERAGE,
    demand_factor: float = 1.0,
) -> FloatArray:
    """Probability that a price earns more than the present one does.

    Exact for each demand curve; where two curves are possible, the mean of both by their probability.

    Parameters
    ----------
    price : (P,) prices asked, above 0.
    inputs : of P products.
    cost : (P,) cost per unit to reckon with, the products' own if not given; zeros ask about revenue.
    demand_factor : how many times its size demand at the new price is, for other reasons than price.

    Returns
    -------
    FloatArray
        (P,) probabilities; nan where the cost or the elasticity is unknown. 0 where nothing changes.
    """
    unit_cost = inputs.cost if cost is None else cost
    before, after = inputs.price - unit_cost, (price - unit_cost) * demand_factor
    by_shape = {LINEAR: _gain_if_linear, CONSTANT_ELASTICITY: _gain_if_constant}
    gain = np.zeros(price.shape)
    for shape, likely in shape_weights(model, inputs.linear_share).items():
        gain = gain + likely * by_shape[shape](price, inputs, before, after)
    unmoved = price == inputs.price
    gain = np.where(unmoved, after > before, gain)
    unknown = np.isnan(inputs.elasticity) | np.isnan(before) | np.isnan(after)
    return np.asarray(np.where(unknown, np.nan, gain))


def _gain_if_linear(
    price: FloatArray, inputs: PricingInputs, before: FloatArray, after: FloatArray
) -> FloatArray:
    """Probability (P,) that the unit profit `after` times demand at the price exceeds `before` times demand now.

    Demand at a price ends at an elasticity of its own; below both nothing is sold at all. Between these two elasticities
    and 0 the difference of the profits is a straight line in the elasticity each time, so that the gains lie on one side
    of its root.
    """
    slope_after, slope_before = price / inputs.base_price - 1, inputs.price / inputs.base_price - 1
    with np.errstate(divide="ignore"):
        ends = [np.where(slope > 0, -1 / slope, -np.inf) for slope in (slope_after, slope_before)]
    edges = [np.minimum(*ends), np.maximum(*ends), np.zeros(price.shape)]
    total = np.zeros(price.shape)
    for low, high in pairwise(edges):
        sold_after, sold_before = high > ends[0], high > ends[1]
        constant = after * sold_after - before * sold_before
        slope = after * slope_after * sold_after - before * slope_before * sold_before
        with np.errstate(divide="ignore", invalid="ignore"):
            root = np.where(slope == 0, low, -constant / slope)
        first = np.where(slope > 0, np.clip(root, low, high), low)
        last = np.where(slope < 0, np.clip(root, low, high), high)
        holds = (slope != 0) | (constant > 0)
        total += holds * (_below(last, inputs) - _below(first, inputs))
    return total


def _gain_if_constant(
    price: FloatArray, inputs: PricingInputs, before: FloatArray, after: FloatArray
) -> FloatArray:
    """The same under constant elasticity: gains lie on one side of one elasticity, whatever the base price."""
    with np.errstate(divide="ignore", invalid="ignore"):
        threshold = np.log(before / after) / np.log(price / inputs.price)
    below = _below(threshold, inputs)
    # Demand rises with the elasticity where the price does; more demand is a loss where a unit loses money.
    by_elasticity = np.where((price > inputs.price) == (after > 0), 1 - below, below)
    certain, impossible = (before < 0) & (after >= 0), (before >= 0) & (after <= 0)
    return np.select([certain, impossible], [1.0, 0.0], by_elasticity)


def _below(elasticity: FloatArray, inputs: PricingInputs) -> FloatArray:
    return truncated_cdf(elasticity, inputs.elasticity, inputs.std_error)


def share_interval(
    price: FloatArray, inputs: PricingInputs, model: DemandModel = AVERAGE
) -> tuple[FloatArray, FloatArray]:
    """Quantity at a price in relation to that at the base price: what it is below with 10 % and with 90 % probability.

    The elasticity and, where two demand curves are possible, the curve are uncertain.

    Parameters
    ----------
    price : (P,) prices asked, above 0.
    """
    ratio = price / inputs.base_price
    rise = ratio > 1
    low, high = elasticity_interval(inputs)
    curves = shape_weights(model, inputs.linear_share)
    ends = {shape: demand_shares(ratio, np.array([low, high]), shape) for shape in curves}
    if len(ends) == 1:
        (shares,) = ends.values()
        return shares.min(axis=0), shares.max(axis=0)
    first, last = (pick(np.array([*ends.values()]), axis=(0, 1)) for pick in (np.min, np.max))

    def probability_below(share: FloatArray) -> FloatArray:
        """Of the demand curves, each with its share of the probability."""
        with np.errstate(divide="ignore", invalid="ignore"):
            linear = _below((share - 1) / (ratio - 1), inputs)
            constant = _below(np.log(share) / np.log(ratio), inputs)
        return np.asarray(
            curves[LINEAR] * np.where(rise, linear, 1 - linear)
            + curves[CONSTANT_ELASTICITY] * np.where(rise, constant, 1 - constant)
        )

    # Both ends at once, (2, P).
    wanted = np.array(INTERVAL).reshape(-1, *(1,) * np.ndim(ratio))
    under, over = (np.broadcast_to(each, (len(INTERVAL), *np.shape(ratio))) for each in (first, last))
    for _ in range(_BISECTIONS):
        middle = (under + over) / 2
        too_low = probability_below(middle) < wanted
        under, over = np.where(too_low, middle, under), np.where(too_low, over, middle)
    found = np.where(ratio == 1, 1.0, (under + over) / 2)
    return found[0], found[1]


def demand_shares(
    ratio: FloatArray, elasticity: FloatArray, model: DemandModel, linear_share: float = EQUAL_SHARES
) -> FloatArray:
    """Demand where the price is a multiple of the base price, in relation to that at the base price.

    Parameters
    ----------
    ratio, elasticity : they broadcast against each other.
    linear_share : weight of linear demand in the average.
    """
    with np.errstate(over="ignore"):
        share = demand(ratio, 1.0, 1.0, elasticity, model, linear_share)
    return np.minimum(share, LARGEST_SHARE)


def elasticity_interval(inputs: PricingInputs) -> tuple[FloatArray, FloatArray]:
    """Elasticities (P,) that the true one is below with 10 % and with 90 % probability."""
    low, high = (truncated_quantile(share, inputs.elasticity, inputs.std_error) for share in INTERVAL)
    return low, high


def alongside(values: FloatArray, price: FloatArray) -> FloatArray:
    """Return values (P,) so that they broadcast against prices (P,) or (P, K)."""
    return values.reshape(values.shape + (1,) * (price.ndim - values.ndim))


# --- sums over many products ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ErrorFactor:
    """How the elasticities of P products err together.

    Attributes
    ----------
    names : P names that the products' own errors are drawn by: the same name always draws the same.
    shared_with : P names of what the rest of the error is shared by.
    shared_sd : (P,) standard deviation of the shared part; at most the whole error counts.
    """

    names: Sequence[str]
    shared_with: Sequence[str]
    shared_sd: FloatArray


@dataclass(frozen=True, slots=True)
class Spillover:
    """What the prices of others do to the demand for P products, as a share of the base quantity, (P,) each."""

    mean: FloatArray
    std: FloatArray


@dataclass(frozen=True, slots=True)
class MonteCarloDraws:
    """Changes of revenue and profit of P products in D draws, (P, D); profit is nan where the cost is unknown."""

    revenue: FloatArray
    profit: FloatArray


def draw_changes(
    inputs: PricingInputs,
    price: FloatArray,
    errors: ErrorFactor,
    model: DemandModel = AVERAGE,
    spillover: Spillover | None = None,
) -> MonteCarloDraws:
    """Draw what prices may do to revenue and profit, against the present prices and per period of the quantities.

    Where two demand curves are possible, each holds for all products together in its share of the draws.

    Parameters
    ----------
    inputs : of P products with known elasticities below 0.
    price : (P,) prices asked, above 0.
    spillover : where prices of other products count as well, whatever the demand curve.
    """
    from scipy.special import ndtr

    own = drawn_normals(errors.names)
    common = drawn_normals(errors.shared_with)
    part = np.minimum(errors.shared_sd / inputs.std_error, 1.0)[:, None]
    deviation = part * common + np.sqrt(1 - part**2) * own
    share_below = ndtr(np.clip(deviation, -_FARTHEST, _FARTHEST))
    elasticity = truncated_quantile(share_below, inputs.elasticity[:, None], inputs.std_error[:, None])
    curves = shape_weights(model, inputs.linear_share)
    ends = np.rint(DRAWS * np.cumsum([*curves.values()])[:-1]).astype(np.int64)

    def drawn_share(at: FloatArray) -> FloatArray:
        parts = np.split(elasticity, ends, axis=1)
        ratio = (at / inputs.base_price)[:, None]
        return np.concatenate(
            [demand_shares(ratio, e, shape) for e, shape in zip(parts, curves, strict=True)], axis=1
        )

    share, present = drawn_share(price), drawn_share(inputs.price)
    if spillover is not None:
        others = drawn_normals([f"others of {name}" for name in errors.names])
        share = np.maximum(share + spillover.mean[:, None] + spillover.std[:, None] * others, 0.0)
    quantity, cost = inputs.quantity[:, None], inputs.cost[:, None]
    before, after = inputs.price[:, None], price[:, None]
    return MonteCarloDraws(
        revenue=quantity * (after * share - before * present),
        profit=quantity * ((after - cost) * share - (before - cost) * present) / inputs.tax_factor[:, None],
    )


def drawn_normals(names: Sequence[str]) -> FloatArray:
    """Standard normal draws (P, D), a row for each name: the same for the same name, whoever asks."""
    known = {name: row for row, name in enumerate(dict.fromkeys(names))}
    drawn = [np.random.default_rng(crc32(name.encode())).standard_normal(DRAWS) for name in known]
    return np.array(drawn).reshape(-1, DRAWS)[[known[name] for name in names]]


def interval_of(drawn: FloatArray, expected: float) -> tuple[float, float]:
    """80 % interval of a drawn sum (D,), widened to hold the expectation."""
    low, high = np.quantile(drawn, INTERVAL)
    return min(float(low), expected), max(float(high), expected)
