"""Which price to set, for many products at once, and why."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

import numpy as np

from elastix.currency import STORED_DECIMALS, Currency
from pricing.elasticity.core.demand import DemandModel
from pricing.recommendation.core import limits as limit
from pricing.recommendation.core.constants import SURE_ENOUGH
from pricing.recommendation.core.impact import Impact, project_impact
from pricing.recommendation.core.inputs import (
    REVENUE,
    PriceConstraints,
    PricingInputs,
    PricingStrategy,
    StrArray,
    Strategy,
)
from pricing.recommendation.core.limits import INFEASIBLE, NO_FLOOR, Limit, PriceLimits, price_limits
from pricing.recommendation.core.optimum import (
    best_prices,
    expected_value,
    formula_price,
    lerner_price,
    strategy_optimum,
)
from pricing.recommendation.core.uncertainty import probability_of_gain
from pricing.sales.core.arrays import BoolArray, FloatArray

NO_ELASTICITY: Final = "NO_ELASTICITY"
NOT_CONVERGED: Final = "NOT_CONVERGED"
POSITIVE_ELASTICITY: Final = "POSITIVE_ELASTICITY"
NO_COST: Final = "NO_COST"
NO_TARGET: Final = "NO_TARGET"
COOLDOWN: Final = "COOLDOWN"
HOLD: Final = "HOLD"
NO_BETTER_PRICE: Final = "NO_BETTER_PRICE"
RELATION: Final = "RELATION"
UNCERTAIN_GAIN: Final = "UNCERTAIN_GAIN"
INELASTIC_AT_BOUND: Final = "INELASTIC_AT_BOUND"
GUARDRAIL: Final = "GUARDRAIL"
BEST_PRICE: Final = "BEST_PRICE"
RULE_PRICE: Final = "RULE_PRICE"

NOTHING_TO_CHOOSE: Final = (
    NO_FLOOR,
    NO_ELASTICITY,
    NOT_CONVERGED,
    POSITIVE_ELASTICITY,
    NO_COST,
    NO_TARGET,
    COOLDOWN,
    INFEASIBLE,
    HOLD,
)
"""Reasons that leave no price to choose; the first that applies is named."""

EXTRAPOLATION: Final = "EXTRAPOLATION"
LARGE_CHANGE: Final = "LARGE_CHANGE"
COST_ASSUMED: Final = "COST_ASSUMED"
BELOW_COST: Final = "BELOW_COST"
OUTSIDE_LIMITS: Final = "OUTSIDE_LIMITS"
LESS_PROFIT: Final = "LESS_PROFIT"
NO_RECENT_SALES: Final = "NO_RECENT_SALES"
LOSS_IF_WEAK: Final = "LOSS_IF_WEAK"

ASSUMED_COST_CONFIDENCE: Final = 0.8
"""An assumed cost takes a fifth off the confidence: the elasticity's uncertainty is not the only one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecommendedPrice:
    """The recommendation for one product as plain values; prices in whole units of the currency, None where there is none.

    Attributes
    ----------
    best_price : the best allowed price, recommended or not.
    limits : the rules that apply to the product.
    """

    current_price: Decimal | None
    recommended_price: Decimal | None
    moved: bool = False
    reason: str
    confidence: float = 0.0
    probability_of_gain: float | None = None
    elasticity: float | None
    std_error: float | None
    cost: float | None
    cost_assumed: bool = False
    strategy: Strategy
    demand_model: DemandModel
    unconstrained_price: Decimal | None = None
    formula_price: Decimal | None = None
    lerner_price: Decimal | None = None
    best_price: Decimal | None = None
    limits: tuple[Limit, ...] = ()
    warnings: tuple[str, ...]

    @property
    def price_change(self) -> Decimal | None:
        """The change of the price, in currency."""
        if self.current_price is None or self.recommended_price is None:
            return None
        return self.recommended_price - self.current_price

    @property
    def price_change_percent(self) -> float | None:
        """The change of the price in percent of the present one, one decimal."""
        if self.current_price is None or self.recommended_price is None:
            return None
        return round(100 * (float(self.recommended_price) / float(self.current_price) - 1), 1)

    @property
    def binding(self) -> list[str]:
        """The rules that shaped the recommendation."""
        return [each.rule for each in self.limits if each.binding]


