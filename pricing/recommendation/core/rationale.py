"""Explain a recommendation in sentences that a shopkeeper can check."""

from decimal import Decimal
from typing import Final

from elastix.texts import Text, joined, text
from pricing.elasticity.core.points import classify
from pricing.elasticity.core.pooled.evidence import BORROWED, EXPERIMENTAL, OBSERVATIONAL, PRICE_CHANGE
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
    RELATION,
    UNCERTAIN_GAIN,
    RecommendedPrice,
)

AIMS: Final = {
    PROFIT: "The most profit would be made at {price}.",
    REVENUE: "The most revenue would come in at {price}.",
    TARGET_MARGIN: "The target margin formula asks for a price of {price}.",
    MARKUP: "The markup on the cost asks for a price of {price}.",
}

EVIDENCE: Final = {
    EXPERIMENTAL: "That is what a price experiment found.",
    PRICE_CHANGE: "That is what sales did when this price was changed.",
    OBSERVATIONAL: "That is how sales and price moved together, which may have had other causes.",
    BORROWED: "That is mostly what similar products show, not this one's own sales.",
}

OBSTACLES: Final = {
    NO_FLOOR: "Neither a cost nor a minimum price is known, so nothing says what would be too cheap.",
    NO_ELASTICITY: "It is not known how buyers answer to this price, so no better one can be calculated.",
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


ELASTIC: Final = "Demand is elastic: buyers leave when the price rises, about {size} % of sales for each 1 %."
INELASTIC: Final = (
    "Demand is inelastic: most buyers stay when the price rises; each 1 % costs about {size} % of sales."
)
UNIT_ELASTIC: Final = "Demand is unit elastic: sales fall by about 1 % for each 1 % the price rises."
CHEAPEST: Final = "Under this demand model revenue grows the lower the price is."
ENDLESS: Final = (
    "Under this demand model {gain} grows with the price without end, so only a limit can end the increase."
)
NO_PRICE_LEFT: Final = "No price satisfies every rule: {rules}."
NOT_ALLOWED: Final = "That is not allowed: {rules}."
BEST: Final = (
    "{price} is the best price allowed, and brings {more} than {now} with a probability of {chance}."
)
NEAREST: Final = (
    "{price} is the allowed price nearest to it, and brings {more} than {now} with a probability of {chance}."
)
UNCERTAIN: Final = (
    "{price} looks better, but brings {more} with a probability of only {chance}, and 80 % is asked for."
)
STAYS: Final = "The price stays at {price}."
NO_ENDING: Final = "No other price that ends as prices should is allowed."
NONE_BETTER: Final = "No other allowed price is expected to do noticeably better."
BOUND: Final = "Only together with the prices of the related products can it change."
MORE_REVENUE, MORE_PROFIT = "more revenue", "more profit"


def rationale(found: RecommendedPrice, evidence: str = "") -> Text:
    """Explain a recommendation: how buyers answer, what the strategy aims at, what binds, how sure the gain is.

    `evidence` is what the elasticity rests on; "" where that is not known.
    """
    if found.reason in OBSTACLES:
        sentences = [OBSTACLES[found.reason]]
    elif found.reason == INFEASIBLE:
        sentences = [text(NO_PRICE_LEFT, rules=_binding(found))]
    else:
        binding = _binding(found)
        sentences = [
            _buyers(found),
            EVIDENCE.get(evidence, ""),
            _aim(found),
            text(NOT_ALLOWED, rules=binding) if binding else "",
        ]
    return joined(
        [*sentences, _outcome(found), *(WARNINGS[name] for name in found.warnings if name in WARNINGS)]
    )


def _buyers(found: RecommendedPrice) -> str:
    """Say what the elasticity means. An elastic product is one whose buyers leave when the price rises."""
    if found.elasticity is None:
        return ""
    size, kind = Decimal(f"{abs(found.elasticity):.1f}"), classify(found.elasticity)
    if kind == "Elastic":
        return text(ELASTIC, size=size)
    return text(INELASTIC, size=size) if kind == "Inelastic" else UNIT_ELASTIC


def _aim(found: RecommendedPrice) -> str:
    if found.unconstrained_price is not None and found.unconstrained_price > 0:
        return text(AIMS[found.strategy], price=found.unconstrained_price)
    if found.unconstrained_price is not None:
        return CHEAPEST
    return text(ENDLESS, gain=text("revenue" if found.strategy == REVENUE else "profit"))


def _outcome(found: RecommendedPrice) -> Text:
    keep = text(STAYS, price=found.current_price)
    more = text(MORE_REVENUE if found.strategy == REVENUE else MORE_PROFIT)
    chance = "" if found.probability_of_gain is None else _chance(found.probability_of_gain)
    if found.moved:
        sentence = BEST if found.strategy in (PROFIT, REVENUE) else NEAREST
        return text(
            sentence, price=found.recommended_price, more=more, now=found.current_price, chance=chance
        )
    if found.reason == UNCERTAIN_GAIN:
        return joined([text(UNCERTAIN, price=found.best_price, more=more, chance=chance), keep])
    if found.reason == RELATION:
        return joined([BOUND, keep])
    if found.best_price == found.current_price:
        return joined([NO_ENDING, keep])
    if found.reason == NO_BETTER_PRICE:
        return joined([NONE_BETTER, keep])
    return keep


def _chance(probability: float) -> Text:
    """A probability in percent; nothing that is estimated is certain."""
    percent = round(100 * probability)
    if percent > 99:
        return text("more than 99 %")
    return text("less than 1 %") if percent < 1 else text("{percent} %", percent=percent)


def _binding(found: RecommendedPrice) -> Text:
    """The rules that shaped a recommendation, in words."""
    phrases = [text(MESSAGES[each.rule], bound=each.bound) for each in found.limits if each.binding]
    return joined([joined(phrases[:-1], ", "), *phrases[-1:]], " and ")
