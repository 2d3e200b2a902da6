"""Spread totals of a week or month, dated on one day, over all of its days."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from pricing.sales.core.arrays import BoolArray, FloatArray, IntArray
from pricing.sales.core.calendar import DAYS_A_WEEK, MONTH_DAYS, weekday_of
from pricing.sales.core.daily import DailySales
from pricing.sales.core.grouping import (
    group_ends,
    group_starts,
    group_sums,
    product_day_key,
    split_product_day,
)

LONGEST_PERIOD: Final = 31
FRIDAY: Final = 4
FIRST_LATE_DAY: Final = 28
"""A month's total dated on this day of the month or a later one is dated at the month's end."""


@dataclass(frozen=True, slots=True)
class Periods:
    """What each product's lines sum up.

    Attributes
    ----------
    days : (P,) 7 for weeks, 30 for calendar months; 0 or 1 where a line's date is the day of the sales.
    dated_last : (P,) whether the date is the period's last day; it is its first otherwise.
    """

    days: IntArray
    dated_last: BoolArray


def read_periods(product: IntArray, day: IntArray, days: IntArray) -> Periods:
    """Find out from the dates of totals (n,) whether they begin or end their periods, given the periods' days (P,).

    Weeks begin with their date unless most are dated on a Friday, Saturday or Sunday, on which weeks end; months
    unless most are dated on the 28th or later.
    """
    products = days.size
    dates = np.bincount(product, minlength=products)
    weekend = np.bincount(product, weekday_of(day) >= FRIDAY, products)
    late = np.bincount(product, _day_of_month(day) >= FIRST_LATE_DAY, products)
    last = np.where(days == DAYS_A_WEEK, 2 * weekend > dates, 2 * late > dates)
    return Periods(days, last & (days > 1))


def span_of(day: IntArray, days: IntArray, dated_last: BoolArray) -> tuple[IntArray, IntArray]:
    """First day of the period of each date (n,), and the day after its last.

    A month that is dated late is the calendar month of the date; another lasts until the same day of the next month.
    """
    length = np.maximum(days, 1)
    start = np.where(dated_last, day - length + 1, day)
    stop = start + length
    monthly = days == MONTH_DAYS
    month = day.astype("datetime64[D]").astype("datetime64[M]")
    first = month.astype("datetime64[D]").astype(np.int64)
    following = (month + 1).astype("datetime64[D]").astype(np.int64)
    start = np.where(monthly & dated_last, first, start)
    stop = np.where(monthly, np.where(dated_last, following, day + following - first), stop)
    return start, stop


def last_day_known(day: IntArray, days: IntArray, dated_last: BoolArray) -> int:
    """The newest day of which sales dated so (n, one at least) tell.

    A total dated on the first day of its period tells of all of it, unless sales of shorter periods reach into it: they
    say how far the data go.
    """
    start, stop = span_of(day, days, dated_last)
    longest = int(stop.argmax())
    shorter = stop[(days < days[longest]) & (stop > start[longest])]
    end = shorter.max() if shorter.size else stop[longest]
    return max(int(day.max()), int(end) - 1)


def spread(day: IntArray, days: IntArray, dated_last: BoolArray) -> tuple[IntArray, IntArray, FloatArray]:
    """Spread dates (n,) evenly over the days of their periods.

    Returns
    -------
    row : (m,) which of the n dates.
    day : (m,) one of the days it covers.
    share : (m,) of what the date tells, for this day; 1 where the period is one day.
    """
    start, stop = span_of(day, days, dated_last)
    length = stop - start
    row = np.repeat(np.arange(day.size), length)
    step = np.arange(row.size) - np.repeat(np.cumsum(length) - length, length)
    return row, start[row] + step, 1.0 / length[row]


def spread_daily(daily: DailySales, periods: Periods) -> DailySales:
    """Give every day of a week's or month's total an equal part of its units, its list price and one line.

    Days without sales, such as the first of a price that was set, stay as they are unless a total covers them.
    """
    days = np.where(daily.lines > 0, periods.days[daily.product], 0)
    row, day, share = spread(daily.day, days, periods.dated_last[daily.product] & (days > 1))
    key, of = np.unique(product_day_key(daily.product[row], day), return_inverse=True)
    # Of rows that meet on one day, the newest total's price counts.
    order = np.lexsort((row, daily.lines[row] > 0, of))
    newest = order[group_ends(group_starts(of[order]))]
    chosen = row[newest]
    product, day = split_product_day(key)
    return DailySales(
        product=product,
        day=day,
        units=group_sums(of, daily.units[row] * share, key.size),
        list_price=daily.list_price[chosen],
        promotion=daily.promotion[chosen],
        lines=np.bincount(of, daily.lines[row], key.size).astype(np.int64),
    )


def purchases(daily: DailySales, line_days: IntArray) -> FloatArray:
    """What counts as purchases on each product-day (n,): its lines; of weeks' and months' totals its units.

    The lines of a total are no purchases, and all that its product sells more or less at another price is in its units.
    """
    return np.where(line_days[daily.product] > 1, daily.units, daily.lines)


def _day_of_month(day: IntArray) -> IntArray:
    dates = day.astype("datetime64[D]")
    found: IntArray = (dates - dates.astype("datetime64[M]").astype("datetime64[D]")).astype(np.int64) + 1
    return found
