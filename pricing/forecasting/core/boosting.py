"""The boosted forecast: the default averaged with a gradient-boosted model that all products teach together.

The model says by how much the default should have been multiplied: its target is units sold in 28 days over units
expected (and one more), weighted by the latter, which under the Poisson loss is the same as an offset. scikit-learn
does the boosting; it is an extra, and is imported only when a model is learned.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, Final

import numpy as np

from pricing.elasticity.core.constants import BOOSTING, LEAST_EXPECTED, MOST_TIMES_DEFAULT
from pricing.forecasting.core.backtest import (
    HORIZON,
    Accuracy,
    Backtest,
    accuracy,
    origin_columns,
    run_backtest,
)
from pricing.forecasting.core.features import CATEGORY_COLUMN, PricePanel, category_feature, features
from pricing.forecasting.core.lines import INACTIVE_DAYS, fit_priors, forecast_lines
from pricing.forecasting.core.panel import DemandPanel
from pricing.sales.core.arrays import BoolArray, FloatArray, IntArray

BOOSTED: Final = "boosted"
EXTRA: Final = "sklearn"
FEWEST_SERIES: Final = 200
MORE_THAN_DAYS: Final = 365
BACKTEST_ORIGINS: Final = 3
FIRST_ORIGIN: Final = 56
"""Days of history before the first origin that is learned from."""
STEP: Final = 7
MOST_ROWS: Final = 250_000
"""Products times origins that are learned from: more make a job longer and a small model no better."""
CLEAR_WIN: Final = 0.02
"""Part of the default's error by which the boosted forecast has to be better to be chosen: less can be luck (decision 63)."""
CHANGED_PRICE: Final = 0.02
"""Smallest relative difference of list prices that counts as a change of price."""


@dataclass(frozen=True, slots=True)
class ShopMeasures:
    """How far off 28-day totals of all products were: fractions of all units sold; `pinball` of a day's interval.

    `wape_price_changed` is the error of the totals in whose 28 days the list price was another than before, `wapes` that of
    each origin, the newest first.
    """

    wape: float
    bias: float
    pinball: float
    wape_price_changed: float
    wapes: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class BoostedForecasts:
    """What the boosted model makes of P products.

    Attributes
    ----------
    ratio : (P,) the boosted forecast of the next 28 days over the default's; 1 where the default expects nothing.
    measured, naive : accuracy from up to three origins, of the boosted and of the seasonal naive forecast.
    origins : (P,) origins that the product took part in.
    shop_boosted, shop_default : of all products together at these origins.
    """

    ratio: FloatArray
    measured: Accuracy
    naive: Accuracy
    origins: IntArray
    shop_boosted: ShopMeasures
    shop_default: ShopMeasures


@dataclass(frozen=True, slots=True)
class Learned:
    """A model and which of the columns it was learned from; the others were never known."""

    model: Any
    columns: IntArray


def is_installed() -> bool:
    """Whether scikit-learn is there, without importing it."""
    return find_spec(EXTRA) is not None


def refusal(series: int, days: int) -> str | None:
    """Why a shop is too small for the boosted model, in one sentence; None where it is not.

    Parameters
    ----------
    series : products that sold within the last 91 days.
    days : days of sales history.
    """
    if series >= FEWEST_SERIES and days > MORE_THAN_DAYS:
        return None
    return (
        f"The boosted forecast needs {FEWEST_SERIES} products that sold in the last {INACTIVE_DAYS} days and more than "
        f"{MORE_THAN_DAYS} days of sales; this shop has {series:,} such products and {days:,} days. Ask for another method."
    )


def gain_over_default(shop: Mapping[str, Mapping[str, Any]]) -> float | None:
    """By which part of its error the default was worse than the boosted forecast, over the shop's newest 84 days.

    Parameters
    ----------
    shop : measures of `boosted` and `default` by their names, as they are stored; None where they were not measured.
    """
    boosted, default = (shop.get(name, {}).get("wape") for name in (BOOSTED, "default"))
    return None if boosted is None or not default else float(1 - boosted / default)


def wins_clearly(shop: Mapping[str, Mapping[str, Any]]) -> bool:
    """Whether the boosted forecast was better at each of the three origins, and by `CLEAR_WIN` or more in all.

    All products have one answer: their errors of one month have causes in common, so that of thousands of products hardly more
    can be learned than of a few months, and of one product nothing.
    """
    boosted, default = (shop.get(name, {}).get("wapes") or () for name in (BOOSTED, "default"))
    gain = gain_over_default(shop)
    if gain is None or len(boosted) < BACKTEST_ORIGINS or None in (*boosted, *default):
        return False
    return gain >= CLEAR_WIN and all(ours < theirs for ours, theirs in zip(boosted, default, strict=True))


def series_of(panel: DemandPanel) -> int:
    """Products that sold within the last 91 days of a panel."""
    return int(((panel.stop > 0) & (panel.days - panel.stop < INACTIVE_DAYS)).sum())


