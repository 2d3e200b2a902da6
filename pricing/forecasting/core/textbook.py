"""Forecasting methods by name: the textbooks', by statsmodels where it has them, and smoothing by weekday profile.

All take a panel of P products and give (P, days) units for the days after it. Days before a product's first sale are
no history; days on which it sold nothing are zeros. Nothing is forecast below 0. statsmodels is imported by the first
Holt-Winters forecast; it works product by product, which serves the one product that a request names. The other methods
are level, trend and seasonal components, of all products at once.
"""

from typing import Any, Final, NamedTuple

import numpy as np

from pricing.elasticity.core.constants import LARGEST_TREND_SMOOTHING, PROFILE_ALPHA
from pricing.forecasting.core.components import MONTHS, Components, by_parts, components, month_of
from pricing.forecasting.core.panel import (
    DemandPanel,
    expected_profile,
    open_weights,
    weekday_profile,
)
from pricing.sales.core.arrays import BoolArray, FloatArray, IntArray
from pricing.sales.core.calendar import DAYS_A_WEEK

SES_ALPHA: Final = 0.2  # of the textbook's example
DAYS_OF_A_YEAR: Final = 365
FEWEST_DAYS: Final = 2 * DAYS_A_WEEK
OPENING_WEEKS: Final = 4


class Iterated(NamedTuple):
    """Forecasts (P, days) of an iterative fit: whether it settled for every product, and its most iterations."""

    units: FloatArray
    converged: bool
    iterations: int


def forecast_ses(panel: DemandPanel, days: int) -> FloatArray:
    """Simple exponential smoothing with alpha 0.2, begun with the first day: every future day alike."""
    return ses_components(panel).units(panel.end, days)


def ses_components(panel: DemandPanel) -> Components:
    """What `forecast_ses` rests on."""
    return components(panel.end, _ses_level(panel.units, panel.start))


def forecast_weekday_ses(panel: DemandPanel, days: int) -> FloatArray:
    """Simple exponential smoothing, alpha 0.05, of sales divided by the shop's weekday profile.

    Closed days are left out, so that only open days age the level. The weights of the days are made to sum to
    1, so that a short history is not ruled by its first day.
    """
    return weekday_ses_components(panel).units(panel.end, days)


def weekday_ses_components(panel: DemandPanel) -> Components:
    """What `forecast_weekday_ses` rests on."""
    weight = open_weights(panel, weekday_profile(panel))
    opened = np.flatnonzero(weight > 0)
    values = panel.units[:, opened] / weight[opened]
    age = (1 - PROFILE_ALPHA) ** np.arange(opened.size - 1, -1, -1.0)
    counted = (opened >= panel.start[:, None]) @ age
    level = np.divide(values @ age, counted, out=np.zeros(counted.size), where=counted > 0)
    return components(panel.end, level, weekdays=expected_profile(panel))


def forecast_linear(panel: DemandPanel, days: int) -> FloatArray:
    """Linear trend: demand(t) = a + b t by least squares over the history."""
    return linear_components(panel).units(panel.end, days)


def linear_components(panel: DemandPanel) -> Components:
    """What `forecast_linear` rests on."""
    t = np.arange(panel.days, dtype=np.float64) - panel.start[:, None]
    history = t >= 0
    n = history.sum(axis=1)
    t = np.where(history, t, 0.0)
    sum_t, sum_q = t.sum(axis=1), np.where(history, panel.units, 0.0).sum(axis=1)
    spread = n * (t**2).sum(axis=1) - sum_t**2
    product = n * (t * panel.units).sum(axis=1) - sum_t * sum_q
    slope = np.divide(product, spread, out=np.zeros(n.size), where=spread > 0)
    intercept = (sum_q - slope * sum_t) / np.maximum(n, 1)
    return components(panel.end, intercept + slope * n, slope=slope)


def forecast_seasonal(panel: DemandPanel, days: int) -> FloatArray:
    """Seasonal adjustment: base forecast x seasonal index.

    The index of a weekday is its average over the overall average; with a year of history or more a month has
    one, too. The base smooths the sales divided by their index, as `forecast_ses` does: were it smoothed from the sales
    themselves, the season would count twice. On a shop's sales this errs less than an STL decomposition (decision 15).
    """
    return seasonal_components(panel).units(panel.end, days)


