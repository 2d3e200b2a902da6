"""The default forecast: how many purchases (sale lines) a day, smoothed, times how many units each, smoothed more slowly.

Units a day are far noisier than their two factors: purchases come nearly like a Poisson process, and how much is
bought at a time hardly changes. Smoothing the factors apart needs no more data and follows the frequency faster
(the idea is Croston's, 1972, who smoothed the sizes of orders and the intervals between them).
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from pricing.elasticity.core.constants import (
    FREQUENCY_ALPHA,
    MOST_TIMES_USUAL,
    PRIOR_DAYS,
    PRIOR_LINES,
    QUANTITY_ALPHA,
    SMALLEST_CATEGORY,
)
from pricing.forecasting.core.intervals import regular_intervals
from pricing.forecasting.core.panel import (
    DemandPanel,
    expected_profile,
    open_days_since,
    open_weights,
    profile_of_days,
    weekday_profile,
)
from pricing.sales.core.arrays import BoolArray, FloatArray, IntArray
from pricing.sales.core.grouping import group_ends, group_starts

NEW_DAYS: Final = 28
INTERMITTENT_SOLD_DAYS: Final = 7
INACTIVE_DAYS: Final = 91


@dataclass(frozen=True, slots=True)
class Priors:
    """What products of a category are like; the last of C + 1 entries is the whole shop's.

    Attributes
    ----------
    frequency : (C + 1,) median purchases on an average open day.
    quantity : (C + 1,) mean units per purchase.
    own_purchases : how many purchases each product's frequency of the long run counts for beside those of late.
    """

    frequency: FloatArray
    quantity: FloatArray
    own_purchases: float = 0.0


@dataclass(frozen=True, slots=True)
class PurchaseRates:
    """What is known of P products at the end of a panel.

    Attributes
    ----------
    frequency : (P,) purchases on a day of profile 1: `blended_frequency` of those of late and the usual ones.
    recent, exposure : (P,) purchases of late on such a day, and how many such days they rest on, old ones counting less.
    usual, usual_exposure : (P,) the same in the long run.
    quantity : (P,) units per purchase.
    new : (P,) fewer than 28 days of history: all days count alike.
    intermittent : (P,) fewer than 7 sold days.
    inactive : (P,) no sale for 91 days: nothing is expected.
    interval : (P,) days between sold days where they are regular and the next is not overdue, else 0. There the
        frequency is one over the interval.
    """

    frequency: FloatArray
    recent: FloatArray
    exposure: FloatArray
    usual: FloatArray
    usual_exposure: FloatArray
    quantity: FloatArray
    new: BoolArray
    intermittent: BoolArray
    inactive: BoolArray
    interval: FloatArray

    @property
    def units(self) -> FloatArray:
        """(P,) units expected on a day of profile 1."""
        return np.where(self.inactive, 0.0, self.frequency * self.quantity)


def purchase_rates(panel: DemandPanel, category: IntArray, priors: Priors) -> PurchaseRates:
    """Smooth each product's purchases a day and units per purchase up to the end of the panel.

    The frequency of late is sum(w_t n_t) / sum(w_t s_t) over the days since the first sale, n_t the lines, s_t the weekday
    profile and w_t = 0.93^(open days since): simple exponential smoothing with alpha 0.07 in which a day
    counts as much as it usually sells. The usual frequency and units per purchase are smoothed likewise, with alpha 0.01.
    New products: w_t = 1.
    Of a product that sold on fewer than 7 days a purchase counts as at most ten of its category's: one huge order is
    no habit. The less a product's purchases vary, the fewer of its category's stand beside them. Of a product that sells
    at regular intervals these give the frequency.

    Parameters
    ----------
    category : (P,) index into the priors; -1 is the shop.
    """
    weight = open_weights(panel, weekday_profile(panel))
    age = open_days_since(panel, weight)
    start = panel.start
    sold_days = (panel.units > 0).sum(axis=1)
    new = panel.days - start < NEW_DAYS
    intermittent = sold_days < INTERMITTENT_SOLD_DAYS
    decay = (1 - FREQUENCY_ALPHA) ** age
    lines = np.where(new, panel.lines.sum(axis=1), panel.lines @ decay)
    exposure = np.where(new, since(start, weight), since(start, decay * weight))
    slow = (1 - QUANTITY_ALPHA) ** age
    units, weighted_lines = panel.units @ slow, panel.lines @ slow
    regular = regular_intervals(panel, weight)
    intermittent &= ~regular.regular
    usual = priors.quantity[category]
    capped = np.where(intermittent, np.minimum(units, MOST_TIMES_USUAL * usual * weighted_lines), units)
    prior_lines = PRIOR_LINES * _variation_of_quantity(panel, sold_days)
    sold = np.where(regular.regular, regular.units, capped)
    counted_lines = np.where(regular.regular, regular.lines, weighted_lines)
    quantity = (sold + prior_lines * usual) / (counted_lines + prior_lines)
    prior = PRIOR_DAYS * (new | intermittent)
    counted = exposure + prior
    frequency = np.divide(
        lines + prior * priors.frequency[category], counted, out=np.zeros(start.size), where=counted > 0
    )
    inactive = (panel.days - panel.stop >= INACTIVE_DAYS) & ~regular.regular | (sold_days == 0)
    usual_exposure = np.where(new, counted, since(start, slow * weight))
    usual_frequency = np.divide(
        weighted_lines, usual_exposure, out=np.zeros(start.size), where=usual_exposure > 0
    )
    usual_frequency = np.where(new, frequency, usual_frequency)
    blended = blended_frequency(frequency, counted, usual_frequency, priors.own_purchases)
    return PurchaseRates(
        np.where(regular.regular, regular.frequency, blended),
        *(frequency, counted, usual_frequency, usual_exposure, quantity, new, intermittent, inactive),
        regular.mean,
    )


def _variation_of_quantity(panel: DemandPanel, sold_days: IntArray) -> FloatArray:
    """How much the units per purchase vary (P,): squared deviations over the squared mean, at most 1.

    Of each sold day the mean of its purchases is known. A variation of 1 stands beside them as one more day, so that a
    single purchase does not show it.
    """
    size = np.divide(panel.units, panel.lines, out=np.zeros(panel.units.shape), where=panel.lines > 0)
    lines, units = panel.lines.sum(axis=1), panel.units.sum(axis=1)
    # sum of lines (size / mean - 1)^2, with the mean units / lines
    squares = np.einsum("pt,pt->p", panel.units, size) * np.divide(
        lines, units, out=np.zeros(lines.size), where=units > 0
    ) ** 2 - lines * (units > 0)
    return np.asarray(np.minimum((np.maximum(squares, 0.0) + 1) / np.maximum(sold_days, 1), 1.0))


def blended_frequency(
    recent: FloatArray, exposure: FloatArray, usual: FloatArray, own_purchases: float
) -> FloatArray:
    """Weigh purchases of late by how many of them were to be expected, and the usual frequency by `own_purchases`.

    The gamma-Poisson shrinkage of a product's frequency to its own long run: an unusual month of a product that sells
    seldom is mostly chance, that of one that sells every hour is not.
    """
    weight = weight_of_late(exposure, usual, own_purchases)
    return np.asarray(weight * recent + (1 - weight) * usual)


def weight_of_late(exposure: FloatArray, usual: FloatArray, own_purchases: float | FloatArray) -> FloatArray:
    """How much (P,) the frequency of late counts beside the usual one, 0 to 1."""
    expected = usual * exposure
    counted = expected + own_purchases
    return np.asarray(np.divide(expected, counted, out=np.ones(np.shape(exposure)), where=counted > 0))


def price_of_frequency(
    panel: DemandPanel,
    rates: PurchaseRates,
    own_purchases: float | FloatArray,
    through: IntArray,
    rows: tuple[IntArray, IntArray, FloatArray],
) -> FloatArray:
    """Price (P,) that each product's frequency was sold at: the geometric mean of its list prices.

    A day counts as much as it does in the frequency: of late and in the long run, weighed as `blended_frequency` does. A
    price holds until the next one that is known, the first known one also before it. So demand at another price can be
    projected from the price that the sales were made at, even where it was changed since. nan for a product without any
    known price.

    Parameters
    ----------
    rates : as `purchase_rates` has them, from the same panel.
    own_purchases : for all products or (P,); without end where the long run alone counts.
    through : (P,) the day after the last one looked at, as days since 1970-01-01.
    rows : (n,) each: product, day and list price (nan: unknown), sorted by product and day.
    """
    weight = open_weights(panel, weekday_profile(panel))
    age = open_days_since(panel, weight)
    product, day, price = rows
    known = (price > 0) & (day < through[product])
    product, day, log_price = product[known], day[known], np.log(price[known])
    start, count = panel.start, panel.start.size
    first = group_starts(product)
    column = np.clip(np.where(first, start[product], day - panel.first_day), start[product], panel.days)
    following = np.where(group_ends(first), panel.days, np.roll(column, -1))
    last = np.clip(through[product] - panel.first_day, 0, panel.days)
    begin, end = np.minimum(column, last), np.minimum(following, last)

    def mean_of(alpha: float) -> FloatArray:
        """Mean logarithm (P,) where a day weighs 1 - alpha of the next."""
        summed = np.zeros((2, panel.days + 1))
        np.cumsum([(1 - alpha) ** age * weight, weight], axis=1, out=summed[:, 1:])
        kind = rates.new[product].astype(np.int64)
        held = summed[kind, end] - summed[kind, begin]
        total = np.bincount(product, held, count)
        summed_logs = np.bincount(product, held * log_price, count)
        return np.asarray(np.divide(summed_logs, total, out=np.full(count, np.nan), where=total > 0))

    # Regular intervals are those of the long run.
    own = np.where(rates.interval > 0, np.inf, own_purchases)
    late = weight_of_late(rates.exposure, rates.usual, own)
    return np.asarray(np.exp(late * mean_of(FREQUENCY_ALPHA) + (1 - late) * mean_of(QUANTITY_ALPHA)))


def fit_priors(panel: DemandPanel, category: IntArray, categories: int) -> Priors:
    """Learn what the products of each category are like from those with at least 7 sold days.

    Parameters
    ----------
    category : (P,) 0..C-1, or -1 for none; categories with fewer than 8 such products are like the shop.
    categories : C.
    """
    weight = open_weights(panel, weekday_profile(panel))
    age = open_days_since(panel, weight)
    decay, slow = (1 - FREQUENCY_ALPHA) ** age, (1 - QUANTITY_ALPHA) ** age
    exposure = since(panel.start, decay * weight)
    usable = ((panel.units > 0).sum(axis=1) >= INTERMITTENT_SOLD_DAYS) & (exposure > 0)
    frequency = np.divide(panel.lines @ decay, exposure, out=np.zeros(exposure.size), where=usable)
    units, lines = panel.units @ slow, panel.lines @ slow
    found = Priors(np.zeros(categories + 1), np.ones(categories + 1))
    for code in [-1, *range(categories)]:
        members = usable if code < 0 else usable & (category == code)
        if members.sum() >= (1 if code < 0 else SMALLEST_CATEGORY):
            found.frequency[code] = np.median(frequency[members])
            found.quantity[code] = units[members].sum() / lines[members].sum()
        elif code >= 0:
            found.frequency[code], found.quantity[code] = found.frequency[-1], found.quantity[-1]
    return found


def forecast_lines(panel: DemandPanel, category: IntArray, priors: Priors, days: int) -> FloatArray:
    """(P, days) units expected on each day after the panel."""
    rates = purchase_rates(panel, category, priors)
    return rates.units[:, None] * profile_of_days(expected_profile(panel), panel.end, days)


def after_inactivity(
    frequency: FloatArray, exposure: FloatArray, alpha: FloatArray, weights: FloatArray, shares: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Frequencies and exposures (P,) after further days without a sale.

    Parameters
    ----------
    frequency, exposure, alpha : (P,)
    weights, shares : (days,) what each of them sells in relation to the average open day, 0 where the shop is closed,
        and how probably the shop is open: by that much it ages what was known.
    """
    age = np.cumsum(shares[::-1])[::-1] - shares
    kept = exposure * (1 - alpha) ** shares.sum()
    counted = kept + (1 - alpha[:, None]) ** age @ weights
    after = np.divide(frequency * kept, counted, out=1.0 * frequency, where=counted > 0)
    return np.asarray(after), np.asarray(counted)


def since(start: IntArray, values: FloatArray) -> FloatArray:
    """(P,) sum of the values from each product's first column on."""
    return np.concatenate((np.cumsum(values[::-1])[::-1], [0.0]))[start]
