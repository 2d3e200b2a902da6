"""The full fit over all products: category means, spreads, dispersions and seasons that products then share."""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from pricing.elasticity.core.pooled.design import base_exposure, design_matrix
from pricing.elasticity.core.pooled.hierarchy import Hyperprior, own_data, pool_groups, pool_mean
from pricing.elasticity.core.pooled.hyperparameters import (
    COLUMNS,
    LEVEL,
    LEVEL_SD,
    PRICE,
    PROMOTION,
    Hyperparameters,
    PartPriors,
    SeasonTable,
    product_priors,
)
from pricing.elasticity.core.pooled.panel import build_panel
from pricing.elasticity.core.pooled.season import season_table
from pricing.elasticity.core.pooled.solve import ROUGH, Batch, Fit, batches, solve_part
from pricing.sales.core.calendar import BoolArray, FloatArray, IntArray, shop_calendar
from pricing.sales.core.daily import DailySales

SMALLEST_CATEGORY: Final = 8
WEEKS_FOR_YEARLY_WAVES: Final = 52
ROUNDS: Final = 5
ROUND_THAT_DATES_PRICES: Final = 2
DISPERSION_WEIGHT: Final = 20.0
LEAST_DISPERSION: Final = 0.02
LEAST_FREEDOM: Final = 5.0
CORRELATION_WEIGHT: Final = 100.0
LARGEST_CORRELATION: Final = 0.8

# Elasticities are about -2 in retail meta-analyses; the other spreads are where the EM starts.
RATE_HYPERPRIORS: Final = {
    "price": Hyperprior(-2.0, 0.5, 0.7, 0.5),
    "season": Hyperprior(1.0, 0.5, 0.2),
    "promotion": Hyperprior(0.3, 0.3, 0.1),
    "trend": Hyperprior(0.0, 0.0, 0.25),
    "sin": Hyperprior(0.0, 0.0, 0.1),
    "cos": Hyperprior(0.0, 0.0, 0.1),
}
# Lines per unit: baskets hardly answer to prices, unless the data say so.
SIZE_HYPERPRIORS: Final = {
    "price": Hyperprior(0.0, 0.2, 0.1, 0.05),
    "season": Hyperprior(0.0, 0.2, 0.1),
    "promotion": Hyperprior(0.0, 0.2, 0.1),
    "trend": Hyperprior(0.0, 0.0, 0.1),
    "sin": Hyperprior(0.0, 0.0, 0.05),
    "cos": Hyperprior(0.0, 0.0, 0.05),
}
RATE_DISPERSION: Final = 1.5
SIZE_DISPERSION: Final = 1.0


@dataclass(slots=True)
class _Progress:
    """One part of demand between rounds: its priors, the products' dispersions and latest coefficients."""

    priors: PartPriors
    dispersion: FloatArray
    coefficients: FloatArray | None = None


def fit_pooled(daily: DailySales, category: IntArray, open_days: IntArray) -> Hyperparameters:
    """Fit what all products share: the hierarchy of elasticities, controls, dispersions, seasons, calendar.

    Penalised iteratively reweighted least squares for all products at once alternates with EM for the
    hierarchy; publish estimates with `refresh` against the result.

    Parameters
    ----------
    daily : product-days of all P products.
    category : (P,) code of each product's category, -1 for none; categories with fewer than 8 products that
        have sales and a list price share a group.
    open_days : sorted days on which the shop sold anything.

    Returns
    -------
    Hyperparameters.

    Raises
    ------
    ValueError : if no product has sales and a list price.
    """
    hyper = _first_guess(daily, category, open_days)
    hyper, group, prepared = _prepare(daily, category, hyper)
    rate = _Progress(hyper.rate, np.full(category.size, RATE_DISPERSION))
    size = _Progress(hyper.size, np.full(category.size, SIZE_DISPERSION))
    for number in range(ROUNDS):
        if number == ROUND_THAT_DATES_PRICES:
            hyper = replace(
                hyper,
                price_response=float(rate.priors.group_mean[group[group >= 0]].mean()),
                promotion_response=float(rate.priors.mean[PROMOTION]),
            )
            hyper, group, prepared = _prepare(daily, category, hyper)
        _improve(rate, prepared, group, size=False)
        _improve(size, prepared, group, size=True)
    return replace(hyper, rate=rate.priors, size=size.priors)


def _first_guess(daily: DailySales, category: IntArray, open_days: IntArray) -> Hyperparameters:
    calendar = shop_calendar(open_days, daily.day, daily.lines)
    weeks = (calendar.last_day - calendar.first_day + 1) / 7
    nothing = np.zeros((1, 1))
    return Hyperparameters(
        calendar=calendar,
        price_response=RATE_HYPERPRIORS["price"].mean,
        promotion_response=RATE_HYPERPRIORS["promotion"].mean,
        trend_origin=(calendar.first_day + calendar.last_day) / 2,
        yearly=weeks >= WEEKS_FOR_YEARLY_WAVES,
        category_codes=np.unique(category),
        category_group=np.zeros(np.unique(category).size, np.int64),
        season=SeasonTable(0, nothing, nothing),
        rate=_starting_priors(RATE_HYPERPRIORS, category.size, RATE_DISPERSION),
        size=_starting_priors(SIZE_HYPERPRIORS, category.size, SIZE_DISPERSION),
    )


