"""Matching cancellations with the sales they undo."""

from typing import Final

import numpy as np

from pricing.sales.core.arrays import BoolArray, FloatArray, IntArray
from pricing.sales.core.grouping import group_numbers, group_starts

WINDOW_MINUTES: Final = 30 * 24 * 60


def match_cancellations(
    product: IntArray,
    customer: IntArray,
    quantity: FloatArray,
    minute: IntArray,
    cancellation: BoolArray,
    *,
    order: IntArray,
    price: FloatArray | None = None,
) -> BoolArray:
    """Pair each cancellation with the latest sale it can undo, one to one.

    In the order of time a cancellation voids the latest sale, not yet voided, of the same product, customer, |quantity|
    and price, made at most 30 days earlier or in the same minute. A cancellation without such a sale is an ordinary
    return: a credit note over part of the price gives money back and undoes no sale.

    Parameters
    ----------
    product, customer, quantity : (n,) product, customer (-1 without id) and units of each line.
    minute : (n,) minutes since the epoch.
    cancellation : (n,) whether the line is a cancellation.
    order : (n,) distinct numbers that decide between lines of the same minute and kind (the larger is the
        later one). Numbers that do not depend on the order of the arrays make the result independent of it, too.
    price : (n,) unit price paid; without it no line without customer id is matched.

    Returns
    -------
    (n,) whether the line is one of a pair: a cancelled sale or the cancellation that undid it.
    """
    rows = _candidates(product, customer, quantity, cancellation, price)
    keys = [product[rows], customer[rows], np.abs(quantity[rows])]
    if price is not None:
        keys.append(price[rows])
    # Sales come before the cancellations of their minute, which may be part of the same visit.
    in_time = np.lexsort((order[rows], cancellation[rows], minute[rows], *keys))
    rows = rows[in_time]
    key = group_numbers(group_starts(*(column[in_time] for column in keys)))
    opening, closing = _innermost_pairs(key, cancellation[rows])
    sale, undone_by = rows[opening], rows[closing]
    near = minute[undone_by] - minute[sale] <= WINDOW_MINUTES
    voided = np.zeros(product.size, np.bool_)
    voided[sale[near]] = True
    voided[undone_by[near]] = True
    return voided


def _candidates(
    product: IntArray,
    customer: IntArray,
    quantity: FloatArray,
    cancellation: BoolArray,
    price: FloatArray | None,
) -> IntArray:
    """Rows that could be part of a pair: filtered column by column, so that few are left to sort."""
    rows = np.flatnonzero(cancellation if price is not None else cancellation & (customer >= 0))
    sales = np.flatnonzero(~cancellation & (quantity > 0))
    for column in (product, customer, np.abs(quantity)):
        sales = sales[np.isin(column[sales], column[rows])]
    return np.concatenate([sales, rows])


def _innermost_pairs(key: IntArray, closes: BoolArray) -> tuple[IntArray, IntArray]:
    """Match closing with opening brackets inside each key, as a stack would; some stay alone.

    "The latest sale not yet voided" is the top of a stack of sales. Sales too old to be voided lie at its bottom:
    whether they are popped or not changes no other pair, so the window can be applied to the pairs afterwards.

    Parameters
    ----------
    key : (m,) key of each bracket, in ascending order; brackets of one key in their sequence.
    closes : (m,) whether the bracket is a closing one.

    Returns
    -------
    Positions of the opening and of the closing bracket of each pair.
    """
    depth = np.cumsum(np.where(closes, -1, 1))
    level = np.where(closes, depth + 1, depth)
    # On one level of one key opening and closing brackets alternate, each closing one after its opening one.
    by_level = np.lexsort((np.arange(key.size), level, key))
    before, after = by_level[:-1], by_level[1:]
    same = (key[before] == key[after]) & (level[before] == level[after])
    pair = same & ~closes[before] & closes[after]
    return before[pair], after[pair]
