"""Baskets: the merchandise that stands on one invoice, sales that were not cancelled."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from elastix.sql import fetch, fetch_arrays, placeholders
from pricing.bundles.core.baskets import Association, Baskets, association, baskets_of, beyond_chance
from pricing.sales.selectors.daily import product_shards

_SOLD = "NOT is_return AND NOT voided"


class PairCounts(NamedTuple):
    """Numbers of baskets: with both products of a pair, with either, and of all (0 before any were counted)."""

    both: int
    x: int
    y: int
    total: int

    def association(self) -> Association:
        # Sales that have come since all baskets were counted may hold more of them.
        return association(self.both, self.x, self.y, max(self.total, self.x, self.y))

    def is_beyond_chance(self) -> bool:
        """Whether the two are bought together more often than chance would have it."""
        return bool(beyond_chance(*self))


@dataclass(frozen=True, slots=True)
class FewBaskets:
    """How many invoices have which of a handful of products.

    The keys of `counts` are sets of products written as bits: bit k is set for the k-th of `codes`.
    """

    codes: Sequence[str]
    counts: dict[int, int]

    def with_all(self, *codes: str) -> int:
        """Number of invoices that have all of these products, whatever else."""
        wanted = sum(1 << self.codes.index(code) for code in codes)
        return sum(count for found, count in self.counts.items() if found & wanted == wanted)

    def of_pair(self, x: str, y: str, total: int) -> PairCounts:
        """Counts of two products; `total` is the number of all baskets."""
        return PairCounts(self.with_all(x, y), self.with_all(x), self.with_all(y), total)


def shop_baskets(codes: Sequence[str]) -> Baskets:
    """All invoices with any of these products.

    Parameters
    ----------
    codes : the merchandise; others on an invoice are left out.
    """
    number_of_product = {code: index for index, code in enumerate(codes)}
    number_of_invoice: dict[str, int] = {}

    def numbers(columns: Sequence[Sequence[Any]]) -> list[NDArray[Any]]:
        invoices, products = columns
        basket = [number_of_invoice.setdefault(invoice, len(number_of_invoice)) for invoice in invoices]
        return [
            np.array(basket, np.int64),
            np.array([number_of_product[code] for code in products], np.int64),
        ]

    # In pieces: the texts of all lines at once would be the most memory of a whole recompute.
    pieces = (
        (
            f"SELECT invoice_no, product_id FROM pricing_transaction WHERE {_SOLD}"
            f" AND product_id IN ({placeholders(len(piece))})",
            piece,
        )
        for piece in product_shards(codes)
    )
    basket, product = fetch_arrays(pieces, numbers, columns=2)
    return baskets_of(basket, product, len(codes))


def few_baskets(codes: Sequence[str]) -> FewBaskets:
    """Count the invoices that these products stand on today."""
    bits = " ".join(f"WHEN %s THEN {1 << place}" for place in range(len(codes)))
    rows = fetch(
        "SELECT found, COUNT(*) FROM ("
        f"SELECT invoice_no, SUM(DISTINCT CASE product_id {bits} END) AS found FROM pricing_transaction "
        f"WHERE {_SOLD} AND product_id IN ({placeholders(len(codes))}) GROUP BY invoice_no"
        ") invoices GROUP BY found",
        [*codes, *codes],
    )
    return FewBaskets(codes, dict(rows))
