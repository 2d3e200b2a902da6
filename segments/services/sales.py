"""What each segment buys, per product and day."""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from elastix.jobs.recompute import RecomputePlan
from elastix.sql import (
    batches,
    day_numbers,
    day_of,
    epoch_day,
    execute,
    fetch,
    fetch_columns,
    insert_rows,
    number_for_driver,
    placeholders,
)
from pricing.sales.models import Product
from pricing.sales.models.products import Kind
from segments.core.rfm import SEGMENTS
from segments.services.customers import EPOCH, SIGNED_QUANTITY, Customers

SHARD_PRODUCTS = 1000
SEGMENT_SALES = "segments_segmentsales"


@dataclass(frozen=True, slots=True)
class SegmentDays:
    """Sales per product, segment and day (n entries, sorted); `codes` are the products the indices name.

    Attributes
    ----------
    product, segment, day : (n,) index into `codes`, index into SEGMENTS, days since 1970-01-01.
    quantity, revenue : (n,) units and money, net of cancellations and returns.
    units : (n,) units that count as demand.
    lines, unit_lines : (n,) lines, and those that count as demand.
    """

    codes: list[str]
    product: NDArray[np.int64]
    segment: NDArray[np.int64]
    day: NDArray[np.int64]
    quantity: NDArray[np.int64]
    revenue: NDArray[np.float64]
    units: NDArray[np.float64]
    lines: NDArray[np.int64]
    unit_lines: NDArray[np.int64]


def compute(plan: RecomputePlan, customers: Customers) -> SegmentDays:
    """Sum the lines of the products whose sales changed, or whose customers moved between segments."""
    codes = _affected(plan, customers)
    parts = [_shard(shard, customers.segment) for shard in batches(codes, SHARD_PRODUCTS)]
    offsets = np.cumsum([0, *(len(shard) for shard in batches(codes, SHARD_PRODUCTS))])
    whole = [np.concatenate(arrays) for arrays in zip(*parts, strict=True)] if parts else _no_days()
    if parts:
        sizes = [part[0].size for part in parts]
        whole[0] = whole[0] + np.repeat(offsets[:-1], sizes)
    return SegmentDays(codes, *whole)


def _affected(plan: RecomputePlan, customers: Customers) -> list[str]:
    merchandise = set(Product.objects.filter(kind=Kind.MERCHANDISE).values_list("code", flat=True))
    if plan.full:
        return sorted(merchandise)
    codes = set(plan.products or [])
    for chunk in batches(customers.moved, 5000):
        codes.update(
            code
            for (code,) in fetch(
                f"SELECT DISTINCT product_id FROM pricing_transaction WHERE customer_id IN ({placeholders(len(chunk))})",
                chunk,
            )
        )
    return sorted(codes)


def _shard(codes: Sequence[str], segment_of: dict[str, int]) -> list[NDArray[Any]]:
    columns = fetch_columns(
        f"SELECT t.product_id, t.customer_id, {day_of('t.date')}, {SIGNED_QUANTITY}, "
        f"CAST({SIGNED_QUANTITY} * t.unit_price AS double precision), t.units FROM pricing_transaction t "
        "JOIN pricing_product p ON p.code = t.product_id WHERE p.kind = 'merchandise' AND NOT t.voided "
        f"AND t.customer_id IS NOT NULL AND t.product_id IN ({placeholders(len(codes))})",
        codes,
        columns=6,
    )
    number = {code: index for index, code in enumerate(codes)}
    product = np.array([number[code] for code in columns[0]], np.int64)
    segment = np.array([segment_of.get(customer, -1) for customer in columns[1]], np.int64)
    day, quantity = np.array(day_numbers(columns[2]), np.int64), np.array(columns[3], np.int64)
    revenue, units = np.array(columns[4], np.float64), np.array(columns[5], np.float64)
    rows = np.flatnonzero(segment >= 0)
    return _summed(product[rows], segment[rows], day[rows], quantity[rows], revenue[rows], units[rows])


def _summed(
    product: NDArray[np.int64],
    segment: NDArray[np.int64],
    day: NDArray[np.int64],
    quantity: NDArray[np.int64],
    revenue: NDArray[np.float64],
    units: NDArray[np.float64],
) -> list[NDArray[Any]]:
    if product.size == 0:
        return _no_days()
    span = int(day.max()) + 1
    key, of = np.unique((product * len(SEGMENTS) + segment) * span + day, return_inverse=True)
    pair = key // span
    return [
        pair // len(SEGMENTS),
        pair % len(SEGMENTS),
        key % span,
        np.rint(np.bincount(of, quantity)).astype(np.int64),
        np.round(np.bincount(of, revenue), 4),
        np.bincount(of, units),
        np.bincount(of),
        np.bincount(of[units > 0], minlength=key.size),
    ]


