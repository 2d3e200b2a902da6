"""The demand to come: methods, backtests, the stored forecasts."""
