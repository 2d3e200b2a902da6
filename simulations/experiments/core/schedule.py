"""Which price a group has on a day, and which weeks count."""

from dataclasses import dataclass

import numpy as np

from pricing.sales.core.arrays import BoolArray, IntArray
from pricing.sales.core.calendar import DAYS_A_WEEK
from simulations.experiments.core.designs import SWITCHBACK, draw_clusters, draw_switchback


@dataclass(frozen=True, slots=True)
class Schedule:
    """An experiment's draw, in days from its start.

    Attributes
    ----------
    treated : (G, W) whether the group has the new price in the week.
    paused : (D,) of days 0..D-1, whether prices were the usual ones.
    """

    design: str
    treated: BoolArray
    washout: int
    paused: BoolArray

    @classmethod
    def draw(
        cls, design: str, seed: str, groups: int, weeks: int, washout: int, paused: BoolArray
    ) -> "Schedule":
        """Draw from a seed; groups 2 k and 2 k + 1 are pair k of designs in pairs."""
        if design == SWITCHBACK:
            treated = draw_switchback(seed, groups, weeks)
        else:
            first = draw_clusters(seed, groups // 2)
            treated = np.repeat(np.stack([first, ~first], axis=1).reshape(-1, 1), weeks, axis=1)
        return cls(design, treated, washout, paused)

    @property
    def weeks(self) -> int:
        return int(self.treated.shape[1])

    def treated_on(self, day: int) -> BoolArray:
        """(G,) whether each group is to have the new price on a day of the experiment."""
        return np.asarray(self.treated[:, min(day // DAYS_A_WEEK, self.weeks - 1)])

    def counted(self, days: int) -> BoolArray:
        """(days,) the days that count of those that are known: after a wash-out, not paused, and in whole weeks."""
        days = min(days // DAYS_A_WEEK, self.weeks) * DAYS_A_WEEK
        day = np.arange(days)
        after = day % DAYS_A_WEEK >= self.washout if self.design == SWITCHBACK else day >= self.washout
        return np.asarray(after & ~self._paused(days))

    def whole_pairs(self, days: int) -> IntArray:
        """Pairs of weeks (switchback) that are known as a whole and had no pause."""
        pairs = min(days, self.weeks * DAYS_A_WEEK) // (2 * DAYS_A_WEEK)
        paused = self._paused(pairs * 2 * DAYS_A_WEEK).reshape(pairs, 2 * DAYS_A_WEEK)
        return np.flatnonzero(~paused.any(axis=1))

    def _paused(self, days: int) -> BoolArray:
        found = np.zeros(days, np.bool_)
        found[: self.paused.size] = self.paused[:days]
        return found
