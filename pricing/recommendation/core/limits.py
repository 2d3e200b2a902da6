"""Limits of prices: one table of rules, for recommendations, the price change ledger and repricing alike.

Every bound is computed in whole numbers: money in ten-thousandths, fractions in ten-thousandths, results in cents, as the
smallest units of the currency are called here whichever it is (whole yen, thousandths of a dinar). So a bound that is a
whole cent stays one, and rounding inward is exact. The bounds' formulas take Python integers and arrays of them alike.

A new rule is a row of `TABLE`; where it comes from a setting of the price policies, that setting is named there.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, NamedTuple

import numpy as np

from elastix.currency import STORED_DECIMALS, TWO_DECIMALS, Currency
from pricing.recommendation.core.inputs import PriceConstraints, PricingInputs
from pricing.sales.core.arrays import BoolArray, FloatArray, IntArray

LOWEST_COST_MULTIPLE: Final = 1.1
HIGHEST_COST_MULTIPLE: Final = 5
SOFT_RANGE_MARGIN: Final = 0.05

COST_FLOOR: Final = "cost_floor"
TARGET_MARGIN: Final = "target_margin"
MINIMUM_MARGIN: Final = "minimum_margin"
MIN_PRICE: Final = "min_price"
MAX_DECREASE: Final = "max_decrease"
COMPETITOR_FLOOR: Final = "competitor_floor"
MAX_PRICE: Final = "max_price"
MAX_INCREASE: Final = "max_increase"
COMPETITOR_CEILING: Final = "competitor_ceiling"
PRICE_CEILING: Final = "price_ceiling"
RELATION_FLOOR: Final = "relation_floor"
RELATION_CEILING: Final = "relation_ceiling"
DAY_DECREASE: Final = "day_decrease"
DAY_INCREASE: Final = "day_increase"
COST: Final = "cost"

NO_FLOOR: Final = "NO_FLOOR"
INFEASIBLE: Final = "INFEASIBLE"

_UNIT: Final = 10**STORED_DECIMALS
_NO_CEILING: Final = 10**15
_SLACK: Final = 1e-6
_HALF_UNIT: Final = 0.005


class Rule(NamedTuple):
    """A limit of prices.

    Attributes
    ----------
    name : in one word.
    is_floor : a lowest price; else a highest one.
    needs : values that the bound is computed from. The rule applies where all of them are known; a cost, a minimum
        price and a competitors' floor of 0 say nothing.
    cents : first or last whole cent that the rule allows, from these values in ten-thousandths, and how many of those a
        cent has.
    message : the rule in a sentence; {bound} is its bound.
    setting : setting of the price policies that it comes from; "" where it is built in.
    refusal : the message with which a hard rule rejects a {price}, whoever proposes it; {value} is the last of the
        values, {percent} the same as a percentage. Empty for a rule that only steers recommendations and repricing:
        people may break it.
    """

    name: str
    is_floor: bool
    needs: tuple[str, ...]
    cents: Callable[..., Any]
    message: str
    setting: str = ""
    refusal: str = ""


def _up(units: Any, divisor: Any) -> Any:
    return -(-units // divisor)


def _whole_cents_above(amount: Any, cent: int) -> Any:
    return _up(amount, cent)


def _whole_cents_below(amount: Any, cent: int) -> Any:
    return amount // cent


def _at_margin(cost: Any, margin: Any, cent: int) -> Any:
    return _up(cost * _UNIT, (_UNIT - np.minimum(margin, _UNIT - 1)) * cent)


def _lowered(price: Any, change: Any, cent: int) -> Any:
    return np.maximum(_up(price * (_UNIT - change), _UNIT * cent), 1)


def _raised(price: Any, change: Any, cent: int) -> Any:
    return price * (_UNIT + change) // (_UNIT * cent)


TABLE: Final = (
    Rule(
        COST_FLOOR, True, ("cost",), lambda cost, cent: _up(11 * cost, 10 * cent),
        "a price must be at least 1.1 times the cost ({bound})",
    ),
    Rule(
        TARGET_MARGIN, True, ("cost", "target_margin"), _at_margin,
        "the target margin needs at least {bound}", "target_margin",
    ),
    Rule(
        MINIMUM_MARGIN, True, ("cost", "minimum_margin"), _at_margin,
        "the minimum margin needs at least {bound}", "minimum_margin",
        "{price} leaves less than the minimum margin of {percent} %, which begins at {bound}",
    ),
    Rule(
        MIN_PRICE, True, ("min_price",), _whole_cents_above, "the minimum price is {bound}", "min_price",
        "{price} is below the minimum price of {value}",
    ),
    Rule(
        MAX_DECREASE, True, ("tried_price", "max_change"), _lowered,
        "the largest decrease allowed ends at {bound}", "max_change",
    ),
    Rule(
        COMPETITOR_FLOOR, True, ("competitor_floor",), _whole_cents_above,
        "the lower bound from competitors' prices is {bound}", "competitor_floor",
    ),
    Rule(
        RELATION_FLOOR, True, ("relation_floor",), _whole_cents_above,
        "beside the prices of related products it must be at least {bound}",
        refusal="{price} is too low beside related products, whose prices ask for at least {bound}",
    ),
    Rule(
        MAX_PRICE, False, ("max_price",), _whole_cents_below, "the maximum price is {bound}", "max_price",
        "{price} is above the maximum price of {value}",
    ),
    Rule(
        MAX_INCREASE, False, ("tried_price", "max_change"), _raised,
        "the largest increase allowed ends at {bound}", "max_change",
    ),
    Rule(
        COMPETITOR_CEILING, False, ("competitor_ceiling",), _whole_cents_below,
        "the upper bound from competitors' prices is {bound}", "competitor_ceiling",
    ),
    Rule(
        RELATION_CEILING, False, ("relation_ceiling",), _whole_cents_below,
        "beside the prices of related products it may be at most {bound}",
        refusal="{price} is too high beside related products, whose prices allow at most {bound}",
    ),
    Rule(
        PRICE_CEILING, False, ("cost", "price"),
        lambda cost, price, cent: np.maximum(HIGHEST_COST_MULTIPLE * cost, price) // cent,
        "no price may exceed 5 times the cost or the current price, whichever is more ({bound})",
    ),
)  # fmt: skip
"""Rules of every recommended price."""

DAY_TABLE: Final = (
    Rule(
        DAY_DECREASE, True, ("day_start", "day_change"), _lowered,
        "the largest decrease of a day ends at {bound}",
    ),
    Rule(
        DAY_INCREASE, False, ("day_start", "day_change"), _raised,
        "the largest increase of a day ends at {bound}",
    ),
)  # fmt: skip
"""Rules of repricing beside these."""

HARD: Final = (
    Rule(
        COST, True, ("cost",), _whole_cents_above, "a price must be at least the cost ({bound})",
        refusal="{price} is below the cost of {value}",
    ),
    *(rule for rule in TABLE if rule.refusal),
)  # fmt: skip
"""Rules that no proposed price may break. A recommended one keeps to 1.1 times the cost, so to the cost as well."""

RULES: Final = tuple(rule.name for rule in TABLE)
ALL_RULES: Final = tuple(rule.name for rule in TABLE + DAY_TABLE)
FLOORS: Final = tuple(rule.name for rule in TABLE if rule.is_floor)
CEILINGS: Final = tuple(rule.name for rule in TABLE if not rule.is_floor)
MESSAGES: Final = {rule.name: rule.message for rule in TABLE + DAY_TABLE}
SETTING_OF_RULE: Final = {rule.name: rule.setting for rule in TABLE if rule.setting}
RELATIONS: Final = (RELATION_FLOOR, RELATION_CEILING)
CAPS: Final = (*CEILINGS, MAX_DECREASE, DAY_DECREASE, DAY_INCREASE)
"""Rules that limit how far a price moves or how high it goes; the others are floors."""

_SAY_NOTHING_AT_0: Final = (COST, MIN_PRICE, COMPETITOR_FLOOR)


class Limit(NamedTuple):
    """A rule that applies to a product, its bound to the cent, and whether it kept the price from what was sought."""

    rule: str
    bound: Decimal
    binding: bool


@dataclass(frozen=True, slots=True)
class PriceLimits:
    """Limits of the prices of P products.

    Attributes
    ----------
    rules : R rules.
    bounds : (R, P) cents; each the first or last whole cent its rule allows.
    known : (R, P) whether the rule applies to the product.
    low, high : (P,) cents, first and last allowed price; low > high where no whole cent is allowed.
    floor_known : (P,) whether a cost or a minimum price says what is too cheap.
    currency : whose smallest unit a cent is.
    """

    rules: tuple[Rule, ...]
    bounds: IntArray
    known: BoolArray
    low: IntArray
    high: IntArray
    floor_known: BoolArray
    currency: Currency = TWO_DECIMALS

    @property
    def feasible(self) -> BoolArray:
        """Whether (P,) any price is allowed."""
        return np.asarray(self.low <= self.high)

    def allows(self, price: FloatArray) -> BoolArray:
        """Whether prices (P,) lie within the limits."""
        cents = self.currency.per_one * price
        return np.asarray((cents >= self.low - _HALF_UNIT) & (cents <= self.high + _HALF_UNIT))

    def binding(self, aim: FloatArray) -> BoolArray:
        """Which rules (R, P) stand between the aim and the allowed prices, or leave no price at all.

        Parameters
        ----------
        aim : (P,) price, infinite where it has no top; nan is stopped by nothing.

        Returns
        -------
        BoolArray
            Where prices are allowed, the tightest rules on the aim's side of them, if it is outside; where none
            is, the rules that contradict each other.
        """
        floor = np.array([rule.is_floor for rule in self.rules])[:, None]
        sought = self.currency.per_one * aim
        below, above = sought < self.low - _SLACK, sought > self.high + _SLACK
        stopped = np.where(floor, below & (self.bounds == self.low), above & (self.bounds == self.high))
        contradicting = np.where(floor, self.bounds > self.high, self.bounds < self.low)
        return np.asarray(self.known & np.where(self.feasible, stopped, contradicting))

    def of_product(self, index: int, binding: BoolArray | None = None) -> Iterator[Limit]:
        """Yield the rules that apply to one product.

        Parameters
        ----------
        binding : (R, P) which rules kept the prices from what was sought; none if not given.
        """
        binding = np.zeros_like(self.known) if binding is None else binding
        columns = (self.rules, self.bounds[:, index], self.known[:, index], binding[:, index])
        for rule, bound, known, binds in zip(*columns, strict=True):
            if known:
                yield Limit(rule.name, self.currency.of_units(int(bound)), bool(binds))


def price_limits(
    inputs: PricingInputs, constraints: PriceConstraints, day: "DayRange | None" = None
) -> PriceLimits:
    """Intersect the limits on the prices of P products, each rounded inward to the cent.

    Parameters
    ----------
    inputs, constraints : of the same P products. Money and fractions count to four decimals.
    day : how far prices may stray in a day, where that is limited as well.
    """
    rules = TABLE if day is None else TABLE + DAY_TABLE
    values = {name: getattr(constraints, name) for name in PriceConstraints.__slots__}
    values |= {"price": inputs.price, "tried_price": inputs.tried_price, "cost": inputs.cost}
    if day is not None:
        values |= {"day_start": day.start, "day_change": day.most}
    needed = {name for rule in rules for name in rule.needs}
    # nan compares as False.
    known = {
        name: values[name] > 0 if name in _SAY_NOTHING_AT_0 else ~np.isnan(values[name]) for name in needed
    }
    units = {name: np.rint(np.nan_to_num(values[name]) * _UNIT).astype(np.int64) for name in needed}
    cent = _UNIT // inputs.currency.per_one
    bounds = np.array([rule.cents(*(units[name] for name in rule.needs), cent) for rule in rules], np.int64)
    applies = np.array([np.all([known[name] for name in rule.needs], axis=0) for rule in rules], np.bool_)
    floor = np.array([rule.is_floor for rule in rules])
    return PriceLimits(
        rules,
        bounds,
        applies,
        low=np.where(applies[floor], bounds[floor], 1).max(axis=0),
        high=np.where(applies[~floor], bounds[~floor], _NO_CEILING).min(axis=0),
        floor_known=known["cost"] | known["min_price"],
        currency=inputs.currency,
    )


def crossed_limit(price: Decimal, limits: Iterable[Limit]) -> Limit | None:
    """The tightest of a product's limits that a price lies beyond, or None; those of price relations are left out.

    Relations are judged by the prices of all products that are proposed together, as `broken_rule` does.
    """
    own = [each for each in limits if each.rule not in RELATIONS]
    below = [each for each in own if each.rule in FLOORS and price < each.bound]
    above = [each for each in own if each.rule in CEILINGS and price > each.bound]
    return max(below, key=_bound_of, default=None) or min(above, key=_bound_of, default=None)


def _bound_of(limit: Limit) -> Decimal:
    return limit.bound


class BrokenRule(NamedTuple):
    """A hard rule that a price breaks, and why it may not."""

    rule: str
    reason: str


def broken_rule(
    price: Decimal, *, currency: Currency = TWO_DECIMALS, **values: Decimal | None
) -> BrokenRule | None:
    """Return the first hard rule that a proposed price breaks, or None.

    Hard rules are the limits that a shop means in earnest: not below cost, not below the policy's minimum margin,
    within its minimum and maximum price, and in the relations that it has to the prices of other products.

    Parameters
    ----------
    values : cost, minimum_margin, min_price, max_price, relation_floor, relation_ceiling; None where nothing is
        laid down. Four decimals count.
    """
    for rule, bound in hard_bounds(currency=currency, **values):
        if price < bound if rule.is_floor else price > bound:
            value = values[rule.needs[-1]] or Decimal(0)
            shown = currency.price(value) if currency.fits(value) else value.normalize()
            percent = f"{100 * float(value):.4g}"
            return BrokenRule(
                rule.name, rule.refusal.format(price=price, value=shown, percent=percent, bound=bound)
            )
    return None


def hard_bounds(
    *, currency: Currency = TWO_DECIMALS, **values: Decimal | None
) -> Iterator[tuple[Rule, Decimal]]:
    """Yield the hard rules that apply to a product, each with the first or last price that it allows.

    Parameters
    ----------
    values : as for `broken_rule`.
    """
    for rule in HARD:
        known = [values.get(name) for name in rule.needs]
        if any(value is None for value in known):
            continue
        units = [int(value * _UNIT) for value in known if value is not None]
        yield rule, currency.of_units(int(rule.cents(*units, _UNIT // currency.per_one)))


@dataclass(frozen=True, slots=True)
class DayRange:
    """How far prices may stray in one day from what they were when it began; arrays (P,), nan where anywhere.

    Attributes
    ----------
    start : price at the beginning of the shop's day.
    most : largest change either way, as a fraction of it.
    """

    start: FloatArray
    most: FloatArray


def is_extrapolation(price: FloatArray, constraints: PriceConstraints) -> BoolArray:
    """Whether (P,) a price lies more than 5 % outside the prices ever charged; False where these are unknown."""
    too_low = price < constraints.lowest_charged * (1 - SOFT_RANGE_MARGIN) - _SLACK
    too_high = price > constraints.highest_charged * (1 + SOFT_RANGE_MARGIN) + _SLACK
    return np.asarray(too_low | too_high)
