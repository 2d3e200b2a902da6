"""Every tuned constant of product pairs: what it does, where it comes from, how to reproduce it.

- simulation: chosen on simulated shops with known substitutes and complements, and reproduced on shops that were not
  used for the choice by `python benchmarks/cross_price_accuracy.py --seeds 11 12 13 14 15` and `--shop sparse`
  (decision 13);
- judgement: chosen beforehand for what it means; the simulation's figures are reported with it.

What a bundle's price and demand rest on is a source document's own (section 8) and stands in `bundles.py`.
"""

from typing import Final

import numpy as np

from pricing.elasticity.core.constants import Hyperprior

# --- which products are bought together (judgement) ------------------------------------------------------------------
FEWEST_BASKETS: Final = 20  # that a product must be in for its pairs to be counted
FEWEST_TOGETHER: Final = 5
# Standard deviations above the expected count; beyond it chance is ruled out even among a million pairs.
BEYOND_CHANCE: Final = 5.0

# --- which pairs are looked at (simulation: more partners bring no right signs, only time) ------------------------------
MOST_PARTNERS: Final = 30  # for being bought together, and as many for standing in one category
BEST_PARTNERS: Final = 15
FEWEST_SOLD_DAYS: Final = 20

# --- the prior of a pair's two elasticities --------------------------------------------------------------------------
# Judgement: where the EM for the spread in the regression starts.
SPREAD: Final = Hyperprior(mean=0.0, mean_sd=0.0, spread=0.2)
# Simulation: components of the mixture (Stephens 2017). Where one product replaces the other, the other mostly replaces
# it too (Slutsky symmetry, but for income and for shares of the budget): hence the correlated ones.
SPREADS: Final = np.array([0.02, 0.1, 0.1, 0.2, 0.2, 0.4, 0.4, 0.8, 0.8])
CORRELATIONS: Final = np.array([0.0, 0.0, 0.8, 0.0, 0.8, 0.0, 0.8, 0.0, 0.8])
# Judgement: most pairs have nothing to do with each other.
STARTING_WEIGHTS: Final = np.array([0.8] + [0.2 / (SPREADS.size - 1)] * (SPREADS.size - 1))
# Judgement: pairs that the starting weights count as, so that a small shop does not find its own chances to be a rule.
PRIOR_PAIRS: Final = 20.0

# --- categories in which everything competes ---------------------------------------------------------------------------
# Judgement: standard deviation of such a category's pairs around its common cross elasticity.
COMMON_SPREAD: Final = 0.25
# Judgement: where the search begins for the share of such categories and the spread of their common elasticities around
# their mean, and as how many categories this beginning counts.
COMMON_SHARE: Final = 0.1
COMMON_SD: Final = 0.3
PRIOR_CATEGORIES: Final = 2.0
