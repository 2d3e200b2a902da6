"""Every tuned constant of the elasticity and forecasting wings: what it does, where it comes from, how to reproduce it.

Four sources, named in the comment of each group:

- literature: a published figure or a textbook's rule;
- simulation: chosen on simulated shops whose true elasticities are known, and reproduced by
  `python benchmarks/elasticity_accuracy.py --shop regular --seeds 11 12` and `--shop sparse --seeds 11 12`
  (with `--each-disturbance` for one difficulty at a time);
- judgement: chosen beforehand for what it means; the simulation's coverage and errors are reported with it, and were
  not used to choose it;
- backtest: chosen on six origins (March to July) of the UCI sales and reported on four later ones by
  `python benchmarks/forecast_accuracy.py FILE` (decision 11), with `--boosted` for the boosted model (decision 14).

Sizes of batches, tolerances and the definitions of a method (a 28-day horizon, a seasonal index) stay beside the code
that they belong to: no figure was tuned there.
"""

import math
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Hyperprior:
    """Weak priors of a mean, N(mean, mean_sd^2) between `least` and `most`, of the spread over products and of that over
    groups. A mean that is less than `needs` standard errors from 0 is taken as 0."""

    mean: float
    mean_sd: float
    spread: float
    group_spread: float = 0.0
    least: float = -math.inf
    most: float = math.inf
    needs: float = 0.0


# Judgement, as for the placebo: columns against a bias that most shops do not have cost more than they bring where they
# are not called for. Half a year of a product's prices looks like its season; chance alone has a slope below 0 half of
# the time, and all of it comes off the elasticity.
CALLED_FOR: Final = 3.0

# --- pooled elasticities: where the priors start ---------------------------------------------------------------------
# Literature: own-price elasticities average about -2 in meta-analyses (Tellis 1988: -1.8; Bijmolt, van Heerde and
# Pieters 2005: -2.6). Judgement: the other means, and the spreads, which are where the EM starts.
FREQUENCY_HYPERPRIORS: Final = {
    "price": Hyperprior(-2.0, 0.5, 0.7, 0.5),
    "season": Hyperprior(1.0, 0.5, 0.2),
    "promotion": Hyperprior(0.3, 0.3, 0.1),
    "trend": Hyperprior(0.0, 0.0, 0.25),
    "sin": Hyperprior(0.0, 0.0, 0.1),
    "cos": Hyperprior(0.0, 0.0, 0.1),
    "sin_2": Hyperprior(0.0, 0.0, 0.1),
    "cos_2": Hyperprior(0.0, 0.0, 0.1),
    "seasonal_price": Hyperprior(0.0, 2.0, 0.5, needs=CALLED_FOR),
    # On the other side of 0 both would be the stock that buyers lay in while a price is low, which an elasticity holds.
    "fleeting_price": Hyperprior(0.0, 2.0, 0.5, least=0.0),
    "price_before": Hyperprior(0.0, 1.0, 0.2, most=0.0, needs=CALLED_FOR),
}
# Purchases per unit: what is bought at a time hardly answers to prices, unless the data say so.
QUANTITY_HYPERPRIORS: Final = {
    "price": Hyperprior(0.0, 1.0, 0.3, 0.2),
    "season": Hyperprior(0.0, 0.2, 0.1),
    "promotion": Hyperprior(0.0, 0.2, 0.1),
    "trend": Hyperprior(0.0, 0.0, 0.1),
    "sin": Hyperprior(0.0, 0.0, 0.05),
    "cos": Hyperprior(0.0, 0.0, 0.05),
    "sin_2": Hyperprior(0.0, 0.0, 0.05),
    "cos_2": Hyperprior(0.0, 0.0, 0.05),
    "seasonal_price": Hyperprior(0.0, 0.5, 0.1, needs=CALLED_FOR),
    "fleeting_price": Hyperprior(0.0, 0.5, 0.1),
    "price_before": Hyperprior(0.0, 0.5, 0.1, needs=CALLED_FOR),
}
SEGMENT_SPREAD: Final = Hyperprior(mean=0.0, mean_sd=0.0, spread=0.3)
FREQUENCY_DISPERSION: Final = 1.5
QUANTITY_DISPERSION: Final = 1.0
SEGMENT_DISPERSION: Final = 10.0

