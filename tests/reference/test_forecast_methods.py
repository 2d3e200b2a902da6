"""The named forecasting methods against the printed figures of the textbook and against recursions by hand."""

from itertools import product

import numpy as np
import pytest
from statsmodels.tsa.holtwinters import SimpleExpSmoothing

from pricing.forecasting.core import textbook
from pricing.forecasting.core.panel import DemandPanel
from pricing.forecasting.core.textbook import (
    forecast_holt_winters,
    forecast_linear,
    forecast_ses,
)

FIRST_DAY = 20_089
# statsmodels lets the trend follow no faster than the level.
GRID = [
    (alpha, beta, gamma)
    for alpha, beta, gamma in product(
        (0.01, 0.02, 0.05, 0.1, 0.2, 0.4), (0.0, 0.01, 0.05), (0.0, 0.02, 0.05, 0.1, 0.2)
    )
    if beta <= alpha
]


def panel_of(units: np.ndarray) -> DemandPanel:
    units = np.atleast_2d(units).astype(np.float64)
    return DemandPanel(FIRST_DAY, units, units, units.sum(axis=0))


def noisy_weeks(days: int, seed: int = 5) -> np.ndarray:
    chance = np.random.default_rng(seed)
    week = np.tile([8.0, 7, 7, 9, 14, 18, 0], days // 7 + 1)[:days]
    return np.maximum(week + 0.03 * np.arange(days) + chance.normal(0, 2, days), 0.5)


def smoothed(units: np.ndarray, alpha: float, beta: float, gamma: float) -> np.ndarray:
    """Forecasts one day ahead by the recursions of Holt and Winters, begun with the first four weeks."""
    opening = units[:28]
    level, trend = opening.mean(), 0.0
    season = list(opening.reshape(4, 7).mean(axis=0) - level)
    fitted = np.empty(units.size)
    for t, value in enumerate(units):
        fitted[t] = level + trend + season[t % 7]
        before = level + trend
        new_level = alpha * (value - season[t % 7]) + (1 - alpha) * before
        season[t % 7] = gamma * (value - before) + (1 - gamma) * season[t % 7]
        trend = beta * (new_level - level) + (1 - beta) * trend
        level = new_level
    return fitted


def test_seed_section_5_example_of_exponential_smoothing() -> None:
    # Last week's forecast 950, last week's actual 1000, alpha 0.2: 960.
    assert forecast_ses(panel_of(np.array([950.0, 1000.0])), 3)[0] == pytest.approx([960.0] * 3, rel=1e-12)


def test_simple_smoothing_is_that_of_statsmodels_for_every_product() -> None:
    units = np.stack([noisy_weeks(90, seed) for seed in range(3)])
    units[1, :40] = 0.0
    units[2, :89] = 0.0
    for row, start in enumerate((0, 40, 89)):
        series = units[row, start:]
        # statsmodels smooths no single day: the level is that day's.
        expected = series[0]
        if series.size > 1:
            model = SimpleExpSmoothing(series, initialization_method="known", initial_level=series[0])
            expected = model.fit(smoothing_level=0.2, optimized=False).forecast(1)[0]
        assert forecast_ses(panel_of(units), 2)[row] == pytest.approx([expected] * 2, rel=1e-12)


def test_the_newest_day_counts_unlike_in_the_seeds_code() -> None:
    # The code returns the forecast of the last known day, 950, and never looks at its sales
    # (docs/decisions/0010).
    assert forecast_ses(panel_of(np.array([950.0, 1000.0])), 1)[0, 0] != 950.0


def test_exponential_smoothing_is_the_recursion() -> None:
    units = noisy_weeks(120)
    level = units[0]
    for value in units:
        level = 0.2 * value + 0.8 * level
    assert forecast_ses(panel_of(units), 1)[0, 0] == pytest.approx(level, rel=1e-12)


def test_the_linear_trend_is_least_squares() -> None:
    units = noisy_weeks(150)
    slope, intercept = np.polyfit(np.arange(150), units, 1)
    expected = intercept + slope * np.arange(150, 180)
    np.testing.assert_allclose(forecast_linear(panel_of(units), 30)[0], expected, rtol=1e-9)


def test_holt_winters_is_the_recursion_with_the_parameters_that_were_found() -> None:
    units = noisy_weeks(107)
    fit = textbook._fit_holt_winters(units)
    names = ("smoothing_level", "smoothing_trend", "smoothing_seasonal")
    np.testing.assert_allclose(
        fit.fittedvalues, smoothed(units, *(fit.params[name] for name in names)), rtol=1e-9
    )
    assert 0 <= fit.params["smoothing_trend"] <= 0.05


@pytest.mark.parametrize("seed", range(4))
def test_the_parameters_fit_at_least_as_well_as_the_best_of_a_grid(seed: int) -> None:
    units = noisy_weeks(210, seed)
    best = min(((units - smoothed(units, *each)) ** 2).sum() for each in GRID)
    assert textbook._fit_holt_winters(units).sse <= best * 1.001


def test_holt_winters_forecasts_the_weeks_to_come() -> None:
    errors, naive = [], []
    for seed in range(8):
        units = noisy_weeks(210, seed)
        known, actual = units[:182], units[182:]
        errors.append(np.abs(forecast_holt_winters(panel_of(known), 28)[0] - actual).mean())
        naive.append(np.abs(np.tile(known[-7:], 4) - actual).mean())
    assert np.mean(errors) < 0.85 * np.mean(naive)
