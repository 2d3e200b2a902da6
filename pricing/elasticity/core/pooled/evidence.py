"""The evidence for an elasticity: the product's own clean price changes, correlation alone, or other products' sales."""

from typing import Final

import numpy as np

from pricing.elasticity.core.constants import (
    CLEAN_DAYS,
    CLEAN_STEP,
    EXPERIMENTAL_WEIGHT,
    FEWEST_CLEAN_CHANGES,
    MOST_OF_AN_ESTIMATE,
)
from pricing.elasticity.core.pooled.panel import Panel
from pricing.sales.core.arrays import BoolArray, FloatArray, IntArray
from pricing.sales.core.grouping import group_numbers, group_starts

EXPERIMENTAL: Final = "experimental"
PRICE_CHANGE: Final = "price_change"
OBSERVATIONAL: Final = "observational"
BORROWED: Final = "borrowed"
EVIDENCE_CLASSES: Final = (EXPERIMENTAL, PRICE_CHANGE, OBSERVATIONAL, BORROWED)
"""From the best on."""


def clean_changes(panel: Panel) -> IntArray:
    """Number of each product's price changes that are a step between two prices that both lasted, (P,).

    A promotion that lasts is two of them, its beginning and its end.
    """
    products = panel.sold_days.size
    if panel.product.size == 0:
        return np.zeros(products, np.int64)
    new = group_starts(panel.product, panel.log_price)
    product, price = panel.product[new], panel.log_price[new]
    lasts = np.bincount(group_numbers(new), panel.exposure) >= CLEAN_DAYS
    step = np.abs(np.diff(price, prepend=price[0])) >= CLEAN_STEP
    clean = ~group_starts(product) & step & lasts & np.concatenate(([False], lasts[:-1]))
    return np.bincount(product[clean], minlength=products)


def unexplained_share(panel: Panel, price: FloatArray, explained: FloatArray) -> FloatArray:
    """Share of each product's variation of price that its own trend and season do not explain, (P,); 0 without any.

    Parameters
    ----------
    price, explained : (n,) log price less the product's mean, and the part of it that trend and season explain.
    """
    products = panel.sold_days.size
    total, left = (
        np.bincount(panel.product, panel.exposure * part**2, products) for part in (price, price - explained)
    )
    return np.asarray(np.where(total > 0, np.minimum(left / np.where(total > 0, total, 1.0), 1.0), 0.0))


def evidence_classes(
    weight: FloatArray,
    changes: IntArray,
    clean_share: FloatArray,
    doubtful: BoolArray,
    experimental: FloatArray | None = None,
) -> np.ndarray[tuple[int], np.dtype[np.str_]]:
    """What each elasticity rests on, "" without an estimate.

    experimental: a fifth of it or more is a recorded experiment's. borrowed: less than half of it is the product's own
    (weight w < .5). price_change: at least two clean changes, and most of what the prices vary by is neither the
    category's doing nor the product's own trend and season, and nothing says that prices follow sales or mix buyers.
    observational: the rest.

    Parameters
    ----------
    weight : (P,) of the product's own sales, nan without an estimate.
    changes : (P,) clean price changes.
    clean_share : (P,) share of the price's variation that nothing but a decision explains.
    doubtful : (P,) whether more of the same sales would not make the estimate better.
    experimental : (P,) weight of experiments; None: there were none.
    """
    measured = np.zeros(weight.size, np.bool_)
    if experimental is not None:
        measured = experimental >= EXPERIMENTAL_WEIGHT
    clean = (changes >= FEWEST_CLEAN_CHANGES) & (clean_share >= MOST_OF_AN_ESTIMATE) & ~doubtful
    return np.select(
        [np.isnan(weight), measured, weight < MOST_OF_AN_ESTIMATE, clean],
        ["", EXPERIMENTAL, BORROWED, PRICE_CHANGE],
        default=OBSERVATIONAL,
    )
