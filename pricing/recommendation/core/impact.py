"""What a price is expected to do to units, revenue and profit, how sure that is, and how risky."""

from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from pricing.elasticity.core.demand import CONSTANT_ELASTICITY, LARGEST_CHANGE, LINEAR, DemandModel, demand
from pricing.recommendation.core.inputs import PricingInputs, StrArray
from pricing.recommendation.core.limits import money
from pricing.recommendation.core.uncertainty import (
    LARGEST_SHARE,
    elasticity_interval,
    expected_share,
    probability_of_gain,
    truncated_cdf,
)
from pricing.sales.core.arrays import BoolArray, FloatArray

INCREASE: Final = "Increase"
DECREASE: Final = "Decrease"
KEEP: Final = "Keep"
RISK_LEVELS: Final = ("low", "medium", "high")
LOW_RISK_BELOW: Final = 0.05
MEDIUM_RISK_BELOW: Final = 0.15
LOSS_ADDS_RISK_ABOVE: Final = 0.3
SURE_ENOUGH: Final = 0.7
"""Probability of gain from which a change is recommended."""

_ROUNDING: Final = 1e-9


@dataclass(frozen=True, slots=True)
class Figures:
    """Price, units, revenue and profit of P products; arrays (P,), per period of the inputs' quantity.

    Profit is nan where the cost is unknown.
    """

    price: FloatArray
    quantity: FloatArray
    revenue: FloatArray
    profit: FloatArray

    def of_product(self, index: int) -> dict[str, Decimal | None]:
        """Return the figures of one product with two decimals; None where unknown."""
        return {column.name: money(getattr(self, column.name)[index]) for column in fields(self)}


@dataclass(frozen=True, slots=True)
class Impact:
    """What prices asked for P products would do; arrays (P,), per period of the inputs' quantity.

    Attributes
    ----------
    current, projected : as it is, and as the demand model has it at the estimated elasticity.
    change, change_percent : from current to projected; 0 percent of a profit that is not above 0.
    low, high : 80 % interval of the projected figures.
    expected : mean over what the elasticity may be.
    other_model : as projected, by the other demand model.
    probability_of_gain, probability_of_loss : of more and of less profit; of revenue where the cost is unknown.
    large_change : the price is more than 15 % off, where the models part.
    risk_level : "low", "medium" or "high".
    direction : "Increase", "Decrease" or "Keep": where the present price should go, whatever was asked.
    """

    current: Figures
    projected: Figures
    change: Figures
    change_percent: Figures
    low: Figures
    high: Figures
    expected: Figures
    other_model: Figures
    probability_of_gain: FloatArray
    probability_of_loss: FloatArray
    large_change: BoolArray
    risk_level: StrArray
    direction: StrArray


def project_impact(
    inputs: PricingInputs,
    price: ArrayLike,
    model: DemandModel = LINEAR,
    demand_factor: float = 1.0,
) -> Impact:
    """Project units, revenue and profit at another price.

    Parameters
    ----------
    inputs : of P products; a cost that is to be tried goes in here and counts before and after the change.
    price : (P,) prices asked, or one for all.
    demand_factor : how many times its present size demand will be for other reasons than price; it counts after the
        change only.

    Raises
    ------
    ValueError
        If a price is not above 0 or the demand factor negative.

    Notes
    -----
    Seed document on price optimization, section 4. Its answer "Increase" or "Decrease" goes by the sign of the profit
    change alone, so it says "Increase" of a profitable cut; the direction here is that of the profit's slope.
    """
    asked = np.broadcast_to(np.asarray(price, np.float64), inputs.price.shape)
    if not np.all((asked > 0) & np.isfinite(asked)) or not 0 <= demand_factor < np.inf:
        raise ValueError("Prices must be above 0, and the demand factor not negative.")
    other: DemandModel = CONSTANT_ELASTICITY if model == LINEAR else LINEAR
    shares = [_share(asked, inputs, e, model) for e in (inputs.elasticity, *elasticity_interval(inputs))]
    current = figures(inputs, inputs.price, np.ones(inputs.count))
    projected, *ends = (figures(inputs, asked, demand_factor * share) for share in shares)
    average = np.where(np.isnan(inputs.elasticity), np.nan, expected_share(asked, inputs, model))
    gain = probability_of_gain(asked, inputs, np.nan_to_num(inputs.cost), model, demand_factor)
    loss = np.where((asked == inputs.price) & (demand_factor == 1), 0.0, 1 - gain)
    relative = np.abs(asked / inputs.price - 1)
    return Impact(
        current=current,
        projected=projected,
        change=_apply(np.subtract, projected, current),
        change_percent=_percent_changes(asked, inputs, demand_factor * shares[0]),
        low=_apply(np.minimum, projected, _apply(np.minimum, *ends)),
        high=_apply(np.maximum, projected, _apply(np.maximum, *ends)),
        expected=figures(inputs, asked, demand_factor * average),
        other_model=figures(inputs, asked, demand_factor * _share(asked, inputs, inputs.elasticity, other)),
        probability_of_gain=gain,
        probability_of_loss=loss,
        large_change=np.asarray(relative > LARGEST_CHANGE + _ROUNDING),
        risk_level=risk_levels(relative, loss, inputs.weak),
        direction=direction_worth_taking(inputs),
    )