# --- pooled elasticities: how many products or cells a prior counts as (judgement) ------------------------------------
SPREAD_WEIGHT: Final = 20.0  # products behind the starting spread over products
GROUP_SPREAD_WEIGHT: Final = 3.0  # groups behind the starting spread over groups
DISPERSION_WEIGHT: Final = 20.0  # cells behind the pooled dispersion
CORRELATION_WEIGHT: Final = 100.0  # cells behind the pooled autocorrelation
LEAST_DISPERSION: Final = 0.02
LARGEST_CORRELATION: Final = 0.8
LEAST_CORRELATION: Final = 0.1  # below which it does not tell how fast it decays (judgement)
MOST_PERSISTENT: Final = 0.9
LEAST_RESIDUAL_DF: Final = (
    5.0  # residual degrees of freedom from which a product's residuals identify a dispersion
)
SEASON_PRIOR_LINES: Final = (
    15.0  # lines a week below which a group's season is shrunk to the shop's, the shop's to none
)
ADAPTATION_DAYS: Final = (
    42  # days in which buyers learn of a price (simulation: 28 leave a bias of +.09 where they take long)
)
SEASONAL_PRICE_RIDGE: Final = (
    1.0  # days behind the assumption that a price has no trend and season of its own
)
TOTALS_NOISE: Final = (
    0.05  # variance of totals beyond chance, over their squared mean: they vary by a fifth (judgement)
)
SMALLEST_CATEGORY: Final = 8  # products below which categories share a group

# --- pooled elasticities: errors that the model does not know of (simulation) ------------------------------------------
# By maximum likelihood over shops with one disturbance each (`python benchmarks/error_terms.py --seeds 1 2`): what misread
# list prices, promotions and stock-outs leave however much a product sells. The 95 % intervals of elasticities hold it, their
# standard errors do not: with it 80 % intervals of profit hold up to .89 (decision 47).
MODEL_ERROR: Final = 0.16
# Where much misleads at once, categories' means are off by more than single disturbances show, and what is borrowed from them
# with them: with .3, .925 of the 95 % intervals hold in sparse mixed shops, with .2 .914 (`python benchmarks/error_terms.py
# --mixed --seeds 1 2 3 4`; decision 55). A part of an estimate that is its category's has this part of it. Standard errors
# hold it, too: without it 80 % intervals of profit hold .72 in some of these shops (decision 65).
BORROWED_ERROR: Final = 0.3
# What doubtful estimates err by besides: where the response itself is in doubt (prices follow sales, mixed prices, a response
# that fades), and where the transactions hide who could buy at which price (several prices at once, sold out).
RESPONSE_ERROR: Final = 0.23
HIDDEN_ERROR: Final = 0.4
# What the own sales of single products err by that show several prices or sell out, where the shop's other products do not
# (realistic shops, seeds 1 to 6, by maximum likelihood: .75 to 1.3): they say less, and their category more (decision 67).
OWN_HIDDEN_ERROR: Final = 0.9
# Spreads and category means are estimates as well: estimates that lean on them err together, by this much in the limit
# (sparse simulated shops: .2, and BORROWED_ERROR beside it). It is a part of their errors, not added to them.
CATEGORY_ERROR: Final = 0.36

# --- the demand curve that a shop's sales speak for ----------------------------------------------------------------------
# Judgement: a curve half way between constant elasticity (0) and a straight line (1), give or take a half.
CURVATURE_PRIOR: Final = 0.5
CURVATURE_PRIOR_ERROR: Final = 0.5
# Simulation: shops of constant elasticity measure -.09 to .17 where their standard errors say .01 to .12.
CURVATURE_ERROR: Final = 0.1
# Judgement: sales at prices that vary by a tenth do not rule a curve out.
LEAST_SHARE_OF_A_CURVE: Final = 0.02

