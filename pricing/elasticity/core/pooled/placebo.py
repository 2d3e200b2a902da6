"""A placebo: do sales answer to the price of two weeks later?

They cannot. Where they seem to, prices follow sales (a price is raised after good weeks, cut after poor ones), and every
elasticity of the shop is biased by an amount that its sales alone do not tell.
"""

from dataclasses import replace
from typing import Final

import numpy as np

from pricing.elasticity.core.pooled.design import centred_log_price, price_around
from pricing.elasticity.core.pooled.hyperparameters import Normal
from pricing.elasticity.core.pooled.panel import Panel
from pricing.elasticity.core.pooled.solve import ROUGH, batches, solve_part
from pricing.sales.core.arrays import FloatArray
from pricing.sales.core.calendar import DAYS_A_WEEK

AHEAD_DAYS: Final = 14
FEWEST_PRODUCTS: Final = 8


def placebo_z(
    panel: Panel, design: FloatArray, prior: Normal, dispersion: FloatArray, start: FloatArray | None = None
) -> float:
    """Standardised slope of purchases on the regular price two weeks ahead, all products together.

    The score of one more column at the posterior modes, what the other columns explain of it taken out, summed over
    cells. Its standard error is the larger of that over products and that over weeks, so that neither a product's own
    ups and downs nor events of the whole shop are taken for evidence (Rao 1948; clusters as by Liang and Zeger 1986).
    Positive: prices rise after sales did. Promotions are left out: they are planned, and end.

    Parameters
    ----------
    panel, design : n cells of P products and their columns (n, K).
    prior, dispersion, start : of the purchase frequency, P products: priors, dispersions and, if known, coefficients.

    Returns
    -------
    float
        0 where fewer than eight products say anything.
    """
    log_price = centred_log_price(panel)
    regular = replace(panel, exposure=np.where(panel.promotion, 0.0, panel.exposure))
    ahead = price_around(regular, log_price, AHEAD_DAYS, AHEAD_DAYS + DAYS_A_WEEK) - log_price
    ahead = np.where(panel.promotion, 0.0, ahead)
    fit = solve_part(list(batches(panel, design)), prior, dispersion, start=start, tolerance=ROUGH)
    of, coefficients, scale = panel.product, fit.coefficients, 1.0 / dispersion
    expected = panel.exposure * np.exp(np.einsum("nk,nk->n", design, coefficients[of]))
    products = panel.sold_days.size
    weight = expected * scale[of]
    crossed = np.stack([np.bincount(of, weight * ahead * column, products) for column in design.T], axis=1)
    explained = np.einsum("pk,pkl->pl", crossed, fit.covariance)
    left = ahead - np.einsum("nk,nk->n", design, explained[of])
    score = left * (panel.lines - expected) * scale[of]
    by_product = np.bincount(of, score, products)
    by_week = np.bincount(panel.week - panel.week.min(), score)
    spread = max(float((by_product**2).sum()), float((by_week**2).sum()))
    if np.count_nonzero(by_product) < FEWEST_PRODUCTS or spread == 0:
        return 0.0
    return float(score.sum() / np.sqrt(spread))
