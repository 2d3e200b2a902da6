"""Holt-Winters smoothing with additive trend and weekly season, for one series (Holt 1957, Winters 1960)."""

from dataclasses import dataclass
from itertools import product
from typing import Final

import numpy as np

from pricing.forecasting.core.panel import DemandPanel, FloatArray

SEASON: Final = 7
FEWEST_DAYS: Final = 2 * SEASON
ALPHAS: Final = (0.01, 0.02, 0.05, 0.1, 0.2, 0.4)
BETAS: Final = (0.0, 0.01, 0.05)
GAMMAS: Final = (0.0, 0.02, 0.05, 0.1, 0.2)


@dataclass(frozen=True, slots=True)
class SmoothedSeries:
    """A series smoothed with K triples of parameters.

    Attributes
    ----------
    fitted : (K, T) forecasts one day ahead.
    level, trend : (K,) after the last day.
    season : (K, 7) effects of the seven days after the last, in their order.
    """

    fitted: FloatArray
    level: FloatArray
    trend: FloatArray
    season: FloatArray


def holt_winters(
    series: FloatArray,
    alpha: FloatArray,
    beta: FloatArray,
    gamma: FloatArray,
    *,
    level: float,
    trend: float,
    season: FloatArray,
) -> SmoothedSeries:
    """Smooth a series from given states, with every triple of parameters at once.

    l_t = alpha (y_t - s_(t-7)) + (1 - alpha)(l + b); b_t = beta (l_t - l) + (1 - beta) b;
    s_t = gamma (y_t - l - b) + (1 - gamma) s_(t-7).

    Parameters
    ----------
    series : (T,).
    alpha, beta, gamma : (K,) smoothing of level, trend and season, 0 to 1.
    level, trend, season : states before the first day; `season` (7,) begins with the effect of that day.
    """
    levels, trends = np.full(alpha.size, level), np.full(alpha.size, trend)
    seasons = np.tile(season, (alpha.size, 1))
    fitted = np.empty((alpha.size, series.size))
    for t, value in enumerate(series):
        effect, before = seasons[:, t % SEASON].copy(), levels + trends
        fitted[:, t] = before + effect
        new_level = alpha * (value - effect) + (1 - alpha) * before
        seasons[:, t % SEASON] = gamma * (value - before) + (1 - gamma) * effect
        trends = beta * (new_level - levels) + (1 - beta) * trends
        levels = new_level
    return SmoothedSeries(fitted, levels, trends, np.roll(seasons, -(series.size % SEASON), axis=1))


def forecast_holt_winters(panel: DemandPanel, days: int) -> FloatArray:
    """(P, days) forecasts, product by product, with the parameters that fitted its history best.

    Level and season begin with the averages of the first four weeks, the trend with 0. A product with fewer
    than 14 days of history is forecast at its mean.
    """
    forecasts = [
        _forecast(units[start:], days) for units, start in zip(panel.units, panel.start.tolist(), strict=True)
    ]
    return np.array(forecasts).reshape(len(forecasts), days)


def _forecast(series: FloatArray, days: int) -> FloatArray:
    if series.size < FEWEST_DAYS:
        return np.full(days, series.mean() if series.size else 0.0)
    alpha, beta, gamma = np.array(list(product(ALPHAS, BETAS, GAMMAS))).T
    opening = series[: min(series.size // SEASON, 4) * SEASON]
    level = float(opening.mean())
    season = opening.reshape(-1, SEASON).mean(axis=0) - level
    run = holt_winters(series, alpha, beta, gamma, level=level, trend=0.0, season=season)
    best = int(np.argmin(((series - run.fitted) ** 2).sum(axis=1)))
    ahead = np.arange(1, days + 1)
    expected = run.level[best] + run.trend[best] * ahead + run.season[best][(ahead - 1) % SEASON]
    return np.asarray(np.maximum(expected, 0.0))
