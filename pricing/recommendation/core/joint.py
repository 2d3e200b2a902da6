"""Prices of products that compete with or complete each other: those that earn most together, in the right endings."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from pricing.recommendation.core.constants import ENDING_KEEPS, WORTH_AN_ENDING
from pricing.recommendation.core.inputs import PricingInputs
from pricing.recommendation.core.optimum import (
    linear_profit_optimum,
    price_endings_near,
)
from pricing.sales.core.arrays import BoolArray, FloatArray, IntArray

MOST_ROUNDS: Final = 500
TOLERANCE: Final = 1e-12
ENDING_ROUNDS: Final = 5
_SLACK: Final = 1e-6


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
    inputs: PricingInputs,
    allowed: tuple[IntArray, IntArray],
    free: BoolArray,
    alone: FloatArray,
    price_endings: Sequence[tuple[int, ...]],
    cross: FloatArray,
) -> JointChoice:
    """Choose the prices that earn most together; expected profit is at least that of the prices chosen alone.

    Each price is the present one, the one recommended to the product alone, or allowed; it has one of its endings unless
    that would cost more than half of what it gains. Demand is linear.

    Parameters
    ----------
    inputs : of P products.
    allowed : (P,) cents each, first and last allowed price.
    free : (P,) whether a price may be chosen at all; the others keep theirs.
    alone : (P,) the price recommended to each product on its own.
    price_endings : of each product, the last digits its price may have; none means any cent.
    cross : (P, P) elasticity of the row's demand to the column's price; 0 on the diagonal.
    """
    first, last = np.where(free, allowed, [[1], [0]]).astype(np.int64)
    cent = inputs.currency.per_one
    top = joint_prices(inputs, first / cent, last / cent, cross)
    ended = _with_endings(inputs, np.where(free, top, inputs.price), first, last, price_endings, cross)
    # A price recommended alone is a whole answer too: where cents cost more than crossing effects bring, it stands.
    price = max((ended, alone), key=lambda prices: joint_profit(inputs, prices, cross))
    moved = np.abs(price - inputs.price) > _SLACK
    price = np.where(moved, price, inputs.price)
    return JointChoice(
        price=price,
        moved=moved,
        quantity=joint_demand(inputs, price, cross),
        profit_now=joint_profit(inputs, inputs.price, cross),
        profit_alone=joint_profit(inputs, alone, cross),
        profit_together=joint_profit(inputs, price, cross),
    )


def joint_prices(inputs: PricingInputs, low: FloatArray, high: FloatArray, cross: FloatArray) -> FloatArray:
    """Find the prices of greatest expected profit of P products together, to the cent.

    Demand is linear in relative price changes and never below 0:
    Q_i = Q0_i (1 + E_i r_i + sum_j E_ij r_j), r = (p - p0) / p0 with p0 the base price. The profit has several tops
    where demand runs out, so the search (L-BFGS-B with analytic gradients) starts from the present prices, from each
    product's own optimum, and from both ends of the allowed prices, and the best end is taken: same input, same output.

    Parameters
    ----------
    inputs : of P products. One without a cost, or without an elasticity below 0, keeps its price; so does one whose
        allowed prices are none. One without a cost counts with no profit.
    low, high : (P,) first and last allowed price, in currency.
    cross : (P, P) elasticity of the row's demand to the column's price; 0 on the diagonal.

    Returns
    -------
    FloatArray
        (P,) each the present price or an allowed whole cent. Their expected profit is at least that of the present
        prices, unless one of these is itself not allowed: then it is at least that of the nearest allowed ones.

    Raises
    ------
    ValueError
        If the shapes differ, or a cross elasticity is not finite or stands on the diagonal.
    """
    count = inputs.count
    if low.shape != (count,) or high.shape != (count,) or cross.shape != (count, count):
        raise ValueError("Bounds and cross elasticities must belong to the products of the inputs.")
    if not np.all(np.isfinite(cross)) or np.any(np.diagonal(cross) != 0):
        raise ValueError("Cross elasticities must be finite, and 0 on the diagonal.")
    cent = inputs.currency.per_one
    first = np.ceil(cent * low - _SLACK) / cent
    last = np.floor(cent * high + _SLACK) / cent
    free = (first <= last) & (inputs.elasticity < 0) & ~np.isnan(inputs.cost)
    first, last = np.where(free, first, inputs.price), np.where(free, last, inputs.price)
    present = np.clip(inputs.price, first, last)
    if not free.any():
        return present
    alone = linear_profit_optimum(inputs.base_price, inputs.cost, inputs.elasticity)
    alone = np.clip(np.where(free, alone, inputs.price), first, last)
    ends = [_climb(inputs, cross, start, first, last) for start in (present, alone, first, last)]
    found = [
        np.asarray(np.where(free, np.clip(np.round(end, inputs.currency.decimals), first, last), end))
        for end in ends
    ]
    best = max(found, key=lambda price: joint_profit(inputs, price, cross))
    return best if joint_profit(inputs, best, cross) > joint_profit(inputs, present, cross) else present


def joint_profit(inputs: PricingInputs, price: FloatArray, cross: FloatArray) -> float:
    """Expected profit of P products at prices (P,), per the period of the quantities; 0 for those without a cost."""
    return _profit(inputs, price, cross)[0]


def joint_demand(inputs: PricingInputs, price: FloatArray, cross: FloatArray) -> FloatArray:
    """Expected units (P,) at prices (P,): linear in all relative price changes, never below 0."""
    return np.asarray(inputs.quantity * np.maximum(_share(inputs, price, cross), 0.0))


def _share(inputs: PricingInputs, price: FloatArray, cross: FloatArray) -> FloatArray:
    change = price / inputs.base_price - 1
    return np.asarray(1 + np.nan_to_num(inputs.elasticity) * change + cross @ change)


def _profit(inputs: PricingInputs, price: FloatArray, cross: FloatArray) -> tuple[float, FloatArray]:
    """Profit, and its derivatives by the prices (P,)."""
    share = _share(inputs, price, cross)
    sold = inputs.quantity * np.maximum(share, 0.0)
    margin = np.where(np.isnan(inputs.cost), 0.0, price - inputs.cost) / inputs.tax_factor
    earns = ~np.isnan(inputs.cost)
    # Of one more percent of demand; where there is none left, a little higher price changes nothing.
    worth = np.where(share > 0, margin * inputs.quantity, 0.0)
    slope = np.where(earns, sold, 0.0) / inputs.tax_factor
    slope += (np.nan_to_num(inputs.elasticity) * worth + cross.T @ worth) / inputs.base_price
    return float(margin @ sold), np.asarray(slope)


def _climb(
    inputs: PricingInputs, cross: FloatArray, start: FloatArray, first: FloatArray, last: FloatArray
) -> FloatArray:
    """Follow the profit's slope from a start to a top, within the bounds."""
    from scipy.optimize import Bounds, minimize

    scale = max(abs(joint_profit(inputs, start, cross)), float(inputs.base_price @ inputs.quantity), 1e-9)

    def loss(change: FloatArray) -> tuple[float, FloatArray]:
        profit, slope = _profit(inputs, inputs.base_price * (1 + change), cross)
        return -profit / scale, -slope * inputs.base_price / scale

    bounds = Bounds(first / inputs.base_price - 1, last / inputs.base_price - 1)
    options = {"maxiter": MOST_ROUNDS, "ftol": TOLERANCE, "gtol": TOLERANCE}
    start = np.clip(start / inputs.base_price - 1, bounds.lb, bounds.ub)
    end = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options=options)
    return np.asarray(inputs.base_price * (1 + end.x))


