"""Forecasts of units a day: the default for all products at once, others by name for one at a time."""

from pricing.forecasting.core.backtest import MEASURES, Accuracy
from pricing.forecasting.core.batch import (
    WINDOW_DAYS,
    DefaultForecasts,
    ShopModel,
    expected_units,
    fit_default,
    fit_shop_model,
    shop_profile,
)
from pricing.forecasting.core.intervals import limits
from pricing.forecasting.core.lines import RATE_ALPHA, SILENT_DAYS, SPARSE_SOLD_DAYS, YOUNG_DAYS
from pricing.forecasting.core.named import (
    AUTO,
    DEFAULT,
    METHODS,
    SMOOTHING,
    NamedForecast,
    choose,
    forecast_by,
)
from pricing.forecasting.core.panel import DemandPanel, demand_panel, profile_of_days

__all__ = [
    "AUTO",
    "DEFAULT",
    "MEASURES",
    "METHODS",
    "RATE_ALPHA",
    "SILENT_DAYS",
    "SMOOTHING",
    "SPARSE_SOLD_DAYS",
    "WINDOW_DAYS",
    "YOUNG_DAYS",
    "Accuracy",
    "DefaultForecasts",
    "DemandPanel",
    "NamedForecast",
    "ShopModel",
    "choose",
    "demand_panel",
    "expected_units",
    "fit_default",
    "fit_shop_model",
    "forecast_by",
    "limits",
    "profile_of_days",
    "shop_profile",
]
