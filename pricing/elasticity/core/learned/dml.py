"""Double machine learning (Chernozhukov et al. 2018): regress residual sales on the residual of the price.

Boosted trees learn, on other weeks and products, the units of a week and its log price from everything but the price.
What a product's units have to do with the rest of its price is then a Poisson regression with the predicted units as
exposure: residual on residual, for counts. Where comparing weeks with those of other years contradicts that, something that
comes back every year was not learned, and the comparison counts.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from pricing.elasticity.core.constants import (
    BLOCK_WEEKS,
    FEWEST_PRODUCTS_WITH_OPINIONS,
    FEWEST_WEEKS_TO_LEARN_FROM,
    LARGEST_OPINION_ERROR,
    LEARNER,
    LEARNING_ERROR,
    SPREAD_OF_SLOPES,
    TOO_VAGUE_A_SLOPE,
    WEEKS_A_CLUSTER,
)
from pricing.elasticity.core.learned.features import SEASON, Weeks, expected_units, features, learn
from pricing.elasticity.core.learned.opinions import Opinions
from pricing.elasticity.core.learned.slopes import Slopes, residual_slopes, yearly_slopes
from pricing.sales.core.arrays import BoolArray, FloatArray, IntArray
from pricing.sales.core.grouping import distinct_pairs, pair_key

FOLDS: Final = 3
ROUNDS: Final = 2
SPREAD_STEPS: Final = 50
CONTRADICTION: Final = 1.96
"""Standard errors between the two kinds of comparison from which the one with other years counts."""


@dataclass(frozen=True, slots=True)
class Learned:
    """What double machine learning found: opinions, and for those who learn on: (P,) the best guess of each product and
    the spread of products around it."""

    opinions: Opinions
    guess: FloatArray
    spread: FloatArray


def fit_dml(weeks: Weeks, start: float, promotion: float) -> Learned:
    """Estimate products and categories, each from cells that its nuisances were not learned from.

    Parameters
    ----------
    weeks : cells of all products.
    start : elasticity that sales are first freed of prices with; the second round takes what the first found.
    promotion : log lift of promotions beyond their price.
    """
    products = weeks.category.size
    fold = (weeks.column // BLOCK_WEEKS + weeks.product) % FOLDS
    guess, spread = np.full(products, start), np.full(products, SPREAD_OF_SLOPES)
    for _ in range(ROUNDS):
        rows = features(weeks, guess, promotion)
        base = expected_units(weeks, rows, from_the_past=False)
        mean, predicted = base.copy(), np.zeros(base.size)
        for number in range(FOLDS):
            held, others = fold == number, fold != number
            if not held.any() or not others.any():
                continue
            sales = learn(rows[others], (weeks.units / base)[others], base[others], LEARNER, loss="poisson")
            price = learn(rows[others], weeks.price[others], base[others], LEARNER)
            mean[held] *= sales.predict(rows[held])
            predicted[held] = price.predict(rows[held])
        predicted *= _calibration(weeks.price, predicted, base)
        found = residual_slopes(weeks, mean, weeks.price - predicted)
        yearly = yearly_slopes(weeks, weeks.usual * np.exp(rows[:, SEASON] + promotion * weeks.promotion))
        opinions, guess, spread = _pooled_by_category(weeks, found, yearly, start)
    variation = float((weeks.usual * weeks.price**2).sum())
    left = float((weeks.usual * (weeks.price - predicted) ** 2).sum())
    metrics = {
        "share of price changes foretold": 1 - left / variation if variation > 0 else 0.0,
        "share of unit changes foretold": _explained(weeks.units, mean, weeks.usual),
    }
    return Learned(_with_metrics(opinions, metrics), guess, spread)


def _calibration(price: FloatArray, predicted: FloatArray, weight: FloatArray) -> float:
    """Slope of prices in what was predicted of them, 0 to 1: noise in it would make every elasticity too weak."""
    variation = float((weight * predicted**2).sum())
    return float(np.clip((weight * price * predicted).sum() / variation, 0.0, 1.0)) if variation > 0 else 0.0


@dataclass(frozen=True, slots=True)
class _Category:
    """Mean of a category's slopes, its variance but for what learning errs by, and the spread of its products."""

    mean: float
    variance: float
    spread: float