def _with_endings(
    inputs: PricingInputs,
    price: FloatArray,
    low: IntArray,
    high: IntArray,
    price_endings: Sequence[tuple[int, ...]],
    cross: FloatArray,
) -> FloatArray:
    """Move each price to the nearby ending, or leave the present one, whichever earns most with the others as they are.

    One product after the other, and again until none moves, since an ending that one takes may suit another better.
    """
    target, price = price, price.copy()
    slopes = cross + np.diag(np.nan_to_num(inputs.elasticity))
    earns = ~np.isnan(inputs.cost)
    share = 1 + slopes @ (price / inputs.base_price - 1)
    choices = {
        product: _Choices(
            inputs.take(np.array([product])),
            target[[product]],
            int(low[product]),
            int(high[product]),
            price_endings[product],
        )
        for product in np.flatnonzero(low <= high).tolist()
    }
    for _ in range(ENDING_ROUNDS):
        before = price.copy()
        for product, each in choices.items():
            steps = (each.price - price[product]) / inputs.base_price[product]
            shares = share + np.outer(steps, slopes[:, product])
            prices = np.repeat(price[None, :], each.price.size, axis=0)
            prices[:, product] = each.price
            margin = (prices - inputs.cost) / inputs.tax_factor
            profit = margin * inputs.quantity * np.maximum(shares, 0.0)
            best = each.best(profit[:, earns].sum(axis=1))
            price[product], share = each.price[best], shares[best]
        if np.array_equal(before, price):
            break
    return price


class _Choices:
    """Prices (K,) that one product may have; the last is the present one.

    `ended` are those with one of its endings and, where it is allowed, the present one; `allowed` may be all but that.
    """

    def __init__(
        self, inputs: PricingInputs, near: FloatArray, low: int, high: int, price_endings: tuple[int, ...]
    ) -> None:
        """Find the choices of the one product of `inputs` near a price (1,), from low to high (cents)."""
        bounds = np.array([low]), np.array([high])
        currency, now = inputs.currency, inputs.price
        with_ending, found = price_endings_near(near, *bounds, price_endings, currency)
        to_the_cent, _ = price_endings_near(near, *bounds, (), currency)
        present = currency.per_one * now
        inside = (present >= low - _SLACK) & (present <= high + _SLACK)
        ended, cents = with_ending[found] / currency.per_one, to_the_cent[0] / currency.per_one
        self.price = np.concatenate([ended, cents, now])
        self.ended = np.concatenate([np.full(ended.size, True), np.full(cents.size, False), inside])
        self.allowed = np.concatenate([np.full(ended.size + cents.size, True), inside])
        present_profit = (now - inputs.cost) * inputs.quantity / inputs.tax_factor
        self.worth_it = WORTH_AN_ENDING * abs(present_profit.item())

    def best(self, profit: FloatArray) -> int:
        """The price of most profit (K,), ended unless that would cost more than half of the gain."""
        at_any = int(np.where(self.allowed, profit, -np.inf).argmax())
        ended = int(np.where(self.ended, profit, -np.inf).argmax())
        most, kept = profit[at_any] - profit[-1], profit[ended] - profit[-1]
        return at_any if most >= self.worth_it and kept < ENDING_KEEPS * most else ended