def seasonal_components(panel: DemandPanel, *, yearly: bool = True) -> Components:
    """What `forecast_seasonal` rests on; without `yearly`, the same with an index of weekdays alone."""
    start = panel.start
    history = np.arange(panel.days) >= start[:, None]
    month, weekday = month_of(np.arange(panel.first_day, panel.end)), panel.weekday
    by_weekday = _index(panel.units, history, weekday, DAYS_A_WEEK)
    by_month = _index(panel.units, history, month, MONTHS)
    by_month[(panel.days - start < DAYS_OF_A_YEAR) | (not yearly)] = 1.0
    past = by_weekday[:, weekday] * by_month[:, month]
    # Where the index is 0 nothing was ever sold: the day has no information, so it takes the average.
    average = np.where(history, panel.units, 0.0).sum(axis=1) / np.maximum(history.sum(axis=1), 1)
    plain = np.divide(panel.units, past, out=np.repeat(average[:, None], panel.days, axis=1), where=past > 0)
    return components(panel.end, _ses_level(plain, start), weekdays=by_weekday, season=by_parts(by_month))


def forecast_holt_winters(panel: DemandPanel, days: int) -> FloatArray:
    """Holt-Winters smoothing with additive trend and weekly season (Holt 1957, Winters 1960)."""
    return holt_winters(panel, days).units


def holt_winters(panel: DemandPanel, days: int) -> Iterated:
    """Forecast by Holt-Winters, with the smoothing parameters that fit each product's history best.

    Level and season begin with the averages of the first four weeks, the trend with 0. A product with fewer than
    14 days of history is forecast at its mean.
    """
    forecasts, converged, iterations = [], True, 0
    for series in _histories(panel):
        if series.size < FEWEST_DAYS or np.ptp(series) == 0:
            forecasts.append(np.full(days, series.mean() if series.size else 0.0))
            continue
        # Relative to its mean, so that the search for parameters does not depend on the units of measure.
        scale = series.mean()
        fit = _fit_holt_winters(series / scale)
        settled = bool(fit.mle_retvals.success)
        converged, iterations = converged and settled, max(iterations, int(fit.mle_retvals.nit))
        expected = scale * fit.forecast(days)
        converged &= bool(np.isfinite(expected).all())
        forecasts.append(np.maximum(np.nan_to_num(expected, posinf=0.0), 0.0))
    return Iterated(np.array(forecasts).reshape(len(forecasts), days), converged, iterations)


def forecast_seasonal_naive(panel: DemandPanel, days: int) -> FloatArray:
    """The last week again and again: what every other method has to beat."""
    last = panel.units[:, -DAYS_A_WEEK:]
    missing = DAYS_A_WEEK - last.shape[1]
    return np.pad(last, ((0, 0), (missing, 0)))[:, np.arange(days) % DAYS_A_WEEK]


def _histories(panel: DemandPanel) -> list[FloatArray]:
    """Units of each product from its first sale on."""
    return [units[start:] for units, start in zip(panel.units, panel.start.tolist(), strict=True)]


def _ses_level(values: FloatArray, start: IntArray) -> FloatArray:
    """Levels (P,) of simple exponential smoothing, alpha 0.2, of (P, T) values, begun with those of the first columns."""
    days = values.shape[1]
    back = np.arange(days - 1, -1, -1.0)
    history = np.arange(days) >= start[:, None]
    level = np.where(history, values, 0.0) @ (SES_ALPHA * (1 - SES_ALPHA) ** back)
    begun = start < days
    first = values[begun, start[begun]]
    # The first value is the level that smoothing begins with: what all values together lack of a weight of 1.
    level[begun] += first * (1 - SES_ALPHA) ** (days - start[begun])
    return np.asarray(level)


def _fit_holt_winters(series: FloatArray) -> Any:
    from statsmodels.tsa.holtwinters import ExponentialSmoothing

    opening = series[: min(series.size // DAYS_A_WEEK, OPENING_WEEKS) * DAYS_A_WEEK]
    level = float(opening.mean())
    model = ExponentialSmoothing(
        series,
        trend="add",
        seasonal="add",
        seasonal_periods=DAYS_A_WEEK,
        initialization_method="known",
        initial_level=level,
        initial_trend=0.0,
        initial_seasonal=opening.reshape(-1, DAYS_A_WEEK).mean(axis=0) - level,
        bounds={"smoothing_trend": (0.0, LARGEST_TREND_SMOOTHING)},
    )
    with np.errstate(all="ignore"):  # the log likelihood of a perfect fit
        return model.fit(use_brute=False)


def _index(values: FloatArray, history: BoolArray, period: IntArray, periods: int) -> FloatArray:
    """(P, periods) average of each period over the overall average; 1 where there is no average."""
    member = np.zeros((period.size, periods))
    member[np.arange(period.size), period] = 1.0
    counted = history @ member
    kept = np.where(history, values, 0.0)
    average = np.divide(kept @ member, counted, out=np.full(counted.shape, np.nan), where=counted > 0)
    overall = kept.sum(axis=1) / np.maximum(history.sum(axis=1), 1)
    index = np.divide(average, overall[:, None], out=np.ones(counted.shape), where=overall[:, None] > 0)
    return np.where(np.isfinite(index), index, 1.0)
