"""The windows after price changes: what sold in them, what was expected, and how the rest of the shop moved."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, NamedTuple

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from elastix.dataset.models import DataVersion
from pricing.changes.core.constants import NOISE_WEEKS
from pricing.changes.core.outcomes import (
    WINDOWS,
    Z_80,
    Band,
    CumulativeSales,
    Noise,
    estimate_noise,
    predict,
    season,
    units_of_changed,
)
from pricing.changes.selectors.outcome_sales import daily_rows, shop_days
from pricing.changes.selectors.price_changes import first_moment
from pricing.recommendation.selectors.policies import tax_factors
from pricing.sales.core.arrays import BoolArray, FloatArray, IntArray
from pricing.sales.core.calendar import DAYS_A_WEEK, MONTH_DAYS
from pricing.sales.models import PriceChange
from pricing.sales.selectors.costs import CostHistory, cost_histories, cost_on
from pricing.sales.selectors.daily import day_of_epoch, epoch_days

COMPLETE, OPEN, TRUNCATED = "complete", "open", "truncated"
UNCHANGED_PRODUCTS, OTHER_PRODUCTS = "unchanged products", "other products"
FOREVER: Final = 1 << 30


class AppliedChange(NamedTuple):
    """A change that was in force once: its product, the day from which, and the day it was rolled back (or FOREVER)."""

    pk: int
    code: str
    day: int
    rolled_back: int


@dataclass(frozen=True, slots=True)
class ChangeRecords:
    """n changes that were in force once; arrays (n,), days since 1970-01-01.

    Attributes
    ----------
    product : index among the products whose sales were read.
    day : the day of the change.
    as_of : the day after the 30 that the expectation was made from.
    stop : the first day on which the price was, in part, another again.
    cost : per unit, nan where unknown; with the tax that prices include, as profit is at first.
    tax_factor : a price over the same without that tax, by which profit is divided in the end.
    share, share_sd : expected demand relative to the present, and its relative standard deviation; nan without any
        expectation.
    monthly : units expected of 30 days at the old price, as the expectation knew them.
    mixed : another change of the product lies in the 30 days.
    """

    product: IntArray
    day: IntArray
    as_of: IntArray
    stop: IntArray
    old_price: FloatArray
    new_price: FloatArray
    cost: FloatArray
    tax_factor: FloatArray
    monthly: FloatArray
    share: FloatArray
    share_sd: FloatArray
    mixed: BoolArray


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was read to judge changes by.

    Attributes
    ----------
    sales : of the products that matter, one column each.
    shop : the same of all merchandise together, in one column.
    first_sold : (P,) first day with sales in what was read.
    changed, changed_on : (m,) product and day of every change of a price, by day.
    end : the day after the newest one with sales; None without any.
    """

    sales: CumulativeSales
    shop: CumulativeSales
    first_sold: IntArray
    changed: IntArray
    changed_on: IntArray
    end: int | None

    def of_shop(self, start: IntArray, stop: IntArray) -> FloatArray:
        """Units that the whole shop sold on the days start <= day < stop."""
        return self.shop.between(start, stop, np.zeros_like(start))[0]


@dataclass(frozen=True, slots=True)
class WindowOutcome:
    """What n changes led to over one window; figures are (3, n) in the order of `FIGURES`.

    Attributes
    ----------
    days : (n,) days counted; fewer than the window's where it is open or truncated.
    status : (n,) complete, open or truncated.
    season, season_from : (n,) how the rest of the shop moved, and which rest that is ("" if none identifies it).
    raw : expected figures without season and paid level.
    without : what would have been sold at the old price.
    """

    window: int
    days: IntArray
    status: NDArray[np.str_]
    season: FloatArray
    season_from: NDArray[np.str_]
    paid_level: FloatArray
    raw: FloatArray
    expected: Band
    without: Band
    realised: FloatArray


@dataclass(frozen=True, slots=True)
class Assessment:
    """n changes and what they led to over each of the windows; `as_of` is the first day not in the data."""

    records: ChangeRecords
    windows: list[WindowOutcome]
    as_of: dt.date | None


