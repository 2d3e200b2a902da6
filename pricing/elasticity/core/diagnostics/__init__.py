"""Regression diagnostics of one product: how far its log-log regression may be trusted, in numbers and in sentences."""

from pricing.elasticity.core.diagnostics.regression import diagnose
from pricing.elasticity.core.diagnostics.results import FEW_PRICES, Diagnostics, NotEstimable

__all__ = ["FEW_PRICES", "Diagnostics", "NotEstimable", "diagnose"]
