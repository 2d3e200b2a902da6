"""How well a method would have forecast the past, and how far off a day may be: rolling origins."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final

import numpy as np

from pricing.forecasting.core.panel import DemandPanel
from pricing.forecasting.core.textbook import forecast_seasonal_naive
from pricing.sales.core.arrays import BoolArray, FloatArray, IntArray

HORIZON: Final = 28
ORIGINS: Final = 6
LOW: Final = 0.1
HIGH: Final = 0.9
FEWEST_ERRORS: Final = 40

Method = Callable[[DemandPanel, int], FloatArray]
"""Forecast (P, 28) of the days after the panel, which ends at the origin of the given number (0: the newest)."""


@dataclass(frozen=True, slots=True)
class Backtest:
    """Forecasts of P products from K origins against what came, 28 days each.

    Attributes
    ----------
    actual, forecast, naive : (P, K, 28) units; naive repeats the week before the origin.
    valid : (P, K) whether the product had 28 days of history before the origin.
    scale : (P,) mean absolute difference of days a week apart before its first valid origin, nan without.
    """

    actual: FloatArray
    forecast: FloatArray
    naive: FloatArray
    valid: BoolArray
    scale: FloatArray


@dataclass(frozen=True, slots=True)
class Accuracy:
    """Measures of P products; nan where one cannot be computed.

    Attributes
    ----------
    wape : sum of |error of the 28-day total| / sum of what was sold (fraction).
    bias : sum of errors / sum of what was sold (fraction); above 0: too much was forecast.
    mase : mean |error of a day| / mean |difference of days a week apart| before.
    pinball : mean pinball loss of a day's 80 % interval, units; the interval comes from the other origins.
    pinball_share : the same as a fraction of the mean sales of a day.
    """

    wape: FloatArray
    bias: FloatArray
    mase: FloatArray
    pinball: FloatArray
    pinball_share: FloatArray


MEASURES: Final = tuple(field.name for field in fields(Accuracy))


def measures_of(measured: Accuracy, row: int) -> dict[str, float | None]:
    """One product's measures by name; None where one cannot be computed."""
    values = {name: float(getattr(measured, name)[row]) for name in MEASURES}
    return {name: round(value, 6) if np.isfinite(value) else None for name, value in values.items()}


def beside_naive(measured: Accuracy, naive: Accuracy, row: int) -> dict[str, Any]:
    """One product's measures as they are kept, with those of repeating the last week under `seasonal_naive`."""
    return measures_of(measured, row) | {"seasonal_naive": measures_of(naive, row)}


def origin_columns(days: int, origins: int = ORIGINS) -> list[int]:
    """Columns before which forecasts are made, newest first: 28, 56, ... days before the end of the history."""
    return [column for number in range(1, origins + 1) if (column := days - HORIZON * number) > 0]


def run_backtest(panel: DemandPanel, method: Method, columns: Sequence[int]) -> Backtest:
    """Forecast 28 days from each origin with what was known before it."""
    products, start = panel.units.shape[0], panel.start
    shape = (products, len(columns), HORIZON)
    actual, forecast, naive = np.zeros(shape), np.zeros(shape), np.zeros(shape)
    for number, column in enumerate(columns):
        known = panel.until(column)
        actual[:, number] = panel.units[:, column : column + HORIZON]
        forecast[:, number] = method(known, number)
        naive[:, number] = forecast_seasonal_naive(known, HORIZON)
    valid = start[:, None] <= np.array(columns, np.int64).reshape(1, -1) - HORIZON
    return Backtest(actual, forecast, naive, valid, _scale(panel, start, valid, columns))


def accuracy(test: Backtest) -> tuple[Accuracy, Accuracy]:
    """Measure the method, and beside it the seasonal naive forecast."""
    relative = _interval_from_others(test, test.forecast, relative=True)
    additive = _interval_from_others(test, test.naive, relative=False)
    return _measures(test, test.forecast, relative), _measures(test, test.naive, additive)


def relative_errors(test: Backtest) -> FloatArray:
    """(P, K x 28) (sold - forecast) / forecast of each day, nan where nothing was forecast."""
    usable = test.valid[:, :, None] & (test.forecast > 0)
    error: FloatArray = np.divide(
        test.actual - test.forecast,
        test.forecast,
        out=np.full(test.actual.shape, np.nan),
        where=usable,
    )
    return error.reshape(error.shape[0], -1)


def row_quantiles(values: FloatArray, shares: Sequence[float]) -> tuple[FloatArray, ...]:
    """Quantiles of each row of (P, n), nan entries left out; nan for a row without others."""
    ordered = np.sort(values, axis=1)
    count = np.isfinite(ordered).sum(axis=1)
    rows = np.arange(values.shape[0])
    found = []
    for share in shares:
        if not values.shape[1]:
            found.append(np.full(values.shape[0], np.nan))
            continue
        place = share * np.maximum(count - 1, 0)
        below = np.floor(place).astype(np.int64)
        above = np.minimum(below + 1, np.maximum(count - 1, 0))
        low, high = ordered[rows, below], ordered[rows, above]
        found.append(low + (place - below) * (high - low))
    return tuple(found)


