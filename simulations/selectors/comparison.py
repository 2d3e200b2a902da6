"""Saved simulations side by side: what the best change of each range, or one asked for, does in the next 30 days."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import numpy as np

from elastix.dataset.models import DataVersion
from elastix.errors import NotFound
from pricing.recommendation.core.impact import demand_curve
from pricing.recommendation.core.limits import price_limits
from pricing.recommendation.selectors.pricing_inputs import (
    PriceFacts,
    PriceGroup,
    price_group,
    pricing_inputs,
    strategy_of,
)
from pricing.sales.core.arrays import FloatArray
from pricing.sales.core.calendar import MONTH_DAYS
from simulations.core.what_if import Projection as SegmentProjection
from simulations.core.what_if import steps
from simulations.models import Simulation
from simulations.selectors.periods import Period, coming_days, past_days
from simulations.selectors.prices import Projection, prices_compared, with_elasticity
from simulations.selectors.simulations import simulation_metrics

MOST_COMPARED: Final = 4
MOST_POINTS: Final = 101
DRAFT: Final = "DRAFT"


@dataclass(frozen=True, slots=True)
class ComparedSimulation:
    """One simulation of a comparison.

    Attributes
    ----------
    obstacle : why there are no figures: DRAFT, SERVICE or NO_PRICE; "" where there are.
    changes : price changes of its range in percent, thinned out where it has more than `MOST_POINTS`.
    projection : the present price, the compared one as `projected`, and all of the range.
    change : that of the compared price, in percent.
    segments : what customers of each segment would have bought at this change in the 30 days past.
    """

    simulation: Simulation
    obstacle: str = ""
    changes: Sequence[float] = ()
    projection: Projection | None = None
    change: float | None = None
    segments: dict[str, SegmentProjection] | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """Simulations in the order asked for; `period` is of all figures but those of the segments."""

    period: Period
    segments_period: Period
    items: list[ComparedSimulation]


def compare_simulations(
    version: DataVersion, *, ids: Sequence[UUID], price_change_percent: float | None
) -> Comparison:
    """Project saved simulations to their best change, or to one asked for.

    The best change of a range is that within the limits with the most profit; with the most revenue where the cost is not known.

    Raises
    ------
    NotFound : one of the simulations does not exist.
    """
    rows = Simulation.objects.select_related("product").in_bulk(list(ids))
    for each in ids:
        if each not in rows:
            raise NotFound(f"There is no simulation {each}.")
    simulations = [rows[each] for each in dict.fromkeys(ids)]
    groups, without = pricing_inputs({row.product_id for row in simulations if row.product_id})
    facts = {each.code: each for group in groups for each in group.facts}
    obstacles = {each.code: each.obstacle for each in without}
    segments_period = past_days(version, *_last_days(version))
    items = []
    for row in simulations:
        if row.product_id in facts:
            items.append(_compared(row, facts[row.product_id], price_change_percent, segments_period))
        else:
            items.append(ComparedSimulation(row, obstacles.get(row.product_id or "", DRAFT)))
    return Comparison(coming_days(version), segments_period, items)


def _last_days(version: DataVersion) -> tuple[dt.date | None, dt.date | None]:
    if version.as_of is None:
        return None, None
    return version.as_of - dt.timedelta(days=MONTH_DAYS), version.as_of - dt.timedelta(days=1)


def _compared(
    simulation: Simulation, facts: PriceFacts, asked: float | None, past: Period
) -> ComparedSimulation:
    group = with_elasticity(price_group(strategy_of(facts.policy), [facts]))
    changes = steps(*simulation.price_range)
    prices = _prices(group, changes)
    impact = demand_curve(group.inputs, prices, group.strategy.demand_model)
    goal = impact.projected.profit if np.isfinite(impact.projected.profit).all() else impact.projected.revenue
    allowed = price_limits(group.inputs, group.constraints).allows(prices) | (np.array(changes) == 0)
    # Where the whole range lies outside the limits the best price is shown all the same, marked as outside.
    best = int(np.argmax(np.where(allowed, goal, -np.inf) if allowed.any() else goal))
    change = changes[best] if asked is None else asked
    changes = changes[:: -(-len(changes) // MOST_POINTS)]
    projection = prices_compared(group, _prices(group, [0.0, change, *changes]))
    segments: Any = simulation_metrics(
        simulation,
        start_date=past.start_date,
        end_date=past.end_date,
        price_change_percent=change,
        demand_model=group.strategy.demand_model,
    )
    return ComparedSimulation(simulation, "", changes, projection, change, segments)


def _prices(group: PriceGroup, changes: Sequence[float]) -> FloatArray:
    """The prices that changes in percent lead to, in whole units of the currency; the present one as it is."""
    present, currency = float(group.inputs.price[0]), group.inputs.currency
    moved = np.round(present * (1 + np.array(changes) / 100), currency.decimals)
    return np.where(np.array(changes) == 0, present, np.maximum(moved, float(currency.unit)))
