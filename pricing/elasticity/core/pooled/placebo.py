"""Placebo tests: whether sales respond to the price of two weeks later, or to that of the week before.

The first is a placebo: they cannot. Where they seem to, prices follow sales (a price is raised after good weeks, cut
after poor ones), and every elasticity of the shop is biased by an amount that its sales alone do not tell.

The second tells whether the response to a change is there at once. Where it fades after the first week, competitors answer to
the change, or buyers had bought ahead.
"""

from dataclasses import replace
from typing import Final

import numpy as np

from pricing.elasticity.core.constants import (
    AHEAD_DAYS,
    PASSING_DAYS,
)
from pricing.elasticity.core.pooled.design import centred_log_price, price_around
from pricing.elasticity.core.pooled.panel import Panel
from pricing.elasticity.core.pooled.residuals import Residuals
from pricing.sales.core.arrays import BoolArray
from pricing.sales.core.calendar import DAYS_A_WEEK, first_day_of_week

SAME_LOG_PRICE: Final = 1e-9


def placebo_z(residuals: Residuals, left_out: BoolArray | None = None) -> float:
    """Standardised slope of purchases on the regular price two weeks ahead, all products together.

    Positive: prices rise after sales did. 0 where fewer than eight products say anything. Some cells (n,) may be left out.
    """
    return _standard_score(residuals, AHEAD_DAYS, AHEAD_DAYS + DAYS_A_WEEK, left_out)


def fading_z(residuals: Residuals, left_out: BoolArray | None = None) -> float:
    """Standardised slope of purchases on the regular price of the week before, all products together.

    Positive: a change of price does more in its first week than afterwards, as where a competitor follows it. Passing
    prices are left out: they have no weeks after, and buyers who lay in stock at one buy less when it ends. 0 where
    fewer than eight products say anything. Some cells (n,) may be left out, too.
    """
    out = passing(residuals.panel)
    return _standard_score(residuals, -DAYS_A_WEEK, 0, out if left_out is None else out | left_out)


def passing(panel: Panel) -> BoolArray:
    """(n,) whether a cell's price was in force for no more than two weeks: from its first cell to that of the next price."""
    if panel.product.size == 0:
        return np.zeros(0, np.bool_)
    other = np.diff(panel.product) != 0
    begins = np.concatenate(([True], other | (np.abs(np.diff(panel.log_price)) > SAME_LOG_PRICE)))
    spell = np.cumsum(begins) - 1
    following = np.concatenate((panel.start[1:], [0]))
    end_of_cell = np.where(np.concatenate((other, [True])), first_day_of_week(panel.week + 1), following)
    last = np.concatenate((np.flatnonzero(begins)[1:] - 1, [panel.product.size - 1]))
    return np.asarray((end_of_cell[last] - panel.start[begins] <= PASSING_DAYS)[spell])


def _standard_score(residuals: Residuals, first: int, stop: int, left_out: BoolArray | None = None) -> float:
    """Standard score of the mean price of the days from `first` to the one before `stop`, less the present one.

    The score of one more column at the posterior modes, what the other columns explain of it taken out, summed over
    cells (Rao 1948), over its clustered standard error. Promotions are left out: they are planned, and end; so are the
    cells (n,) that the caller leaves out.
    """
    panel = residuals.panel
    log_price = centred_log_price(panel)
    out = panel.promotion if left_out is None else panel.promotion | left_out
    regular = replace(panel, exposure=np.where(out, 0.0, panel.exposure))
    difference = price_around(regular, log_price, first, stop) - log_price
    difference = np.where(out, 0.0, difference)
    score = residuals.score(residuals.unexplained(difference))
    spread = residuals.clustered(score)
    return float(score.sum() / spread) if spread > 0 else 0.0
