"""Recommended prices, of one product or of thousands."""

from collections.abc import Collection
from dataclasses import asdict
from decimal import Decimal
from typing import Any, Final

from elastix.api.fields import money, rounded
from elastix.errors import NotFound
from pricing.elasticity.core.demand import CONSTANT_ELASTICITY, LINEAR
from pricing.recommendation.core import guardrails as rails
from pricing.recommendation.core.impact import Impact
from pricing.recommendation.core.rationale import rationale
from pricing.recommendation.core.recommendation import Constraint, PriceAdvice, Recommendation, recommend
from pricing.recommendation.selectors.expected import effect, figures, known
from pricing.recommendation.selectors.policies import BUILT_IN, EffectivePolicy, Overrides
from pricing.recommendation.selectors.pricing_inputs import MONTH_DAYS, PriceFacts, PriceGroup, pricing_inputs
from pricing.sales.models.products import Kind

SERVICE: Final = "SERVICE"
NO_PRICE: Final = "NO_PRICE"
WITHOUT_PRICE: Final = {
    SERVICE: "This is a service code, such as postage or a fee: it is never priced.",
    NO_PRICE: "No price is known yet, so there is none to start from. Set one, or load sales.",
}

SETTING_OF_RULE: Final = {
    rails.TARGET_MARGIN: "target_margin",
    rails.MINIMUM_MARGIN: "minimum_margin",
    rails.MIN_PRICE: "min_price",
    rails.MAX_PRICE: "max_price",
    rails.MAX_DECREASE: "max_change",
    rails.MAX_INCREASE: "max_change",
    rails.COMPETITOR_FLOOR: "competitor_floor",
    rails.COMPETITOR_CEILING: "competitor_ceiling",
}
"""Which setting of a policy each guardrail comes from; the others are built in."""


def recommendation_of(group: PriceGroup) -> Recommendation:
    """Recommend prices for the products of a group."""
    return recommend(group.offers, group.terms, group.approach, group.weak, group.cooling)


def recommend_one(code: str, overrides: Overrides | None = None) -> dict[str, Any]:
    """The price recommended for one product, as GET /api/price/recommend answers it.

    Raises
    ------
    NotFound : there is no such product.
    """
    rows = recommend_many([code], overrides)
    if not rows:
        raise NotFound(f"There is no product {code!r}.")
    return rows[0]


def recommend_many(codes: Collection[str], overrides: Overrides | None = None) -> list[dict[str, Any]]:
    """The prices recommended for these products, in the order of their codes; unknown codes are left out.

    Parameters
    ----------
    codes : product codes in their normal form.
    overrides : what was asked for in place of the policies.
    """
    basis = pricing_inputs(codes, overrides)
    rows = [_without_price(facts) for facts in basis.without_price]
    for group in basis.groups:
        found = recommendation_of(group)
        rows += [
            _row(facts, found.of_product(index), group, found, index)
            for index, facts in enumerate(group.facts)
        ]
    return sorted(rows, key=lambda row: str(row["product_id"]))


def _row(
    facts: PriceFacts, advice: PriceAdvice, group: PriceGroup, found: Recommendation, index: int
) -> dict[str, Any]:
    return {
        "product_id": facts.code,
        "current_price": money(advice.current_price),
        "recommended_price": money(advice.recommended_price),
        "price_change": money(advice.price_change),
        "price_change_percent": advice.price_change_percent,
        "reason": advice.reason,
        "rationale": rationale(advice),
        "confidence": rounded(advice.confidence, 2),
        "calculations": {
            "elasticity": rounded(advice.elasticity, 4),
            "std_error": known(group.offers.std_error[index], 4) if facts.elasticity is not None else None,
            "quality": facts.grade or None,
            "target_margin": _fraction(facts.policy.target_margin),
            "cost": rounded(group.offers.cost[index], 4) if advice.cost is not None else None,
            "cost_assumed": bool(group.offers.cost_assumed[index]),
            "strategy": advice.strategy,
            "demand_model": group.approach.demand_model,
            "unconstrained_price": money(advice.unconstrained_price),
            "formula_price": money(advice.formula_price),
            "lerner_price": money(advice.lerner_price),
            "best_price": money(advice.best_price),
            "probability_of_gain": rounded(advice.probability_of_gain, 4),
        },
        "expected": _expected(found.impact, index, group),
        "constraints": [_constraint(each, facts.policy) for each in advice.constraints],
        "warnings": list(dict.fromkeys((*advice.warnings, *facts.flags))),
    }


def _expected(impact: Impact, index: int, group: PriceGroup) -> dict[str, Any]:
    change = figures(impact.change, index)
    return {
        "days": MONTH_DAYS,
        **effect(impact, index),
        "quantity_change": change["quantity"],
        "revenue_change": change["revenue"],
        "profit_change": change["profit"],
        "risk_level": str(impact.risk_level[index]),
        "other_model": other_model(impact, index, group),
    }


def other_model(impact: Impact, index: int, group: PriceGroup) -> dict[str, Any] | None:
    """What the other demand model foresees of one product; None within 15 %, where the two hardly differ."""
    if not impact.large_change[index]:
        return None
    name = CONSTANT_ELASTICITY if group.approach.demand_model == LINEAR else LINEAR
    return {"demand_model": name, **figures(impact.other_model, index)}


def _constraint(constraint: Constraint, policy: EffectivePolicy) -> dict[str, Any]:
    setting = SETTING_OF_RULE.get(constraint.rule)
    source = policy.source(setting) if setting else BUILT_IN
    return asdict(constraint) | {"bound": money(constraint.bound), "source": source}


def reason_without_price(facts: PriceFacts) -> str:
    """Name why a product has no price to decide on."""
    return SERVICE if facts.kind == Kind.SERVICE else NO_PRICE


def _without_price(facts: PriceFacts) -> dict[str, Any]:
    """The answer for a product that has no price to decide on: the price it has, and why it is not decided on."""
    reason = reason_without_price(facts)
    calculations = dict.fromkeys(
        ("unconstrained_price", "formula_price", "lerner_price", "best_price", "probability_of_gain")
    )
    return {
        "product_id": facts.code,
        "current_price": money(facts.price),
        "recommended_price": money(facts.price),
        "price_change": None if facts.price is None else 0.0,
        "price_change_percent": None if facts.price is None else 0.0,
        "reason": reason,
        "rationale": WITHOUT_PRICE[reason],
        "confidence": 0.0,
        "calculations": {
            "elasticity": rounded(facts.elasticity, 4),
            "std_error": rounded(facts.std_error, 4),
            "quality": facts.grade or None,
            "target_margin": _fraction(facts.policy.target_margin),
            "cost": rounded(facts.cost, 4),
            "cost_assumed": False,
            "strategy": facts.policy.strategy,
            "demand_model": facts.policy.demand_model,
            **calculations,
        },
        "expected": None,
        "constraints": [],
        "warnings": [reason, *facts.flags],
    }


def _fraction(value: Decimal | None) -> float | None:
    return rounded(value, 4)
