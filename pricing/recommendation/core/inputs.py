"""The inputs of a price decision as arrays: facts about the products, and the settings of their policies."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Final, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from elastix.currency import TWO_DECIMALS, Currency
from pricing.elasticity.core.demand import AVERAGE, DEMAND_MODELS, EQUAL_SHARES, DemandModel
from pricing.sales.core.arrays import BoolArray, FloatArray

Strategy = Literal["profit", "target_margin", "revenue", "markup"]
StrArray = NDArray[np.str_]

PROFIT: Final = "profit"
TARGET_MARGIN: Final = "target_margin"
REVENUE: Final = "revenue"
MARKUP: Final = "markup"
STRATEGIES: Final[tuple[Strategy, ...]] = (PROFIT, TARGET_MARGIN, REVENUE, MARKUP)

UNKNOWN_STD_ERROR: Final = 1.0
"""Taken for an elasticity whose method states no error: a little more than elasticities differ in a shop."""

SMALLEST_STD_ERROR: Final = 1e-6
LARGEST_AMOUNT: Final = 1e8
LARGEST_CHANGE: Final = 99.0
DEFAULT_MAX_CHANGE: Final = 0.15
DEFAULT_ENDINGS: Final = tuple(map(int, TWO_DECIMALS.endings))
MOST_ENDING: Final = 100_000
MONEY_DECIMALS: Final = 4
SAME_PRICE: Final = 1e-6


class _Columns:
    """A dataclass whose fields are arrays (P,), but for those that hold for all products alike."""

    __slots__ = ()

    def take(self, chosen: NDArray[np.generic]) -> Self:
        """Return the products chosen by a mask (P,) or by positions, which may repeat."""
        values = {each.name: getattr(self, each.name) for each in fields(self)}  # type: ignore[arg-type]
        columns = {name: value[chosen] for name, value in values.items() if isinstance(value, np.ndarray)}
        return replace(self, **columns)  # type: ignore[type-var]


@dataclass(frozen=True, slots=True)
class PricingInputs(_Columns):
    """P products as they are sold; every array is (P,).

    The present price and the base price differ where the price was changed after the sales that demand is known from:
    demand at any price is projected from the base, never from the present price.

    Attributes
    ----------
    price : present price per unit, above 0.
    base_price : the price that the quantity was sold at, above 0.
    quantity : units sold at the base price per period (any; results are per the same), not negative.
    cost : what a price has to exceed: the cost per unit and the tax that a price of that size would include, nan where
        unknown. Everything that compares a price with a cost, and so every optimum, margin and floor, is the same with it
        as for the net price and the cost itself: (P / f - C) / (P / f) = (P - C f) / P.
    elasticity : own-price elasticity, nan where unknown.
    std_error : its standard deviation; `UNKNOWN_STD_ERROR` where none was stated.
    cost_assumed : the cost is an assumed share of the price.
    weak : the elasticity is no more than its category's (grade D).
    not_converged : the fit that the elasticity comes from did not converge.
    cooling : the price was changed so lately that it is to stay.
    tried_price : the newest price that sales have proven; the present one unless that was set lately. The largest change
        allowed is measured from it, so that several changes without new sales lead no farther than one.
    tax_factor : price with the tax that it includes over price without, 1 where it includes none. Profit is net.
    currency : of all the prices; those that are chosen are multiples of its smallest unit.
    linear_share : probability of linear demand where the average of both curves is asked for.
    """

    price: FloatArray
    base_price: FloatArray
    tried_price: FloatArray
    quantity: FloatArray
    cost: FloatArray
    elasticity: FloatArray
    std_error: FloatArray
    cost_assumed: BoolArray
    weak: BoolArray
    not_converged: BoolArray
    cooling: BoolArray
    tax_factor: FloatArray
    currency: Currency = TWO_DECIMALS
    linear_share: float = EQUAL_SHARES

    @classmethod
    def of(
        cls,
        *,
        price: ArrayLike,
        elasticity: ArrayLike | None,
        base_price: ArrayLike | None = None,
        tried_price: ArrayLike | None = None,
        quantity: ArrayLike = 0.0,
        cost: ArrayLike | None = None,
        std_error: ArrayLike | None = None,
        assumed_cost_ratio: ArrayLike | None = None,
        tax_rate: ArrayLike = 0.0,
        currency: Currency = TWO_DECIMALS,
        linear_share: float = EQUAL_SHARES,
        **flags: ArrayLike,
    ) -> Self:
        """Build inputs from numbers, lists or arrays of one length; None and nan mean unknown.

        Parameters
        ----------
        base_price, tried_price : the present price where not given.
        cost : per unit, without tax.
        assumed_cost_ratio : cost as a fraction of the tried price, both net, used where the cost is unknown.
        tax_rate : percent that prices include on top of the net price.
        flags : weak, not_converged, cooling; False where not given.

        Raises
        ------
        ValueError
            If a price is not above 0, a price or cost beyond 1e8; a quantity, cost, error or ratio is negative; or an
            elasticity, quantity or cost is infinite.
        """
        prices = (price, base_price, tried_price)
        others = (quantity, cost, elasticity, std_error, assumed_cost_ratio, tax_rate)
        p, base, tried, q, c, e, sd, ratio, tax = _columns((*prices, *others))
        base, tried = (np.where(np.isnan(each), p, each) for each in (base, tried))
        _check_amounts(np.array([p, base, tried]), q, c, e, sd, ratio, tax)
        if not 0 <= linear_share <= 1:
            raise ValueError("The share of linear demand is a probability.")
        sd = np.maximum(np.nan_to_num(sd, nan=UNKNOWN_STD_ERROR), SMALLEST_STD_ERROR)
        weak, not_converged, cooling = (
            np.array(np.broadcast_to(np.asarray(flags.pop(name, False), np.bool_), p.shape))
            for name in ("weak", "not_converged", "cooling")
        )
        if flags:
            raise TypeError(f"unknown inputs: {', '.join(sorted(flags))}")
        factor = 1 + tax / 100
        c = np.where(factor > 1, np.round(c * factor, MONEY_DECIMALS), c)
        assumed = np.isnan(c) & (ratio > 0)
        c = np.where(assumed, np.round(ratio * tried, MONEY_DECIMALS), c)
        return cls(
            p, base, tried, q, c, e, sd, assumed, weak, not_converged, cooling, factor, currency, linear_share
        )

    @property
    def net_cost(self) -> FloatArray:
        """Cost per unit (P,) without tax, nan where unknown."""
        return np.asarray(self.cost / self.tax_factor)

    @property
    def count(self) -> int:
        """Number of products P."""
        return int(self.price.size)

    @property
    def untried(self) -> BoolArray:
        """Whether (P,) the present price was set lately and sales have not proven it yet."""
        return np.abs(self.price / self.tried_price - 1) > SAME_PRICE


@dataclass(frozen=True, slots=True)
class PriceConstraints(_Columns):
    """What is set for the prices of P products; every array is (P,), nan where nothing is.

    Attributes
    ----------
    target_margin, minimum_margin : fractions of the price, in [0, 1).
    markup : fraction of the cost that strategy "markup" adds; where nan, what the target margin amounts to.
    min_price, max_price, competitor_floor, competitor_ceiling : prices.
    relation_floor, relation_ceiling : prices that keep the relations to the prices of other products.
    max_change : largest change either way, as a fraction of the price that was last tried; 0.15 where nothing is set.
    lowest_charged, highest_charged : the range of prices the product was ever sold at.
    """

    target_margin: FloatArray
    minimum_margin: FloatArray
    markup: FloatArray
    min_price: FloatArray
    max_price: FloatArray
    max_change: FloatArray
    competitor_floor: FloatArray
    competitor_ceiling: FloatArray
    relation_floor: FloatArray
    relation_ceiling: FloatArray
    lowest_charged: FloatArray
    highest_charged: FloatArray

    @classmethod
    def of(cls, products: int, **given: ArrayLike | None) -> Self:
        """Build the constraints of P products; what is not given is not set.

        Parameters
        ----------
        products : number of products P; every value given is one number, or P of them.

        Raises
        ------
        TypeError
            If a name is not one of the attributes.
        ValueError
            If a margin is outside [0, 1), a change outside [0, 99], or a markup or a price negative or beyond 1e8.
        """
        names = [column.name for column in fields(cls)]
        if unknown := set(given) - set(names):
            raise TypeError(f"unknown constraints: {', '.join(sorted(unknown))}")
        _, *values = _columns((np.zeros(products), *(given.get(name) for name in names)))
        found = cls(*values)
        change = found.max_change
        found = replace(found, max_change=np.where(np.isnan(change), DEFAULT_MAX_CHANGE, change))
        if np.any(np.array(values) < 0) or np.any(np.array(values) > LARGEST_AMOUNT):
            raise ValueError(f"PriceConstraints must be neither negative nor above {LARGEST_AMOUNT:,.0f}.")
        if np.any(found.target_margin >= 1) or np.any(found.minimum_margin >= 1):
            raise ValueError("A margin is a fraction of the price, below 1.")
        if np.any(found.max_change > LARGEST_CHANGE):
            raise ValueError(f"The largest change must be at most {LARGEST_CHANGE:.0f} times the price.")
        return found

    def limit_change(self, most: FloatArray) -> Self:
        """Return the constraints with the largest change (P,) at most a fraction of the price; nan: as it was."""
        return replace(self, max_change=np.fmin(self.max_change, most))


@dataclass(frozen=True, slots=True)
class PricingStrategy:
    """How a price is chosen.

    Attributes
    ----------
    strategy : "profit" and "revenue" look for the most of it; "target_margin" and "markup" are rules.
    demand_model : how demand answers to price away from the present one.
    price_endings : last digits a price may end in, as many as the currency's endings have; none means any price.
    """

    strategy: Strategy = PROFIT
    demand_model: DemandModel = AVERAGE
    price_endings: tuple[int, ...] = DEFAULT_ENDINGS

    def __post_init__(self) -> None:
        if self.strategy not in STRATEGIES:
            raise ValueError(f"unknown strategy {self.strategy!r}: choose one of {', '.join(STRATEGIES)}")
        if self.demand_model not in DEMAND_MODELS:
            raise ValueError(f"unknown demand model {self.demand_model!r}")
        if any(not 0 <= ending < MOST_ENDING for ending in self.price_endings):
            raise ValueError("Price endings are the last digits of a price, not negative.")

    @property
    def is_rule(self) -> bool:
        """Whether the strategy sets a price by rule, whatever it does to profit or revenue."""
        return self.strategy in (TARGET_MARGIN, MARKUP)


def _check_amounts(
    prices: FloatArray,
    quantity: FloatArray,
    cost: FloatArray,
    elasticity: FloatArray,
    std_error: FloatArray,
    cost_ratio: FloatArray,
    tax_rate: FloatArray,
) -> None:
    """Refuse amounts that cannot be: prices (3, P), everything else (P,), nan where unknown."""
    if not np.all((prices > 0) & (prices <= LARGEST_AMOUNT)) or np.any(cost > LARGEST_AMOUNT):
        raise ValueError(f"Prices must be above 0, and neither they nor costs above {LARGEST_AMOUNT:,.0f}.")
    if not np.all(np.isfinite(quantity)) or np.any(np.isinf([cost, elasticity, std_error, cost_ratio])):
        raise ValueError("Quantities must be known, and nothing may be infinite.")
    if np.any(np.array([quantity, cost, std_error, cost_ratio]) < 0) or not np.all(tax_rate >= 0):
        raise ValueError(
            "Quantities, costs, cost ratios, tax rates and standard errors must not be negative."
        )


def _columns(values: Sequence[Any]) -> list[FloatArray]:
    """Return the values as arrays (P,) of one length; None becomes nan."""
    arrays = [np.asarray(np.nan if value is None else value, np.float64) for value in values]
    return [np.array(array) for array in np.broadcast_arrays(*map(np.atleast_1d, arrays))]
