"""How the segments, and the products they buy, answer to price."""

import datetime as dt
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

import numpy as np
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Sum

from elastix.api.fields import rounded
from elastix.dataset.models import DataVersion
from pricing.elasticity.core.estimates import POOLED
from pricing.elasticity.selectors.fitted_model import log_log_fit
from pricing.sales.models import Product
from pricing.sales.selectors.daily import Window, shop_days
from pricing.sales.selectors.products import merchandise
from segments.core.rfm import SEGMENTS
from segments.models import SegmentElasticity, SegmentSales, SegmentSummary
from segments.selectors.figures import cents, segment_summaries, within
from segments.selectors.pairs import means_of, pairs_in_window

PLACES = 4
NORMAL_95 = 1.959963984540054
NOTHING = (0, Decimal(0))


def elasticities_of_segments(
    version: DataVersion,
    *,
    segment: str | None,
    stock_codes: Sequence[str],
    start_date: dt.date | None,
    end_date: dt.date | None,
    limit: int,
    offset: int,
) -> dict[str, Any]:
    """Return a row for each of the six segments or, of one segment, for each product it buys.

    In a window of dates both are estimated anew, from the sales of the window and for the products sold in it.
    """
    window = Window(start_date, end_date)
    products = merchandise().filter(code__in=stock_codes) if stock_codes else merchandise()
    page = slice(offset, offset + limit)
    if segment is None:
        results, total, returned = _segments(products, window, page, limited=bool(stock_codes))
    else:
        results, total = _products(products, segment, window, page)
        returned = len(results)
    return {
        "results": results,
        "meta": {
            "start_date": start_date or version.first_day,
            "end_date": end_date or (version.as_of and version.as_of - dt.timedelta(days=1)),
            "total_products": total,
            "returned_products": returned,
            "limit": limit,
            "offset": offset,
            "available_countries": version.countries,
        },
    }


# --- the segments ---------------------------------------------------------------------------------------


def _segments(
    products: QuerySet[Product], window: Window, page: slice, *, limited: bool
) -> tuple[list[dict[str, Any]], int, int]:
    """Rows of the segments, how many products have estimates, and how many of these are behind the rows."""
    if window == Window() and not limited:
        summaries = segment_summaries()[page]
        estimated = SegmentElasticity.objects.filter(product=OuterRef("pk"))
        shown = estimated.filter(segment__in=[row.segment for row in summaries])
        total, behind = (products.filter(Exists(pairs)).count() for pairs in (estimated, shown))
    else:
        pairs = _pairs(products, window)
        summaries = _summaries_of(pairs, _bought_products(products, window))[page]
        names = {row.segment for row in summaries}
        total = len({row.product_id for row in pairs})
        behind = len({row.product_id for row in pairs if row.segment in names})
    return [_segment_row(row) for row in summaries], total, behind


def _pairs(products: QuerySet[Product], window: Window) -> list[SegmentElasticity]:
    if window == Window():
        return list(SegmentElasticity.objects.filter(product__in=products).order_by("product_id", "segment"))
    return pairs_in_window(_sold_to_segments(products, window), window)


def _sold_to_segments(products: QuerySet[Product], window: Window, segment: str | None = None) -> list[str]:
    """Codes of the products that customers of a segment (of any) bought in the window, in order."""
    sales = SegmentSales.objects.filter(_within(window), product__in=products, units__gt=0)
    if segment is not None:
        sales = sales.filter(segment=segment)
    return list(sales.order_by("product_id").values_list("product_id", flat=True).distinct())


def _bought_products(products: QuerySet[Product], window: Window) -> dict[str, int]:
    """How many different products each segment bought."""
    sales = SegmentSales.objects.filter(_within(window), product__in=products).order_by()
    counted = sales.values("segment").annotate(products=Count("product", distinct=True))
    return dict(counted.values_list("segment", "products"))


