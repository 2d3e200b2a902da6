"""The recommendation in sentences that a shopkeeper can check."""

from typing import Final

from pricing.elasticity.core.points import classify
from pricing.recommendation.core import guardrails as rails
from pricing.recommendation.core import recommendation as why
from pricing.recommendation.core.inputs import MARKUP, PROFIT, REVENUE, TARGET_MARGIN
from pricing.recommendation.core.recommendation import Constraint, PriceAdvice

AIMS: Final = {
    PROFIT: "The most profit would be made",
    REVENUE: "The most revenue would come in",
    TARGET_MARGIN: "The target margin formula asks for a price",
    MARKUP: "The markup on the cost asks for a price",
}

OBSTACLES: Final = {
    why.NO_FLOOR: "Neither a cost nor a minimum price is known, so nothing says what would be too cheap.",
    why.NO_ELASTICITY: "It is not known how buyers answer to this price, so no better one can be told.",
    why.POSITIVE_ELASTICITY: "Sales seem to rise with the price, which points to a fault in the data rather than to "
    "a reason for another price.",
    why.NO_COST: "The cost is not known, so profits at other prices cannot be compared.",
    why.NO_TARGET: "The strategy needs a target margin or a markup, and none is set.",
    why.COOLDOWN: "The price was changed only lately, and the policy wants it left alone for a while after a change.",
}

BOUNDS: Final = {
    rails.COST_FLOOR: "a price must be at least 1.1 times the cost ({bound})",
    rails.TARGET_MARGIN: "the target margin needs at least {bound}",
    rails.MINIMUM_MARGIN: "the minimum margin needs at least {bound}",
    rails.MIN_PRICE: "the minimum price is {bound}",
    rails.MAX_DECREASE: "the largest decrease allowed ends at {bound}",
    rails.COMPETITOR_FLOOR: "the lower bound from competitors' prices is {bound}",
    rails.MAX_PRICE: "the maximum price is {bound}",
    rails.MAX_INCREASE: "the largest increase allowed ends at {bound}",
    rails.COMPETITOR_CEILING: "the upper bound from competitors' prices is {bound}",
    rails.PRICE_CEILING: "no price may exceed 5 times the cost or the current price, whichever is more ({bound})",
}

WARNINGS: Final = {
    why.COST_ASSUMED: "The cost is assumed, which lowers the confidence.",
    why.BELOW_COST: "The current price is below the cost.",
    why.OUTSIDE_LIMITS: "The current price lies outside the allowed prices.",
    why.EXTRAPOLATION: "The price lies more than 5 % outside what was ever charged.",
    why.LARGE_CHANGE: "The change is larger than 15 %: the demand models differ there.",
    why.LESS_PROFIT: "Profit is expected to fall.",
    why.NO_RECENT_SALES: "Nothing was sold lately, so the amounts are 0.",
}


def rationale(advice: PriceAdvice) -> str:
    """Explain a recommendation: how buyers answer, what the strategy aims at, what binds, how sure the gain is."""
    if advice.reason in OBSTACLES:
        sentences = [OBSTACLES[advice.reason]]
    elif advice.reason == why.INFEASIBLE:
        sentences = [_contradiction(advice)]
    else:
        sentences = [_buyers(advice), _aim(advice), _limits(advice)]
    sentences += [_outcome(advice), *(WARNINGS[name] for name in advice.warnings if name in WARNINGS)]
    return " ".join(filter(None, sentences))


def _buyers(advice: PriceAdvice) -> str:
    """Say what the elasticity means. An elastic product is one whose buyers leave when the price rises."""
    if advice.elasticity is None:
        return ""
    size, kind = f"{abs(advice.elasticity):.1f} %", classify(advice.elasticity)
    if kind == "Elastic":
        return f"Demand is elastic: buyers leave when the price rises, about {size} of sales for each 1 %."
    if kind == "Inelastic":
        return f"Demand is inelastic: most buyers stay when the price rises; each 1 % costs about {size} of sales."
    return "Demand is unit elastic: sales fall by about 1 % for each 1 % the price rises."


def _aim(advice: PriceAdvice) -> str:
    if advice.unconstrained_price is not None and advice.unconstrained_price > 0:
        joined = "at" if advice.strategy in (PROFIT, REVENUE) else "of"
        return f"{AIMS[advice.strategy]} {joined} {advice.unconstrained_price}."
    if advice.unconstrained_price is not None:
        return "Under this demand model revenue grows the lower the price is."
    gain = "revenue" if advice.strategy == REVENUE else "profit"
    return f"Under this demand model {gain} grows with the price without end, so only a limit can end the increase."


def _limits(advice: PriceAdvice) -> str:
    binding = _named([constraint for constraint in advice.constraints if constraint.binding])
    return f"That is not allowed: {binding}." if binding else ""


def _contradiction(advice: PriceAdvice) -> str:
    binding = _named([constraint for constraint in advice.constraints if constraint.binding])
    return f"No price satisfies every rule: {binding}."


def _outcome(advice: PriceAdvice) -> str:
    keep = f"The price stays at {advice.current_price}."
    more = "more revenue" if advice.strategy == REVENUE else "more profit"
    chance = "" if advice.probability_of_gain is None else _chance(advice.probability_of_gain)
    if advice.moved:
        return (
            f"{advice.recommended_price} is the best price allowed, and brings {more} than "
            f"{advice.current_price} with a probability of {chance}."
            if advice.strategy in (PROFIT, REVENUE)
            else f"{advice.recommended_price} is the allowed price nearest to it, and brings {more} than "
            f"{advice.current_price} with a probability of {chance}."
        )
    if advice.reason == why.UNCERTAIN_GAIN:
        return (
            f"{advice.best_price} looks better, but brings {more} with a probability of only {chance}, "
            f"and 70 % is asked for. {keep}"
        )
    if advice.best_price == advice.current_price:
        return f"No other price that ends as prices should is allowed. {keep}"
    if advice.reason == why.NO_BETTER_PRICE:
        return f"No other allowed price is expected to do noticeably better. {keep}"
    return keep


def _chance(probability: float) -> str:
    """A probability in percent; nothing that is estimated is certain."""
    percent = round(100 * probability)
    return "more than 99 %" if percent > 99 else "less than 1 %" if percent < 1 else f"{percent} %"


def _named(constraints: list[Constraint]) -> str:
    phrases = [BOUNDS[constraint.rule].format(bound=constraint.bound) for constraint in constraints]
    return " and ".join(", ".join(phrases).rsplit(", ", 1)) if len(phrases) > 1 else "".join(phrases)
