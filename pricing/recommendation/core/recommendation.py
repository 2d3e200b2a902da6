"""Which price to set, for many products at once, and why."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from pricing.elasticity.core.demand import FloatArray
from pricing.recommendation.core.guardrails import (
    RULES,
    Guardrails,
    guardrails,
    is_extrapolation,
    money,
)
from pricing.recommendation.core.impact import SURE_ENOUGH, Impact, StrArray, project_impact
from pricing.recommendation.core.inputs import (
    REVENUE,
    BoolArray,
    PriceConstraints,
    PricingInputs,
    PricingStrategy,
    Strategy,
)
from pricing.recommendation.core.optimum import formula_price, lerner_price, strategy_optimum
from pricing.recommendation.core.price_search import best_prices
from pricing.recommendation.core.uncertainty import probability_of_gain

NO_ELASTICITY: Final = "NO_ELASTICITY"
POSITIVE_ELASTICITY: Final = "POSITIVE_ELASTICITY"
NO_FLOOR: Final = "NO_FLOOR"
NO_COST: Final = "NO_COST"
NO_TARGET: Final = "NO_TARGET"
COOLDOWN: Final = "COOLDOWN"
INFEASIBLE: Final = "INFEASIBLE"
NO_BETTER_PRICE: Final = "NO_BETTER_PRICE"
UNCERTAIN_GAIN: Final = "UNCERTAIN_GAIN"
INELASTIC_AT_BOUND: Final = "INELASTIC_AT_BOUND"
GUARDRAIL: Final = "GUARDRAIL"
BEST_PRICE: Final = "BEST_PRICE"
RULE_PRICE: Final = "RULE_PRICE"

NOTHING_TO_CHOOSE: Final = (
    NO_ELASTICITY,
    POSITIVE_ELASTICITY,
    NO_FLOOR,
    NO_COST,
    NO_TARGET,
    COOLDOWN,
    INFEASIBLE,
)

EXTRAPOLATION: Final = "EXTRAPOLATION"
LARGE_CHANGE: Final = "LARGE_CHANGE"
COST_ASSUMED: Final = "COST_ASSUMED"
BELOW_COST: Final = "BELOW_COST"
OUTSIDE_LIMITS: Final = "OUTSIDE_LIMITS"
LESS_PROFIT: Final = "LESS_PROFIT"
NO_RECENT_SALES: Final = "NO_RECENT_SALES"

ASSUMED_COST_CONFIDENCE: Final = 0.8
"""An assumed cost takes a fifth off the confidence: the elasticity's uncertainty is not the only one."""

NOTHING_KNOWN: Final = 0.0
_HALF_UNIT: Final = 0.005


@dataclass(frozen=True, slots=True)
class Constraint:
    """A guardrail that applies to a product, its bound to the cent, and whether it shaped the answer."""

    rule: str
    bound: Decimal
    binding: bool


