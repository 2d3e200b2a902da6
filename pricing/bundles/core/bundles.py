"""The price of a bundle of several products."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from typing import Final

from elastix.currency import TWO_DECIMALS, Currency

LOWEST_ALPHA: Final = Decimal("0.80")
HIGHEST_ALPHA: Final = Decimal("0.90")
USUAL_ALPHA: Final = Decimal("0.85")
LEAST_PROFIT: Final = Decimal(2)
DEMAND_UPLIFT: Final = Decimal("1.3")
REPLACED_SHARE: Final = Decimal("0.5")


@dataclass(frozen=True, slots=True)
class Bundle:
    """A bundle's price and what it is assumed to bring, per the period of the quantities.

    Attributes
    ----------
    individual_total : sum of the single prices.
    alpha : price of the bundle as a fraction of that, as asked for and kept within 0.80-0.90.
    optimal_alpha : the fraction that gives buyers the saving they expect, before it is kept within; None if not asked.
    lowest_price : summed cost + 2, rounded up to the cent; None where a cost is not known.
    price : to the cent, never below `lowest_price`.
    savings, savings_percent : what the buyer saves on the single prices; negative where the lowest price exceeds them.
    units : bundles sold, by assumption: 1.3 times the units of the product that sells least.
    incremental_revenue : by the assumption that the bundle takes the place of half of the products' revenue.
    cautious_revenue : the same if everybody who buys the product that sells least buys the others too, and turns to
        the bundle.
    """

    individual_total: Decimal
    alpha: Decimal
    optimal_alpha: Decimal | None
    lowest_price: Decimal | None
    price: Decimal
    units: Decimal
    incremental_revenue: Decimal
    cautious_revenue: Decimal
    currency: Currency = TWO_DECIMALS

    @property
    def savings(self) -> Decimal:
        return self.individual_total - self.price

    @property
    def savings_percent(self) -> Decimal:
        return 100 * self.savings / self.individual_total

    @property
    def whole_units(self) -> int:
        """Bundles sold, rounded down."""
        return int(self.units)

    @property
    def is_floored(self) -> bool:
        """Whether the summed cost + 2 set the price."""
        return self.lowest_price is not None and self.price > self.currency.price(
            self.alpha * self.individual_total
        )


def bundle(
    prices: Sequence[Decimal],
    costs: Sequence[Decimal | None],
    quantities: Sequence[int | Decimal],
    *,
    discount: Decimal | None = None,
    expected_saving: Decimal | None = None,
    currency: Currency = TWO_DECIMALS,
) -> Bundle:
    """Price a bundle: alpha times the summed prices, at least the summed cost + 2 (docs/methods/cross-price.md).

    Parameters
    ----------
    prices : of the products, each above 0.
    costs : per unit, None where unknown.
    quantities : units sold of each in any one period.
    discount : fraction off the summed prices, 0.10-0.20; 0.15 where nothing is asked for.
    expected_saving : amount that buyers expect to save: alpha = 1 - saving / summed prices, kept within 0.80-0.90.

    Raises
    ------
    ValueError
        If a price is not above 0, the lengths differ, both a discount and a saving are given, or the discount is
        outside its limits.
    """
    if not len(prices) == len(costs) == len(quantities) or any(price <= 0 for price in prices):
        raise ValueError("Every product of a bundle needs a price above 0, a cost or None, and a quantity.")
    total = sum(prices, Decimal(0))
    alpha, optimal = _alpha(total, discount, expected_saving)
    known = [cost for cost in costs if cost is not None]
    lowest = None
    if len(known) == len(costs):
        lowest = currency.price(sum(known, Decimal(0)) + LEAST_PROFIT, ROUND_CEILING)
    price = currency.price(alpha * total)
    if lowest is not None:
        price = max(price, lowest)
    least = Decimal(min(quantities))
    units = DEMAND_UPLIFT * least
    revenue = sum((each * sold for each, sold in zip(prices, quantities, strict=True)), Decimal(0))
    return Bundle(
        individual_total=total,
        alpha=alpha,
        optimal_alpha=optimal,
        lowest_price=lowest,
        price=price,
        units=units,
        incremental_revenue=price * units - REPLACED_SHARE * revenue,
        cautious_revenue=price * units - total * least,
        currency=currency,
    )


def _alpha(
    total: Decimal, discount: Decimal | None, expected_saving: Decimal | None
) -> tuple[Decimal, Decimal | None]:
    if expected_saving is not None:
        if discount is not None:
            raise ValueError("Give either a discount or an expected saving.")
        optimal = 1 - expected_saving / total
        return min(max(optimal, LOWEST_ALPHA), HIGHEST_ALPHA), optimal
    if discount is None:
        return USUAL_ALPHA, None
    if not LOWEST_ALPHA <= 1 - discount <= HIGHEST_ALPHA:
        raise ValueError("The discount must be a fraction from 0.10 to 0.20.")
    return 1 - discount, None
