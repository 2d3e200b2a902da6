"""From daily sums of groups to effects, look by look."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from pricing.sales.core.arrays import FloatArray, IntArray
from pricing.sales.core.calendar import DAYS_A_WEEK
from simulations.experiments.core.designs import SWITCHBACK
from simulations.experiments.core.estimates import (
    Effect,
    adjusted_pairs,
    log_ratio,
    mean_difference,
    money_differences,
    unit_differences,
)
from simulations.experiments.core.schedule import Schedule


@dataclass(frozen=True, slots=True)
class GroupSales:
    """Daily sums (G, D) of groups from the first day of the experiment on, and sums (G,) of the weeks before it.

    `size` (G,) is the tested products' revenue a week before it, by which groups are weighed; also where the sales are those
    of their neighbours.
    """

    units: FloatArray
    revenue: FloatArray
    profit: FloatArray
    earlier_units: FloatArray
    earlier_revenue: FloatArray
    earlier_profit: FloatArray
    earlier_weeks: float
    size: FloatArray

    def __add__(self, other: "GroupSales") -> "GroupSales":
        """Tested products and their neighbours together."""
        return GroupSales(
            self.units + other.units,
            self.revenue + other.revenue,
            self.profit + other.profit,
            self.earlier_units + other.earlier_units,
            self.earlier_revenue + other.earlier_revenue,
            self.earlier_profit + other.earlier_profit,
            self.earlier_weeks,
            self.size,
        )


@dataclass(frozen=True, slots=True)
class Effects:
    """Of the new price over the old one after some weeks: log units; units and currency a week of all groups together."""

    weeks: int
    log_units: Effect
    units: Effect
    revenue: Effect
    profit: Effect


def effects(sales: GroupSales, schedule: Schedule) -> Effects:
    """Estimate the effects on what has been sold so far."""
    days = sales.units.shape[1]
    if schedule.design == SWITCHBACK:
        return _switchback(sales, schedule, schedule.whole_pairs(days))
    return _clusters(sales, schedule, min(days // DAYS_A_WEEK, schedule.weeks))


def looks(sales: GroupSales, schedule: Schedule) -> Iterator[Effects]:
    """The same after each second week (switchback) or each week."""
    days = sales.units.shape[1]
    if schedule.design == SWITCHBACK:
        pairs = schedule.whole_pairs(days)
        for count in range(2, pairs.size + 1):
            yield _switchback(sales, schedule, pairs[:count])
    else:
        for weeks in range(1, min(days // DAYS_A_WEEK, schedule.weeks) + 1):
            yield _clusters(sales, schedule, weeks)


def group_effects(sales: GroupSales, schedule: Schedule) -> Effect | None:
    """Log effect on the units of each group by itself, (G,); None of designs in which a group has one price only."""
    if schedule.design != SWITCHBACK:
        return None
    pairs = schedule.whole_pairs(sales.units.shape[1])
    treated, control = _halves(sales.units, schedule, pairs)
    return log_ratio(treated[:, None], control[:, None])


def is_complete(schedule: Schedule, days: int) -> bool:
    """Whether all that was planned is known; weeks that were paused do not come back."""
    return days >= schedule.weeks * DAYS_A_WEEK


def _halves(values: FloatArray, schedule: Schedule, pairs: IntArray) -> tuple[FloatArray, FloatArray]:
    """Sums (G, K) of the counted days of each pair's week at the new price, and of its week at the old one."""
    weeks = np.stack([2 * pairs, 2 * pairs + 1], axis=1).astype(int)  # (K, 2)
    is_new = schedule.treated[:, weeks]  # (G, K, 2)
    whole = values[:, : values.shape[1] // DAYS_A_WEEK * DAYS_A_WEEK]
    weekly = whole.reshape(len(values), -1, DAYS_A_WEEK)[..., schedule.washout :].sum(axis=2)[:, weeks]
    return np.where(is_new, weekly, 0).sum(axis=2), np.where(is_new, 0, weekly).sum(axis=2)


def _switchback(sales: GroupSales, schedule: Schedule, pairs: IntArray) -> Effects:
    scale = DAYS_A_WEEK / (DAYS_A_WEEK - schedule.washout)
    units, revenue, profit = (
        mean_difference(*(scale * each for each in _halves(values, schedule, pairs)))
        for values in (sales.units, sales.revenue, sales.profit)
    )
    log_units = log_ratio(*_halves(sales.units, schedule, pairs))
    return Effects(2 * len(pairs), log_units, units, revenue, profit)


def _clusters(sales: GroupSales, schedule: Schedule, weeks: int) -> Effects:
    groups = len(sales.units)
    pairs = np.arange(groups).reshape(-1, 2)
    sign = np.where(schedule.treated[::2, 0], 1.0, -1.0)
    counted = schedule.counted(weeks * DAYS_A_WEEK)
    count = max(int(counted.sum()), 1)

    def during(values: FloatArray) -> FloatArray:
        return np.asarray(values[:, : weeks * DAYS_A_WEEK][:, counted].sum(axis=1))

    def a_week(values: FloatArray, earlier: FloatArray) -> Effect:
        now = during(values) * DAYS_A_WEEK / count
        return adjusted_pairs(*money_differences(now, earlier / sales.earlier_weeks, sales.size, pairs, sign))

    if not counted.any():
        unknown = np.array(np.nan)
        nothing = Effect(unknown, unknown, unknown)
        return Effects(weeks, nothing, nothing, nothing, nothing)
    log_units = adjusted_pairs(*unit_differences(during(sales.units), sales.earlier_units, pairs, sign))
    return Effects(
        weeks,
        log_units,
        a_week(sales.units, sales.earlier_units),
        a_week(sales.revenue, sales.earlier_revenue),
        a_week(sales.profit, sales.earlier_profit),
    )
