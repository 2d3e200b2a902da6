"""The yearly season of products with more than a year of sales: an index of each month beside the default's frequency.

A season is used where forecasting the past says so (`choice.py`), never because the months of one year differ.
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
from pricing.forecasting.core.components import MONTHS, Components, components, month_of
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


@dataclass(frozen=True, slots=True)
class MonthlySales:
    """Purchases of P products by month of the year, as if every year had been like the newest.

    Attributes
    ----------
    lines : (P, 12) purchases since the first sale, without the growth from one year to the next.
    exposure : (P, 12) average open days that they rest on.
    """

    lines: FloatArray
    exposure: FloatArray


def has_a_year(panel: DemandPanel) -> BoolArray:
    """Which products (P,) have a year of history, and have sold on seven days or more."""
    often = (panel.units > 0).sum(axis=1) >= INTERMITTENT_SOLD_DAYS
    return np.asarray((panel.days - panel.start >= YEAR) & often)


def monthly_sales(panel: DemandPanel) -> MonthlySales:
    """Sum purchases and open days by month of the year, growth taken out.

    Without that, the months of which a growing product has seen two seem to sell less than the others, and the first
    months of a year less than its last.
    """
    weight = open_weights(panel, weekday_profile(panel))
    back = (panel.days - np.arange(panel.days)) / YEAR
    scale = np.exp(np.log(_growth(panel))[:, None] * back)
    member = np.zeros((panel.days, MONTHS))
    member[np.arange(panel.days), month_of(np.arange(panel.first_day, panel.end))] = 1.0
    history = np.arange(panel.days) >= panel.start[:, None]
    return MonthlySales((panel.lines * scale) @ member, np.where(history, weight, 0.0) @ member)


def season_index(sales: MonthlySales, reference: FloatArray) -> FloatArray:
    """Index of each month (P, 12), with mean 1, drawn to a reference as far as chance explains the differences.

    Purchases of a month are taken as Poisson around reference x index, and the indices as gamma with the variance that
    is left of the months' differences when chance is taken off (empirical Bayes, moments).

    Parameters
    ----------
    reference : (P, 12) or (12,) the season of the category, ones for none.
    """
    weighed = sales.exposure * reference
    total = weighed.sum(axis=1, keepdims=True)
    rate = np.divide(
        sales.lines.sum(axis=1, keepdims=True), total, out=np.zeros(total.shape), where=total > 0
    )
    expected = rate * weighed
    excess = ((sales.lines - expected) ** 2 - expected).sum(axis=1, keepdims=True)
    squares = (expected**2).sum(axis=1, keepdims=True)
    variance = np.divide(excess, squares, out=np.zeros(excess.shape), where=squares > 0)
    prior = 1 / np.clip(variance, 1e-6, LARGEST_INDEX_WEIGHT)
    found = reference * (sales.lines + prior) / (expected + prior)
    return np.asarray(found / found.mean(axis=1, keepdims=True))


def seasonal_components(
    panel: DemandPanel, rates: PurchaseRates, season: FloatArray, own_purchases: float
) -> Components:
    """The default's forecast of products that have a yearly season.

    Purchases are smoothed as the default does it, with two differences: a day counts as much as its month usually
    sells, and ages what was known before by as much. So a product that is bought in December alone is in January where it
    was at the end of December. A product that has not sold for 91 such days has level 0.

    Parameters
    ----------
    season : (P, 12) index of each month.
    """
    index = season[:, month_of(np.arange(panel.first_day, panel.end))]
    weight = open_weights(panel, weekday_profile(panel))
    share = np.where(np.isfinite(panel.shop_units), 1.0, open_share(panel)[panel.weekday]) * (weight > 0)
    age = index * share
    age = np.cumsum(age[:, ::-1], axis=1)[:, ::-1] - age
    index *= weight * (np.arange(panel.days) >= panel.start[:, None])
    smoothed = []
    for alpha in (FREQUENCY_ALPHA, QUANTITY_ALPHA):
        decay = np.exp(np.log(1 - alpha) * age)
        days, lines = (np.einsum("pt,pt->p", each, decay) for each in (index, panel.lines))
        smoothed.append((np.divide(lines, days, out=np.zeros(days.size), where=days > 0), days))
    (late, exposed), (usual, _) = smoothed
    frequency = blended_frequency(late, exposed, usual, own_purchases)
    newest = np.maximum(panel.stop - 1, 0)[:, None]
    since_sale = np.take_along_axis(age, newest, axis=1)[:, 0]
    level = np.where(since_sale < INACTIVE_DAYS, frequency * rates.quantity, 0.0)
    return components(panel.end, level, weekdays=expected_profile(panel), months=season)


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
