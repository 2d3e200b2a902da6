"""Which products are bought together: counts of baskets, and whether chance alone would explain them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import sparse

from pricing.sales.core.calendar import BoolArray, FloatArray, IntArray

FEWEST_BASKETS: Final = 20
"""Baskets that a product must be in for its pairs to be counted."""

FEWEST_TOGETHER: Final = 5
BEYOND_CHANCE: Final = 5.0
"""Standard deviations above the expected count; beyond it chance is ruled out even among a million pairs."""

BLOCK: Final = 256
PAIRS_A_BLOCK: Final = 2_000


@dataclass(frozen=True, slots=True)
class Together:
    """n pairs of products that are bought together more often than by chance, sorted by both.

    Attributes
    ----------
    first, second : (n,) product indices, first < second.
    baskets : (n,) baskets with both.
    strength : (n,) standard deviations by which that exceeds what chance would give.
    """

    first: IntArray
    second: IntArray
    baskets: IntArray
    strength: FloatArray


@dataclass(frozen=True, slots=True)
class Association:
    """Of n ordered pairs (x, y), or one: fractions, and the lift.

    Attributes
    ----------
    support : baskets with both, of all.
    confidence : baskets with both, of those with x.
    lift : `confidence` over the share of all baskets that have y; 1 where the two have nothing to do with each other.
    """

    support: FloatArray
    confidence: FloatArray
    lift: FloatArray


@dataclass(frozen=True, slots=True)
class Baskets:
    """Which of P products are in which baskets: a sparse matrix of ones (baskets, P)."""

    matrix: sparse.csc_matrix

    @property
    def total(self) -> int:
        """Number of baskets."""
        return int(self.matrix.shape[0])

    @property
    def of_product(self) -> IntArray:
        """Baskets with each product, (P,)."""
        return np.asarray(np.diff(self.matrix.indptr), np.int64)

    def with_both(self, first: IntArray, second: IntArray) -> IntArray:
        """Baskets with both products of the pairs (n,), (n,)."""
        counts = [np.zeros(0, np.int64)]
        for start in range(0, first.size, PAIRS_A_BLOCK):
            block = slice(start, start + PAIRS_A_BLOCK)
            shared = self.matrix[:, first[block]].multiply(self.matrix[:, second[block]])
            counts.append(np.asarray(shared.sum(axis=0), np.int64).ravel())
        return np.concatenate(counts)


def baskets_of(basket: IntArray, product: IntArray, products: int) -> Baskets:
    """Sort lines into baskets.

    Parameters
    ----------
    basket, product : (n,) basket number >= 0 and product index of each line, in any order; a product that stands in a
        basket twice counts once.
    products : number of products P.
    """
    lines = np.unique(basket * products + product) if basket.size else basket
    number = np.unique(lines // max(products, 1), return_inverse=True)[1]
    total = int(number[-1]) + 1 if lines.size else 0
    ones = np.ones(lines.size, np.int32)
    return Baskets(
        sparse.csc_matrix((ones, (number, lines % max(products, 1))), shape=(total, products), dtype=np.int32)
    )


def bought_together(baskets: Baskets) -> Together:
    """Find the pairs of products that share more baskets than chance would give.

    The counts are made for a block of products at a time, and only those beyond chance are kept: memory grows with
    the lines and with the pairs found, never with the square of the number of products.
    """
    matrix, each, total = baskets.matrix, baskets.of_product, baskets.total
    common = np.flatnonzero(each >= FEWEST_BASKETS)
    kept = list(_beyond_chance(matrix[:, common], each[common], total))
    columns = [np.concatenate(column) for column in zip(*kept, strict=True)] or [np.zeros(0, np.int64)] * 3
    first, second = common[columns[0]], common[columns[1]]
    strength = _strength(columns[2], each[first] * each[second] / max(total, 1))
    return Together(first, second, columns[2], strength)


def association(both: IntArray, of_x: IntArray, of_y: IntArray, total: int) -> Association:
    """Support, confidence and lift of pairs (x, y) from their counts of baskets (n,); 0 where there are none.

    Source: Agrawal, Imielinski and Swami (1993) for support and confidence, Brin et al. (1997) for lift.
    """
    x, y, everything = (np.maximum(np.asarray(count, np.float64), 1.0) for count in (of_x, of_y, total))
    confidence = np.asarray(both / x)
    return Association(np.asarray(both / everything), confidence, np.asarray(confidence * everything / y))


def beyond_chance(both: IntArray, of_x: IntArray, of_y: IntArray, total: int) -> BoolArray:
    """Whether (n,) products that are in so many baskets share more of them than chance would give."""
    enough = (both >= FEWEST_TOGETHER) & (np.minimum(of_x, of_y) >= FEWEST_BASKETS)
    return np.asarray(enough & (_strength(both, of_x * of_y / max(total, 1)) > BEYOND_CHANCE))


def _beyond_chance(
    matrix: sparse.csc_matrix, each: IntArray, total: int
) -> Iterator[tuple[IntArray, IntArray, IntArray]]:
    """Yield first and second product and count of the pairs of each block of first products."""
    transposed = matrix.T.tocsr()
    for start in range(0, each.size, BLOCK):
        counts = (transposed[start : start + BLOCK] @ matrix).tocsr()
        counts.sort_indices()
        first = np.repeat(np.arange(counts.shape[0]), np.diff(counts.indptr)) + start
        second, both = counts.indices.astype(np.int64), counts.data.astype(np.int64)
        kept = (second > first) & beyond_chance(both, each[first], each[second], total)
        yield first[kept], second[kept], both[kept]


def _strength(both: IntArray, expected: FloatArray) -> FloatArray:
    # An expectation below 1 has a skewed spread: one basket in a hundred thousand proves nothing.
    return np.asarray((both - expected) / np.sqrt(np.maximum(expected, 1.0)))