@dataclass(frozen=True, slots=True)
class Recommendation:
    """Prices recommended for P products; arrays (P,) unless said otherwise.

    Attributes
    ----------
    price : the recommended price: the present one, or one the guardrails allow.
    moved : it is not the present one.
    reason : why this price, or why the present one stays.
    confidence : probability, 0 to 1, that the answer is right; 0 where nothing is known that would tell.
    best_price, probability_of_gain : the best allowed price and what speaks for it; nan where none could be sought.
    unconstrained_price : what the strategy aims at without guardrails; inf where only a guardrail ends it.
    formula_price, lerner_price : that of `optimum.formula_price`, and Lerner's price; nan where undefined.
    binding : (R, P) which of the rules of the guardrails shaped the answer.
    impact : of the recommended price.
    warnings : by name, which products they apply to.
    """

    inputs: PricingInputs
    strategy: PricingStrategy
    price: FloatArray
    moved: BoolArray
    reason: StrArray
    confidence: FloatArray
    best_price: FloatArray
    probability_of_gain: FloatArray
    unconstrained_price: FloatArray
    formula_price: FloatArray
    lerner_price: FloatArray
    limits: PriceLimits
    binding: BoolArray
    impact: Impact
    warnings: dict[str, BoolArray]

    def of_product(self, index: int) -> RecommendedPrice:
        """Return the recommendation for one product as plain values."""
        inputs, money = self.inputs, self.inputs.currency.money
        return RecommendedPrice(
            current_price=_exact(inputs.price[index], inputs.currency),
            recommended_price=_exact(self.price[index], inputs.currency),
            moved=bool(self.moved[index]),
            reason=str(self.reason[index]),
            confidence=float(self.confidence[index]),
            probability_of_gain=_known(self.probability_of_gain[index]),
            elasticity=_known(inputs.elasticity[index]),
            std_error=None if np.isnan(inputs.elasticity[index]) else _known(inputs.std_error[index]),
            cost=_known(inputs.net_cost[index]),
            cost_assumed=bool(inputs.cost_assumed[index]),
            strategy=self.strategy.strategy,
            demand_model=self.strategy.demand_model,
            unconstrained_price=money(self.unconstrained_price[index]),
            formula_price=money(self.formula_price[index]),
            lerner_price=money(self.lerner_price[index]),
            best_price=money(self.best_price[index]),
            limits=tuple(self.limits.of_product(index, self.binding)),
            warnings=tuple(name for name, applies in self.warnings.items() if applies[index]),
        )


def recommend(
    inputs: PricingInputs, constraints: PriceConstraints, strategy: PricingStrategy | None = None
) -> Recommendation:
    """Recommend a price for each of P products.

    The answer is the present price or a price inside the limits. "profit" and "revenue" move a price only
    where an allowed one is expected to bring more and does so with a probability of at least SURE_ENOUGH; "target_margin"
    and "markup" are rules, followed as far as the limits let them. The present price stays, whatever the
    strategy, where no floor is known, the elasticity is unknown, not below 0 or of a fit that did not converge, the
    price was changed only lately, too little was sold at it to tell what it does, or the limits leave no price.

    Parameters
    ----------
    inputs, constraints : of the same P products.
    strategy : strategy, demand model and price endings for all of them; most profit under average demand if not given.
    """
    strategy = strategy or PricingStrategy()
    limits = price_limits(inputs, constraints)
    aim = strategy_optimum(inputs, constraints, strategy)
    obstacle = _obstacles(inputs, limits, aim, strategy)
    free = obstacle == ""
    best, gain, better = _best_allowed(inputs, limits, aim, free, strategy)
    moved = better & (strategy.is_rule | (gain >= SURE_ENOUGH))
    price = np.where(moved, best, inputs.price)
    binding = limits.binding(aim) & (free | (obstacle == INFEASIBLE))
    impact = project_impact(inputs, price, strategy.demand_model)
    sure = np.where(moved, gain, 1 - gain) * np.where(inputs.cost_assumed, ASSUMED_COST_CONFIDENCE, 1.0)
    return Recommendation(
        inputs=inputs,
        strategy=strategy,
        price=price,
        moved=moved,
        reason=_reasons(obstacle, better, moved, aim, binding, limits.rules, strategy),
        confidence=np.where(free, sure, 0.0),
        best_price=best,
        probability_of_gain=gain,
        unconstrained_price=aim,
        formula_price=formula_price(inputs.cost, constraints.target_margin, inputs.elasticity),
        lerner_price=lerner_price(inputs.cost, inputs.elasticity),
        limits=limits,
        binding=binding,
        impact=impact,
        warnings={
            NO_FLOOR: ~limits.floor_known,
            NOT_CONVERGED: inputs.not_converged,
            COST_ASSUMED: inputs.cost_assumed,
            BELOW_COST: inputs.price < inputs.cost,
            OUTSIDE_LIMITS: limits.feasible & ~moved & ~limits.allows(inputs.price),
            EXTRAPOLATION: moved & limit.is_extrapolation(price, constraints),
            LARGE_CHANGE: impact.large_change,
            LESS_PROFIT: moved & (impact.change.profit < 0),
            NO_RECENT_SALES: inputs.quantity == 0,
            LOSS_IF_WEAK: moved & (impact.robust_gain < 0) & (not strategy.is_rule),
            COOLDOWN: inputs.cooling,
        },
    )