def assess(changes: Sequence[PriceChange], version: DataVersion) -> Assessment:
    """Compare what sold after changes with what was expected, for each of the windows.

    Three or four queries for up to 5,000 products: the shop's days (remembered), the price changes around these, the
    days of their products, the days of other products that were repriced meanwhile.

    Parameters
    ----------
    changes : that were in force once, with their products; each has an old price.
    """
    first_day, units = shop_days(version)
    ends = [day for change in changes for day in (_as_of(change), _day(change))] or [first_day]
    first, stop = min(ends) - MONTH_DAYS, max(ends) + max(WINDOWS) + 1
    applied = _applied_between(first, stop)
    own = sorted({change.product_id for change in changes})
    others = sorted({each.code for each in applied} - set(own))
    index = {code: number for number, code in enumerate(own + others)}
    begin = first - DAYS_A_WEEK * NOISE_WEEKS
    rows = daily_rows(own, index, begin, stop) + daily_rows(others, index, first, stop)
    product, day, quantity, revenue = (np.concatenate(column) for column in zip(*rows, strict=True))
    first_sold = np.full(len(index), FOREVER)
    np.minimum.at(first_sold, product, day)
    every_day = first_day + np.arange(units.size)
    end = first_day + units.size if units.size else None
    evidence = Evidence(
        sales=CumulativeSales.of(begin, stop - begin, len(index), (product, day, quantity, revenue)),
        shop=CumulativeSales.of(
            first_day, units.size, 1, (np.zeros_like(every_day), every_day, units, units)
        ),
        first_sold=first_sold,
        changed=np.array([index[each.code] for each in applied], np.int64),
        changed_on=np.array([each.day for each in applied], np.int64),
        end=end,
    )
    records = _records(changes, index, applied)
    windows = [_window(window, records, evidence) for window in WINDOWS]
    return Assessment(records, windows, None if end is None else day_of_epoch(end))


# --- the changes -----------------------------------------------------------------------------------


def _records(
    changes: Sequence[PriceChange], index: dict[str, int], applied: Sequence[AppliedChange]
) -> ChangeRecords:
    of_product: dict[str, list[AppliedChange]] = {}
    for each in applied:
        of_product.setdefault(each.code, []).append(each)
    guessed = [change for change in changes if not change.expected]
    tax = tax_factors([change.product for change in guessed])
    costs = cost_histories({change.product_id for change in guessed})
    rows = [
        (
            index[change.product_id],
            *_record(
                change,
                of_product.get(change.product_id, []),
                tax.get(change.product_id, Decimal(1)),
                costs.get(change.product_id, []),
            ),
        )
        for change in changes
    ]
    kinds: list[Any] = [np.int64] * 4 + [np.float64] * 7 + [np.bool_]
    columns = zip(*rows, strict=True) if rows else [()] * len(kinds)
    return ChangeRecords(*(np.array(column, kind) for column, kind in zip(columns, kinds, strict=True)))


def _record(
    change: PriceChange, applied: Sequence[AppliedChange], tax_factor: Decimal, costs: CostHistory
) -> tuple[float, ...]:
    """The columns of `ChangeRecords` of a change but its product; `applied` are its product's changes, by day.

    What a price included and a unit cost when an expectation was made is a part of it; without one, what the price includes now
    and the unit cost on the day of the change. One cost for the whole window: it is the price that is judged.
    """
    day, as_of = _day(change), _as_of(change)
    position = next((place for place, each in enumerate(applied) if each.pk == change.pk), None)
    # What never was in force is judged until the price was another one all the same.
    later = [each for each in applied if each.day >= day] if position is None else applied[position + 1 :]
    rolled_back = _shop_day(change.rolled_back_at) if change.rolled_back_at else FOREVER
    stop = min([rolled_back, *(each.day for each in later)])
    moved = [moved for each in applied if each.pk != change.pk for moved in (each.day, each.rolled_back)]
    mixed = any(as_of - MONTH_DAYS <= each < as_of and each <= day for each in moved)
    expected = change.expected
    cost = expected["cost"] if expected else cost_on(day_of_epoch(day), costs, change.product.cost)
    factor = 1 + expected.get("tax_rate", 0) / 100 if expected else float(tax_factor)
    monthly, share, share_sd = np.nan, np.nan, np.nan
    if expected:
        monthly, projected = expected["current"]["quantity"], expected["projected"]["quantity"]
        low, high = expected["interval"]["quantity"]
        share = projected / monthly if monthly else 1.0
        share_sd = (high - low) / (2 * Z_80) / projected if projected else 0.0
    return (
        *(day, as_of, stop, float(change.old_price or 0), float(change.new_price)),
        *(np.nan if cost is None else float(cost) * factor, factor, monthly, share, share_sd, mixed),
    )


# --- the windows -----------------------------------------------------------------------------------


