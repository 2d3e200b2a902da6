"""Every tuned constant of the outcomes of price changes: what it does, and where it comes from.

Judgement: chosen beforehand for what it means. The coverage of the 80 % intervals and the bias that follow from it on
simulated shops with known elasticities are checked, and reproduced, by

    pytest tests/reference/test_outcomes_on_simulated_shops.py

Definitions (the windows, the level of the intervals) stand beside the code that they belong to.
"""

from typing import Final

NOISE_WEEKS: Final = 52
"""Weeks before a change that its noise is estimated from: a year has every season once."""

USUAL_DISPERSION: Final = 5.0
"""Variance over mean of weekly units: of lines of a few units each, seldom fewer than 3 or more than 12."""

PRIOR_WEEKS: Final = 6.0
"""Weeks of its own that a product's dispersion needs to weigh as much as the usual one."""

PRIOR_ORIGINS: Final = 2.0
"""Separate backtest origins that a product's forecast errors need to weigh as much as its weekly scatter."""

OVERLAPPING_ORIGINS: Final = 2.0
"""Origins a week apart overlap: for each week ahead, this many of them count as one separate origin."""

LEAST_REST_UNITS: Final = 100.0
"""Units that the rest of the shop must have sold in the 30 days before for its movement to count as the season."""
