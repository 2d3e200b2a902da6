"""Recommended prices of thousands of products and what they amount to, each chosen on its own."""

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from elastix.api.fields import known, rounded
from elastix.sql import batches
from pricing.elasticity.core.constants import CATEGORY_ERROR
from pricing.elasticity.models import ElasticityEstimate, Method
from pricing.recommendation.core.impact import Figures
from pricing.recommendation.core.recommendation import Recommendation, RecommendedPrice
from pricing.recommendation.core.uncertainty import (
    DRAWS,
    INTERVAL,
    ErrorFactor,
    MonteCarloDraws,
    draw_changes,
    interval_of,
)
from pricing.recommendation.models import BulkRow
from pricing.recommendation.models.bulk import RecommendationFields
from pricing.recommendation.selectors.expected import places
from pricing.recommendation.selectors.policies import Overrides
from pricing.recommendation.selectors.pricing_inputs import PriceFacts, PriceGroup, pricing_inputs
from pricing.recommendation.selectors.recommendations import keep_price, recommendation_of
from pricing.sales.core.arrays import BoolArray, FloatArray

PRODUCTS_A_CHUNK: Final = 1_000
COLUMNS: Final = ("product_id", *(column.attname for column in RecommendationFields._meta.local_fields))


@dataclass(slots=True)
class Total:
    """A sum over products: now, expected, and changes as drawn, (D,)."""

    now: float = 0.0
    expected: float = 0.0
    drawn: FloatArray = field(default_factory=lambda: np.zeros(DRAWS))

    def add(self, now: float, expected: float | None) -> None:
        """Add one product's figures, the present one alone where nothing is expected of it."""
        self.now += now
        self.expected += now if expected is None else expected

    def interval(self) -> tuple[float, float]:
        """80 % interval of the change."""
        return interval_of(self.drawn, self.expected - self.now)


@dataclass(slots=True)
class Sums:
    """What the recommendations for some products amount to."""

    products: int = 0
    to_change: int = 0
    kept_because: Counter[str] = field(default_factory=Counter)
    without_price: int = 0
    without_cost: int = 0
    revenue: Total = field(default_factory=Total)
    profit: Total = field(default_factory=Total)

    def add(self, row: BulkRow) -> None:
        """Add one product's figures."""
        self.products += 1
        if row.changes:
            self.to_change += 1
        else:
            self.kept_because[row.reason] += 1
        if row.revenue_now is None:
            self.without_price += 1
            return
        self.revenue.add(row.revenue_now, row.revenue)
        if row.profit_now is None:
            self.without_cost += 1
        else:
            self.profit.add(row.profit_now, row.profit)

    def add_draws(self, revenue: FloatArray, profit: FloatArray) -> None:
        """Add drawn changes (P, D); profits that are not known are left out."""
        self.revenue.drawn += revenue.sum(axis=0)
        self.profit.drawn += np.nan_to_num(profit).sum(axis=0)


@dataclass(slots=True)
class BulkRecommendation:
    """Recommendations for many products: unsaved rows, their sums, the sums of each category, competitors' medians."""

    rows: list[BulkRow] = field(default_factory=list)
    sums: Sums = field(default_factory=Sums)
    by_category: dict[str, Sums] = field(default_factory=dict)
    competitor_prices: dict[str, float] = field(default_factory=dict)

    def add(
        self,
        facts: Sequence[PriceFacts],
        rows: Sequence[BulkRow],
        moved: BoolArray | None = None,
        drawn: MonteCarloDraws | None = None,
    ) -> None:
        """Add rows (P) in the order of the facts, and what was drawn of those that moved (M, D)."""
        self.rows += rows
        for of_product, row in zip(facts, rows, strict=True):
            self.sums.add(row)
            self.by_category.setdefault(of_product.category, Sums()).add(row)
            if of_product.competitors is not None:
                self.competitor_prices[of_product.code] = float(of_product.competitors.median)
        if moved is None or drawn is None:
            return
        self.sums.add_draws(drawn.revenue, drawn.profit)
        categories = np.array([facts[index].category for index in np.flatnonzero(moved).tolist()])
        for category in np.unique(categories).tolist():
            of_it = categories == category
            self.by_category[category].add_draws(drawn.revenue[of_it], drawn.profit[of_it])

    def add_without_price(self, facts: Sequence[PriceFacts]) -> None:
        """Add products that have no price to decide on."""
        self.add(facts, [_row(each, keep_price(each), risk_level="low") for each in facts])


