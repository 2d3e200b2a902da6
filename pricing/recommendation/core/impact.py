"""The expected effect of a price on units, revenue and profit, with intervals and risk."""

from dataclasses import dataclass, fields, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, TypeVar

import numpy as np
from numpy.typing import ArrayLike

from elastix.currency import TWO_DECIMALS, Currency
from pricing.elasticity.core.demand import (
    AVERAGE,
    LARGEST_CHANGE,
    LINEAR,
    OTHER_MODEL,
    DemandModel,
    shape_weights,
)
from pricing.recommendation.core.constants import SURE_ENOUGH
from pricing.recommendation.core.inputs import PricingInputs, StrArray
from pricing.recommendation.core.uncertainty import (
    demand_shares,
    expected_share,
    probability_of_gain,
    share_interval,
    truncated_cdf,
)
from pricing.sales.core.arrays import BoolArray, FloatArray

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Arrays = TypeVar("Arrays", bound="DataclassInstance")

INCREASE: Final = "Increase"
DECREASE: Final = "Decrease"
KEEP: Final = "Keep"
RISK_LEVELS: Final = ("low", "medium", "high")
LOW_RISK_BELOW: Final = 0.05
MEDIUM_RISK_BELOW: Final = 0.15
LOSS_ADDS_RISK_ABOVE: Final = 0.3
WEAK_ELASTICITY: Final = -0.3
"""What randomised prices found in grocery shops where observation said about -2 (Bray et al. 2024, SSRN 4899765)."""

_ROUNDING: Final = 1e-9


@dataclass(frozen=True, slots=True)
class Figures:
    """Price, units, revenue and profit of P products; arrays (P,), per period of the inputs' quantity.

    Revenue is as charged, with the tax that prices include; profit is net, nan where the cost is unknown.
    """

    price: FloatArray
    quantity: FloatArray
    revenue: FloatArray
    profit: FloatArray

    def of_product(self, index: int, currency: Currency = TWO_DECIMALS) -> dict[str, Decimal | None]:
        """Return the figures of one product, units with two decimals, amounts with the currency's; None where unknown."""
        return {
            column.name: (TWO_DECIMALS if column.name == "quantity" else currency).money(
                getattr(self, column.name)[index]
            )
            for column in fields(self)
        }


@dataclass(frozen=True, slots=True)
class Impact:
    """What prices asked for P products would do; arrays (P,), per period of the inputs' quantity.

    Attributes
    ----------
    current, projected : as it is, and as the demand model has it at the estimated elasticity.
    change, change_percent : from current to projected; 0 percent of a profit that is not above 0.
    low, high : 80 % interval of the projected figures.
    expected : mean over what the elasticity may be.
    other_model : as projected, by the demand model that `OTHER_MODEL` puts beside it.
    probability_of_gain, probability_of_loss : of more and of less profit; of revenue where the cost is unknown.
    large_change : the price is more than 15 % off, where the models part.
    risk_level : "low", "medium" or "high".
    direction : "Increase", "Decrease" or "Keep": where the present price should go, whatever was asked.
    robust_gain : change of profit (of revenue where the cost is unknown) if buyers hardly answered to price, at
        `WEAK_ELASTICITY`; a gain that turns into a loss there rests on the estimate alone.
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
    robust_gain: FloatArray


def project_impact(
    inputs: PricingInputs,
    price: ArrayLike,
    model: DemandModel = AVERAGE,
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
    docs/seeds.md, price optimization, section 4. Its answer "Increase" or "Decrease" follows the sign of the profit
    change alone, so it says "Increase" of a profitable cut; the direction here is that of the profit's slope.
    """
    asked = np.broadcast_to(np.asarray(price, np.float64), inputs.price.shape)
    if not np.all((asked > 0) & np.isfinite(asked)) or not 0 <= demand_factor < np.inf:
        raise ValueError("Prices must be above 0, and the demand factor not negative.")
    present, share = (demand_at(each, inputs, model) for each in (inputs.price, asked))
    current = figures(inputs, inputs.price, present)
    projected, *ends = (
        figures(inputs, asked, demand_factor * each)
        for each in (share, *share_interval(asked, inputs, model))
    )
    average = np.where(np.isnan(inputs.elasticity), np.nan, expected_share(asked, inputs, model))
    gain = probability_of_gain(asked, inputs, np.nan_to_num(inputs.cost), model, demand_factor)
    loss = np.where((asked == inputs.price) & (demand_factor == 1), 0.0, 1 - gain)
    relative = np.abs(asked / inputs.price - 1)
    return Impact(
        current=current,
        projected=projected,
        change=_apply(np.subtract, projected, current),
        change_percent=_percent_changes(asked, inputs, present, demand_factor * share),
        low=_apply(np.minimum, projected, _apply(np.minimum, *ends)),
        high=_apply(np.maximum, projected, _apply(np.maximum, *ends)),
        expected=figures(inputs, asked, demand_factor * average),
        other_model=figures(inputs, asked, demand_factor * demand_at(asked, inputs, OTHER_MODEL[model])),
        probability_of_gain=gain,
        probability_of_loss=loss,
        large_change=np.asarray(relative > LARGEST_CHANGE + _ROUNDING),
        risk_level=risk_levels(relative, loss, inputs.weak),
        direction=direction_worth_taking(inputs, model),
        robust_gain=_robust_gain(asked, inputs, model, demand_factor),
    )


