"""The admin of the market, one module for each file of models."""

from market.admin import competitors, pauses, rules

__all__ = ["competitors", "pauses", "rules"]
