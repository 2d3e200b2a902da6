"""Forecasting methods by name: the seed's three, and smoothing of sales divided by the weekday profile.

All take a panel of P products and give (P, days) units for the days after it. Days before a product's first
sale are no history; days on which it sold nothing are zeros. Nothing is forecast below 0.
"""

from typing import Final

import numpy as np

from pricing.forecasting.core.panel import (
    DemandPanel,
    FloatArray,
    IntArray,
    open_weights,
    profile_of_days,
    weekday_profile,
)

SEED_ALPHA: Final = 0.2
PROFILE_ALPHA: Final = 0.05
DAYS_OF_A_YEAR: Final = 365


def smoothed(values: FloatArray, start: IntArray, alpha: float) -> FloatArray:
    """Level of simple exponential smoothing after the last column, begun with the first value.

    Level(t+1) = alpha x Actual(t) + (1 - alpha) x Level(t), Level(first) = Actual(first).

    Parameters
    ----------
    values : (P, T); columns before `start` (P,) are no history. A product without any has level 0.
    """
    days = values.shape[1]
    weight = alpha * (1 - alpha) ** np.arange(days - 1, -1, -1.0)
    first = np.minimum(start, max(days - 1, 0))
    history = np.arange(days) >= start[:, None]
    level = np.where(history, values, 0.0) @ weight
    if days:
        # The first value is also what the level was before it.
        level += np.where(start < days, values[np.arange(start.size), first], 0.0) * (1 - alpha) ** (
            days - start
        )
    return np.asarray(level)


def forecast_ses(panel: DemandPanel, days: int) -> FloatArray:
    """The seed's simple exponential smoothing: alpha 0.2, every future day alike (seed section 5)."""
    level = smoothed(panel.units, panel.start, SEED_ALPHA)
    return np.repeat(level[:, None], days, axis=1)


def forecast_weekday_ses(panel: DemandPanel, days: int) -> FloatArray:
    """Simple exponential smoothing, alpha 0.05, of sales divided by the shop's weekday profile (METHODS 5).

    Closed days are left out, so that only open days age the level. The weights of the days are made to sum to
    1, so that a short history is not ruled by its first day.
    """
    profile = weekday_profile(panel)
    weight = open_weights(panel, profile)
    opened = np.flatnonzero(weight > 0)
    values = panel.units[:, opened] / weight[opened]
    age = (1 - PROFILE_ALPHA) ** np.arange(opened.size - 1, -1, -1.0)
    counted = (opened >= panel.start[:, None]) @ age
    level = np.divide(values @ age, counted, out=np.zeros(counted.size), where=counted > 0)
    return np.asarray(level[:, None] * profile_of_days(profile, panel.end, days))


def forecast_linear(panel: DemandPanel, days: int) -> FloatArray:
    """The seed's linear trend: Demand(t) = a + b t by least squares over the history (seed section 5)."""
    t = np.arange(panel.days, dtype=np.float64) - panel.start[:, None]
    history = t >= 0
    n = history.sum(axis=1)
    t = np.where(history, t, 0.0)
    sum_t, sum_q = t.sum(axis=1), np.where(history, panel.units, 0.0).sum(axis=1)
    spread = n * (t**2).sum(axis=1) - sum_t**2
    product = n * (t * panel.units).sum(axis=1) - sum_t * sum_q
    slope = np.divide(product, spread, out=np.zeros(n.size), where=spread > 0)
    intercept = (sum_q - slope * sum_t) / np.maximum(n, 1)
    future = n[:, None] + np.arange(days)
    return np.asarray(np.maximum(intercept[:, None] + slope[:, None] * future, 0.0))


def forecast_seasonal(panel: DemandPanel, days: int) -> FloatArray:
    """The seed's seasonal adjustment: base forecast x seasonal index (seed section 5).

    The index of a weekday is its average over the overall average; with a year of history or more a month has
    one, too. The base is the seed's smoothing of the sales divided by their index: were the base smoothed
    from the sales themselves, the season would count twice.
    """
    start = panel.start
    history = np.arange(panel.days) >= start[:, None]
    month, future_month = _month(panel.first_day, panel.days), _month(panel.end, days)
    weekday = panel.weekday
    future_weekday = (weekday[-1] + 1 + np.arange(days)) % 7 if panel.days else np.zeros(days, np.int64)
    by_weekday = _index(panel.units, history, weekday, 7)
    by_month = _index(panel.units, history, month, 12)
    by_month[panel.days - start < DAYS_OF_A_YEAR] = 1.0
    past = by_weekday[:, weekday] * by_month[:, month]
    # Where the index is 0 nothing was ever sold: the day says nothing, so it takes the average.
    average = np.where(history, panel.units, 0.0).sum(axis=1) / np.maximum(history.sum(axis=1), 1)
    plain = np.divide(panel.units, past, out=np.repeat(average[:, None], panel.days, axis=1), where=past > 0)
    base = smoothed(plain, start, SEED_ALPHA)
    return base[:, None] * by_weekday[:, future_weekday] * by_month[:, future_month]


def forecast_seasonal_naive(panel: DemandPanel, days: int) -> FloatArray:
    """The last week again and again: what every other method has to beat."""
    last = panel.units[:, -7:]
    if last.shape[1] < 7:
        last = np.concatenate((np.zeros((last.shape[0], 7 - last.shape[1])), last), axis=1)
    return last[:, np.arange(days) % 7]


def _index(values: FloatArray, history: np.ndarray, period: IntArray, periods: int) -> FloatArray:
    """(P, periods) average of each period over the overall average; 1 where there is no average."""
    member = np.zeros((period.size, periods))
    member[np.arange(period.size), period] = 1.0
    counted = history @ member
    kept = np.where(history, values, 0.0)
    average = np.divide(kept @ member, counted, out=np.full(counted.shape, np.nan), where=counted > 0)
    overall = kept.sum(axis=1) / np.maximum(history.sum(axis=1), 1)
    index = np.divide(average, overall[:, None], out=np.ones(counted.shape), where=overall[:, None] > 0)
    return np.where(np.isfinite(index), index, 1.0)


def _month(first_day: int, days: int) -> IntArray:
    """(days,) month of each day, 0 = January."""
    dates = np.arange(first_day, first_day + days).astype("datetime64[D]")
    return dates.astype("datetime64[M]").astype(np.int64) % 12