def _no_days() -> list[NDArray[Any]]:
    whole, real = np.zeros(0, np.int64), np.zeros(0)
    return [whole, whole, whole, whole, real, real, whole, whole]


def publish(plan: RecomputePlan, days: SegmentDays) -> None:
    """Replace the affected products' rows and what is summed from them."""
    dates = _dates_with_other_revenue(plan, days)
    if plan.full:
        execute(f"DELETE FROM {SEGMENT_SALES}")
    for chunk in batches(days.codes if not plan.full else [], 5000):
        execute(f"DELETE FROM {SEGMENT_SALES} WHERE product_id IN ({placeholders(len(chunk))})", chunk)
    insert_rows(
        SEGMENT_SALES,
        ("product_id", "segment", "date", "quantity", "revenue", "units", "lines", "unit_lines"),
        _rows(days),
    )
    _publish_daily_revenue(dates)
    _publish_main_segments(plan, days.codes)


def _rows(days: SegmentDays) -> Iterator[tuple[Any, ...]]:
    dates = {
        day: (EPOCH + np.timedelta64(int(day), "D").item()).isoformat()
        for day in np.unique(days.day).tolist()
    }
    return zip(
        [days.codes[index] for index in days.product.tolist()],
        [SEGMENTS[index] for index in days.segment.tolist()],
        [dates[day] for day in days.day.tolist()],
        days.quantity.tolist(),
        map(number_for_driver, days.revenue.tolist()),
        days.units.tolist(),
        days.lines.tolist(),
        days.unit_lines.tolist(),
        strict=True,
    )


def _dates_with_other_revenue(plan: RecomputePlan, days: SegmentDays) -> list[str] | None:
    """The dates on which a segment buys for another sum of the affected products than before; None: all."""
    if plan.full:
        return None
    before: dict[tuple[int, int], list[float]] = {}
    for chunk in batches(days.codes, 5000):
        for segment, day, revenue, lines in fetch(
            f"SELECT segment, {epoch_day('date')}, CAST(SUM(revenue) AS double precision), SUM(lines) "
            f"FROM {SEGMENT_SALES} WHERE product_id IN ({placeholders(len(chunk))}) GROUP BY segment, date",
            chunk,
        ):
            sums = before.setdefault((SEGMENTS.index(segment), day), [0.0, 0.0])
            sums[0] += revenue
            sums[1] += float(lines)
    after: dict[tuple[int, int], list[float]] = {}
    for segment, day, revenue, lines in zip(
        days.segment.tolist(), days.day.tolist(), days.revenue.tolist(), days.lines.tolist(), strict=True
    ):
        sums = after.setdefault((segment, day), [0.0, 0.0])
        sums[0] += revenue
        sums[1] += lines
    nothing = [0.0, 0.0]
    changed = {
        key[1]
        for key in {*before, *after}
        if any(
            round(new - old, 4)
            for new, old in zip(after.get(key, nothing), before.get(key, nothing), strict=True)
        )
    }
    return [(EPOCH + dt.timedelta(days=day)).isoformat() for day in sorted(changed)]


def _publish_daily_revenue(dates: list[str] | None) -> None:
    """Sum the segments' revenue of these dates anew (None: of all)."""
    for chunk in [None] if dates is None else batches(dates, 5000):
        scope = "" if chunk is None else f"WHERE date IN ({placeholders(len(chunk))})"
        execute(f"DELETE FROM segments_segmentdailyrevenue {scope}", chunk or [])
        execute(
            "INSERT INTO segments_segmentdailyrevenue (segment, date, revenue) "
            f"SELECT segment, date, ROUND(SUM(revenue), 4) FROM {SEGMENT_SALES} {scope} GROUP BY segment, date",
            chunk or [],
        )


def _publish_main_segments(plan: RecomputePlan, codes: Sequence[str]) -> None:
    """The segment with most lines of each product; ties go to the first in the segments' order."""
    order = (
        "CASE segment "
        + " ".join(f"WHEN '{name}' THEN {index}" for index, name in enumerate(SEGMENTS))
        + " END"
    )
    for chunk in [None] if plan.full else batches(codes, 5000):
        scope = "" if chunk is None else f"WHERE product_id IN ({placeholders(len(chunk))})"
        execute(f"DELETE FROM segments_productsegment {scope}", chunk or [])
        execute(
            f"""
            INSERT INTO segments_productsegment (product_id, segment, lines)
            SELECT product_id, segment, lines FROM (
                SELECT product_id, segment, lines,
                       ROW_NUMBER() OVER (PARTITION BY product_id ORDER BY lines DESC, {order}) AS place
                FROM (SELECT product_id, segment, SUM(lines) AS lines FROM {SEGMENT_SALES} {scope}
                      GROUP BY product_id, segment) counted
            ) ranked WHERE place = 1
            """,
            chunk or [],
        )
