"""The regression's columns: log price, season, promotion, trend, yearly waves and the price that follows these."""

from dataclasses import replace
from typing import Final

import numpy as np

from pricing.elasticity.core.constants import ADAPTATION_DAYS, SEASONAL_PRICE_RIDGE, TOTALS_NOISE
from pricing.elasticity.core.pooled.hyperparameters import COLUMNS, CONTROLS, Hyperparameters
from pricing.elasticity.core.pooled.panel import Panel
from pricing.elasticity.core.pooled.season import common_log_price, line_rates, log_season_index
from pricing.sales.core.arrays import FloatArray, IntArray
from pricing.sales.core.calendar import DAYS_A_WEEK, DAYS_A_YEAR, first_day_of_week
from pricing.sales.core.grouping import product_day_key

PRICE_HARMONICS: Final = 3
"""Of the year, in what a product's own season explains of its price: prices move in steps, demand in waves."""

NEIGHBOURS, NEIGHBOURS_OF_A_DAY = 1, 3
"""Totals before and after, of weeks and of days, that share a lasting price."""


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
    hyper : what the products share; without `yearly` there are no waves.
    group : (P,) group of each product's category, -1 for none.
    """
    base = base_exposure(panel, hyper.price_response, hyper.promotion_response)
    middle = first_day_of_week(panel.week) + (DAYS_A_WEEK - 1) / 2
    angle = 2 * np.pi * middle / DAYS_A_YEAR
    price = centred_log_price(panel)
    before = price_around(panel, price, -ADAPTATION_DAYS, 0) - price
    trend = np.asarray((middle - hyper.trend_origin) / DAYS_A_YEAR, np.float64)
    waves = [
        np.asarray(wave(k * angle) * hyper.yearly)
        for k in range(1, PRICE_HARMONICS + 1)
        for wave in (np.sin, np.cos)
    ]
    columns = {
        "level": np.ones(panel.product.size),
        "price": price + hyper.late_share * before,
        "season": log_season_index(panel, base, group, hyper.season),
        "promotion": panel.promotion.astype(np.float64),
        **dict(zip(CONTROLS, (trend, *waves), strict=False)),
        "seasonal_price": explained_by(panel, price, [trend, *waves]),
        "fleeting_price": fleeting(panel, price),
        "price_before": before,
    }
    design = np.empty((panel.product.size, len(COLUMNS)))
    for k, name in enumerate(COLUMNS):
        design[:, k] = columns[name]
    return design


def weigh_totals(panel: Panel, hyper: Hyperparameters) -> Panel:
    """The panel with the counts and exposures of totals weighed by their precision, for the regressions.

    Totals vary by more than chance: negative binomial, mu + a mu^2, a = `TOTALS_NOISE`. Otherwise the weeks in which most
    was sold, those of promotions, would say nearly everything.
    """
    base = base_exposure(panel, hyper.price_response, hyper.promotion_response)
    mean = line_rates(panel, base, np.ones(base.size))[panel.product] * base
    weight = np.where(panel.totals[panel.product], 1.0 / (1.0 + TOTALS_NOISE * mean), 1.0)
    return replace(panel, lines=panel.lines * weight, exposure=panel.exposure * weight)


def explained_by(panel: Panel, price: FloatArray, controls: list[FloatArray]) -> FloatArray:
    """The part of each product's centred log price that its own trend and yearly waves explain, (n,).

    A price that follows its product's own season says little about demand, since the same season moves both. The
    difference between its slope and that of all other changes of price is the correlated random effect of Mundlak
    (1978).

    Parameters
    ----------
    panel : n cells.
    price : (n,) log price less the product's mean.
    controls : (n,) each; their products' means, weighted by exposure, are taken off here.
    """
    products = panel.sold_days.size
    weight = panel.exposure

    def by_product(column: FloatArray) -> FloatArray:
        return np.asarray(np.bincount(panel.product, weight * column, products), np.float64)

    total = np.maximum(np.bincount(panel.product, weight, products), 1e-9)
    columns = np.stack([column - (by_product(column) / total)[panel.product] for column in controls])
    count = len(controls)
    gram = np.empty((products, count, count))
    for j in range(count):
        for k in range(j + 1):
            gram[:, j, k] = gram[:, k, j] = by_product(columns[j] * columns[k])
    gram += SEASONAL_PRICE_RIDGE * np.eye(count)
    moment = np.stack([by_product(column * price) for column in columns], axis=1)
    slope = np.linalg.solve(gram, moment[:, :, None])[:, :, 0]
    return np.asarray(np.einsum("kn,nk->n", columns, slope[panel.product]))


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
    seen = total > 1e-9
    mean = (value[high] - value[low]) / np.where(seen, total, 1.0)
    return np.where(seen, mean, log_price)


def fleeting(panel: Panel, price: FloatArray) -> FloatArray:
    """The part of each cell's centred log price that its neighbours in time do not share, (n,); 0 unless of totals.

    The mean price paid in a total moves with what was bought by whom; list prices last. What this part's slope, pooled
    over all products, differs by from that of a lasting price is a matter of the mix, not of the response to price.
    """
    total, weight = np.zeros(price.size), np.zeros(price.size)
    period = panel.period[panel.product]
    for distance in range(1, NEIGHBOURS_OF_A_DAY + 1):
        near = (panel.product[distance:] == panel.product[:-distance]) & (period[distance:] > 0)
        near &= (distance <= NEIGHBOURS) | (period[distance:] == 1)
        for here, there in (
            (slice(distance, None), slice(-distance)),
            (slice(-distance), slice(distance, None)),
        ):
            total[here] += near * panel.exposure[there] * price[there]
            weight[here] += near * panel.exposure[there]
    return np.where(weight > 0, price - total / np.where(weight > 0, weight, 1.0), 0.0)


def identified_share(
    panel: Panel, hyper: Hyperparameters, group: IntArray, of: IntArray | None = None
) -> FloatArray:
    """Share of the information on each elasticity that does not depend on an assumption, (P,); 0 without price changes.

    The season of a group is read off its sales with the shop's response to their prices assumed. A change that a part k
    of the group's prices made together shows the elasticity as k times what was assumed and 1 - k times what it is, so
    that (1 - k)^2 of the information is left. Where the cells are of price series, `of` (S,) is the product of each.
    """
    price = centred_log_price(panel)
    base = base_exposure(panel, hyper.price_response, hyper.promotion_response)
    common = common_log_price(panel, base, price, group, hyper.season)
    product = panel.product if of is None else of[panel.product]
    products = panel.sold_days.size if of is None else int(of.max(initial=-1)) + 1
    changes, together = (
        np.bincount(product, panel.exposure * price * column, products) for column in (price, common)
    )
    part = np.clip(together / np.where(changes > 0, changes, 1.0), 0.0, 1.0)
    return np.asarray(np.where(changes > 0, (1.0 - part) ** 2, 0.0))
