"""The shop's calendar: weeks anchored to Mondays, open and closed days, and what each weekday is worth."""

from dataclasses import dataclass
from typing import Final

import numpy as np

# Explicit re-exports: other wings still import the array types from here.
from pricing.sales.core.arrays import BoolArray, FloatArray, IntArray
from pricing.sales.core.constants import (
    SMALLEST_WEEKDAY_WEIGHT,
    WEEKDAY_PRIOR_DAYS,
)

DAYS_A_WEEK: Final = 7
MONTH_DAYS: Final = 30  # the "month" of monthly sales, forecasts and recommendations
DAYS_A_YEAR: Final = 365.25
WEEKS_A_YEAR: Final = 52
# 1970-01-01 was a Thursday, three days after a Monday.
DAYS_SINCE_MONDAY_AT_EPOCH: Final = 3


@dataclass(frozen=True, slots=True)
class ShopCalendar:
    """Which days the shop was open, and how busy a weekday is.

    Attributes
    ----------
    first_day, last_day : the span over which closed days are known; days outside it count as open.
    closed_days : sorted days of that span on which the whole shop sold nothing.
    weekday_weight : (7,) sale lines of an open day relative to the average open day, Monday first.
    """

    first_day: int
    last_day: int
    closed_days: IntArray
    weekday_weight: FloatArray


@dataclass(frozen=True, slots=True)
class CumulatedDays:
    """Running totals over days: entry k sums the k days from `first_day` on (both arrays have length days + 1)."""

    first_day: int
    open_days: FloatArray
    weight: FloatArray

    def open_between(self, start: IntArray, stop: IntArray) -> FloatArray:
        """Open days d with start <= d < stop."""
        return self.open_days[stop - self.first_day] - self.open_days[start - self.first_day]

    def weight_between(self, start: IntArray, stop: IntArray) -> FloatArray:
        """Weekday weights of the open days d with start <= d < stop."""
        return self.weight[stop - self.first_day] - self.weight[start - self.first_day]


def week_of(day: IntArray) -> IntArray:
    """Number of the week (Monday to Sunday) of each day, counted from the week of 1970-01-01."""
    return (day + DAYS_SINCE_MONDAY_AT_EPOCH) // DAYS_A_WEEK


def first_day_of_week(week: IntArray) -> IntArray:
    """Monday of each week, as days since 1970-01-01."""
    return week * DAYS_A_WEEK - DAYS_SINCE_MONDAY_AT_EPOCH


def weekday_of(day: IntArray) -> IntArray:
    """Weekday of each day, 0 = Monday."""
    return (day + DAYS_SINCE_MONDAY_AT_EPOCH) % DAYS_A_WEEK


def shop_calendar(open_days: IntArray, day: IntArray, lines: IntArray) -> ShopCalendar:
    """Read the calendar off the days on which the shop sold anything.

    Parameters
    ----------
    open_days : sorted distinct days with sales of any product.
    day, lines : (n,) days and numbers of sale lines, any number of entries per day; they give the weekday profile.

    Returns
    -------
    ShopCalendar. A weekday weighs at least 0.05, so that a first Sunday opening later on has an exposure.

    Raises
    ------
    ValueError : if there is no open day.
    """
    if open_days.size == 0:
        raise ValueError("A calendar needs at least one day with sales.")
    first, last = int(open_days[0]), int(open_days[-1])
    every_day = np.arange(first, last + 1)
    closed = np.setdiff1d(every_day, open_days, assume_unique=True)
    opened = np.bincount(weekday_of(open_days), minlength=DAYS_A_WEEK)
    sold = np.bincount(weekday_of(day), lines, DAYS_A_WEEK)
    average = sold.sum() / open_days.size
    if average <= 0:
        return ShopCalendar(first, last, closed, np.ones(DAYS_A_WEEK))
    weight = (sold + WEEKDAY_PRIOR_DAYS * average * (opened > 0)) / np.maximum(opened + WEEKDAY_PRIOR_DAYS, 1)
    return ShopCalendar(first, last, closed, np.maximum(weight / average, SMALLEST_WEEKDAY_WEIGHT))


def is_closed(calendar: ShopCalendar, day: IntArray) -> BoolArray:
    """Whether each day is one of the calendar's closed days."""
    span = calendar.last_day - calendar.first_day + 1
    closed = np.zeros(span + 2, np.bool_)
    closed[calendar.closed_days - calendar.first_day + 1] = True
    return np.asarray(closed[np.clip(day - calendar.first_day + 1, 0, span + 1)])


def cumulated_days(calendar: ShopCalendar, first_day: int, last_day: int) -> CumulatedDays:
    """Total up open days and weekday weights from `first_day` to `last_day`, both inclusive."""
    days = np.arange(first_day, last_day + 1)
    opened = ~is_closed(calendar, days)
    weight = np.where(opened, calendar.weekday_weight[weekday_of(days)], 0.0)
    return CumulatedDays(
        first_day=first_day,
        open_days=np.concatenate(([0.0], np.cumsum(opened))),
        weight=np.concatenate(([0.0], np.cumsum(weight))),
    )
