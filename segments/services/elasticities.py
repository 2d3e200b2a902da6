"""The price elasticity of each segment's demand, per product and overall."""

import json
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from elastix.jobs.recompute import RecomputePlan
from elastix.sql import epoch_day, execute, fetch, insert_rows
from pricing.elasticity.core.pooled import (
    FLAGS,
    SegmentSales,
    fit_products,
    fit_segments,
    product_cells,
    segment_elasticities,
)
from pricing.elasticity.selectors.fitted_model import (
    FittedModel,
    data_flags,
    pooled_posterior,
    sold_at_several_prices,
)
from pricing.elasticity.services.estimates import Elasticities, keep_model
from pricing.sales.core.price_mix import SEVERAL_PRICES
from pricing.sales.selectors.daily import ShopDays, epoch_days, merchandise_codes, shop_days
from segments.core.pairs import COLUMNS, FIGURES, known, means_of_segments, pair_rows, stored_pairs
from segments.core.rfm import SEGMENTS
from segments.models import SegmentSummary
from segments.services.customers import Customers, stored_money
from segments.services.sales import SegmentDays, scopes

ELASTICITIES = "segments_segmentelasticity"


@dataclass(frozen=True, slots=True)
class SegmentStep:
    """Result of the step: the model with its segments, and rows for the products it covers."""

    model: FittedModel | None
    codes: list[str]
    rows: list[tuple[Any, ...]]


def compute(plan: RecomputePlan, elasticities: Elasticities, sold: SegmentDays) -> SegmentStep:
    """Estimate the pairs of segments and products whose sales by segment were recomputed."""
    model, codes = elasticities.model, sold.codes
    if model is None:
        return SegmentStep(None, codes, [])
    if plan.full and elasticities.posterior is not None:
        days, posterior = elasticities.days, elasticities.posterior
    else:
        # Made again, since it may be that only customers moved.
        days = shop_days(sorted(set(codes) & set(merchandise_codes())))
        several = sold_at_several_prices(data_flags(days.codes))
        posterior = pooled_posterior(model, days, several_prices=several)
    # Sales by segment are not split by channel.
    mixed = sold_at_several_prices(data_flags(days.codes), channels_apart=False)
    posterior = replace(posterior, flags=posterior.flags | np.where(mixed, FLAGS[SEVERAL_PRICES], 0))
    category = model.category_codes(days.codes)
    sales = _sales(sold, days)
    cells = None
    if plan.full:
        # Both steps start from the products' own fits, which take most of their time.
        fits = fit_products(days.daily, category, model.hyper)
        cells = product_cells(fits, by_lines=sales.lines is not None)
        hyper = fit_segments(
            sales, days.daily, category, model.hyper, posterior, segments=len(SEGMENTS), cells=cells
        )
        model = replace(model, hyper=hyper)
    if model.hyper.segments is None or not days.daily.product.size:
        return SegmentStep(model, codes, [])
    pairs = segment_elasticities(sales, days.daily, category, model.hyper, posterior, cells)
    return SegmentStep(model, codes, pair_rows(days.codes, pairs))


def _sales(sold: SegmentDays, days: ShopDays) -> SegmentSales:
    """Sales by segment with the product indices of `days`."""
    number = {code: index for index, code in enumerate(days.codes)}
    product = np.array([number.get(code, -1) for code in sold.codes], np.int64)[sold.product]
    columns: tuple[Any, ...] = (product, sold.segment, sold.day, sold.units, sold.unit_lines)
    return SegmentSales(*(column[product >= 0] for column in columns))


def publish(plan: RecomputePlan, step: SegmentStep, customers: Customers) -> None:
    """Replace the covered products' rows and recompute every segment's summary."""
    if plan.full:
        keep_model(plan, step.model)
    for scope, parameters in scopes("product_id", None if plan.full else step.codes):
        execute(f"DELETE FROM {ELASTICITIES} {scope}", parameters)
    insert_rows(ELASTICITIES, COLUMNS, ((*values, json.dumps(flags)) for *values, flags in step.rows))
    _publish_summaries(customers)


def _publish_summaries(customers: Customers) -> None:
    """Write each segment's customers, sales and mean elasticity, from the rows just written."""
    pairs = (
        f"SELECT product_id, segment, {', '.join(FIGURES)} FROM {ELASTICITIES} ORDER BY product_id, segment"
    )
    means = means_of_segments(stored_pairs(fetch(pairs)))
    revenue, products, sold_days = (
        dict(fetch(f"SELECT segment, {figure} GROUP BY segment"))
        for figure in (
            "SUM(revenue) FROM segments_segmentdailyrevenue",
            "COUNT(DISTINCT product_id) FROM segments_segmentsales",
            f"SUM(sample_size) FROM {ELASTICITIES}",
        )
    )
    today = epoch_days(customers.as_of) if customers.as_of else 0
    day = epoch_day("last_purchase")
    people = {
        name: {
            "customer_count": count,
            "score": float(score),
            "mean_recency": today - float(mean_day),
            "max_recency": today - int(first_day),
        }
        for name, count, score, mean_day, first_day in fetch(
            "SELECT segment, COUNT(*), AVG((r_score + f_score + m_score) / 3.0), "
            f"AVG(CAST({day} AS double precision)), MIN({day}) "
            "FROM segments_customersegment WHERE segment <> '' GROUP BY segment"
        )
    }
    SegmentSummary.objects.all().delete()
    SegmentSummary.objects.bulk_create(
        SegmentSummary(
            segment=name,
            product_count=products.get(name, 0),
            revenue=stored_money(revenue.get(name, 0)),
            elasticity=known(means.elasticity[index]),
            std_error=known(means.std_error[index]),
            sample_size=int(sold_days.get(name, 0)),
            **people.get(name, {}),
        )
        for index, name in enumerate(SEGMENTS)
    )
