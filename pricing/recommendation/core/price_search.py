"""The best price among those that are allowed."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from pricing.elasticity.core.demand import FloatArray
from pricing.recommendation.core.guardrails import CentArray, endings_near
from pricing.recommendation.core.inputs import REVENUE, BoolArray, PricingInputs, PricingStrategy
from pricing.recommendation.core.uncertainty import alongside, expected_share

GRID: Final = 33
"""Prices looked at in each round of the search."""

NARROW_ENOUGH: Final = 0.005

ENDING_KEEPS: Final = 0.5
"""Least share of what the best price to the cent gains that a price with an ending has to gain."""

WORTH_AN_ENDING: Final = 0.01
"""Least gain for which a price may end otherwise, as a fraction of what the present price brings ..."""

WORTH_AN_ENDING_BY_RULE: Final = 0.05
"""... and least change a rule has to ask for, as a fraction of the present price."""


@dataclass(frozen=True, slots=True)
class BestPrices:
    """The best allowed price of each of P products.

    Attributes
    ----------
    price : (P,)
    better : (P,) it is expected to bring more than the present price; under a rule, it is another price.
    """

    price: FloatArray
    better: BoolArray


def best_in_interval(
    value: Callable[[FloatArray], FloatArray], low: FloatArray, high: FloatArray
) -> FloatArray:
    """Price (P,) of greatest value between two bounds, to half a cent.

    A grid over the interval, then over the two cells around its best point, until these are narrow. Right
    also where the value has several tops, as long as they are wider than a cell of the first grid.

    Parameters
    ----------
    value : of prices (P, K), one row per product.
    low, high : (P,) bounds, low <= high.
    """
    steps, rows = np.linspace(0, 1, GRID), np.arange(low.size)
    left, right = low, high
    while True:
        grid = left[:, None] + (right - left)[:, None] * steps
        top = value(grid).argmax(axis=1)
        if np.max(right - left, initial=0.0) <= NARROW_ENOUGH:
            return np.asarray(np.clip(grid[rows, top], low, high))
        left, right = grid[rows, np.maximum(top - 1, 0)], grid[rows, np.minimum(top + 1, GRID - 1)]


def expected_value(price: FloatArray, offers: PricingInputs, approach: PricingStrategy) -> FloatArray:
    """Expected profit at prices (P,) or (P, K) of one unit sold today; revenue where that is the aim."""
    cost = np.zeros(offers.count) if approach.strategy == REVENUE else offers.cost
    return (price - alongside(cost, price)) * expected_share(price, offers, approach.demand_model)


def best_prices(
    offers: PricingInputs, low: CentArray, high: CentArray, aim: FloatArray, approach: PricingStrategy
) -> BestPrices:
    """Choose the best allowed price of each of P products.

    By strategy "profit" or "revenue" the one with the highest expectation, the present price left aside; by a rule the
    one nearest to what the rule says. It ends as it should, unless the endings lie so far apart that more than half
    of the gain would be lost for their sake: then it is the best price to the cent, if that gains 1 % or more. (By a
    rule the gain is the way towards its price, and the least of it 5 % of the present one.)

    Parameters
    ----------
    offers : of P products whose elasticity, and cost where the strategy needs it, are known.
    low, high : (P,) cents, first and last allowed price, low <= high.
    aim : (P,) price the strategy aims at; used by rules, may be infinite.
    """

    def value(price: FloatArray) -> FloatArray:
        if approach.is_rule:
            return -np.abs(price - alongside(target, price))
        return expected_value(price, offers, approach)

    target = np.clip(aim, low / 100, high / 100)
    if not approach.is_rule:
        target = best_in_interval(value, low / 100, high / 100)
    present = value(offers.price)
    price, worth = _best_ending(value, target, low, high, approach.endings, offers.price)
    to_the_cent, most = _best_ending(value, target, low, high, (), offers.price)
    gain, most_gain = worth - present, most - present
    least = WORTH_AN_ENDING_BY_RULE * offers.price if approach.is_rule else WORTH_AN_ENDING * np.abs(present)
    coarse = (gain < ENDING_KEEPS * most_gain) & (most_gain >= least)
    price, worth = np.where(coarse, to_the_cent, price), np.where(coarse, most, worth)
    found = np.isfinite(worth)
    return BestPrices(np.where(found, price, offers.price), found & (worth > present))


def _best_ending(
    value: Callable[[FloatArray], FloatArray],
    target: FloatArray,
    low: CentArray,
    high: CentArray,
    endings: tuple[int, ...],
    now: FloatArray,
) -> tuple[FloatArray, FloatArray]:
    """The price (P,) of greatest value with one of the endings, next to a target or to a bound, and its value.

    Expected revenue may have a top at either bound: the ending next to the lower top can be worth more than the one
    next to the higher. The present price is left aside; where there is no other, the value is -inf.
    """
    near = [endings_near(place, low, high, endings) for place in (target, low / 100, high / 100)]
    cents, allowed = (np.concatenate(parts, axis=1) for parts in zip(*near, strict=True))
    # Below a price of 1.00 an ending may lie at or below 0: never allowed, yet to be computed with.
    prices = np.maximum(cents, 1) / 100
    other = ~np.isclose(prices, now[:, None], rtol=0, atol=1e-6)
    worth = np.where(allowed & other, value(prices), -np.inf)
    rows, best = np.arange(now.size), worth.argmax(axis=1)
    return prices[rows, best], worth[rows, best]
