"""How prices are drawn: which group of products has which of the two prices, and when.

The draw of a pair is one bit of SHA-256 over the seed and the pair's name, so that anybody can repeat it, on any machine
and with any version of any library.
"""

from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from typing import Final

import numpy as np

from pricing.sales.core.arrays import BoolArray, FloatArray, IntArray

SWITCHBACK: Final = "switchback"
CLUSTERS: Final = "clusters"

FEWEST_PAIRS: Final = 6
"""With fewer pairs even the most extreme draw is no evidence at 5 %: 2 / 2^5 = .06."""


def coin(seed: str, pair: str) -> bool:
    """Whether the first of a pair gets the new price (the second gets the other one)."""
    return bool(sha256(f"{seed}/{pair}".encode()).digest()[0] & 1)


def draw_switchback(seed: str, groups: int, periods: int) -> BoolArray:
    """Draw the order of prices in time: consecutive periods form pairs, each with one period at either price.

    A shock that weeks share with the weeks before them cannot follow a coin, so pairs are independent whatever the
    series looks like (randomised pairs; Bojinov, Simchi-Levi & Zhao 2023, "Design and Analysis of Switchback Experiments").

    Returns
    -------
    (groups, periods - periods % 2) whether the group has the new price in the period.
    """
    first = [[coin(seed, f"group {g} pair {k}") for k in range(periods // 2)] for g in range(groups)]
    drawn = np.array(first, np.bool_).reshape(groups, periods // 2)
    return np.stack([drawn, ~drawn], axis=2).reshape(groups, -1)


def match_pairs(past: FloatArray) -> IntArray:
    """Pair groups of like past sales: (n // 2, 2) indices; of an odd number the smallest group is in no pair."""
    order = np.argsort(-np.asarray(past, np.float64), kind="stable")
    return order[: order.size - order.size % 2].reshape(-1, 2).astype(np.int64)


def draw_clusters(seed: str, pairs: int) -> BoolArray:
    """Draw which of each pair of groups gets the new price: (pairs,) True for the first of the pair."""
    return np.array([coin(seed, f"pair {number}") for number in range(pairs)], np.bool_)


def build_clusters(
    categories: Mapping[str, str],
    substitutes: Iterable[tuple[str, str, float]],
    looked_at: Iterable[str],
    *,
    largest: int = 25,
) -> tuple[list[list[str]], list[tuple[str, str]]]:
    """Build groups of products that take sales from each other, so that a draw moves substitutes together.

    Where the cross prices of a category are known it falls apart into its groups of substitutes; products of which
    nothing is known stay together with the rest of their category, since they may be substitutes.

    Parameters
    ----------
    categories : of each product; "" is no category: such products are clusters of their own.
    substitutes : two codes and how strongly the one replaces the other; the strongest are joined first.
    looked_at : products that have at least one estimated pair.
    largest : products in a group at most; pairs that would make a larger one are cut.

    Returns
    -------
    The groups, each in order of codes, and the pairs that were cut.
    """
    group = {code: {code} for code in categories}
    known = set(looked_at)
    rest: dict[str, str] = {}
    for code in sorted(categories):
        if code not in known and categories[code]:
            _join(group, rest.setdefault(categories[code], code), code)
    cut = []
    for one, other, _ in sorted(substitutes, key=lambda each: (-each[2], each[0], each[1])):
        if one not in group or other not in group or group[one] is group[other]:
            continue
        if len(group[one]) + len(group[other]) > largest:
            cut.append((one, other))
        else:
            _join(group, one, other)
    distinct = {id(members): members for members in group.values()}
    return sorted(sorted(members) for members in distinct.values()), cut


def _join(group: dict[str, set[str]], one: str, other: str) -> None:
    joined = group[one] | group[other]
    for member in joined:
        group[member] = joined


def price_contrast(
    control: Sequence[float] | FloatArray, treatment: Sequence[float] | FloatArray
) -> FloatArray:
    """Log of the new price over the other, product by product."""
    return np.log(np.asarray(treatment, np.float64)) - np.log(np.asarray(control, np.float64))