def prediction_interval(
    forecast: FloatArray, error_low: float, error_high: float, alpha: float
) -> tuple[FloatArray, FloatArray]:
    """80 % interval of each day's units, from the method's past errors; wider the farther ahead.

    The errors are those of days 1 to 28; beyond, the level itself may move, with a variance that smoothing
    puts at 1 + alpha^2 (h - 1) times that of the first day (Hyndman and Athanasopoulos 2021, section 8.7).

    Parameters
    ----------
    forecast : (days,) expected units.
    error_low, error_high : 10 % and 90 % quantiles of past relative errors (fractions).
    alpha : smoothing of the level, 0 where no level is smoothed.

    Returns
    -------
    low, high : (days,), never below 0. They always enclose the expected units: of a product that sells less
    than once in ten days even the 90 % quantile would be 0.
    """
    ahead = np.arange(forecast.size)
    middle = 1 + alpha**2 * (HORIZON - 1) / 2
    wider = np.sqrt(np.maximum((1 + alpha**2 * ahead) / middle, 1.0))
    low = np.clip(forecast * (1 + error_low * wider), 0.0, forecast)
    return low, np.maximum(forecast * (1 + error_high * wider), forecast)


def score(measures: Accuracy) -> FloatArray:
    """What `auto` minimises: WAPE, bias and pinball loss together.

    Any one of them alone is easily lowered: absolute loss by forecasting too little, for instance.
    """
    return np.asarray(measures.wape + np.abs(measures.bias) + measures.pinball_share)


def _interval_from_others(
    test: Backtest, forecast: FloatArray, *, relative: bool
) -> tuple[FloatArray, FloatArray]:
    """(P, K, 28) ends of the 80 % interval of each origin's days, from the errors at the other origins."""
    unit = forecast if relative else np.ones_like(forecast)
    usable = test.valid[:, :, None] & (unit > 0)
    error = np.divide(test.actual - forecast, unit, out=np.full(forecast.shape, np.nan), where=usable)
    low, high = np.full(forecast.shape, np.nan), np.full(forecast.shape, np.nan)
    for number in range(forecast.shape[1]):
        others = np.delete(error, number, axis=1).reshape(error.shape[0], -1)
        q_low, q_high = row_quantiles(others, (LOW, HIGH))
        low[:, number] = np.maximum(forecast[:, number] + q_low[:, None] * unit[:, number], 0.0)
        high[:, number] = np.maximum(forecast[:, number] + q_high[:, None] * unit[:, number], 0.0)
    return low, high


def _measures(test: Backtest, forecast: FloatArray, interval: tuple[FloatArray, FloatArray]) -> Accuracy:
    days = test.valid[:, :, None]
    error = np.where(days, forecast - test.actual, 0.0)
    sold = np.where(days, test.actual, 0.0).sum(axis=(1, 2))
    counted = HORIZON * test.valid.sum(axis=1)
    total = error.sum(axis=2)
    loss = (_pinball(LOW, interval[0], test.actual) + _pinball(HIGH, interval[1], test.actual)) / 2
    known = days & np.isfinite(loss)
    pinball = _ratio(np.where(known, loss, 0.0).sum(axis=(1, 2)), known.sum(axis=(1, 2)))
    return Accuracy(
        wape=_ratio(np.abs(total).sum(axis=1), sold),
        bias=_ratio(total.sum(axis=1), sold),
        mase=_ratio(_ratio(np.abs(error).sum(axis=(1, 2)), counted), test.scale),
        pinball=pinball,
        pinball_share=_ratio(pinball, _ratio(sold, counted)),
    )


def _pinball(share: float, quantile: FloatArray, actual: FloatArray) -> FloatArray:
    return np.asarray(np.maximum(share * (actual - quantile), (share - 1) * (actual - quantile)))


def _scale(panel: DemandPanel, start: IntArray, valid: BoolArray, columns: Sequence[int]) -> FloatArray:
    """Mean absolute difference of days a week apart, from the first sale to the first valid origin."""
    change = np.abs(panel.units[:, 7:] - panel.units[:, :-7])
    total = np.concatenate((np.zeros((change.shape[0], 1)), np.cumsum(change, axis=1)), axis=1)
    first = np.where(valid, np.array(columns, np.int64).reshape(1, -1), panel.days + 1).min(
        axis=1, initial=panel.days + 1
    )
    has = first <= panel.days
    stop = np.where(has, first - 7, 0)
    begin = np.minimum(start, stop)
    rows = np.arange(start.size)
    return _ratio(np.where(has, total[rows, stop] - total[rows, begin], np.nan), stop - begin)


def _ratio(top: FloatArray, bottom: FloatArray | IntArray) -> FloatArray:
    ratio: FloatArray = np.divide(top, bottom, out=np.full(top.shape, np.nan), where=bottom > 0)
    return ratio
