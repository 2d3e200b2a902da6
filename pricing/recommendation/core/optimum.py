"""The price that a strategy aims at, before any limit, and the best price among those that are allowed."""

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from elastix.currency import TWO_DECIMALS, Currency
from pricing.elasticity.core.demand import (
    AVERAGE,
    CONSTANT_ELASTICITY,
    EQUAL_SHARES,
    LINEAR,
    DemandModel,
    demand,
)
from pricing.recommendation.core.constants import (
    ENDING_KEEPS,
    WORTH_AN_ENDING,
    WORTH_AN_ENDING_BY_RULE,
)
from pricing.recommendation.core.inputs import (
    MARKUP,
    PROFIT,
    REVENUE,
    PriceConstraints,
    PricingInputs,
    PricingStrategy,
)
from pricing.recommendation.core.margins import as_floats, markup_from_margin
from pricing.recommendation.core.uncertainty import alongside, expected_share
from pricing.sales.core.arrays import BoolArray, FloatArray, IntArray

FORMULA_CEILING: Final = 5.0
"""Times the cost: beyond it the formula of a target margin is not believed ..."""

FORMULA_INSTEAD: Final = 2.5
"""... and this many times the cost is taken instead (section 16; decision 10)."""

_NEARLY_INELASTIC: Final = -1e-9
_FARTHEST_OPTIMUM: Final = 1000.0

GRID: Final = 33
"""Prices looked at in each round of the search."""

NARROW_ENOUGH: Final = 0.5
"""Of the smallest unit of the currency."""


_SLACK: Final = 1e-6


def linear_profit_optimum(price: ArrayLike, cost: ArrayLike, elasticity: ArrayLike) -> FloatArray:
    """Price of most profit under linear demand, (c + p0 (1 - 1/E)) / 2; nan where E is not below 0.

    The middle between the cost and the price at which demand ends. Finite for every E < 0.

    Parameters
    ----------
    price : present price p0, where demand has the elasticity E; broadcasts with the cost and the elasticity.
    """
    p0, c, e = as_floats(price, cost, elasticity)
    ends = p0 * (1 - 1 / np.where(e < 0, np.minimum(e, _NEARLY_INELASTIC), -1.0))
    return np.asarray(np.where(e < 0, (c + ends) / 2, np.nan))


def linear_revenue_optimum(price: ArrayLike, elasticity: ArrayLike) -> FloatArray:
    """Price of most revenue under linear demand, p0 (1 - 1/E) / 2; nan where E is not below 0."""
    return linear_profit_optimum(price, 0.0, elasticity)


def lerner_price(cost: ArrayLike, elasticity: ArrayLike) -> FloatArray:
    """Price of most profit under constant elasticity, c E / (1 + E); nan where E >= -1: profit has no top.

    Lerner (1934). Also written C / (1 + 1/E), and sometimes called the price of most revenue.
    """
    c, e = as_floats(cost, elasticity)
    elastic = e < -1
    safe = np.where(elastic, e, -2.0)
    return np.asarray(np.where(elastic, c * safe / (1 + safe), np.nan))


def formula_price(cost: ArrayLike, target_margin: ArrayLike, elasticity: ArrayLike) -> FloatArray:
    """Price by the formula C (1 + M) / (1 + 1/E), to the letter; nan where it divides by 0 (E = -1, E = 0).

    It is Lerner's price times (1 + M), negative for -1 < E < 0. Never a price to charge as it stands.

    Parameters
    ----------
    cost, target_margin, elasticity : they broadcast; M is a fraction, and here a markup on the cost.
    """
    c, m, e = as_floats(cost, target_margin, elasticity)
    defined = (e != 0) & (e != -1)
    safe = np.where(defined, e, 1.0)
    return np.asarray(np.where(defined, c * (1 + m) * safe / (safe + 1), np.nan))


def believed_formula_price(cost: ArrayLike, target_margin: ArrayLike, elasticity: ArrayLike) -> FloatArray:
    """Price that strategy "target_margin" aims at: that of `formula_price`, 2.5 C where it says more than 5 C.

    Infinite for -1 <= E < 0, where the price it is a multiple of has no top, nan for E >= 0. docs/seeds.md, section 16.
    """
    c, m, e = as_floats(cost, target_margin, elasticity)
    price = formula_price(c, m, e)
    price = np.where(price > FORMULA_CEILING * c, FORMULA_INSTEAD * c, price)
    price = np.where((e >= -1) & ~np.isnan(m * c), np.inf, price)
    return np.asarray(np.where(e < 0, price, np.nan))


def markup_price(cost: ArrayLike, markup: ArrayLike) -> FloatArray:
    """Cost plus a fraction of the cost, C (1 + markup)."""
    c, m = as_floats(cost, markup)
    return np.asarray(c * (1 + m))


