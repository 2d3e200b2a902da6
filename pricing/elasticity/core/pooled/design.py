"""The regression's columns: log price, season, promotion, trend and yearly waves of every cell."""

import numpy as np

from pricing.elasticity.core.pooled.hyperparameters import COLUMNS, Hyperparameters
from pricing.elasticity.core.pooled.panel import Panel
from pricing.elasticity.core.pooled.season import log_season_index
from pricing.sales.core.arrays import FloatArray, IntArray
from pricing.sales.core.calendar import DAYS_A_WEEK, DAYS_A_YEAR, first_day_of_week


def centred_log_price(panel: Panel) -> FloatArray:
    """Log list price of each cell less the product's mean over its exposure, (n,)."""
    products = panel.sold_days.size
    exposure = np.bincount(panel.product, panel.exposure, products)
    total = np.bincount(panel.product, panel.exposure * panel.log_price, products)
    mean = total / np.where(exposure > 0, exposure, 1.0)
    return np.asarray(panel.log_price - mean[panel.product])


def base_exposure(panel: Panel, price_response: float, promotion_response: float) -> FloatArray:
    """Exposure of each cell times what its price and promotion do to demand in this shop, (n,)."""
    effect = price_response * centred_log_price(panel) + promotion_response * panel.promotion
    return np.asarray(panel.exposure * np.exp(effect))


def design_matrix(panel: Panel, hyper: Hyperparameters, group: IntArray) -> FloatArray:
    """Columns `COLUMNS` of every cell, (n, K).

    Parameters
    ----------
    panel : n cells of P products.
    hyper : what the products share; without `yearly` the sine and cosine columns are 0.
    group : (P,) group of each product's category, -1 for none.
    """
    base = base_exposure(panel, hyper.price_response, hyper.promotion_response)
    middle = first_day_of_week(panel.week) + (DAYS_A_WEEK - 1) / 2
    angle = 2 * np.pi * middle / DAYS_A_YEAR
    columns = {
        "level": np.ones(panel.product.size),
        "price": centred_log_price(panel),
        "season": log_season_index(panel, base, group, hyper.season),
        "promotion": panel.promotion.astype(np.float64),
        "trend": (middle - hyper.trend_origin) / DAYS_A_YEAR,
        "sin": np.sin(angle) * hyper.yearly,
        "cos": np.cos(angle) * hyper.yearly,
    }
    design = np.empty((panel.product.size, len(COLUMNS)))
    for k, name in enumerate(COLUMNS):
        design[:, k] = columns[name]
    return design
