"""How each segment's demand answers to price, per product and on the whole."""

import json
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import numpy as np

from elastix.jobs.recompute import RecomputePlan
from elastix.sql import batches, epoch_day, execute, fetch, fetch_columns, insert_rows, placeholders
from pricing.elasticity.core.pooled import (
    Posterior,
    SegmentElasticities,
    SegmentSales,
    fit_segments,
    flag_names,
    segment_elasticities,
    segment_means,
)
from pricing.elasticity.core.pooled.grades import flag_bits, grades
from pricing.elasticity.selectors.fitted_model import FittedModel, pooled_posterior
from pricing.elasticity.services.estimates import Elasticities, keep_model
from pricing.sales.selectors.daily import ShopDays, merchandise_codes, shop_days
from segments.core.evidence import pair_evidence
from segments.core.rfm import SEGMENTS
from segments.models import SegmentSummary
from segments.services.customers import EPOCH, Customers
from segments.services.sales import SegmentDays

_COLUMNS = (
    "product_id",
    "segment",
    "elasticity",
    "std_error",
    "ci_low",
    "ci_high",
    "weight",
    "shared_error",
    "sample_size",
    "units",
    "quality",
    "flags",
)


@dataclass(frozen=True, slots=True)
class SegmentStep:
    """What the step found: the model with its segments, and rows for the products it covers."""

    model: FittedModel | None
    codes: list[str]
    rows: list[tuple[Any, ...]]


def compute(plan: RecomputePlan, elasticities: Elasticities, sold: SegmentDays) -> SegmentStep:
    """Estimate the pairs of segments and products whose sales by segment were summed anew."""
    model, codes = elasticities.model, sold.codes
    if model is None:
        return SegmentStep(None, codes, [])
    days, posterior = _parents(plan, elasticities, model, codes)
    category = model.category_codes(days.codes)
    sales = _sales(sold, days)
    if plan.full:
        hyper = fit_segments(sales, days.daily, category, model.hyper, posterior, segments=len(SEGMENTS))
        model = replace(model, hyper=hyper)
    if model.hyper.segments is None or not days.daily.product.size:
        return SegmentStep(model, codes, [])
    pairs = segment_elasticities(sales, days.daily, category, model.hyper, posterior)
    return SegmentStep(model, codes, _rows(days.codes, pairs))


def _parents(
    plan: RecomputePlan, elasticities: Elasticities, model: FittedModel, codes: list[str]
) -> tuple[ShopDays, Posterior]:
    """The products' own estimates: those of this run, or made again where only customers moved."""
    if plan.full and elasticities.posterior is not None:
        return elasticities.days, elasticities.posterior
    days = shop_days(sorted(set(codes) & set(merchandise_codes())))
    return days, pooled_posterior(model, days)


def _sales(sold: SegmentDays, days: ShopDays) -> SegmentSales:
    """Sales by segment with the product indices of `days`."""
    number = {code: index for index, code in enumerate(days.codes)}
    index = np.array([number.get(code, -1) for code in sold.codes], np.int64)
    product = index[sold.product] if index.size else sold.product
    kept = product >= 0
    return SegmentSales(
        product[kept], sold.segment[kept], sold.day[kept], sold.units[kept], sold.unit_lines[kept]
    )


def _rows(codes: list[str], pairs: SegmentElasticities) -> list[tuple[Any, ...]]:
    evidence = pair_evidence(pairs)
    columns = zip(
        pairs.product.tolist(),
        pairs.segment.tolist(),
        pairs.elasticity.tolist(),
        pairs.std_error.tolist(),
        pairs.ci_low.tolist(),
        pairs.ci_high.tolist(),
        pairs.weight.tolist(),
        pairs.shared_error.tolist(),
        pairs.sold_days.tolist(),
        pairs.units.tolist(),
        strict=True,
    )
    return [
        (codes[product], SEGMENTS[segment], *values, grade, json.dumps(flag_names(bits)))
        for (product, segment, *values), grade, bits in zip(
            columns, grades(evidence).tolist(), flag_bits(evidence).tolist(), strict=True
        )
    ]


def publish(plan: RecomputePlan, step: SegmentStep, customers: Customers) -> None:
    """Replace the covered products' rows and sum up every segment anew."""
    if plan.full:
        keep_model(plan, step.model)
        execute("DELETE FROM segments_segmentelasticity")
    for chunk in batches([] if plan.full else step.codes, 5000):
        execute(
            f"DELETE FROM segments_segmentelasticity WHERE product_id IN ({placeholders(len(chunk))})", chunk
        )
    insert_rows("segments_segmentelasticity", _COLUMNS, step.rows)
    _publish_summaries(customers)


def _publish_summaries(customers: Customers) -> None:
    means = segment_means(_stored_pairs(), len(SEGMENTS))
    revenue = dict(fetch("SELECT segment, SUM(revenue) FROM segments_segmentdailyrevenue GROUP BY segment"))
    products = dict(
        fetch("SELECT segment, COUNT(DISTINCT product_id) FROM segments_segmentsales GROUP BY segment")
    )
    people = _people(customers)
    SegmentSummary.objects.all().delete()
    SegmentSummary.objects.bulk_create(
        SegmentSummary(
            segment=name,
            product_count=products.get(name, 0),
            revenue=_money(revenue.get(name, 0)),
            elasticity=_known(means.elasticity[index]),
            std_error=_known(means.std_error[index]),
            **people[name],
        )
        for index, name in enumerate(SEGMENTS)
    )


def _people(customers: Customers) -> dict[str, dict[str, Any]]:
    """Head count, mean score and recency of each segment, from the customers just written."""
    today = (customers.as_of - EPOCH).days if customers.as_of else 0
    figures: dict[str, dict[str, Any]] = {name: {"customer_count": 0} for name in SEGMENTS}
    rows = fetch(
        f"SELECT segment, COUNT(*), AVG((r_score + f_score + m_score) / 3.0), AVG(CAST({epoch_day('last_purchase')} "
        f"AS double precision)), MIN({epoch_day('last_purchase')}) FROM segments_customersegment "
        "WHERE segment <> '' GROUP BY segment"
    )
    for name, count, score, mean_day, first_day in rows:
        figures[name] = {
            "customer_count": count,
            "score": float(score),
            "mean_recency": today - float(mean_day),
            "max_recency": today - int(first_day),
        }
    days = dict(fetch("SELECT segment, SUM(sample_size) FROM segments_segmentelasticity GROUP BY segment"))
    for name, values in figures.items():
        values["sample_size"] = int(days.get(name, 0))
    return figures


def _stored_pairs() -> SegmentElasticities:
    """All pairs as they are stored now, whichever run estimated them."""
    columns = fetch_columns(
        "SELECT segment, elasticity, std_error, ci_low, ci_high, weight, shared_error, sample_size, units "
        "FROM segments_segmentelasticity ORDER BY product_id, segment",
        columns=9,
    )
    segment = np.array([SEGMENTS.index(name) for name in columns[0]], np.int64)
    elasticity, std_error, ci_low, ci_high, weight, shared_error = (
        np.array(column, np.float64) for column in columns[1:7]
    )
    return SegmentElasticities(
        product=np.zeros(segment.size, np.int64),
        segment=segment,
        elasticity=elasticity,
        std_error=std_error,
        ci_low=ci_low,
        ci_high=ci_high,
        weight=weight,
        shared_error=shared_error,
        sold_days=np.array(columns[7], np.int64),
        units=np.array(columns[8], np.float64),
    )


def _money(value: Any) -> Decimal:
    return Decimal(str(value)).quantize(Decimal("0.0001"))


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
