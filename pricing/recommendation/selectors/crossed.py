"""Prices that lie outside the limits of recommendations. People may propose and approve them all the same."""

from collections.abc import Sequence
from decimal import Decimal

from pricing.recommendation.core.limits import Limit, crossed_limit, price_limits
from pricing.recommendation.selectors.pricing_inputs import price_facts, price_group, strategy_of


def limits_crossed(prices: Sequence[tuple[str, Decimal]]) -> list[Limit | None]:
    """Of each product and new price the limit that the price lies beyond now, or None; as many queries as `price_facts`.

    None also where a product is unknown, a service or without a price: nothing is recommended for it.
    """
    facts = {
        code: each for code, each in price_facts([code for code, _ in prices]).items() if not each.obstacle
    }
    if not facts:
        return [None] * len(prices)
    members = list(facts.values())
    group = price_group(strategy_of(members[0].policy), members)
    limits = price_limits(group.inputs, group.constraints)
    place = {each.code: index for index, each in enumerate(members)}
    return [
        crossed_limit(price, limits.of_product(place[code])) if code in place else None
        for code, price in prices
    ]
