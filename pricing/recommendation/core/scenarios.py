"""Prices worth comparing, each by a name, and the comparison."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

import numpy as np

from elastix.currency import Currency
from pricing.elasticity.core.demand import AVERAGE, DemandModel
from pricing.recommendation.core.impact import DECREASE, Impact, project_impact
from pricing.recommendation.core.inputs import PROFIT, REVENUE, PricingInputs, Strategy
from pricing.recommendation.core.optimum import best_prices, price_endings_near
from pricing.recommendation.core.recommendation import Recommendation
from pricing.sales.core.arrays import BoolArray, FloatArray, IntArray

BASELINE: Final = "Current price"
CONSERVATIVE: Final = "Conservative"
RECOMMENDED: Final = "Recommended"
AGGRESSIVE: Final = "Aggressive"

MAXIMIZE_PROFIT: Final = "maximize-profit"
MAXIMIZE_REVENUE: Final = "maximize-revenue"
BALANCED: Final = "balanced"
PREMIUM: Final = "premium"
MARKET_LEADER: Final = "market-leader"
PRESETS: Final = (MAXIMIZE_PROFIT, MAXIMIZE_REVENUE, BALANCED, PREMIUM, MARKET_LEADER)

CONSERVATIVE_SHARE: Final = 1 / 3
AGGRESSIVE_SHARE: Final = 2.0
"""Of the recommended change: from 12.99 with 14.49 recommended, the 13.49 and 15.99 of the source document's example."""

SMALL_STEP: Final = 0.05
LARGE_STEP: Final = 0.15
"""Fractions of the price for the outer scenarios, where the price is to stay."""

_HIGHEST: Final = 10**12
_SLACK: Final = 1e-6


@dataclass(frozen=True, slots=True)
class Scenario:
    """A price by its name."""

    name: str
    price: Decimal


@dataclass(frozen=True, slots=True)
class Comparison:
    """Scenarios of one product side by side.

    Attributes
    ----------
    scenarios : (K,) as asked, after the baseline.
    impact : of each, arrays (K,).
    rank : (K,) 1 for the most projected profit; for the most revenue where the cost is unknown. Ties keep their order.
    """

    scenarios: tuple[Scenario, ...]
    impact: Impact
    rank: IntArray


def steps_towards(recommendation: Recommendation, index: int) -> tuple[Scenario, ...]:
    """Return the scenarios Conservative, Recommended and Aggressive for one product.

    Conservative goes a third of the recommended way, Aggressive goes it twice: that may lie beyond the limits, as a
    question and not as advice. Where the price is to stay, they try 5 % and 15 % in the direction worth taking, upwards
    where there is none. Prices end as the strategy allows where that leaves them on their side of the present and of the
    recommended price, and in whole cents elsewhere.
    """
    now, price = recommendation.inputs.price[index], recommendation.price[index]
    currency = recommendation.inputs.currency
    if recommendation.moved[index]:
        small, large = CONSERVATIVE_SHARE * (price - now), AGGRESSIVE_SHARE * (price - now)
    else:
        sign = -1 if recommendation.impact.direction[index] == DECREASE else 1
        small, large = sign * SMALL_STEP * now, sign * LARGE_STEP * now
    low, high = _side(currency.per_one * float(now), upwards=bool(small > 0))
    if recommendation.moved[index]:
        advised = round(currency.per_one * float(price))
        if small > 0:
            high[0], low[1] = max(advised - 1, low[0]), advised + 1
        else:
            low[0], high[1] = min(advised + 1, high[0]), max(advised - 1, 1)
    asked = np.clip(np.array([now + small, now + large]), low / currency.per_one, high / currency.per_one)
    near = _nearest(asked, low, high, recommendation.strategy.price_endings, currency)
    return (
        Scenario(CONSERVATIVE, _exact(near[0], currency)),
        Scenario(RECOMMENDED, _exact(price, currency)),
        Scenario(AGGRESSIVE, _exact(near[1], currency)),
    )


