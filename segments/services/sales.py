"""What each segment buys, per product and day."""

from collections import defaultdict
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
    fetch_arrays,
    insert_rows,
    numbers_for_driver,
    placeholders,
)
from pricing.sales.core.arrays import FloatArray, IntArray
from pricing.sales.core.files import QUANTITY_PLACES
from pricing.sales.core.grouping import distinct_pairs, pair_key, split_pair
from pricing.sales.selectors.daily import day_of_epoch, merchandise_codes, product_shards
from segments.core.rfm import SEGMENTS
from segments.services.customers import SIGNED_QUANTITY, Customers

ROWS_WRITTEN_TOGETHER = 20_000
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
    product: IntArray
    segment: IntArray
    day: IntArray
    quantity: FloatArray
    revenue: FloatArray
    units: FloatArray
    lines: IntArray
    unit_lines: IntArray


def compute(plan: RecomputePlan, customers: Customers) -> SegmentDays:
    """Sum the lines of the products whose sales changed, or whose customers moved between segments."""
    codes = _affected(plan, customers)
    shards = [_summed([np.zeros(0, np.int64)] * 6)]
    first = 0
    for shard in product_shards(codes):
        shards.append(_summed(_lines(shard, first, customers.segment)))
        first += len(shard)
    return SegmentDays(codes, *(np.concatenate(arrays) for arrays in zip(*shards, strict=True)))


def scopes(column: str, values: Sequence[str] | None) -> Iterator[tuple[str, Sequence[str]]]:
    """WHERE clauses, and their parameters, that together cover these values; None: a single one without condition."""
    if values is None:
        yield "", []
        return
    for chunk in batches(values):
        yield f"WHERE {column} IN ({placeholders(len(chunk))})", chunk


def _affected(plan: RecomputePlan, customers: Customers) -> list[str]:
    if plan.products is None:
        return merchandise_codes()
    codes = set(plan.products)
    for scope, parameters in scopes("customer_id", customers.moved):
        bought = fetch(f"SELECT DISTINCT product_id FROM pricing_transaction {scope}", parameters)
        codes.update(code for (code,) in bought)
    return sorted(codes)


def _lines(codes: Sequence[str], first: int, segment_of: dict[str, int]) -> list[NDArray[Any]]:
    """Product (numbered from `first`), segment, day, quantity, revenue and units of each line of a segment."""
    number = {code: index for index, code in enumerate(codes, first)}

    def arrays(columns: Sequence[Sequence[Any]]) -> list[NDArray[Any]]:
        code, customer, day, *numbers = columns
        return [
            np.array([number[each] for each in code], np.int64),
            np.array([segment_of.get(each, -1) for each in customer], np.int64),
            np.array(day_numbers(day), np.int64),
            *(np.array(column, np.float64) for column in numbers),
        ]

    # The codes are asked of the products: asked of the lines, PostgreSQL looks for the lines of every product of the shop.
    sql = (
        f"SELECT t.product_id, t.customer_id, {day_of('t.date')}, CAST({SIGNED_QUANTITY} AS double precision), "
        f"CAST({SIGNED_QUANTITY} * t.unit_price AS double precision), t.units FROM pricing_transaction t "
        "JOIN pricing_product p ON p.code = t.product_id WHERE p.kind = 'merchandise' AND NOT t.voided "
        f"AND t.customer_id IS NOT NULL AND p.code IN ({placeholders(len(codes))})"
    )
    lines = fetch_arrays([(sql, codes)], arrays, columns=6)
    of_a_segment = lines[1] >= 0
    return [array[of_a_segment] for array in lines]


def _summed(lines: list[NDArray[Any]]) -> list[NDArray[Any]]:
    """Sum lines by product, segment and day: the columns of `SegmentDays`."""
    product, segment, day, quantity, revenue, units = lines
    pair, day, of = distinct_pairs(pair_key(product, segment, len(SEGMENTS)), day)
    return [
        *split_pair(pair, len(SEGMENTS)),
        day,
        np.round(np.bincount(of, quantity), QUANTITY_PLACES),
        np.round(np.bincount(of, revenue), 4),
        np.bincount(of, units),
        np.bincount(of),
        np.bincount(of[units > 0], minlength=day.size),
    ]