def _robust_gain(
    price: FloatArray, inputs: PricingInputs, model: DemandModel, demand_factor: float
) -> FloatArray:
    """Change of profit (P,), of revenue where the cost is unknown, at an elasticity that is no stronger than a weak one."""
    weak = replace(inputs, elasticity=np.maximum(inputs.elasticity, WEAK_ELASTICITY))
    before, after = (
        figures(weak, at, factor * demand_at(at, weak, model))
        for at, factor in ((inputs.price, 1.0), (price, demand_factor))
    )
    return np.where(np.isnan(inputs.cost), after.revenue - before.revenue, after.profit - before.profit)


def demand_at(price: FloatArray, inputs: PricingInputs, model: DemandModel) -> FloatArray:
    """Demand (P,) at the estimated elasticity, in relation to that at the base price."""
    return demand_shares(price / inputs.base_price, inputs.elasticity, model, inputs.linear_share)


def figures(inputs: PricingInputs, price: FloatArray, share: FloatArray) -> Figures:
    """Units, revenue as charged and profit without tax (P,) at prices where demand is a share of the base quantity.

    Where the elasticity is not known, neither is the share: at the present price it is taken to be the base quantity.
    """
    share = np.where(np.isnan(share) & (price == inputs.price), 1.0, share)
    quantity = inputs.quantity * share
    return Figures(
        np.array(price), quantity, price * quantity, (price - inputs.cost) * quantity / inputs.tax_factor
    )


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


def direction_worth_taking(inputs: PricingInputs, model: DemandModel = AVERAGE) -> StrArray:
    """Where (P,) a small change of the present price p earns more with a probability of at least SURE_ENOUGH, or "Keep".

    Profit rises with price where E > -p / (p - c) under constant elasticity and, with the base price p0, where
    E > -p0 / (2 p - p0 - c) under linear demand; always where p <= c. Where the cost is unknown, revenue decides.
    "Keep" for elasticities that are unknown or not below 0.
    """
    cost = np.nan_to_num(inputs.cost)
    rise = np.zeros(inputs.count)
    for shape, likely in shape_weights(model, inputs.linear_share).items():
        base = inputs.base_price if shape == LINEAR else inputs.price
        slack = 2 * inputs.price - base - cost
        always = (inputs.price <= cost) | (slack <= 0)
        threshold = -base / np.where(always, 1.0, slack)
        above = 1 - truncated_cdf(threshold, inputs.elasticity, inputs.std_error)
        rise += likely * np.where(always, 1.0, above)
    usable = inputs.elasticity < 0
    choices = [usable & (rise >= SURE_ENOUGH), usable & (rise <= 1 - SURE_ENOUGH)]
    return np.select(choices, [np.array(INCREASE), np.array(DECREASE)], np.array(KEEP))


def demand_curve(
    inputs: PricingInputs, prices: FloatArray, model: DemandModel = AVERAGE, demand_factor: float = 1.0
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


def one_of(arrays: Arrays, index: int) -> Arrays:
    """Return a dataclass of arrays with the numbers at one index in their place."""
    values: dict[str, Any] = {each.name: getattr(arrays, each.name) for each in fields(arrays)}
    for name, value in values.items():
        if isinstance(value, Figures):
            values[name] = one_of(value, index)
        elif isinstance(value, np.ndarray):
            values[name] = value[index]
    return type(arrays)(**values)


def _percent_changes(
    price: FloatArray, inputs: PricingInputs, present: FloatArray, share: FloatArray
) -> Figures:
    """Changes in percent against the present price; of one unit sold, so that they hold for any quantity.

    nan where nothing is expected to be sold at the present price.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = price / inputs.price
        times = np.where(present > 0, share / present, np.nan)
    before, after = inputs.price - inputs.cost, (price - inputs.cost) * times
    earning = before > 0
    profit = np.where(earning, after / np.where(earning, before, 1.0) - 1, 0.0)
    profit = np.where(np.isnan(before), np.nan, profit)
    return Figures(*(100 * change for change in (ratio - 1, times - 1, ratio * times - 1, profit)))


def _apply(operation: np.ufunc, one: Figures, other: Figures) -> Figures:
    return Figures(
        *(operation(getattr(one, column.name), getattr(other, column.name)) for column in fields(Figures))
    )