def fit_boosted(panel: DemandPanel, prices: PricePanel, category: IntArray) -> BoostedForecasts:
    """Forecast all products of a shop by the average of default and boosted model, and measure it on the past.

    One model is learned from all of the history. The backtest's is another, learned from what was known at the oldest of
    its three origins.

    Parameters
    ----------
    panel, prices : all products' sales and prices up to the as-of day.
    category : (P,) 0..C-1, -1 for none.

    Raises
    ------
    ValueError : there is no past to learn from, which `refusal` would have said.
    ModuleNotFoundError : scikit-learn is not installed.
    """
    columns = origin_columns(panel.days, BACKTEST_ORIGINS)
    past = learn(panel.until(columns[-1]), prices.until(columns[-1]), category)
    default = run_backtest(panel, lambda known, number: _default(known, category), columns)
    boosted = run_backtest(
        panel,
        lambda known, number: (
            _default(known, category) * ratios(past, known, prices.until(known.days), category)[:, None]
        ),
        columns,
    )
    measured, naive = accuracy(boosted)
    changed = price_changed(prices, columns)
    return BoostedForecasts(
        ratio=ratios(learn(panel, prices, category), panel, prices, category),
        measured=measured,
        naive=naive,
        origins=boosted.valid.sum(axis=1),
        shop_boosted=_of_the_shop(boosted, measured, changed),
        shop_default=_of_the_shop(default, accuracy(default)[0], changed),
    )


def learn(known: DemandPanel, prices: PricePanel, category: IntArray) -> Learned:
    """Learn from what each product sold in the 28 days after past origins, a week or more apart.

    What is known of an origin ends with it, and the 28 days after it end with the panel at the latest.
    """
    parts = [
        _example(known, prices.until(column), category, column)
        for column in _past_origins(known.days, known.units.shape[0])
    ]
    if not parts:
        raise ValueError(f"There is nothing to learn from in {known.days} days of sales.")
    rows, ratio, weight = (np.concatenate([part[place] for part in parts]) for place in range(3))
    columns = np.flatnonzero(np.isfinite(rows).any(axis=0))
    model = _fit(rows[:, columns], ratio, weight, columns == CATEGORY_COLUMN)
    return Learned(model, columns)


def ratios(learned: Learned, known: DemandPanel, prices: PricePanel, category: IntArray) -> FloatArray:
    """(P,) by how much the average of default and model differs from the default, as of the panel's end."""
    expected = _default(known, category).sum(axis=1)
    rows = features(known, prices, category_feature(category), expected)
    with _one_thread():
        units = learned.model.predict(rows[:, learned.columns]) * (expected + LEAST_EXPECTED)
    times = np.divide(units, expected, out=np.ones(expected.size), where=expected > 0)
    return np.asarray((1 + np.clip(times, 0.0, MOST_TIMES_DEFAULT)) / 2)


def price_changed(prices: PricePanel, columns: Sequence[int]) -> BoolArray:
    """(P, K) whether the mean list price of the 28 days after each origin is another than the one known before it."""
    found = np.zeros((prices.price.shape[0], len(columns)), np.bool_)
    for number, column in enumerate(columns):
        before = prices.price[:, column - 1]
        after = prices.price[:, column : column + HORIZON].mean(axis=1)
        # Without an earlier price nothing can have changed.
        found[:, number] = np.abs(after / before - 1) > CHANGED_PRICE
    return found


def _past_origins(days: int, products: int) -> Sequence[int]:
    """Columns to learn from, newest first."""
    step = STEP
    while len(range(days - HORIZON, FIRST_ORIGIN - 1, -step)) * products > MOST_ROWS and step < days:
        step += STEP
    return range(days - HORIZON, FIRST_ORIGIN - 1, -step)


def _example(
    panel: DemandPanel, prices: PricePanel, category: IntArray, column: int
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Features, units sold over units expected, and weights, of the products of which the default expected anything."""
    known = panel.until(column)
    expected = _default(known, category).sum(axis=1)
    live = expected > 0
    rows = features(known, prices, category_feature(category), expected)
    weight = expected + LEAST_EXPECTED
    sold = panel.units[:, column : column + HORIZON].sum(axis=1)
    return rows[live], (sold / weight)[live], weight[live]


def _fit(rows: FloatArray, ratio: FloatArray, weight: FloatArray, categorical: Any) -> Any:
    from sklearn.ensemble import HistGradientBoostingRegressor

    with _one_thread():
        return HistGradientBoostingRegressor(categorical_features=categorical, **BOOSTING).fit(
            rows, ratio, sample_weight=weight
        )


def _one_thread() -> Any:
    """Sums in the same order every time, and a core left for whoever asks the server something."""
    from threadpoolctl import threadpool_limits

    return threadpool_limits(limits=1, user_api="openmp")


def _default(known: DemandPanel, category: IntArray) -> FloatArray:
    """(P, 28) the default's forecast with what products share as of the panel's end."""
    priors = fit_priors(known, category, int(category.max(initial=-1)) + 1)
    return forecast_lines(known, category, priors, HORIZON)


def _of_the_shop(test: Backtest, measured: Accuracy, changed: BoolArray) -> ShopMeasures:
    """One figure for all products: errors, losses and sales added up."""
    days = test.valid[:, :, None]
    error = np.where(days, test.forecast - test.actual, 0.0).sum(axis=2)
    units = np.where(days, test.actual, 0.0).sum(axis=2)
    loss = float(np.nansum(measured.pinball * HORIZON * test.valid.sum(axis=1)))

    def share(part: float, of: float) -> float:
        return part / of if of > 0 else float("nan")

    sold = float(units.sum())
    return ShopMeasures(
        wape=share(float(np.abs(error).sum()), sold),
        bias=share(float(error.sum()), sold),
        pinball=share(loss, sold),
        wape_price_changed=share(float(np.abs(error[changed]).sum()), float(units[changed].sum())),
        wapes=tuple(map(share, np.abs(error).sum(axis=0).tolist(), units.sum(axis=0).tolist())),
    )
