"""How the segments, and the products they buy, answer to price."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from operator import attrgetter

import numpy as np
from django.db.models import Count, Exists, F, OuterRef, QuerySet, Sum

from elastix.dataset.models import DataVersion
from elastix.sql import batches, epoch_day, fetch, placeholders
from pricing.elasticity.core.estimates import POOLED
from pricing.elasticity.core.pooled import SegmentSales as SegmentUnits
from pricing.elasticity.core.pooled import refresh, segment_elasticities
from pricing.elasticity.selectors.fitted_model import fitted_model, log_log_fit
from pricing.sales.core.daily import DailySales
from pricing.sales.models import Product
from pricing.sales.selectors.daily import CODES_A_STATEMENT, ShopDays, Window, shop_days
from pricing.sales.selectors.products import merchandise
from segments.core.pairs import COLUMNS, FIGURES, pair_rows, stored_means
from segments.core.rfm import SEGMENTS
from segments.models import SegmentElasticity, SegmentSales
from segments.selectors.stock_items import NO_ELASTICITY
from segments.selectors.sums import NOTHING, exact, segment_summaries, within

NORMAL_95 = 1.959963984540054


@dataclass(frozen=True, slots=True)
class SegmentRow:
    """One segment's answer to price; an elasticity that is not known is 0, with a flag that says so."""

    segment: str
    customer_count: int
    product_count: int
    elasticity: float
    std_error: float | None
    ci_low: float | None
    ci_high: float | None
    sample_size: int
    flags: list[str]


@dataclass(frozen=True, slots=True)
class ProductRow:
    """One product's elasticity in a segment, and what the segment bought of it."""

    stock_code: str
    description: str
    elasticity: float
    sample_size: int
    avg_price: Decimal | None
    total_quantity: int
    r_squared: float
    std_error: float
    ci_low: float
    ci_high: float
    quality: str
    method: str
    flags: list[str]


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
) -> tuple[list[SegmentRow], ElasticityMeta]:
    """Return rows of the six segments and their meta, which counts the products that have estimates.

    With codes only these products count. In a window of dates elasticities are estimated anew, from the sales
    of the window and for the products sold in it; customers stay those of the last publish.
    """
    products = _products(codes)
    summaries = segment_summaries()
    if window == Window() and not codes:
        summaries = summaries[page]
        estimated = SegmentElasticity.objects.filter(product=OuterRef("pk"))
        shown = estimated.filter(segment__in=[row.segment for row in summaries])
        total, behind = (products.filter(Exists(pairs)).count() for pairs in (estimated, shown))
        return [_segment_row(*_STORED(row)) for row in summaries], _meta(version, window, page, total, behind)
    pairs = _pairs(products, window)
    means = stored_means([_FIGURES(pair) for pair in pairs])
    sales = SegmentSales.objects.filter(within(window.start, window.end), product__in=products).order_by()
    bought = sales.values("segment").annotate(products=Count("product", distinct=True))
    product_count = dict(bought.values_list("segment", "products"))
    sold_days = dict.fromkeys(SEGMENTS, 0)
    for pair in pairs:
        sold_days[pair.segment] += pair.sample_size
    rows = [
        _segment_row(
            row.segment,
            row.customer_count,
            product_count.get(row.segment, 0),
            _known(means.elasticity[index]),
            _known(means.std_error[index]),
            sold_days[row.segment],
        )
        for index, row in enumerate(summaries)
    ][page]
    names = {row.segment for row in rows}
    total, behind = (
        len({pair.product_id for pair in pairs if pair.segment in those}) for those in (SEGMENTS, names)
    )
    return rows, _meta(version, window, page, total, behind)


_STORED = attrgetter("segment", "customer_count", "product_count", "elasticity", "std_error", "sample_size")
_FIGURES = attrgetter("segment", *FIGURES)


def _products(codes: Sequence[str]) -> QuerySet[Product]:
    return merchandise().filter(code__in=codes) if codes else merchandise()


def _pairs(products: QuerySet[Product], window: Window) -> list[SegmentElasticity]:
    if window == Window():
        return list(SegmentElasticity.objects.filter(product__in=products).order_by("product_id", "segment"))
    return pairs_in_window(_sold_to_segments(products, window), window)


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _segment_row(
    segment: str,
    customers: int,
    products: int,
    elasticity: float | None,
    std_error: float | None,
    sold_days: int,
) -> SegmentRow:
    reach = None if elasticity is None or std_error is None else NORMAL_95 * std_error
    mean = elasticity or 0.0
    return SegmentRow(
        segment=segment,
        customer_count=customers,
        product_count=products,
        elasticity=mean,
        std_error=std_error,
        ci_low=None if reach is None else mean - reach,
        ci_high=None if reach is None else mean + reach,
        sample_size=sold_days,
        flags=[NO_ELASTICITY] if elasticity is None else [],
    )


# --- the products of one segment --------------------------------------------------------------------------


def product_rows(
    codes: Sequence[str], window: Window, segment: str, version: DataVersion, page: slice
) -> tuple[list[ProductRow], ElasticityMeta]:
    """Return rows of the products that a segment buys, by code, and their meta.

    With codes only these products count. In a window of dates their elasticities are estimated anew.
    """
    products = _products(codes)
    if window == Window():
        estimates = SegmentElasticity.objects.filter(product__in=products, segment=segment)
        described = estimates.annotate(name=F("product__name"), r_squared=F("product__summary__r_squared"))
        found = list(described.order_by("product_id")[page])
        total, rows = estimates.count(), list[SegmentElasticity](found)
        names = {row.product_id: row.name for row in found}
        r_squared = {row.product_id: row.r_squared or 0.0 for row in found}
    else:
        sold = _sold_to_segments(products, window, segment)
        shown, total = sold[page], len(sold)
        rows = [row for row in pairs_in_window(shown, window) if row.segment == segment]
        names = dict(Product.objects.filter(code__in=shown).values_list("code", "name"))
        fit = log_log_fit(shop_days(shown), window)
        r_squared = {code: float(fit.r_squared[at]) for at, code in enumerate(shown) if fit.usable[at]}
    bought = _bought([row.product_id for row in rows], segment, window)
    shown_rows = [
        _product_row(
            row,
            names[row.product_id],
            r_squared.get(row.product_id, 0.0),
            *bought.get(row.product_id, (0, NOTHING)),
        )
        for row in rows
    ]
    return shown_rows, _meta(version, window, page, total, len(rows))


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


def _product_row(
    row: SegmentElasticity, name: str, r_squared: float, quantity: int, revenue: Decimal
) -> ProductRow:
    return ProductRow(
        stock_code=row.product_id,
        description=name,
        elasticity=row.elasticity,
        sample_size=row.sample_size,
        avg_price=exact(revenue / quantity) if quantity > 0 else None,
        total_quantity=quantity,
        r_squared=r_squared,
        std_error=row.std_error,
        ci_low=row.ci_low,
        ci_high=row.ci_high,
        quality=row.quality,
        method=POOLED,
        flags=row.flags,
    )


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
    daily = DailySales(
        product=days.daily.product[inside],
        day=days.daily.day[inside],
        units=days.daily.units[inside],
        list_price=days.daily.list_price[inside],
        promotion=days.daily.promotion[inside],
        lines=days.daily.lines[inside],
    )
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
