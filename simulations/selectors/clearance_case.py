"""The inputs of a clearance: the request, the allowed prices, and the demand until the day."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

import numpy as np

from elastix.dataset.models import DataVersion
from elastix.errors import Conflict, FieldError, Invalid
from elastix.texts import text
from pricing.changes.selectors.sales_noise import WINDOW_DAYS, SalesNoise
from pricing.elasticity.core.demand import LINEAR, DemandModel, shape_weights
from pricing.forecasting.selectors.base_demand import expected_of_days
from pricing.recommendation.core.limits import COST, MIN_PRICE, MINIMUM_MARGIN, hard_bounds
from pricing.recommendation.selectors.policies import BUILT_IN
from pricing.recommendation.selectors.pricing_inputs import PriceGroup
from pricing.recommendation.selectors.recommendations import Bound
from pricing.sales.core.arrays import FloatArray
from pricing.sales.core.calendar import DAYS_A_WEEK
from pricing.sales.models import Product
from simulations.core.clearance import Clearance, markdown_prices

MOST_STEPS: Final = 26
LONGEST_DAYS: Final = 364
"""Days from the as-of date that a forecast reaches, in whole weeks."""

REQUEST: Final = "request"
RECORDED: Final = "recorded"
STOCK_SOURCES: Final = (REQUEST, RECORDED)
_HALF_A_UNIT: Final = 0.5
_BEYOND_RATE: Final = 1.0

NO_STOCK_KNOWN: Final = "No stock of {code} is recorded: say how many units are to be sold."
NONE_LEFT: Final = (
    "The recorded stock of {code} is {stock}: there is nothing to clear. Say how many units there are."
)
NO_SALES_YET: Final = "There are no sales yet, so nothing can be planned."
TOO_EARLY: Final = "The plan cannot begin before {day}, the day after the newest sale."
ENDS_BEFORE: Final = "The last day lies before the first, {day}."
TOO_FAR: Final = "The last day may lie {days} days after {day} at most: forecasts reach no farther."
TOO_MANY_STEPS: Final = "That would be {steps} prices; {most} at most: give {days} days a step or more."
NO_LOWEST: Final = (
    "Nothing says what would be too cheap, neither a cost nor a minimum price: say how low the price may go."
)
NO_LOWEST_BELOW_COST: Final = "Below cost only as far as you say: give the lowest price."
NOT_LOWER: Final = "The lowest price is above the present one, {price}: nothing could be marked down."
NO_RATE: Final = "No sales of {code} are expected at any price, as nothing was sold lately: no path of prices can be planned."
UNSETTLED: Final = (
    "The elasticity of {code} did not settle on a value (NOT_CONVERGED): no path of prices can be planned."
)
RISING: Final = "Sales of {code} seem to rise with its price, which points to a fault in the data: no prices can be planned."


@dataclass(frozen=True, slots=True, kw_only=True)
class ClearanceAsked:
    """What is asked for; None where it is to be what is usual or recorded.

    Attributes
    ----------
    start_date, end_date : first and last day; from the as-of date on.
    stock : units to sell.
    salvage_value : what a unit left over brings, without tax.
    minimum_price : how low the price may go, beside the limits of the policy.
    allow_below_cost : cost and minimum margin do not limit the prices.
    step_days : days that each price stays.
    cost : to be tried in place of the product's.
    """

    end_date: dt.date
    start_date: dt.date | None = None
    stock: Decimal | int | None = None
    salvage_value: Decimal = Decimal(0)
    minimum_price: Decimal | None = None
    allow_below_cost: bool = False
    step_days: int | None = None
    cost: Decimal | None = None
    demand_model: DemandModel | None = None


# --- what was asked ---------------------------------------------------------------------------------------


def first_day_of(version: DataVersion, asked: ClearanceAsked) -> dt.date:
    """The first day of the plan; the as-of date unless another was asked for."""
    if version.as_of is None:
        raise Conflict(NO_SALES_YET)
    start = asked.start_date or version.as_of
    last = version.as_of + dt.timedelta(days=LONGEST_DAYS - 1)
    if start < version.as_of:
        raise _invalid("start_date", text(TOO_EARLY, day=version.as_of))
    if asked.end_date < start:
        raise _invalid("end_date", text(ENDS_BEFORE, day=start))
    if asked.end_date > last:
        raise _invalid("end_date", text(TOO_FAR, days=LONGEST_DAYS - 1, day=version.as_of))
    return start


def days_between(start: dt.date, end: dt.date) -> int:
    return (end - start).days + 1


def step_days_of(start: dt.date, asked: ClearanceAsked) -> int:
    """Days a step: a week, two where that would be too many steps, unless others were asked for."""
    days = days_between(start, asked.end_date)
    least = -(-days // MOST_STEPS)
    if asked.step_days is None:
        return DAYS_A_WEEK * -(-least // DAYS_A_WEEK)
    if asked.step_days < least:
        steps = -(-days // asked.step_days)
        raise _invalid("step_days", text(TOO_MANY_STEPS, steps=steps, most=MOST_STEPS, days=least))
    return asked.step_days


def stock_of(product: Product, asked: ClearanceAsked) -> Decimal | int:
    stock = product.stock_level if asked.stock is None else asked.stock
    if stock is None:
        raise _invalid("stock", text(NO_STOCK_KNOWN, code=product.code))
    if stock <= 0:
        raise _invalid("stock", text(NONE_LEFT, code=product.code, stock=stock))
    return stock


def _invalid(field: str, message: str) -> Invalid:
    return Invalid(FieldError(field, message))


# --- what it rests on -------------------------------------------------------------------------------------


def prices_to_try(group: PriceGroup, asked: ClearanceAsked) -> tuple[list[Bound], Bound, FloatArray]:
    """The hard limits, the one that is the lowest price, and the prices (K,) to try.

    Raises
    ------
    Invalid : nothing says how low the price may go, or the lowest is above the present one.
    """
    found = list(hard_limits(group, asked))
    floors = [bound for bound, is_floor in found if is_floor]
    if not floors or (asked.allow_below_cost and asked.minimum_price is None):
        raise _invalid("minimum_price", NO_LOWEST_BELOW_COST if asked.allow_below_cost else NO_LOWEST)
    floor = max(floors, key=lambda each: each.bound)
    now = group.inputs.price[0]
    if asked.minimum_price is not None and float(asked.minimum_price) > now:
        raise _invalid("minimum_price", text(NOT_LOWER, price=group.facts[0].price))
    currency = group.inputs.currency
    ceilings = [bound.bound for bound, is_floor in found if not is_floor]
    low, high = (
        int(each * currency.per_one) for each in (floor.bound, min(ceilings, default=currency.highest))
    )
    prices = markdown_prices(float(now), low, high, group.strategy.price_endings, currency)
    return [bound for bound, _ in found], floor, prices


def hard_limits(group: PriceGroup, asked: ClearanceAsked) -> Iterator[tuple[Bound, bool]]:
    """Hard limits of the price, each with whether it is a lowest one; none of them binds yet.

    Limits that only steer recommendations (1.1 times the cost, target margin, largest change, the market) do not apply: a
    stock that has to go is what they are not made for.
    """
    facts, currency = group.facts[0], group.inputs.currency
    cost = float(group.inputs.cost[0])
    values = dict(facts.policy.settings)
    values |= {"relation_floor": facts.relations.floor, "relation_ceiling": facts.relations.ceiling}
    values["cost"] = None if np.isnan(cost) or cost <= 0 else Decimal(str(cost))
    left_out = (COST, MINIMUM_MARGIN) if asked.allow_below_cost else ()
    for rule, bound in hard_bounds(currency=currency, **values):
        if rule.name not in left_out and bound > 0:
            source = facts.policy.source(rule.setting) if rule.setting else BUILT_IN
            yield Bound(rule.name, bound, False, source), rule.is_floor
    if asked.minimum_price is not None:
        yield Bound(MIN_PRICE, asked.minimum_price, False, REQUEST), True


def units_of_steps(
    group: PriceGroup, version: DataVersion, start: dt.date, end: dt.date, step: int
) -> FloatArray:
    """Units (T,) expected in each step at the base price.

    Raises
    ------
    Conflict : none are expected, or the elasticity is not to be used.
    """
    facts = group.facts[0]
    if group.inputs.not_converged[0]:
        raise Conflict(text(UNSETTLED, code=facts.code))
    if group.inputs.elasticity[0] >= 0:
        raise Conflict(text(RISING, code=facts.code))
    days = expected_of_days(facts.code, start, days_between(start, end), version)
    if days is None or not days.sum() > 0:
        raise Conflict(text(NO_RATE, code=facts.code))
    return np.add.reduceat(days, np.arange(0, days.size, step))


def clearance_case(
    group: PriceGroup,
    units: FloatArray,
    days: int,
    noise: SalesNoise,
    stock: Decimal | int,
    asked: ClearanceAsked,
) -> Clearance:
    """The stock and its demand as the core has them.

    Four weeks say how fast it sells as well as chance lets them: their own relative variance is that of the rate.
    """
    inputs = group.inputs
    month = WINDOW_DAYS * float(units.sum()) / days
    shapes = shape_weights(group.strategy.demand_model, inputs.linear_share)
    return Clearance(
        units=units,
        base_price=float(inputs.base_price[0]),
        elasticity=float(inputs.elasticity[0]),
        std_error=float(inputs.std_error[0]),
        linear_share=shapes.get(LINEAR, 0.0),
        dispersion=noise.dispersion,
        rate_error=min(float(np.sqrt(noise.dispersion / (month + _HALF_A_UNIT))), _BEYOND_RATE),
        stock=float(stock),
        salvage=float(asked.salvage_value),
        tax_factor=float(inputs.tax_factor[0]),
        whole=not noise.by_weight and stock == int(stock),
    )