def revenue_optimum(
    price: ArrayLike,
    elasticity: ArrayLike,
    model: DemandModel = AVERAGE,
    currency: Currency = TWO_DECIMALS,
    linear_share: float = EQUAL_SHARES,
) -> FloatArray:
    """Price of most revenue.

    Under constant elasticity revenue has no top: it rises with price for E > -1 (the result is inf) and falls for
    E < -1 (0); at E = -1 it is the same at every price, and the result is the base price. nan where E >= 0.
    """
    p0, e = np.broadcast_arrays(*as_floats(price, elasticity))
    if model == CONSTANT_ELASTICITY:
        return np.asarray(np.where(e < 0, np.select([e > -1, e < -1], [np.inf, 0.0], p0), np.nan))
    return profit_optimum(p0, 0.0, e, model, currency, linear_share)


def profit_optimum(
    price: ArrayLike,
    cost: ArrayLike,
    elasticity: ArrayLike,
    model: DemandModel = AVERAGE,
    currency: Currency = TWO_DECIMALS,
    linear_share: float = EQUAL_SHARES,
) -> FloatArray:
    """Price of most profit.

    Under constant elasticity inf where -1 <= E < 0: profit rises with price without limit. Under the average of both
    demand curves the best price below the one at which linear demand ends. nan where E >= 0.

    Parameters
    ----------
    price : base price p0, where demand has the elasticity E; broadcasts with the cost and the elasticity.
    linear_share : weight of linear demand in the average.
    """
    if model == LINEAR:
        return linear_profit_optimum(price, cost, elasticity)
    p0, c, e = np.broadcast_arrays(*as_floats(price, cost, elasticity))
    if model == CONSTANT_ELASTICITY:
        unlimited = (e >= -1) & (e < 0) & ~np.isnan(c)
        return np.asarray(np.where(unlimited, np.inf, lerner_price(c, e)))
    usable = (e < 0) & ~np.isnan(c)
    found = np.full(e.shape, np.nan)
    p0, c, e = p0[usable], c[usable], e[usable]
    ends = p0 * (1 - 1 / np.minimum(e, _NEARLY_INELASTIC))

    def profit(at: FloatArray) -> FloatArray:
        base, cost, elastic = (alongside(each, at) for each in (p0, c, e))
        return (at - cost) * demand(at, base, 1.0, elastic, model, linear_share)

    # Below half of the base price constant elasticity promises sales that nobody has seen.
    low = np.minimum(np.maximum(c, p0 / 2), ends)
    found[usable] = best_in_interval(profit, low, np.minimum(ends, _FARTHEST_OPTIMUM * p0), currency)
    return found


def strategy_optimum(
    inputs: PricingInputs, constraints: PriceConstraints, strategy: PricingStrategy
) -> FloatArray:
    """Price (P,) that the strategy aims at before any limit; nan where something it needs is unknown.

    Infinite where the aim has no top, so that only a limit ends it; nan where E >= 0.
    """
    model, e, share = strategy.demand_model, inputs.elasticity, inputs.linear_share
    if strategy.strategy == PROFIT:
        return profit_optimum(inputs.base_price, inputs.cost, e, model, inputs.currency, share)
    if strategy.strategy == REVENUE:
        return revenue_optimum(inputs.base_price, e, model, inputs.currency, share)
    if strategy.strategy == MARKUP:
        fraction = np.where(
            np.isnan(constraints.markup), markup_from_margin(constraints.target_margin), constraints.markup
        )
        return np.asarray(np.where(e < 0, markup_price(inputs.cost, fraction), np.nan))
    return believed_formula_price(inputs.cost, constraints.target_margin, e)


# --- among the allowed prices ----------------------------------------------------------------------


def best_in_interval(
    value: Callable[[FloatArray], FloatArray],
    low: FloatArray,
    high: FloatArray,
    currency: Currency = TWO_DECIMALS,
) -> FloatArray:
    """Price (P,) of greatest value between two bounds, to half of the currency's smallest unit.

    A grid over the interval, then over the two cells around its best point, until these are narrow. Right
    also where the value has several tops, as long as they are wider than a cell of the first grid.

    Parameters
    ----------
    value : of prices (P, K), one row per product.
    low, high : (P,) bounds, low <= high.
    """
    steps, rows = np.linspace(0, 1, GRID), np.arange(low.size)
    narrow = NARROW_ENOUGH / currency.per_one
    left, right = low, high
    while True:
        grid = left[:, None] + (right - left)[:, None] * steps
        top = value(grid).argmax(axis=1)
        if np.max(right - left, initial=0.0) <= narrow:
            return np.asarray(np.clip(grid[rows, top], low, high))
        left, right = grid[rows, np.maximum(top - 1, 0)], grid[rows, np.minimum(top + 1, GRID - 1)]


def expected_value(price: FloatArray, inputs: PricingInputs, strategy: PricingStrategy) -> FloatArray:
    """Expected profit at prices (P,) or (P, K) of one unit sold at the base price; revenue where that is the aim."""
    cost = np.zeros(inputs.count) if strategy.strategy == REVENUE else inputs.cost
    return (price - alongside(cost, price)) * expected_share(price, inputs, strategy.demand_model)


