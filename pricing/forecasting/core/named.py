"""Forecasting single products by a method that was asked for, and choosing one by its backtest."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np

from pricing.elasticity.core.constants import FREQUENCY_ALPHA, PROFILE_ALPHA
from pricing.forecasting.core.backtest import (
    HIGH,
    HORIZON,
    LOW,
    Accuracy,
    accuracy,
    origin_columns,
    relative_errors,
    row_quantiles,
    run_backtest,
    score,
)
from pricing.forecasting.core.batch import ShopModel
from pricing.forecasting.core.lines import forecast_lines
from pricing.forecasting.core.panel import DemandPanel
from pricing.forecasting.core.textbook import (
    SES_ALPHA,
    Iterated,
    forecast_linear,
    forecast_seasonal,
    forecast_ses,
    forecast_weekday_ses,
    holt_winters,
)
from pricing.sales.core.arrays import FloatArray, IntArray

DEFAULT: Final = "lines"
AUTO: Final = "auto"
FEWEST_ORIGINS: Final = 2
"""Origins of a backtest below which `auto` stays with the default."""

SMOOTHING: Final = MappingProxyType(
    {DEFAULT: FREQUENCY_ALPHA, "weekday_ses": PROFILE_ALPHA, "ses": SES_ALPHA, "seasonal": SES_ALPHA}
)
"""By how much a method's level follows the newest day; those that are absent smooth no level alone."""

_PLAIN: Final = MappingProxyType(
    {
        "weekday_ses": forecast_weekday_ses,
        "ses": forecast_ses,
        "linear": forecast_linear,
        "seasonal": forecast_seasonal,
    }
)
METHODS: Final = (DEFAULT, *_PLAIN, "holt_winters")


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
    converged, iterations : whether every fit settled, in the backtest too, and the most iterations of one.
    """

    method: str
    units: FloatArray
    error_low: float
    error_high: float
    measured: Accuracy
    naive: Accuracy
    origins: int
    converged: bool = True
    iterations: int = 0


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
    fits: list[Iterated] = []

    def method(known: DemandPanel, number: int, ahead: int = HORIZON) -> FloatArray:
        if name == DEFAULT:
            # A panel longer than the model has origins that the model has no priors of: its newest are earlier.
            past = model.priors[1:] or model.priors
            return forecast_lines(known, category, past[min(number, len(past) - 1)], ahead)
        if name in _PLAIN:
            return _PLAIN[name](known, ahead)
        fits.append(holt_winters(known, ahead))
        return fits[-1].units

    test = run_backtest(panel, method, origin_columns(panel.days))
    low, high = row_quantiles(relative_errors(test), (LOW, HIGH))
    measured, naive = accuracy(test)
    newest = (
        forecast_lines(panel, category, model.priors[0], days) if name == DEFAULT else method(panel, 0, days)
    )
    return NamedForecast(
        name,
        newest[0],
        float(low[0]),
        float(high[0]),
        measured,
        naive,
        int(test.valid.sum()),
        converged=all(fit.converged for fit in fits),
        iterations=max((fit.iterations for fit in fits), default=0),
    )


def choose(candidates: Mapping[str, NamedForecast]) -> str:
    """The method that did best in its own backtest; the default where there is none, or on a draw.

    A method whose fit did not settle is not chosen.
    """
    best, best_score = DEFAULT, float("inf")
    for name in METHODS:
        tried = candidates.get(name)
        if tried is None or tried.origins < FEWEST_ORIGINS or not tried.converged:
            continue
        reached = float(score(tried.measured)[0])
        if np.isfinite(reached) and reached < best_score:
            best, best_score = name, reached
    return best
