"""Do prices follow sales? A placebo: sales cannot answer to a price that is charged two weeks later.

Where they seem to, the price was set by what sold, or both by something else; the elasticities of such a shop then hold
what sales did to prices, and more of the same sales makes them no better.
"""

from typing import Final

import numpy as np

from pricing.elasticity.core.pooled.hierarchy import unpooled_data
from pricing.elasticity.core.pooled.hyperparameters import Normal
from pricing.elasticity.core.pooled.panel import Panel
from pricing.elasticity.core.pooled.solve import ROUGH, batches, solve_part
from pricing.sales.core.arrays import FloatArray
from pricing.sales.core.grouping import as_of

DAYS_AHEAD: Final = 14
SPREAD: Final = 1.0
"""Weak prior of a product's slope, so that products with few changes of price stay finite."""

SMALL: Final = 0.05
"""Slopes of this size come of dates of prices that are read off sales (.02 to .07 in simulated shops without any fault)."""


def placebo_score(panel: Panel, design: FloatArray, prior: Normal, dispersion: FloatArray) -> float:
    """Standard score of the mean slope of sales on the price two weeks ahead, over all products; 0 where it is small.

    The score is that of the part beyond `SMALL`. The error is that of the spread of the products' slopes around their mean.

    Parameters
    ----------
    panel, design : n cells and their columns.
    prior, dispersion : of the P products, from the fit.
    """
    columns = np.column_stack([design, _price_ahead(panel)])
    own = np.zeros((prior.mean.shape[0], 1))
    wider = Normal(
        np.hstack([prior.mean, own]),
        np.hstack([prior.precision, own + SPREAD**-2]),
        prior.price_mean_variance,
    )
    fit = solve_part(list(batches(panel, columns)), wider, dispersion, tolerance=ROUGH)
    data = unpooled_data(
        fit.coefficients[:, -1], fit.covariance[:, -1, -1], own[:, 0], own[:, 0] + SPREAD**-2
    )
    told = data.precision > 0
    weight = 1.0 / (SPREAD**2 + 1.0 / data.precision[told])
    slope = data.weighted[told] / data.precision[told]
    if told.sum() < 2:
        return 0.0
    mean = (weight * slope).sum() / weight.sum()
    error = np.sqrt((weight**2 * (slope - mean) ** 2).sum()) / weight.sum()
    return float(np.sign(mean) * max(abs(mean) - SMALL, 0.0) / error) if error > 0 else 0.0


def _price_ahead(panel: Panel) -> FloatArray:
    """By how much the log price two weeks after each cell's first day differs from the cell's, (n,); 0 after the last."""
    later = panel.start + DAYS_AHEAD
    at, _ = as_of(panel.product, panel.start, panel.product, later)
    return np.asarray(panel.log_price[at] - panel.log_price)
