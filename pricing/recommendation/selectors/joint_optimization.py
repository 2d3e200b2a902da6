"""Prices of products that compete with or complete each other, chosen together."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Self

import numpy as np

from elastix.api.fields import known
from pricing.elasticity.core.demand import LARGEST_CHANGE, LINEAR
from pricing.recommendation.core.impact import figures, risk_levels
from pricing.recommendation.core.inputs import PROFIT, PricingStrategy
from pricing.recommendation.core.joint import JointChoice, choose_together, joint_demand
from pricing.recommendation.core.limits import is_extrapolation, price_limits
from pricing.recommendation.core.recommendation import (
    EXTRAPOLATION,
    LARGE_CHANGE,
    LESS_PROFIT,
    NO_BETTER_PRICE,
    NOTHING_TO_CHOOSE,
    RELATION,
)
from pricing.recommendation.core.uncertainty import (
    INTERVAL,
    MonteCarloDraws,
    Spillover,
    draw_changes,
    interval_of,
)
from pricing.recommendation.models import BulkRow
from pricing.recommendation.selectors.bulk_optimization import (
    BulkRecommendation,
    amounts,
    bulk_rows,
    error_factor,
    own_weights,
)
from pricing.recommendation.selectors.expected import places
from pricing.recommendation.selectors.policies import Overrides
from pricing.recommendation.selectors.pricing_inputs import PriceGroup, price_group, pricing_inputs
from pricing.recommendation.selectors.recommendations import recommendation_of
from pricing.sales.core.arrays import FloatArray
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
class Added:
    """What choosing prices together adds: profits expected in 30 days, cross effects counted; None where not finite.

    Attributes
    ----------
    products, pairs : how many were chosen together, and how many of their pairs have a cross elasticity.
    added, added_low, added_high : the difference to prices each chosen alone, and its 80 % interval.
    """

    products: int
    pairs: int
    profit_now: float | None
    profit_alone: float | None
    profit_together: float | None
    added: float | None
    added_low: float | None
    added_high: float | None
    probability_of_gain: float | None

    @classmethod
    def of(cls, products: int, pairs: int, profits: FloatArray, difference: FloatArray) -> Self:
        """Of the profits (3,) now, alone and together, and draws of the difference between the latter two."""
        now, alone, together = profits.tolist()
        low, high = interval_of(difference, together - alone)
        values = (now, alone, together, together - alone, low, high, float((difference > 0).mean()))
        decimals = (*[places("profit")] * 6, 4)
        return cls(products, pairs, *map(known, values, decimals))


def optimize_jointly(codes: Sequence[str], overrides: Overrides) -> tuple[BulkRecommendation, Added]:
    """Choose the prices of at most `MOST_TOGETHER` products that earn most together; unknown codes are left out.

    Most profit under linear demand is sought, whatever the policies name; their limits hold.

    Returns
    -------
    The recommendations, and what choosing together adds.
    """
    overrides = replace(overrides, strategy=PROFIT, demand_model=LINEAR)
    groups, without_price = pricing_inputs(codes, overrides)
    found = BulkRecommendation()
    found.add_without_price(without_price)
    if not groups:
        return found, Added.of(0, 0, np.zeros(3), np.zeros(1))
    each_alone = [recommendation_of(group) for group in groups]
    rows = [row for pair in zip(groups, each_alone, strict=True) for row in bulk_rows(*pair)]
    alone = np.concatenate([of_group.price for of_group in each_alone])
    facts = [each for group in groups for each in group.facts]
    group = price_group(PricingStrategy(PROFIT, LINEAR), facts)
    limits = price_limits(group.inputs, group.constraints)
    cross = cross_effects([each.code for each in facts])
    choice = choose_together(
        group.inputs,
        (limits.low, limits.high),
        np.array([row.reason not in NOTHING_TO_CHOOSE for row in rows]),
        alone,
        [each.policy.price_endings for each in facts],
        cross.elasticity,
    )
    drawn, drawn_alone = (_draw(group, price, cross) for price in (choice.price, alone))
    _choose(rows, group, choice, cross, drawn)
    at_bound = (
        limits.known & (limits.bounds == np.rint(group.inputs.currency.per_one * choice.price)) & choice.moved
    )
    for index, row in enumerate(rows):
        row.limits = " ".join(limits.rules[rule].name for rule in np.flatnonzero(at_bound[:, index]))
    found.add(facts, rows, np.ones(len(rows), np.bool_), drawn)
    found.rows.sort(key=lambda row: row.product_id)
    profits = np.array([choice.profit_now, choice.profit_alone, choice.profit_together])
    difference = np.nan_to_num(drawn.profit).sum(axis=0) - np.nan_to_num(drawn_alone.profit).sum(axis=0)
    return found, Added.of(len(rows), cross.pairs, profits, difference)


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
    inputs = group.inputs
    # Where the elasticity is of no use the price stays, and it does not matter which one is drawn.
    usable = replace(inputs, elasticity=np.where(inputs.elasticity < 0, inputs.elasticity, -1.0))
    errors = error_factor(group.facts, own_weights([each.code for each in group.facts]))
    return draw_changes(usable, price, errors, LINEAR, cross.at((price - inputs.price) / inputs.base_price))


def _choose(
    rows: Sequence[BulkRow],
    group: PriceGroup,
    choice: JointChoice,
    cross: CrossEffects,
    drawn: MonteCarloDraws,
) -> None:
    """Put the price chosen together, and what is expected of it, in place of that of each product alone."""
    inputs, price = group.inputs, choice.price
    now, after = (
        figures(replace(inputs, quantity=quantity), asked, np.ones(inputs.count))
        for quantity, asked in (
            (joint_demand(inputs, inputs.price, cross.elasticity), inputs.price),
            (choice.quantity, price),
        )
    )
    low, high = np.quantile(drawn.profit, INTERVAL, axis=1) + now.profit
    gain = np.where(np.isnan(now.profit), np.nan, (drawn.profit > 0).mean(axis=1))
    sure = float((np.nan_to_num(drawn.profit).sum(axis=0) > 0).mean())
    relative = np.abs(price / inputs.price - 1)
    risk = risk_levels(relative, 1 - gain, inputs.weak)
    of_price = {
        LARGE_CHANGE: relative > LARGEST_CHANGE + _ROUNDING,
        EXTRAPOLATION: choice.moved & is_extrapolation(price, group.constraints),
        LESS_PROFIT: choice.moved & (after.profit < now.profit),
    }
    for index, row in enumerate(rows):
        moved, is_free = bool(choice.moved[index]), row.reason not in NOTHING_TO_CHOOSE
        keeps = row.reason if row.reason == RELATION or not is_free else NO_BETTER_PRICE
        warnings = [name for name, applies in of_price.items() if applies[index]]
        warnings += [name for name in row.warnings.split() if name not in of_price]
        chosen = amounts(now, after, index) | {
            "recommended_price": inputs.currency.money(price[index]) if moved else row.current_price,
            "changes": moved,
            "reason": TOGETHER if moved else keeps,
            "confidence": round(sure, 4) if is_free else 0.0,
            "risk_level": str(risk[index]),
            "warnings": " ".join(warnings),
            "probability_of_gain": known(gain[index], 4) if moved else None,
            "profit_low": known(min(low[index], after.profit[index]), places("profit")),
            "profit_high": known(max(high[index], after.profit[index]), places("profit")),
            "gain_low": known(low[index] - now.profit[index], places("profit")) if moved else None,
            "gain_high": known(high[index] - now.profit[index], places("profit")) if moved else None,
        }
        for name, value in chosen.items():
            setattr(row, name, value)