def preset_prices(
    recommendation: Recommendation, cheapest_competitor: FloatArray | None = None
) -> dict[str, FloatArray]:
    """Prices (P,) that the named presets stand for: allowed ones, or the present one; nan where it is not known.

    maximize-profit, maximize-revenue : the allowed price with the highest expectation, however sure the gain is; the
        present price where none is better.
    balanced : half-way between these two.
    premium : the highest allowed price.
    market-leader : the highest allowed price below the cheapest competitor; without one, or with one below all
        allowed prices, the lowest allowed price. "Leader" as in price leader: the cheapest in the market.

    Parameters
    ----------
    recommendation : of P products; model and endings are its own.
    cheapest_competitor : (P,) nan where there is none.
    """
    inputs, limits = recommendation.inputs, recommendation.limits
    endings, currency = recommendation.strategy.price_endings, inputs.currency
    cent = currency.per_one
    some = limits.feasible & limits.floor_known
    known = some & (inputs.elasticity < 0)
    prices = {
        MAXIMIZE_PROFIT: _best(recommendation, known & ~np.isnan(inputs.cost), PROFIT),
        MAXIMIZE_REVENUE: _best(recommendation, known, REVENUE),
        **{name: np.full(inputs.count, np.nan) for name in (BALANCED, PREMIUM, MARKET_LEADER)},
    }
    low, high = limits.low[some], limits.high[some]
    middle = (prices[MAXIMIZE_PROFIT] + prices[MAXIMIZE_REVENUE])[some] / 2
    near = _nearest(np.clip(np.nan_to_num(middle), low / cent, high / cent), low, high, endings, currency)
    prices[BALANCED][some] = np.where(np.isnan(middle), np.nan, near)
    prices[PREMIUM][some] = _highest_up_to(high, low, high, endings, currency)
    rival = np.zeros(inputs.count) if cheapest_competitor is None else np.nan_to_num(cheapest_competitor)
    undercut = np.ceil(cent * rival[some] - _SLACK).astype(np.int64) - 1
    prices[MARKET_LEADER][some] = _highest_up_to(undercut, low, high, endings, currency)
    return prices


def compare(
    inputs: PricingInputs,
    scenarios: Sequence[Scenario],
    model: DemandModel = AVERAGE,
    demand_factor: float = 1.0,
) -> Comparison:
    """Project the scenarios of one product beside its present price, and rank them.

    Parameters
    ----------
    inputs : of one product.
    scenarios : to compare; the baseline is put before them.
    demand_factor : as for `project_impact`.

    Raises
    ------
    ValueError
        If there is not exactly one product, or as `project_impact`.
    """
    if inputs.count != 1:
        raise ValueError("Scenarios are compared for one product.")
    now = Scenario(BASELINE, _exact(inputs.price[0], inputs.currency))
    rows = (now, *scenarios)
    prices = np.array([float(inputs.price[0]), *(float(scenario.price) for scenario in scenarios)])
    repeated = inputs.take(np.zeros(len(rows), np.int64))
    impact = project_impact(repeated, prices, model, demand_factor)
    worth = impact.projected.revenue if np.isnan(inputs.cost[0]) else impact.projected.profit
    rank = np.empty(len(rows), np.int64)
    rank[np.argsort(-worth, kind="stable")] = np.arange(1, len(rows) + 1)
    return Comparison(rows, impact, rank)


def _best(recommendation: Recommendation, usable: BoolArray, strategy: Strategy) -> FloatArray:
    """Allowed price (P,) with the highest expectation, the present one where it is not beaten, nan where not usable."""
    inputs, limits = recommendation.inputs, recommendation.limits
    some = inputs.take(usable)
    best, better = best_prices(
        some,
        limits.low[usable],
        limits.high[usable],
        some.price,
        replace(recommendation.strategy, strategy=strategy),
    )
    price = np.full(inputs.count, np.nan)
    price[usable] = np.where(better, best, some.price)
    return price


def _side(cents: float, upwards: bool) -> tuple[IntArray, IntArray]:
    """Whole cents above, or below, a price in cents: first and last, for two prices asked."""
    if upwards:
        return np.full(2, int(np.floor(cents + _SLACK)) + 1), np.full(2, _HIGHEST)
    return np.ones(2, np.int64), np.full(2, max(int(np.ceil(cents - _SLACK)) - 1, 1))


def _nearest(
    price: FloatArray, low: IntArray, high: IntArray, price_endings: tuple[int, ...], currency: Currency
) -> FloatArray:
    """Price (P,) next to a price from low to high (cents) with one of the endings, if such a price there is."""
    cents, allowed = price_endings_near(price, low, high, price_endings, currency)
    distance = np.where(allowed, np.abs(cents / currency.per_one - price[:, None]), np.inf)
    return np.asarray(cents[np.arange(price.size), distance.argmin(axis=1)] / currency.per_one)


def _highest_up_to(
    limit: IntArray, low: IntArray, high: IntArray, price_endings: tuple[int, ...], currency: Currency
) -> FloatArray:
    """Highest price (P,) with one of the endings from low to a limit; to the cent where none ends so.

    Where the limit lies below low: the lowest allowed price.
    """
    at = np.clip(limit, low, high) / currency.per_one
    cents, allowed = price_endings_near(at, low, high, price_endings, currency)
    under = np.where(allowed & (cents <= limit[:, None]), cents, 0).max(axis=1)
    lowest = np.where(allowed, cents, _HIGHEST).min(axis=1)
    return np.asarray(np.select([under > 0, limit >= low], [under, limit], lowest) / currency.per_one)


def _exact(price: float, currency: Currency) -> Decimal:
    return currency.money(price) or Decimal(0)
