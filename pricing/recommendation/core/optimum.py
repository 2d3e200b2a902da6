"""The price that earns most, before any guardrail: closed forms for both models of demand."""

from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from pricing.elasticity.core.demand import LINEAR, DemandModel, FloatArray
from pricing.recommendation.core.inputs import (
    MARKUP,
    PROFIT,
    REVENUE,
    PriceConstraints,
    PricingInputs,
    PricingStrategy,
)
from pricing.recommendation.core.margins import markup_from_margin

FORMULA_CEILING: Final = 5.0
"""Times the cost: beyond it the seed's formula is not believed ..."""

FORMULA_INSTEAD: Final = 2.5
"""... and so many times the cost is taken instead."""

_NEARLY_INELASTIC: Final = -1e-9


def linear_profit_optimum(price: ArrayLike, cost: ArrayLike, elasticity: ArrayLike) -> FloatArray:
    """Price of most profit under linear demand, (c + p0 (1 - 1/E)) / 2; nan where E is not below 0.

    The middle between the cost and the price at which demand ends. Finite for every E < 0.

    Parameters
    ----------
    price : present price p0, where demand has the elasticity E; broadcasts with the cost and the elasticity.
    """
    p0, c, e = _floats(price, cost, elasticity)
    ends = p0 * (1 - 1 / np.where(e < 0, np.minimum(e, _NEARLY_INELASTIC), -1.0))
    return np.asarray(np.where(e < 0, (c + ends) / 2, np.nan))


def linear_revenue_optimum(price: ArrayLike, elasticity: ArrayLike) -> FloatArray:
    """Price of most revenue under linear demand, p0 (1 - 1/E) / 2; nan where E is not below 0."""
    return linear_profit_optimum(price, 0.0, elasticity)


def lerner_price(cost: ArrayLike, elasticity: ArrayLike) -> FloatArray:
    """Price of most profit under constant elasticity, c E / (1 + E); nan where E >= -1: profit has no top.

    Lerner (1934). The seed writes it C / (1 + 1/E), and calls it the price of most revenue.
    """
    c, e = _floats(cost, elasticity)
    elastic = e < -1
    safe = np.where(elastic, e, -2.0)
    return np.asarray(np.where(elastic, c * safe / (1 + safe), np.nan))


def formula_price(cost: ArrayLike, target_margin: ArrayLike, elasticity: ArrayLike) -> FloatArray:
    """Price by the seed's formula C (1 + M) / (1 + 1/E), to the letter; nan where it divides by 0 (E = -1, E = 0).

    It is Lerner's price times (1 + M), negative for -1 < E < 0. Never a price to charge as it stands.

    Parameters
    ----------
    cost, target_margin, elasticity : they broadcast; M is a fraction, and here a markup on the cost.
    """
    c, m, e = _floats(cost, target_margin, elasticity)
    defined = (e != 0) & (e != -1)
    safe = np.where(defined, e, 1.0)
    return np.asarray(np.where(defined, c * (1 + m) * safe / (safe + 1), np.nan))


def believed_formula_price(cost: ArrayLike, target_margin: ArrayLike, elasticity: ArrayLike) -> FloatArray:
    """Price that strategy "target_margin" aims at: the seed's formula, 2.5 C where it says more than 5 C.

    Infinite for -1 <= E < 0, where the price it is a multiple of has no top, nan for E >= 0. Seed, section 16.
    """
    c, m, e = _floats(cost, target_margin, elasticity)
    price = formula_price(c, m, e)
    price = np.where(price > FORMULA_CEILING * c, FORMULA_INSTEAD * c, price)
    price = np.where((e >= -1) & ~np.isnan(m * c), np.inf, price)
    return np.asarray(np.where(e < 0, price, np.nan))


def markup_price(cost: ArrayLike, markup: ArrayLike) -> FloatArray:
    """Cost plus a fraction of the cost, C (1 + markup)."""
    c, m = _floats(cost, markup)
    return np.asarray(c * (1 + m))


def revenue_optimum(price: ArrayLike, elasticity: ArrayLike, model: DemandModel = LINEAR) -> FloatArray:
    """Price of most revenue.

    Under constant elasticity revenue has no top: it rises with price for E > -1 (the result is inf) and falls for
    E < -1 (0); at E = -1 it is the same at every price, and the result is the present price. nan where E >= 0.
    """
    p0, e = np.broadcast_arrays(*_floats(price, elasticity))
    if model == LINEAR:
        return linear_revenue_optimum(p0, e)
    limits = np.select([e > -1, e < -1], [np.inf, 0.0], p0)
    return np.asarray(np.where(e < 0, limits, np.nan))


def profit_optimum(
    price: ArrayLike, cost: ArrayLike, elasticity: ArrayLike, model: DemandModel = LINEAR
) -> FloatArray:
    """Price of most profit.

    Under constant elasticity inf where -1 <= E < 0: profit rises with price without limit. nan where E >= 0.
    """
    if model == LINEAR:
        return linear_profit_optimum(price, cost, elasticity)
    _, c, e = np.broadcast_arrays(*_floats(price, cost, elasticity))
    unlimited = (e >= -1) & (e < 0) & ~np.isnan(c)
    return np.asarray(np.where(unlimited, np.inf, lerner_price(c, e)))


def strategy_optimum(offers: PricingInputs, terms: PriceConstraints, approach: PricingStrategy) -> FloatArray:
    """Price (P,) that the strategy aims at before guardrails; nan where something it needs is unknown.

    Infinite where the aim has no top, so that only a guardrail ends it; nan where E >= 0.
    """
    model, e = approach.demand_model, offers.elasticity
    if approach.strategy == PROFIT:
        return profit_optimum(offers.price, offers.cost, e, model)
    if approach.strategy == REVENUE:
        return revenue_optimum(offers.price, e, model)
    if approach.strategy == MARKUP:
        fraction = np.where(np.isnan(terms.markup), markup_from_margin(terms.target_margin), terms.markup)
        return np.asarray(np.where(e < 0, markup_price(offers.cost, fraction), np.nan))
    return believed_formula_price(offers.cost, terms.target_margin, e)


def _floats(*values: ArrayLike) -> list[FloatArray]:
    return [np.asarray(value, np.float64) for value in values]
