"""Which demand curve a shop's own price changes speak for: a straight line, or constant elasticity.

Around the usual price log demand is E x under constant elasticity, x the log price less its mean, and
E x + E (1 - E) x^2 / 2 + ... where demand is linear. No product's sales tell these apart, those of hundreds together do.
"""

from dataclasses import dataclass

import numpy as np

from pricing.elasticity.core.constants import (
    CURVATURE_ERROR,
    CURVATURE_PRIOR,
    CURVATURE_PRIOR_ERROR,
    LEAST_SHARE_OF_A_CURVE,
)
from pricing.elasticity.core.pooled.design import centred_log_price
from pricing.elasticity.core.pooled.hyperparameters import PRICE
from pricing.elasticity.core.pooled.residuals import Residuals


@dataclass(frozen=True, slots=True)
class Curvature:
    """How far the shop's demand bends from constant elasticity (0) towards a straight line (1), and the standard error
    of that; infinite where its sales do not say."""

    value: float
    std_error: float

    @property
    def linear_share(self) -> float:
        """Probability to give to linear demand: the curvature, drawn to 1/2 as far as it is uncertain."""
        precision = 1.0 / (self.std_error**2 + CURVATURE_ERROR**2)
        prior = CURVATURE_PRIOR_ERROR**-2
        drawn = (precision * self.value + prior * CURVATURE_PRIOR) / (precision + prior)
        return float(np.clip(drawn, LEAST_SHARE_OF_A_CURVE, 1.0 - LEAST_SHARE_OF_A_CURVE))


def curvature(residuals: Residuals) -> Curvature:
    """One step of Newton's method for the slope, common to all products, of the column that linear demand would add.

    The column is E (1 - E) x^2 / 2, with the mean of E (1 - E) over what each product's elasticity may be; what the
    other columns explain of it is taken out, so that neither promotions' displays nor season bend the curve.
    """
    panel, fit = residuals.panel, residuals.fit
    elasticity, variance = fit.coefficients[:, PRICE], fit.covariance[:, PRICE, PRICE]
    bend = (elasticity - elasticity**2 - variance) / 2
    column = bend[residuals.product] * centred_log_price(panel) ** 2
    left = residuals.unexplained(column)
    score, information = residuals.score(left), residuals.expected * residuals.scale * left * column
    total = float(information.sum())
    if total <= 0:
        return Curvature(CURVATURE_PRIOR, np.inf)
    value = float(score.sum()) / total
    spread = residuals.clustered(score - value * information)
    # Of too few products to be distinguished from chance, the model's own standard error is no smaller than 1 / sqrt(total).
    return Curvature(value, max(spread / total, total**-0.5) if spread > 0 else np.inf)
