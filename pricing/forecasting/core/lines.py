"""The default forecast: how many sale lines a day, smoothed, times how many units a line, smoothed more slowly.

Units a day are far noisier than their two factors: lines come nearly like a Poisson process, and how much is
bought at a time hardly changes. Smoothing the factors apart needs no more data and follows the rate faster
(the idea is Croston's, 1972, who smoothed the sizes of orders and the intervals between them).
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from pricing.forecasting.core.panel import (
    DemandPanel,
    FloatArray,
    IntArray,
    open_weights,
    profile_of_days,
    weekday_profile,
)

RATE_ALPHA: Final = 0.07
SIZE_ALPHA: Final = 0.01
PRIOR_LINES: Final = 3.0
"""Lines of its category's usual size that stand beside a product's own."""

MOST_TIMES_USUAL: Final = 10.0
PRIOR_DAYS: Final = 1.0
"""Open days at its category's usual rate that stand beside those of a young or sparse product."""
YOUNG_DAYS: Final = 28
SPARSE_SOLD_DAYS: Final = 7
SILENT_DAYS: Final = 91
MIN_CATEGORY: Final = 8


@dataclass(frozen=True, slots=True)
class Priors:
    """What products of a category are like; the last of C + 1 entries is the whole shop's.

    Attributes
    ----------
    rate : (C + 1,) median lines on an average open day.
    size : (C + 1,) mean units a line.
    """

    rate: FloatArray
    size: FloatArray


@dataclass(frozen=True, slots=True)
class LineRates:
    """What is known of P products at the end of a panel.

    Attributes
    ----------
    rate : (P,) sale lines on a day of profile 1.
    exposure : (P,) how many such days the rate rests on, old ones counting less.
    size : (P,) units a line.
    young : (P,) fewer than 28 days of history: all days count alike.
    sparse : (P,) fewer than 7 sold days.
    silent : (P,) no sale for 91 days: nothing is expected.
    """

    rate: FloatArray
    exposure: FloatArray
    size: FloatArray
    young: np.ndarray[tuple[int], np.dtype[np.bool_]]
    sparse: np.ndarray[tuple[int], np.dtype[np.bool_]]
    silent: np.ndarray[tuple[int], np.dtype[np.bool_]]

    @property
    def units(self) -> FloatArray:
        """(P,) units expected on a day of profile 1."""
        return np.where(self.silent, 0.0, self.rate * self.size)


def line_rates(panel: DemandPanel, category: IntArray, priors: Priors) -> LineRates:
    """Smooth each product's lines a day and units a line up to the end of the panel.

    The rate is sum(w_t n_t) / sum(w_t s_t) over the days since the first sale, n_t the lines, s_t the weekday
    profile and w_t = 0.93^(open days since): simple exponential smoothing with alpha 0.07 in which a day
    counts as much as it usually sells. Sizes are smoothed likewise, with alpha 0.01. Young products: w_t = 1.
    Of a product that sold on fewer than 7 days a line counts as at most ten of its category's: one huge order is
    no habit.

    Parameters
    ----------
    category : (P,) index into the priors; -1 is the shop.
    """
    weight = open_weights(panel, weekday_profile(panel))
    age = open_days_since(weight)
    start = panel.start
    sold_days = (panel.units > 0).sum(axis=1)
    young = panel.days - start < YOUNG_DAYS
    sparse = sold_days < SPARSE_SOLD_DAYS
    decay = (1 - RATE_ALPHA) ** age
    lines = np.where(young, panel.lines.sum(axis=1), panel.lines @ decay)
    exposure = np.where(young, since(start, weight), since(start, decay * weight))
    prior = PRIOR_DAYS * (young | sparse)
    slow = (1 - SIZE_ALPHA) ** age
    units, told = panel.units @ slow, panel.lines @ slow
    believed = np.where(sparse, np.minimum(units, MOST_TIMES_USUAL * priors.size[category] * told), units)
    size = (believed + PRIOR_LINES * priors.size[category]) / (told + PRIOR_LINES)
    counted = exposure + prior
    rate = np.divide(
        lines + prior * priors.rate[category], counted, out=np.zeros(start.size), where=counted > 0
    )
    silent = (panel.days - panel.stop >= SILENT_DAYS) | (sold_days == 0)
    return LineRates(rate, counted, size, young, sparse, silent)


def fit_priors(panel: DemandPanel, category: IntArray, categories: int) -> Priors:
    """Learn what the products of each category are like from those with at least 7 sold days.

    Parameters
    ----------
    category : (P,) 0..C-1, or -1 for none; categories with fewer than 8 such products are like the shop.
    categories : C.
    """
    weight = open_weights(panel, weekday_profile(panel))
    age = open_days_since(weight)
    decay, slow = (1 - RATE_ALPHA) ** age, (1 - SIZE_ALPHA) ** age
    exposure = since(panel.start, decay * weight)
    usable = ((panel.units > 0).sum(axis=1) >= SPARSE_SOLD_DAYS) & (exposure > 0)
    rate = np.divide(panel.lines @ decay, exposure, out=np.zeros(exposure.size), where=usable)
    units, lines = panel.units @ slow, panel.lines @ slow
    rates, sizes = np.zeros(categories + 1), np.ones(categories + 1)
    for code in [-1, *range(categories)]:
        members = usable if code < 0 else usable & (category == code)
        if members.sum() >= (1 if code < 0 else MIN_CATEGORY):
            rates[code] = np.median(rate[members])
            sizes[code] = units[members].sum() / lines[members].sum()
        elif code >= 0:
            rates[code], sizes[code] = rates[-1], sizes[-1]
    return Priors(rates, sizes)


def forecast_lines(panel: DemandPanel, category: IntArray, priors: Priors, days: int) -> FloatArray:
    """(P, days) units expected on each day after the panel."""
    rates = line_rates(panel, category, priors)
    return rates.units[:, None] * profile_of_days(weekday_profile(panel), panel.end, days)


def rate_after_silence(rate: float, exposure: float, alpha: float, weights: FloatArray) -> float:
    """The rate after further days without a sale.

    Parameters
    ----------
    weights : the weekday profile of these days, 0 where the shop was closed.
    """
    opened = weights[weights > 0]
    decay = (1 - alpha) ** np.arange(opened.size - 1, -1, -1)
    kept = exposure * (1 - alpha) ** opened.size
    counted = kept + float(decay @ opened)
    return rate * kept / counted if counted > 0 else rate


def open_days_since(weight: FloatArray) -> FloatArray:
    """(T,) open days after each column."""
    opened = weight > 0
    return np.cumsum(opened[::-1])[::-1].astype(np.float64) - opened


def since(start: IntArray, values: FloatArray) -> FloatArray:
    """(P,) sum of the values from each product's first column on."""
    return np.concatenate((np.cumsum(values[::-1])[::-1], [0.0]))[start]
