"""Every tuned constant of recommendations: what it does, where it comes from, how to reproduce it.

- simulation: compared on simulated shops whose true elasticities are known, and reproduced by
  `python benchmarks/recommendations_on_simulated_truth.py --shop regular` and `--shop sparse` (seeds 31 to 33);
- judgement: chosen beforehand for what it means, and not fitted.

The limits of a source document (5 and 2.5 times the cost) and tolerances stay beside the code that they belong to.
"""

from typing import Final

# --- how sure a recommendation is (decision 64) ------------------------------------------------------------------------
# Simulation: realistic_sparse, seeds 161 and 162, and realistic_regular, seed 161. From .7 to .8 the products made worse
# fall from 7 to 12 to 5 to 8 %, and the profit of all changes by .1 to .3 percentage points of 6 to 9.
SURE_ENOUGH: Final = (
    0.8  # least probability of a gain by which a change is recommended, and offered by itself
)

# --- when a price may end otherwise than the policy says (decision 8) --------------------------------------------------
# Simulation: two thirds in place of a half bring half a percent more profit, and a tenth of the prices from 6.00 to 10.00
# lose their endings.
ENDING_KEEPS: Final = (
    0.5  # least share of what the best price to the cent gains that a price with an ending has to gain
)
# Judgement: nobody gives up 4.99 for 5.03.
WORTH_AN_ENDING: Final = 0.01  # least gain, as a fraction of what the present price brings ...
WORTH_AN_ENDING_BY_RULE: Final = (
    0.05  # ... and least change a rule has to ask for, as a fraction of the price
)
