"""Keeping each customer's sums up to date and putting every customer into a segment."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray

from elastix.jobs.recompute import RecomputePlan
from elastix.sql import batches, epoch_day, fetch, placeholders
from pricing.sales.models import StaleCustomer
from pricing.sales.selectors.daily import newest_sale_day
from segments.core.rfm import SEGMENTS, RfmSegments, rfm_segments
from segments.models import CustomerSegment

EPOCH = dt.date(1970, 1, 1)
# Units with the sign they have in the books: returns count against.
SIGNED_QUANTITY = "(CASE WHEN t.is_return THEN -ABS(t.quantity) ELSE t.quantity END)"
_WRITTEN = ("last_purchase", "frequency", "monetary", "r_score", "f_score", "m_score", "segment")


@dataclass(frozen=True, slots=True)
class Sums:
    """One customer's purchases: day of the last one, distinct invoices, money net of cancellations."""

    last_day: int
    frequency: int
    monetary: Decimal


@dataclass(frozen=True, slots=True)
class Customers:
    """All customers after the recompute, and how they differ from what is stored.

    `segment` maps a customer to an index of SEGMENTS, -1 for none; `moved` are those whose segment changed,
    newcomers and leavers included.
    """

    rows: list[CustomerSegment]
    gone: list[str]
    segment: dict[str, int]
    moved: list[str]
    as_of: dt.date | None


def compute(plan: RecomputePlan) -> Customers:
    """Sum the purchases of stale customers (all in a full run) and bin all customers anew."""
    stored = {row.customer_id: row for row in CustomerSegment.objects.all()}
    if plan.full:
        sums = _sums("", [])
    else:
        sums = {
            code: Sums((row.last_purchase - EPOCH).days, row.frequency, row.monetary)
            for code, row in stored.items()
        }
        stale = list(
            StaleCustomer.objects.filter(version__lte=plan.version).values_list("customer_id", flat=True)
        )
        for code in stale:
            sums.pop(code, None)
        for chunk in batches(stale, 5000):
            sums |= _sums(f"AND t.customer_id IN ({placeholders(len(chunk))})", chunk)
    as_of = newest_sale_day()
    return _binned(sums, stored, None if as_of is None else as_of + dt.timedelta(days=1))


def _sums(scope: str, parameters: Sequence[str]) -> dict[str, Sums]:
    day = epoch_day("t.date")
    rows = fetch(
        f"""
        SELECT t.customer_id, MAX(CASE WHEN NOT t.is_return THEN {day} END),
               COUNT(DISTINCT CASE WHEN NOT t.is_return THEN t.invoice_no END),
               ROUND(SUM(CASE WHEN t.voided THEN 0 ELSE {SIGNED_QUANTITY} * t.unit_price END), 4)
        FROM pricing_transaction t JOIN pricing_product p ON p.code = t.product_id
        WHERE p.kind = 'merchandise' AND t.customer_id IS NOT NULL {scope} GROUP BY t.customer_id
        """,
        parameters,
    )
    return {
        code: Sums(int(last), int(frequency), _money(monetary))
        for code, last, frequency, monetary in rows
        if last
    }


def _money(value: Any) -> Decimal:
    return Decimal(str(value)).quantize(Decimal("0.0001"))


def _binned(sums: dict[str, Sums], stored: dict[str, CustomerSegment], as_of: dt.date | None) -> Customers:
    codes = sorted(sums)
    today = (as_of - EPOCH).days if as_of else 0
    rfm = rfm_segments(
        np.array([today - sums[code].last_day for code in codes], np.float64),
        np.array([sums[code].frequency for code in codes], np.float64),
        np.array([float(sums[code].monetary) for code in codes], np.float64),
    )
    rows = [_row(code, sums[code], rfm, index) for index, code in enumerate(codes)]
    changed = [row for row in rows if row.customer_id not in stored or _differs(row, stored[row.customer_id])]
    gone = sorted(set(stored) - set(sums))
    moved = [
        row.customer_id
        for row in changed
        if row.customer_id not in stored or stored[row.customer_id].segment != row.segment
    ]
    segment = dict(zip(codes, _indices(rfm.segment), strict=True))
    return Customers(changed, gone, segment, [*moved, *gone], as_of)


def _indices(segment: NDArray[np.int8]) -> list[int]:
    return [int(index) for index in segment]


def _row(code: str, sums: Sums, rfm: RfmSegments, index: int) -> CustomerSegment:
    segment = int(rfm.segment[index])
    return CustomerSegment(
        customer_id=code,
        last_purchase=EPOCH + dt.timedelta(days=sums.last_day),
        frequency=sums.frequency,
        monetary=sums.monetary,
        r_score=int(rfm.r_score[index]),
        f_score=int(rfm.f_score[index]),
        m_score=int(rfm.m_score[index]),
        segment=SEGMENTS[segment] if segment >= 0 else "",
    )


def _differs(new: CustomerSegment, old: CustomerSegment) -> bool:
    return any(getattr(new, name) != getattr(old, name) for name in _WRITTEN)


def publish(customers: Customers) -> None:
    """Write the customers that changed and drop those without purchases."""
    for chunk in batches(customers.gone, 5000):
        CustomerSegment.objects.filter(customer_id__in=chunk).delete()
    CustomerSegment.objects.bulk_create(
        customers.rows,
        batch_size=1000,
        update_conflicts=True,
        unique_fields=["customer_id"],
        update_fields=list(_WRITTEN),
    )
