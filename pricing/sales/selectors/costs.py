"""Unit costs of products on past days."""

import datetime as dt
from bisect import bisect_right
from collections.abc import Collection
from decimal import Decimal
from typing import Final

import numpy as np
from django.db.models import QuerySet

from elastix.sql import batches
from pricing.sales.core.arrays import FloatArray, IntArray
from pricing.sales.models import ProductCost
from pricing.sales.selectors.daily import epoch_days
from pricing.sales.selectors.products import find_product

_RECORDED: Final = "(SELECT c.cost FROM pricing_productcost c WHERE c.product_id = s.product_id"
COST_CHANGED: Final = (
    "code IN (SELECT product_id FROM pricing_productcost GROUP BY product_id HAVING COUNT(*) > 1)"
)
"""SQL condition on pricing_product: the product has had more than one cost."""

COST_OF_DAY: Final = (
    f"CASE WHEN p.cost_changed THEN COALESCE({_RECORDED} AND c.valid_from <= s.date ORDER BY c.valid_from DESC LIMIT 1), "
    f"{_RECORDED} ORDER BY c.valid_from LIMIT 1), p.cost) ELSE p.cost END"
)
"""SQL expression of `cost_on`, with pricing_saleshistory as s and its product as p, whose cost_changed is `COST_CHANGED`.

It runs over whole years of sales: the cost is looked up day by day only where it has changed."""

CostHistory = list[tuple[dt.date, Decimal | None]]
"""Days from which on a product cost so much, rising."""


def costs_of_product(code: str) -> QuerySet[ProductCost]:
    """The recorded costs of a product, the newest first.

    Raises
    ------
    NotFound : there is no such product.
    """
    return ProductCost.objects.filter(product=find_product(code)).order_by("-valid_from", "-id")


def cost_histories(codes: Collection[str]) -> dict[str, CostHistory]:
    """The recorded costs of products, those without any left out. One query for every 5,000 products."""
    found: dict[str, CostHistory] = {}
    for chunk in batches(sorted(codes)):
        rows = ProductCost.objects.filter(product_id__in=chunk).order_by("product_id", "valid_from")
        for code, day, cost in rows.values_list("product_id", "valid_from", "cost"):
            found.setdefault(code, []).append((day, cost))
    return found


def cost_on(day: dt.date, history: CostHistory, today: Decimal | None) -> Decimal | None:
    """What a unit cost on a day: before the first recorded day what it cost then, and today's cost where nothing is recorded."""
    place = bisect_right([valid_from for valid_from, _ in history], day)
    cost = history[max(place - 1, 0)][1] if history else None
    return today if cost is None else cost


def recorded_costs(code: str, day: IntArray) -> FloatArray:
    """(n,) what a unit of a product cost on days since 1970-01-01; nan before the first recorded day and where it was unknown."""
    history = cost_histories([code]).get(code, [])
    since = np.array([epoch_days(valid_from) for valid_from, _ in history], np.int64)
    costs = np.array([np.nan, *(np.nan if cost is None else float(cost) for _, cost in history)])
    return costs[np.searchsorted(since, day, "right")]