def best_prices(
    inputs: PricingInputs, low: IntArray, high: IntArray, aim: FloatArray, strategy: PricingStrategy
) -> tuple[FloatArray, BoolArray]:
    """Best allowed price (P,) of each of P products, and whether it is expected to bring more than the present one.

    Under a rule, the latter says that it is another price.

    By strategy "profit" or "revenue" the one with the highest expectation, the present price left aside; by a rule the
    one nearest to what the rule says. It ends as it should, unless the endings lie so far apart that more than half
    of the gain would be lost for their sake: then it is the best price to the cent, if that gains 1 % or more. (By a
    rule the gain is the way towards its price, and the least of it 5 % of the present one.)

    Parameters
    ----------
    inputs : of P products whose elasticity, and cost where the strategy needs it, are known.
    low, high : (P,) cents, first and last allowed price, low <= high.
    aim : (P,) price the strategy aims at; used by rules, may be infinite.
    """

    def value(price: FloatArray) -> FloatArray:
        if strategy.is_rule:
            return -np.abs(price - alongside(target, price))
        return expected_value(price, inputs, strategy)

    currency = inputs.currency
    first, last = low / currency.per_one, high / currency.per_one
    target = np.clip(aim, first, last)
    if not strategy.is_rule:
        target = best_in_interval(value, first, last, currency)
    present = value(inputs.price)
    price, worth = _best_ending(value, target, low, high, strategy.price_endings, inputs)
    to_the_cent, most = _best_ending(value, target, low, high, (), inputs)
    gain, most_gain = worth - present, most - present
    least = WORTH_AN_ENDING_BY_RULE * inputs.price if strategy.is_rule else WORTH_AN_ENDING * np.abs(present)
    coarse = (gain < ENDING_KEEPS * most_gain) & (most_gain >= least)
    price, worth = np.where(coarse, to_the_cent, price), np.where(coarse, most, worth)
    found = np.isfinite(worth)
    return np.where(found, price, inputs.price), found & (worth > present)


def _best_ending(
    value: Callable[[FloatArray], FloatArray],
    target: FloatArray,
    low: IntArray,
    high: IntArray,
    price_endings: tuple[int, ...],
    inputs: PricingInputs,
) -> tuple[FloatArray, FloatArray]:
    """The price (P,) of greatest value with one of the endings, next to a target or to a bound, and its value.

    Expected revenue may have a top at either bound: the ending next to the lower top can be worth more than the one
    next to the higher. The present price is left aside; where there is no other, the value is -inf.
    """
    now, cent = inputs.price, inputs.currency.per_one
    near = [
        price_endings_near(place, low, high, price_endings, inputs.currency)
        for place in (target, low / cent, high / cent)
    ]
    cents, allowed = (np.concatenate(parts, axis=1) for parts in zip(*near, strict=True))
    # Of a price with no more digits than the endings have, one may lie at or below 0: never allowed, yet to be computed with.
    prices = np.maximum(cents, 1) / cent
    other = ~np.isclose(prices, now[:, None], rtol=0, atol=1e-6)
    worth = np.where(allowed & other, value(prices), -np.inf)
    rows, best = np.arange(now.size), worth.argmax(axis=1)
    return prices[rows, best], worth[rows, best]


def price_endings_near(
    price: FloatArray,
    low: IntArray,
    high: IntArray,
    price_endings: tuple[int, ...],
    currency: Currency = TWO_DECIMALS,
) -> tuple[IntArray, BoolArray]:
    """Prices next to a price, two on either side: with one of the endings, or whole cents where none is allowed.

    Parameters
    ----------
    price : (P,) within the allowed prices.
    low, high : (P,) cents, first and last allowed price.
    price_endings : last digits, as many as the currency's own endings have; none means any cent.

    Returns
    -------
    cents, allowed : (P, K) prices in cents, and which of them lie from low to high. With one of the endings anywhere
        from low to high, at least one of the results is. Two on a side, because the nearest may be the present price.
    """
    at = np.floor(currency.per_one * price + _SLACK).astype(np.int64)[:, None]
    neighbours = np.clip(at + np.array([0, 1, -1, 2]), low[:, None], high[:, None])
    if not price_endings:
        return neighbours, np.ones(neighbours.shape, np.bool_)
    digits = np.array(sorted(set(price_endings)), np.int64)
    apart = 10**currency.ending_digits
    below = at - (at - digits) % apart
    ended = np.concatenate([below, below + apart, below - apart, below + 2 * apart], axis=1)
    inside = (ended >= low[:, None]) & (ended <= high[:, None])
    none = ~inside.any(axis=1, keepdims=True)
    allowed = np.concatenate([inside, np.broadcast_to(none, neighbours.shape)], axis=1)
    return np.concatenate([ended, neighbours], axis=1), np.asarray(allowed)
