"""Daily sales of many products and of the whole shop, as arrays: the input of every forecast."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from pricing.elasticity.core.constants import (
    LEAST_OPEN_SHARE,
    MOST_TIMES_MEDIAN,
    OPEN_FADING,
)
from pricing.sales.core.arrays import BoolArray, FloatArray, IntArray
from pricing.sales.core.calendar import DAYS_A_WEEK, weekday_of

PROFILE_DAYS: Final = 26 * DAYS_A_WEEK


@dataclass(frozen=True, slots=True)
class DemandPanel:
    """P products over T days without a gap; unsold days are zeros.

    Attributes
    ----------
    first_day : day of the first column, as days since 1970-01-01.
    units : (P, T) clean units sold.
    lines : (P, T) clean sale lines.
    shop_units : (T,) clean units of all merchandise, nan where they are not known; a day with 0 was closed.
    """

    first_day: int
    units: FloatArray
    lines: FloatArray
    shop_units: FloatArray

    @property
    def days(self) -> int:
        return int(self.units.shape[1])

    @property
    def end(self) -> int:
        """The day after the last column."""
        return self.first_day + self.days

    @property
    def weekday(self) -> IntArray:
        """(T,) weekday of each column, 0 = Monday."""
        return weekday_of(np.arange(self.first_day, self.end))

    @property
    def start(self) -> IntArray:
        """(P,) column of each product's first sale, T for one without."""
        sold = self.units > 0
        return np.where(sold.any(axis=1), sold.argmax(axis=1), self.days)

    @property
    def stop(self) -> IntArray:
        """(P,) column after each product's last sale, 0 for one without."""
        sold = self.units[:, ::-1] > 0
        return np.where(sold.any(axis=1), self.days - sold.argmax(axis=1), 0)

    def until(self, columns: int) -> "DemandPanel":
        """The first columns alone: what was known then."""
        return DemandPanel(
            self.first_day, self.units[:, :columns], self.lines[:, :columns], self.shop_units[:columns]
        )

    def take(self, products: IntArray | BoolArray) -> "DemandPanel":
        """Some of the products, by index or mask."""
        return DemandPanel(self.first_day, self.units[products], self.lines[products], self.shop_units)


def demand_panel(
    product: IntArray,
    day: IntArray,
    units: FloatArray,
    lines: IntArray | FloatArray,
    *,
    products: int,
    first_day: int,
    end: int,
    shop_units: FloatArray,
) -> DemandPanel:
    """Spread product-days over a panel; days outside it are left out.

    Parameters
    ----------
    product, day, units, lines : (n,) at most one entry for each product and day.
    products : P.
    first_day, end : the panel's first day and the day after its last.
    shop_units : units of the whole shop on the days from `first_day` on; longer or shorter than the panel.
    """
    span = max(end - first_day, 0)
    inside = (day >= first_day) & (day < end)
    at = (product[inside], day[inside] - first_day)
    panel_units, panel_lines = np.zeros((products, span)), np.zeros((products, span))
    panel_units[at], panel_lines[at] = units[inside], lines[inside]
    known = np.full(span, np.nan)
    known[: shop_units.size] = shop_units[:span]
    return DemandPanel(first_day, panel_units, panel_lines, known)


def weekday_profile(panel: DemandPanel) -> FloatArray:
    """What a weekday sells relative to the average day, from the shop's last 26 known weeks.

    A weekday on which the shop was open on fewer than one in four of its days counts as closed. A day counts as at most
    five times the median of its weekday's open days: one huge order makes no weekday.

    Returns
    -------
    (7,) Monday first, with mean 1; 0 for closed weekdays, all 1 where no sales are known.
    """
    known = np.flatnonzero(np.isfinite(panel.shop_units))[-PROFILE_DAYS:]
    sold, weekday = panel.shop_units[known], panel.weekday[known]
    days = np.bincount(weekday, minlength=DAYS_A_WEEK)
    opened = np.bincount(weekday[sold > 0], minlength=DAYS_A_WEEK)
    for each in np.flatnonzero(opened).tolist():
        of_day = (weekday == each) & (sold > 0)
        sold[of_day] = np.minimum(sold[of_day], MOST_TIMES_MEDIAN * np.median(sold[of_day]))
    mean = np.bincount(weekday, sold, DAYS_A_WEEK) / np.maximum(opened, 1)
    mean[opened < LEAST_OPEN_SHARE * days] = 0.0
    return np.asarray(mean / mean.mean()) if mean.any() else np.ones(DAYS_A_WEEK)


def open_share(panel: DemandPanel) -> FloatArray:
    """(7,) on which share of each weekday's dates the shop was open, Monday first, of late more than long ago.

    From the last 26 known weeks; 1 for a weekday without any date.
    """
    known = np.flatnonzero(np.isfinite(panel.shop_units))[-PROFILE_DAYS:]
    counts = OPEN_FADING ** ((known[-1:].sum() - known) // DAYS_A_WEEK)
    weekday = panel.weekday[known]
    dates = np.bincount(weekday, counts, DAYS_A_WEEK)
    opened = np.bincount(weekday, counts * (panel.shop_units[known] > 0), DAYS_A_WEEK)
    return np.asarray(np.divide(opened, dates, out=np.ones(DAYS_A_WEEK), where=dates > 0))


def expected_profile(panel: DemandPanel) -> FloatArray:
    """(7,) what a coming weekday sells relative to the average open day: the profile times the share of open dates.

    A past day without any sale counts as closed; so a coming day must count as open no more often than past days did, or a
    shop that sells every third day is forecast three times what it sells.
    """
    return weekday_profile(panel) * open_share(panel)


def open_weights(panel: DemandPanel, profile: FloatArray) -> FloatArray:
    """(T,) the profile's value of each column, 0 on days on which the shop was closed.

    Where it is not known whether it was, the value is what may be expected.
    """
    usual = (profile * open_share(panel))[panel.weekday]
    known = np.where(panel.shop_units == 0, 0.0, profile[panel.weekday])
    return np.where(np.isfinite(panel.shop_units), known, usual)


def open_days_since(panel: DemandPanel, weight: FloatArray) -> FloatArray:
    """(T,) open days after each column; one of which it is not known counts as the share of its weekday.

    Parameters
    ----------
    weight : (T,) as `open_weights` has it.
    """
    unknown = open_share(panel)[panel.weekday]
    opened = np.where(np.isfinite(panel.shop_units), 1.0, unknown) * (weight > 0)
    return np.asarray(np.cumsum(opened[::-1])[::-1] - opened)


def profile_of_days(profile: FloatArray, first_day: int, days: int) -> FloatArray:
    """(days,) the profile's value of each day from `first_day` on."""
    return profile[weekday_of(np.arange(first_day, first_day + days))]
