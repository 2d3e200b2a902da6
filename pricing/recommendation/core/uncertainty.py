"""What not knowing the elasticity exactly means for profit and revenue.

The elasticity is normal around its estimate, cut off at 0: demand never rises with price. Means over it are taken by
quadrature, probabilities and limits exactly.
"""

from typing import Final

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import log_ndtr, ndtri_exp

from pricing.elasticity.core.demand import LINEAR, DemandModel, FloatArray
from pricing.recommendation.core.inputs import PricingInputs

NODES: Final = 15
LIMITS: Final = (0.1, 0.9)
"""Quantiles of the elasticity that bound the 80 % limits."""

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


def expected_share(price: FloatArray, offers: PricingInputs, model: DemandModel = LINEAR) -> FloatArray:
    """Quantity expected at a price, in relation to the present one, over what the elasticity may be.

    Parameters
    ----------
    price : (P,) or (P, K) prices asked, above 0.
    offers : of P products with known elasticities.

    Notes
    -----
    Linear demand has a kink where it ends. Where that lies among the elasticities that are likely, the mean
    is right to about a hundredth of the present quantity, elsewhere to a ten-thousandth.
    """
    nodes, weights = quadrature(offers.elasticity, offers.std_error)
    ratio = price / alongside(offers.price, price)
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
    offers: PricingInputs,
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
    offers : of P products.
    cost : (P,) cost per unit to reckon with, the offers' own if not given; zeros ask about revenue.
    demand_factor : how many times its present size demand at the new price is, for other reasons than price.

    Returns
    -------
    FloatArray
        (P,) probabilities; nan where the cost or the elasticity is unknown. 0 where nothing changes.
    """
    unit_cost = offers.cost if cost is None else cost
    before, after = offers.price - unit_cost, (price - unit_cost) * demand_factor
    ratio = price / offers.price
    with np.errstate(divide="ignore", invalid="ignore"):
        needed = before / after
        threshold = (needed - 1) / (ratio - 1) if model == LINEAR else np.log(needed) / np.log(ratio)
    below = truncated_cdf(threshold, offers.elasticity, offers.std_error)
    # Demand rises with the elasticity where the price does; more demand is a loss where a unit loses money.
    by_elasticity = np.where((price > offers.price) == (after > 0), 1 - below, below)
    certain = ((before < 0) & (after >= 0)) | ((price == offers.price) & (after > before))
    impossible = (price == offers.price) | ((before >= 0) & (after <= 0))
    gain = np.select([certain, impossible], [1.0, 0.0], by_elasticity)
    unknown = np.isnan(offers.elasticity) | np.isnan(before) | np.isnan(after)
    return np.asarray(np.where(unknown, np.nan, gain))


def elasticity_limits(offers: PricingInputs) -> tuple[FloatArray, FloatArray]:
    """Elasticities (P,) that the true one is below with 10 % and with 90 % probability."""
    low, high = (truncated_quantile(share, offers.elasticity, offers.std_error) for share in LIMITS)
    return low, high


def alongside(values: FloatArray, price: FloatArray) -> FloatArray:
    """Return values (P,) so that they broadcast against prices (P,) or (P, K)."""
    return values.reshape(values.shape + (1,) * (price.ndim - values.ndim))
