"""Recommended prices, of one product or of many."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final

from elastix.errors import NotFound
from elastix.texts import joined, text
from pricing.elasticity.core.demand import OTHER_MODEL
from pricing.recommendation.core.impact import Impact
from pricing.recommendation.core.limits import SETTING_OF_RULE
from pricing.recommendation.core.rationale import rationale
from pricing.recommendation.core.recommendation import (
    HOLD,
    Recommendation,
    RecommendedPrice,
    recommend,
)
from pricing.recommendation.selectors.expected import effect, figures, known, places
from pricing.recommendation.selectors.policies import BUILT_IN, EffectivePolicy, Overrides
from pricing.recommendation.selectors.pricing_inputs import (
    WITHOUT_PRICE,
    PriceFacts,
    PriceGroup,
    pricing_inputs,
)
from pricing.sales.core.calendar import MONTH_DAYS

HELD: Final = "Hold: {days} of {needed} days of sales at this price."


@dataclass(frozen=True, slots=True)
class ProductRecommendation:
    """The recommendation for one product with what it rests on.

    Attributes
    ----------
    rationale : why this price, in sentences.
    expected : what it is expected to bring in 30 days; None where there is no price to decide on.
    """

    facts: PriceFacts
    price: RecommendedPrice
    rationale: str
    expected: dict[str, Any] | None

    @property
    def calculations(self) -> "ProductRecommendation":
        """The values behind the recommendation: a part of the answer of its own."""
        return self

    @property
    def quality(self) -> str | None:
        """Grade of the elasticity, A to D."""
        return self.facts.grade or None

    @property
    def constraints(self) -> list[dict[str, Any]]:
        """The rules that apply to the product, each with the policy it comes from."""
        policy = self.facts.policy
        return [each._asdict() | {"source": source_of(each.rule, policy)} for each in self.price.limits]

    @property
    def warnings(self) -> list[str]:
        """What is to be kept in mind of the price and of the estimate, each once."""
        return list(dict.fromkeys((*self.price.warnings, *self.facts.flags)))


def recommendation_of(group: PriceGroup) -> Recommendation:
    """Recommend prices for the products of a group."""
    return recommend(group.inputs, group.constraints, group.strategy)


def recommend_one(code: str, overrides: Overrides | None = None) -> ProductRecommendation:
    """Recommend a price for one product.

    Raises
    ------
    NotFound : there is no such product.
    """
    rows = recommend_many([code], overrides)
    if not rows:
        raise NotFound(f"There is no product {code!r}.")
    return rows[0]


def recommend_many(codes: Collection[str], overrides: Overrides | None = None) -> list[ProductRecommendation]:
    """Recommend prices for these products, in the order of their codes; unknown codes are left out.

    Parameters
    ----------
    codes : product codes in their normal form.
    overrides : what was asked for in place of the policies.
    """
    return recommendations_of(*pricing_inputs(codes, overrides))


def recommendations_of(
    groups: Sequence[PriceGroup], without_price: Sequence[PriceFacts]
) -> list[ProductRecommendation]:
    """Recommend prices from what `pricing_inputs` has read, in the order of the codes."""
    rows = [
        ProductRecommendation(facts, keep_price(facts), WITHOUT_PRICE[facts.obstacle], None)
        for facts in without_price
    ]
    for group in groups:
        found = recommendation_of(group)
        rows += [recommendation_in(group, found, index) for index in range(len(group.facts))]
    return sorted(rows, key=lambda row: row.facts.code)


def recommendation_in(group: PriceGroup, found: Recommendation, index: int) -> ProductRecommendation:
    """The recommendation for one product of a group, from what `recommendation_of` found for all of them."""
    facts, price = group.facts[index], found.of_product(index)
    why = rationale(price, facts.evidence)
    if price.reason == HOLD:
        days, needed = facts.base.days, facts.base.days_needed
        why = joined([text(HELD, days=days, needed=needed), why])
    return ProductRecommendation(facts, price, why, _expected(found.impact, index, group))


def keep_price(facts: PriceFacts) -> RecommendedPrice:
    """The recommendation for a product that has no price to decide on: to leave it as it is."""
    return RecommendedPrice(
        current_price=facts.price,
        recommended_price=facts.price,
        reason=facts.obstacle,
        elasticity=facts.elasticity,
        std_error=facts.std_error,
        cost=None if facts.cost is None else float(facts.cost),
        strategy=facts.policy.strategy,
        demand_model=facts.policy.demand_model,
        warnings=(facts.obstacle,),
    )


def source_of(rule: str, policy: EffectivePolicy) -> str:
    """Name the policy that a rule's bound comes from."""
    return policy.source(SETTING_OF_RULE[rule]) if rule in SETTING_OF_RULE else BUILT_IN


def other_model(impact: Impact, index: int, group: PriceGroup) -> dict[str, Any] | None:
    """What the other demand model foresees of one product; None within 15 %, where the two hardly differ."""
    if not impact.large_change[index]:
        return None
    name = OTHER_MODEL[group.strategy.demand_model]
    return {"demand_model": name, **figures(impact.other_model, index)}


def _expected(impact: Impact, index: int, group: PriceGroup) -> dict[str, Any]:
    change = figures(impact.change, index)
    return {
        "days": MONTH_DAYS,
        **effect(impact, index),
        **{f"{name}_change": change[name] for name in ("quantity", "revenue", "profit")},
        "risk_level": str(impact.risk_level[index]),
        "other_model": other_model(impact, index, group),
        "robust_gain": known(impact.robust_gain[index], places("profit")),
    }
