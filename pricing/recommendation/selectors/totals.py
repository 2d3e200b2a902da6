"""What the shop as a whole sold in a stretch of days, and what it earned."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from elastix.shop import shop_currency
from elastix.sql import fetch
from pricing.recommendation.selectors.policies import tax_factors


@dataclass(frozen=True, slots=True)
class ShopTotals:
    """Sums over all merchandise, net of returns.

    Attributes
    ----------
    covered : the part of the revenue whose products have a cost.
    net : that part without the tax that prices may include.
    spent : what the units of these products cost.
    """

    revenue: Decimal
    units: Decimal
    covered: Decimal
    net: Decimal
    spent: Decimal

    @property
    def profit(self) -> Decimal | None:
        """Of the products whose cost is known; None where none is."""
        return self.net - self.spent if self.covered else None

    @property
    def margin_percent(self) -> Decimal | None:
        """Profit in percent of the net revenue it was made on; None where no cost is known."""
        return 100 * (self.net - self.spent) / self.net if self.net else None

    @property
    def covered_percent(self) -> Decimal | None:
        """How much of the revenue `profit` and `margin_percent` rest on, in percent."""
        return 100 * self.covered / self.revenue if self.revenue else None


class _Sold(NamedTuple):
    code: str
    category: str
    cost: float | None
    revenue: float
    units: float


def shop_totals(first: dt.date, last: dt.date) -> ShopTotals:
    """Sum up the days from `first` to `last`, both inclusive. Costs and rates of tax are today's."""
    found = fetch(
        "SELECT p.code, p.category, p.cost, SUM(h.revenue - h.returned_revenue), "
        "SUM(h.quantity - h.returned_quantity) "
        "FROM pricing_saleshistory h JOIN pricing_product p ON p.code = h.product_id "
        "WHERE p.kind = 'merchandise' AND h.date BETWEEN %s AND %s GROUP BY p.code, p.category, p.cost",
        [first.isoformat(), last.isoformat()],
    )
    # Thousands of products: floats sum up ten times as fast, and keep the cents of any shop.
    rows = [
        _Sold(code, category, None if cost is None else float(cost), float(revenue), float(units))
        for code, category, cost, revenue, units in found
    ]
    factors = tax_factors(rows)
    known = [row for row in rows if row.cost is not None]
    amounts = (
        sum(row.revenue for row in rows),
        sum(row.revenue for row in known),
        sum(row.revenue / float(factors[row.code]) for row in known),
        sum(row.units * row.cost for row in known if row.cost is not None),
    )
    price = shop_currency().price
    revenue, covered, net, spent = (price(Decimal(repr(float(amount)))) for amount in amounts)
    units = Decimal(repr(float(sum(row.units for row in rows)))).quantize(Decimal("0.001"))
    return ShopTotals(revenue, units, covered, net, spent)
