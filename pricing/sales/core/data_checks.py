"""Check that the newest sales are complete: missing days, weeks with far too few or far too many lines."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from pricing.sales.core.arrays import IntArray
from pricing.sales.core.calendar import DAYS_A_WEEK

WEEKS_JUDGED: Final = 4
WEEKS_COMPARED: Final = 26
USUALLY_OPEN: Final = 0.9
"""A weekday counts as a selling day when it sold in this share of the weeks compared."""
TOO_LITTLE: Final = 0.4
TOO_MUCH: Final = 2.5
LEAST_WEEKS: Final = 8
_BEYOND_SEASON: Final = 2


@dataclass(frozen=True, slots=True)
class DailyCheck:
    """The findings.

    Attributes
    ----------
    missing : days of the last four weeks without any sale though their weekday usually has some; days before the
        newest one.
    last_week, usual_week : lines of the last seven days, and median of the weeks before.
    unusual : the last week is far from the usual one and from each of the two weeks before it.
    """

    missing: IntArray
    last_week: int
    usual_week: float
    unusual: bool


def check_days(lines: IntArray) -> DailyCheck:
    """Compare the newest sales with the weeks before them.

    Parameters
    ----------
    lines : (D,) sales lines of each day up to the newest one with a sale, oldest first, days without sales as 0.

    Notes
    -----
    `missing` counts back from the newest day: 0 is that day. With fewer than eight whole weeks nothing is reported.
    A week at the edge of a season is no error: it must be out of line with each of the two weeks before it, too.
    """
    weeks = min(lines.size // DAYS_A_WEEK, WEEKS_COMPARED)
    # Row 0 is the last week; column 0 the weekday of the newest day.
    table = lines[::-1][: weeks * DAYS_A_WEEK].reshape(weeks, DAYS_A_WEEK)
    totals = table.sum(axis=1)
    last = int(totals[0]) if weeks else 0
    if weeks < LEAST_WEEKS:
        return DailyCheck(np.empty(0, np.int64), last, float("nan"), False)
    older = table[WEEKS_JUDGED:]
    selling_days = (older > 0).mean(axis=0) >= USUALLY_OPEN
    missing = np.flatnonzero((table[:WEEKS_JUDGED] == 0) & selling_days)
    usual = float(np.median(totals[1:]))
    compared = np.append(totals[1 : 1 + _BEYOND_SEASON], usual)
    unusual = bool(np.all(last < TOO_LITTLE * compared) or np.all(last > TOO_MUCH * compared))
    return DailyCheck(missing, last, usual, unusual)
