"""Recommended prices, of one product or of many."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, NamedTuple

from elastix.errors import NotFound
from elastix.texts import joined, text
from pricing.elasticity.core.demand import OTHER_MODEL, DemandModel
from pricing.recommendation.core.impact import Figures, Impact, one_of
from pricing.recommendation.core.limits import SETTING_OF_RULE, Limit
from pricing.recommendation.core.rationale import rationale
from pricing.recommendation.core.recommendation import (
    HOLD,
    Recommendation,
    RecommendedPrice,
    recommend,
)
from pricing.recommendation.selectors.policies import BUILT_IN, EffectivePolicy, Overrides
from pricing.recommendation.selectors.pricing_inputs import (
    WITHOUT_PRICE,
    PriceFacts,
    PriceGroup,
    pricing_inputs,
)
from pricing.sales.core.calendar import MONTH_DAYS

HELD: Final = "Hold: {days} of {needed} days of sales at this price."


class Bound(NamedTuple):
    """A rule that applies to a product, the policy it comes from, and whether it kept the price from what was sought."""

    rule: str
    bound: Decimal
    binding: bool
    source: str


@dataclass(frozen=True, slots=True)
class OtherModel(Figures):
    """What another demand model foresees of one product: numbers in place of arrays."""

    demand_model: DemandModel


@dataclass(frozen=True, slots=True)
class Expected:
    """What a price is expected to bring in 30 days.

    Attributes
    ----------
    impact : of one product: numbers in place of arrays.
    other_model : what the demand model beside that one foresees; None within 15 % of the present price.
    """

    impact: Impact
    other_model: OtherModel | None
    days: int = MONTH_DAYS


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
    expected: Expected | None

    @property
    def calculations(self) -> "ProductRecommendation":
        """The values behind the recommendation: a part of the answer of its own."""
        return self

    @property
    def quality(self) -> str | None:
        """Grade of the elasticity, A to D."""
        return self.facts.grade or None

    @property
    def constraints(self) -> list[Bound]:
        """The rules that apply to the product, each with the policy it comes from."""
        return bounds_of(self.price.limits, self.facts.policy)

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
    impact = one_of(found.impact, index)
    expected = Expected(impact, other_model(impact, group.strategy.demand_model))
    return ProductRecommendation(facts, price, why, expected)


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


def bounds_of(limits: Iterable[Limit], policy: EffectivePolicy) -> list[Bound]:
    """Name the policy that each rule's bound comes from."""
    return [
        Bound(
            *limit,
            source=policy.source(SETTING_OF_RULE[limit.rule]) if limit.rule in SETTING_OF_RULE else BUILT_IN,
        )
        for limit in limits
    ]


def other_model(impact: Impact, demand_model: DemandModel) -> OtherModel | None:
    """What the model beside the given one foresees of one product; None within 15 %, where the two hardly differ."""
    if not impact.large_change:
        return None
    of = impact.other_model
    return OtherModel(of.price, of.quantity, of.revenue, of.profit, OTHER_MODEL[demand_model])
