"""The total of recommended prices, corrected for what they do to each other's sales and to those of other products."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from elastix.sql import batches
from pricing.recommendation.core.cannibalisation import CrossPairs, cross_change
from pricing.recommendation.core.uncertainty import drawn_normals, interval_of
from pricing.recommendation.models import StandingRecommendation
from pricing.recommendation.selectors.price_totals import CorrectedTotals, PriceTotals
from pricing.sales.models import Product

CROSS_ERRORS: Final = "cross effects"
RELATED: Final = ("substitutes", "complements")
"""Relationships whose elasticities count. Those of pairs that are not named are drawn to zero: summed over thousands of
pairs they say more of that than of the shop."""

_PAIR_COLUMNS: Final = ("code", "pairs__product_y", "pairs__cross_elasticity", "pairs__std_error")


def corrected_totals(totals: PriceTotals, rows: Sequence[Any]) -> CorrectedTotals | None:
    """Correct the naive sum of recommended changes; None where none of them is known to move another's sales.

    Parameters
    ----------
    totals : their naive sum.
    rows : the standing recommendations that are summed up: code, current_price, recommended_price, profit, profit_now.
    """
    moved = {row.code: row for row in rows if row.profit_change is not None}
    found: list[tuple[str, str, float, float]] = []
    for chunk in batches(sorted(moved)):
        of_prices = Product.objects.filter(pairs__product_y__in=chunk, pairs__relationship__in=RELATED)
        found += of_prices.order_by("code", "pairs__product_y").values_list(*_PAIR_COLUMNS)
    if not found:
        return None
    beside = sorted({code for code, *_ in found} - set(moved))
    number = {code: index for index, code in enumerate([*moved, *beside])}
    profit = np.full(len(number), np.nan)
    log_change = np.zeros(len(number))
    for code, row in moved.items():
        profit[number[code]] = row.profit_now + row.profit_change
        log_change[number[code]] = np.log(float(row.recommended_price) / float(row.current_price))
    for chunk in batches(beside):
        standing = StandingRecommendation.objects.filter(product_id__in=chunk, profit_now__isnull=False)
        for code, value in standing.values_list("product_id", "profit_now"):
            profit[number[code]] = value
    demand, price, elasticity, error = zip(*found, strict=True)
    pairs = CrossPairs(
        np.array([number[code] for code in demand]),
        np.array([number[code] for code in price]),
        np.array(elasticity, np.float64),
        np.array(error, np.float64),
    )
    change, std_error = cross_change(profit, log_change, pairs)
    expected = totals.profit_change + float(change.sum())
    drawn = totals.drawn + change.sum() + drawn_normals([CROSS_ERRORS])[0] * np.sqrt((std_error**2).sum())
    return CorrectedTotals(
        profit_change=expected,
        interval=interval_of(drawn, expected),
        within=float(change[: len(moved)].sum()),
        neighbours=float(change[len(moved) :].sum()),
        neighbour_count=len(beside),
        pairs=len(found),
        with_evidence=len({code for _, code, *_ in found}),
    )
