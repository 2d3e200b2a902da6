"""Demand models: expected demand at another price, and the revenue gained by a better one."""

from typing import Final, Literal

import numpy as np
from numpy.typing import ArrayLike

from elastix.currency import TWO_DECIMALS, Currency
from pricing.sales.core.arrays import FloatArray

DemandModel = Literal["average", "linear", "constant_elasticity"]

AVERAGE: Final = "average"
LINEAR: Final = "linear"
CONSTANT_ELASTICITY: Final = "constant_elasticity"
DEMAND_MODELS: Final[tuple[DemandModel, ...]] = (AVERAGE, LINEAR, CONSTANT_ELASTICITY)
"""The first is the one that is used unless another is asked for."""

EQUAL_SHARES: Final = 0.5
"""Probability of linear demand in the average while a shop's sales do not say."""

OTHER_MODEL: Final[dict[DemandModel, DemandModel]] = {
    AVERAGE: LINEAR,
    LINEAR: CONSTANT_ELASTICITY,
    CONSTANT_ELASTICITY: LINEAR,
}
"""The demand model that is named beside the one used where a price is far off."""

LARGEST_CHANGE: Final = 0.15
"""Fraction of the price within which the revenue-best price is looked for."""

NEARLY_INELASTIC: Final = -0.01

ROUNDING_SLACK: Final = 1e-6
"""In cents: keeps a bound that is a whole cent from being lost to binary fractions."""


def shape_weights(model: DemandModel, linear_share: float = EQUAL_SHARES) -> dict[DemandModel, float]:
    """Probability of each demand curve of a model; in the average linear demand has `linear_share`."""
    if model == AVERAGE:
        return {LINEAR: linear_share, CONSTANT_ELASTICITY: 1.0 - linear_share}
    return {model: 1.0}


def demand(
    price: ArrayLike,
    base_price: ArrayLike,
    base_quantity: ArrayLike,
    elasticity: ArrayLike,
    model: DemandModel = AVERAGE,
    linear_share: float = EQUAL_SHARES,
) -> FloatArray:
    """Expected quantity at a price, from the quantity at the base price.

    Linear: Q = Q0 (1 + E (p - p0) / p0), never below 0. Constant elasticity: Q = Q0 (p / p0)^E. Both have
    elasticity E at the base price; the linear one foresees less where the price is raised far, and less
    where it is cut far. Average: the mean of both, weighted by the evidence for each in the shop's sales.

    Parameters
    ----------
    price, base_price
        Asked and present price, in currency; they broadcast with the other arguments.
    base_quantity
        Units sold at the base price, >= 0, per any period; the result is per the same period.
    elasticity
        Own-price elasticity; nan gives nan.
    linear_share
        Weight of linear demand in the average.

    Raises
    ------
    ValueError
        If a base price is not positive, a base quantity or price negative, a price 0 under constant
        elasticity, or the model unknown.
    """
    p, p0, q0, e = (
        np.asarray(values, np.float64) for values in (price, base_price, base_quantity, elasticity)
    )
    if model not in DEMAND_MODELS:
        raise ValueError(f"unknown demand model {model!r}: choose one of {', '.join(DEMAND_MODELS)}")
    if np.any(p0 <= 0) or np.any(p < 0) or np.any(q0 < 0):
        raise ValueError("base prices must be positive, prices and base quantities not negative")
    if model != LINEAR and np.any(p == 0):
        raise ValueError("constant elasticity gives no quantity for a price of 0")
    weights = shape_weights(model, linear_share)
    return np.asarray(q0 * sum(weight * _share(p / p0, e, shape) for shape, weight in weights.items()))


def _share(ratio: FloatArray, elasticity: FloatArray, shape: DemandModel) -> FloatArray:
    """Quantity in relation to that at the base price, where the price is a multiple of the base price."""
    if shape == LINEAR:
        return np.asarray(np.maximum(1 + elasticity * (ratio - 1), 0.0))
    return np.asarray(ratio**elasticity)


def revenue_potential_percent(
    elasticity: ArrayLike, base_price: ArrayLike, currency: Currency = TWO_DECIMALS
) -> FloatArray:
    """Expected revenue change, in percent, at the revenue-best price within 15 % of the present one.

    Under linear demand revenue is a parabola in price with its top at p0 (1 - 1/E) / 2; the best price is the
    whole cent nearest to it inside the interval, whose bounds are rounded inward to the cent. The present
    price is always allowed, so the result is never negative; it is 0 for E >= 0, where none is recommended.

    Parameters
    ----------
    elasticity, base_price
        Broadcast against each other; nan in either gives nan.

    Raises
    ------
    ValueError
        If a base price is not positive.
    """
    e, p0 = np.broadcast_arrays(np.asarray(elasticity, np.float64), np.asarray(base_price, np.float64))
    if np.any(p0 <= 0):
        raise ValueError("base prices must be positive")
    falling = e < 0
    # The upper bound binds long before E nears 0, where the division would overflow.
    top = p0 * (1 - 1 / np.where(falling, np.minimum(e, NEARLY_INELASTIC), -1.0)) / 2
    cent = currency.per_one
    lowest = np.ceil(cent * p0 * (1 - LARGEST_CHANGE) - ROUNDING_SLACK) / cent
    highest = np.floor(cent * p0 * (1 + LARGEST_CHANGE) + ROUNDING_SLACK) / cent
    best = np.clip(np.round(top, currency.decimals), lowest, highest)
    change = (best - p0) / p0
    gain = (1 + change) * np.maximum(1 + e * change, 0.0) - 1
    potential = np.where(falling & (lowest <= highest), np.maximum(gain, 0.0), 0.0)
    return np.asarray(np.where(np.isnan(e) | np.isnan(p0), np.nan, 100 * potential))
