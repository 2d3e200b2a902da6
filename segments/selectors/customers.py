"""The customers: found by text, segment and country, and one of them in full."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from django.db.models import Case, Count, DecimalField, F, IntegerField, Max, Q, QuerySet, Sum, Value, When
from django.db.models.functions import Abs

from elastix.errors import found
from elastix.fields import QuantityField, as_quantity
from pricing.sales.models import Transaction
from pricing.sales.models.products import Kind
from segments.core.rfm import SEGMENTS
from segments.models import CustomerSegment, SegmentMove
from segments.selectors.sums import exact

PRODUCTS_SHOWN: Final = 50


@dataclass(frozen=True, slots=True)
class BoughtProduct:
    """What one customer bought of a product, net of cancellations and returns."""

    code: str
    name: str
    quantity: int | Decimal
    revenue: Decimal
    invoices: int
    last_purchase: dt.date


@dataclass(frozen=True, slots=True)
class SegmentAt:
    """The segment in which a run put a customer; "" for none."""

    as_of: dt.date
    segment_before: str
    segment: str
    worked_out_later: bool


@dataclass(frozen=True, slots=True)
class CustomerDetail:
    """One customer: sums and scores, the segments so far (the newest first), the products by revenue.

    `products_total` counts all products, of which the first `PRODUCTS_SHOWN` are here.
    """

    customer: CustomerSegment
    history: list[SegmentAt]
    products: list[BoughtProduct]
    products_total: int


def customers(*, text: str = "", segment: str = "", country: str = "") -> QuerySet[CustomerSegment]:
    """Customers with the place of their segment among the six (behind them: none) to order by.

    Customers without a segment are those whose cancellations outweigh their purchases.

    Parameters
    ----------
    text : a piece of the id, in any case.
    country : of the last purchase.
    """
    places = [When(segment=name, then=Value(place)) for place, name in enumerate(SEGMENTS)]
    wanted = Q()
    if text:
        wanted &= Q(customer_id__icontains=text)
    if segment:
        wanted &= Q(segment=segment)
    if country:
        wanted &= Q(country=country)
    return CustomerSegment.objects.filter(wanted).annotate(
        place=Case(*places, default=Value(len(SEGMENTS)), output_field=IntegerField())
    )


def customer_detail(customer_id: str) -> CustomerDetail:
    """One customer with the segments and the products so far.

    Raises
    ------
    NotFound : nobody with this id has bought merchandise by the last publish.
    """
    customer = found(CustomerSegment.objects.filter(pk=customer_id).first(), f"customer {customer_id[:64]!r}")
    moves = SegmentMove.objects.filter(customer_id=customer_id).select_related("run").order_by("-run")
    history = [
        SegmentAt(move.run_id, move.segment_before, move.segment, move.run.worked_out_later) for move in moves
    ]
    products = _bought(customer_id)
    return CustomerDetail(customer, history, products[:PRODUCTS_SHOWN], len(products))


def _bought(customer_id: str) -> list[BoughtProduct]:
    signed = Case(
        When(is_return=True, then=-Abs(F("quantity"))), default=F("quantity"), output_field=QuantityField()
    )
    lines = Transaction.objects.filter(
        customer_id=customer_id, voided=False, product__kind=Kind.MERCHANDISE
    ).order_by()
    rows = lines.values("product_id", "product__name").annotate(
        units=Sum(signed),
        revenue=Sum(signed * F("unit_price"), output_field=DecimalField()),
        invoices=Count("invoice_no", distinct=True, filter=Q(is_return=False)),
        last=Max("date"),
    )
    bought = [
        BoughtProduct(
            row["product_id"],
            row["product__name"],
            as_quantity(row["units"]),
            exact(row["revenue"]),
            row["invoices"],
            row["last"],
        )
        for row in rows
    ]
    return sorted(bought, key=lambda row: (-row.revenue, row.code))
