"""Sales lines as arrays, and the clean view of them that estimation works on.

No line is deleted: each keeps its place, with the units that it counts as demand, whether its price may be used
and the reason of its exclusion, if any.
"""

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

# Explicit re-exports: other wings still import the array types from here.
from pricing.sales.core.arrays import BoolArray, FloatArray, IntArray
from pricing.sales.core.constants import (
    HIGH_RETURN_LINES,
    HIGH_RETURN_SHARE,
    IQR_MULTIPLE,
    MIXED_CHANNEL_PRICE_RATIO,
    MIXED_CHANNEL_SHARE,
    PRICE_FACTOR,
    SMALLEST_CAP,
    SMALLEST_IQR,
)
from pricing.sales.core.grouping import (
    group_medians,
    group_quantiles,
    group_sums,
    pair_key,
    product_day_key,
    sold_by_weight,
    split_product_day,
)
from pricing.sales.core.totals import totals_periods

# Why a line is excluded or altered; of several reasons the first one counts.
NONE, VOIDED, RETURN, DUPLICATE, NO_PRICE, PRICE_OUTLIER, BULK_CAPPED = range(7)
EXCLUSION_REASONS: Final = MappingProxyType(
    dict(enumerate(("none", "voided", "return", "duplicate", "no_price", "price_outlier", "bulk_capped")))
)


@dataclass(frozen=True, slots=True)
class SalesLines:
    """Transaction lines in any order, one entry of every array per line (n lines).

    Attributes
    ----------
    product : (n,) index of the product, 0..P-1.
    day : (n,) days since 1970-01-01 in the shop's calendar.
    minute : (n,) minutes since the epoch; orders the lines inside a day.
    quantity : (n,) units; negative for returns and cancellations.
    price : (n,) unit price paid, in the shop's currency.
    customer : (n,) integer code of the customer, -1 without customer id.
    invoice : (n,) integer code of the invoice.
    cancellation : (n,) whether the invoice is a cancellation or the quantity negative.
    voided : (n,) whether the line is a cancelled sale or the cancellation mirroring one
        (see `pricing.sales.core.cancellations.match_cancellations`).
    """

    product: IntArray
    day: IntArray
    minute: IntArray
    quantity: FloatArray
    price: FloatArray
    customer: IntArray
    invoice: IntArray
    cancellation: BoolArray
    voided: BoolArray


@dataclass(frozen=True, slots=True)
class CleanLines:
    """The contribution of each of the n sales lines to estimation, in the order of the lines.

    Attributes
    ----------
    units : (n,) units that count as demand: 0 for returns, voided lines and giveaways, capped for bulk lines.
    priced : (n,) whether the line's price may be used.
    reason : (n,) code of the first exclusion that applies, 0 for none; names in `EXCLUSION_REASONS`.
    """

    units: FloatArray
    priced: BoolArray
    reason: NDArray[np.int8]


def clean_lines(lines: SalesLines, products: int) -> CleanLines:
    """Decide for every line how many units count as demand and whether its price may be used.

    Voided lines, returns and giveaways (without a price) count 0 units; equal lines of one invoice are as many items. A
    quantity is capped at max(24, exp(Q3 + 3 max(IQR, 0.5))) of the log quantities of the product's remaining sale lines, unless
    these are totals; without the 24 for goods sold by weight.
    A price is unusable if it is more than 4 times above or below the median positive price
    of these lines; a line with such a price still counts as demand.

    Parameters
    ----------
    lines : the n sales lines, any order.
    products : number of products P; every `lines.product` is below it.

    Returns
    -------
    CleanLines, arrays of length n in the order of `lines`.

    Raises
    ------
    ValueError : if a product index lies outside 0..P-1.
    """
    if lines.product.size and not 0 <= lines.product.min() <= lines.product.max() < products:
        raise ValueError(f"Product indices must lie between 0 and {products - 1}.")
    returned = lines.cancellation | (lines.quantity <= 0)
    sale = ~(returned | lines.voided)

    positive = sale & (lines.price > 0)
    middle = group_medians(lines.product[positive], lines.price[positive], products)[lines.product]
    outlier = positive & ((lines.price > PRICE_FACTOR * middle) | (lines.price * PRICE_FACTOR < middle))

    cap = quantity_caps(lines.product[positive], lines.quantity[positive], products)[lines.product]
    capped = positive & (lines.quantity > cap) & ~_of_totals(lines, positive, products)
    quantity = np.where(positive, lines.quantity, 0).astype(np.float64)
    reason = np.select(
        [lines.voided, returned, sale & ~positive, outlier, capped],
        [VOIDED, RETURN, NO_PRICE, PRICE_OUTLIER, BULK_CAPPED],
        default=NONE,
    )
    return CleanLines(
        units=np.where(capped, cap, quantity), priced=positive & ~outlier, reason=reason.astype(np.int8)
    )


