"""Detect products whose lines are totals: one line of many units for each day, week or month, at the mean price."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from pricing.sales.core.arrays import BoolArray, FloatArray, IntArray
from pricing.sales.core.calendar import DAYS_A_WEEK, MONTH_DAYS
from pricing.sales.core.constants import (
    FEWEST_DAYS_OF_TOTALS,
    FEWEST_ROWS_OF_TOTALS,
    LEAST_SHARE_OF_TOTALS,
    LEAST_UNITS_OF_TOTALS,
    MOST_OF_A_FILE,
    NEXT_PERIODS,
    REGULAR_SHARE,
    SINGLE_LINES,
    SURPRISING_DAYS,
)
from pricing.sales.core.grouping import (
    group_starts,
    group_sums,
    product_day_key,
    sold_by_weight,
    split_product_day,
)

SHORTEST_MONTH, LONGEST_MONTH = 28, 31
ROWS_TO_TELL: Final = 100_000
PERIODS: Final = {1: "day", DAYS_A_WEEK: "week", MONTH_DAYS: "month"}


def totals_periods(
    product: IntArray, day: IntArray, lines: IntArray, units: FloatArray, products: int
) -> IntArray:
    """Days that each product's lines sum up: 1, 7 or 30 where they are totals, 0 where they are purchases.

    A product's answer depends on its own days only.

    Parameters
    ----------
    product, day : (n,) product-days, sorted and distinct.
    lines, units : (n,) clean sale lines and units on each; days without any are passed over.
    products : number of products P.
    """
    sold = lines > 0
    product, day, lines = product[sold], day[sold], lines[sold]
    rows = np.bincount(product, minlength=products)
    single = np.bincount(product, lines == 1, products)
    regular = (rows >= FEWEST_ROWS_OF_TOTALS) & (single >= SINGLE_LINES * rows)
    if not regular.any():
        return np.zeros(products, np.int64)
    sums = np.bincount(product, units[sold], products)
    many = sums >= LEAST_UNITS_OF_TOTALS * rows
    # A purchase by weight may be of any number of grams.
    many |= sold_by_weight(product, units[sold], products)
    new = group_starts(product)
    gap = np.diff(day, prepend=day[0])[~new]
    of = product[~new]
    gaps = np.maximum(rows - 1, 1)
    whole_weeks = np.bincount(of, gap % DAYS_A_WEEK == 0, products)
    weeks = np.bincount(of, gap == DAYS_A_WEEK, products)
    whole_months = np.bincount(of, gap // SHORTEST_MONTH >= -(-gap // LONGEST_MONTH), products)
    months = np.bincount(of, (gap >= SHORTEST_MONTH) & (gap <= LONGEST_MONTH), products)
    nearer = np.bincount(of, gap < SHORTEST_MONTH, products)
    days = np.bincount(of, gap, products)

    def frequency(period: float) -> FloatArray:
        """(P,) purchases a period, came they at random and were as many periods without any."""
        return -np.log1p(-np.minimum(rows / (1 + days / period), 1 - 1 / (rows + 2)))

    def sum_up(period: float) -> BoolArray:
        """(P,) whether the rows hold what comes together in a period: a standing order is of one unit however often it comes."""
        return many | (sums >= LEAST_SHARE_OF_TOTALS * frequency(period) * (1 + days / period))

    weekly = regular & (whole_weeks >= REGULAR_SHARE * gaps) & (weeks >= NEXT_PERIODS * gaps)
    weekly &= sum_up(DAYS_A_WEEK)
    monthly = regular & ~weekly & (nearer == 0) & (months >= NEXT_PERIODS * gaps)
    monthly &= (whole_months >= REGULAR_SHARE * gaps) & sum_up(MONTH_DAYS)
    # Purchases at random, of which as many days see none, would often come two a day.
    several = rows - frequency(1) * np.exp(-frequency(1)) * (1 + days)
    daily = (
        regular
        & many
        & (rows >= FEWEST_DAYS_OF_TOTALS)
        & (several >= np.maximum(SURPRISING_DAYS, 4 * (rows - single)))
    )
    return np.select([weekly, monthly, daily], [DAYS_A_WEEK, MONTH_DAYS, 1], default=0)


class TotalsSeen:
    """Whether the rows of a file are totals, found out while they are read.

    Lines are summed up per product and day for as long as they can be totals.
    """

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._parts: list[tuple[IntArray, IntArray, FloatArray]] = []
        self._rows = self._days = 0
        self._possible = True

    def add(self, codes: Sequence[str], days: Sequence[int], quantities: Sequence[Any]) -> None:
        """Count some rows: (n,) codes of products, days since 1970-01-01, units sold."""
        if not self._possible or not codes:
            return
        numbers = self._numbers
        product = np.array([numbers.setdefault(code, len(numbers)) for code in codes], np.int64)
        units = np.array(quantities, np.float64)
        sold = units > 0
        keys = product_day_key(product, np.array(days, np.int64))
        key, which = np.unique(keys[sold], return_inverse=True)
        self._parts.append(
            (key, np.bincount(which).astype(np.int64), group_sums(which, units[sold], key.size))
        )
        self._rows += int(sold.sum())
        self._days += key.size
        # Days that are spread over parts count twice, which errs on the side of going on.
        self._possible = self._rows < ROWS_TO_TELL or self._days >= SINGLE_LINES * self._rows

    def granularity(self) -> str:
        """ "day", "week" or "month" if most rows are totals of that period, else "lines"."""
        if not self._possible or not self._rows:
            return "lines"
        key = np.concatenate([part[0] for part in self._parts])
        days, which = np.unique(key, return_inverse=True)
        lines = np.bincount(which, np.concatenate([part[1] for part in self._parts]))
        units = group_sums(which, np.concatenate([part[2] for part in self._parts]), days.size)
        product, day = split_product_day(days)
        period = totals_periods(product, day, lines.astype(np.int64), units, len(self._numbers))
        rows = np.bincount(period[product], lines, minlength=MONTH_DAYS + 1)
        best = max(PERIODS, key=lambda days: rows[days])
        return PERIODS[best] if rows[best] > MOST_OF_A_FILE * rows.sum() else "lines"
