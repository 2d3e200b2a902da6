"""Recommended prices of thousands of products and what they amount to, each chosen on its own."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, fields
from decimal import Decimal
from typing import Final

import numpy as np

from elastix.api.fields import rounded
from elastix.sql import batches
from pricing.elasticity.core.demand import FloatArray
from pricing.elasticity.core.pooled.posterior import CATEGORY_ERROR
from pricing.elasticity.models import ElasticityEstimate, Method
from pricing.recommendation.core.impact import Figures
from pricing.recommendation.core.inputs import BoolArray
from pricing.recommendation.core.recommendation import Recommendation
from pricing.recommendation.core.totals import DRAWS, ErrorFactor, MonteCarloDraws, draw_changes, limits_of
from pricing.recommendation.selectors.expected import known
from pricing.recommendation.selectors.policies import Overrides
from pricing.recommendation.selectors.pricing_inputs import PriceFacts, PriceGroup, pricing_inputs
from pricing.recommendation.selectors.recommendations import NO_PRICE, SERVICE, recommendation_of
from pricing.sales.models.products import Kind

PRODUCTS_A_CHUNK: Final = 1_000

Progress = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class Outcome:
    """The price recommended for one product; the fields are columns of `BulkRow`, money in currency."""

    product_id: str
    current_price: Decimal | None
    recommended_price: Decimal | None
    changes: bool
    reason: str
    confidence: float
    risk_level: str
    elasticity: float | None
    quality: str
    cost: float | None
    cost_assumed: bool
    limits: str
    warnings: str
    quantity_now: float | None = None
    quantity: float | None = None
    revenue_now: float | None = None
    revenue: float | None = None
    profit_now: float | None = None
    profit: float | None = None
    profit_low: float | None = None
    profit_high: float | None = None
    profit_change: float | None = None
    probability_of_gain: float | None = None


COLUMNS: Final = tuple(each.name for each in fields(Outcome))


@dataclass(slots=True)
class Sums:
    """What the recommendations for some products amount to; changes are drawn, (D,) each."""

    products: int = 0
    to_change: int = 0
    kept_because: dict[str, int] = field(default_factory=dict)
    without_price: int = 0
    without_cost: int = 0
    revenue_now: float = 0.0
    revenue: float = 0.0
    profit_now: float = 0.0
    profit: float = 0.0
    revenue_drawn: FloatArray = field(default_factory=lambda: np.zeros(DRAWS))
    profit_drawn: FloatArray = field(default_factory=lambda: np.zeros(DRAWS))

    def count(self, row: Outcome) -> None:
        """Add one product's figures, the present ones alone where nothing is expected of it."""
        self.products += 1
        if row.changes:
            self.to_change += 1
        else:
            self.kept_because[row.reason] = self.kept_because.get(row.reason, 0) + 1
        if row.revenue_now is None:
            self.without_price += 1
            return
        self.revenue_now += row.revenue_now
        self.revenue += row.revenue_now if row.revenue is None else row.revenue
        if row.profit_now is None:
            self.without_cost += 1
            return
        self.profit_now += row.profit_now
        self.profit += row.profit_now if row.profit is None else row.profit

    def draw(self, revenue: FloatArray, profit: FloatArray) -> None:
        """Add drawn changes (P, D); profits that are not known are left out."""
        self.revenue_drawn += revenue.sum(axis=0)
        self.profit_drawn += np.nan_to_num(profit).sum(axis=0)

    def revenue_limits(self) -> tuple[float, float]:
        """80 % limits of the change of revenue."""
        return limits_of(self.revenue_drawn, self.revenue - self.revenue_now)

    def profit_limits(self) -> tuple[float, float]:
        """80 % limits of the change of profit."""
        return limits_of(self.profit_drawn, self.profit - self.profit_now)


@dataclass(slots=True)
class Optimised:
    """Recommendations for many products.

    Attributes
    ----------
    rows : by product code.
    sums : of all of them.
    by_category : sums of each category, if these were asked for.
    """

    rows: list[Outcome] = field(default_factory=list)
    sums: Sums = field(default_factory=Sums)
    by_category: dict[str, Sums] = field(default_factory=dict)

    def take_in(
        self, facts: Sequence[PriceFacts], rows: Sequence[Outcome], moved: BoolArray, drawn: MonteCarloDraws
    ) -> None:
        """Add rows (P) in the order of the facts, and what was drawn of those that moved (M, D)."""
        self.rows += rows
        for known_facts, row in zip(facts, rows, strict=True):
            self.sums.count(row)
            self.by_category.setdefault(known_facts.category, Sums()).count(row)
        self.sums.draw(drawn.revenue, drawn.profit)
        categories = np.array([facts[index].category for index in np.flatnonzero(moved).tolist()])
        for category in np.unique(categories).tolist():
            of_it = categories == category
            self.by_category[category].draw(drawn.revenue[of_it], drawn.profit[of_it])

    def take_in_unpriced(self, facts: Sequence[PriceFacts]) -> None:
        """Add products that have no price to decide on."""
        nothing = MonteCarloDraws(np.zeros((0, DRAWS)), np.zeros((0, DRAWS)))
        self.take_in(facts, [_unpriced(each) for each in facts], np.zeros(len(facts), np.bool_), nothing)


