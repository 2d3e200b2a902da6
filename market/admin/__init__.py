"""The admin of the market, one module for each file of models."""

from market.admin import competitors, rules

__all__ = ["competitors", "rules"]