# --- what counts as a product's own (judgement) -----------------------------------------------------------------------
LEAST_UNPOOLED_WEIGHT: Final = 0.005  # of its own sales, below which these have no estimate of their own
TRUSTED_EXPERIMENTS: Final = 0.5  # weight of experiments from which doubts about the sales do not count

# --- experiments (judgement) ------------------------------------------------------------------------------------------
# Beyond these a slip is more likely than a finding.
STEEPEST: Final = 20.0
LEAST_EXPERIMENT_ERROR: Final = 0.01
LARGEST_EXPERIMENT_ERROR: Final = 10.0
# Weight of experiments in an estimate from which it is called experimental.
EXPERIMENTAL_WEIGHT: Final = 0.2

# --- pooled elasticities: active days and dates of price changes (judgement) ------------------------------------------
SHORTEST_GAP: Final = 14.0  # open days without a sale that are never taken for a stock-out
LINES_MISSED_IN_A_GAP: Final = (
    14.7  # a gap is one in which chance explains no sale less than once in 2.4 million
)
# Totals: a product that sells in this share of its periods or more has none without sales by chance; another one has up
# to this many times its usual distance between sales.
OFTEN_SOLD: Final = 0.8
LONGEST_CHANCE: Final = 4.0
# Unsold days between two prices go to each of them by between 35 and 65 %.
FURTHEST_FROM_MIDWAY: Final = 0.15
BUSIEST_DAY_SHARE: Final = 0.9

# --- what an estimate rests on, and what speaks against it ---------------------------------------------------------------
# Judgement; where no reason stands beside a figure it was chosen, not fitted.
CLEAN_STEP: Final = 0.02  # of the log price: less may be rounding, or the drift of a mean
CLEAN_DAYS: Final = 7.0  # open days that both prices of a clean change are in force
FEWEST_CLEAN_CHANGES: Final = 2  # one change may fall together with anything else that happened then
MOST_OF_AN_ESTIMATE: Final = (
    0.5  # weight of own sales, and share of unexplained variation, that an estimate rests on
)
FEWEST_PRODUCTS_TO_JUDGE_BY: Final = 8  # from which residuals say anything of a shop
AHEAD_DAYS: Final = 14  # the placebo looks at the prices of the week that begins so much later
PASSING_DAYS: Final = 14  # promotions that nobody recorded last a week or two
# Days over which purchases beyond the expected use up a stock, of all products together and of one.
STOCK_DAYS: Final = 3
PRODUCT_STOCK_DAYS: Final = 6
# Variance of a day's purchases beyond chance over their squared mean: where little is known of it, and its limits.
DAILY_EXCESS: Final = 0.2
LEAST_DAILY_EXCESS: Final = 0.05
MOST_DAILY_EXCESS: Final = 3.0

# --- evidence grades (judgement) ---------------------------------------------------------------------------------------
GRADE_A_WEIGHT, GRADE_A_ERROR = 0.6, 0.5
GRADE_B_WEIGHT, GRADE_B_ERROR = 0.35, 0.6
GRADE_C_WEIGHT: Final = 0.12
PLACEBO_LIMIT: Final = (
    3.0  # standard score of sales on later prices above which the shop's prices follow its sales
)
SOLD_OUT_LIMIT: Final = 3.0  # the same of sales that end early where a price is low
SOLD_OUT_PRODUCT_LIMIT: Final = 2.5  # the same of one product whose days without sales follow good ones
# The same of prices on the sales of other years, by category: undisturbed ones show up to 3, those with peaks 6 and more.
PEAKS_LIMIT: Final = 4.0
FADING_LIMIT: Final = 2.0  # the same of sales that answer most in a price's first week
# Of totals, by how much a fleeting price's slope may lie above a lasting one's. Simulated shops with one price for
# all buyers show 0 to .25, those in which buyers pay different prices .5 or more.
MIXED_LIMIT: Final = 0.35
FEWEST_DAYS: Final = 20  # sold days below which an estimate is flagged FEW_DAYS
FEWEST_WEEKS: Final = 8
NEARLY_ZERO: Final = 0.05  # elasticities that are flagged ZERO_ELASTICITY for a manual review
CONFIDENCE_REACH: Final = 0.5  # `confidence` is the probability that the truth lies this near

