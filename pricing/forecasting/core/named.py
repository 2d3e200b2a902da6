"""Forecasting single products by a method that was asked for, and choosing one by its backtest."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

import numpy as np

from pricing.forecasting.core.backtest import (
    HIGH,
    LOW,
    Accuracy,
    Method,
    accuracy,
    origin_columns,
    relative_errors,
    row_quantiles,
    run_backtest,
    score,
)
from pricing.forecasting.core.batch import ShopModel
from pricing.forecasting.core.holt_winters import forecast_holt_winters
from pricing.forecasting.core.lines import RATE_ALPHA, forecast_lines
from pricing.forecasting.core.panel import DemandPanel, FloatArray, IntArray
from pricing.forecasting.core.textbook import (
    PROFILE_ALPHA,
    SEED_ALPHA,
    forecast_linear,
    forecast_seasonal,
    forecast_ses,
    forecast_weekday_ses,
)

DEFAULT: Final = "lines"
AUTO: Final = "auto"
METHODS: Final = (DEFAULT, "weekday_ses", "ses", "linear", "seasonal", "holt_winters")
FEWEST_ORIGINS: Final = 2
"""Origins of a backtest below which `auto` stays with the default."""

SMOOTHING: Final = MappingProxyType(
    {DEFAULT: RATE_ALPHA, "weekday_ses": PROFILE_ALPHA, "ses": SEED_ALPHA, "seasonal": SEED_ALPHA}
)
"""By how much a method's level follows the newest day; those that are absent smooth no level alone."""

_PLAIN: Final = MappingProxyType(
    {
        "weekday_ses": forecast_weekday_ses,
        "ses": forecast_ses,
        "linear": forecast_linear,
        "seasonal": forecast_seasonal,
        "holt_winters": forecast_holt_winters,
    }
)


@dataclass(frozen=True, slots=True)
class NamedForecast:
    """One product's forecast by one method.

    Attributes
    ----------
    method : its name.
    units : (days,) expected units.
    error_low, error_high : quantiles of a day's relative error in the backtest, nan without one.
    measured, naive : accuracy there, of the method and of the seasonal naive forecast; (1,) each.
    origins : how many origins the backtest had.
    """

    method: str
    units: FloatArray
    error_low: float
    error_high: float
    measured: Accuracy
    naive: Accuracy
    origins: int


def forecast_by(
    name: str, panel: DemandPanel, category: IntArray, model: ShopModel, days: int
) -> NamedForecast:
    """Forecast the one product of a panel by a method.

    Raises
    ------
    ValueError : there is no such method.
    """
    if name not in METHODS:
        raise ValueError(f"There is no method {name!r}. Known: {', '.join((*METHODS, AUTO))}.")
    test = run_backtest(panel, _method(name, category, model), origin_columns(panel.days))
    low, high = row_quantiles(relative_errors(test), (LOW, HIGH))
    measured, naive = accuracy(test)
    units = (
        forecast_lines(panel, category, model.priors[0], days)
        if name == DEFAULT
        else _PLAIN[name](panel, days)
    )
    return NamedForecast(
        name, units[0], float(low[0]), float(high[0]), measured, naive, int(test.valid.sum())
    )


def choose(candidates: Mapping[str, NamedForecast]) -> str:
    """The method that did best in its own backtest; the default where there is none, or on a draw."""
    best, best_score = DEFAULT, float("inf")
    for name in METHODS:
        if name not in candidates or candidates[name].origins < FEWEST_ORIGINS:
            continue
        reached = float(score(candidates[name].measured)[0])
        if np.isfinite(reached) and reached < best_score:
            best, best_score = name, reached
    return best


def _method(name: str, category: IntArray, model: ShopModel) -> Method:
    if name != DEFAULT:
        return lambda panel, number: _PLAIN[name](panel, 28)
    priors: list[Any] = model.priors[1:] or model.priors

    def default(panel: DemandPanel, number: int) -> FloatArray:
        # A panel longer than the model has origins that the model has no priors of: its newest are earlier.
        return forecast_lines(panel, category, priors[min(number, len(priors) - 1)], 28)

    return default
