"""Grouped arithmetic on plain arrays: sums, quantiles and runs per group, and lookups as of a day.

Groups are numbered 0..G-1. Two integers make one sortable key, so that pairs (a product and a day, a product and a
channel) can be compared, sorted, searched and summed as single integers.
"""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pricing.sales.core.arrays import BoolArray, FloatArray, IntArray

# Days lie within +-2^30 of 1970-01-01.
KEY_DAYS: Final = 1 << 31
# Quantities have 3 decimals; sums of them are binary fractions.
WHOLE_TO: Final = 1e-6


def product_day_key(product: IntArray, day: IntArray) -> IntArray:
    """One integer for each product and day, (n,), in the order of product, then day."""
    return product * KEY_DAYS + day


def split_product_day(key: IntArray) -> tuple[IntArray, IntArray]:
    """Product and day, (n,) each, of keys made by `product_day_key`."""
    product = (key + KEY_DAYS // 2) // KEY_DAYS
    return product, key - product * KEY_DAYS


def pair_key(first: IntArray, second: IntArray, size: int) -> IntArray:
    """One integer for each pair, (n,), in the order of first, then second.

    The keys of pairs below (G, size) are also their places in a table of that shape, read row by row.

    Parameters
    ----------
    first : (n,) any integers.
    second : (n,) integers 0..size-1.
    size : number of values that `second` can have.
    """
    return first * size + second


def split_pair(key: IntArray, size: int) -> tuple[IntArray, IntArray]:
    """First and second, (n,) each, of keys made by `pair_key` with the same size."""
    return key // size, key % size


def distinct(keys: IntArray) -> IntArray:
    """The distinct ones of some integers, (m,), ascending.

    By sorting: `np.unique` of numpy 2.3 and later uses a hash table, 20 to 60 times as slow for a million that all differ.
    """
    ordered = np.sort(keys)
    return ordered[group_starts(ordered)]


def distinct_pairs(first: IntArray, second: IntArray) -> tuple[IntArray, IntArray, IntArray]:
    """The distinct ones (m,) of some pairs (n,), in the order of first, then second, and which of them each pair is, (n,).

    Parameters
    ----------
    first : (n,) any integers.
    second : (n,) integers from 0 on.
    """
    size = int(second.max(initial=0)) + 1
    key, of = np.unique(pair_key(first, second, size), return_inverse=True)
    return *split_pair(key, size), of


def group_starts(*columns: NDArray[Any]) -> BoolArray:
    """Whether each row begins a group: it is the first, or differs from the row before in any of the columns.

    Parameters
    ----------
    columns : (n,) each, with equal rows standing together.
    """
    starts = np.ones(columns[0].size, np.bool_)
    starts[1:] = columns[0][1:] != columns[0][:-1]
    for column in columns[1:]:
        starts[1:] |= column[1:] != column[:-1]
    return starts


def group_ends(starts: BoolArray) -> BoolArray:
    """Whether each row is the last of its group, (n,), from the rows that begin one."""
    return np.concatenate((starts[1:], np.ones(min(starts.size, 1), np.bool_)))


def group_numbers(starts: BoolArray) -> IntArray:
    """Number of each row's group, (n,), from the rows that begin one."""
    return np.cumsum(starts) - 1


def group_sums(group: IntArray, values: NDArray[Any], groups: int) -> FloatArray:
    """Sum of the values of every group 0..G-1, (G,); 0 for an empty group. Values are added in the order of rows."""
    return np.bincount(group, values, groups).astype(np.float64, copy=False)


def group_quantiles(
    group: IntArray, values: FloatArray, groups: int, quantiles: Sequence[float]
) -> tuple[FloatArray, ...]:
    """Quantiles of the values of every group, interpolated linearly between order statistics.

    Parameters
    ----------
    group, values : (n,) index of the group 0..G-1, and value.
    groups : number of groups G.
    quantiles : fractions between 0 and 1.

    Returns
    -------
    One (G,) array for each quantile; nan for an empty group.
    """
    counts = np.bincount(group, minlength=groups)
    filled = counts > 0
    ordered = values[np.lexsort((values, group))]
    start = (np.cumsum(counts) - counts)[filled]
    last = counts[filled] - 1
    answers = []
    for quantile in quantiles:
        position = quantile * last
        below = np.floor(position).astype(np.int64)
        low, high = ordered[start + below], ordered[start + np.minimum(below + 1, last)]
        answer = np.full(groups, np.nan)
        answer[filled] = low + (high - low) * (position - below)
        answers.append(answer)
    return tuple(answers)


def group_medians(group: IntArray, values: FloatArray, groups: int) -> FloatArray:
    """Median of the values of every group 0..G-1, (G,); nan for an empty group."""
    return group_quantiles(group, values, groups, (0.5,))[0]


def group_upper_medians(group: IntArray, values: FloatArray, groups: int) -> FloatArray:
    """Upper median of the values of every group 0..G-1, (G,): always one of them; nan for an empty group."""
    counts = np.bincount(group, minlength=groups)
    ordered = values[np.lexsort((values, group))]
    filled = counts > 0
    answer = np.full(groups, np.nan)
    answer[filled] = ordered[(np.cumsum(counts) - counts + counts // 2)[filled]]
    return answer


def sold_by_weight(product: IntArray, quantity: FloatArray, products: int) -> BoolArray:
    """Whether most quantities of each product have a fraction, (P,): rules that count pieces are not for it.

    Parameters
    ----------
    product, quantity : (n,) product index and units of each line or day.
    products : number of products P.
    """
    fraction = np.abs(quantity - np.rint(quantity)) > WHOLE_TO
    return np.asarray(2 * np.bincount(product, fraction, products) > np.bincount(product, minlength=products))


def as_of(
    known_product: IntArray, known_day: IntArray, product: IntArray, day: IntArray
) -> tuple[IntArray, BoolArray]:
    """Look up the latest known row of each product on or before a day.

    Parameters
    ----------
    known_product, known_day : (m,) rows to search, sorted by both.
    product, day : (n,) what to look up, any order.

    Returns
    -------
    position : (n,) index into the known rows; 0 where none is found.
    found : (n,) whether the product has a row on or before the day.
    """
    if known_product.size == 0:
        return np.zeros(product.size, np.int64), np.zeros(product.size, np.bool_)
    known = product_day_key(known_product, known_day)
    latest = np.searchsorted(known, product_day_key(product, day), "right") - 1
    found = (latest >= 0) & (known_product[latest] == product)
    return np.where(found, latest, 0), found


def matching_rows(left: IntArray, right: IntArray) -> tuple[IntArray, IntArray]:
    """Positions in two arrays of distinct keys at which they hold the same key, in ascending order of the keys."""
    _, in_left, in_right = np.intersect1d(left, right, assume_unique=True, return_indices=True)
    return in_left, in_right


def number_values(values: Sequence[Any]) -> IntArray:
    """Number values 0, 1, ... by their order, (n,), so that equal values have equal numbers."""
    return np.unique(np.array(values), return_inverse=True)[1].astype(np.int64)
