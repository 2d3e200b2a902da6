"""Whether price changes paid: what sold after them against what was expected of them."""

import datetime as dt
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from elastix.api.fields import rounded
from elastix.dataset.models import DataVersion
from elastix.errors import Conflict
from pricing.changes.core.outcomes import FIGURES, LEVEL, Band, Calibration, calibrate
from pricing.changes.selectors.outcome_windows import (
    COMPLETE,
    OPEN,
    TRUNCATED,
    Assessment,
    WindowOutcome,
    assess,
    date_of,
)
from pricing.changes.selectors.price_changes import first_moment
from pricing.sales.models import PriceChange
from pricing.sales.models.price_changes import PriceChangeStatus

Floats = NDArray[np.float64]

BASELINE_MIXED: Final = "BASELINE_MIXED"
NO_SALES: Final = "NO_SALES"
EXPECTED_ENOUGH_UNITS = 5
IN_FORCE_ONCE = (PriceChangeStatus.APPLIED, PriceChangeStatus.ROLLED_BACK)


def change_outcome(change: PriceChange, version: DataVersion) -> dict[str, Any]:
    """What sold in the 7 and 28 days after a change against what was expected, without the change itself.

    Raises
    ------
    Conflict : the change was never in force, or was the product's first price.
    """
    if change.status not in IN_FORCE_ONCE or change.changed_at is None:
        raise Conflict(
            f"Change {change.pk} ({change.product_id}) is {change.status.replace('_', ' ')}: it has no outcome "
            "before it is applied."
        )
    if change.old_price is None:
        raise Conflict(
            f"Change {change.pk} ({change.product_id}) set the product's first price: there is nothing to compare with."
        )
    found = assess([change], version)
    return {
        "as_of": found.as_of,
        "windows": [_window_row(each, int(found.cases.day[0]) + 1) for each in found.windows],
        "warnings": _warnings(found),
    }


def calibration(
    version: DataVersion, *, start_date: dt.date | None, end_date: dt.date | None, source: str | None
) -> dict[str, Any]:
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
    return {
        "level": LEVEL,
        "changes": len(changes),
        "as_of": assessment.as_of,
        "windows": [_calibration_row(each) for each in assessment.windows],
    }


def _window_row(outcome: WindowOutcome, begin: int) -> dict[str, Any]:
    """One change's window, for JSON; `begin` is its first day."""
    days = int(outcome.days[0])
    row = {
        "days": outcome.window,
        "status": str(outcome.status[0]),
        "days_counted": days,
        "from": date_of(begin) if days else None,
        "to": date_of(begin + days - 1) if days else None,
        "season": {"factor": rounded(outcome.season[0], 4), "from": str(outcome.season_from[0]) or None},
        "paid_level": rounded(outcome.paid_level[0], 4),
    }
    if not days:
        return row | dict.fromkeys(_FIGURE_KEYS)
    expected, without = outcome.expected, outcome.without
    known = not np.isnan(expected.mean[0, 0])
    gain = outcome.realised - without.mean
    gain_low, gain_high = outcome.realised - without.high, outcome.realised - without.low
    return row | {
        "expected_raw": _figures(outcome.raw) if known else None,
        "expected": _figures(expected.mean) if known else None,
        "interval": _limits(expected.low, expected.high) if known else None,
        "realised": _figures(outcome.realised),
        "within": _within(expected, outcome.realised) if known else None,
        "without_change": _figures(without.mean),
        "gain": _figures(gain),
        "gain_interval": _limits(gain_low, gain_high),
        "paid": _verdict(gain_low, gain_high),
    }


_FIGURE_KEYS = (
    *("expected_raw", "expected", "interval", "realised", "within"),
    *("without_change", "gain", "gain_interval", "paid"),
)


def _figures(values: Floats) -> dict[str, float | None]:
    return {name: _known(values[place, 0]) for place, name in enumerate(FIGURES)}


def _limits(low: Floats, high: Floats) -> dict[str, Any]:
    limits: dict[str, Any] = {"level": LEVEL}
    for place, name in enumerate(FIGURES):
        pair = [_known(low[place, 0]), _known(high[place, 0])]
        limits[name] = None if None in pair else pair
    return limits


def _within(band: Band, realised: Floats) -> dict[str, bool | None]:
    judged = np.ones(1, np.bool_)
    found = {name: calibrate(band, realised, judged, place) for place, name in enumerate(FIGURES)}
    return {name: bool(each.within) if each.count else None for name, each in found.items()}


def _verdict(low: Floats, high: Floats) -> str:
    """Whether the change paid, by profit or, where the cost is not known, by revenue."""
    figure = 1 if np.isnan(low[2, 0]) else 2
    if low[figure, 0] > 0:
        return "yes"
    return "no" if high[figure, 0] < 0 else "not clear"


def _warnings(found: Assessment) -> list[str]:
    longest = found.windows[-1]
    unsold = longest.realised[0, 0] == 0 and longest.without.mean[0, 0] >= EXPECTED_ENOUGH_UNITS
    applies = {BASELINE_MIXED: found.cases.mixed[0], NO_SALES: unsold}
    return [name for name, yes in applies.items() if yes]


def _calibration_row(outcome: WindowOutcome) -> dict[str, Any]:
    judged = outcome.status == COMPLETE
    raw = Band(outcome.raw, outcome.raw, outcome.raw)
    return {
        "days": outcome.window,
        **{
            name: int((outcome.status == state).sum())
            for name, state in ((COMPLETE, COMPLETE), (OPEN, OPEN), (TRUNCATED, TRUNCATED))
        },
        **{
            name: _calibration(
                calibrate(outcome.expected, outcome.realised, judged, place),
                calibrate(raw, outcome.realised, judged, place),
            )
            for place, name in enumerate(FIGURES)
        },
    }


def _calibration(adjusted: Calibration, raw: Calibration) -> dict[str, Any]:
    return {
        "judged": adjusted.count,
        "within": adjusted.within,
        "share": _known(adjusted.share, 4),
        "share_interval": [_known(adjusted.low, 4), _known(adjusted.high, 4)] if adjusted.count else None,
        "expected": _known(adjusted.expected),
        "realised": _known(adjusted.realised),
        "bias_percent": _known(100 * adjusted.bias, 1),
        "expected_raw": _known(raw.expected),
        "bias_percent_raw": _known(100 * raw.bias, 1),
    }


def _known(value: float, places: int = 2) -> float | None:
    return rounded(float(value), places) if np.isfinite(value) else None
