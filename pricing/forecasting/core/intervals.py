"""Limits of a day's forecast from the method's past errors, wider the farther ahead."""

import numpy as np

from pricing.forecasting.core.backtest import HORIZON
from pricing.forecasting.core.panel import FloatArray


def limits(
    forecast: FloatArray, error_low: float, error_high: float, alpha: float
) -> tuple[FloatArray, FloatArray]:
    """10 % and 90 % limits of each day's units.

    The errors are those of days 1 to 28; beyond, the level itself may move, with a variance that smoothing
    puts at 1 + alpha^2 (h - 1) times that of the first day (Hyndman and Athanasopoulos 2021, section 8.7).

    Parameters
    ----------
    forecast : (days,) expected units.
    error_low, error_high : quantiles of past relative errors (fractions).
    alpha : smoothing of the level, 0 where no level is smoothed.

    Returns
    -------
    low, high : (days,), never below 0. They always enclose the expected units: of a product that sells less
    than once in ten days even the 90 % limit would be 0.
    """
    ahead = np.arange(forecast.size)
    middle = 1 + alpha**2 * (HORIZON - 1) / 2
    wider = np.sqrt(np.maximum((1 + alpha**2 * ahead) / middle, 1.0))
    low = np.clip(forecast * (1 + error_low * wider), 0.0, forecast)
    return low, np.maximum(forecast * (1 + error_high * wider), forecast)
