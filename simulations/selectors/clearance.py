"""Clear the stock of a product by a day: its facts, the path of prices, and the alternatives to compare with.

Nothing is kept and nothing applied: the first step may be proposed like any other price.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from elastix.dataset.models import DataVersion
from pricing.changes.core.prior_price import NO_DISCOUNT, PriceStep, PriorPrice
from pricing.changes.selectors.prior_prices import prior_prices_of_path
from pricing.changes.selectors.sales_noise import sales_noise
from pricing.elasticity.core.demand import LARGEST_CHANGE, DemandModel
from pricing.elasticity.models import EvidenceClass
from pricing.recommendation.core import recommendation as why
from pricing.recommendation.core.impact import one_of
from pricing.recommendation.core.inputs import PricingInputs
from pricing.recommendation.core.limits import (
    CEILINGS,
    is_extrapolation,
)
from pricing.recommendation.selectors.pricing_inputs import PriceFacts, PriceGroup
from pricing.recommendation.selectors.recommendations import Bound
from pricing.sales.selectors.products import find_product
from simulations.core.clearance import (
    Clearance,
    ClearancePlan,
    PathFigures,
    plan_clearance,
)
from simulations.selectors.clearance_case import (
    RECORDED,
    REQUEST,
    ClearanceAsked,
    clearance_case,
    days_between,
    first_day_of,
    hard_limits,
    prices_to_try,
    step_days_of,
    stock_of,
    units_of_steps,
)
from simulations.selectors.prices import product_to_price

PLAN, ONE_MARKDOWN, HOLD = "plan", "one_markdown", "hold"
ROWS: Final = (PLAN, ONE_MARKDOWN, HOLD)

PLAN_BELOW_COST: Final = "PLAN_BELOW_COST"
ELASTICITY_BORROWED: Final = "ELASTICITY_BORROWED"
NO_MARKDOWN_NEEDED: Final = "NO_MARKDOWN_NEEDED"
STOCK_LEFT: Final = "STOCK_LEFT"
STEP_NO_DISCOUNT: Final = "STEP_NO_DISCOUNT"
RATE_UNSURE: Final = "RATE_UNSURE"

SURE_TO_SELL: Final = 0.8
UNSURE_RATE: Final = 0.5
"""Relative standard deviation of the rate of sales beyond which the answer warns."""


@dataclass(frozen=True, slots=True)
class Step:
    """A price of the path: its days, means of what it brings, and its prior price if it is announced as a reduction;
    `sold_out` is the probability by its end."""

    start_date: dt.date
    end_date: dt.date
    price: float
    units: float
    revenue: float
    stock_left: float
    sold_out: float
    prior: PriorPrice


@dataclass(frozen=True, slots=True)
class Row:
    """One of the ways that are compared, by its name in `ROWS`."""

    name: str
    figures: PathFigures

    @property
    def first_price(self) -> float:
        return float(self.figures.price[0])

    @property
    def last_price(self) -> float:
        return float(self.figures.price[-1])

    @property
    def stock_left(self) -> float:
        return float(self.figures.left[-1])


@dataclass(frozen=True, slots=True)
class Proposed:
    """The first step as the ledger takes it."""

    product_id: str
    new_price: Decimal
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClearanceAnswer:
    """A path of prices for one product, what it rests on and what it is compared with.

    Attributes
    ----------
    inputs : of the product: numbers in place of arrays.
    dispersion, rate_error : variance over mean of the units, relative standard deviation of the rate of sales.
    expected : units of all days at the base price, whatever the stock.
    limits : hard limits that apply, those that bind marked.
    floor : of these the one that is the lowest price.
    rows : the plan first.
    """

    facts: PriceFacts
    inputs: PricingInputs
    demand_model: DemandModel
    start_date: dt.date
    end_date: dt.date
    step_days: int
    stock: Decimal | int
    stock_source: str
    salvage_value: Decimal
    dispersion: float
    rate_error: float
    expected: float
    limits: list[Bound]
    floor: Bound
    steps: list[Step]
    rows: list[Row]
    gain: float
    warnings: list[str]
    proposal: Proposed | None

    @property
    def holds(self) -> bool:
        """Whether the plan is to keep today's price to the end."""
        return all(step.price == self.inputs.price for step in self.steps)