@dataclass(frozen=True, slots=True)
class PriceAdvice:
    """The recommendation for one product; money with two decimals, None where there is none.

    Attributes
    ----------
    price_change_percent : of the present price, one decimal.
    best_price : the best allowed price, recommended or not.
    """

    current_price: Decimal
    recommended_price: Decimal
    price_change: Decimal
    price_change_percent: float
    moved: bool
    reason: str
    confidence: float
    probability_of_gain: float | None
    elasticity: float | None
    cost: Decimal | None
    strategy: Strategy
    unconstrained_price: Decimal | None
    formula_price: Decimal | None
    lerner_price: Decimal | None
    best_price: Decimal | None
    constraints: tuple[Constraint, ...]
    warnings: tuple[str, ...]


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
    formula_price, lerner_price : the seed's formula to the letter, and Lerner's price; nan where undefined.
    binding : (R, P) which of the rules of the guardrails shaped the answer.
    impact : of the recommended price.
    warnings : by name, which products they apply to.
    """

    offers: PricingInputs
    approach: PricingStrategy
    price: FloatArray
    moved: BoolArray
    reason: StrArray
    confidence: FloatArray
    best_price: FloatArray
    probability_of_gain: FloatArray
    unconstrained_price: FloatArray
    formula_price: FloatArray
    lerner_price: FloatArray
    guardrails: Guardrails
    binding: BoolArray
    impact: Impact
    warnings: dict[str, BoolArray]

    def of_product(self, index: int) -> PriceAdvice:
        """Return the recommendation for one product as plain values."""
        now, price = self.offers.price[index], self.price[index]
        binding = dict(zip(RULES, self.binding[:, index].tolist(), strict=True))
        current, recommended = _exact(now), _exact(price)
        return PriceAdvice(
            current_price=current,
            recommended_price=recommended,
            price_change=recommended - current,
            price_change_percent=round(100 * float(price / now - 1), 1),
            moved=bool(self.moved[index]),
            reason=str(self.reason[index]),
            confidence=float(self.confidence[index]),
            probability_of_gain=_known(self.probability_of_gain[index]),
            elasticity=_known(self.offers.elasticity[index]),
            cost=money(self.offers.cost[index]),
            strategy=self.approach.strategy,
            unconstrained_price=money(self.unconstrained_price[index]),
            formula_price=money(self.formula_price[index]),
            lerner_price=money(self.lerner_price[index]),
            best_price=money(self.best_price[index]),
            constraints=tuple(
                Constraint(rule, bound, binding[rule]) for rule, bound in self.guardrails.of_product(index)
            ),
            warnings=tuple(name for name, applies in self.warnings.items() if applies[index]),
        )


def recommend(
    offers: PricingInputs,
    terms: PriceConstraints,
    approach: PricingStrategy | None = None,
    weak_estimate: ArrayLike = False,
    cooling: ArrayLike = False,
) -> Recommendation:
    """Recommend a price for each of P products.

    The answer is the present price or a price inside the guardrails. "profit" and "revenue" move a price only
    where an allowed one is expected to bring more and does so with a probability of at least 0.7; "target_margin"
    and "markup" are rules, followed as far as the guardrails let them. The present price stays, whatever the
    strategy, where no floor is known, the elasticity is unknown or not below 0, the price was changed only lately, or
    the guardrails leave no price.

    Parameters
    ----------
    offers, terms : of the same P products.
    approach : strategy, demand model and price endings for all of them; most profit under linear demand if not given.
    weak_estimate : (P,) or one for all: the elasticity is no more than its category's (raises the impact's risk).
    cooling : (P,) or one for all: the price was changed so lately that it is to stay.
    """
    approach = approach or PricingStrategy()
    rails = guardrails(offers, terms)
    aim = strategy_optimum(offers, terms, approach)
    held = np.broadcast_to(np.asarray(cooling, np.bool_), offers.price.shape)
    obstacle = _obstacles(offers, rails, aim, approach, held)
    free = obstacle == ""
    best, gain, better = _best_allowed(offers, rails, aim, free, approach)
    moved = better & (approach.is_rule | (gain >= SURE_ENOUGH))
    price = np.where(moved, best, offers.price)
    binding = rails.binding(aim) & (free | (obstacle == INFEASIBLE))
    impact = project_impact(offers, price, approach.demand_model, weak_estimate=weak_estimate)
    return Recommendation(
        offers=offers,
        approach=approach,
        price=price,
        moved=moved,
        reason=_reasons(obstacle, moved, better, aim, binding, approach),
        confidence=_confidence(offers, free, moved, gain),
        best_price=best,
        probability_of_gain=gain,
        unconstrained_price=aim,
        formula_price=formula_price(offers.cost, terms.target_margin, offers.elasticity),
        lerner_price=lerner_price(offers.cost, offers.elasticity),
        guardrails=rails,
        binding=binding,
        impact=impact,
        warnings=_warnings(offers, terms, rails, impact, moved) | {COOLDOWN: held},
    )


def _obstacles(
    offers: PricingInputs, rails: Guardrails, aim: FloatArray, approach: PricingStrategy, held: BoolArray
) -> StrArray:
    """Name (P,) what leaves no price to choose; empty where nothing does."""
    needs_cost = approach.strategy != REVENUE
    cases = (
        (NO_FLOOR, ~rails.floor_known),
        (NO_ELASTICITY, np.isnan(offers.elasticity)),
        (POSITIVE_ELASTICITY, offers.elasticity >= 0),
        (NO_COST, np.isnan(offers.cost) & needs_cost),
        (NO_TARGET, np.isnan(aim)),
        (COOLDOWN, held),
        (INFEASIBLE, ~rails.feasible),
    )
    return _first_name(cases, offers.count)


def _best_allowed(
    offers: PricingInputs, rails: Guardrails, aim: FloatArray, free: BoolArray, approach: PricingStrategy
) -> tuple[FloatArray, FloatArray, BoolArray]:
    """Best allowed price (P,), the probability that it gains, and whether it is better than the present one."""
    best, gain = np.full(offers.count, np.nan), np.full(offers.count, np.nan)
    better = np.zeros(offers.count, np.bool_)
    some = offers.take(free)
    chosen = best_prices(some, rails.low[free], rails.high[free], aim[free], approach)
    cost = np.zeros(some.count) if approach.strategy == REVENUE else some.cost
    best[free], better[free] = chosen.price, chosen.better
    gain[free] = probability_of_gain(chosen.price, some, cost, approach.demand_model)
    return best, gain, better


def _reasons(
    obstacle: StrArray,
    moved: BoolArray,
    better: BoolArray,
    aim: FloatArray,
    binding: BoolArray,
    approach: PricingStrategy,
) -> StrArray:
    cases = (
        *((name, obstacle == name) for name in NOTHING_TO_CHOOSE),
        (NO_BETTER_PRICE, ~better),
        (UNCERTAIN_GAIN, ~moved),
        (INELASTIC_AT_BOUND, np.isposinf(aim)),
        (GUARDRAIL, binding.any(axis=0)),
        (RULE_PRICE if approach.is_rule else BEST_PRICE, np.ones(moved.shape, np.bool_)),
    )
    return _first_name(cases, moved.size)


def _confidence(offers: PricingInputs, free: BoolArray, moved: BoolArray, gain: FloatArray) -> FloatArray:
    sure = np.where(moved, gain, 1 - gain) * np.where(offers.cost_assumed, ASSUMED_COST_CONFIDENCE, 1.0)
    return np.where(free, sure, NOTHING_KNOWN)


def _warnings(
    offers: PricingInputs, terms: PriceConstraints, rails: Guardrails, impact: Impact, moved: BoolArray
) -> dict[str, BoolArray]:
    cents = 100 * offers.price
    inside = (cents >= rails.low - _HALF_UNIT) & (cents <= rails.high + _HALF_UNIT)
    return {
        NO_FLOOR: ~rails.floor_known,
        COST_ASSUMED: offers.cost_assumed,
        BELOW_COST: offers.price < offers.cost,
        OUTSIDE_LIMITS: rails.feasible & ~moved & ~inside,
        EXTRAPOLATION: moved & is_extrapolation(impact.projected.price, terms),
        LARGE_CHANGE: impact.large_change,
        LESS_PROFIT: moved & (impact.change.profit < 0),
        NO_RECENT_SALES: offers.quantity == 0,
    }


def _first_name(cases: Iterable[tuple[str, BoolArray]], products: int) -> StrArray:
    """Name (P,) of the first case that applies; empty where none does."""
    names, applies = zip(*cases, strict=True)
    return np.select(list(applies), [np.full(products, name) for name in names], np.full(products, ""))


def _exact(price: float) -> Decimal:
    """Return a price with two decimals, or with four where it is no whole cent: the present one stays as it is."""
    exact = Decimal(repr(float(price))).quantize(Decimal("0.0001"))
    cents = exact.quantize(Decimal("0.01"))
    return cents if cents == exact else exact


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