def _of_totals(lines: SalesLines, sale: BoolArray, products: int) -> BoolArray:
    """Whether each line is the total of a day, week or month: a large one is no bulk order."""
    key, of, counts = np.unique(
        product_day_key(lines.product[sale], lines.day[sale]), return_inverse=True, return_counts=True
    )
    units = group_sums(of, lines.quantity[sale], key.size)
    period = totals_periods(*split_product_day(key), counts, units, products)
    return np.asarray(period[lines.product] > 0)


def data_flags(lines: SalesLines, clean: CleanLines, products: int) -> dict[str, BoolArray]:
    """Whether (P,) each of the flags BULK_CAPPED, HIGH_RETURNS and CHANNEL_MIX applies to a product.

    BULK_CAPPED: at least one line was capped. HIGH_RETURNS: two or more unmirrored returns at a price,
    together above 10 % of the units sold (before caps, without voided lines); write-offs at a price
    of 0 are no returns. CHANNEL_MIX: 10 % or more of the units in the smaller of the two channels (with and without
    customer id), and their median prices 25 % or more apart.

    Parameters
    ----------
    lines, clean : the n sales lines and their clean view.
    products : number of products P.
    """
    sold = np.where(clean.units > 0, lines.quantity, 0).astype(np.float64)
    returned = (clean.reason == RETURN) & (lines.price > 0)
    returned_units = group_sums(lines.product, np.abs(lines.quantity) * returned, products)
    return_share = _ratio(returned_units, group_sums(lines.product, sold, products))
    return_lines = np.bincount(lines.product[returned], minlength=products)
    anonymous = group_sums(lines.product, clean.units * (lines.customer < 0), products)
    share = _ratio(anonymous, group_sums(lines.product, clean.units, products))
    # Median usable price by channel: with a customer id, then without.
    channel = pair_key(lines.product, (lines.customer < 0).astype(np.int64), 2)
    median = group_medians(channel[clean.priced], lines.price[clean.priced], 2 * products)
    price_ratio = median[1::2] / median[0::2]
    prices_apart = np.maximum(price_ratio, 1.0 / price_ratio) >= MIXED_CHANNEL_PRICE_RATIO
    return {
        "BULK_CAPPED": np.bincount(lines.product, sold > clean.units, products) > 0,
        "HIGH_RETURNS": (return_share > HIGH_RETURN_SHARE) & (return_lines >= HIGH_RETURN_LINES),
        "CHANNEL_MIX": (np.minimum(share, 1.0 - share) >= MIXED_CHANNEL_SHARE) & prices_apart,
    }


def quantity_caps(product: IntArray, quantity: FloatArray, products: int) -> FloatArray:
    """Largest quantity per line that still counts in full, per product: max(24, exp(Q3 + 3 max(IQR, 0.5))).

    Of goods sold by weight the latter alone: two dozen pieces are no bulk order, 24 kilos may be.

    Parameters
    ----------
    product, quantity : (n,) product index and positive quantity of each sale line.
    products : number of products P.

    Returns
    -------
    (P,) units; quartiles are those of the log quantities. 24 for a product without lines.
    """
    first, third = group_quantiles(product, np.log(quantity), products, (0.25, 0.75))
    cap = np.exp(third + IQR_MULTIPLE * np.maximum(third - first, SMALLEST_IQR))
    pieces = ~sold_by_weight(product, quantity, products)
    return np.where(pieces, np.fmax(cap, SMALLEST_CAP), cap)


def _ratio(part: FloatArray, whole: FloatArray) -> FloatArray:
    """Divide element by element, nan where the whole is 0."""
    share = np.full(whole.size, np.nan)
    np.divide(part, whole, out=share, where=whole > 0)
    return share
