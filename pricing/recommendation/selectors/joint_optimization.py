"""Prices of products that compete with or complete each other, chosen together."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Final

import numpy as np

from pricing.elasticity.core.demand import LARGEST_CHANGE, LINEAR, FloatArray
from pricing.recommendation.core.guardrails import RULES, is_extrapolation
from pricing.recommendation.core.impact import Figures, risk_levels
from pricing.recommendation.core.inputs import PROFIT, PricingStrategy
from pricing.recommendation.core.joint import joint_demand
from pricing.recommendation.core.joint_recommendation import JointChoice, choose_together
from pricing.recommendation.core.recommendation import (
    EXTRAPOLATION,
    LARGE_CHANGE,
    LESS_PROFIT,
    NO_BETTER_PRICE,
    NOTHING_TO_CHOOSE,
    Recommendation,
)
from pricing.recommendation.core.totals import MonteCarloDraws, Spillover, draw_changes, limits_of
from pricing.recommendation.core.uncertainty import LIMITS
from pricing.recommendation.selectors.bulk_optimization import (
    Optimised,
    Outcome,
    amounts,
    leaning_of,
    outcomes,
    own_weights,
)
from pricing.recommendation.selectors.expected import known
from pricing.recommendation.selectors.policies import Overrides
from pricing.recommendation.selectors.pricing_inputs import (
    PriceFacts,
    PriceGroup,
    price_group,
    pricing_inputs,
)
from pricing.recommendation.selectors.recommendations import recommendation_of
from pricing.sales.models import Product

MOST_TOGETHER: Final = 300
TOGETHER: Final = "TOGETHER"
"""Why a price moves that was chosen together with the others'."""

_ROUNDING: Final = 1e-9


@dataclass(frozen=True, slots=True)
class CrossEffects:
    """Published cross elasticities between P products and their variances, (P, P): of the row to the column's price.

    0 for pairs that were not looked at: as far as is known they have nothing to do with each other.
    """

    elasticity: FloatArray
    variance: FloatArray
    pairs: int

    def at(self, change: FloatArray) -> Spillover:
        """What relative changes (P,) of the prices do to the others' demand."""
        return Spillover(self.elasticity @ change, np.sqrt(self.variance @ change**2))


@dataclass(frozen=True, slots=True)
class _Alone:
    """Products, and what is recommended to each on its own; arrays (P,) in the order of `facts`."""

    facts: list[PriceFacts]
    rows: list[Outcome]
    advices: list[Recommendation]

    def column(self, name: str) -> Any:
        return np.concatenate([getattr(advice, name) for advice in self.advices])

    def rails(self, name: str) -> Any:
        return np.concatenate([getattr(advice.guardrails, name) for advice in self.advices], axis=-1)


def optimize_jointly(codes: Sequence[str], overrides: Overrides) -> tuple[Optimised, dict[str, Any]]:
    """Choose the prices of at most `MOST_TOGETHER` products that earn most together; unknown codes are left out.

    Most profit under linear demand is sought, whatever the policies name; their limits hold.

    Returns
    -------
    The recommendations, and what choosing together adds: {products, pairs, profit_now, profit_alone, profit_together,
    added, added_low, added_high, probability_of_gain}; expected profits of 30 days, cross effects counted, and 80 %
    limits of the difference to prices chosen alone.
    """
    basis = pricing_inputs(codes, replace(overrides, strategy=PROFIT, demand_model=LINEAR))
    alone = _Alone([], [], [])
    for group in basis.groups:
        advice = recommendation_of(group)
        alone.facts.extend(group.facts)
        alone.rows.extend(outcomes(group, advice))
        alone.advices.append(advice)
    found = Optimised()
    found.take_in_unpriced(basis.without_price)
    if not alone.facts:
        return found, _added(0, 0, np.zeros(3), np.zeros(1))
    group = price_group(PricingStrategy(PROFIT, LINEAR), alone.facts)
    cross = cross_effects([each.code for each in alone.facts])
    free = ~np.isin(alone.column("reason"), NOTHING_TO_CHOOSE)
    choice = choose_together(
        group.offers,
        alone.rails("low"),
        alone.rails("high"),
        free,
        alone.column("price"),
        [each.policy.price_endings for each in alone.facts],
        cross.elasticity,
    )
    drawn, drawn_alone = (_draw(group, price, cross) for price in (choice.price, alone.column("price")))
    rows = _rows(group, alone, choice, free, cross, drawn)
    found.take_in(alone.facts, rows, np.ones(len(rows), np.bool_), drawn)
    found.rows.sort(key=lambda row: row.product_id)
    profits = np.array([choice.profit_now, choice.profit_alone, choice.profit_together])
    difference = np.nan_to_num(drawn.profit).sum(axis=0) - np.nan_to_num(drawn_alone.profit).sum(axis=0)
    return found, _added(len(rows), cross.pairs, profits, difference)