def optimize_each(
    codes: Sequence[str], overrides: Overrides | None = None, progress: Progress = lambda fraction: None
) -> Optimised:
    """Recommend a price for each product on its own, a thousand at a time; unknown codes are left out.

    Parameters
    ----------
    codes : product codes in their normal form.
    overrides : what was asked for in place of the policies.
    progress : is told the fraction done.
    """
    found = Optimised()
    for done, chunk in enumerate(batches(sorted(set(codes)), PRODUCTS_A_CHUNK), 1):
        basis = pricing_inputs(chunk, overrides)
        weights = own_weights(chunk)
        for group in basis.groups:
            advice = recommendation_of(group)
            drawn = _draw(group, advice, weights)
            found.take_in(group.facts, outcomes(group, advice), advice.moved, drawn)
        found.take_in_unpriced(basis.without_price)
        progress(min(done * PRODUCTS_A_CHUNK / max(len(codes), 1), 1.0))
    found.rows.sort(key=lambda row: row.product_id)
    return found


def outcomes(group: PriceGroup, advice: Recommendation) -> list[Outcome]:
    """What is recommended for the products of a group, in their order."""
    return [_outcome(facts, group, advice, index) for index, facts in enumerate(group.facts)]


def _outcome(facts: PriceFacts, group: PriceGroup, advice: Recommendation, index: int) -> Outcome:
    one, impact = advice.of_product(index), advice.impact
    moved = one.moved
    # What is expected of the present price needs no elasticity.
    after, low, high = (
        (impact.projected, impact.low, impact.high)
        if moved
        else (impact.current, impact.current, impact.current)
    )
    return Outcome(
        product_id=facts.code,
        current_price=one.current_price,
        recommended_price=one.recommended_price,
        changes=moved,
        reason=one.reason,
        confidence=round(one.confidence, 4),
        risk_level=str(impact.risk_level[index]),
        elasticity=rounded(facts.elasticity, 4),
        quality=facts.grade,
        cost=known(group.offers.cost[index], 4),
        cost_assumed=bool(group.offers.cost_assumed[index]),
        limits=" ".join(each.rule for each in one.constraints if each.binding),
        warnings=" ".join(dict.fromkeys((*one.warnings, *facts.flags))),
        probability_of_gain=known(impact.probability_of_gain[index], 4) if moved else None,
        **amounts(impact.current, after, index),
        profit_low=known(low.profit[index], 2),
        profit_high=known(high.profit[index], 2),
    )


def amounts(now: Figures, after: Figures, index: int) -> dict[str, float | None]:
    """One product's units, revenue and profit now and afterwards; None where unknown."""
    return {
        "quantity_now": known(now.quantity[index], 2),
        "quantity": known(after.quantity[index], 2),
        "revenue_now": known(now.revenue[index], 2),
        "revenue": known(after.revenue[index], 2),
        "profit_now": known(now.profit[index], 2),
        "profit": known(after.profit[index], 2),
        "profit_change": known(after.profit[index] - now.profit[index], 2),
    }


def _unpriced(facts: PriceFacts) -> Outcome:
    reason = SERVICE if facts.kind == Kind.SERVICE else NO_PRICE
    return Outcome(
        product_id=facts.code,
        current_price=facts.price,
        recommended_price=facts.price,
        changes=False,
        reason=reason,
        confidence=0.0,
        risk_level="low",
        elasticity=rounded(facts.elasticity, 4),
        quality=facts.grade,
        cost=None if facts.cost is None else float(facts.cost),
        cost_assumed=False,
        limits="",
        warnings=" ".join((reason, *facts.flags)),
    )


def own_weights(codes: Collection[str]) -> dict[str, float]:
    """Weight of each product's own sales in its published elasticity, 0 to 1; absent without one."""
    pooled = ElasticityEstimate.objects.filter(product_id__in=codes, method=Method.POOLED)
    return {code: weight or 0.0 for code, weight in pooled.values_list("product_id", "weight")}


def leaning_of(facts: Sequence[PriceFacts], weights: Mapping[str, float]) -> ErrorFactor:
    """How the elasticities of these products err together: as far as they lean on their category."""
    own = np.array([weights.get(each.code, 0.0) for each in facts])
    return ErrorFactor(
        names=[each.code for each in facts],
        shared_with=[f"category {each.category}" for each in facts],
        shared_sd=CATEGORY_ERROR * (1 - own),
    )


def _draw(group: PriceGroup, advice: Recommendation, weights: Mapping[str, float]) -> MonteCarloDraws:
    facts = [group.facts[index] for index in np.flatnonzero(advice.moved).tolist()]
    return draw_changes(
        group.offers.take(advice.moved),
        advice.price[advice.moved],
        leaning_of(facts, weights),
        group.approach.demand_model,
    )
