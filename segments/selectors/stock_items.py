"""Merchandise with its sales, its main segment and its answer to price."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
from django.db.models import Count, F, FilteredRelation, Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from elastix.api.fields import rounded
from pricing.elasticity.core.demand import revenue_potential_percent
from pricing.elasticity.core.points import DEFAULT_ELASTICITY
from pricing.elasticity.models import ElasticityEstimate, Method
from pricing.elasticity.selectors.estimates import elasticities_on_the_spot
from pricing.sales.models import Product, SalesHistory, Transaction
from pricing.sales.selectors.matching import products_matching
from pricing.sales.selectors.products import merchandise
from segments.core.rfm import SEGMENTS
from segments.models import SegmentSales
from segments.selectors.figures import cents, exact, within

UNKNOWN = "Unknown"
SORTS = ("quantity_asc", "quantity_desc", "revenue_asc", "revenue_desc")
NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True)
class StockItem:
    """A product as the list shows it; `price` is the present one, by which its potential is judged."""

    code: str
    name: str
    price: Decimal | None
    elasticity: float | None
    invoices: int
    quantity: int
    revenue: Decimal
    segment: str | None


@dataclass(frozen=True, slots=True)
class Sold:
    """Units and money of one product in a window, net of cancellations and returns."""

    code: str
    quantity: int
    revenue: Decimal


def stock_items(
    *,
    query: str | None,
    sort_by: str,
    segment_filter: str | None,
    start_date: dt.date | None,
    end_date: dt.date | None,
    limit: int,
    offset: int,
) -> dict[str, Any]:
    """Return a page of the merchandise on sale, and how many products the filters leave.

    Without dates all merchandise is listed, from the cached tables. In a window only what was sold in it,
    with the sales, the main segment and the elasticity of the window.
    """
    products = merchandise()
    if query:
        products = products_matching(products, query)
    page = slice(offset, offset + limit)
    if start_date is None and end_date is None:
        products = _of_segment(products, segment_filter)
        total, items = products.count(), _cached_page(products, sort_by, page)
    else:
        window = within(start_date, end_date)
        sold = _sold(products, window, sort_by)
        if segment_filter is not None:
            segments = _main_segments(window)
            sold = [row for row in sold if segments.get(row.code, UNKNOWN) == segment_filter]
        total, items = len(sold), _window_page(sold[page], start_date, end_date)
    return {"total": total, "items": _rendered(items)}


def _of_segment(products: QuerySet[Product], segment: str | None) -> QuerySet[Product]:
    if segment is None:
        return products
    if segment == UNKNOWN:
        return products.filter(main_segment__isnull=True)
    return products.filter(main_segment__segment=segment)


def _cached_page(products: QuerySet[Product], sort_by: str, page: slice) -> list[StockItem]:
    name, _, direction = sort_by.partition("_")
    rows = (
        products.annotate(
            pooled=FilteredRelation("elasticities", condition=Q(elasticities__method=Method.POOLED)),
            quantity=Coalesce("summary__total_quantity", 0),
            revenue=Coalesce("summary__total_revenue", NOTHING),
            invoices=Coalesce("summary__purchase_frequency", 0),
            price=Coalesce("current_price", "summary__avg_price"),
            elasticity=F("pooled__elasticity"),
            segment=F("main_segment__segment"),
        )
        .order_by(f"-{name}" if direction == "desc" else name, "code")
        .values_list("code", "name", "price", "elasticity", "invoices", "quantity", "revenue", "segment")
    )
    return [StockItem(*row) for row in rows[page]]


def _sold(products: QuerySet[Product], window: Q, sort_by: str) -> list[Sold]:
    """What was sold in a window, sorted. Sorted here, so that exact sums decide on every database."""
    name, _, direction = sort_by.partition("_")
    rows = (
        SalesHistory.objects.filter(window, product__in=products.values("code"))
        .order_by()
        .values("product_id")
        .annotate(
            sold=Sum("quantity"),
            net_quantity=Sum(F("quantity") - F("returned_quantity")),
            net_revenue=Sum(F("revenue") - F("returned_revenue")),
        )
        .filter(sold__gt=0)
        .values_list("product_id", "net_quantity", "net_revenue")
    )
    found = [Sold(code, quantity, exact(revenue)) for code, quantity, revenue in rows]
    sign = -1 if direction == "desc" else 1
    return sorted(found, key=lambda row: (sign * getattr(row, name), row.code))


def _window_page(
    rows: Sequence[Sold], start_date: dt.date | None, end_date: dt.date | None
) -> list[StockItem]:
    if not rows:
        return []
    codes, window = [row.code for row in rows], within(start_date, end_date)
    segments = _main_segments(window, codes)
    invoices = _invoices(window, codes)
    elasticities = elasticities_on_the_spot(codes, start_date, end_date)
    known = {
        code: (name, price)
        for code, name, price in Product.objects.filter(code__in=codes)
        .annotate(price=Coalesce("current_price", "summary__avg_price"))
        .values_list("code", "name", "price")
    }
    return [
        StockItem(
            row.code,
            *known[row.code],
            elasticities[row.code].elasticity if row.code in elasticities else None,
            invoices.get(row.code, 0),
            row.quantity,
            row.revenue,
            segments.get(row.code),
        )
        for row in rows
    ]


def _main_segments(window: Q, codes: Iterable[str] | None = None) -> dict[str, str]:
    """The segment with most lines of each product in a window; of equal ones the first in their order."""
    sales = SegmentSales.objects.filter(window)
    if codes is not None:
        sales = sales.filter(product__in=codes)
    counted = sales.order_by().values("product_id", "segment").annotate(total=Sum("lines"))
    best: dict[str, tuple[int, int]] = {}
    for code, segment, lines in counted.values_list("product_id", "segment", "total"):
        place = (lines, -SEGMENTS.index(segment))
        best[code] = max(best.get(code, place), place)
    return {code: SEGMENTS[-place] for code, (_, place) in best.items()}


def _invoices(window: Q, codes: Iterable[str]) -> dict[str, int]:
    """Distinct invoices with a purchase of each product in a window."""
    lines = Transaction.objects.filter(window, product__in=codes, is_return=False)
    counted = lines.order_by().values("product_id").annotate(invoices=Count("invoice_no", distinct=True))
    return dict(counted.values_list("product_id", "invoices"))


def _rendered(items: Sequence[StockItem]) -> list[dict[str, Any]]:
    default = default_elasticity() if any(item.elasticity is None for item in items) else None
    elasticities = [default if item.elasticity is None else item.elasticity for item in items]
    potentials = _potentials(elasticities, [item.price for item in items])
    return [
        {
            "id": item.code,
            "itemName": item.name,
            "elasticity": rounded(elasticity, 4),
            "purchaseFrequency": item.invoices,
            "revenuePotential": potential,
            "totalQuantity": item.quantity,
            "totalRevenue": cents(item.revenue),
            "segment": item.segment or UNKNOWN,
        }
        for item, elasticity, potential in zip(items, elasticities, potentials, strict=True)
    ]


def default_elasticity() -> float | None:
    """What stands in for an elasticity: a usual one in a shop that has none at all, else nothing."""
    known = ElasticityEstimate.objects.filter(method=Method.POOLED).exists()
    return None if known else DEFAULT_ELASTICITY


def _potentials(elasticities: Sequence[float | None], prices: Sequence[Decimal | None]) -> list[float | None]:
    """Expected revenue change, in percent, at each best price; None where no price or E is known."""
    price = np.array([float(price) if price and price > 0 else np.nan for price in prices])
    potential = revenue_potential_percent(np.array(elasticities, np.float64), price)
    return [None if np.isnan(value) else rounded(value, 2) for value in potential.tolist()]
