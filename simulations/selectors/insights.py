"""Gather the facts about one product for its insights."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

import numpy as np
from django.db.models import Sum

from elastix.api.fields import rounded
from elastix.dataset.models import DataVersion
from elastix.fields import as_number
from elastix.shop import shop_currency
from pricing.elasticity.core.demand import AVERAGE
from pricing.elasticity.core.pooled import PRICES_FOLLOW_SALES
from pricing.forecasting.selectors.forecasts import forecast_of_product
from pricing.recommendation.core.impact import Impact, project_impact
from pricing.recommendation.core.rationale import rationale
from pricing.recommendation.selectors.pricing_inputs import PriceFacts, PriceGroup, pricing_inputs
from pricing.recommendation.selectors.recommendations import recommendation_of
from pricing.sales.core.calendar import MONTH_DAYS
from pricing.sales.models import Product
from pricing.sales.models.products import Kind
from segments.models import SegmentElasticity, SegmentSales
from segments.selectors.dashboard import kpis
from simulations.core.insights import (
    Insight,
    Market,
    Outlook,
    ProductView,
    Recommended,
    SegmentShare,
    find_insights,
)

SEGMENT_DAYS: Final = 90
WAPE_TO_LIMITS: Final = 1.6
"""Limits of 80 % are 1.28 standard deviations out, and of normal errors the mean absolute one is 0.8 of those."""


@dataclass(frozen=True, slots=True)
class ProductInsights:
    """The findings on a product, the most money at stake first."""

    product: Product
    as_of: dt.date | None
    current_price: Decimal | None
    insights: list[Insight]


def product_insights(version: DataVersion, product: Product) -> ProductInsights:
    """Find what there is to know of a product, ranked by the money at stake."""
    groups, without_price = pricing_inputs([product.code])
    group = groups[0] if groups else None
    facts = group.facts[0] if group else without_price[0]
    found = [] if product.kind == Kind.SERVICE else find_insights(_view(version, product, facts, group))
    return ProductInsights(product, version.as_of, facts.price, found)


def _view(version: DataVersion, product: Product, facts: PriceFacts, group: PriceGroup | None) -> ProductView:
    summary = getattr(product, "summary", None)
    last_sold = summary.last_sold if summary else None
    recommended, market = _decisions(facts, group) if group else (None, None)
    cost = float(group.inputs.net_cost[0]) if group else np.nan
    target_margin = facts.policy.target_margin
    return ProductView(
        price=None if facts.price is None else float(facts.price),
        cost=None if np.isnan(cost) else cost,
        cost_assumed=bool(group and group.inputs.cost_assumed[0]),
        units=max(as_number(summary.monthly_sales), 0) if summary else 0,
        revenue=_recent_revenue(version, product),
        grade=facts.grade,
        elasticity=facts.elasticity,
        sold_days=summary.sold_days if summary else 0,
        days_since_sale=(version.as_of - last_sold).days if version.as_of and last_sold else None,
        target_margin=None if target_margin is None else float(target_margin),
        stock_level=as_number(product.stock_level),
        target_stock=as_number(product.target_stock),
        recommended=recommended,
        market=market,
        segments=_segments(version, product) if group else (),
        outlook=_outlook(version, product) if group else None,
        prices_follow_sales=PRICES_FOLLOW_SALES in facts.flags,
        currency=shop_currency(),
        tax_factor=float(facts.policy.tax_factor),
    )


def _decisions(facts: PriceFacts, group: PriceGroup) -> tuple[Recommended, Market | None]:
    """The recommendation, and what the best allowed price and the competitors' mean would bring."""
    found = recommendation_of(group)
    advice, competitors = found.of_product(0), facts.competitors
    now, price = float(group.inputs.price[0]), float(found.price[0])
    prices = [price, float(advice.best_price or now)]
    if competitors:
        prices.append(float(competitors.mean))
    impact = project_impact(
        group.inputs.take(np.zeros(len(prices), np.int64)),
        prices,
        group.strategy.demand_model,
    )
    recommended = Recommended(
        price=price,
        moved=advice.moved,
        gain=_gain(impact, 0),
        probability_of_gain=advice.probability_of_gain,
        best_price=None if advice.best_price is None else float(advice.best_price),
        best_gain=_gain(impact, 1) if advice.best_price is not None else None,
        rationale=rationale(advice, facts.evidence),
    )
    if not competitors:
        return recommended, None
    chance = float(impact.probability_of_gain[2])
    market = Market(
        mean=float(competitors.mean),
        lowest=float(competitors.lowest),
        count=competitors.count,
        gain_at_mean=_gain(impact, 2),
        probability_of_gain=chance if np.isfinite(chance) else None,
    )
    return recommended, market


def _gain(impact: Impact, index: int) -> float | None:
    """Change of the profit, or of the revenue where the cost is not known; None where neither is."""
    for change in (impact.change.profit[index], impact.change.revenue[index]):
        if np.isfinite(change):
            return float(change)
    return None


def _recent_revenue(version: DataVersion, product: Product) -> float:
    if version.as_of is None:
        return 0.0
    first = version.as_of - dt.timedelta(days=MONTH_DAYS)
    days = product.sales_history.filter(date__gte=first, date__lt=version.as_of)
    return float(days.aggregate(total=Sum("revenue"))["total"] or 0)


def _segments(version: DataVersion, product: Product) -> list[SegmentShare]:
    if version.as_of is None:
        return []
    first = version.as_of - dt.timedelta(days=SEGMENT_DAYS)
    days = SegmentSales.objects.filter(product=product, date__gte=first).order_by()
    revenues = dict(days.values_list("segment").annotate(Sum("revenue")))
    if not revenues:
        return []
    elasticities = dict(
        SegmentElasticity.objects.filter(product=product).values_list("segment", "elasticity")
    )
    figures = kpis(start_date=None, end_date=None)
    return [
        SegmentShare(segment, float(revenue), elasticities.get(segment), figures[segment].churn_risk or 0.0)
        for segment, revenue in sorted(revenues.items())
    ]


def _outlook(version: DataVersion, product: Product) -> Outlook | None:
    """The forecast of the next 30 days, where its accuracy is known well enough to say how far it may be off."""
    forecast = forecast_of_product(
        version, product.code, periods=MONTH_DAYS, method=None, price=None, demand_model=AVERAGE
    )
    if forecast.accuracy is None or forecast.accuracy.wape is None:
        return None
    units, wape = rounded(forecast.total, 2) or 0.0, rounded(forecast.accuracy.wape, 4) or 0.0
    return Outlook(units, max(units * (1 - WAPE_TO_LIMITS * wape), 0.0), units * (1 + WAPE_TO_LIMITS * wape))
