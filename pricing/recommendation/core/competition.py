"""Select the competitors' prices that may be used, and summarise them."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from pricing.sales.core.arrays import BoolArray, FloatArray, IntArray
from pricing.sales.core.grouping import group_quantiles, group_sums

IMPLAUSIBLE_FACTOR: Final = 4.0


@dataclass(frozen=True, slots=True)
class MarketPrices:
    """What the fresh and plausible prices of each product amount to; arrays (n_products,).

    Attributes
    ----------
    count : competitors whose price is used.
    mean, median, lowest, highest : their prices, nan where there is none.
    """

    count: IntArray
    mean: FloatArray
    median: FloatArray
    lowest: FloatArray
    highest: FloatArray


def plausible(product: ArrayLike, price: ArrayLike, fresh: ArrayLike, own_price: ArrayLike) -> BoolArray:
    """Tell which prices are no slip of somebody's pen: (n,) booleans.

    A price is implausible when it is more than 4 times above or below the median of the other competitors' fresh
    prices; of an even number of others it has to be above the higher or below the lower of the two in the middle, since
    one of them may be the slip: 100 does not make slips of 9 and 10. Where fewer than two others are fresh, a price is
    implausible only if it is as far from our own price too. A price with nothing to compare it with is plausible.

    Parameters
    ----------
    product : (n,) the product's number, 0 to n_products - 1.
    price : (n,) above 0, one of each competitor.
    fresh : (n,) booleans. Prices that are not fresh are judged, and judge no others.
    own_price : (n_products,) what we ask, nan where it is not known.
    """
    p, theirs, counts = (
        np.asarray(product, np.int64),
        np.asarray(price, np.float64),
        np.asarray(fresh, np.bool_),
    )
    ours = np.asarray(own_price, np.float64)[p]
    others, low, high = _others_middle(p, theirs, counts)
    off_others, off_ours = _far(theirs, low, high), _far(theirs, ours, ours)
    judged_by_ours = np.where(others == 0, off_ours, off_others & (off_ours | np.isnan(ours)))
    return np.asarray(~np.where(others >= 2, off_others, judged_by_ours))


def market_prices(product: ArrayLike, price: ArrayLike, n_products: int) -> MarketPrices:
    """Count, mean, median and limits of the given prices by product.

    Parameters
    ----------
    product : (n,) the product's number, 0 to n_products - 1.
    price : (n,) prices that may be used.
    """
    p, value = np.asarray(product, np.int64), np.asarray(price, np.float64)
    order = np.lexsort((value, p))
    count = np.bincount(p, minlength=n_products)
    total = group_sums(p[order], value[order], n_products)
    lowest, median, highest = group_quantiles(p, value, n_products, (0, 0.5, 1))
    mean = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    return MarketPrices(count=count, mean=mean, median=median, lowest=lowest, highest=highest)


def _others_middle(
    product: IntArray, price: FloatArray, fresh: BoolArray
) -> tuple[IntArray, FloatArray, FloatArray]:
    """Return, for each price, how many other fresh prices its product has, and the lower and the upper of those in
    their middle (nan without any); the same one where their number is odd.
    """
    n_products = int(product.max()) + 1 if len(product) else 0
    order = np.flatnonzero(fresh)[np.lexsort((price[fresh], product[fresh]))]
    ranked = price[order]
    count = np.bincount(product[order], minlength=n_products)
    first = np.cumsum(count) - count
    # The place of each fresh price in its product's ranking; the others' ranking is that one without it.
    place = np.full(len(price), np.iinfo(np.int64).max)
    place[order] = np.arange(len(order)) - first[product[order]]
    others = count[product] - fresh
    some = others > 0

    def at(rank: IntArray) -> FloatArray:
        found = np.full(len(price), np.nan)
        found[some] = ranked[first[product[some]] + rank + (rank >= place[some])]
        return found

    return others, at((others[some] - 1) // 2), at(others[some] // 2)


def _far(price: FloatArray, low: FloatArray, high: FloatArray) -> BoolArray:
    """More than the factor below the one or above the other; False where they are not known."""
    return np.asarray((price > IMPLAUSIBLE_FACTOR * high) | (IMPLAUSIBLE_FACTOR * price < low))
