"""The windows after price changes: what sold in them, what was expected, and how the rest of the shop moved."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from django.conf import settings
from django.core.cache import cache
from numpy.typing import NDArray

from elastix.dataset.models import DataVersion
from elastix.sql import batches, day_numbers, day_of, epoch_day, fetch, placeholders
from pricing.changes.core.outcomes import (
    BASELINE_DAYS,
    NOISE_WEEKS,
    WINDOWS,
    Band,
    Days,
    Noise,
    estimate_noise,
    predict,
    season,
    units_of_changed,
)
from pricing.changes.selectors.price_changes import first_moment
from pricing.sales.models import PriceChange
from pricing.sales.selectors.daily import EPOCH, epoch_days

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

COMPLETE, OPEN, TRUNCATED = "complete", "open", "truncated"
UNCHANGED_PRODUCTS, OTHER_PRODUCTS = "unchanged products", "other products"
CODES_A_STATEMENT = 5_000
FOREVER: Final = 1 << 30
KEPT_SECONDS = 3600
# How many standard deviations lie between the limits of an 80 % interval.
SDS_BETWEEN_LIMITS: Final = 2 * 1.2815515655446004

LedgerLine = tuple[int, str, int, int]
"""A change that was in force once: its number, its product, its day, and the day it was rolled back (or FOREVER)."""


@dataclass(frozen=True, slots=True)
class Cases:
    """n changes that were in force once; arrays (n,), days since 1970-01-01.

    Attributes
    ----------
    product : place in the codes of the sales that were read.
    day : the day of the change.
    as_of : the day after the 30 that the expectation was made from.
    stop : the first day on which the price was, in part, another again.
    share, share_sd : expected demand relative to the present, and its relative standard deviation; nan without any
        expectation.
    monthly : units of the 30 days, as the expectation knew them.
    mixed : another change of the product lies in the 30 days.
    """

    product: Ints
    day: Ints
    as_of: Ints
    stop: Ints
    old_price: Floats
    new_price: Floats
    cost: Floats
    share: Floats
    share_sd: Floats
    monthly: Floats
    mixed: Bools


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was read to judge changes by.

    Attributes
    ----------
    days : sales of the products that matter, one column each.
    shop : the same of all merchandise together, in one column.
    first_sold : (P,) first day with sales in what was read.
    moved, moved_on : (m,) product and day of every change of a price, by day.
    last_day : the newest day with sales; None without any.
    """

    days: Days
    shop: Days
    first_sold: Ints
    moved: Ints
    moved_on: Ints
    last_day: int | None

    def of_shop(self, start: Ints, stop: Ints) -> Floats:
        """Units that the whole shop sold on the days start <= day < stop."""
        return self.shop.between(start, stop, np.zeros_like(start))[0]


@dataclass(frozen=True, slots=True)
class WindowOutcome:
    """What became of n changes over one window; figures are (3, n) in the order of `FIGURES`.

    Attributes
    ----------
    days : (n,) days counted; fewer than the window's where it is open or truncated.
    status : (n,) complete, open or truncated.
    season, season_from : (n,) how the rest of the shop moved, and which rest that is ("" if none tells).
    raw : expected figures without season and paid level.
    without : what would have been sold at the old price.
    """

    window: int
    days: Ints
    status: NDArray[np.str_]
    season: Floats
    season_from: NDArray[np.str_]
    paid_level: Floats
    raw: Floats
    expected: Band
    without: Band
    realised: Floats


@dataclass(frozen=True, slots=True)
class Assessment:
    """n changes and what became of them over each of the windows; `as_of` is the first day not in the data."""

    cases: Cases
    windows: list[WindowOutcome]
    as_of: dt.date | None


def assess(changes: Sequence[PriceChange], version: DataVersion) -> Assessment:
    """Compare what sold after changes with what was expected, for each of the windows.

    Three or four queries for up to 5,000 products: the shop's days (remembered), the ledger around the changes, the days
    of their products, the days of other products that were repriced meanwhile.

    Parameters
    ----------
    changes : that were in force once, with their products; each has an old price.
    """
    first_day, units = _shop_days(version)
    last_day = first_day + units.size - 1 if units.size else None
    ends = [day for change in changes for day in (_as_of(change), _day(change))] or [first_day]
    first, stop = min(ends) - BASELINE_DAYS, max(ends) + max(WINDOWS) + 1
    ledger = _changes_between(first, stop)
    own = sorted({change.product_id for change in changes})
    others = sorted({code for _, code, _, _ in ledger} - set(own))
    place = {code: number for number, code in enumerate(own + others)}
    begin = first - 7 * NOISE_WEEKS
    rows = _daily_rows(own, place, begin, stop) + _daily_rows(others, place, first, stop)
    product, day, quantity, revenue = (
        np.concatenate([np.zeros(0, kind), *(each[column] for each in rows)])
        for column, kind in enumerate((np.int64, np.int64, np.float64, np.float64))
    )
    first_sold = np.full(len(place), FOREVER)
    np.minimum.at(first_sold, product, day)
    every_day = first_day + np.arange(units.size)
    evidence = Evidence(
        days=Days.of(begin, stop - begin, len(place), (product, day, quantity, revenue)),
        shop=Days.of(first_day, units.size, 1, (np.zeros_like(every_day), every_day, units, units)),
        first_sold=first_sold,
        moved=np.array([place[code] for _, code, _, _ in ledger], np.int64),
        moved_on=np.array([moved_on for _, _, moved_on, _ in ledger], np.int64),
        last_day=last_day,
    )
    cases = _cases(changes, place, ledger)
    windows = [_window(window, cases, evidence) for window in WINDOWS]
    return Assessment(cases, windows, None if last_day is None else date_of(last_day + 1))


