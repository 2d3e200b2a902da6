"""What not knowing the elasticity exactly means for profit and revenue, of one product and of many together.

The elasticity is normal around its estimate, cut off at 0: demand never rises with price. Means over it are taken by
quadrature, probabilities and quantiles exactly, sums over products by Monte Carlo.

The elasticities of one category do not err independently: what is wrong with the category's mean is wrong with every
product whose estimate draws on it, and does not average out over them. So each elasticity is drawn with a part of its
error that the category shares, and the interval of a sum is that of the drawn sums.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from zlib import crc32

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import log_ndtr, ndtr, ndtri_exp

from pricing.elasticity.core.demand import LINEAR, DemandModel
from pricing.recommendation.core.inputs import PricingInputs
from pricing.sales.core.arrays import FloatArray

NODES: Final = 15
INTERVAL: Final = (0.1, 0.9)
"""Quantiles that bound the 80 % intervals."""

DRAWS: Final = 1_000
LARGEST_SHARE: Final = 1e12
"""Demand at another price, as a multiple of the present, at which it stops being counted."""

_FARTHEST: Final = 6.0
_TAIL: Final = 1e-7
_LARGEST_EXPONENT: Final = 600.0
_ABSCISSAS, _WEIGHTS = np.polynomial.legendre.leggauss(NODES)


def truncated_cdf(value: ArrayLike, elasticity: ArrayLike, std_error: ArrayLike) -> FloatArray:
    """Probability that the true elasticity is at most a value; normal, cut off above 0.

    Parameters
    ----------
    value : may be infinite; broadcasts with the rest.
    elasticity, std_error : mean and (positive) standard deviation before the cut.
    """
    x, mean, sd = (np.asarray(given, np.float64) for given in (value, elasticity, std_error))
    share = np.exp(np.minimum(log_ndtr((x - mean) / sd) - log_ndtr(-mean / sd), 0.0))
    return np.asarray(np.where(np.asarray(x >= 0), 1.0, share))


def truncated_quantile(share: ArrayLike, elasticity: ArrayLike, std_error: ArrayLike) -> FloatArray:
    """Value that the true elasticity is below with a probability; normal, cut off above 0.

    Parameters
    ----------
    share : in (0, 1).
    elasticity, std_error : mean and (positive) standard deviation before the cut.
    """
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


def expected_share(price: FloatArray, inputs: PricingInputs, model: DemandModel = LINEAR) -> FloatArray:
    """Quantity expected at a price, in relation to the present one, over what the elasticity may be.

    Parameters
    ----------
    price : (P,) or (P, K) prices asked, above 0.
    inputs : of P products with known elasticities.

    Notes
    -----
    Linear demand has a kink where it ends. Where that lies among the elasticities that are likely, the mean
    is right to about a hundredth of the present quantity, elsewhere to a ten-thousandth.
    """
    nodes, weights = quadrature(inputs.elasticity, inputs.std_error)
    ratio = price / alongside(inputs.price, price)
    step = ratio - 1 if model == LINEAR else np.log(ratio)
    total = np.zeros(price.shape)
    for node, weight in zip(nodes, weights, strict=True):
        effect = alongside(node, price) * step
        share = (
            np.maximum(1 + effect, 0.0) if model == LINEAR else np.exp(np.minimum(effect, _LARGEST_EXPONENT))
        )
        total += alongside(weight, price) * share
    return total


def probability_of_gain(
    price: FloatArray,
    inputs: PricingInputs,
    cost: FloatArray | None = None,
    model: DemandModel = LINEAR,
    demand_factor: float = 1.0,
) -> FloatArray:
    """Probability that a price earns more than the present one does.

    Exact: relative to the present quantity, demand at the new price must be above (below, where a unit still loses
    money) the ratio of the unit profits, and it is a monotone function of the elasticity.

    Parameters
    ----------
    price : (P,) prices asked, above 0.
    inputs : of P products.
    cost : (P,) cost per unit to reckon with, the products' own if not given; zeros ask about revenue.
    demand_factor : how many times its present size demand at the new price is, for other reasons than price.

    Returns
    -------
    FloatArray
        (P,) probabilities; nan where the cost or the elasticity is unknown. 0 where nothing changes.
    """
    unit_cost = inputs.cost if cost is None else cost
    before, after = inputs.price - unit_cost, (price - unit_cost) * demand_factor
    ratio = price / inputs.price
    with np.errstate(divide="ignore", invalid="ignore"):
        needed = before / after
        threshold = (needed - 1) / (ratio - 1) if model == LINEAR else np.log(needed) / np.log(ratio)
    below = truncated_cdf(threshold, inputs.elasticity, inputs.std_error)
    # Demand rises with the elasticity where the price does; more demand is a loss where a unit loses money.
    by_elasticity = np.where((price > inputs.price) == (after > 0), 1 - below, below)
    certain = ((before < 0) & (after >= 0)) | ((price == inputs.price) & (after > before))
    impossible = (price == inputs.price) | ((before >= 0) & (after <= 0))
    gain = np.select([certain, impossible], [1.0, 0.0], by_elasticity)
    unknown = np.isnan(inputs.elasticity) | np.isnan(before) | np.isnan(after)
    return np.asarray(np.where(unknown, np.nan, gain))


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
    """What the prices of others do to the demand for P products, as a share of the present quantity, (P,) each."""

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
    model: DemandModel = LINEAR,
    spillover: Spillover | None = None,
) -> MonteCarloDraws:
    """Draw what prices may do to revenue and profit, per the period of the inputs' quantities.

    Parameters
    ----------
    inputs : of P products with known elasticities below 0.
    price : (P,) prices asked, above 0.
    spillover : where prices of other products count as well; demand is then linear.
    """
    own = drawn_normals(errors.names)
    common = drawn_normals(errors.shared_with)
    part = np.minimum(errors.shared_sd / inputs.std_error, 1.0)[:, None]
    deviation = part * common + np.sqrt(1 - part**2) * own
    share_below = ndtr(np.clip(deviation, -_FARTHEST, _FARTHEST))
    elasticity = truncated_quantile(share_below, inputs.elasticity[:, None], inputs.std_error[:, None])
    ratio = (price / inputs.price)[:, None]
    if model == LINEAR:
        share = 1 + elasticity * (ratio - 1)
        if spillover is not None:
            others = drawn_normals([f"others of {name}" for name in errors.names])
            share += spillover.mean[:, None] + spillover.std[:, None] * others
        share = np.maximum(share, 0.0)
    else:
        with np.errstate(over="ignore"):
            share = np.minimum(ratio**elasticity, LARGEST_SHARE)
    quantity, cost = inputs.quantity[:, None], inputs.cost[:, None]
    before, after = inputs.price[:, None], price[:, None]
    return MonteCarloDraws(
        revenue=quantity * (after * share - before),
        profit=quantity * ((after - cost) * share - (before - cost)),
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
