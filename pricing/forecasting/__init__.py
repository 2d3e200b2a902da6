"""Demand forecasts: methods, backtests, the stored forecasts."""
