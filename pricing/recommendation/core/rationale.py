"""A recommendation in sentences that a shopkeeper can check."""

from typing import Final

from pricing.elasticity.core.points import classify
from pricing.elasticity.core.pooled.evidence import BORROWED, OBSERVATIONAL, PRICE_CHANGE
from pricing.recommendation.core.inputs import MARKUP, PROFIT, REVENUE, TARGET_MARGIN
from pricing.recommendation.core.limits import INFEASIBLE, MESSAGES, NO_FLOOR
from pricing.recommendation.core.recommendation import (
    BELOW_COST,
    COOLDOWN,
    COST_ASSUMED,
    EXTRAPOLATION,
    HOLD,
    LARGE_CHANGE,
    LESS_PROFIT,
    LOSS_IF_WEAK,
    NO_BETTER_PRICE,
    NO_COST,
    NO_ELASTICITY,
    NO_RECENT_SALES,
    NO_TARGET,
    NOT_CONVERGED,
    OUTSIDE_LIMITS,
    POSITIVE_ELASTICITY,
    UNCERTAIN_GAIN,
    RecommendedPrice,
)

AIMS: Final = {
    PROFIT: "The most profit would be made",
    REVENUE: "The most revenue would come in",
    TARGET_MARGIN: "The target margin formula asks for a price",
    MARKUP: "The markup on the cost asks for a price",
}

EVIDENCE: Final = {
    PRICE_CHANGE: "That is what sales did when this price was changed.",
    OBSERVATIONAL: "That is how sales and price moved together, which may have had other causes.",
    BORROWED: "That is mostly what similar products show, not this one's own sales.",
}

OBSTACLES: Final = {
    NO_FLOOR: "Neither a cost nor a minimum price is known, so nothing says what would be too cheap.",
    NO_ELASTICITY: "It is not known how buyers answer to this price, so no better one can be told.",
    POSITIVE_ELASTICITY: "Sales seem to rise with the price, which points to a fault in the data rather than to "
    "a reason for another price.",
    NOT_CONVERGED: "The computation of the elasticity did not come to an end, so its value is not to be relied on.",
    NO_COST: "The cost is not known, so profits at other prices cannot be compared.",
    NO_TARGET: "The strategy needs a target margin or a markup, and none is set.",
    COOLDOWN: "The price was changed only lately, and the policy wants it left alone for a while after a change.",
    HOLD: "The price was changed only lately: before another change, sales at it should show what it does.",
}

WARNINGS: Final = {
    COST_ASSUMED: "The cost is assumed, which lowers the confidence.",
    BELOW_COST: "The current price is below the cost.",
    OUTSIDE_LIMITS: "The current price lies outside the allowed prices.",
    EXTRAPOLATION: "The price lies more than 5 % outside what was ever charged.",
    LARGE_CHANGE: "The change is larger than 15 %: the demand models differ there.",
    LESS_PROFIT: "Profit is expected to fall.",
    NO_RECENT_SALES: "Nothing was sold lately, so the amounts are 0.",
    LOSS_IF_WEAK: "If buyers hardly answered to prices, it would lose money: the advice rests on the elasticity.",
}


def rationale(found: RecommendedPrice, evidence: str = "") -> str:
    """Explain a recommendation: how buyers answer, what the strategy aims at, what binds, how sure the gain is.

    `evidence` is what the elasticity rests on; "" where that is not known.
    """
    if found.reason in OBSTACLES:
        sentences = [OBSTACLES[found.reason]]
    elif found.reason == INFEASIBLE:
        sentences = [f"No price satisfies every rule: {_binding(found)}."]
    else:
        binding = _binding(found)
        sentences = [
            _buyers(found),
            EVIDENCE.get(evidence, ""),
            _aim(found),
            f"That is not allowed: {binding}." if binding else "",
        ]
    sentences += [_outcome(found), *(WARNINGS[name] for name in found.warnings if name in WARNINGS)]
    return " ".join(filter(None, sentences))


def _buyers(found: RecommendedPrice) -> str:
    """Say what the elasticity means. An elastic product is one whose buyers leave when the price rises."""
    if found.elasticity is None:
        return ""
    size, kind = f"{abs(found.elasticity):.1f} %", classify(found.elasticity)
    if kind == "Elastic":
        return f"Demand is elastic: buyers leave when the price rises, about {size} of sales for each 1 %."
    if kind == "Inelastic":
        return f"Demand is inelastic: most buyers stay when the price rises; each 1 % costs about {size} of sales."
    return "Demand is unit elastic: sales fall by about 1 % for each 1 % the price rises."


def _aim(found: RecommendedPrice) -> str:
    if found.unconstrained_price is not None and found.unconstrained_price > 0:
        joined = "at" if found.strategy in (PROFIT, REVENUE) else "of"
        return f"{AIMS[found.strategy]} {joined} {found.unconstrained_price}."
    if found.unconstrained_price is not None:
        return "Under this demand model revenue grows the lower the price is."
    gain = "revenue" if found.strategy == REVENUE else "profit"
    return f"Under this demand model {gain} grows with the price without end, so only a limit can end the increase."


def _outcome(found: RecommendedPrice) -> str:
    keep = f"The price stays at {found.current_price}."
    more = "more revenue" if found.strategy == REVENUE else "more profit"
    chance = "" if found.probability_of_gain is None else _chance(found.probability_of_gain)
    if found.moved:
        return (
            f"{found.recommended_price} is the best price allowed, and brings {more} than "
            f"{found.current_price} with a probability of {chance}."
            if found.strategy in (PROFIT, REVENUE)
            else f"{found.recommended_price} is the allowed price nearest to it, and brings {more} than "
            f"{found.current_price} with a probability of {chance}."
        )
    if found.reason == UNCERTAIN_GAIN:
        return (
            f"{found.best_price} looks better, but brings {more} with a probability of only {chance}, "
            f"and 70 % is asked for. {keep}"
        )
    if found.best_price == found.current_price:
        return f"No other price that ends as prices should is allowed. {keep}"
    if found.reason == NO_BETTER_PRICE:
        return f"No other allowed price is expected to do noticeably better. {keep}"
    return keep


def _chance(probability: float) -> str:
    """A probability in percent; nothing that is estimated is certain."""
    percent = round(100 * probability)
    return "more than 99 %" if percent > 99 else "less than 1 %" if percent < 1 else f"{percent} %"


def _binding(found: RecommendedPrice) -> str:
    """The rules that shaped a recommendation, in words."""
    phrases = [MESSAGES[each.rule].format(bound=each.bound) for each in found.limits if each.binding]
    return " and ".join(", ".join(phrases).rsplit(", ", 1)) if len(phrases) > 1 else "".join(phrases)
