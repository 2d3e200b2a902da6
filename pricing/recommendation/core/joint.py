"""The prices at which a set of products earns most together, where the price of one moves demand for another."""

from typing import Final

import numpy as np
from scipy.optimize import Bounds, minimize

from pricing.elasticity.core.demand import FloatArray
from pricing.recommendation.core.inputs import BoolArray, PricingInputs
from pricing.recommendation.core.optimum import linear_profit_optimum

MOST_ROUNDS: Final = 500
TOLERANCE: Final = 1e-12
_SLACK: Final = 1e-6


def joint_prices(offers: PricingInputs, low: FloatArray, high: FloatArray, cross: FloatArray) -> FloatArray:
    """Find the prices of greatest expected profit of P products together, to the cent.

    Demand is linear in relative price changes and never below 0:
    Q_i = Q0_i (1 + E_i r_i + sum_j E_ij r_j), r = (p - p0) / p0. The profit has several tops where demand runs out, so
    the search (L-BFGS-B with analytic gradients) starts from the present prices, from each product's own optimum, and from
    both ends of the allowed prices, and the best end is taken: same input, same output.

    Parameters
    ----------
    offers : of P products. One without a cost, or without an elasticity below 0, keeps its price; so does one whose
        allowed prices are none. One without a cost counts with no profit.
    low, high : (P,) first and last allowed price, as guardrails give them (in currency).
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
    count = offers.count
    if low.shape != (count,) or high.shape != (count,) or cross.shape != (count, count):
        raise ValueError("Bounds and cross elasticities must belong to the products of the offers.")
    if not np.all(np.isfinite(cross)) or np.any(np.diagonal(cross) != 0):
        raise ValueError("Cross elasticities must be finite, and 0 on the diagonal.")
    first = np.ceil(100 * low - _SLACK) / 100
    last = np.floor(100 * high + _SLACK) / 100
    free = (first <= last) & (offers.elasticity < 0) & ~np.isnan(offers.cost)
    first, last = np.where(free, first, offers.price), np.where(free, last, offers.price)
    present = np.clip(offers.price, first, last)
    if not free.any():
        return present
    found = [_in_cents(_climb(offers, cross, start, first, last), first, last, free) for start in
             (present, _alone(offers, first, last, free), first, last)]  # fmt: skip
    best = max(found, key=lambda price: joint_profit(offers, price, cross))
    return best if joint_profit(offers, best, cross) > joint_profit(offers, present, cross) else present


def joint_profit(offers: PricingInputs, price: FloatArray, cross: FloatArray) -> float:
    """Expected profit of P products at prices (P,), per the period of the quantities; 0 for those without a cost."""
    return _profit(offers, price, cross)[0]


def joint_demand(offers: PricingInputs, price: FloatArray, cross: FloatArray) -> FloatArray:
    """Expected units (P,) at prices (P,): linear in all relative price changes, never below 0."""
    return np.asarray(offers.quantity * np.maximum(_share(offers, price, cross), 0.0))


def _share(offers: PricingInputs, price: FloatArray, cross: FloatArray) -> FloatArray:
    change = price / offers.price - 1
    return np.asarray(1 + np.nan_to_num(offers.elasticity) * change + cross @ change)


def _profit(offers: PricingInputs, price: FloatArray, cross: FloatArray) -> tuple[float, FloatArray]:
    """Profit, and its derivatives by the prices (P,)."""
    share = _share(offers, price, cross)
    sold = offers.quantity * np.maximum(share, 0.0)
    margin = np.where(np.isnan(offers.cost), 0.0, price - offers.cost)
    earns = ~np.isnan(offers.cost)
    # Of one more percent of demand; where there is none left, a little higher price changes nothing.
    worth = np.where(share > 0, margin * offers.quantity, 0.0)
    slope = np.where(earns, sold, 0.0)
    slope += (np.nan_to_num(offers.elasticity) * worth + cross.T @ worth) / offers.price
    return float(margin @ sold), np.asarray(slope)


def _climb(
    offers: PricingInputs, cross: FloatArray, start: FloatArray, first: FloatArray, last: FloatArray
) -> FloatArray:
    """Follow the profit's slope from a start to a top, within the bounds."""
    scale = max(abs(joint_profit(offers, start, cross)), float(offers.price @ offers.quantity), 1e-9)

    def loss(change: FloatArray) -> tuple[float, FloatArray]:
        profit, slope = _profit(offers, offers.price * (1 + change), cross)
        return -profit / scale, -slope * offers.price / scale

    bounds = Bounds(first / offers.price - 1, last / offers.price - 1)
    options = {"maxiter": MOST_ROUNDS, "ftol": TOLERANCE, "gtol": TOLERANCE}
    start = np.clip(start / offers.price - 1, bounds.lb, bounds.ub)
    end = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options=options)
    return np.asarray(offers.price * (1 + end.x))


def _alone(offers: PricingInputs, first: FloatArray, last: FloatArray, free: BoolArray) -> FloatArray:
    """Price (P,) at which each product would earn most if it were the only one."""
    best = linear_profit_optimum(offers.price, offers.cost, offers.elasticity)
    return np.asarray(np.clip(np.where(free, best, offers.price), first, last))


def _in_cents(price: FloatArray, first: FloatArray, last: FloatArray, free: BoolArray) -> FloatArray:
    return np.asarray(np.where(free, np.clip(np.round(price, 2), first, last), price))
