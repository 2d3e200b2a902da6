"""Price elasticities of the segments and of the products they buy."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from decimal import Decimal
from operator import attrgetter
from typing import Any, NamedTuple

import numpy as np
from django.db.models import Count, Exists, F, OuterRef, QuerySet, Sum

from elastix.dataset.models import DataVersion
from elastix.sql import batches, epoch_day, fetch, placeholders
from pricing.elasticity.core.pooled import SegmentSales as SegmentUnits
from pricing.elasticity.core.pooled import refresh, segment_elasticities
from pricing.elasticity.selectors.fitted_model import fitted_model, log_log_fit
from pricing.sales.core.daily import DailySales
from pricing.sales.models import Product
from pricing.sales.selectors.daily import CODES_A_STATEMENT, ShopDays, Window, shop_days
from pricing.sales.selectors.products import merchandise
from segments.core.pairs import COLUMNS, FIGURES, known, pair_rows, stored_means
from segments.core.rfm import SEGMENTS
from segments.models import SegmentElasticity, SegmentSales, SegmentSummary
from segments.selectors.sums import NOTHING, exact, segment_summaries, within


class ProductRow(NamedTuple):
    """A product's estimate for a segment, the R^2 of its regression, and what the segment bought of it."""

    estimate: SegmentElasticity
    name: str
    r_squared: float
    quantity: int
    revenue: Decimal

    @property
    def avg_price(self) -> Decimal | None:
        return exact(self.revenue / self.quantity) if self.quantity > 0 else None


@dataclass(frozen=True, slots=True)
class ElasticityMeta:
    """The days and countries that the rows cover, and how many products are behind all and these of them."""

    start_date: dt.date | None
    end_date: dt.date | None
    total_products: int
    returned_products: int
    limit: int
    offset: int
    available_countries: list[str]


def _meta(version: DataVersion, window: Window, page: slice, total: int, returned: int) -> ElasticityMeta:
    return ElasticityMeta(
        start_date=window.start or version.first_day,
        end_date=window.end or (version.as_of and version.as_of - dt.timedelta(days=1)),
        total_products=total,
        returned_products=returned,
        limit=page.stop - page.start,
        offset=page.start,
        available_countries=version.countries,
    )


# --- the segments -----------------------------------------------------------------------------------------


def segment_rows(
    codes: Sequence[str], window: Window, version: DataVersion, page: slice
) -> tuple[list[SegmentSummary], ElasticityMeta]:
    """Return a page of the six segments and its meta, which counts the products that have estimates.

    With codes only these products count. In a window of dates elasticities are estimated from the sales
    of the window and for the products sold in it; customers stay those of the last publish.
    """
    products, summaries = _products(codes), segment_summaries()
    if window == Window() and not codes:
        rows = summaries[page]
        estimated = SegmentElasticity.objects.filter(product=OuterRef("pk"))
        shown = estimated.filter(segment__in=[row.segment for row in rows])
        total, behind = (products.filter(Exists(pairs)).count() for pairs in (estimated, shown))
        return rows, _meta(version, window, page, total, behind)
    if window == Window():
        pairs = list(SegmentElasticity.objects.filter(product__in=products).order_by("product_id", "segment"))
    else:
        pairs = pairs_in_window(_sold_to_segments(products, window), window)
    rows = _summaries_of(pairs, summaries, products, window)[page]
    names = {row.segment for row in rows}
    total, behind = (
        len({pair.product_id for pair in pairs if pair.segment in those}) for those in (SEGMENTS, names)
    )
    return rows, _meta(version, window, page, total, behind)


def _summaries_of(
    pairs: Sequence[SegmentElasticity],
    summaries: Sequence[SegmentSummary],
    products: QuerySet[Product],
    window: Window,
) -> list[SegmentSummary]:
    """The segments described by some pairs alone."""
    figures = attrgetter("segment", *FIGURES)
    means = stored_means([figures(pair) for pair in pairs])
    sales = SegmentSales.objects.filter(within(window.start, window.end), product__in=products).order_by()
    bought = sales.values("segment").annotate(products=Count("product", distinct=True))
    product_count = dict(bought.values_list("segment", "products"))
    return [
        SegmentSummary(
            segment=row.segment,
            customer_count=row.customer_count,
            product_count=product_count.get(row.segment, 0),
            elasticity=known(means.elasticity[index]),
            std_error=known(means.std_error[index]),
            sample_size=sum(pair.sample_size for pair in pairs if pair.segment == row.segment),
        )
        for index, row in enumerate(summaries)
    ]


def _products(codes: Sequence[str]) -> QuerySet[Product]:
    return merchandise().filter(code__in=codes) if codes else merchandise()


# --- the products of one segment --------------------------------------------------------------------------