def _prepare(
    daily: DailySales, category: IntArray, hyper: Hyperparameters
) -> tuple[Hyperparameters, IntArray, list[Batch]]:
    """Panel, categories and seasons as the shop's response to price has them: groups of products, and batches."""
    response = (hyper.price_response, hyper.promotion_response)
    panel = build_panel(daily, category.size, hyper.calendar, response)
    if panel.product.size == 0:
        raise ValueError("No product has both sales and a list price: there is nothing to fit.")
    codes, group_of = _merge_small(category[panel.sold_days > 0])
    hyper = replace(hyper, category_codes=codes, category_group=group_of)
    group = hyper.groups_of(category)
    table = season_table(panel, base_exposure(panel, *response), group, int(group_of.max()) + 1)
    hyper = replace(hyper, season=table)
    return hyper, group, list(batches(panel, design_matrix(panel, hyper, group)))


def _starting_priors(hyperpriors: dict[str, Hyperprior], groups: int, dispersion: float) -> PartPriors:
    price = hyperpriors["price"]
    return PartPriors(
        mean=np.array([0.0] + [hyperpriors[name].mean for name in COLUMNS[1:]]),
        sd=np.array([LEVEL_SD] + [hyperpriors[name].spread for name in COLUMNS[1:]]),
        group_mean=np.full(groups, price.mean),
        group_variance=np.full(groups, price.mean_sd**2),
        overall_variance=price.mean_sd**2,
        between_sd=price.group_spread,
        dispersion=dispersion,
        autocorrelation=0.0,
    )


def _merge_small(category: IntArray) -> tuple[IntArray, IntArray]:
    """Sorted codes of the categories (one entry per product) and their groups; small ones share the last."""
    codes, counts = np.unique(category, return_counts=True)
    large = counts >= SMALLEST_CATEGORY
    group = np.cumsum(large) - 1
    return codes, np.where(large, group, large.sum())


def _improve(progress: _Progress, prepared: list[Batch], group: IntArray, *, size: bool) -> None:
    """One round for one part of demand: solve all products, then EM on what their own data say."""
    priors = progress.priors
    normal = product_priors(priors, group)
    fit = solve_part(prepared, normal, progress.dispersion, size, progress.coefficients, ROUGH)
    told = fit.freedom >= LEAST_FREEDOM
    pooled, autocorrelation = priors.dispersion, priors.autocorrelation
    if told.any():
        pooled, autocorrelation = _pooled_dispersion(fit, told)
    progress.dispersion = own_dispersion(fit, pooled, autocorrelation)
    progress.coefficients = fit.coefficients

    hyperpriors = SIZE_HYPERPRIORS if size else RATE_HYPERPRIORS
    mean, sd = priors.mean.copy(), priors.sd.copy()
    variances = np.einsum("pkk->pk", fit.covariance) * told[:, None]
    owns = [
        own_data(fit.coefficients[:, k], variances[:, k], normal.mean[:, k], normal.precision[:, k])
        for k in range(len(COLUMNS))
    ]
    known = np.maximum(group, 0)
    groups = pool_groups(
        owns[PRICE], known, int(group.max()) + 1, hyperpriors["price"], (sd[PRICE], priors.between_sd)
    )
    mean[PRICE], sd[PRICE] = groups.overall, groups.spread
    for k, name in enumerate(COLUMNS):
        if k not in (LEVEL, PRICE):
            mean[k], sd[k] = pool_mean(owns[k], hyperpriors[name], sd[k])
    progress.priors = PartPriors(
        mean=mean,
        sd=sd,
        group_mean=groups.mean,
        group_variance=groups.variance,
        overall_variance=groups.overall_variance,
        between_sd=groups.between,
        dispersion=pooled,
        autocorrelation=autocorrelation,
    )


def own_dispersion(fit: Fit, pooled: float, autocorrelation: float) -> FloatArray:
    """Dispersion of each product, widened for autocorrelation by (1 + rho) / (1 - rho), (P,).

    Both are shrunk to the pooled values, as if 20 and 100 more cells had these. Counts that do not vary at all, as
    when every line is of one unit, are not taken for certain.
    """
    dispersion = (fit.residual + DISPERSION_WEIGHT * pooled) / (fit.freedom + DISPERSION_WEIGHT)
    weighted = fit.correlation * fit.freedom + CORRELATION_WEIGHT * autocorrelation
    rho = np.clip(weighted / (fit.freedom + CORRELATION_WEIGHT), 0.0, LARGEST_CORRELATION)
    return np.maximum(dispersion * (1.0 + rho) / (1.0 - rho), LEAST_DISPERSION)


def _pooled_dispersion(fit: Fit, told: BoolArray) -> tuple[float, float]:
    """Dispersion and autocorrelation over all products whose data tell them."""
    freedom = fit.freedom[told]
    rho = float((fit.correlation[told] * freedom).sum() / freedom.sum())
    pooled = float(fit.residual[told].sum() / freedom.sum())
    return max(pooled, LEAST_DISPERSION), min(max(rho, 0.0), LARGEST_CORRELATION)
