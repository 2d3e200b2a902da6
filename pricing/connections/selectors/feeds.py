"""The rows of the feeds, read and made piece by piece in a fixed number of queries."""

import datetime as dt
from collections.abc import Iterable, Iterator
from typing import Any, Final

import numpy as np
from django.utils import timezone

from elastix.shop import shop_currency
from elastix.sql import batches
from pricing.connections.core.feeds import FeedRow, floors
from pricing.connections.selectors.price_changes import changed_prices, priced_products, sales_of
from pricing.recommendation.selectors.policies import policy_finder

ROWS_A_PIECE: Final = 1_000
_COLUMNS: Final = (
    "code", "name", "category", "current_price", "cost", "cut_from", "cut_to", "cut_at", "decided_at",
)  # fmt: skip


def feed_rows(*, decided_only: bool = False, since: dt.datetime | None = None) -> Iterator[FeedRow]:
    """Yield active merchandise with a price, by code, in two queries; each piece with sales in it takes three more.

    Parameters
    ----------
    decided_only : only prices that the ledger has put in force.
    since : only those that it has put in force from then on.
    """
    products = changed_prices() if decided_only or since else priced_products()
    if since:
        products = products.filter(decided_at__gte=since)
    policy_of, now = policy_finder(), timezone.now()
    rows = products.values_list(*_COLUMNS, named=True).iterator(chunk_size=ROWS_A_PIECE)
    for chunk in batches(rows, ROWS_A_PIECE):
        policies = [policy_of(row) for row in chunk]
        lowest = floors(
            _floats(row.current_price for row in chunk),
            _floats(row.cost for row in chunk),
            _floats(policy.minimum_margin for policy in policies),
            _floats(policy.min_price for policy in policies),
            _floats(policy.included_tax for policy in policies),
            shop_currency(),
        )
        sales = sales_of(chunk, now)
        for row, floor in zip(chunk, lowest, strict=True):
            regular, begin, end = sales.get(row.code, (None, None, None))
            yield FeedRow(
                row.code, row.name, row.current_price, row.cost, floor, regular, begin, end, row.decided_at
            )


def _floats(values: Iterable[Any]) -> list[float]:
    return [np.nan if value is None else float(value) for value in values]