def publish(plan: RecomputePlan, days: SegmentDays) -> None:
    """Replace the affected products' rows and what is summed from them."""
    affected = None if plan.full else days.codes
    dates = None if plan.full else _dates_with_other_revenue(days)
    for scope, parameters in scopes("product_id", affected):
        execute(f"DELETE FROM {SEGMENT_SALES} {scope}", parameters)
    columns = ("product_id", "segment", "date", "quantity", "revenue", "units", "lines", "unit_lines")
    insert_rows(SEGMENT_SALES, columns, _rows(days))
    for scope, parameters in scopes("date", dates):
        execute(f"DELETE FROM segments_segmentdailyrevenue {scope}", parameters)
        execute(
            "INSERT INTO segments_segmentdailyrevenue (segment, date, revenue) "
            f"SELECT segment, date, ROUND(SUM(revenue), 4) FROM {SEGMENT_SALES} {scope} GROUP BY segment, date",
            parameters,
        )
    _publish_main_segments(affected)


def _rows(days: SegmentDays) -> Iterator[tuple[Any, ...]]:
    dates = {day: day_of_epoch(day).isoformat() for day in np.unique(days.day).tolist()}
    # Python objects of some entries at a time: of all of them they take more memory than anything else.
    for first in range(0, days.product.size, ROWS_WRITTEN_TOGETHER):
        part = slice(first, first + ROWS_WRITTEN_TOGETHER)
        yield from zip(
            [days.codes[index] for index in days.product[part].tolist()],
            [SEGMENTS[index] for index in days.segment[part].tolist()],
            [dates[day] for day in days.day[part].tolist()],
            numbers_for_driver(days.quantity[part].tolist()),
            numbers_for_driver(days.revenue[part].tolist()),
            days.units[part].tolist(),
            days.lines[part].tolist(),
            days.unit_lines[part].tolist(),
            strict=True,
        )


def _dates_with_other_revenue(days: SegmentDays) -> list[str]:
    """The dates on which a segment buys for another sum of the affected products, or other lines, than before."""
    changes: defaultdict[tuple[str, int], list[float]] = defaultdict(lambda: [0.0, 0.0])
    for scope, parameters in scopes("product_id", days.codes):
        for segment, day, revenue, lines in fetch(
            f"SELECT segment, {epoch_day('date')}, CAST(SUM(revenue) AS double precision), SUM(lines) "
            f"FROM {SEGMENT_SALES} {scope} GROUP BY segment, date",
            parameters,
        ):
            change = changes[segment, day]
            change[0] -= revenue
            change[1] -= float(lines)
    for index, day, revenue, lines in zip(
        days.segment.tolist(), days.day.tolist(), days.revenue.tolist(), days.lines.tolist(), strict=True
    ):
        change = changes[SEGMENTS[index], day]
        change[0] += revenue
        change[1] += lines
    changed = {day for (_, day), change in changes.items() if any(round(value, 4) for value in change)}
    return [day_of_epoch(day).isoformat() for day in sorted(changed)]


def _publish_main_segments(codes: Sequence[str] | None) -> None:
    """The segment with most lines of each product; ties go to the first in the segments' order."""
    places = " ".join(f"WHEN '{name}' THEN {index}" for index, name in enumerate(SEGMENTS))
    for scope, parameters in scopes("product_id", codes):
        execute(f"DELETE FROM segments_productsegment {scope}", parameters)
        execute(
            f"""
            INSERT INTO segments_productsegment (product_id, segment, lines)
            SELECT product_id, segment, lines FROM (
                SELECT product_id, segment, lines, ROW_NUMBER() OVER (
                    PARTITION BY product_id ORDER BY lines DESC, CASE segment {places} END
                ) AS place
                FROM (SELECT product_id, segment, SUM(lines) AS lines FROM {SEGMENT_SALES} {scope}
                      GROUP BY product_id, segment) counted
            ) ranked WHERE place = 1
            """,
            parameters,
        )
