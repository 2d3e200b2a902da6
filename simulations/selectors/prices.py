"""What other prices would do to one product in 30 days: one price, scenarios, the demand curve, the profit.

All four read the same facts and use the same projection, so they agree to the cent.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Final

import numpy as np

from elastix.currency import TWO_DECIMALS, Currency
from elastix.errors import FieldError, Invalid, NotFound
from pricing.elasticity.core.demand import DemandModel
from pricing.elasticity.models import EvidenceClass, Grade
from pricing.elasticity.selectors.substitutes import substitute_elasticity
from pricing.recommendation.core import recommendation as why
from pricing.recommendation.core.impact import Impact, demand_curve, one_of, project_impact
from pricing.recommendation.core.inputs import PricingInputs
from pricing.recommendation.core.limits import is_extrapolation, price_limits
from pricing.recommendation.core.margins import ProfitAnalysis, analyse_profit_margin
from pricing.recommendation.core.recommendation import Recommendation
from pricing.recommendation.core.scenarios import Scenario, compare, preset_prices, steps_towards
from pricing.recommendation.selectors.policies import Overrides
from pricing.recommendation.selectors.pricing_inputs import (
    WITHOUT_PRICE,
    PriceFacts,
    PriceGroup,
    price_group,
    pricing_inputs,
)
from pricing.recommendation.selectors.recommendations import OtherModel, other_model, recommendation_of
from pricing.sales.core.arrays import FloatArray
from pricing.sales.core.calendar import MONTH_DAYS
from simulations.selectors.periods import PRESENT_PRICE

NO_PRESET_PRICE: Final = "NO_PRESET_PRICE"
RANGE: Final = 0.3
"""A curve goes from 30 % below the present price to 30 % above it, by default."""

CURVE_POINTS: Final = 21


@dataclass(frozen=True, slots=True)
class ProjectedPrice:
    """What one price would do.

    Attributes
    ----------
    impact : of this price: numbers in place of arrays.
    allowed : whether policies and guardrails allow the price.
    rank : 1 for the most profit; for the most revenue where the cost is unknown.
    margins : what a unit earns at this price: numbers in place of arrays.
    """

    impact: Impact
    allowed: bool = True
    name: str = ""
    rank: int = 0
    is_baseline: bool = False
    margins: ProfitAnalysis | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Projection:
    """Prices tried on one product, and what their projection rests on.

    Attributes
    ----------
    inputs : of the product: numbers in place of arrays.
    current, projected : the present price, and the one to try.
    prices : scenarios by rank, or a range from low to high.
    """

    facts: PriceFacts
    inputs: PricingInputs
    demand_model: DemandModel
    warnings: list[str]
    days: int = MONTH_DAYS
    base: str = PRESENT_PRICE
    demand_factor: float = 1.0
    response_factor: float = 1.0
    fixed_costs: float | None = None
    current: ProjectedPrice | None = None
    projected: ProjectedPrice | None = None
    prices: Sequence[ProjectedPrice] = ()
    other_model: OtherModel | None = None


def product_to_price(
    code: str, *, demand_model: DemandModel | None = None, cost: Decimal | None = None
) -> PriceGroup:
    """Read what is needed to project one product's prices: a group of one.

    Raises
    ------
    NotFound : there is nothing to project from: an unknown product, a service or no price.
    """
    groups, without_price = pricing_inputs([code], Overrides(demand_model=demand_model), cost)
    for facts in without_price:
        raise NotFound(f"{code}: {WITHOUT_PRICE[facts.obstacle]}")
    if not groups:
        raise NotFound(f"There is no product {code!r}.")
    return with_elasticity(groups[0])


def with_elasticity(group: PriceGroup) -> PriceGroup:
    """A group of one product, with the elasticity of its category or the shop where it has none of its own."""
    facts = group.facts[0]
    if facts.elasticity is not None:
        return group
    stand_in = substitute_elasticity(facts.category)
    borrowed = replace(
        facts,
        elasticity=stand_in.elasticity,
        std_error=stand_in.std_error,
        grade=Grade.D.value,
        evidence=EvidenceClass.BORROWED.value,
        flags=(stand_in.source, *facts.flags),
    )
    return price_group(group.strategy, [borrowed])


def price_simulation(
    code: str,
    *,
    new_price: Decimal,
    cost: Decimal | None,
    demand_factor: float,
    response_factor: float,
    demand_model: DemandModel | None,
) -> Projection:
    """What another price would do to a product.

    Parameters
    ----------
    cost : to be tried in place of the product's, before and after the change.
    demand_factor : demand after the change as a multiple of the present one, for other reasons than price.
    response_factor : the elasticity to try as a multiple of the estimate; its error grows along.

    Raises
    ------
    NotFound : as `product_to_price`.
    """
    group = product_to_price(code, demand_model=demand_model, cost=cost)
    return simulation_of(
        group, new_price=new_price, demand_factor=demand_factor, response_factor=response_factor
    )


def simulation_of(
    group: PriceGroup, *, new_price: Decimal, demand_factor: float, response_factor: float
) -> Projection:
    """What another price would do to the one product of a group; as `price_simulation`."""
    group = answering(group, response_factor)
    prices = np.array([float(new_price)])
    impact = project_impact(group.inputs, prices, group.strategy.demand_model, demand_factor)
    (projected,) = _projected(group, impact)
    return _projection(
        group,
        _warnings(group, impact),
        demand_factor=demand_factor,
        response_factor=response_factor,
        projected=projected,
        other_model=other_model(projected.impact, group.strategy.demand_model),
    )


def price_scenarios(
    code: str,
    *,
    scenarios: Sequence[tuple[str, Decimal | None]],
    cost: Decimal | None,
    demand_factor: float,
    demand_model: DemandModel | None,
) -> Projection:
    """Compare prices of a product with its present one, the best first.

    Parameters
    ----------
    scenarios : names and prices; without a price the name is that of a preset. None at all: a careful step towards the
        recommended price, that price, and a bold one.
    cost, demand_factor : as for `price_simulation`.

    Raises
    ------
    NotFound : as `product_to_price`.
    """
    group = product_to_price(code, demand_model=demand_model, cost=cost)
    return scenarios_of(group, scenarios, demand_factor=demand_factor)


def scenarios_of(
    group: PriceGroup,
    scenarios: Sequence[tuple[str, Decimal | None]] = (),
    *,
    demand_factor: float,
    response_factor: float = 1.0,
    recommended: Recommendation | None = None,
) -> Projection:
    """Compare prices of the one product of a group; as `price_scenarios`.

    Parameters
    ----------
    response_factor : how buyers answer to all of the prices; which prices they are stays with the estimate.
    recommended : what is recommended for the group, where that is known already.
    """
    asked, without = _scenarios(group, recommended or recommendation_of(group), scenarios)
    group = answering(group, response_factor)
    found = compare(group.inputs, asked, group.strategy.demand_model, demand_factor)
    rows = _projected(group, found.impact, [each.name for each in found.scenarios], found.rank.tolist())
    warnings = [*(f"{NO_PRESET_PRICE}: {name}" for name in without), *_warnings(group)]
    rows.sort(key=lambda row: row.rank)
    return _projection(
        group, warnings, demand_factor=demand_factor, response_factor=response_factor, prices=rows
    )


def demand_over_prices(
    code: str,
    *,
    min_price: Decimal | None,
    max_price: Decimal | None,
    points: int,
    cost: Decimal | None,
    demand_factor: float,
    response_factor: float,
    demand_model: DemandModel | None,
) -> Projection:
    """Units, revenue and profit of a product at prices from low to high.

    Parameters
    ----------
    cost, demand_factor, response_factor : as for `price_simulation`.

    Raises
    ------
    NotFound : as `product_to_price`.
    Invalid : the prices are in the wrong order.
    """
    group = product_to_price(code, demand_model=demand_model, cost=cost)
    return curve_of(
        group, min_price, max_price, points, demand_factor=demand_factor, response_factor=response_factor
    )


def curve_of(
    group: PriceGroup,
    min_price: Decimal | None = None,
    max_price: Decimal | None = None,
    points: int = CURVE_POINTS,
    *,
    demand_factor: float = 1.0,
    response_factor: float = 1.0,
) -> Projection:
    """Units, revenue and profit of the one product of a group; as `demand_over_prices`."""
    group = answering(group, response_factor)
    prices = price_grid(float(group.inputs.price[0]), min_price, max_price, points, group.inputs.currency)
    impact = demand_curve(group.inputs, prices, group.strategy.demand_model, demand_factor)
    points_of_curve = [ProjectedPrice(one_of(impact, index)) for index in range(prices.size)]
    return _projection(
        group,
        _warnings(group),
        demand_factor=demand_factor,
        response_factor=response_factor,
        prices=points_of_curve,
    )


def answering(group: PriceGroup, response_factor: float) -> PriceGroup:
    """A group whose buyers answer to price by a multiple of what was estimated; the error grows along."""
    estimated = group.inputs
    elasticity, error = response_factor * estimated.elasticity, response_factor * estimated.std_error
    return replace(group, inputs=replace(estimated, elasticity=elasticity, std_error=error))


def prices_compared(group: PriceGroup, prices: FloatArray) -> Projection:
    """Project a group of one product to prices: the present one, one to look at, and any others."""
    impact = demand_curve(group.inputs, prices, group.strategy.demand_model)
    allowed = price_limits(group.inputs, group.constraints).allows(prices) | (prices == group.inputs.price[0])
    rows = [ProjectedPrice(one_of(impact, i), bool(allowed[i])) for i in range(prices.size)]
    return _projection(group, _warnings(group), current=rows[0], projected=rows[1], prices=rows[2:])


def profit_impact(
    code: str, *, new_price: Decimal | None, fixed_costs: Decimal | None, demand_model: DemandModel | None
) -> Projection:
    """Margins, profit and break-even of a product now, at another price, and over a range of prices.

    Parameters
    ----------
    fixed_costs : costs of 30 days that do not depend on what is sold.

    Raises
    ------
    NotFound : as `product_to_price`.
    """
    group = product_to_price(code, demand_model=demand_model)
    fixed = None if fixed_costs is None else float(fixed_costs)
    now = float(group.inputs.price[0])
    asked = [now] if new_price is None else [now, float(new_price)]
    prices = np.array([*asked, *price_grid(now, None, None, CURVE_POINTS, group.inputs.currency)])
    impact = demand_curve(group.inputs, prices, group.strategy.demand_model)
    net_prices = prices / group.inputs.tax_factor
    margins = analyse_profit_margin(net_prices, group.inputs.net_cost, impact.projected.quantity, fixed)
    rows = [ProjectedPrice(one_of(impact, i), margins=one_of(margins, i)) for i in range(prices.size)]
    return _projection(
        group,
        _warnings(group),
        fixed_costs=fixed,
        current=rows[0],
        projected=None if new_price is None else rows[1],
        prices=rows[len(asked) :],
    )


def price_grid(
    now: float,
    low: Decimal | None,
    high: Decimal | None,
    points: int,
    currency: Currency = TWO_DECIMALS,
) -> FloatArray:
    """Return prices in smallest units of the currency, evenly spaced: `points` of them, fewer where some would be the same.

    Raises
    ------
    Invalid : the lowest is not below the highest.
    """
    least, places = float(currency.unit), currency.decimals
    first = max(round(now * (1 - RANGE), places), least) if low is None else float(low)
    last = max(round(now * (1 + RANGE), places), 2 * least) if high is None else float(high)
    if first >= last:
        name = "max_price" if low is None else "min_price"
        raise Invalid(
            FieldError(name, f"The curve ends ({last}) before it begins ({first}): give both ends.")
        )
    return np.unique(np.round(np.linspace(first, last, points), places))


def _scenarios(
    group: PriceGroup, recommended: Recommendation, scenarios: Sequence[tuple[str, Decimal | None]]
) -> tuple[list[Scenario], list[str]]:
    """The prices to compare, and the presets that have no price here."""
    if not scenarios:
        return list(steps_towards(recommended, 0)), []
    competitors = group.facts[0].competitors
    cheapest = np.array([np.nan if competitors is None else float(competitors.lowest)])
    presets = {name: price[0] for name, price in preset_prices(recommended, cheapest).items()}
    found, without = [], []
    for name, price in scenarios:
        if price is not None:
            found.append(Scenario(name, price))
        elif np.isfinite(presets[name]):
            found.append(Scenario(name, group.inputs.currency.money(presets[name]) or Decimal(0)))
        else:
            without.append(name)
    return found, without


def _projected(
    group: PriceGroup, impact: Impact, names: Sequence[str] = ("",), ranks: Sequence[int] = (0,)
) -> list[ProjectedPrice]:
    """Return each price of an impact, in the impact's order; the present price is always allowed."""
    prices = impact.projected.price
    allowed = price_limits(group.inputs, group.constraints).allows(prices) | (prices == group.inputs.price[0])
    return [
        ProjectedPrice(one_of(impact, i), bool(allowed[i]), name, rank, is_baseline=i == 0)
        for i, (name, rank) in enumerate(zip(names, ranks, strict=True))
    ]


def _projection(group: PriceGroup, warnings: list[str], **found: Any) -> Projection:
    return Projection(
        facts=group.facts[0],
        inputs=one_of(group.inputs, 0),
        demand_model=group.strategy.demand_model,
        warnings=warnings,
        **found,
    )


def _warnings(group: PriceGroup, impact: Impact | None = None) -> list[str]:
    """Codes of what to keep in mind of the product and, where one price was asked, of that."""
    offers, facts = group.inputs, group.facts[0]
    applies = {
        why.POSITIVE_ELASTICITY: offers.elasticity[0] >= 0,
        why.NO_COST: np.isnan(offers.cost[0]),
        why.COST_ASSUMED: offers.cost_assumed[0],
        why.NO_RECENT_SALES: offers.quantity[0] == 0,
    }
    if impact is not None:
        price = impact.projected.price
        applies |= {
            why.BELOW_COST: price[0] < offers.cost[0],
            why.EXTRAPOLATION: is_extrapolation(price, group.constraints)[0],
            why.LARGE_CHANGE: impact.large_change[0],
        }
    return list(dict.fromkeys([*(name for name, yes in applies.items() if yes), *facts.flags]))