# --- the default forecast (backtest; decision 11) ----------------------------------------------------------------------
FREQUENCY_ALPHA: Final = 0.07  # smoothing of purchases a day
QUANTITY_ALPHA: Final = 0.01  # smoothing of units per purchase
PRIOR_LINES: Final = 3.0  # purchases of its category's usual size that stand beside a product's own
PRIOR_DAYS: Final = (
    1.0  # open days at its category's usual frequency beside those of a new or intermittent product
)
MOST_TIMES_USUAL: Final = 10.0  # one huge order of an intermittent product counts as this many usual ones
PROFILE_ALPHA: Final = 0.05  # smoothing of the method weekday_ses
LEAST_ALIKE: Final = (
    0.2  # origins that expected less than this share of what is expected now say nothing of its errors
)
ERROR_CLASS_EDGES: Final = (0.1, 0.3, 1.0, 3.0, 10.0, 30.0)
"""Units a day between which products with too few past errors of their own share everybody's."""

# --- days that the shop is open ------------------------------------------------------------------------------------------
# Backtest: that a coming day counts as often as the shop is open on its weekday, of late more than long ago, lowers the
# WAPE on the six earlier origins from .424 / .547 to .411 / .531. Judgement: the rate of fading, and the limits of a profile.
OPEN_FADING: Final = (
    0.95  # a week says this much less than the next of how often the shop is open on a weekday
)
LEAST_OPEN_SHARE: Final = (
    0.25  # of a weekday's dates, below which the profile takes the shop for closed on it
)
MOST_TIMES_MEDIAN: Final = 5.0  # the day of one huge order counts as this many usual ones of its weekday

# --- how much of a product's usual frequency stands beside its sales of late ---------------------------------------------
# Judgement: the candidates, in purchases, of which the backtest of each shop chooses, and the share of the loss without any
# that the best one has to stay below. (Backtest: 0 for the UCI sales, 40 to 80 in simulated shops that sell as they always did.)
OWN_PURCHASES: Final = (0.0, 2.0, 5.0, 10.0, 20.0, 40.0, 80.0)
WORTH_SHRINKING: Final = 0.99

# --- when another forecast takes over from the default (judgement) -------------------------------------------------------
# None was fitted. That the published forecast errs no more than the default on the UCI sales is reproduced by
# `python benchmarks/forecast_accuracy.py FILE` (decision 11), what products of each kind are forecast, and how seldom
# noise is taken for a season, by `pytest tests/unit/pricing/test_forecast_kinds.py`.
#
# A textbook method: its score in the backtest is at most half of the default's, at least so much of the sales below it
# (what is forecast well enough stays with the default), and its errors were larger at no more than one origin.
TAKEOVER_SCORE: Final = 0.5
TAKEOVER_DIFFERENCE: Final = 0.1
TAKEOVER_WORSE_ORIGINS: Final = 1
TAKEOVER_ORIGINS: Final = 5  # from which the backtest says anything of one product ...
TAKEOVER_SOLD_DAYS: Final = 24  # ... with at least this many days with a sale, of its 168: one a week
# Regular intervals between purchases.
FEWEST_INTERVALS: Final = 4
NEWEST_INTERVALS: Final = 12  # that are looked at
SHORTEST_INTERVAL: Final = (
    10.0  # mean days; smoothing follows shorter ones, and one of a week is rather a weekday's doing
)
LARGEST_INTERVAL_VARIATION: Final = 0.5  # standard deviation over mean; 1 where purchases come by chance
OVERDUE_INTERVALS: Final = 2.0  # mean intervals without a purchase after which the sales of late count again
# A yearly season: by this many origins on it is better by far if it leaves at most this share of the default's loss, and
# takes away at least so much of it. Of simulated products without a season at most 1 to 2 % reach that by chance.
SEASON_FEW_ORIGINS: Final = 3
SEASON_MANY_ORIGINS: Final = 6
SEASON_MOST_LOSS: Final = {SEASON_FEW_ORIGINS: 0.25, SEASON_MANY_ORIGINS: 0.6}
SEASON_LEAST_GAIN: Final = {SEASON_FEW_ORIGINS: 30.0, SEASON_MANY_ORIGINS: 10.0}
# A product does not use its category's season if that would have raised its own loss by a quarter, or by this much.
SEASON_CONTRADICTED: Final = 1.25
SEASON_CONTRADICTING_LOSS: Final = 5.0
GROWTH_OVERLAP_DAYS: Final = (
    90.0  # that two years must share for half of the growth between them to be believed
)
GROWTH_LINES: Final = 20.0  # sale lines that stand beside those of either year, so that few make no growth
LARGEST_INDEX_WEIGHT: Final = (
    10.0  # variance of months over their squared mean, from which all of it is believed
)