def _pooled_by_category(
    weeks: Weeks, found: Slopes, yearly: Slopes, start: float
) -> tuple[Opinions, FloatArray, FloatArray]:
    """Opinions on products and categories; the best guess of each product, and the spread of products around it."""
    products, categories = weeks.category.size, int(weeks.category.max(initial=-1)) + 1
    on_sale = weeks_on_sale(weeks)
    mean, error = np.full(categories, np.nan), np.full(categories, np.nan)
    members = np.zeros(categories, np.int64)
    guess, spread = np.full(products, start), np.full(products, SPREAD_OF_SLOPES)
    slope, own_error = found.slope.copy(), found.error.copy()
    for code in range(categories):
        of_category = weeks.category == code
        kept, by_year = (_category(weeks, each, of_category, on_sale) for each in (found, yearly))
        if kept is not None and by_year is not None and _contradicts(by_year, kept):
            kept = by_year
            slope[of_category], own_error[of_category] = yearly.slope[of_category], yearly.error[of_category]
        members[code] = np.count_nonzero(of_category & _usable(slope, own_error, on_sale))
        if kept is None:
            continue
        mean[code], error[code] = kept.mean, np.sqrt(kept.variance + LEARNING_ERROR**2)
        guess[of_category], spread[of_category] = kept.mean, kept.spread
    usable = _usable(slope, own_error, on_sale)
    unpooled_weight = np.where(usable, spread**2 / (spread**2 + np.where(usable, own_error, 1.0) ** 2), 0.0)
    guess = guess + unpooled_weight * (np.where(usable, slope, guess) - guess)
    total_error = np.sqrt(own_error**2 + LEARNING_ERROR**2)
    identified = usable & (total_error <= LARGEST_OPINION_ERROR)
    opinions = Opinions(
        elasticity=np.where(identified, slope, np.nan),
        std_error=np.where(identified, total_error, np.nan),
        weeks=on_sale,
        category=mean,
        category_error=error,
        category_products=members,
        metrics={},
    )
    return opinions, guess, spread


def _usable(slope: FloatArray, error: FloatArray, on_sale: IntArray) -> BoolArray:
    return np.isfinite(slope) & (on_sale >= FEWEST_WEEKS_TO_LEARN_FROM) & (error < TOO_VAGUE_A_SLOPE)


def _category(weeks: Weeks, found: Slopes, members: BoolArray, on_sale: IntArray) -> _Category | None:
    """Mean over the members (P,) of a category; None where too few of them say something."""
    some = np.flatnonzero(members & _usable(found.slope, found.error, on_sale))
    if some.size < FEWEST_PRODUCTS_WITH_OPINIONS:
        return None
    variance = between(found.slope[some], found.error[some] ** 2)
    if not np.isfinite(variance):
        return None
    weight = 1.0 / (found.error[some] ** 2 + variance)
    weight /= weight.sum()
    of_mean = _two_way(weeks, found.influence, some, weight) + variance / some.size
    return _Category(float((weight * found.slope[some]).sum()), of_mean, float(np.sqrt(variance)))


def _contradicts(yearly: _Category, residual: _Category) -> bool:
    """Whether the comparison with other years differs by more than chance (Hausman 1978); the other is the sharper one if
    nothing comes back every year, so what lies between them varies by what the first varies more."""
    varies = max(yearly.variance - residual.variance, yearly.variance / 2)
    return (yearly.mean - residual.mean) ** 2 > CONTRADICTION**2 * varies


def between(slope: FloatArray, variance: FloatArray) -> float:
    """Variance of the products around their mean beyond their errors (Paule and Mandel 1982); nan where it did not settle."""
    found = 0.0
    for _ in range(SPREAD_STEPS):
        weight = 1.0 / (variance + found)
        mean = (weight * slope).sum() / weight.sum()
        squares = (weight * (slope - mean) ** 2).sum()
        excess = squares - (slope.size - 1)
        step = excess / max((weight**2 * (slope - mean) ** 2).sum(), 1e-12)
        if found + step <= 0.0:
            return 0.0
        found += step
        if abs(step) < 1e-6:
            return float(found)
    return float("nan")


def _two_way(weeks: Weeks, influence: FloatArray, some: IntArray, weight: FloatArray) -> float:
    """Variance of a weighted mean of slopes, clustered by week and by blocks of a product (Cameron, Gelbach and Miller 2011)."""
    of = np.zeros(weeks.category.size)
    of[some] = weight
    cells = influence * of[weeks.product]
    blocks = weeks.weeks // WEEKS_A_CLUSTER + 1
    by_product = np.bincount(pair_key(weeks.product, weeks.column // WEEKS_A_CLUSTER, blocks), cells)
    by_week = np.bincount(weeks.column, cells)
    both = np.bincount(pair_key(weeks.product, weeks.column, weeks.weeks), cells)
    variance = (by_product**2).sum() + (by_week**2).sum() - (both**2).sum()
    return float(max(variance, (by_product**2).sum()))


def weeks_on_sale(weeks: Weeks) -> IntArray:
    """(P,) weeks in which each product was on sale."""
    product, _, _ = distinct_pairs(weeks.product, weeks.column)
    return np.asarray(np.bincount(product, minlength=weeks.category.size), np.int64)


def _explained(units: FloatArray, mean: FloatArray, usual: FloatArray) -> float:
    variation = float(((units - usual) ** 2 / usual).sum())
    return 1 - float(((units - mean) ** 2 / usual).sum()) / variation if variation > 0 else 0.0


def _with_metrics(opinions: Opinions, metrics: dict[str, float]) -> Opinions:
    from dataclasses import replace

    return replace(opinions, metrics=metrics)