def date_of(day: int) -> dt.date:
    return EPOCH + dt.timedelta(days=int(day))


# --- the changes -----------------------------------------------------------------------------------


def _cases(changes: Sequence[PriceChange], place: dict[str, int], ledger: Sequence[LedgerLine]) -> Cases:
    of_product: dict[str, list[LedgerLine]] = {}
    for line in ledger:
        of_product.setdefault(line[1], []).append(line)
    values = [_case(change, of_product.get(change.product_id, [])) for change in changes]
    columns = np.array(values, np.float64).reshape(len(values), 10).T
    product = np.array([place[change.product_id] for change in changes], np.int64)
    day, as_of, stop = columns[:3].astype(np.int64)
    old_price, new_price, cost, share, share_sd, monthly = columns[3:9]
    mixed = columns[9].astype(np.bool_)
    return Cases(product, day, as_of, stop, old_price, new_price, cost, share, share_sd, monthly, mixed)


def _case(change: PriceChange, lines: Sequence[LedgerLine]) -> tuple[float, ...]:
    """Day, as-of day, stop, old and new price, cost, share, its spread, monthly units, whether mixed."""
    day, as_of = _day(change), _as_of(change)
    after = [line for line in lines if line[0] != change.pk]
    own = _shop_day(change.rolled_back_at) if change.rolled_back_at else FOREVER
    place = next((number for number, line in enumerate(lines) if line[0] == change.pk), len(lines))
    stop = min([own, *(line[2] for line in lines[place + 1 :])])
    mixed = any(
        as_of - BASELINE_DAYS <= moved < as_of
        for line in after
        for moved in (line[2], line[3])
        if moved <= day
    )
    record = change.expected or {}
    current, projected = record.get("current", {}), record.get("projected", {})
    cost = record["cost"] if record else change.product.cost
    monthly, share, share_sd = np.nan, np.nan, np.nan
    if record:
        monthly = current["quantity"]
        low, high = record["interval"]["quantity"]
        share = projected["quantity"] / monthly if monthly else 1.0
        share_sd = (high - low) / SDS_BETWEEN_LIMITS / projected["quantity"] if projected["quantity"] else 0.0
    return (
        *(day, as_of, stop, float(change.old_price or 0), float(change.new_price)),
        *(np.nan if cost is None else float(cost), share, share_sd, monthly, mixed),
    )


# --- the windows -----------------------------------------------------------------------------------


def _window(window: int, cases: Cases, evidence: Evidence) -> WindowOutcome:
    begin, full = cases.day + 1, cases.day + 1 + window
    known = 0 if evidence.last_day is None else evidence.last_day + 1
    end = np.maximum(np.minimum(np.minimum(full, known), cases.stop), begin)
    counted = end - begin
    status = np.select([counted == window, cases.stop < full], [COMPLETE, TRUNCATED], OPEN)
    start = cases.as_of - BASELINE_DAYS
    baseline, baseline_revenue = evidence.days.between(start, cases.as_of, cases.product)
    quantity, revenue = evidence.days.between(begin, end, cases.product)
    factor, season_from = _seasons(
        evidence, np.stack([start, cases.as_of, begin, end], axis=1), baseline, quantity
    )
    paid_level = baseline_revenue / np.maximum(baseline, 1) / cases.old_price
    paid_level = np.where(paid_level > 0, paid_level, 1.0)
    noise, usual = _noise(window, cases, evidence, paid_level)
    common: dict[str, Any] = {
        "usual": usual,
        "scale": counted / BASELINE_DAYS * factor,
        "paid_level": paid_level,
        "price_before": cases.old_price,
        "cost": cases.cost,
        "noise": noise,
    }
    one, nothing = np.ones_like(factor), np.zeros_like(factor)
    unit_values = np.array([one, cases.new_price, cases.new_price - cases.cost])
    return WindowOutcome(
        window=window,
        days=counted,
        status=status,
        season=factor,
        season_from=season_from,
        paid_level=paid_level,
        raw=unit_values * cases.monthly * cases.share * counted / BASELINE_DAYS,
        expected=predict(
            baseline=cases.monthly,
            share=cases.share,
            share_sd=cases.share_sd,
            price=cases.new_price,
            **common,
        ),
        without=predict(baseline=baseline, share=one, share_sd=nothing, price=cases.old_price, **common),
        realised=np.array([quantity, revenue, revenue - cases.cost * quantity]),
    )


