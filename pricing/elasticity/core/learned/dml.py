"""Double machine learning (Chernozhukov et al. 2018): regress residual sales on the residual of the price.

Boosted trees learn, on other weeks and products, the units of a week and its log price from everything but the price.
What a product's units have to do with the rest of its price is then a Poisson regression with the predicted units as
exposure: residual on residual, for counts.
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
    STEEPEST,
    TOO_VAGUE_A_SLOPE,
    WEEKS_A_CLUSTER,
)
from pricing.elasticity.core.learned.features import Weeks, expected_units, features, learn
from pricing.elasticity.core.learned.opinions import Opinions
from pricing.sales.core.arrays import FloatArray, IntArray
from pricing.sales.core.grouping import distinct_pairs, pair_key

FOLDS: Final = 3
ROUNDS: Final = 2
STEPS: Final = 25
SPREAD_STEPS: Final = 50
LEAST_INFORMATION: Final = 1e-6
SETTLED: Final = 1e-3
"""Last step of a slope below which its search has settled: far below any standard error."""


@dataclass(frozen=True, slots=True)
class Slopes:
    """Residual on residual, product by product: slope and error (P,), nan where undefined; influence of each cell (n,)."""

    slope: FloatArray
    error: FloatArray
    influence: FloatArray


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
        opinions, guess, spread = _pooled_by_category(weeks, found, start)
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


def residual_slopes(weeks: Weeks, mean: FloatArray, price: FloatArray) -> Slopes:
    """Regress each product's units on the unforeseen part of its price, with predicted units as exposure.

    Quasi-likelihood with variance m + a m^2, a pooled; errors are clustered by blocks of four weeks of a product.

    Parameters
    ----------
    mean : (n,) units predicted without the price.
    price : (n,) log price less what was predicted of it.
    """
    products, product = weeks.category.size, weeks.product

    def total(values: FloatArray) -> FloatArray:
        return np.asarray(np.bincount(product, values, products), np.float64)

    noise = max(float(((weeks.units - mean) ** 2 - mean).sum() / (mean**2).sum()), 0.0)
    level, slope = np.zeros(products), np.zeros(products)
    for step in range(STEPS + 1):
        expected = mean * np.exp(np.clip(level[product] + slope[product] * price, -8.0, 8.0))
        weight = 1.0 / (1.0 + noise * expected)
        surprise = weight * (weeks.units - expected)
        ones, cross, square = (total(weight * expected * price**power) for power in range(3))
        determinant = ones * square - cross**2
        identified = determinant > LEAST_INFORMATION * np.maximum(ones, 1.0)
        if step == STEPS:
            break
        safe = np.where(identified, determinant, 1.0)
        first, second = total(surprise), total(surprise * price)
        level += np.where(identified, np.clip((square * first - cross * second) / safe, -1.0, 1.0), 0.0)
        moved = np.where(identified, np.clip((ones * second - cross * first) / safe, -2.0, 2.0), 0.0)
        slope += moved
    information = np.where(identified, determinant / np.where(ones > 0, ones, 1.0), 1.0)
    centred = price - (cross / np.where(ones > 0, ones, 1.0))[product]
    influence = surprise * centred / information[product]
    blocks = weeks.weeks // WEEKS_A_CLUSTER + 1
    block = pair_key(product, weeks.column // WEEKS_A_CLUSTER, blocks)
    of_block = np.repeat(np.arange(products), blocks)
    clustered = np.bincount(block, influence, products * blocks)
    clusters = np.bincount(of_block, np.bincount(block, minlength=products * blocks) > 0, products)
    variance = np.bincount(of_block, clustered**2, products) * clusters / np.maximum(clusters - 2, 1)
    # A product whose search did not settle gets no estimate.
    identified &= np.abs(moved) < SETTLED
    usable = identified & (clusters > 2) & (np.abs(slope) < STEEPEST) & (variance > 0)
    return Slopes(np.where(usable, slope, np.nan), np.where(usable, np.sqrt(variance), np.nan), influence)


def _pooled_by_category(weeks: Weeks, found: Slopes, start: float) -> tuple[Opinions, FloatArray, FloatArray]:
    """Opinions on products and categories; the best guess of each product, and the spread of products around it."""
    products, categories = weeks.category.size, int(weeks.category.max(initial=-1)) + 1
    on_sale = weeks_on_sale(weeks)
    usable = (
        np.isfinite(found.slope) & (on_sale >= FEWEST_WEEKS_TO_LEARN_FROM) & (found.error < TOO_VAGUE_A_SLOPE)
    )
    mean, error = np.full(categories, np.nan), np.full(categories, np.nan)
    members = np.bincount(weeks.category[usable & (weeks.category >= 0)], minlength=categories)
    guess, spread = np.full(products, start), np.full(products, SPREAD_OF_SLOPES)
    for code in np.flatnonzero(members >= FEWEST_PRODUCTS_WITH_OPINIONS).tolist():
        some = np.flatnonzero(usable & (weeks.category == code))
        variance = between(found.slope[some], found.error[some] ** 2)
        if not np.isfinite(variance):
            continue
        weight = 1.0 / (found.error[some] ** 2 + variance)
        weight /= weight.sum()
        mean[code] = (weight * found.slope[some]).sum()
        error[code] = np.sqrt(
            _two_way(weeks, found.influence, some, weight) + variance / some.size + LEARNING_ERROR**2
        )
        of_category = weeks.category == code
        guess[of_category], spread[of_category] = mean[code], np.sqrt(variance)
    unpooled_weight = np.where(usable, spread**2 / (spread**2 + np.where(usable, found.error, 1.0) ** 2), 0.0)
    guess = guess + unpooled_weight * (np.where(usable, found.slope, guess) - guess)
    total_error = np.sqrt(found.error**2 + LEARNING_ERROR**2)
    identified = usable & (total_error <= LARGEST_OPINION_ERROR)
    opinions = Opinions(
        elasticity=np.where(identified, found.slope, np.nan),
        std_error=np.where(identified, total_error, np.nan),
        weeks=on_sale,
        category=mean,
        category_error=error,
        category_products=members,
        metrics={},
    )
    return opinions, guess, spread


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
