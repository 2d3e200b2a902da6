"""Baskets: the merchandise that stands on one invoice, sales that were not cancelled."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from elastix.sql import fetch, fetch_columns, placeholders
from pricing.bundles.core.baskets import Baskets, baskets_of

_SOLD = "NOT is_return AND NOT voided"


def shop_baskets(codes: Sequence[str]) -> Baskets:
    """All invoices with any of these products.

    Parameters
    ----------
    codes : the merchandise; others on an invoice are left out.
    """
    invoices, products = fetch_columns(
        f"SELECT invoice_no, product_id FROM pricing_transaction WHERE {_SOLD}", columns=2
    )
    number_of_product = {code: index for index, code in enumerate(codes)}
    number_of_invoice: dict[str, int] = {}
    product = np.fromiter((number_of_product.get(code, -1) for code in products), np.int64, len(products))
    basket = np.fromiter(
        (number_of_invoice.setdefault(invoice, len(number_of_invoice)) for invoice in invoices),
        np.int64,
        len(invoices),
    )
    kept: NDArray[np.bool_] = product >= 0
    return baskets_of(basket[kept], product[kept], len(codes))


@dataclass(frozen=True, slots=True)
class FewBaskets:
    """How many invoices have which of a handful of products.

    `counts` goes by sets of products written as bits: bit k is set for the k-th of `codes`.
    """

    codes: Sequence[str]
    counts: dict[int, int]

    def with_all(self, *codes: str) -> int:
        """Number of invoices that have all of these products, whatever else."""
        wanted = sum(1 << self.codes.index(code) for code in codes)
        return sum(count for found, count in self.counts.items() if found & wanted == wanted)


def few_baskets(codes: Sequence[str]) -> FewBaskets:
    """Count the invoices that these products stand on today, in the books."""
    bits = " ".join(f"WHEN %s THEN {1 << place}" for place in range(len(codes)))
    rows = fetch(
        "SELECT found, COUNT(*) FROM ("
        f"SELECT invoice_no, SUM(DISTINCT CASE product_id {bits} END) AS found FROM pricing_transaction "
        f"WHERE {_SOLD} AND product_id IN ({placeholders(len(codes))}) GROUP BY invoice_no"
        ") invoices GROUP BY found",
        [*codes, *codes],
    )
    return FewBaskets(codes, dict(rows))
