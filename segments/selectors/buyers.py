"""Who buys a product: its sales and the elasticity of its buyers, by segment."""

from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Sum

from segments.core.rfm import SEGMENTS
from segments.models import SegmentElasticity, SegmentSales
from segments.selectors.sums import exact


@dataclass(frozen=True, slots=True)
class Buyers:
    """What one segment bought of a product over all sales, net of returns.

    Attributes
    ----------
    share_percent : of the revenue that all segments brought.
    avg_price : what was paid for a unit; None where not more was bought than brought back.
    elasticity, ci_low, ci_high, quality : of this segment's demand; None without an estimate.
    """

    segment: str
    quantity: int | Decimal
    revenue: Decimal
    share_percent: float | None
    avg_price: Decimal | None
    elasticity: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    quality: str | None = None


def buyers_of_product(code: str) -> list[Buyers]:
    """The segments that bought a product, in the order of the segments; in two queries."""
    sums = SegmentSales.objects.filter(product_id=code).order_by().values("segment")
    bought = {
        row["segment"]: (row["units"], exact(row["paid"]))
        for row in sums.annotate(units=Sum("quantity"), paid=Sum("revenue"))
    }
    figures = ("elasticity", "ci_low", "ci_high", "quality")
    estimates = {
        segment: dict(zip(figures, values, strict=True))
        for segment, *values in SegmentElasticity.objects.filter(product_id=code).values_list(
            "segment", *figures
        )
    }
    total = sum((paid for _, paid in bought.values()), Decimal(0))
    return [
        Buyers(
            segment,
            units,
            paid,
            share_percent=float(100 * paid / total) if total > 0 else None,
            avg_price=exact(paid / units) if units > 0 else None,
            **estimates.get(segment, {}),
        )
        for segment in SEGMENTS
        if segment in bought
        for units, paid in [bought[segment]]
    ]
