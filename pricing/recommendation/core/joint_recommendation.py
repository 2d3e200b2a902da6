"""Prices for products that compete with or complete each other, chosen together and ending as prices should."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from pricing.elasticity.core.demand import FloatArray
from pricing.recommendation.core.guardrails import CentArray, endings_near
from pricing.recommendation.core.inputs import BoolArray, PricingInputs
from pricing.recommendation.core.joint import joint_demand, joint_prices, joint_profit
from pricing.recommendation.core.price_search import ENDING_KEEPS, WORTH_AN_ENDING

ROUNDS: Final = 5
_SAME: Final = 1e-6


@dataclass(frozen=True, slots=True)
class JointChoice:
    """Prices (P,) chosen together, and what is expected of them and of the others.

    Attributes
    ----------
    quantity : (P,) units expected at these prices, cross effects counted.
    profit_now, profit_alone, profit_together : of all products, cross effects counted: at the present prices, at
        those recommended to each product alone, and at these. Products without a cost count with no profit.
    """

    price: FloatArray
    moved: BoolArray
    quantity: FloatArray
    profit_now: float
    profit_alone: float
    profit_together: float


def choose_together(
    offers: PricingInputs,
    low: CentArray,
    high: CentArray,
    free: BoolArray,
    alone: FloatArray,
    endings: Sequence[tuple[int, ...]],
    cross: FloatArray,
) -> JointChoice:
    """Choose the prices that earn most together; expected profit is at least that of the prices chosen alone.

    Each price is the present one, the one recommended to the product alone, or allowed; it has one of its endings unless
    that would cost more than half of what it gains. Demand is linear.

    Parameters
    ----------
    offers : of P products.
    low, high : (P,) cents, first and last allowed price.
    free : (P,) whether a price may be chosen at all; the others keep theirs.
    alone : (P,) the price recommended to each product on its own.
    endings : of each product, the last two digits its price may have; none means any cent.
    cross : (P, P) elasticity of the row's demand to the column's price; 0 on the diagonal.
    """
    first = np.where(free, low, 1).astype(np.int64)
    last = np.where(free, high, 0).astype(np.int64)
    top = joint_prices(offers, first / 100, last / 100, cross)
    ended = _with_endings(offers, np.where(free, top, offers.price), first, last, endings, cross)
    # A price recommended alone is a whole answer too: where cents cost more than crossing effects bring, it stands.
    price = max((ended, alone), key=lambda prices: joint_profit(offers, prices, cross))
    moved = np.abs(price - offers.price) > _SAME
    price = np.where(moved, price, offers.price)
    return JointChoice(
        price=price,
        moved=moved,
        quantity=joint_demand(offers, price, cross),
        profit_now=joint_profit(offers, offers.price, cross),
        profit_alone=joint_profit(offers, alone, cross),
        profit_together=joint_profit(offers, price, cross),
    )


def _with_endings(
    offers: PricingInputs,
    price: FloatArray,
    low: CentArray,
    high: CentArray,
    endings: Sequence[tuple[int, ...]],
    cross: FloatArray,
) -> FloatArray:
    """Move each price to the nearby ending, or leave the present one, whichever earns most with the others as they are.

    One product after the other, and again until none moves, since an ending that one takes may suit another better.
    """
    target, price = price, price.copy()
    slopes = cross + np.diag(np.nan_to_num(offers.elasticity))
    earns = ~np.isnan(offers.cost)
    cost = np.where(earns, offers.cost, 0.0)
    share = 1 + slopes @ (price / offers.price - 1)
    choices = [
        _choices(offers, target, low, high, endings[index], index)
        for index in np.flatnonzero(low <= high).tolist()
    ]
    for _ in range(ROUNDS):
        before = price.copy()
        for each in choices:
            steps = (each.price - price[each.product]) / offers.price[each.product]
            shares = share + np.outer(steps, slopes[:, each.product])
            prices = np.repeat(price[None, :], each.price.size, axis=0)
            prices[:, each.product] = each.price
            profit = np.where(earns, (prices - cost) * offers.quantity * np.maximum(shares, 0.0), 0.0)
            best = each.best(profit.sum(axis=1))
            price[each.product], share = each.price[best], shares[best]
        if np.array_equal(before, price):
            break
    return price


@dataclass(frozen=True, slots=True)
class _Choices:
    """Prices (K,) that one product may have; the last is the present one.

    `ended` are those with one of its endings and, where it is allowed, the present one; `allowed` may be all but that.
    """

    product: int
    price: FloatArray
    ended: BoolArray
    allowed: BoolArray
    worth_it: float

    def best(self, profit: FloatArray) -> int:
        """The price of most profit (K,), ended unless that would cost more than half of the gain."""
        at_any = int(np.where(self.allowed, profit, -np.inf).argmax())
        if not self.ended.any():
            return at_any
        ended = int(np.where(self.ended, profit, -np.inf).argmax())
        most, kept = profit[at_any] - profit[-1], profit[ended] - profit[-1]
        return at_any if most >= self.worth_it and kept < ENDING_KEEPS * most else ended


def _choices(
    offers: PricingInputs,
    target: FloatArray,
    low: CentArray,
    high: CentArray,
    endings: tuple[int, ...],
    index: int,
) -> _Choices:
    one = slice(index, index + 1)
    now = offers.price[one]
    with_ending, near = endings_near(target[one], low[one], high[one], endings)
    to_the_cent, _ = endings_near(target[one], low[one], high[one], ())
    inside = (100 * now >= low[one] - _SAME) & (100 * now <= high[one] + _SAME)
    ended, cents = with_ending[near] / 100, to_the_cent[0] / 100
    present = np.abs((offers.price[index] - offers.cost[index]) * offers.quantity[index])
    return _Choices(
        product=index,
        price=np.concatenate([ended, cents, now]),
        ended=np.concatenate([np.ones(ended.size, np.bool_), np.zeros(cents.size, np.bool_), inside]),
        allowed=np.concatenate([np.ones(ended.size + cents.size, np.bool_), inside]),
        worth_it=float(WORTH_AN_ENDING * present),
    )