def _seasons(
    evidence: Evidence, spans: Ints, baseline: Floats, quantity: Floats
) -> tuple[Floats, NDArray[np.str_]]:
    """How the products whose price stayed moved; where they sold too little to tell, all other products."""
    before = evidence.of_shop(spans[:, 0], spans[:, 1])
    after = evidence.of_shop(spans[:, 2], spans[:, 3])
    changed_before, changed_after = units_of_changed(evidence.days, evidence.moved, evidence.moved_on, spans)
    counted = spans[:, 3] - spans[:, 2]
    unchanged, tells = season(before - changed_before, after - changed_after, counted)
    others, others_tell = season(before - baseline, after - quantity, counted)
    names = np.select([tells, others_tell], [UNCHANGED_PRODUCTS, OTHER_PRODUCTS], "")
    return np.where(tells, unchanged, others), names


def _noise(window: int, cases: Cases, evidence: Evidence, paid_level: Floats) -> tuple[Noise, Floats]:
    """Chance in the product's sales, and the units that 30 days like those before bring in the long run."""
    weeks = np.minimum(cases.as_of, cases.day)[:, None] - 7 * np.arange(NOISE_WEEKS, 0, -1)
    sold = evidence.days.between(weeks, weeks + 7, cases.product[:, None])
    alive = weeks >= evidence.first_sold[cases.product][:, None]
    units, revenue = (np.where(alive, each, np.nan) for each in sold)
    shop = evidence.of_shop(weeks, weeks + 7)
    noise = estimate_noise(units, revenue, shop, cases.old_price * paid_level, window)
    share_of_shop = np.nansum(units, axis=1) / np.maximum(np.where(alive, shop, 0.0).sum(axis=1), 1.0)
    return noise, share_of_shop * evidence.of_shop(cases.as_of - BASELINE_DAYS, cases.as_of)


# --- reading ---------------------------------------------------------------------------------------


def _changes_between(first: int, stop: int) -> list[LedgerLine]:
    """Every change of a price, by hand or not, on the days first <= day < stop, by day."""
    found = PriceChange.objects.filter(
        changed_at__gte=first_moment(date_of(first)),
        changed_at__lt=first_moment(date_of(stop)),
        old_price__isnull=False,
    )
    rows = found.order_by("changed_at", "pk").values_list("pk", "product_id", "changed_at", "rolled_back_at")
    return [
        (pk, code, _shop_day(changed), _shop_day(back) if back else FOREVER)
        for pk, code, changed, back in rows
        if changed
    ]


def _shop_days(version: DataVersion) -> tuple[int, Floats]:
    """The first day with sales of merchandise, and the units of every day from it on; remembered with the sales."""
    key = f"units-of-shop-days-{version.sales_version}"
    kept: tuple[int, Floats] | None = cache.get(key)
    if kept is None:
        rows = fetch(
            f"SELECT {epoch_day('s.date')}, SUM(s.quantity) FROM pricing_saleshistory s "
            "JOIN pricing_product p ON p.code = s.product_id "
            "WHERE p.kind = 'merchandise' AND s.quantity > 0 GROUP BY s.date"
        )
        first = min((int(day) for day, _ in rows), default=0)
        units = np.zeros(max((int(day) for day, _ in rows), default=first - 1) - first + 1)
        for day, quantity in rows:
            units[int(day) - first] = float(quantity)
        kept = (first, units)
        cache.set(key, kept, KEPT_SECONDS)
    return kept


def _daily_rows(codes: Sequence[str], place: dict[str, int], first: int, stop: int) -> list[tuple[Any, ...]]:
    """Columns (product, day, quantity, revenue) of the products' days first <= day < stop, one set a statement."""
    found = []
    for chunk in batches(codes, CODES_A_STATEMENT):
        rows = fetch(
            f"SELECT product_id, {day_of('date')}, quantity, CAST(revenue AS double precision) "
            f"FROM pricing_saleshistory WHERE product_id IN ({placeholders(len(chunk))}) "
            "AND date >= %s AND date < %s",
            [*chunk, date_of(first).isoformat(), date_of(stop).isoformat()],
        )
        if rows:
            product, day, quantity, revenue = zip(*rows, strict=True)
            found.append(
                (
                    np.array([place[code] for code in product], np.int64),
                    np.array(day_numbers(day), np.int64),
                    np.array(quantity, np.float64),
                    np.array(revenue, np.float64),
                )
            )
    return found


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
