"""What prices asked for would do to one product in 30 days: one price, scenarios, the demand curve, the profit.

All four read the same facts and use the same projection, so they agree to the cent.
"""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from elastix.errors import FieldError, Invalid, NotFound
from pricing.elasticity.core.demand import DemandModel
from pricing.recommendation.core import recommendation as why
from pricing.recommendation.core.impact import Impact, project_impact
from pricing.recommendation.core.impact import demand_curve as project_curve
from pricing.recommendation.core.limits import is_extrapolation, price_limits
from pricing.recommendation.core.margins import ProfitAnalysis, analyse_profit_margin
from pricing.recommendation.core.scenarios import Comparison, Scenario, compare, preset_prices, steps_towards
from pricing.recommendation.selectors.expected import effect, figures, interval, known
from pricing.recommendation.selectors.policies import Overrides
from pricing.recommendation.selectors.pricing_inputs import (
    WITHOUT_PRICE,
    PriceGroup,
    pricing_inputs,
)
from pricing.recommendation.selectors.recommendations import other_model, recommendation_of
from pricing.sales.core.calendar import MONTH_DAYS

FloatArray = NDArray[np.float64]

NO_PRESET_PRICE: Final = "NO_PRESET_PRICE"
RANGE: Final = 0.3
"""A curve goes from 30 % below the present price to 30 % above it, unless asked otherwise."""

CURVE_POINTS: Final = 21

_CHANGES = ("revenue", "profit", "quantity")


def product_to_price(
    code: str, *, demand_model: DemandModel | None = None, cost: Decimal | None = None
) -> PriceGroup:
    """Read what is needed to project one product's prices: a group of one.

    Raises
    ------
    NotFound : there is nothing to project from: an unknown product, a service, no price or no elasticity.
    """
    groups, without_price = pricing_inputs([code], Overrides(demand_model=demand_model), cost)
    for facts in without_price:
        raise NotFound(f"{code}: {WITHOUT_PRICE[facts.obstacle]}")
    if not groups:
        raise NotFound(f"There is no product {code!r}.")
    if groups[0].facts[0].elasticity is None:
        raise NotFound(f"{code} has no elasticity yet: it has no sales with a price.")
    return groups[0]


def price_simulation(
    code: str,
    *,
    new_price: Decimal,
    cost: Decimal | None,
    demand_factor: float,
    demand_model: DemandModel | None,
) -> dict[str, Any]:
    """What another price would do to a product.

    Parameters
    ----------
    cost : to be tried in place of the product's, before and after the change.
    demand_factor : how many times its present size demand is after the change, for other reasons than price.

    Raises
    ------
    NotFound : as `product_to_price`.
    """
    group = product_to_price(code, demand_model=demand_model, cost=cost)
    price = np.array([float(new_price)])
    impact = project_impact(group.inputs, price, group.strategy.demand_model, demand_factor)
    projected = effect(impact, 0)
    return {
        **_premises(group),
        "demand_factor": demand_factor,
        "current": projected["current"],
        "projected": projected["projected"],
        "impact": _changes(impact, 0),
        "recommendation": str(impact.direction[0]),
        "interval": projected["interval"],
        "probability_of_gain": projected["probability_of_gain"],
        "risk_level": str(impact.risk_level[0]),
        "allowed": bool(_allowed(group, price)[0]),
        "other_model": other_model(impact, 0, group),
        "warnings": _warnings(group, impact),
    }


def price_scenarios(
    code: str,
    *,
    scenarios: Sequence[tuple[str, Decimal | None]],
    cost: Decimal | None,
    demand_factor: float,
    demand_model: DemandModel | None,
) -> dict[str, Any]:
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
    asked, without = _scenarios(group, scenarios)
    comparison = compare(group.inputs, asked, group.strategy.demand_model, demand_factor)
    rows = [_scenario_row(group, comparison, index) for index in np.argsort(comparison.rank)]
    warnings = [f"{NO_PRESET_PRICE}: {name}" for name in without]
    return {
        **_premises(group),
        "demand_factor": demand_factor,
        "scenarios": rows,
        "warnings": [*warnings, *_warnings(group)],
    }


def _scenarios(
    group: PriceGroup, scenarios: Sequence[tuple[str, Decimal | None]]
) -> tuple[list[Scenario], list[str]]:
    """The prices to compare, and the presets whose price cannot be told."""
    found = recommendation_of(group)
    if not scenarios:
        return list(steps_towards(found, 0)), []
    competitors = group.facts[0].competitors
    cheapest = np.array([np.nan if competitors is None else float(competitors.lowest)])
    presets = preset_prices(found, cheapest)
    rows, without = [], []
    for name, price in scenarios:
        told = price if price is not None else _preset(presets[name])
        if told is None:
            without.append(name)
        else:
            rows.append(Scenario(name, told))
    return rows, without


def _preset(price: FloatArray) -> Decimal | None:
    return Decimal(f"{price[0]:.2f}") if np.isfinite(price[0]) else None