def optimize_each(
    codes: Sequence[str],
    overrides: Overrides | None = None,
    progress: Callable[[float], None] = lambda fraction: None,
) -> BulkRecommendation:
    """Recommend a price for each product on its own, a thousand at a time; unknown codes are left out.

    Parameters
    ----------
    codes : product codes in their normal form.
    overrides : what was asked for in place of the policies.
    progress : called with the fraction done.
    """
    found = BulkRecommendation()
    for done, chunk in enumerate(batches(sorted(set(codes)), PRODUCTS_A_CHUNK), 1):
        groups, without_price = pricing_inputs(chunk, overrides)
        weights = own_weights(chunk)
        for group in groups:
            of_group = recommendation_of(group)
            moved = of_group.moved
            errors = error_factor([group.facts[index] for index in np.flatnonzero(moved).tolist()], weights)
            drawn = draw_changes(
                group.inputs.take(moved), of_group.price[moved], errors, group.strategy.demand_model
            )
            found.add(group.facts, bulk_rows(group, of_group, drawn), moved, drawn)
        found.add_without_price(without_price)
        progress(min(done * PRODUCTS_A_CHUNK / max(len(codes), 1), 1.0))
    found.rows.sort(key=lambda row: row.product_id)
    return found


def bulk_rows(
    group: PriceGroup, found: Recommendation, drawn: MonteCarloDraws | None = None
) -> list[BulkRow]:
    """What is recommended for the products of a group, in their order; `drawn` are the changes of those that move."""
    impact, rows = found.impact, []
    # Not the ends of the new profit less the present one: where sales came at another price, what is earned now is as
    # uncertain, and by the same elasticity.
    gains = np.full((2, len(group.facts)), np.nan)
    if drawn is not None:
        gains[:, found.moved] = np.quantile(drawn.profit, INTERVAL, axis=1)
    for index, facts in enumerate(group.facts):
        # What is expected of the present price needs no elasticity.
        moved = bool(found.moved[index])
        after, low, high = (impact.projected, impact.low, impact.high) if moved else 3 * (impact.current,)
        rows.append(
            _row(
                facts,
                found.of_product(index),
                risk_level=str(impact.risk_level[index]),
                probability_of_gain=known(impact.probability_of_gain[index], 4) if moved else None,
                **amounts(impact.current, after, index),
                profit_low=known(low.profit[index], places("profit")),
                profit_high=known(high.profit[index], places("profit")),
                gain_low=known(gains[0, index], places("profit")),
                gain_high=known(gains[1, index], places("profit")),
            )
        )
    return rows


def amounts(now: Figures, after: Figures, index: int) -> dict[str, float | None]:
    """One product's units, revenue and profit now and afterwards; None where unknown."""
    found = {}
    for name in ("quantity", "revenue", "profit"):
        found[f"{name}_now"] = known(getattr(now, name)[index], places(name))
        found[name] = known(getattr(after, name)[index], places(name))
    return found | {"profit_change": known(after.profit[index] - now.profit[index], places("profit"))}


def _row(facts: PriceFacts, price: RecommendedPrice, **figures: Any) -> BulkRow:
    return BulkRow(
        product_id=facts.code,
        current_price=price.current_price,
        recommended_price=price.recommended_price,
        changes=price.moved,
        reason=price.reason,
        confidence=round(price.confidence, 4),
        elasticity=rounded(facts.elasticity, 4),
        quality=facts.grade,
        cost=None if price.cost is None else known(price.cost, 4),
        cost_assumed=price.cost_assumed,
        limits=" ".join(price.binding),
        warnings=" ".join(dict.fromkeys((*price.warnings, *facts.flags))),
        **figures,
    )


def own_weights(codes: Collection[str]) -> dict[str, float]:
    """Weight of each product's own sales in its published elasticity, 0 to 1; absent without one."""
    pooled = ElasticityEstimate.objects.filter(product_id__in=codes, method=Method.POOLED)
    return {code: weight or 0.0 for code, weight in pooled.values_list("product_id", "weight")}


def error_factor(facts: Sequence[PriceFacts], weights: dict[str, float]) -> ErrorFactor:
    """How the elasticities of these products err together: as far as they draw on their category."""
    own = np.array([weights.get(each.code, 0.0) for each in facts])
    return ErrorFactor(
        names=[each.code for each in facts],
        shared_with=[f"category {each.category}" for each in facts],
        shared_sd=CATEGORY_ERROR * (1 - own),
    )