def _window(window: int, records: ChangeRecords, evidence: Evidence) -> WindowOutcome:
    begin, full = records.day + 1, records.day + 1 + window
    end = np.maximum(np.minimum(np.minimum(full, evidence.end or 0), records.stop), begin)
    counted = end - begin
    status = np.select([counted == window, records.stop < full], [COMPLETE, TRUNCATED], OPEN)
    start = records.as_of - MONTH_DAYS
    baseline, baseline_revenue = evidence.sales.between(start, records.as_of, records.product)
    quantity, revenue = evidence.sales.between(begin, end, records.product)
    spans = np.stack([start, records.as_of, begin, end], axis=1)
    factor, season_from = _seasons(evidence, spans, baseline, quantity)
    paid_level = baseline_revenue / np.maximum(baseline, 1) / records.old_price
    paid_level = np.where(paid_level > 0, paid_level, 1.0)
    noise, usual = _noise(window, records, evidence, paid_level)
    # The 30 days before are no baseline: after an unusual month the next one is an ordinary one, whatever the price.
    base = np.where(np.isnan(records.monthly), (baseline + usual) / 2, records.monthly)
    common: dict[str, Any] = {
        "usual": usual,
        "scale": counted / MONTH_DAYS * factor,
        "paid_level": paid_level,
        "price_before": records.old_price,
        "cost": records.cost,
        "noise": noise,
    }
    one, nothing = np.ones_like(factor), np.zeros_like(factor)
    net = np.array([one, one, 1 / records.tax_factor])
    unit_values = np.array([one, records.new_price, records.new_price - records.cost])
    return WindowOutcome(
        window=window,
        days=counted,
        status=status,
        season=factor,
        season_from=season_from,
        paid_level=paid_level,
        raw=net * unit_values * records.monthly * records.share * counted / MONTH_DAYS,
        expected=predict(
            baseline=records.monthly,
            share=records.share,
            share_sd=records.share_sd,
            price=records.new_price,
            **common,
        ).times(net),
        without=predict(baseline=base, share=one, share_sd=nothing, price=records.old_price, **common).times(
            net
        ),
        realised=net * np.array([quantity, revenue, revenue - records.cost * quantity]),
    )


def _seasons(
    evidence: Evidence, spans: IntArray, baseline: FloatArray, quantity: FloatArray
) -> tuple[FloatArray, NDArray[np.str_]]:
    """How the products whose price stayed moved; where they sold too little, all other products."""
    before = evidence.of_shop(spans[:, 0], spans[:, 1])
    after = evidence.of_shop(spans[:, 2], spans[:, 3])
    changed_before, changed_after = units_of_changed(
        evidence.sales, evidence.changed, evidence.changed_on, spans
    )
    counted = spans[:, 3] - spans[:, 2]
    unchanged, by_unchanged = season(before - changed_before, after - changed_after, counted)
    others, by_others = season(before - baseline, after - quantity, counted)
    names = np.select([by_unchanged, by_others], [UNCHANGED_PRODUCTS, OTHER_PRODUCTS], "")
    return np.where(by_unchanged, unchanged, others), names


def _noise(
    window: int, records: ChangeRecords, evidence: Evidence, paid_level: FloatArray
) -> tuple[Noise, FloatArray]:
    """Chance in the product's sales, and the units that 30 days like those before bring in the long run."""
    last = np.minimum(records.as_of, records.day)[:, None]
    weeks = last - DAYS_A_WEEK * np.arange(NOISE_WEEKS, 0, -1)
    sold = evidence.sales.between(weeks, weeks + DAYS_A_WEEK, records.product[:, None])
    on_sale = weeks >= evidence.first_sold[records.product][:, None]
    units, revenue = (np.where(on_sale, each, np.nan) for each in sold)
    shop = evidence.of_shop(weeks, weeks + DAYS_A_WEEK)
    noise = estimate_noise(units, revenue, shop, records.old_price * paid_level, window)
    share_of_shop = np.nansum(units, axis=1) / np.maximum(np.where(on_sale, shop, 0.0).sum(axis=1), 1.0)
    return noise, share_of_shop * evidence.of_shop(records.as_of - MONTH_DAYS, records.as_of)


# --- changes of other prices, and days ---------------------------------------------------------------------------------------


def _applied_between(first: int, stop: int) -> list[AppliedChange]:
    """Every change of a price, by hand or not, on the days first <= day < stop, by day."""
    found = PriceChange.objects.filter(
        changed_at__gte=first_moment(day_of_epoch(first)),
        changed_at__lt=first_moment(day_of_epoch(stop)),
        old_price__isnull=False,
    )
    rows = found.order_by("changed_at", "pk").values_list("pk", "product_id", "changed_at", "rolled_back_at")
    return [
        AppliedChange(pk, code, _shop_day(changed), _shop_day(back) if back else FOREVER)
        for pk, code, changed, back in rows
        if changed
    ]


def _day(change: PriceChange) -> int:
    """The shop's day on which a change came into force."""
    if change.changed_at is None:
        raise ValueError(f"change {change.pk} was never in force")
    return _shop_day(change.changed_at)


def _as_of(change: PriceChange) -> int:
    """The day after the 30 that the expectation was made from; without one, the day of the change."""
    stated = (change.expected or {}).get("as_of")
    return epoch_days(dt.date.fromisoformat(stated)) if stated else _day(change)


def _shop_day(moment: dt.datetime) -> int:
    return epoch_days(moment.astimezone(settings.SHOP_TIME_ZONE).date())
