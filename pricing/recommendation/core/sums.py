"""Distributions of totals over thousands of products, without drawing each product's own error.

Given the errors that the products of a category share, those of their own are independent, and a sum over them is close to
normal: its mean and variance are added up from a few elasticities of each product. Only the shared errors are drawn, as
`uncertainty.draw_changes` draws them, which draws every product's own as well.
"""

from typing import Final

import numpy as np

from pricing.elasticity.core.demand import AVERAGE, DemandModel, shape_weights
from pricing.recommendation.core.inputs import PricingInputs
from pricing.recommendation.core.uncertainty import (
    DRAWS,
    ErrorFactor,
    demand_shares,
    drawn_normals,
    truncated_quantile,
)
from pricing.sales.core.arrays import FloatArray

OWN_ERRORS: Final = "own errors"
FARTHEST: Final = 4.0
SHARED_NODES: Final = np.linspace(-FARTHEST, FARTHEST, 13)
"""Shared errors, in standard deviations, at which sums are known; between them they are interpolated."""

_OWN_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(5)
_OWN_WEIGHTS: Final = _WEIGHTS / _WEIGHTS.sum()


def draw_profit_sum(
    inputs: PricingInputs, price: FloatArray, errors: ErrorFactor, model: DemandModel = AVERAGE
) -> FloatArray:
    """Draw what prices may do to the profit of P products together, against the present prices: (D,).

    Where two demand curves are possible, each holds for all products together in its share of the draws.

    Parameters
    ----------
    inputs : of P products with known costs, and elasticities below 0.
    price : (P,) prices asked, above 0.
    errors : the names of the products do not count.
    """
    elasticity = _elasticities(inputs, errors)
    names, category = np.unique(np.array(errors.shared_with), return_inverse=True)
    shared = drawn_normals(names.tolist())
    curves = shape_weights(model, inputs.linear_share)
    ends = np.rint(DRAWS * np.cumsum([*curves.values()])[:-1]).astype(np.int64)
    mean, variance = np.zeros(DRAWS), np.zeros(DRAWS)
    for shape, drawn in zip(curves, np.split(np.arange(DRAWS), ends), strict=True):
        change = _changes(inputs, price, elasticity, shape)
        expected = change @ _OWN_WEIGHTS
        spread = (change**2) @ _OWN_WEIGHTS - expected**2
        for number in range(len(names)):
            of_it, common = category == number, shared[number, drawn]
            mean[drawn] += np.interp(common, SHARED_NODES, expected[of_it].sum(axis=0))
            variance[drawn] += np.interp(common, SHARED_NODES, spread[of_it].sum(axis=0))
    own = drawn_normals([OWN_ERRORS])[0]
    return np.asarray(mean + np.sqrt(np.maximum(variance, 0.0)) * own)


def _elasticities(inputs: PricingInputs, errors: ErrorFactor) -> FloatArray:
    """Elasticities (P, S, O) at S shared and O own errors."""
    from scipy.special import ndtr

    part = np.minimum(errors.shared_sd / inputs.std_error, 1.0)[:, None, None]
    deviation = part * SHARED_NODES[:, None] + np.sqrt(1 - part**2) * _OWN_NODES
    mean, sd = inputs.elasticity[:, None, None], inputs.std_error[:, None, None]
    return truncated_quantile(ndtr(deviation), mean, sd)


def _changes(
    inputs: PricingInputs, price: FloatArray, elasticity: FloatArray, shape: DemandModel
) -> FloatArray:
    """Change of profit (P, S, O) under one demand curve."""

    def profit(at: FloatArray) -> FloatArray:
        unit = inputs.quantity * (at - inputs.cost) / inputs.tax_factor
        ratio = at / inputs.base_price
        return unit[:, None, None] * demand_shares(ratio[:, None, None], elasticity, shape)

    return profit(price) - profit(inputs.price)
