"""Checks of the segment tables: customers and what their segments buy, recomputed from the transactions."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal

from django.conf import settings

from elastix.maintenance.verification import Finding, compared
from pricing.sales.models import Product, StaleCustomer, StaleProduct, Transaction
from pricing.sales.models.products import Kind
from pricing.sales.selectors.verification import LAST_DECIMAL, ROWS_AT_ONCE, Sums, close
from segments.models import CustomerSegment, SegmentDailyRevenue, SegmentSales

LINE = ("customer_id", "date", "invoice_no", "quantity", "unit_price", "is_return", "voided")


def check_customers() -> Iterator[Finding]:
    """Last purchase, number of invoices and money of each customer whose figures are up to date."""
    stale = set(StaleCustomer.objects.values_list("customer_id", flat=True))
    sums, last = _customers()
    stored = {row.customer_id: row for row in CustomerSegment.objects.all()}
    for code in sorted({*last, *stored} - stale):
        where, row = f"customer {code}", stored.get(code)
        if row is None or code not in last:
            yield Finding(where, "missing" if row is None else "there", "as the purchases say")
            continue
        monetary = sums[code].revenue - sums[code].returned_revenue
        yield from compared(f"last purchase of {where}", row.last_purchase, last[code])
        yield from compared(f"frequency of {where}", row.frequency, len(sums[code].invoices))
        yield from compared(f"money of {where}", row.monetary, close(row.monetary, monetary))
        yield from compared(f"whether {where} has a segment", bool(row.segment), row.monetary > 0)


def _customers() -> tuple[dict[str, Sums], dict[str, dt.date]]:
    """Sums of each customer's merchandise, and the day of their last purchase; without stand-in customers."""
    sums: dict[str, Sums] = defaultdict(Sums)
    last: dict[str, dt.date] = {}
    lines = Transaction.rows.filter(product__kind=Kind.MERCHANDISE, customer_id__isnull=False)
    for customer, day, *line in lines.values_list(*LINE).iterator(ROWS_AT_ONCE):
        if customer.casefold() in settings.SEGMENT_EXCLUDED_CUSTOMERS:
            continue
        sums[customer].add(*line)
        is_return = line[3]
        if not is_return:
            last[customer] = max(day, last.get(customer, day))
    return sums, last


def check_segment_sales() -> Iterator[Finding]:
    """Units and money of each product and segment over all days, for products whose figures are up to date."""
    stale = set(StaleProduct.objects.values_list("product_id", flat=True))
    if stale or StaleCustomer.objects.exists():
        return  # Customers who move take sales of any product with them.
    segment_of = dict(CustomerSegment.objects.exclude(segment="").values_list("customer_id", "segment"))
    expected: dict[tuple[str, str], list[Decimal]] = defaultdict(lambda: [Decimal(0), Decimal(0)])
    lines = Transaction.rows.filter(
        product__kind=Kind.MERCHANDISE, customer_id__isnull=False, voided=False
    ).values_list("product_id", "customer_id", "quantity", "unit_price", "is_return")
    for code, customer, quantity, price, is_return in lines.iterator(ROWS_AT_ONCE):
        if customer in segment_of:
            size = -abs(quantity) if is_return else quantity
            sums = expected[code, segment_of[customer]]
            sums[0] += size
            sums[1] += size * price
    found: dict[tuple[str, str], list[Decimal]] = defaultdict(lambda: [Decimal(0), Decimal(0)])
    days: dict[tuple[str, str], int] = defaultdict(int)
    for code, segment, quantity, revenue in SegmentSales.objects.values_list(
        "product_id", "segment", "quantity", "revenue"
    ).iterator(ROWS_AT_ONCE):
        found[code, segment][0] += quantity
        found[code, segment][1] += revenue
        days[code, segment] += 1
    merchandise = set(Product.objects.filter(kind=Kind.MERCHANDISE).values_list("code", flat=True))
    for key in sorted({*expected, *found}):
        where = f"{key[1]} of {key[0]}"
        if key[0] not in merchandise:
            yield Finding(f"sales to {where}", "there", "none: it is no merchandise")
            continue
        yield from compared(f"units sold to {where}", found[key][0], expected[key][0])
        # Each day's amount is rounded by itself.
        if abs(found[key][1] - expected[key][1]) > (days[key] + 1) * LAST_DECIMAL:
            yield Finding(f"revenue from {where}", found[key][1], expected[key][1].quantize(LAST_DECIMAL))


def check_segment_revenue() -> Iterator[Finding]:
    """Revenue of each segment and day against the sales it is summed from."""
    expected: dict[tuple[dt.date, str], Decimal] = defaultdict(Decimal)
    for day, segment, revenue in SegmentSales.objects.values_list("date", "segment", "revenue").iterator(
        ROWS_AT_ONCE
    ):
        expected[day, segment] += revenue
    found = {(row.date, row.segment): row.revenue for row in SegmentDailyRevenue.objects.all()}
    for key in sorted({*expected, *found}):
        where = f"revenue of {key[1]} on {key[0]}"
        if key not in found:
            yield Finding(where, "missing", expected[key])
        else:
            yield from compared(where, found[key], close(found[key], expected[key]))
