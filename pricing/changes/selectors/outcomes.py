"""Outcomes of price changes: sales and profit after them against the expected ones."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np
from django.core.cache import cache

from elastix.dataset.models import DataVersion
from elastix.errors import Conflict
from pricing.changes.core.outcomes import FIGURES, LEVEL, Band, Calibration, calibrate, inside
from pricing.changes.selectors.outcome_windows import COMPLETE, OPEN, TRUNCATED, WindowOutcome, assess
from pricing.changes.selectors.price_changes import changes_in_force, first_moment
from pricing.sales.core.arrays import FloatArray
from pricing.sales.models import PriceChange
from pricing.sales.models.price_changes import PriceChangeStatus
from pricing.sales.selectors.daily import day_of_epoch

BASELINE_MIXED: Final = "BASELINE_MIXED"
NO_SALES: Final = "NO_SALES"
EXPECTED_ENOUGH_UNITS: Final = 5
KEPT_SECONDS: Final = 3600
IN_FORCE_ONCE: Final = (PriceChangeStatus.APPLIED, PriceChangeStatus.ROLLED_BACK)


class Figures(NamedTuple):
    """Numbers, pairs of numbers or verdicts on units, revenue and profit; nan or None where unknown."""

    quantity: Any
    revenue: Any
    profit: Any


class FiguresInterval(NamedTuple):
    """Both ends of intervals that hold with the probability `level`."""

    level: float
    quantity: tuple[float, float]
    revenue: tuple[float, float]
    profit: tuple[float, float]


class Season(NamedTuple):
    factor: float
    rest: str | None


@dataclass(frozen=True, slots=True)
class ChangeWindow:
    """One window of one change. Figures are None while no day of it is in the data."""

    days: int
    status: str
    days_counted: int
    first_day: dt.date | None
    last_day: dt.date | None
    season: Season
    paid_level: float
    expected_raw: Figures | None = None
    expected: Figures | None = None
    interval: FiguresInterval | None = None
    realised: Figures | None = None
    within: Figures | None = None
    without_change: Figures | None = None
    gain: Figures | None = None
    gain_interval: FiguresInterval | None = None
    paid: str | None = None


@dataclass(frozen=True, slots=True)
class ChangeOutcome:
    change: PriceChange
    as_of: dt.date | None
    windows: list[ChangeWindow]
    warnings: list[str]

    @property
    def longest(self) -> ChangeWindow:
        """The longest window of which any day is in the data; the longest of all where none has one."""
        counted = [each for each in self.windows if each.days_counted]
        return counted[-1] if counted else self.windows[-1]


class AdjustedAndRaw(NamedTuple):
    """How a figure was met by what was expected of it with, and without, season and paid level."""

    adjusted: Calibration
    raw: Calibration


@dataclass(frozen=True, slots=True)
class WindowCalibration:
    """One window over all changes: how many of each status, and how the complete ones met each figure."""

    days: int
    complete: int
    open: int
    truncated: int
    quantity: AdjustedAndRaw
    revenue: AdjustedAndRaw
    profit: AdjustedAndRaw


@dataclass(frozen=True, slots=True)
class ShopCalibration:
    changes: int
    as_of: dt.date | None
    windows: list[WindowCalibration]
    level: float = LEVEL


def change_outcome(change: PriceChange, version: DataVersion) -> ChangeOutcome:
    """What sold in the 7 and 28 days after a change against what was expected.

    Raises
    ------
    Conflict : the change was never in force, or was the product's first price.
    """
    subject = f"Change {change.pk} ({change.product_id})"
    if change.status not in IN_FORCE_ONCE or change.changed_at is None:
        status = change.status.replace("_", " ")
        raise Conflict(f"{subject} is {status}: it has no outcome before it is applied.")
    if change.old_price is None:
        raise Conflict(f"{subject} set the product's first price: there is nothing to compare with.")
    return outcomes_of([change], version)[0]


def newest_outcomes(version: DataVersion, limit: int, code: str | None = None) -> list[ChangeOutcome]:
    """The newest price changes that were in force, of one product or of all, with what they led to."""
    return outcomes_of(changes_in_force(limit, code), version)


def outcomes_of(changes: Sequence[PriceChange], version: DataVersion) -> list[ChangeOutcome]:
    """The outcomes of several changes that were in force once, each with its product and an old price."""
    if not changes:
        return []
    found = assess(changes, version)
    longest = found.windows[-1]
    unsold = (longest.realised[0] == 0) & (longest.without.mean[0] >= EXPECTED_ENOUGH_UNITS)
    outcomes = []
    for index, change in enumerate(changes):
        warnings = {BASELINE_MIXED: found.records.mixed[index], NO_SALES: unsold[index]}
        first_day = int(found.records.day[index]) + 1
        windows = [_change_window(each, index, first_day) for each in found.windows]
        held = [name for name, holds in warnings.items() if holds]
        outcomes.append(ChangeOutcome(change, found.as_of, windows, held))
    return outcomes


def calibration(
    version: DataVersion, *, start_date: dt.date | None, end_date: dt.date | None, source: str | None
) -> ShopCalibration:
    """How often what changes brought fell within our own 80 % intervals, over all complete windows.

    Parameters
    ----------
    start_date, end_date : the shop's days on which changes were applied, both inclusive.
    """
    found = PriceChange.objects.filter(
        status__in=IN_FORCE_ONCE, old_price__isnull=False, expected__isnull=False
    )
    if start_date:
        found = found.filter(changed_at__gte=first_moment(start_date))
    if end_date:
        found = found.filter(changed_at__lt=first_moment(end_date) + dt.timedelta(days=1))
    if source:
        found = found.filter(source=source)
    changes = list(found.select_related("product").order_by("pk"))
    assessment = assess(changes, version)
    windows = []
    for each in assessment.windows:
        counts: list[Any] = [int((each.status == state).sum()) for state in (COMPLETE, OPEN, TRUNCATED)]
        bands = each.expected, Band(each.raw, each.raw, each.raw)
        met = [
            AdjustedAndRaw(
                *(calibrate(band, each.realised, each.status == COMPLETE, figure) for band in bands)
            )
            for figure in range(len(FIGURES))
        ]
        windows.append(WindowCalibration(each.window, *counts, *met))
    return ShopCalibration(len(changes), assessment.as_of, windows)


def kept_calibration(version: DataVersion) -> list[WindowCalibration]:
    """The windows of `calibration` over all changes, kept until sales, figures or the changes in force are others."""
    changes = PriceChange.objects.filter(status__in=IN_FORCE_ONCE).count()
    key = f"calibration-{version.sales_version}-{version.published_version}-{changes}"
    windows: list[WindowCalibration] | None = cache.get(key)
    if windows is None:
        windows = calibration(version, start_date=None, end_date=None, source=None).windows
        cache.set(key, windows, KEPT_SECONDS)
    return windows


def _change_window(outcome: WindowOutcome, index: int, begin: int) -> ChangeWindow:
    """The window of one of the changes; `begin` is its first day."""
    days = int(outcome.days[index])
    window: dict[str, Any] = {
        "days": outcome.window,
        "status": str(outcome.status[index]),
        "days_counted": days,
        "first_day": day_of_epoch(begin) if days else None,
        "last_day": day_of_epoch(begin + days - 1) if days else None,
        "season": Season(float(outcome.season[index]), str(outcome.season_from[index]) or None),
        "paid_level": float(outcome.paid_level[index]),
    }
    if not days:
        return ChangeWindow(**window)
    expected, without, realised = outcome.expected, outcome.without, outcome.realised
    low, high = realised - without.high, realised - without.low
    # By profit or, where the cost is not known, by revenue.
    decisive = 1 if np.isnan(low[2, index]) else 2
    if not np.isnan(expected.mean[0, index]):
        known = ~np.isnan(expected.mean[:, index])
        window |= {
            "expected_raw": _figures(outcome.raw, index),
            "expected": _figures(expected.mean, index),
            "interval": _interval(expected.low, expected.high, index),
            "within": Figures(
                *(
                    bool(held) if judged else None
                    for held, judged in zip(inside(expected, realised)[:, index], known, strict=True)
                )
            ),
        }
    return ChangeWindow(
        **window,
        realised=_figures(realised, index),
        without_change=_figures(without.mean, index),
        gain=_figures(realised - without.mean, index),
        gain_interval=_interval(low, high, index),
        paid="yes" if low[decisive, index] > 0 else "no" if high[decisive, index] < 0 else "not clear",
    )


def _figures(values: FloatArray, index: int) -> Figures:
    return Figures(*values[:, index].tolist())


def _interval(low: FloatArray, high: FloatArray, index: int) -> FiguresInterval:
    return FiguresInterval(LEVEL, *zip(low[:, index].tolist(), high[:, index].tolist(), strict=True))
