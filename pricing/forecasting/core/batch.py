"""Forecasting every product by the default method: what is learned of the shop, and a row for each product."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from functools import partial
from typing import Any, Final, Self

import numpy as np

from pricing.elasticity.core.constants import (
    ERROR_CLASS_EDGES,
    LEAST_ALIKE,
    OWN_PURCHASES,
    WORTH_SHRINKING,
)
from pricing.forecasting.core.backtest import (
    FEWEST_ERRORS,
    HIGH,
    HORIZON,
    LOW,
    Accuracy,
    Backtest,
    accuracy,
    origin_columns,
    relative_errors,
    row_quantiles,
    run_backtest,
)
from pricing.forecasting.core.choice import choose_methods, stored_components
from pricing.forecasting.core.components import DIGITS, MONTHS, PARTS, Components, by_parts
from pricing.forecasting.core.lines import (
    Priors,
    PurchaseRates,
    blended_frequency,
    fit_priors,
    forecast_lines,
    purchase_rates,
)
from pricing.forecasting.core.panel import DemandPanel, expected_profile, profile_of_days
from pricing.forecasting.core.season_choice import (
    category_seasons,
)
from pricing.sales.core.arrays import BoolArray, FloatArray, IntArray

WINDOW_DAYS: Final = 731
"""History that is looked at: older days weigh nothing in the default method."""


@dataclass(frozen=True, slots=True)
class ShopModel:
    """What the last full run learned about all products together.

    Attributes
    ----------
    first_day, shop_units : the shop's units a day from that day on; the day after the last is the as-of day.
    categories : C names, in the order of the priors.
    priors : as of now and, to forecast the past with what was known then, as of each origin of the backtest.
    error_quantiles : (classes, 2) 10 % and 90 % quantiles of the relative errors of a day, by expected units.
    seasons : (C + 1, 36) yearly season of each category and, last, the shop, as of now and of each of the origins of
        `season_columns`; ones where the past says that none is to be used.
    """

    first_day: int
    shop_units: FloatArray
    categories: list[str]
    priors: list[Priors]
    error_quantiles: FloatArray
    seasons: list[FloatArray]

    @property
    def as_of(self) -> int:
        return self.first_day + self.shop_units.size

    def category_codes(self, names: list[str]) -> IntArray:
        """Number categories as the priors do; -1, the shop, for one that is empty or unknown."""
        number = {name: code for code, name in enumerate(self.categories)}
        return np.array([number.get(name, -1) for name in names], np.int64)

    def as_json(self) -> dict[str, Any]:
        return {
            "first_day": self.first_day,
            "shop_units": self.shop_units.tolist(),
            "categories": self.categories,
            "priors": [
                [each.frequency.tolist(), each.quantity.tolist(), each.own_purchases] for each in self.priors
            ],
            "error_limits": self.error_quantiles.tolist(),
            "seasons": [each.round(DIGITS).tolist() for each in self.seasons],
        }

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Self:
        return cls(
            first_day=stored["first_day"],
            shop_units=np.array(stored["shop_units"], np.float64),
            categories=stored["categories"],
            priors=[
                Priors(np.array(frequency), np.array(quantity), *own)
                for frequency, quantity, *own in stored["priors"]
            ],
            error_quantiles=np.array(stored["error_limits"], np.float64).reshape(-1, 2),
            # Models of earlier releases have none, or one of months.
            seasons=[
                by_parts(season) if season.shape[1] == MONTHS else season
                for season in (
                    np.array(each, np.float64)
                    for each in stored.get("seasons", [np.ones((len(stored["categories"]) + 1, PARTS))])
                )
            ],
        )


@dataclass(frozen=True, slots=True)
class DefaultForecasts:
    """The default method's forecasts of P products, each as of the day `through`.

    Attributes
    ----------
    rates : purchase frequency, exposure, units per purchase and flags.
    through : (P,) the day after the last one looked at.
    error_low, error_high : (P,) 10 % and 90 % quantiles of a day's relative error.
    measured, naive : accuracy in the backtest, of the method and of the seasonal naive forecast.
    origins : (P,) origins of the backtest that the product took part in.
    components : of the products that another method than the default forecasts, as they are stored, by row.
    """

    rates: PurchaseRates
    through: IntArray
    error_low: FloatArray
    error_high: FloatArray
    measured: Accuracy
    naive: Accuracy
    origins: IntArray
    components: dict[int, dict[str, Any]]


def fit_shop_model(panel: DemandPanel, category: IntArray, categories: list[str]) -> ShopModel:
    """Learn what products share from a panel of all of them that ends at the as-of day.

    Parameters
    ----------
    category : (P,) index into `categories`, -1 for none.
    """
    columns = [panel.days, *origin_columns(panel.days)]
    priors = [fit_priors(panel.until(column), category, len(categories)) for column in columns]
    chosen = choose_own_purchases(panel, category, priors, columns)
    priors = [replace(each, own_purchases=own) for each, own in zip(priors, chosen, strict=True)]
    test = run_backtest(panel, _default_method(category, priors), columns[1:])
    expected = purchase_rates(panel, category, priors[0]).units
    quantiles = _class_quantiles(_at_like_levels(test, expected), np.digitize(expected, ERROR_CLASS_EDGES))
    seasons = category_seasons(panel, category, len(categories), priors)
    return ShopModel(panel.first_day, panel.shop_units, categories, priors, quantiles, seasons)


def choose_own_purchases(
    panel: DemandPanel, category: IntArray, priors: Sequence[Priors], columns: Sequence[int]
) -> list[float]:
    """Learn from the shop's past how far products' frequencies are to be drawn to their own long run.

    Where fashions change, purchases of late say it all (0); where products sell as they always did, an unusual month is
    chance. Of `OWN_PURCHASES` the one that would have erred least over 28 days, by squared errors in relation to the
    usual sales, if that is at least a hundredth less than by purchases of late alone.

    Parameters
    ----------
    priors, columns : of now and of the origins, in the panel's columns.

    Returns
    -------
    What was best for each of them, judged by the 28 days that lay before it.
    """
    losses = np.zeros((len(columns), len(OWN_PURCHASES)))
    for number, (known, at) in enumerate(zip(priors, columns, strict=True)):
        came = panel.units[:, at : at + HORIZON].sum(axis=1)
        if at + HORIZON > panel.days:
            continue
        before = panel.until(at)
        rates = purchase_rates(before, category, known)
        month = profile_of_days(expected_profile(before), before.end, HORIZON).sum() * rates.quantity
        judged = (before.start <= at - HORIZON) & ~rates.inactive & ~rates.new & ~rates.intermittent
        for candidate, own in enumerate(OWN_PURCHASES):
            expected = month * blended_frequency(rates.recent, rates.exposure, rates.usual, own)
            error = (came - expected) ** 2 / (1 + month * rates.usual)
            losses[number, candidate] = error[judged].sum()
    past = np.array(columns)[:, None] >= np.array(columns) + HORIZON
    chosen = []
    for loss in past.astype(np.float64) @ losses:
        best = int(loss.argmin())
        chosen.append(OWN_PURCHASES[best] if loss[best] < WORTH_SHRINKING * loss[0] else 0.0)
    return chosen


def fit_default(
    panel: DemandPanel, category: IntArray, model: ShopModel, spread: BoolArray | None = None
) -> DefaultForecasts:
    """Forecast products against what the shop model says of the others.

    A product's row depends on its own sales and the model alone, not on which other products are in the panel.

    Parameters
    ----------
    panel : begins with the model's first day and reaches at least to its as-of day.
    category : (P,) as the model numbers them.
    spread : (P,) whether the product's days are parts of a week's or month's total.
    """
    known = panel.until(model.as_of - panel.first_day)
    columns = np.maximum(panel.stop, known.days)
    rates = purchase_rates(known, category, model.priors[0])
    for column in np.unique(columns[columns > known.days]).tolist():
        members = np.flatnonzero(columns == column)
        found = purchase_rates(panel.take(members).until(column), category[members], model.priors[0])
        for field in fields(PurchaseRates):
            getattr(rates, field.name)[members] = getattr(found, field.name)
    origins = origin_columns(known.days)
    default = run_backtest(known, _default_method(category, model.priors), origins)
    choice = choose_methods(known, category, model.priors, model.seasons, default, origins, spread)
    test = choice.test
    chosen: dict[int, dict[str, Any]] = {}
    for column in np.unique(columns).tolist():
        rows, until = np.flatnonzero(columns == column), panel.until(column)
        chosen |= stored_components(until, category, model.priors[0], model.seasons[0], choice, rows)
    units = rates.units
    for row, stored in chosen.items():
        units[row] = Components.from_json(stored).units(panel.first_day + int(columns[row]), HORIZON).mean()
    errors = _at_like_levels(test, units)
    low, high = row_quantiles(errors, (LOW, HIGH))
    few = np.isfinite(errors).sum(axis=1) < FEWEST_ERRORS
    shared = model.error_quantiles[np.digitize(rates.frequency * rates.quantity, ERROR_CLASS_EDGES)]
    measured, naive = accuracy(test)
    return DefaultForecasts(
        rates=rates,
        through=panel.first_day + columns,
        error_low=np.where(few, shared[:, 0], low),
        error_high=np.where(few, shared[:, 1], high),
        measured=measured,
        naive=naive,
        origins=test.valid.sum(axis=1),
        components=chosen,
    )


def _default_method(category: IntArray, priors: list[Priors]) -> Any:
    """The default as the backtest calls it: with the priors of each origin, which follow those of today."""
    methods = [partial(forecast_lines, category=category, priors=each) for each in priors[1:]]
    return lambda panel, number: methods[number](panel, days=HORIZON)


def _at_like_levels(test: Backtest, units: FloatArray) -> FloatArray:
    """Relative errors (P, n) of origins that expected at least a fifth of what is expected now, nan elsewhere.

    A Christmas product's errors of the summer, when next to nothing was expected, are thousands of times the forecast;
    they do not identify December.
    """
    errors = relative_errors(test)
    alike = test.forecast.mean(axis=2) >= LEAST_ALIKE * units[:, None]
    return np.where(np.repeat(alike, test.forecast.shape[2], axis=1), errors, np.nan)


def _class_quantiles(errors: FloatArray, size_class: IntArray) -> FloatArray:
    """Quantiles of the errors of all products of a class; a class without enough of them takes everybody's."""
    found = []
    for number in range(len(ERROR_CLASS_EDGES) + 1):
        members = errors[size_class == number]
        enough = np.isfinite(members).sum() >= FEWEST_ERRORS
        low, high = row_quantiles((members if enough else errors).reshape(1, -1), (LOW, HIGH))
        found.append([low[0], high[0]])
    # Nothing is known yet of a shop without 28 days: from nothing to thrice the forecast.
    return np.where(np.isfinite(found), found, [-1.0, 2.0])