# --- Holt-Winters by name (judgement: a trend of single weeks must not be carried on for a year) ----------------------------
LARGEST_TREND_SMOOTHING: Final = 0.05

# --- the boosted forecast (backtest with --boosted; decision 14) ---------------------------------------------------------
LEAST_EXPECTED: Final = 1.0
MOST_TIMES_DEFAULT: Final = (
    5.0  # a model that has seen one Christmas must not multiply a forecast without end
)
BOOSTING: Final = {
    "loss": "poisson",
    "learning_rate": 0.05,
    "max_iter": 60,
    "max_leaf_nodes": 7,
    "min_samples_leaf": 200,
    "l2_regularization": 1.0,
    "early_stopping": False,
    "random_state": 0,
}

# --- second opinions by learned models ----------------------------------------------------------------------------------
# How far both models are off follows from all of these together: `python benchmarks/second_opinions.py --shops plain planted`
# (decisions 41 and 42).
#
# Judgement: a quarter of a year's weeks shows little of a price that changes every two months; an interval of more than
# +-1.2 contradicts nothing.
FEWEST_WEEKS_TO_LEARN_FROM: Final = 26
LARGEST_OPINION_ERROR: Final = 0.6
# Judgement, none of them fitted.
FEWEST_CELLS: Final = 1_000  # weeks of products that anything can be learned from
FEWEST_PRODUCTS_WITH_OPINIONS: Final = 8  # in a category that an opinion is given on
LEAST_TRAINING_WEEKS: Final = 26  # before the weeks that the demand model is measured on
BLOCK_WEEKS: Final = 8  # that are learned or held out together
WEEKS_A_CLUSTER: Final = (
    4  # of one product, whose errors are taken together: unexpected demand lasts for weeks
)
TOO_VAGUE_A_SLOPE: Final = 3.0  # standard error from which a product's slope says nothing about its category
SPREAD_OF_SLOPES: Final = 0.5  # of products in a category, where it cannot be estimated
USUAL_UNITS_BESIDE: Final = (
    5.0  # units as usual beside what was sold, so that a few sales do not look like a season
)
# Simulation (seeds 1 and 2): what the learned nuisances leave, beyond chance.
LEARNING_ERROR: Final = 0.15
# Simulation (plain and regular shops, seeds 7 to 12): what the steps of the trees leave, beyond chance. With .2 the intervals of
# .76 and .83 of the categories held, with .33 of .93 to .97.
SHAPE_ERROR: Final = 0.33
LEARNER: Final = {
    "learning_rate": 0.15,
    "max_iter": 50,
    "max_leaf_nodes": 15,
    "min_samples_leaf": 40,
    "l2_regularization": 1.0,
    "early_stopping": False,
    "random_state": 0,
}
DEMAND_LEARNER: Final = LEARNER | {"max_iter": 80}