def clearance(code: str, version: DataVersion, asked: ClearanceAsked) -> ClearanceAnswer:
    """Plan how to clear the stock of a product by a day.

    Raises
    ------
    NotFound : no such product, a service, or no price to start from.
    Invalid : the days, the stock or the lowest price are missing or cannot be.
    Conflict : nothing can be said: no sales are expected, or the elasticity is not to be used.
    """
    product = find_product(code)
    start = first_day_of(version, asked)
    step = step_days_of(start, asked)
    stock = stock_of(product, asked)
    group = product_to_price(product.code, demand_model=asked.demand_model, cost=asked.cost)
    limits, floor, prices = prices_to_try(group, asked)
    units = units_of_steps(group, version, start, asked.end_date, step)
    noise = sales_noise(product.code, version)
    case = clearance_case(group, units, days_between(start, asked.end_date), noise, stock, asked)
    plan = plan_clearance(case, prices)
    limits = [_binding(each, floor, plan, group) for each in limits]
    steps = _steps(plan.plan, start, asked.end_date, step, group)
    return ClearanceAnswer(
        facts=group.facts[0],
        inputs=one_of(group.inputs, 0),
        demand_model=group.strategy.demand_model,
        start_date=start,
        end_date=asked.end_date,
        step_days=step,
        stock=stock,
        stock_source=REQUEST if asked.stock is not None else RECORDED,
        salvage_value=asked.salvage_value,
        dispersion=case.dispersion,
        rate_error=case.rate_error,
        expected=float(units.sum()),
        limits=limits,
        floor=_binding(floor, floor, plan, group),
        steps=steps,
        rows=[
            Row(name, figures)
            for name, figures in zip(ROWS, (plan.plan, plan.markdown, plan.hold), strict=True)
            if figures is not None
        ],
        gain=plan.gain,
        warnings=_warnings(group, case, plan, steps),
        proposal=_proposal(group, plan, asked),
    )


# --- the answer -------------------------------------------------------------------------------------------


def _binding(bound: Bound, floor: Bound, plan: ClearancePlan, group: PriceGroup) -> Bound:
    """A limit with whether it binds: the floor where the path ends at it, a ceiling below the present price."""
    if bound.rule in CEILINGS:
        return bound._replace(binding=float(bound.bound) < group.inputs.price[0])
    return bound._replace(binding=bound.bound == floor.bound and plan.at_lowest)


def _steps(figures: PathFigures, start: dt.date, end: dt.date, step: int, group: PriceGroup) -> list[Step]:
    columns = (figures.price, figures.units, figures.revenue, figures.left, figures.sold_out_by)
    first = [start + dt.timedelta(days=step * number) for number in range(figures.price.size)]
    last = [*(day - dt.timedelta(days=1) for day in first[1:]), end]
    prices = [group.inputs.currency.money(each) or Decimal(0) for each in figures.price]
    path = [PriceStep(*each) for each in zip(first, prices, strict=True)]
    priors = prior_prices_of_path(group.facts[0].code, path)
    return [Step(*row) for row in zip(first, last, *(each.tolist() for each in columns), priors, strict=True)]


def _warnings(group: PriceGroup, case: Clearance, plan: ClearancePlan, steps: Sequence[Step]) -> list[str]:
    inputs, facts = group.inputs, group.facts[0]
    lowest = plan.plan.price[-1:]
    applies = {
        PLAN_BELOW_COST: lowest[0] < inputs.cost[0],
        ELASTICITY_BORROWED: facts.evidence == EvidenceClass.BORROWED,
        NO_MARKDOWN_NEEDED: lowest[0] == inputs.price[0] and plan.hold.sold_out >= SURE_TO_SELL,
        STOCK_LEFT: plan.at_lowest and plan.plan.sold_out < 1 - SURE_TO_SELL,
        STEP_NO_DISCOUNT: any(step.prior.state == NO_DISCOUNT for step in steps),
        RATE_UNSURE: case.rate_error > UNSURE_RATE,
        why.COST_ASSUMED: inputs.cost_assumed[0],
        why.EXTRAPOLATION: is_extrapolation(lowest, group.constraints)[0],
        why.LARGE_CHANGE: lowest[0] < inputs.price[0] * (1 - LARGEST_CHANGE),
    }
    return list(dict.fromkeys([*(name for name, yes in applies.items() if yes), *facts.flags]))


def _proposal(group: PriceGroup, plan: ClearancePlan, asked: ClearanceAsked) -> Proposed | None:
    """The first step as a price change to propose; None where it is the present price, or one that proposals may not break."""
    inputs, price = group.inputs, float(plan.plan.price[0])
    if price == inputs.price[0]:
        return None
    allowed = hard_limits(group, ClearanceAsked(end_date=asked.end_date))
    if any(price < float(bound.bound) for bound, is_floor in allowed if is_floor):
        return None
    amount = inputs.currency.money(price) or Decimal(0)
    return Proposed(group.facts[0].code, amount, f"Clearance by {asked.end_date.isoformat()}")
