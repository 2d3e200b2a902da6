"""Forecasts of units a day: the default for all products at once, others by name for one at a time."""