def cross_effects(codes: Sequence[str]) -> CrossEffects:
    """Read the published cross elasticities between products."""
    number = {code: index for index, code in enumerate(codes)}
    elasticity, variance = np.zeros((2, len(codes), len(codes)))
    known_pairs = Product.objects.filter(code__in=codes, pairs__product_y__in=codes)
    columns = ("code", "pairs__product_y", "pairs__cross_elasticity", "pairs__std_error")
    count = 0
    for x, y, value, error in known_pairs.order_by("code", "pairs__product_y").values_list(*columns):
        elasticity[number[x], number[y]] = value
        variance[number[x], number[y]] = error**2
        count += x < y
    return CrossEffects(elasticity, variance, count)


def _draw(group: PriceGroup, price: FloatArray, cross: CrossEffects) -> MonteCarloDraws:
    offers = group.offers
    # Where the elasticity is of no use the price stays, and it does not matter which one is drawn.
    usable = replace(offers, elasticity=np.where(offers.elasticity < 0, offers.elasticity, -1.0))
    weights = own_weights([each.code for each in group.facts])
    spillover = cross.at(price / offers.price - 1)
    return draw_changes(usable, price, leaning_of(group.facts, weights), LINEAR, spillover)


def _rows(
    group: PriceGroup,
    alone: _Alone,
    choice: JointChoice,
    free: Any,
    cross: CrossEffects,
    drawn: MonteCarloDraws,
) -> list[Outcome]:
    """The recommendation chosen together for each product, in the order of the group."""
    offers, price = group.offers, choice.price
    now = _figures(group, offers.price, joint_demand(offers, offers.price, cross.elasticity))
    after = _figures(group, price, choice.quantity)
    low, high = np.quantile(drawn.profit, LIMITS, axis=1) + now.profit
    gain = np.where(np.isnan(now.profit), np.nan, (drawn.profit > 0).mean(axis=1))
    sure = float((np.nan_to_num(drawn.profit).sum(axis=0) > 0).mean())
    relative = np.abs(price / offers.price - 1)
    risk = risk_levels(relative, 1 - gain, group.weak)
    at_bound = alone.rails("known") & (alone.rails("bounds") == np.rint(100 * price)) & choice.moved
    of_price = {
        LARGE_CHANGE: relative > LARGEST_CHANGE + _ROUNDING,
        EXTRAPOLATION: choice.moved & is_extrapolation(price, group.terms),
        LESS_PROFIT: choice.moved & (after.profit < now.profit),
    }
    rows = []
    changed: dict[str, Any]
    for index, row in enumerate(alone.rows):
        moved = bool(choice.moved[index])
        kept = row.reason if row.reason in NOTHING_TO_CHOOSE else NO_BETTER_PRICE
        others = [name for name in row.warnings.split() if name not in of_price]
        changed = {
            "recommended_price": _exact(row, price[index], moved),
            "changes": moved,
            "reason": TOGETHER if moved else kept,
            "confidence": round(sure, 4) if free[index] else 0.0,
            "risk_level": str(risk[index]),
            "limits": " ".join(rule for rule, binds in zip(RULES, at_bound[:, index], strict=True) if binds),
            "warnings": " ".join([name for name, applies in of_price.items() if applies[index]] + others),
            "probability_of_gain": known(gain[index], 4) if moved else None,
            **amounts(now, after, index),
            "profit_low": known(min(low[index], after.profit[index]), 2),
            "profit_high": known(max(high[index], after.profit[index]), 2),
        }
        rows.append(replace(row, **changed))
    return rows


def _exact(row: Outcome, price: float, moved: bool) -> Any:
    return Decimal(round(100 * price)).scaleb(-2) if moved else row.current_price


def _figures(group: PriceGroup, price: FloatArray, quantity: FloatArray) -> Figures:
    return Figures(price, quantity, price * quantity, (price - group.offers.cost) * quantity)


def _added(products: int, pairs: int, profits: FloatArray, difference: FloatArray) -> dict[str, Any]:
    now, alone, together = profits.tolist()
    low, high = limits_of(difference, together - alone)
    return {
        "products": products,
        "pairs": pairs,
        "profit_now": known(now, 2),
        "profit_alone": known(alone, 2),
        "profit_together": known(together, 2),
        "added": known(together - alone, 2),
        "added_low": known(low, 2),
        "added_high": known(high, 2),
        "probability_of_gain": known((difference > 0).mean(), 4),
    }
