"""Updating each customer's sums and assigning every customer to a segment."""

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

import numpy as np
from django.conf import settings

from elastix.jobs.recompute import RecomputePlan
from elastix.sql import batches, epoch_day, fetch_rows, placeholders
from pricing.sales.models import StaleCustomer
from pricing.sales.selectors.daily import day_of_epoch, epoch_days, newest_sale_day
from segments.core.history import segment_name
from segments.core.rfm import rfm_segments
from segments.models import CustomerSegment

ROWS_A_STATEMENT = 5_000
# Units with the sign they have in the transactions: returns count against.
SIGNED_QUANTITY = "(CASE WHEN t.is_return THEN -ABS(t.quantity) ELSE t.quantity END)"
_WRITTEN = ("last_purchase", "frequency", "monetary", "r_score", "f_score", "m_score", "segment", "country")


class Purchases(NamedTuple):
    """One customer's purchases: day of the last one, distinct invoices, money net of cancellations, country of the last.

    `spent` is the money by day, without what was cancelled or came back later taken off; None where it was not read.
    """

    last_day: int
    frequency: int
    monetary: Decimal
    country: str
    spent: dict[int, float] | None = None


@dataclass(frozen=True, slots=True)
class Customers:
    """All customers after the recompute, and how they differ from what is stored.

    `segment` maps a customer to an index of SEGMENTS, -1 for none; `moved` are those whose segment changed,
    newcomers and leavers included, each with the segment before ("": none). `spent` has the money by day of the
    customers that were read anew: all in a full run.
    """

    rows: list[CustomerSegment]
    gone: list[str]
    segment: dict[str, int]
    segment_before: dict[str, str]
    as_of: dt.date | None
    spent: dict[str, dict[int, float]] = field(default_factory=dict)

    @property
    def moved(self) -> list[str]:
        return list(self.segment_before)


def compute(plan: RecomputePlan) -> Customers:
    """Sum the purchases of stale customers (all in a full run) and assign all customers to segments again."""
    stored = {row.customer_id: row for row in CustomerSegment.objects.all()}
    if plan.full:
        purchases = _purchases("", [])
    else:
        stale = StaleCustomer.objects.filter(version__lte=plan.version).values_list("customer_id", flat=True)
        purchases = {
            code: Purchases(epoch_days(row.last_purchase), row.frequency, row.monetary, row.country)
            for code, row in stored.items()
        }
        for chunk in batches(stale, ROWS_A_STATEMENT):
            for code in chunk:
                purchases.pop(code, None)
            purchases |= _purchases(f"AND t.customer_id IN ({placeholders(len(chunk))})", chunk)
    purchases = {code: sums for code, sums in purchases.items() if not is_nobody(code)}
    newest = newest_sale_day()
    return _segmented(purchases, stored, None if newest is None else newest + dt.timedelta(days=1))


def is_nobody(code: str) -> bool:
    """Whether an id stands for guests and the like: as one customer they would be the best of all."""
    return code.casefold() in settings.SEGMENT_EXCLUDED_CUSTOMERS


def _purchases(scope: str, parameters: Sequence[str]) -> dict[str, Purchases]:
    rows = fetch_rows(
        f"""
        SELECT t.customer_id, t.invoice_no, {epoch_day("t.date")}, t.is_return, MAX(t.country),
               ROUND(SUM(CASE WHEN t.voided THEN 0 ELSE {SIGNED_QUANTITY} * t.unit_price END), 4)
        FROM pricing_transaction t JOIN pricing_product p ON p.code = t.product_id
        WHERE p.kind = 'merchandise' AND t.customer_id IS NOT NULL {scope}
        GROUP BY t.customer_id, t.invoice_no, t.date, t.is_return ORDER BY t.customer_id
        """,
        parameters,
    )
    # A customer at a time: the invoices of all of them are many more than the customers.
    customers = ((code, [row[1:] for row in invoices]) for code, invoices in groupby(rows, itemgetter(0)))
    return {code: found for code, each in customers if (found := _summed(each)) is not None}


def _summed(invoices: Sequence[tuple[Any, ...]]) -> Purchases | None:
    """One customer's purchases in sum; None for who only brought back."""
    bought = [each for each in invoices if not each[2]]
    if not bought:
        return None
    last_day, country = max((int(day), country) for _, day, _, country, _ in bought)
    spent: defaultdict[int, float] = defaultdict(float)
    for _, day, _, _, paid in bought:
        if paid > 0:
            spent[int(day)] += float(paid)
    return Purchases(
        last_day=last_day,
        frequency=len({each[0] for each in bought}),
        monetary=stored_money(sum(each[4] for each in invoices)),
        country=country,
        spent=dict(spent),
    )


def stored_money(value: Any) -> Decimal:
    """An amount that a statement summed up, as the tables store it."""
    return Decimal(str(value)).quantize(Decimal("0.0001"))


def _segmented(
    purchases: dict[str, Purchases], stored: dict[str, CustomerSegment], as_of: dt.date | None
) -> Customers:
    codes = sorted(purchases)
    today = epoch_days(as_of) if as_of else 0
    rfm = rfm_segments(
        np.array([today - purchases[code].last_day for code in codes], np.float64),
        np.array([purchases[code].frequency for code in codes], np.float64),
        np.array([float(purchases[code].monetary) for code in codes], np.float64),
    )
    segment = dict(zip(codes, rfm.segment.tolist(), strict=True))
    scores = zip(rfm.r_score.tolist(), rfm.f_score.tolist(), rfm.m_score.tolist(), strict=True)
    rows = [
        CustomerSegment(
            customer_id=code,
            last_purchase=day_of_epoch(purchases[code].last_day),
            frequency=purchases[code].frequency,
            monetary=purchases[code].monetary,
            r_score=r_score,
            f_score=f_score,
            m_score=m_score,
            segment=segment_name(segment[code]),
            country=purchases[code].country,
        )
        for code, (r_score, f_score, m_score) in zip(codes, scores, strict=True)
    ]
    changed = [row for row in rows if _differs(row, stored.get(row.customer_id), *_WRITTEN)]
    gone = sorted(set(stored) - set(purchases))
    moved = [row.customer_id for row in changed if _differs(row, stored.get(row.customer_id), "segment")]
    before = {code: stored[code].segment if code in stored else "" for code in [*moved, *gone]}
    spent = {code: each.spent for code, each in purchases.items() if each.spent is not None}
    return Customers(changed, gone, segment, before, as_of, spent)


def _differs(new: CustomerSegment, old: CustomerSegment | None, *names: str) -> bool:
    return old is None or any(getattr(new, name) != getattr(old, name) for name in names)


def publish(customers: Customers) -> None:
    """Write the customers that changed and drop those without purchases."""
    for chunk in batches(customers.gone, ROWS_A_STATEMENT):
        CustomerSegment.objects.filter(customer_id__in=chunk).delete()
    CustomerSegment.objects.bulk_create(
        customers.rows,
        batch_size=1000,
        update_conflicts=True,
        unique_fields=["customer_id"],
        update_fields=list(_WRITTEN),
    )