def _summaries_of(pairs: Sequence[SegmentElasticity], products: dict[str, int]) -> list[SegmentSummary]:
    """The segments described by some pairs alone; their customers stay those of the last publish."""
    means = means_of(pairs)
    sold_days = dict.fromkeys(SEGMENTS, 0)
    for pair in pairs:
        sold_days[pair.segment] += pair.sample_size
    return [
        SegmentSummary(
            segment=row.segment,
            customer_count=row.customer_count,
            product_count=products.get(row.segment, 0),
            elasticity=_known(means.elasticity[index]),
            std_error=_known(means.std_error[index]),
            sample_size=sold_days[row.segment],
        )
        for index, row in enumerate(segment_summaries())
    ]


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _segment_row(row: SegmentSummary) -> dict[str, Any]:
    low = high = None
    if row.elasticity is not None and row.std_error is not None:
        low = row.elasticity - NORMAL_95 * row.std_error
        high = row.elasticity + NORMAL_95 * row.std_error
    return {
        "segment": row.segment,
        "customer_count": row.customer_count,
        "product_count": row.product_count,
        "elasticity": rounded(row.elasticity, PLACES),
        "std_error": rounded(row.std_error, PLACES),
        "ci_low": rounded(low, PLACES),
        "ci_high": rounded(high, PLACES),
        "sample_size": row.sample_size,
    }


# --- the products of one segment ------------------------------------------------------------------------


def _products(
    products: QuerySet[Product], segment: str, window: Window, page: slice
) -> tuple[list[dict[str, Any]], int]:
    """Rows of the products that a segment buys, in the order of their codes, and how many there are."""
    if window == Window():
        estimates = SegmentElasticity.objects.filter(product__in=products, segment=segment)
        described = estimates.annotate(name=F("product__name"), r_squared=F("product__summary__r_squared"))
        found: list[Any] = list(described.order_by("product_id")[page])
        total, rows = estimates.count(), found
        names = {row.product_id: row.name for row in found}
        r_squared = {row.product_id: row.r_squared or 0.0 for row in found}
    else:
        codes = _sold_to_segments(products, window, segment)
        total = len(codes)
        rows = [row for row in pairs_in_window(codes[page], window) if row.segment == segment]
        names = dict(Product.objects.filter(code__in=codes[page]).values_list("code", "name"))
        r_squared = _r_squared(codes[page], window)
    bought = _bought([row.product_id for row in rows], segment, window)
    return [
        _product_row(
            row,
            names[row.product_id],
            r_squared.get(row.product_id, 0.0),
            *bought.get(row.product_id, NOTHING),
        )
        for row in rows
    ], total


def _r_squared(codes: Sequence[str], window: Window) -> dict[str, float]:
    """R^2 of the log-log regressions on the days of a window, of the products that have one."""
    fit = log_log_fit(shop_days(codes), window)
    return {code: float(fit.r_squared[index]) for index, code in enumerate(codes) if fit.usable[index]}


def _bought(codes: Iterable[str], segment: str, window: Window) -> dict[str, tuple[int, Decimal]]:
    """Units of each product that a segment bought and what it paid, net of cancellations and returns."""
    sums = (
        SegmentSales.objects.filter(_within(window), product__in=codes, segment=segment)
        .order_by()
        .values("product_id")
        .annotate(bought=Sum("quantity"), paid=Sum("revenue"))
    )
    return {code: (units, paid) for code, units, paid in sums.values_list("product_id", "bought", "paid")}


def _within(window: Window) -> Q:
    return within(window.start, window.end)


def _product_row(
    row: SegmentElasticity, name: str, r_squared: float, quantity: int, revenue: Decimal
) -> dict[str, Any]:
    return {
        "stock_code": row.product_id,
        "description": name,
        "elasticity": rounded(row.elasticity, PLACES),
        "sample_size": row.sample_size,
        "avg_price": cents(revenue / quantity) if quantity > 0 else None,
        "total_quantity": quantity,
        "r_squared": rounded(r_squared, PLACES),
        "std_error": rounded(row.std_error, PLACES),
        "ci_low": rounded(row.ci_low, PLACES),
        "ci_high": rounded(row.ci_high, PLACES),
        "quality": row.quality,
        "method": POOLED,
        "flags": row.flags,
    }
