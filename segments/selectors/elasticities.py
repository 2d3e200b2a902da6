"""Price elasticities of the segments and of the products they buy."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from django.db.models import Count, Exists, F, OuterRef, QuerySet, Sum
from django.db.models.functions import Coalesce
from numpy.typing import NDArray

from elastix.sql import batches, day_numbers, day_of, fetch_arrays, placeholders
from pricing.elasticity.core.pooled import (
    SegmentElasticities,
    fit_products,
    posterior_of,
    product_cells,
    segment_elasticities,
)
from pricing.elasticity.core.pooled import SegmentSales as SegmentUnits
from pricing.elasticity.selectors.fitted_model import (
    data_flags,
    fitted_model,
    log_log_fit,
    sold_at_several_prices,
)
from pricing.sales.core.grouping import group_sums
from pricing.sales.models import Product
from pricing.sales.selectors.daily import Window, shop_days
from pricing.sales.selectors.products import merchandise
from segments.core.pairs import COLUMNS, FIGURES, known, means_of_segments, pair_rows, stored_pairs
from segments.core.rfm import SEGMENTS
from segments.models import SegmentElasticity, SegmentSales, SegmentSummary
from segments.selectors.sums import NOTHING, PagedRows, exact, segment_summaries, within

# --- the segments -----------------------------------------------------------------------------------------


def segment_rows(codes: Sequence[str], window: Window) -> PagedRows:
    """Return the six segments; they count the products that have estimates.

    With codes only these products count. In a window of dates elasticities are estimated from the sales
    of the window and for the products sold in it; customers stay those of the last publish.
    """
    products, rows = _products(codes), segment_summaries()
    if window == Window() and not codes:
        estimated = SegmentElasticity.objects.filter(product=OuterRef("pk"))

        def behind(shown: list[SegmentSummary]) -> int:
            names = [row.segment for row in shown]
            return products.filter(Exists(estimated.filter(segment__in=names))).count()

    else:
        if window == Window():
            stored = SegmentElasticity.objects.filter(product__in=products).order_by("product_id", "segment")
            pairs = stored_pairs(list(stored.values_list("product_id", "segment", *FIGURES)))
        else:
            pairs = pairs_in_window(_sold_to_segments(products, window), window)
        rows = _summaries_of(pairs, rows, products, window)

        def behind(shown: list[SegmentSummary]) -> int:
            numbers = [SEGMENTS.index(row.segment) for row in shown]
            return int(np.unique(pairs.product[np.isin(pairs.segment, numbers)]).size)

    return PagedRows(lambda: behind(rows), rows.__getitem__, behind)


def _summaries_of(
    pairs: SegmentElasticities,
    summaries: Sequence[SegmentSummary],
    products: QuerySet[Product],
    window: Window,
) -> list[SegmentSummary]:
    """The segments described by some pairs alone."""
    means = means_of_segments(pairs)
    sold_days = group_sums(pairs.segment, pairs.sold_days, len(SEGMENTS))
    sales = SegmentSales.objects.filter(within(window.start, window.end), product__in=products).order_by()
    product_count = dict(sales.values_list("segment").annotate(Count("product", distinct=True)))
    return [
        SegmentSummary(
            segment=row.segment,
            customer_count=row.customer_count,
            product_count=product_count.get(row.segment, 0),
            elasticity=known(means.elasticity[index]),
            std_error=known(means.std_error[index]),
            sample_size=int(sold_days[index]),
        )
        for index, row in enumerate(summaries)
    ]


def _products(codes: Sequence[str]) -> QuerySet[Product]:
    return merchandise().filter(code__in=codes) if codes else merchandise()


# --- the products of one segment --------------------------------------------------------------------------


def product_rows(codes: Sequence[str], window: Window, segment: str) -> PagedRows:
    """Return the products that a segment buys, by code: estimates with the columns of the elasticity list.

    With codes only these products count. In a window of dates their elasticities are estimated from its sales.
    """
    products = _products(codes)
    if window != Window():
        sold = _sold_to_segments(products, window, segment)
        return PagedRows(lambda: len(sold), lambda page: _rows_in_window(sold[page], window, segment))
    estimates = SegmentElasticity.objects.filter(product__in=products, segment=segment).order_by("product_id")
    described = estimates.annotate(
        description=F("product__name"), r_squared=Coalesce("product__summary__r_squared", 0.0)
    )
    return PagedRows(estimates.count, lambda page: _with_purchases(list(described[page]), segment, window))


def _rows_in_window(codes: Sequence[str], window: Window, segment: str) -> list[Any]:
    pairs = pair_rows(codes, pairs_in_window(codes, window))
    rows: list[Any] = [
        SegmentElasticity(**dict(zip(COLUMNS, row, strict=True))) for row in pairs if row[1] == segment
    ]
    names = dict(Product.objects.filter(code__in=codes).values_list("code", "name"))
    fit = log_log_fit(shop_days(codes), window)
    r_squared = dict(zip(codes, np.where(fit.usable, fit.r_squared, 0.0).tolist(), strict=True))
    for row in rows:
        row.description, row.r_squared = names[row.product_id], r_squared[row.product_id]
    return _with_purchases(rows, segment, window)


def _with_purchases(rows: list[Any], segment: str, window: Window) -> list[Any]:
    """Set beside each estimate what the segment bought of the product, net of cancellations and returns."""
    codes = [row.product_id for row in rows]
    within_window = within(window.start, window.end)
    sales = SegmentSales.objects.filter(within_window, product__in=codes, segment=segment).order_by()
    sums = sales.values_list("product_id").annotate(Sum("quantity"), Sum("revenue"))
    bought = {code: (units, paid) for code, units, paid in sums}
    for row in rows:
        row.total_quantity, paid = bought.get(row.product_id, (0, NOTHING))
        row.avg_price = exact(paid / row.total_quantity) if row.total_quantity > 0 else None
    return rows


def _sold_to_segments(products: QuerySet[Product], window: Window, segment: str | None = None) -> list[str]:
    """Codes of the products that customers of a segment (of any) bought in the window, in order."""
    sales = SegmentSales.objects.filter(within(window.start, window.end), product__in=products, units__gt=0)
    if segment is not None:
        sales = sales.filter(segment=segment)
    return list(sales.order_by("product_id").values_list("product_id", flat=True).distinct())


# --- estimates from a window of dates ---------------------------------------------------------------------


def pairs_in_window(codes: Sequence[str], window: Window) -> SegmentElasticities:
    """Estimate products for each segment from the sales of a window, against their elasticities in it.

    Parameters
    ----------
    codes : product codes in ascending order, which the pairs number.

    Returns
    -------
    No pairs of what has no sales with a price in the window, and none at all before the first full run.
    """
    model = fitted_model()
    daily, (first, last) = shop_days(codes).daily, window.days
    daily = daily.rows((daily.day >= first) & (daily.day <= last))
    if model is None or model.hyper.segments is None or not daily.product.size:
        return stored_pairs([])
    category = model.category_codes(codes)
    several = sold_at_several_prices(data_flags(codes))
    # Products and pairs start from the same fits, which take most of their time.
    fits = fit_products(daily, category, model.hyper)
    posterior = posterior_of(fits, daily, category, model.hyper, several_prices=several)
    cells = product_cells(fits, by_lines=True)
    return segment_elasticities(_units(codes, window), daily, category, model.hyper, posterior, cells)


def _units(codes: Sequence[str], window: Window) -> SegmentUnits:
    """What each segment bought of the products on the days of the window."""
    ends = [(sign, day) for sign, day in ((">=", window.start), ("<=", window.end)) if day is not None]
    inside = "".join(f" AND date {sign} %s" for sign, _ in ends)
    sql = f"SELECT product_id, segment, {day_of('date')}, units, unit_lines FROM segments_segmentsales WHERE product_id IN"
    number, place = ({name: index for index, name in enumerate(names)} for names in (codes, SEGMENTS))

    def arrays(columns: Sequence[Sequence[Any]]) -> list[NDArray[Any]]:
        products, segments, days, units, lines = columns
        return [
            np.array([number[each] for each in products], np.int64),
            np.array([place[each] for each in segments], np.int64),
            np.array(day_numbers(days), np.int64),
            np.array(units, np.float64),
            np.array(lines, np.int64),
        ]

    statements = [
        (f"{sql} ({placeholders(len(chunk))}){inside}", [*chunk, *(str(day) for _, day in ends)])
        for chunk in batches(codes)
    ]
    return SegmentUnits(*fetch_arrays(statements, arrays, columns=5))
