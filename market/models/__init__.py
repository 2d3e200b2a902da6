from market.models.competitors import Competitor, CompetitorPrice
from market.models.pauses import RepricingPause
from market.models.rules import KillSwitch, RepricingResult, RepricingRule, RepricingRun

__all__ = [
    "Competitor",
    "CompetitorPrice",
    "KillSwitch",
    "RepricingPause",
    "RepricingResult",
    "RepricingRule",
    "RepricingRun",
]
