"""What a price decision starts from: what is known of the products, and the terms set for their prices."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Final, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pricing.elasticity.core.demand import DEMAND_MODELS, LINEAR, DemandModel, FloatArray

BoolArray = NDArray[np.bool_]
Strategy = Literal["profit", "target_margin", "revenue", "markup"]

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
DEFAULT_ENDINGS: Final = (49, 99)
MONEY_DECIMALS: Final = 4


@dataclass(frozen=True, slots=True)
class PricingInputs:
    """P products as they are sold today; every array is (P,).

    Attributes
    ----------
    price : present price per unit, above 0.
    quantity : units sold at that price per period (any; results are per the same), not negative.
    cost : cost per unit, nan where unknown.
    elasticity : own-price elasticity, nan where unknown.
    std_error : its standard deviation; `UNKNOWN_STD_ERROR` where none was stated.
    cost_assumed : the cost is a share of the price that somebody assumed.
    """

    price: FloatArray
    quantity: FloatArray
    cost: FloatArray
    elasticity: FloatArray
    std_error: FloatArray
    cost_assumed: BoolArray

    @classmethod
    def of(
        cls,
        *,
        price: ArrayLike,
        elasticity: ArrayLike | None,
        quantity: ArrayLike = 0.0,
        cost: ArrayLike | None = None,
        std_error: ArrayLike | None = None,
        assumed_cost_ratio: ArrayLike | None = None,
    ) -> Self:
        """Build offers from numbers, lists or arrays of one length; None and nan mean unknown.

        Parameters
        ----------
        assumed_cost_ratio : cost as a fraction of the present price, used where the cost is unknown.

        Raises
        ------
        ValueError
            If a price is not above 0, a price or cost beyond 1e8; a quantity, cost, error or ratio is negative; or an
            elasticity, quantity or cost is infinite.
        """
        given = (price, quantity, cost, elasticity, std_error, assumed_cost_ratio)
        p, q, c, e, sd, ratio = columns(given)
        if not np.all((p > 0) & (p <= LARGEST_AMOUNT)) or np.any(c > LARGEST_AMOUNT):
            raise ValueError(
                f"Prices must be above 0, and neither they nor costs above {LARGEST_AMOUNT:,.0f}."
            )
        if not np.all(np.isfinite(q)) or np.any(np.isinf([c, e, sd, ratio])):
            raise ValueError("Quantities must be known, and nothing may be infinite.")
        if np.any(q < 0) or np.any(c < 0) or np.any(sd < 0) or np.any(ratio < 0):
            raise ValueError("Quantities, costs, cost ratios and standard errors must not be negative.")
        assumed = np.isnan(c) & (ratio > 0)
        c = np.where(assumed, np.round(ratio * p, MONEY_DECIMALS), c)
        sd = np.maximum(np.nan_to_num(sd, nan=UNKNOWN_STD_ERROR), SMALLEST_STD_ERROR)
        return cls(p, q, c, e, sd, assumed)

    @property
    def count(self) -> int:
        """Number of products P."""
        return int(self.price.size)

    def take(self, chosen: NDArray[np.generic]) -> Self:
        """Return the offers chosen by a mask (P,) or by positions, which may repeat."""
        return type(self)(*(getattr(self, column.name)[chosen] for column in fields(self)))


@dataclass(frozen=True, slots=True)
class PriceConstraints:
    """What was laid down for the prices of P products; every array is (P,), nan where nothing was.

    Attributes
    ----------
    target_margin, minimum_margin : fractions of the price, in [0, 1).
    markup : fraction of the cost that strategy "markup" adds; where nan, what the target margin amounts to.
    min_price, max_price, competitor_floor, competitor_ceiling : prices.
    max_change : largest change either way, as a fraction of the present price; 0.15 where nothing was laid down.
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
    lowest_charged: FloatArray
    highest_charged: FloatArray

    @classmethod
    def of(cls, products: int, **given: ArrayLike | None) -> Self:
        """Build the terms of so many products; what is not given was not laid down.

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
            raise TypeError(f"unknown terms: {', '.join(sorted(unknown))}")
        _, *values = columns((np.zeros(products), *(given.get(name) for name in names)))
        terms = dict(zip(names, values, strict=True))
        change = terms["max_change"]
        terms["max_change"] = np.where(np.isnan(change), DEFAULT_MAX_CHANGE, change)
        _check_terms(terms)
        return cls(**terms)

    def take(self, chosen: NDArray[np.generic]) -> Self:
        """Return the terms of the products chosen by a mask (P,) or by positions, which may repeat."""
        return type(self)(*(getattr(self, column.name)[chosen] for column in fields(self)))


@dataclass(frozen=True, slots=True)
class PricingStrategy:
    """How a price is chosen.

    Attributes
    ----------
    strategy : "profit" and "revenue" look for the most of it; "target_margin" and "markup" are rules.
    demand_model : how demand answers to price away from the present one.
    endings : last two digits a price may end in, 0 to 99; none means any cent.
    """

    strategy: Strategy = PROFIT
    demand_model: DemandModel = LINEAR
    endings: tuple[int, ...] = DEFAULT_ENDINGS

    def __post_init__(self) -> None:
        if self.strategy not in STRATEGIES:
            raise ValueError(f"unknown strategy {self.strategy!r}: choose one of {', '.join(STRATEGIES)}")
        if self.demand_model not in DEMAND_MODELS:
            raise ValueError(f"unknown demand model {self.demand_model!r}")
        if any(not 0 <= ending <= 99 for ending in self.endings):
            raise ValueError("Endings are the last two digits of a price, 0 to 99.")

    @property
    def is_rule(self) -> bool:
        """Whether the strategy sets a price by rule, whatever it does to profit or revenue."""
        return self.strategy in (TARGET_MARGIN, MARKUP)


def columns(values: Sequence[ArrayLike | None]) -> list[FloatArray]:
    """Return the values as arrays (P,) of one length; None becomes nan."""
    arrays = [np.asarray(np.nan if value is None else value, np.float64) for value in values]
    return [np.array(array) for array in np.broadcast_arrays(*map(np.atleast_1d, arrays))]


def _check_terms(terms: dict[str, FloatArray]) -> None:
    values = np.array(list(terms.values()))
    if np.any(values < 0) or np.any(values > LARGEST_AMOUNT):
        raise ValueError(f"PriceConstraints must be neither negative nor above {LARGEST_AMOUNT:,.0f}.")
    if np.any(terms["target_margin"] >= 1) or np.any(terms["minimum_margin"] >= 1):
        raise ValueError("A margin is a fraction of the price, below 1.")
    if np.any(terms["max_change"] > LARGEST_CHANGE):
        raise ValueError(f"The largest change must be at most {LARGEST_CHANGE:.0f} times the price.")
