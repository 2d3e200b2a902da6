"""What the shop as a whole sold in a stretch of days."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from elastix.sql import fetch


@dataclass(frozen=True, slots=True)
class ShopTotals:
    """Sums over all merchandise, net of returns.

    Attributes
    ----------
    covered : the part of the revenue whose products have a cost.
    spent : what the units of these products cost.
    """

    revenue: Decimal
    units: int
    covered: Decimal
    spent: Decimal

    @property
    def profit(self) -> Decimal | None:
        """Of the products whose cost is known; None where none is."""
        return self.covered - self.spent if self.covered else None

    @property
    def margin_percent(self) -> Decimal | None:
        """Profit in percent of the revenue it was made on; None where no cost is known."""
        return 100 * (self.covered - self.spent) / self.covered if self.covered else None

    @property
    def covered_percent(self) -> Decimal | None:
        """How much of the revenue `profit` and `margin_percent` rest on, in percent."""
        return 100 * self.covered / self.revenue if self.revenue else None


def shop_totals(first: dt.date, last: dt.date) -> ShopTotals:
    """Sum up the days from `first` to `last`, both inclusive, in one query. Costs are today's."""
    net = "h.quantity - h.returned_quantity"
    taken = "h.revenue - h.returned_revenue"
    ((revenue, units, covered, spent),) = fetch(
        f"SELECT SUM({taken}), SUM({net}), SUM(CASE WHEN p.cost IS NOT NULL THEN {taken} ELSE 0 END), "
        f"SUM(({net}) * COALESCE(p.cost, 0)) "
        "FROM pricing_saleshistory h JOIN pricing_product p ON p.code = h.product_id "
        "WHERE p.kind = 'merchandise' AND h.date BETWEEN %s AND %s",
        [first.isoformat(), last.isoformat()],
    )
    cents = [Decimal(str(value or 0)).quantize(Decimal("0.01")) for value in (revenue, covered, spent)]
    return ShopTotals(cents[0], int(units or 0), cents[1], cents[2])
