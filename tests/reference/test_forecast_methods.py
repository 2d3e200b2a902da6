"""The named forecasting methods against the seed's printed figures and statsmodels."""

import numpy as np
import pytest
from statsmodels.tsa.holtwinters import ExponentialSmoothing, SimpleExpSmoothing

from pricing.forecasting.core import DemandPanel
from pricing.forecasting.core.holt_winters import forecast_holt_winters, holt_winters
from pricing.forecasting.core.textbook import forecast_linear, forecast_ses, smoothed

FIRST_DAY = 20_089


def panel_of(units: np.ndarray) -> DemandPanel:
    units = np.atleast_2d(units).astype(np.float64)
    return DemandPanel(FIRST_DAY, units, units, units.sum(axis=0))


def noisy_weeks(days: int, seed: int = 5) -> np.ndarray:
    chance = np.random.default_rng(seed)
    week = np.tile([8.0, 7, 7, 9, 14, 18, 0], days // 7 + 1)[:days]
    return np.maximum(week + 0.03 * np.arange(days) + chance.normal(0, 2, days), 0.5)


def test_seed_section_5_example_of_exponential_smoothing() -> None:
    # Last week's forecast 950, last week's actual 1000, alpha 0.2: 960.
    assert forecast_ses(panel_of(np.array([950.0, 1000.0])), 3).tolist() == [[960.0] * 3]


def test_the_newest_day_counts_unlike_in_the_seeds_code() -> None:
    # The code returns the forecast of the last known day, 950, and never looks at its sales
    # (docs/decisions/0010).
    assert forecast_ses(panel_of(np.array([950.0, 1000.0])), 1)[0, 0] != 950.0


@pytest.mark.parametrize("alpha", [0.05, 0.2, 0.7])
def test_smoothing_is_that_of_statsmodels(alpha: float) -> None:
    units = noisy_weeks(120)
    model = SimpleExpSmoothing(units, initialization_method="known", initial_level=units[0])
    expected = model.fit(smoothing_level=alpha, optimized=False).forecast(1)[0]
    assert smoothed(units[None, :], np.array([0]), alpha)[0] == pytest.approx(expected, rel=1e-12)


def test_the_linear_trend_is_least_squares() -> None:
    units = noisy_weeks(150)
    slope, intercept = np.polyfit(np.arange(150), units, 1)
    expected = intercept + slope * np.arange(150, 180)
    np.testing.assert_allclose(forecast_linear(panel_of(units), 30)[0], expected, rtol=1e-9)


@pytest.mark.parametrize(("alpha", "beta", "gamma"), [(0.1, 0.01, 0.05), (0.4, 0.05, 0.2), (0.02, 0.0, 0.0)])
def test_holt_winters_recursion_is_that_of_statsmodels(alpha: float, beta: float, gamma: float) -> None:
    units = noisy_weeks(107)
    level, trend, season = 9.0, 0.02, np.array([-1.0, -2, -2, 0, 5, 8, -8])
    fit = ExponentialSmoothing(
        units, trend="add", seasonal="add", seasonal_periods=7, initialization_method="known",
        initial_level=level, initial_trend=trend, initial_seasonal=season,
    ).fit(smoothing_level=alpha, smoothing_trend=beta, smoothing_seasonal=gamma, optimized=False)  # fmt: skip
    triple = [np.array([each]) for each in (alpha, beta, gamma)]
    run = holt_winters(units, *triple, level=level, trend=trend, season=season)
    np.testing.assert_allclose(run.fitted[0], fit.fittedvalues, rtol=1e-9)
    ahead = np.arange(1, 15)
    ours = run.level[0] + run.trend[0] * ahead + run.season[0][(ahead - 1) % 7]
    # statsmodels forecasts with the effect of the last day's weekday as it was before that day; that the last
    # day's update is right shows in the fitted value of the same weekday a week on.
    other_weekdays = ahead % 7 != 0
    np.testing.assert_allclose(ours[other_weekdays], fit.forecast(14)[other_weekdays], rtol=1e-9)
    shorter = holt_winters(units[:100], *triple, level=level, trend=trend, season=season)
    np.testing.assert_allclose(shorter.season[0], _effects_after(fit.season, 100), rtol=1e-9)


def _effects_after(season: np.ndarray, days: int) -> np.ndarray:
    """The effects of the seven days after so many: statsmodels gives each day's effect as it was after that day."""
    return season[days - 7 : days]


def test_the_parameters_found_forecast_nearly_as_well_as_those_statsmodels_finds() -> None:
    ours, theirs = [], []
    for seed in range(8):
        units = noisy_weeks(210, seed)
        known, came = units[:182], units[182:]
        fit = ExponentialSmoothing(known, trend="add", seasonal="add", seasonal_periods=7).fit()
        theirs.append(np.abs(fit.forecast(28) - came).mean())
        ours.append(np.abs(forecast_holt_winters(panel_of(known), 28)[0] - came).mean())
    assert np.mean(ours) < 1.1 * np.mean(theirs)
