"""Cannibalisation: effects of price changes on the sales of the other products, by cross-price elasticities."""

from dataclasses import dataclass

import numpy as np

from pricing.sales.core.arrays import FloatArray, IntArray


@dataclass(frozen=True, slots=True)
class CrossPairs:
    """Cross elasticities of M pairs: of the demand for product `demand` to the price of product `price`.

    Attributes
    ----------
    demand, price : (M,) indices of products.
    elasticity, std_error : (M,)
    """

    demand: IntArray
    price: IntArray
    elasticity: FloatArray
    std_error: FloatArray


def cross_change(
    profit: FloatArray, log_change: FloatArray, pairs: CrossPairs
) -> tuple[FloatArray, FloatArray]:
    """Return the change of each product's profit through the prices of the others, and its standard error.

    The units of a product are multiplied by prod_j (p_j' / p_j)^E_ij over the others' changes, its price stays what the
    set makes it. Errors of the cross elasticities count as independent.

    Parameters
    ----------
    profit : (P,) expected at the new prices by each product's own elasticity alone; nan where it is not known.
    log_change : (P,) logarithm of the new price over the present one; 0 where the price stays.

    Returns
    -------
    (P,), (P,) in the unit of the profit; 0 where that is not known.
    """
    count, change = profit.size, log_change[pairs.price]
    shift = np.bincount(pairs.demand, pairs.elasticity * change, count)
    variance = np.bincount(pairs.demand, (pairs.std_error * change) ** 2, count)
    known, factor = np.nan_to_num(profit), np.exp(shift)
    return known * (factor - 1), np.abs(known) * factor * np.sqrt(variance)
