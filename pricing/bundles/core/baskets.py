"""Which products are bought together beyond chance, and which pairs of products are worth looking at."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from pricing.bundles.core.constants import (
    BEST_PARTNERS,
    BEYOND_CHANCE,
    FEWEST_BASKETS,
    FEWEST_TOGETHER,
    MOST_PARTNERS,
)
from pricing.sales.core.arrays import BoolArray, FloatArray, IntArray
from pricing.sales.core.grouping import distinct, group_numbers, group_starts, pair_key, split_pair

if TYPE_CHECKING:
    from scipy import sparse

PRODUCTS_A_BLOCK: Final = 256
PAIRS_A_BLOCK: Final = 2_000

Count = IntArray | int


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
class Candidates:
    """n unordered pairs of products to look at, sorted: first < second, (n,) each; and whether bought together."""

    first: IntArray
    second: IntArray
    together: BoolArray


class Association(NamedTuple):
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

    matrix: "sparse.csc_matrix"

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
    from scipy import sparse

    basket, product = split_pair(distinct(pair_key(basket, product, products)), products)
    number = group_numbers(group_starts(basket))
    total = int(number[-1]) + 1 if number.size else 0
    ones = np.ones(number.size, np.int32)
    return Baskets(sparse.csc_matrix((ones, (number, product)), shape=(total, products), dtype=np.int32))


def bought_together(baskets: Baskets) -> Together:
    """Find the pairs of products that share more baskets than chance would give.

    The counts are made for a block of products at a time, and only those beyond chance are kept: memory grows with
    the lines and with the pairs found, never with the square of the number of products.
    """
    common = np.flatnonzero(baskets.of_product >= FEWEST_BASKETS)
    matrix, each = baskets.matrix[:, common], baskets.of_product[common]
    transposed = matrix.T.tocsr()
    found = [(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.int64))]
    for start in range(0, each.size, PRODUCTS_A_BLOCK):
        counts = (transposed[start : start + PRODUCTS_A_BLOCK] @ matrix).tocsr()
        counts.sort_indices()
        first = np.repeat(np.arange(counts.shape[0]), np.diff(counts.indptr)) + start
        second, both = counts.indices.astype(np.int64), counts.data.astype(np.int64)
        kept = (second > first) & beyond_chance(both, each[first], each[second], baskets.total)
        found.append((first[kept], second[kept], both[kept]))
    first, second, both = (np.concatenate(column) for column in zip(*found, strict=True))
    strength = _strength(both, each[first] * each[second] / max(baskets.total, 1))
    return Together(common[first], common[second], both, strength)


def association(both: Count, of_x: Count, of_y: Count, total: int) -> Association:
    """Support, confidence and lift of pairs (x, y), or one, from their counts of baskets (n,); 0 where there are none.

    Source: Agrawal, Imielinski and Swami (1993) for support and confidence, Brin et al. (1997) for lift.
    """
    x, y, everything = (np.maximum(np.asarray(count, np.float64), 1.0) for count in (of_x, of_y, total))
    confidence = np.asarray(both / x)
    return Association(np.asarray(both / everything), confidence, np.asarray(confidence * everything / y))


def beyond_chance(both: Count, of_x: Count, of_y: Count, total: int) -> BoolArray:
    """Whether (n,) pairs of products, or one, share more of their baskets than chance would give."""
    enough = (both >= FEWEST_TOGETHER) & (np.minimum(of_x, of_y) >= FEWEST_BASKETS)
    return np.asarray(enough & (_strength(both, of_x * of_y / max(total, 1)) > BEYOND_CHANCE))


def candidate_pairs(together: Together, category: IntArray, price: FloatArray, sold: BoolArray) -> Candidates:
    """Choose the pairs worth looking at: bought together, or neighbours in one category.

    Of the pairs bought together those stay that are among the 15 strongest of either product and the 30 strongest of
    both. In a category of up to 31 products everybody is paired with everybody, in a larger one with the 15 next cheaper
    and the 15 next dearer.

    Parameters
    ----------
    together : of P products.
    category : (P,) codes, -1 for none.
    price : (P,) present or mean price, nan where unknown.
    sold : (P,) whether there are sales enough to estimate anything.
    """
    products = category.size
    usable = sold[together.first] & sold[together.second]
    first, second = together.first[usable], together.second[usable]
    ranks = np.stack(_ranks(first, second, together.strength[usable]))
    strong = (ranks.min(axis=0) < BEST_PARTNERS) & (ranks.max(axis=0) < MOST_PARTNERS)
    bought = pair_key(first[strong], second[strong], products)
    peers = _category_pairs(category, price, sold)
    key = np.union1d(bought, peers)
    return Candidates(*split_pair(key, products), np.isin(key, bought, assume_unique=True))


def _strength(both: Count, expected: FloatArray | float) -> FloatArray:
    # An expectation below 1 has a skewed spread: one basket in a hundred thousand proves nothing.
    return np.asarray((both - expected) / np.sqrt(np.maximum(expected, 1.0)))


def _ranks(first: IntArray, second: IntArray, strength: FloatArray) -> tuple[IntArray, IntArray]:
    """Rank of each pair (n,), from 0, among the pairs of its first product and among those of its second."""
    product = np.concatenate([first, second])
    order = np.lexsort((np.tile(np.arange(first.size), 2), -np.tile(strength, 2), product))
    starts = np.searchsorted(product[order], product[order], "left")
    rank = np.empty(product.size, np.int64)
    rank[order] = np.arange(product.size) - starts
    return rank[: first.size], rank[first.size :]


def _category_pairs(category: IntArray, price: FloatArray, sold: BoolArray) -> IntArray:
    """Keys (`pair_key`) of the pairs of each category, the smaller number first."""
    usable = np.flatnonzero(sold & (category >= 0))
    # Products without a price come last; nan would sort there too, but not in the same order everywhere.
    order = usable[np.lexsort((usable, np.nan_to_num(price[usable], nan=np.inf), category[usable]))]
    ends = np.searchsorted(category[order], category[order], "right")
    size = ends - np.searchsorted(category[order], category[order], "left")
    reach = np.where(size <= MOST_PARTNERS + 1, size, BEST_PARTNERS)
    keys = []
    for step in range(1, MOST_PARTNERS + 1):
        at = np.flatnonzero((np.arange(order.size) + step < ends) & (step <= reach))
        one, other = order[at], order[at + step]
        keys.append(pair_key(np.minimum(one, other), np.maximum(one, other), category.size))
    return np.concatenate(keys)
