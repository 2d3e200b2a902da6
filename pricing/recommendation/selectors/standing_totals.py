"""What recommended prices amount to together, summed up from the stored recommendations."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

import numpy as np
from django.core.cache import cache
from django.db.models import F, QuerySet

from elastix.dataset.models import DataVersion
from elastix.sql import batches
from pricing.elasticity.core.constants import CATEGORY_ERROR
from pricing.elasticity.selectors.demand_curve import shop_linear_share
from pricing.recommendation.core.inputs import PricingInputs
from pricing.recommendation.core.sums import draw_profit_sum
from pricing.recommendation.core.uncertainty import ErrorFactor
from pricing.recommendation.models import StandingRecommendation
from pricing.recommendation.selectors.cannibalisation import corrected_totals
from pricing.recommendation.selectors.policies import effective_policies
from pricing.recommendation.selectors.price_totals import HIGH, PriceTotals
from pricing.recommendation.selectors.standing import computed_to, standing_recommendations
from pricing.sales.core.arrays import FloatArray

KEPT_SECONDS: Final = 3600
COLUMNS: Final = (
    *("code", "category", "current_price", "recommended_price", "risk_level", "cost", "elasticity"),
    *("estimate__std_error", "estimate__weight", "quantity_now", "revenue_now", "revenue", "profit_now"),
    "profit_change",
)


def standing_totals(found: QuerySet[StandingRecommendation]) -> PriceTotals:
    """What those of `standing_recommendations(moved=True)` amount to together."""
    return _totals(_rows(found))


def chosen_totals(codes: Sequence[str]) -> PriceTotals:
    """What the recommended prices of these products amount to together; those left alone do not count."""
    moved = standing_recommendations(moved=True)
    rows: list[Any] = []
    for chunk in batches(sorted(set(codes))):
        rows += _rows(moved.filter(product_id__in=chunk))
    return _totals(rows)


def all_totals(version: DataVersion) -> PriceTotals | None:
    """What all recommended prices amount to together; None before the first look at them.

    Kept for as long as neither they nor the catalogue change, at most an hour.
    """
    computed_at, _ = computed_to()
    if computed_at is None:
        return None
    key = f"standing-totals-cross-{computed_at.timestamp()}-{version.published_version}-{version.catalogue_version}"
    totals: PriceTotals | None = cache.get(key)
    if totals is None:
        totals = standing_totals(standing_recommendations(moved=True))
        cache.set(key, totals, KEPT_SECONDS)
    return totals


def _rows(found: QuerySet[StandingRecommendation]) -> list[Any]:
    named = found.annotate(code=F("product_id"), category=F("product__category"))
    return list(named.order_by("product_id").values_list(*COLUMNS, named=True))


def _totals(rows: Sequence[Any]) -> PriceTotals:
    """Sum up rows of `COLUMNS`."""
    price, recommended = _floats(rows, "current_price"), _floats(rows, "recommended_price")
    elasticity, profit = _floats(rows, "elasticity"), _floats(rows, "profit_change")
    revenue = _floats(rows, "revenue") - _floats(rows, "revenue_now")
    known = ~np.isnan(profit) & (elasticity < 0)
    totals = PriceTotals(
        known=int(known.sum()),
        revenue_change=float(np.nan_to_num(revenue).sum()),
        profit_change=float(profit[known].sum()),
        high_risk=sum(row.risk_level == HIGH for row in rows),
        below_cost=int((recommended < _floats(rows, "cost")).sum()),
    )
    totals.add_range(100 * (recommended / price - 1))
    counted = [rows[index] for index in np.flatnonzero(known).tolist()]
    _add_draws(totals, counted)
    totals.corrected = corrected_totals(totals, counted)
    return totals


def _add_draws(totals: PriceTotals, rows: Sequence[Any]) -> None:
    """Draw the sum of the changes of profit, as if every product were sold at its present price in the figures."""
    policies = effective_policies(rows)
    linear_share = shop_linear_share()
    by_model: dict[Any, list[Any]] = {}
    for row in rows:
        by_model.setdefault(policies[row.code].demand_model, []).append(row)
    for model, members in by_model.items():
        inputs = PricingInputs.of(
            price=_floats(members, "current_price"),
            elasticity=_floats(members, "elasticity"),
            std_error=_floats(members, "estimate__std_error"),
            quantity=_floats(members, "quantity_now"),
            cost=_floats(members, "cost"),
            tax_rate=[float(policies[row.code].included_tax) for row in members],
            linear_share=linear_share,
        )
        own = np.nan_to_num(_floats(members, "estimate__weight"))
        errors = ErrorFactor(
            names=[row.code for row in members],
            shared_with=[f"category {row.category}" for row in members],
            shared_sd=CATEGORY_ERROR * (1 - own),
        )
        totals.add_drawn(draw_profit_sum(inputs, _floats(members, "recommended_price"), errors, model))


def _floats(rows: Iterable[Any], name: str) -> FloatArray:
    values = [getattr(row, name) for row in rows]
    return np.array([np.nan if value is None else float(value) for value in values])
