"""Market shares by the attraction model: buyers spread over the sellers as these attract them.

A seller attracts by U = price^-beta quality^gamma, and its share is U / sum U. With the total demand of the market given,
a seller's own elasticity in this model is -beta (1 - share): the larger its share, the fewer buyers are left to win.
That is how beta follows from the elasticity that our own sales show.

Source: L. G. Cooper and M. Nakanishi, Market-Share Analysis (Kluwer, 1988), chapter 2, multiplicative competitive
interaction (MCI) model and its elasticities; docs/seeds.md, price optimization, section 6.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from pricing.sales.core.arrays import FloatArray

DEFAULT_GAMMA: Final = 1.0
HIGHEST_BETA: Final = 100.0
_STEP: Final = 0.02
_HALVINGS: Final = 60


@dataclass(frozen=True, slots=True)
class PriceSensitivity:
    """How much prices count in a market.

    Attributes
    ----------
    beta : exponent of the price, not negative.
    exact : whether our elasticity follows from it; if not, it is the beta that comes nearest.
    """

    beta: float
    exact: bool


def market_shares(
    price: ArrayLike, quality: ArrayLike, beta: float, gamma: float = DEFAULT_GAMMA
) -> FloatArray:
    """Share of each seller, fractions that sum to 1.

    Parameters
    ----------
    price, quality : (n,) of each seller, above 0.
    beta : price sensitivity, the exponent of 1 / price.
    gamma : quality sensitivity, the exponent of quality.
    """
    return np.asarray(_shares(np.array([beta]), *_logs(price, quality), gamma)[0])


def own_elasticity(beta: float, share: float) -> float:
    """Elasticity of a seller's sales with respect to its own price, at its share of the market."""
    return -beta * (1 - share)


def price_sensitivity(
    elasticity: float, price: ArrayLike, quality: ArrayLike, gamma: float = DEFAULT_GAMMA
) -> PriceSensitivity:
    """Solve elasticity = -beta (1 - share(beta)) for beta, share being the first seller's.

    At beta = 0 the right side is 0. From there the first beta that reaches the elasticity is taken: found on a grid,
    then by halving. A seller far below all others has most of the market at any larger beta, and its elasticity in
    the model cannot pass some limit; an elasticity beyond it gives the beta at the limit.

    Parameters
    ----------
    elasticity : the first seller's own-price elasticity, below 0.
    price, quality : (n,) of n >= 2 sellers, above 0.

    Raises
    ------
    ValueError : the elasticity is not below 0, or there is no second seller.
    """
    if not elasticity < 0:
        raise ValueError("The elasticity must be below 0.")
    if np.size(price) < 2:
        raise ValueError("A market needs a second seller.")
    logs = _logs(price, quality)

    def reached(beta: FloatArray) -> FloatArray:
        """Elasticity, without its sign, of the first seller at each beta."""
        # The others' shares are added up: 1 minus a share near 1 would leave nothing but rounding.
        return np.asarray(beta * _shares(beta, *logs, gamma)[:, 1:].sum(axis=1))

    grid = np.arange(0.0, HIGHEST_BETA + _STEP, _STEP)
    values = reached(grid)
    beyond = values >= -elasticity
    if not beyond.any():
        return PriceSensitivity(float(grid[np.argmax(values)]), exact=False)
    high = float(grid[np.argmax(beyond)])
    low = high - _STEP
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if reached(np.array([middle]))[0] < -elasticity:
            low = middle
        else:
            high = middle
    return PriceSensitivity(high, exact=True)


def _logs(price: ArrayLike, quality: ArrayLike) -> tuple[FloatArray, FloatArray]:
    return np.log(np.asarray(price, np.float64)), np.log(np.asarray(quality, np.float64))


def _shares(beta: FloatArray, log_price: FloatArray, log_quality: FloatArray, gamma: float) -> FloatArray:
    """(m, n) shares of n sellers at each of m betas."""
    attraction = gamma * log_quality - np.multiply.outer(beta, log_price)
    weight = np.exp(attraction - attraction.max(axis=1, keepdims=True))
    return np.asarray(weight / weight.sum(axis=1, keepdims=True))