def product_rows(
    codes: Sequence[str], window: Window, segment: str, version: DataVersion, page: slice
) -> tuple[list[ProductRow], ElasticityMeta]:
    """Return rows of the products that a segment buys, by code, and their meta.

    With codes only these products count. In a window of dates their elasticities are estimated from its sales.
    """
    products = _products(codes)
    if window == Window():
        estimates = SegmentElasticity.objects.filter(product__in=products, segment=segment)
        described = estimates.annotate(name=F("product__name"), r_squared=F("product__summary__r_squared"))
        total, rows = estimates.count(), list[Any](described.order_by("product_id")[page])
        names = {row.product_id: row.name for row in rows}
        r_squared = {row.product_id: row.r_squared or 0.0 for row in rows}
    else:
        sold = _sold_to_segments(products, window, segment)
        shown, total = sold[page], len(sold)
        rows = [row for row in pairs_in_window(shown, window) if row.segment == segment]
        names = dict(Product.objects.filter(code__in=shown).values_list("code", "name"))
        fit = log_log_fit(shop_days(shown), window)
        r_squared = {code: float(fit.r_squared[at]) for at, code in enumerate(shown) if fit.usable[at]}
    bought = _bought([row.product_id for row in rows], segment, window)
    found = [
        ProductRow(
            row,
            names[row.product_id],
            r_squared.get(row.product_id, 0.0),
            *bought.get(row.product_id, (0, NOTHING)),
        )
        for row in rows
    ]
    return found, _meta(version, window, page, total, len(rows))


def _sold_to_segments(products: QuerySet[Product], window: Window, segment: str | None = None) -> list[str]:
    """Codes of the products that customers of a segment (of any) bought in the window, in order."""
    sales = SegmentSales.objects.filter(within(window.start, window.end), product__in=products, units__gt=0)
    if segment is not None:
        sales = sales.filter(segment=segment)
    return list(sales.order_by("product_id").values_list("product_id", flat=True).distinct())


def _bought(codes: Iterable[str], segment: str, window: Window) -> dict[str, tuple[int, Decimal]]:
    """Units of each product that a segment bought and what it paid, net of cancellations and returns."""
    sales = SegmentSales.objects.filter(
        within(window.start, window.end), product__in=codes, segment=segment
    ).order_by()
    sums = sales.values("product_id").annotate(bought=Sum("quantity"), paid=Sum("revenue"))
    return {code: (units, paid) for code, units, paid in sums.values_list("product_id", "bought", "paid")}


# --- estimates from a window of dates ---------------------------------------------------------------------


def pairs_in_window(codes: Sequence[str], window: Window) -> list[SegmentElasticity]:
    """Estimate products for each segment from the sales of a window, against their elasticities in it.

    Parameters
    ----------
    codes : product codes in ascending order.

    Returns
    -------
    Rows like the published ones, never stored; none for what has no sales with a price in the window, and none
    at all before the first full run.
    """
    model = fitted_model()
    days = _days_in_window(shop_days(codes), window)
    if model is None or model.hyper.segments is None or not days.daily.product.size:
        return []
    category = model.category_codes(codes)
    parents = refresh(days.daily, category, model.hyper)
    pairs = segment_elasticities(_units(codes, window), days.daily, category, model.hyper, parents)
    return [
        SegmentElasticity(**dict(zip(COLUMNS, values, strict=True)))
        for values in pair_rows(days.codes, pairs)
    ]


def _days_in_window(days: ShopDays, window: Window) -> ShopDays:
    first, last = window.days
    inside = (days.daily.day >= first) & (days.daily.day <= last)
    daily = DailySales(*(getattr(days.daily, field.name)[inside] for field in fields(DailySales)))
    return replace(days, daily=daily, quantity=days.quantity[inside], price=days.price[inside])


def _units(codes: Sequence[str], window: Window) -> SegmentUnits:
    """What each segment bought of the products on the days of the window."""
    day = epoch_day("date")
    rows = [
        row
        for chunk in batches(codes, CODES_A_STATEMENT)
        for row in fetch(
            f"SELECT product_id, segment, {day}, units, unit_lines FROM segments_segmentsales "
            f"WHERE {day} BETWEEN %s AND %s AND product_id IN ({placeholders(len(chunk))})",
            [*window.days, *chunk],
        )
    ]
    products, segments, days, units, lines = list(zip(*rows, strict=True)) or [()] * 5
    number = {code: index for index, code in enumerate(codes)}
    place = {name: index for index, name in enumerate(SEGMENTS)}
    return SegmentUnits(
        product=np.array([number[code] for code in products], np.int64),
        segment=np.array([place[name] for name in segments], np.int64),
        day=np.array(days, np.int64),
        units=np.array(units, np.float64),
        lines=np.array(lines, np.int64),
    )