def _scenario_row(group: PriceGroup, comparison: Comparison, index: int) -> dict[str, Any]:
    impact, scenario = comparison.impact, comparison.scenarios[index]
    projected = figures(impact.projected, index)
    return {
        "name": scenario.name,
        "price": projected["price"],
        "is_baseline": bool(index == 0),
        "allowed": bool(_allowed(group, impact.projected.price)[index]),
        "rank": int(comparison.rank[index]),
        "projected_quantity": projected["quantity"],
        "projected_revenue": projected["revenue"],
        "projected_profit": projected["profit"],
        **_changes(impact, index),
        "probability_of_gain": known(impact.probability_of_gain[index], 4),
        "interval": interval(impact, index),
        "risk_level": str(impact.risk_level[index]),
    }


def demand_curve(
    code: str,
    *,
    min_price: Decimal | None,
    max_price: Decimal | None,
    points: int,
    demand_model: DemandModel | None,
) -> dict[str, Any]:
    """Units, revenue and profit of a product at prices from low to high.

    Raises
    ------
    NotFound : as `product_to_price`.
    Invalid : the prices are in the wrong order.
    """
    group = product_to_price(code, demand_model=demand_model)
    prices = price_grid(float(group.inputs.price[0]), min_price, max_price, points)
    impact = project_curve(group.inputs, prices, group.strategy.demand_model)
    return {
        **_premises(group),
        "current_price": known(group.inputs.price[0], 2),
        "curve_points": [
            {
                **figures(impact.projected, index),
                "quantity_low": known(impact.low.quantity[index], 2),
                "quantity_high": known(impact.high.quantity[index], 2),
            }
            for index in range(prices.size)
        ],
        "warnings": _warnings(group),
    }


def profit_impact(
    code: str, *, new_price: Decimal | None, fixed_costs: Decimal | None, demand_model: DemandModel | None
) -> dict[str, Any]:
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
    grid = price_grid(now, None, None, CURVE_POINTS)
    asked = [now] if new_price is None else [now, float(new_price)]
    rows = list(_profits(group, np.array([*asked, *grid]), fixed))
    return {
        **_premises(group),
        "fixed_costs": None if fixed is None else known(fixed, 2),
        "current": rows[0],
        "projected": None if new_price is None else rows[1],
        "points": rows[len(asked) :],
        "warnings": _warnings(group),
    }


def price_grid(now: float, low: Decimal | None, high: Decimal | None, points: int) -> FloatArray:
    """Return so many prices, in whole cents and evenly spaced; fewer where they would be the same.

    Raises
    ------
    Invalid : the lowest is not below the highest.
    """
    first = max(round(now * (1 - RANGE), 2), 0.01) if low is None else float(low)
    last = max(round(now * (1 + RANGE), 2), 0.02) if high is None else float(high)
    if first >= last:
        name = "max_price" if low is None else "min_price"
        raise Invalid(
            FieldError(name, f"The curve ends ({last}) before it begins ({first}): give both ends.")
        )
    return np.unique(np.round(np.linspace(first, last, points), 2))


def _profits(group: PriceGroup, prices: FloatArray, fixed_costs: float | None) -> Iterator[dict[str, Any]]:
    """Margins and profits of one product at each price."""
    projected = project_curve(group.inputs, prices, group.strategy.demand_model).projected
    analysis = analyse_profit_margin(prices, group.inputs.cost, projected.quantity, fixed_costs)
    for index in range(prices.size):
        yield {**figures(projected, index), **_margins(analysis, index)}


def _margins(analysis: ProfitAnalysis, index: int) -> dict[str, float | None]:
    places = {
        "total_cost": 2,
        "margin_percent": 1,
        "markup_percent": 1,
        "profit_per_unit": 4,
        "break_even_units": 2,
        "break_even_units_fixed_costs": 2,
    }
    return {name: known(getattr(analysis, name)[index], digits) for name, digits in places.items()}


def _premises(group: PriceGroup) -> dict[str, Any]:
    """What a projection rests on."""
    facts, offers = group.facts[0], group.inputs
    return {
        "product_id": facts.code,
        "days": MONTH_DAYS,
        "demand_model": group.strategy.demand_model,
        "elasticity": known(offers.elasticity[0], 4),
        "quality": facts.grade,
        "cost": known(offers.cost[0], 4),
        "cost_assumed": bool(offers.cost_assumed[0]),
    }


def _changes(impact: Impact, index: int) -> dict[str, float | None]:
    changes = {}
    for name in _CHANGES:
        changes[f"{name}_change"] = known(getattr(impact.change, name)[index], 2)
        changes[f"{name}_change_percent"] = known(getattr(impact.change_percent, name)[index], 1)
    return changes


def _allowed(group: PriceGroup, prices: FloatArray) -> NDArray[np.bool_]:
    """Whether (K,) the limits allow a product these prices; the present one needs no leave."""
    limits = price_limits(group.inputs, group.constraints)
    return np.asarray(limits.allows(prices) | (prices == group.inputs.price[0]))


def _warnings(group: PriceGroup, impact: Impact | None = None) -> list[str]:
    """Codes of what is to be kept in mind, of the product and, for one price asked, of that."""
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
