"""Elasticities of pairs of a product and a segment: as published, or estimated anew from a window of dates."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from elastix.sql import batches, epoch_day, fetch, placeholders
from pricing.elasticity.core.pooled import (
    SegmentElasticities,
    SegmentMeans,
    SegmentSales,
    flag_names,
    refresh,
    segment_elasticities,
    segment_means,
)
from pricing.elasticity.core.pooled.grades import flag_bits, grades
from pricing.elasticity.selectors.fitted_model import fitted_model
from pricing.sales.core.daily import DailySales
from pricing.sales.selectors.daily import ShopDays, Window, shop_days
from segments.core.evidence import pair_evidence
from segments.core.rfm import SEGMENTS
from segments.models import SegmentElasticity

CODES_A_STATEMENT = 5_000


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
    sales = _segment_sales(codes, window)
    return _rows(days.codes, segment_elasticities(sales, days.daily, category, model.hyper, parents))


def means_of(rows: Sequence[SegmentElasticity]) -> SegmentMeans:
    """Unit-weighted mean of each segment over these products."""

    def column(name: str) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        return np.array([getattr(row, name) for row in rows], np.float64)

    pairs = SegmentElasticities(
        product=np.zeros(len(rows), np.int64),
        segment=np.array([SEGMENTS.index(row.segment) for row in rows], np.int64),
        sold_days=column("sample_size").astype(np.int64),
        **{
            name: column(name)
            for name in ("elasticity", "std_error", "ci_low", "ci_high", "weight", "shared_error", "units")
        },
    )
    return segment_means(pairs, len(SEGMENTS))


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


def _segment_sales(codes: Sequence[str], window: Window) -> SegmentSales:
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
    return SegmentSales(
        product=np.array([number[code] for code in products], np.int64),
        segment=np.array([place[name] for name in segments], np.int64),
        day=np.array(days, np.int64),
        units=np.array(units, np.float64),
        lines=np.array(lines, np.int64),
    )


def _rows(codes: Sequence[str], pairs: SegmentElasticities) -> list[SegmentElasticity]:
    evidence = pair_evidence(pairs)
    return [
        SegmentElasticity(
            product_id=codes[pairs.product[index]],
            segment=SEGMENTS[pairs.segment[index]],
            elasticity=float(pairs.elasticity[index]),
            std_error=float(pairs.std_error[index]),
            ci_low=float(pairs.ci_low[index]),
            ci_high=float(pairs.ci_high[index]),
            weight=float(pairs.weight[index]),
            shared_error=float(pairs.shared_error[index]),
            sample_size=int(pairs.sold_days[index]),
            units=float(pairs.units[index]),
            quality=grade,
            flags=flag_names(bits),
        )
        for index, (grade, bits) in enumerate(
            zip(grades(evidence).tolist(), flag_bits(evidence).tolist(), strict=True)
        )
    ]