def _obstacles(
    inputs: PricingInputs, limits: PriceLimits, aim: FloatArray, strategy: PricingStrategy
) -> StrArray:
    """Name (P,) what leaves no price to choose; empty where nothing does."""
    applies = {
        NO_FLOOR: ~limits.floor_known,
        NO_ELASTICITY: np.isnan(inputs.elasticity),
        NOT_CONVERGED: inputs.not_converged,
        POSITIVE_ELASTICITY: inputs.elasticity >= 0,
        NO_COST: np.isnan(inputs.cost) & (strategy.strategy != REVENUE),
        NO_TARGET: np.isnan(aim),
        COOLDOWN: inputs.cooling,
        INFEASIBLE: ~limits.feasible,
        # A price beyond the limits is brought back at once.
        HOLD: inputs.untried & limits.allows(inputs.price),
    }
    return _first_name(((name, applies[name]) for name in NOTHING_TO_CHOOSE), inputs.count)


def _reasons(
    obstacle: StrArray,
    better: BoolArray,
    moved: BoolArray,
    aim: FloatArray,
    binding: BoolArray,
    rules: tuple[limit.Rule, ...],
    strategy: PricingStrategy,
) -> StrArray:
    """Name (P,) why this price is recommended, or why the present one stays; `binding` is (R, P)."""
    of_relations = np.array([rule.name in limit.RELATIONS for rule in rules])
    related = binding[of_relations].any(axis=0) & ~binding[~of_relations].any(axis=0)
    cases = (
        *((name, obstacle == name) for name in NOTHING_TO_CHOOSE),
        (RELATION, ~better & related),
        (NO_BETTER_PRICE, ~better),
        (UNCERTAIN_GAIN, ~moved),
        (INELASTIC_AT_BOUND, np.isposinf(aim)),
        (GUARDRAIL, binding.any(axis=0)),
        (RULE_PRICE if strategy.is_rule else BEST_PRICE, np.ones(moved.shape, np.bool_)),
    )
    return _first_name(cases, moved.size)


def _best_allowed(
    inputs: PricingInputs, limits: PriceLimits, aim: FloatArray, free: BoolArray, strategy: PricingStrategy
) -> tuple[FloatArray, FloatArray, BoolArray]:
    """Best allowed price (P,), the probability that it gains, and whether it is better than the present one.

    For a price that sales have not proven: what is advised at the proven one, which may be that price itself.
    """
    best, gain = np.full((2, inputs.count), np.nan)
    better = np.zeros(inputs.count, np.bool_)
    some = inputs.take(free)
    # A price beyond the limits that sales have not proven is brought back to what was advised before it was set.
    proven = replace(some, price=np.where(some.untried, some.tried_price, some.price))
    found, more = best_prices(proven, limits.low[free], limits.high[free], aim[free], strategy)
    cost = np.zeros(some.count) if strategy.strategy == REVENUE else some.cost
    if some.untried.any():
        chances = probability_of_gain(found, proven, cost, strategy.demand_model)
        advised = more & (strategy.is_rule | (chances >= SURE_ENOUGH))
        back = np.round(inputs.tried_price, inputs.currency.decimals)
        stays = some.untried & ~advised & (limits.allows(back) & (back > 0))[free]
        found = np.where(stays, back[free], found)
        now, then = (expected_value(price, some, strategy) for price in (some.price, found))
        more = np.where(some.untried, strategy.is_rule | (then > now), more)
    best[free], better[free] = found, more
    gain[free] = probability_of_gain(found, some, cost, strategy.demand_model)
    return best, gain, better


def _first_name(cases: Iterable[tuple[str, BoolArray]], products: int) -> StrArray:
    """Name (P,) of the first case that applies; empty where none does."""
    names, applies = zip(*cases, strict=True)
    return np.select(list(applies), [np.full(products, name) for name in names], np.full(products, ""))


def _exact(price: float, currency: Currency) -> Decimal:
    """Return a price, with four decimals where it is no multiple of the smallest unit: the present one stays as it is."""
    return currency.exact(Decimal(repr(float(price))).quantize(Decimal(1).scaleb(-STORED_DECIMALS)))


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
