from market.models.competitors import Competitor, CompetitorPrice
from market.models.rules import KillSwitch, RepricingResult, RepricingRule, RepricingRun

__all__ = [
    "Competitor",
    "CompetitorPrice",
    "KillSwitch",
    "RepricingResult",
    "RepricingRule",
    "RepricingRun",
]
