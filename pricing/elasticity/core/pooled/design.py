"""The regression's columns: log price, season, promotion, trend and yearly waves of every cell."""

import numpy as np

from pricing.elasticity.core.constants import ADAPTATION_DAYS, SEASONAL_PRICE_RIDGE
from pricing.elasticity.core.pooled.hyperparameters import COLUMNS, Hyperparameters
from pricing.elasticity.core.pooled.panel import Panel
from pricing.elasticity.core.pooled.season import log_season_index
from pricing.sales.core.arrays import FloatArray, IntArray
from pricing.sales.core.calendar import DAYS_A_WEEK, DAYS_A_YEAR, first_day_of_week
from pricing.sales.core.grouping import product_day_key


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
    hyper : what the products share; without `yearly` the columns of sines and cosines are 0.
    group : (P,) group of each product's category, -1 for none.
    """
    base = base_exposure(panel, hyper.price_response, hyper.promotion_response)
    middle = first_day_of_week(panel.week) + (DAYS_A_WEEK - 1) / 2
    angle = 2 * np.pi * middle / DAYS_A_YEAR
    trend = (middle - hyper.trend_origin) / DAYS_A_YEAR
    waves = np.array([np.sin(angle), np.cos(angle), np.sin(2 * angle), np.cos(2 * angle)]) * hyper.yearly
    price = centred_log_price(panel)
    columns = {
        "level": np.ones(panel.product.size),
        "price": price,
        "season": log_season_index(panel, base, group, hyper.season),
        "promotion": panel.promotion.astype(np.float64),
        "trend": trend,
        **dict(zip(("sin", "cos", "sin2", "cos2"), waves, strict=True)),
        "seasonal_price": seasonal_price(panel, price, np.array([trend, *waves])),
        "price_before": price_around(panel, price, -ADAPTATION_DAYS, 0) - price,
    }
    design = np.empty((panel.product.size, len(COLUMNS)))
    for k, name in enumerate(COLUMNS):
        design[:, k] = columns[name]
    return design


def seasonal_price(panel: Panel, log_price: FloatArray, regressors: FloatArray) -> FloatArray:
    """The part of each product's log price that its own trend and yearly waves explain, (n,).

    Prices that are raised in a product's own season, or while its demand grows, move together with demand that no
    control of the category sees, and bias the product's elasticity. As a column whose slope all products share, this part
    takes that up, and what is left of the price identifies the elasticity (correlated random effects: Mundlak 1978,
    Econometrica 46).

    Parameters
    ----------
    log_price : (n,) centred log prices.
    regressors : (R, n) trend and waves. Each product's regression on them is weighted by exposure, with a ridge of
        `SEASONAL_PRICE_RIDGE` days.
    """
    products, count = panel.sold_days.size, len(regressors)
    of, weight = panel.product, panel.exposure
    total = np.maximum(np.bincount(of, weight, products), 1e-9)
    centred = np.array([each - (np.bincount(of, weight * each, products) / total)[of] for each in regressors])
    gram = np.empty((products, count, count))
    for row in range(count):
        for column in range(row + 1):
            summed = np.bincount(of, weight * centred[row] * centred[column], products)
            gram[:, row, column] = gram[:, column, row] = summed
    gram += SEASONAL_PRICE_RIDGE * np.eye(count)
    moments = np.array([np.bincount(of, weight * each * log_price, products) for each in centred])
    slopes = np.linalg.solve(gram, moments.T[:, :, None])[:, :, 0]
    return np.asarray(np.einsum("nr,rn->n", slopes[of], centred))


def price_around(panel: Panel, log_price: FloatArray, first: int, stop: int) -> FloatArray:
    """Mean log price of each cell's product from `first` days after the cell's start to the one before `stop`, (n,).

    Weighted by exposure; the cell's own price where the product was not on sale in these days.
    """
    keys = product_day_key(panel.product, panel.start)
    low, high = (
        np.searchsorted(keys, product_day_key(panel.product, panel.start + days)) for days in (first, stop)
    )
    weight, value = (
        np.concatenate(([0.0], np.cumsum(column))) for column in (panel.exposure, panel.exposure * log_price)
    )
    total = weight[high] - weight[low]
    seen = total > 0
    mean = (value[high] - value[low]) / np.where(seen, total, 1.0)
    return np.where(seen, mean, log_price)
