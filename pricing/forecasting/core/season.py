"""The yearly season of products with more than a year of sales: an index of each third of a month beside the default's frequency.

A season is used where forecasting the past says so (`choice.py`), never because the months of one year differ. Thirds, as seasons
seldom begin and end with a month.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from pricing.elasticity.core.constants import (
    FREQUENCY_ALPHA,
    GROWTH_LINES,
    GROWTH_OVERLAP_DAYS,
    LARGEST_INDEX_WEIGHT,
    QUANTITY_ALPHA,
)
from pricing.forecasting.core.components import (
    MONTHS,
    PARTS,
    PARTS_OF_MONTH,
    Components,
    by_parts,
    components,
    part_of_year,
)
from pricing.forecasting.core.lines import (
    INACTIVE_DAYS,
    INTERMITTENT_SOLD_DAYS,
    PurchaseRates,
    blended_frequency,
)
from pricing.forecasting.core.panel import (
    DemandPanel,
    expected_profile,
    open_share,
    open_weights,
    weekday_profile,
)
from pricing.sales.core.arrays import BoolArray, FloatArray, IntArray

YEAR: Final = 365
LATE_DAYS: Final = 14  # by which a season may be later than a year ago


@dataclass(frozen=True, slots=True)
class YearlySales:
    """Purchases of P products by part of the year, as if every year had been like the newest.

    Attributes
    ----------
    lines : (P, 36) purchases since the first sale, without the growth from one year to the next.
    exposure : (P, 36) average open days that they rest on.
    """

    lines: FloatArray
    exposure: FloatArray


def has_a_year(panel: DemandPanel) -> BoolArray:
    """Which products (P,) have a year of history, and have sold on seven days or more."""
    often = (panel.units > 0).sum(axis=1) >= INTERMITTENT_SOLD_DAYS
    return np.asarray((panel.days - panel.start >= YEAR) & often)


def yearly_sales(panel: DemandPanel) -> YearlySales:
    """Sum purchases and open days by part of the year, growth taken out.

    Without that, the months of which a growing product has seen two seem to sell less than the others, and the first
    months of a year less than its last.
    """
    weight = open_weights(panel, weekday_profile(panel))
    back = (panel.days - np.arange(panel.days)) / YEAR
    scale = np.exp(np.log(_growth(panel))[:, None] * back)
    member = np.zeros((panel.days, PARTS))
    member[np.arange(panel.days), part_of_year(np.arange(panel.first_day, panel.end))] = 1.0
    history = np.arange(panel.days) >= panel.start[:, None]
    return YearlySales((panel.lines * scale) @ member, np.where(history, weight, 0.0) @ member)


def season_index(sales: YearlySales, reference: FloatArray) -> FloatArray:
    """Index of each part of the year (P, 36), with mean 1, drawn to a reference as far as chance explains the differences.

    First months are drawn to the reference, then the parts of each month to their month: a season that rises and falls
    slowly is read off months, which hold more purchases; one that begins in the middle of a month off their parts.

    Parameters
    ----------
    reference : (P, 36) or (36,) the season of the category, ones for none.
    """
    products = sales.lines.shape[0]
    weighed = sales.exposure * reference
    months = _drawn_to_one(
        *(each.reshape(products, MONTHS, PARTS_OF_MONTH).sum(axis=2) for each in (sales.lines, weighed))
    )
    found = reference * by_parts(months)
    found = found * _drawn_to_one(sales.lines, sales.exposure * found)
    return np.asarray(found / found.mean(axis=1, keepdims=True))


def _drawn_to_one(lines: FloatArray, weighed: FloatArray) -> FloatArray:
    """Purchases over those expected, (P, K), drawn to 1.

    Purchases are taken as Poisson around the product's rate x `weighed` x index, and the indices as gamma with the
    variance that is left of their differences when chance is taken off (empirical Bayes, moments).
    """
    total = weighed.sum(axis=1, keepdims=True)
    rate = np.divide(lines.sum(axis=1, keepdims=True), total, out=np.zeros(total.shape), where=total > 0)
    expected = rate * weighed
    excess = ((lines - expected) ** 2 - expected).sum(axis=1, keepdims=True)
    squares = (expected**2).sum(axis=1, keepdims=True)
    variance = np.divide(excess, squares, out=np.zeros(excess.shape), where=squares > 0)
    prior = 1 / np.clip(variance, 1e-6, LARGEST_INDEX_WEIGHT)
    return np.asarray((lines + prior) / (expected + prior))


def seasonal_components(
    panel: DemandPanel, rates: PurchaseRates, season: FloatArray, own_purchases: float
) -> Components:
    """The default's forecast of products that have a yearly season.

    Purchases are smoothed as the default does it, with two differences: a day counts as much as its part of the year
    usually sells, and ages what was known before by as much, a day at most. So a product that is bought in December alone is in
    January where it was at the end of December. A product that has missed its season has level 0.

    Parameters
    ----------
    season : (P, 36) index of each part of the year.
    """
    index = season[:, part_of_year(np.arange(panel.first_day, panel.end))]
    weight = open_weights(panel, weekday_profile(panel))
    share = np.where(np.isfinite(panel.shop_units), 1.0, open_share(panel)[panel.weekday]) * (weight > 0)
    age = _days_after(np.minimum(index, 1.0) * share)
    exposure = index * weight * (np.arange(panel.days) >= panel.start[:, None])
    smoothed = []
    for alpha in (FREQUENCY_ALPHA, QUANTITY_ALPHA):
        decay = np.exp(np.log(1 - alpha) * age)
        days, lines = (np.einsum("pt,pt->p", each, decay) for each in (exposure, panel.lines))
        smoothed.append((np.divide(lines, days, out=np.zeros(days.size), where=days > 0), days))
    (late, exposed), (usual, _) = smoothed
    frequency = blended_frequency(late, exposed, usual, own_purchases)
    level = np.where(_missed_season(panel, index * share), 0.0, frequency * rates.quantity)
    return components(panel.end, level, weekdays=expected_profile(panel), season=season)


def _missed_season(panel: DemandPanel, index: FloatArray) -> BoolArray:
    """Which products (P,) have not sold for 91 days of their season (P, T), though it is not over.

    A season that ended in the middle of a part leaves days that should have sold. So where nothing was sold on the same days
    a year ago either, up to a fortnight before the end, the product waits for its next season.
    """
    rows, stop = np.arange(panel.stop.size), panel.stop
    newest = np.maximum(stop - 1, 0)
    long = _days_after(index)[rows, newest] >= INACTIVE_DAYS
    until = np.pad(np.cumsum(panel.lines, axis=1), ((0, 0), (1, 0)))
    first, end = stop - YEAR, np.maximum(panel.days - YEAR - LATE_DAYS, 0)
    known = first >= panel.start
    sold_then = until[rows, np.maximum(first, end)] - until[rows, np.maximum(first, 0)]
    return np.asarray(long & ~(known & (sold_then <= 0)))


def _days_after(days: FloatArray) -> FloatArray:
    """Sum of the days (P, T) after each of them, (P, T)."""
    return np.asarray(np.cumsum(days[:, ::-1], axis=1)[:, ::-1] - days)


def _growth(panel: DemandPanel) -> FloatArray:
    """(P,) purchases of the newest year over those of the year before, from the days that both have."""
    begin = np.maximum(panel.start + YEAR, panel.days - YEAR)
    until = np.pad(np.cumsum(panel.lines, axis=1), ((0, 0), (1, 0)))
    rows = np.arange(begin.size)

    def between(first: IntArray, end: int) -> FloatArray:
        first = np.clip(first, 0, max(end, 0))
        return np.asarray(until[rows, max(end, 0)] - until[rows, first] + GROWTH_LINES)

    growth = between(begin, panel.days) / between(begin - YEAR, panel.days - YEAR)
    shared = np.maximum(panel.days - begin, 0)
    return np.asarray(growth ** (shared / (shared + GROWTH_OVERLAP_DAYS)))
