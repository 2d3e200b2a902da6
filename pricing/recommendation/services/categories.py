"""Recommending a price for every product and summing up the categories, whenever what they rest on has changed."""

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

import numpy as np
from django.db import transaction
from django.utils import timezone

from elastix.dataset.models import DataVersion
from elastix.dataset.versions import data_version, lock_version
from elastix.sql import fetch
from pricing.recommendation.models import BulkRow, CategorySummary, StandingRecommendation
from pricing.recommendation.selectors.bulk_optimization import (
    COLUMNS,
    BulkRecommendation,
    Sums,
    optimize_each,
)
from pricing.recommendation.selectors.policies import tax_factors
from pricing.recommendation.selectors.standing import standing_is_behind
from pricing.recommendation.services.offers import recommendations_update
from pricing.sales.core.calendar import MONTH_DAYS
from pricing.sales.models import Product
from pricing.sales.selectors.products import merchandise

AT_LEAST_EVERY: Final = dt.timedelta(days=1)
"""Competitors' prices go out of date and cooling times end without anything being written."""

CENTS: Final = Decimal("0.0001")
Sales = Mapping[str, tuple[float, float]]


def categories_refresh_if_outdated() -> bool:
    """Sum up the categories again if figures, products, policies or price relations have changed, or a day has passed."""
    version = data_version()
    if not standing_is_behind(version, older_than=timezone.now() - AT_LEAST_EVERY):
        return False
    categories_refresh(version)
    return True


def categories_refresh(version: DataVersion) -> None:
    """Recommend a price for every product that is for sale; keep these, and what they amount to in each category.

    The version is the one read before anything else: where something is published meanwhile, the next look finds
    these figures outdated.
    """
    now = timezone.now()
    products = list(merchandise().order_by("code").only("code", "category"))
    category = {each.code: each.category for each in products}
    factors = tax_factors(products)
    found = optimize_each(list(category))
    sales = _sales(version.as_of)
    rows: dict[str, list[BulkRow]] = {}
    for row in found.rows:
        rows.setdefault(category[row.product_id], []).append(row)
    summaries = [
        CategorySummary(
            category=name,
            **_figures(of_it, sales, factors),
            **_uplift(found.by_category[name]),
            published_version=version.published_version,
            catalogue_version=version.catalogue_version,
            computed_at=now,
        )
        for name, of_it in sorted(rows.items())
    ]
    with transaction.atomic():
        lock_version()
        CategorySummary.objects.all().delete()
        CategorySummary.objects.bulk_create(summaries, batch_size=500)
        _keep_standing(found, version.as_of, now)
        recommendations_update()


def _keep_standing(found: BulkRecommendation, as_of: dt.date | None, now: dt.datetime) -> None:
    StandingRecommendation.objects.all().delete()
    # A product that was deleted meanwhile has no row.
    there = set(Product.objects.values_list("code", flat=True))
    StandingRecommendation.objects.bulk_create(
        (
            StandingRecommendation(
                **{name: getattr(row, name) for name in COLUMNS},
                competitor_price=found.competitor_prices.get(row.product_id),
                as_of=as_of,
                computed_at=now,
            )
            for row in found.rows
            if row.product_id in there
        ),
        batch_size=500,
    )


def _sales(as_of: dt.date | None) -> Sales:
    """Revenue and units of each product in the 30 days before the as-of date, net of returns."""
    if as_of is None:
        return {}
    since = as_of - dt.timedelta(days=MONTH_DAYS)
    return {
        code: (float(revenue), float(units))
        for code, revenue, units in fetch(
            "SELECT product_id, SUM(revenue - returned_revenue), SUM(quantity - returned_quantity) "
            "FROM pricing_saleshistory WHERE date >= %s GROUP BY product_id",
            [since.isoformat()],
        )
    }


def _figures(rows: Sequence[BulkRow], sales: Sales, tax: Mapping[str, Decimal]) -> dict[str, Any]:
    revenue, units = np.array([sales.get(row.product_id, (0.0, 0.0)) for row in rows]).T
    cost = np.array([np.nan if row.cost is None else row.cost for row in rows])
    with_cost = ~np.isnan(cost)
    covered, total = float(revenue[with_cost].sum()), float(revenue.sum())
    net = float((revenue / np.array([float(tax[row.product_id]) for row in rows]))[with_cost].sum())
    spent = float((units * cost)[with_cost].sum())
    return {
        "products": len(rows),
        "revenue": Decimal(repr(total)).quantize(CENTS),
        "margin": (net - spent) / net if covered > 0 else None,
        "cost_known": covered / total if total > 0 else None,
        "elasticity": _mean_elasticity(rows, revenue),
    }


def _mean_elasticity(rows: Sequence[BulkRow], revenue: np.ndarray[Any, Any]) -> float | None:
    """Mean of the published elasticities by revenue; of all alike where nothing was sold."""
    value = np.array([np.nan if row.elasticity is None else row.elasticity for row in rows])
    weight = np.where(np.isnan(value), 0.0, np.maximum(revenue, 0.0))
    if weight.sum() > 0:
        return float(np.average(np.nan_to_num(value), weights=weight))
    return None if np.isnan(value).all() else float(np.nanmean(value))


def _uplift(sums: Sums) -> dict[str, Any]:
    low, high = sums.profit.interval()
    figures = {
        "revenue_change": sums.revenue.expected - sums.revenue.now,
        "profit_change": sums.profit.expected - sums.profit.now,
        "profit_change_low": low,
        "profit_change_high": high,
    }
    return {
        "to_change": sums.to_change,
        **{name: float(np.nan_to_num(value)) for name, value in figures.items()},
    }
