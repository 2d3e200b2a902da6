"""The effect of a price change on quantity and revenue."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pricing.elasticity.core.demand import (
    EQUAL_SHARES,
    LARGEST_CHANGE,
    LINEAR,
    OTHER_MODEL,
    DemandModel,
    demand,
)
from pricing.recommendation.core.uncertainty import INTERVAL, truncated_quantile

LARGE_CHANGE: Final = "LARGE_CHANGE"
WEIGHED_PLACES: Final = 3
NO_ANSWER_TO_PRICE: Final = "NO_ANSWER_TO_PRICE"


@dataclass(frozen=True, slots=True)
class Sales:
    """What was sold: units, and revenue in currency."""

    quantity: float
    revenue: float
    charged: float | None = None

    @property
    def price(self) -> float:
        """What is charged, if given, else the mean price paid; 0 where nothing was sold."""
        if self.charged is not None:
            return self.charged
        return self.revenue / self.quantity if self.quantity > 0 else 0.0


@dataclass(frozen=True, slots=True)
class Projection:
    """Sales at another price. Quantities are whole units (of weighed goods, with 3 decimals), and revenue is what these
    bring.

    Changes are percents of the present figures, 0 where these are 0.
    """

    price_change_percent: float
    price: float
    quantity: float
    revenue: float
    quantity_change_percent: float
    revenue_change_percent: float


def project(
    sales: Sales,
    price_change_percent: float,
    elasticity: float,
    model: DemandModel = LINEAR,
    linear_share: float = EQUAL_SHARES,
) -> Projection:
    """Project sales to another price.

    Parameters
    ----------
    sales : what was sold at the present mean price.
    price_change_percent : above -100.
    elasticity : own-price.
    linear_share : weight of linear demand in the average.
    """
    if sales.quantity <= 0 or sales.revenue <= 0:
        return Projection(price_change_percent, 0.0, 0, 0.0, 0.0, 0.0)
    ratio = 1 + price_change_percent / 100
    expected = float(demand(ratio, 1.0, sales.quantity, elasticity, model, linear_share))
    quantity = round(expected) if float(sales.quantity).is_integer() else round(expected, WEIGHED_PLACES)
    price = sales.price * ratio
    revenue = price * quantity
    return Projection(
        price_change_percent=price_change_percent,
        price=price,
        quantity=quantity,
        revenue=revenue,
        quantity_change_percent=100 * (quantity / sales.quantity - 1),
        revenue_change_percent=100 * (revenue / sales.revenue - 1),
    )


def total(sales: Sequence[Sales], projected: Sequence[Projection]) -> Projection:
    """Add up the projections of parts of the sales at one price change; parts without sales count for nothing."""
    sold = [part for part, after in zip(sales, projected, strict=True) if after.price > 0]
    quantity, revenue = sum(part.quantity for part in sold), sum(part.revenue for part in sold)
    new_quantity = sum(after.quantity for after in projected)
    new_revenue = sum(after.revenue for after in projected)
    return Projection(
        price_change_percent=projected[0].price_change_percent,
        price=new_revenue / new_quantity if new_quantity else 0.0,
        quantity=new_quantity,
        revenue=new_revenue,
        quantity_change_percent=100 * (new_quantity / quantity - 1) if quantity else 0.0,
        revenue_change_percent=100 * (new_revenue / revenue - 1) if revenue else 0.0,
    )


def interval(
    sales: Sales,
    price_change_percent: float,
    elasticity: float,
    std_error: float | None,
    model: DemandModel = LINEAR,
    linear_share: float = EQUAL_SHARES,
) -> dict[str, float]:
    """80 % interval of projected quantity and revenue, from that of the elasticity; empty without a standard error."""
    if not std_error:
        return {}
    ends = [float(truncated_quantile(share, elasticity, std_error)) for share in INTERVAL]
    low, high = sorted(
        (project(sales, price_change_percent, end, model, linear_share) for end in ends),
        key=lambda each: each.quantity,
    )
    return {
        "quantity_low": low.quantity,
        "quantity_high": high.quantity,
        "revenue_low": low.revenue,
        "revenue_high": high.revenue,
    }


def warnings(
    sales: Sales, price_change_percent: float, elasticity: float, model: DemandModel = LINEAR
) -> list[str]:
    """Warnings about a projection; beyond 15 %, with what the other demand model foresees."""
    found = []
    if abs(price_change_percent) > 100 * LARGEST_CHANGE + 1e-9:
        other = OTHER_MODEL[model]
        quantity = project(sales, price_change_percent, elasticity, other).quantity
        found.append(
            f"{LARGE_CHANGE}: beyond 15 % the demand models differ; {other.replace('_', ' ')} foresees {quantity:,} units."
        )
    if elasticity >= 0:
        found.append(
            f"{NO_ANSWER_TO_PRICE}: the estimate says that demand does not fall when the price rises."
        )
    return found


def steps(first: float, last: float, step: float) -> list[float]:
    """Return the price changes from first to last in percent, with the last one even if the steps miss it."""
    count = int((last - first) / step + 1e-9)
    values = [round(first + step * index, 10) for index in range(count + 1)]
    return values if abs(values[-1] - last) < 1e-9 else [*values, last]
