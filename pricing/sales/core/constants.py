"""Every tuned constant of cleaning sales: what it does, where it comes from, how to reproduce it.

- simulation: chosen on simulated shops that mislead in one named way each, and reproduced by
  `python benchmarks/disturbance_table.py --seeds 1 2 3`;
- judgement: chosen beforehand for what it means, and not fitted to anything. What list prices and units then are is
  checked by `pytest tests/unit/pricing -k "lines or list_prices or price_mix or price_series or totals"`, and how far the
  elasticities made of them are off by `python benchmarks/elasticity_accuracy.py --shop regular --each-disturbance`.

Quantity classes, periods and the number of passes stay beside the code that they belong to: they define a method.
"""

from typing import Final

import numpy as np

# --- which units and prices of a line count (judgement) ----------------------------------------------------------------
PRICE_FACTOR: Final = 4.0  # times above or below the product's median from which a price is mistyped
# Units of a line that count are at most exp(Q3 + 3 max(IQR, 0.5)) of the product's log quantities, or 24 if that is more;
# Q3 + 3 IQR is the outer fence of Tukey (1977).
IQR_MULTIPLE: Final = 3.0
SMALLEST_IQR: Final = 0.5
SMALLEST_CAP: Final = 24.0

# --- the shop's weekdays (judgement) -----------------------------------------------------------------------------------
WEEKDAY_PRIOR_DAYS: Final = 2.0  # average days beside the open days of each weekday
SMALLEST_WEEKDAY_WEIGHT: Final = 0.05  # in relation to the average day

# --- flags of a product's lines (judgement) ----------------------------------------------------------------------------
HIGH_RETURN_SHARE: Final = 0.10
HIGH_RETURN_LINES: Final = 2
MIXED_CHANNEL_SHARE: Final = 0.10
MIXED_CHANNEL_PRICE_RATIO: Final = 1.25

# --- list prices and promotions (judgement) ----------------------------------------------------------------------------
SAME_PRICE: Final = 0.012  # log prices closer than this count as one price
FEWEST_IN_CELL: Final = 3  # days from which a channel and quantity class shows what it is charged
WIDEST_CELL: Final = 0.02  # median scatter of its log offsets, above which it shows no list price
PROMOTION_DEPTH: Final = -np.log(0.95)
PROMOTION_REACH_DAYS: Final = 35  # before and after, within which a promotion's higher price is charged
RETURNED_PRICE: Final = 0.002  # by which the log prices before and after a promotion may differ
# Days that a dip below differing prices may last to be a promotion: the middle between the fewest and the most days
# that the sales around it leave it.
SHORT_DIP_DAYS: Final = 18.0
# Dips by coupons (realistic shops, seeds 1 and 2): of a product's pairs of neighbouring sold days with a dip, of which there
# have to be so many, at most this share are both in it (promotions: .6 to .9, coupons beside them: .2 to .6); this share of the
# dips at least are of one sold day (0 to .3 and .45 to .8), and this one of its days at most is in dips (contracts: .3 to .55).
# Dropped are dips of so many sold days.
FEWEST_PAIRS_OF_DIPS: Final = 6
LASTING_DIPS: Final = 0.62
SINGLE_DIPS: Final = 0.5
DAYS_IN_DIPS: Final = 0.3
LONGEST_OF_COUPONS: Final = 3
# Prices drawn anew each day, of two as likely, leave a quarter of the days at another than the day before and after;
# mistyped prices a hundredth or two.
DAILY_PRICES: Final = 0.1
NEXT_OPEN_DAY: Final = 2  # within so many days lies the next day that the shop is open
PROVEN_DAYS: Final = 21  # from which a lower price is the price and no dip

# --- several prices at once (simulation) ------------------------------------------------------------------------------
# Simulated shops with one price for all show switches of 0 to .15, those with two stores or with contracts .3 or more;
# coupons in campaigns, of which an estimate takes no harm, .14 to .22. Of the UCI sales' products a tenth show more than .12.
SWITCHES: Final = 0.25
SWITCHES_OF_A_DAY: Final = 0.1  # on the same day: prices that change every day are one price at a time
SWITCH_DAYS: Final = 3  # within which two lines are compared (judgement)
FEWEST_SWITCH_PAIRS: Final = 10  # (judgement)
SWITCH_PRICE: Final = 0.01  # difference of log prices (judgement)

# --- prices by channel (judgement) -------------------------------------------------------------------------------------
FEWEST_LINES_OF_A_CHANNEL: Final = 20  # below which it shows no price of its own
MOST_CHANNELS: Final = 20  # of a product, the busiest
MAIN_DAYS: Final = 365  # up to the product's newest sale, in which the main channel sells most
CHANNELS_NEAR_DAYS: Final = 14  # within which the main channel's price is compared
FEWEST_DIFFERENT_DAYS: Final = 3
DIFFERENT_SHARE: Final = 0.1  # of the days compared

# --- totals in place of lines (judgement) ------------------------------------------------------------------------------
# Chance makes single lines of a busy product next to never, and single lines a week apart never.
SINGLE_LINES: Final = 0.95  # share of sold days with one line from which the lines may be totals
FEWEST_ROWS_OF_TOTALS: Final = 8
FEWEST_DAYS_OF_TOTALS: Final = 20
LEAST_UNITS_OF_TOTALS: Final = 2.0  # mean units of a day's total, and of others that tell nothing else
LEAST_SHARE_OF_TOTALS: Final = 0.6  # of the units that purchases at random would add up to in a period
NEXT_PERIODS: Final = (
    0.1  # share of the distances between sold days that are one period, for it to be the period
)
SURPRISING_DAYS: Final = 5.0  # with several lines, that purchases at random would show, were they not totals
REGULAR_SHARE: Final = 0.95  # of the distances between sold days that fit a period
MOST_OF_A_FILE: Final = 0.8  # share of its rows from which they all are called totals