def figures(inputs: PricingInputs, price: FloatArray, share: FloatArray) -> Figures:
    """Units, revenue and profit (P,) at prices where demand is a share of the present quantity."""
    quantity = inputs.quantity * share
    return Figures(np.array(price), quantity, price * quantity, (price - inputs.cost) * quantity)


def risk_levels(change: FloatArray, probability_of_loss: FloatArray, weak_estimate: BoolArray) -> StrArray:
    """Risk (P,) of a price: below 5 % of change low, below 15 % medium, else high.

    One step higher where the estimate is weak or the probability of a loss above 0.3 or unknown. A price that is
    not changed is low.

    Parameters
    ----------
    change : (P,) size of the change as a fraction of the present price.
    probability_of_loss, weak_estimate : (P,)
    """
    level = (change >= LOW_RISK_BELOW - _ROUNDING).astype(np.int64) + (
        change >= MEDIUM_RISK_BELOW - _ROUNDING
    )
    doubtful = weak_estimate | ~(probability_of_loss <= LOSS_ADDS_RISK_ABOVE)
    return np.array(RISK_LEVELS)[np.where(change > 0, np.minimum(level + doubtful, 2), 0)]


def direction_worth_taking(inputs: PricingInputs) -> StrArray:
    """Where (P,) a small change of the present price earns more with a probability of at least 0.7, or "Keep".

    By both demand models profit rises with price where E > -p0 / (p0 - c), and always where p0 <= c. Where the
    cost is unknown, revenue decides: E > -1. "Keep" for elasticities that are unknown or not below 0.
    """
    unit = inputs.price - np.nan_to_num(inputs.cost)
    loses = unit <= 0
    threshold = -inputs.price / np.where(loses, 1.0, unit)
    rise = np.where(loses, 1.0, 1 - truncated_cdf(threshold, inputs.elasticity, inputs.std_error))
    usable = inputs.elasticity < 0
    choices = [usable & (rise >= SURE_ENOUGH), usable & (rise <= 1 - SURE_ENOUGH)]
    return np.select(choices, [np.array(INCREASE), np.array(DECREASE)], np.array(KEEP))


def demand_curve(
    inputs: PricingInputs, prices: FloatArray, model: DemandModel = LINEAR, demand_factor: float = 1.0
) -> Impact:
    """Project one product at K prices: units, revenue and profit with 80 % intervals, arrays (K,).

    Parameters
    ----------
    inputs : of one product.
    prices : (K,) above 0.

    Raises
    ------
    ValueError
        If there is not exactly one product, or as `project_impact`.
    """
    if inputs.count != 1:
        raise ValueError("A demand curve is that of one product.")
    return project_impact(inputs.take(np.zeros(prices.size, np.int64)), prices, model, demand_factor)


def _share(
    price: FloatArray, inputs: PricingInputs, elasticity: FloatArray, model: DemandModel
) -> FloatArray:
    with np.errstate(over="ignore"):
        share = demand(price, inputs.price, np.ones(inputs.count), elasticity, model)
    return np.minimum(share, LARGEST_SHARE)


def _percent_changes(price: FloatArray, inputs: PricingInputs, share: FloatArray) -> Figures:
    """Changes in percent; of one unit sold today, so that they hold for any quantity."""
    ratio = price / inputs.price
    before, after = inputs.price - inputs.cost, (price - inputs.cost) * share
    earning = before > 0
    profit = np.where(earning, after / np.where(earning, before, 1.0) - 1, 0.0)
    profit = np.where(np.isnan(before), np.nan, profit)
    return Figures(*(100 * change for change in (ratio - 1, share - 1, ratio * share - 1, profit)))


def _apply(operation: np.ufunc, one: Figures, other: Figures) -> Figures:
    return Figures(
        *(operation(getattr(one, column.name), getattr(other, column.name)) for column in fields(Figures))
    )
