"""A boosted demand model: units of a week from its price and everything else, falling in the price.

Its finite differences over 5 % up and down, as a logarithm, are a second opinion on the elasticity. It is offered only
where it predicts the last weeks, which it did not see, better than the pooled elasticity does.
"""

from typing import Any, Final

import numpy as np

from pricing.elasticity.core.constants import (
    BLOCK_WEEKS,
    DEMAND_LEARNER,
    FEWEST_PRODUCTS_WITH_OPINIONS,
    FEWEST_WEEKS_TO_LEARN_FROM,
    LEAST_TRAINING_WEEKS,
    SHAPE_ERROR,
)
from pricing.elasticity.core.learned.dml import weeks_on_sale
from pricing.elasticity.core.learned.features import AFTER, NAMES, Weeks, expected_units, features, learn
from pricing.elasticity.core.learned.opinions import Opinions
from pricing.sales.core.arrays import BoolArray, FloatArray

REACH: Final = 0.05
PARTS: Final = 4
HELD_WEEKS: Final = 13
CALENDAR: Final = ("week of the year", "weeks since the first")
"""Trees cannot carry a calendar on beyond what they have seen."""
KEPT: Final = [place for place, name in enumerate(NAMES) if place not in AFTER and name not in CALENDAR]
FEATURES: Final = (*(NAMES[place] for place in KEPT), "price")
BETTER: Final = "deviance of the model"
BASELINE: Final = "deviance of the pooled model"


def fit_demand(
    weeks: Weeks, guess: FloatArray, spread: FloatArray, promotion: float, pooled: FloatArray
) -> Opinions:
    """Learn demand, read elasticities off it, and measure it on the last 13 weeks.

    Parameters
    ----------
    guess, spread : (P,) elasticity that sales are freed of prices with, and how far products lie from it.
    promotion : log lift of promotions beyond their price.
    pooled : (P,) pooled elasticities, that the baseline answers to prices with; nan for none. They have seen the last weeks,
        the model that is measured has not.
    """
    rows = features(weeks, guess, promotion)
    base = expected_units(weeks, rows, from_the_past=True)
    rows = np.column_stack([rows[:, KEPT], weeks.price])
    metrics = _out_of_sample(weeks, rows, base, guess, promotion, pooled)
    up, down = rows.copy(), rows.copy()
    up[:, -1] += np.log1p(REACH)
    down[:, -1] += np.log1p(-REACH)
    step = np.log1p(REACH) - np.log1p(-REACH)
    products, categories = weeks.category.size, int(weeks.category.max(initial=-1)) + 1
    units = np.bincount(weeks.product, weeks.usual, products)
    on_sale = weeks_on_sale(weeks)
    moved = np.bincount(weeks.product, weeks.usual * weeks.price**2, products) > 0
    usable = moved & (on_sale >= FEWEST_WEEKS_TO_LEARN_FROM)
    member = usable & (weeks.category >= 0)
    members = np.bincount(weeks.category[member], minlength=categories)
    of_product, of_category = np.empty((PARTS, products)), np.empty((PARTS, categories))
    for part in range(PARTS):
        others = (weeks.column // BLOCK_WEEKS + weeks.product) % PARTS != part
        model = _learn(rows, weeks, base, others)
        slope = (np.log(model.predict(up)) - np.log(model.predict(down))) / step
        total = np.bincount(weeks.product, weeks.usual * slope, products)
        of_product[part] = total / np.where(units > 0, units, 1.0)
        summed = np.bincount(weeks.category[member], of_product[part][member], categories)
        of_category[part] = summed / np.maximum(members, 1)
    enough = members >= FEWEST_PRODUCTS_WITH_OPINIONS
    return Opinions(
        elasticity=np.where(usable, of_product.mean(axis=0), np.nan),
        std_error=np.where(usable, np.sqrt(_jackknife(of_product) + spread**2 + SHAPE_ERROR**2), np.nan),
        weeks=on_sale,
        category=np.where(enough, of_category.mean(axis=0), np.nan),
        category_error=np.where(enough, np.sqrt(_jackknife(of_category) + SHAPE_ERROR**2), np.nan),
        category_products=members,
        metrics=metrics,
    )


def beats_the_baseline(metrics: dict[str, float]) -> bool:
    """Whether the model predicted the last weeks better than the pooled elasticities did."""
    return BETTER in metrics and metrics[BETTER] < metrics[BASELINE]


def _learn(rows: FloatArray, weeks: Weeks, base: FloatArray, some: BoolArray) -> Any:
    falling = [0] * (rows.shape[1] - 1) + [-1]
    return learn(
        rows[some],
        (weeks.units / base)[some],
        base[some],
        DEMAND_LEARNER,
        loss="poisson",
        monotonic_cst=falling,
    )


def _out_of_sample(
    weeks: Weeks, rows: FloatArray, base: FloatArray, guess: FloatArray, promotion: float, pooled: FloatArray
) -> dict[str, float]:
    """Poisson deviance per unit sold in the last 13 weeks, of the model learned before them and of the baseline: the same
    season and level, with pooled elasticities. Empty where there are too few weeks before."""
    first = weeks.weeks - HELD_WEEKS
    past, held = weeks.column < first, weeks.column >= first
    if first < LEAST_TRAINING_WEEKS or not held.any() or not past.any():
        return {}
    predicted = _learn(rows, weeks, base, past).predict(rows[held]) * base[held]
    elasticity = np.where(np.isfinite(pooled), pooled, guess)[weeks.product[held]]
    baseline = base[held] * np.exp(elasticity * weeks.price[held] + promotion * weeks.promotion[held])

    sold = weeks.units[held]
    moved = np.abs(weeks.price[held]) > REACH / 2
    return {
        BETTER: _deviance(sold, predicted),
        BASELINE: _deviance(sold, baseline),
        "deviance of the model at changed prices": _deviance(sold[moved], predicted[moved]),
        "deviance of the pooled model at changed prices": _deviance(sold[moved], baseline[moved]),
        "weeks held out": float(HELD_WEEKS),
    }


def _deviance(units: FloatArray, mean: FloatArray) -> float:
    mean = np.maximum(mean, 1e-9)
    logs = np.where(units > 0, units * np.log(np.where(units > 0, units, 1.0) / mean), 0.0)
    return float(2 * (logs - (units - mean)).sum() / max(float(units.sum()), 1.0))


def _jackknife(left_out: FloatArray) -> FloatArray:
    """Variance of an estimate from what remains of it with each part left out, (parts, k) -> (k,)."""
    parts = left_out.shape[0]
    return np.asarray((parts - 1) / parts * ((left_out - left_out.mean(axis=0)) ** 2).sum(axis=0))
