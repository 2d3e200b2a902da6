"""All that a product's page says about its price, from facts that are read once."""

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from elastix.errors import NotFound
from pricing.recommendation.core.recommendation import Recommendation
from pricing.recommendation.selectors.pricing_inputs import PriceGroup, price_group, pricing_inputs
from pricing.recommendation.selectors.recommendations import (
    ProductRecommendation,
    recommendation_in,
    recommendation_of,
    recommendations_of,
)
from simulations.selectors.prices import (
    Projection,
    curve_of,
    price_grid,
    scenarios_of,
    simulation_of,
    with_elasticity,
)


@dataclass(frozen=True, slots=True)
class Tried:
    """What somebody tries on a product in place of what is; None is as it is."""

    price: Decimal | None = None
    cost: Decimal | None = None
    demand_factor: float = 1.0
    response_factor: float = 1.0

    @property
    def is_nothing(self) -> bool:
        return self == Tried()


@dataclass(frozen=True, slots=True)
class WhatIf:
    """A product under what is tried on it.

    Attributes
    ----------
    lowest, highest : the prices between which the curve goes.
    tried : the price tried; without one the recommended price.
    scenarios : a careful step towards the recommended price, that price, a bold one, and the present price.
    """

    lowest: Decimal
    highest: Decimal
    tried: Projection
    curve: Projection
    scenarios: Projection


@dataclass(frozen=True, slots=True)
class ProductPricing:
    """The recommendation for a product, and what could be done instead; without a price None, and the recommendation says why."""

    recommendation: ProductRecommendation
    what_if: WhatIf | None


def product_pricing(code: str, asked: Tried) -> ProductPricing:
    """The recommendation of one product by its policy, and what would come of a price, as the API's own operations have it.

    Parameters
    ----------
    asked : it changes the projections; the recommendation is that of today.

    Raises
    ------
    NotFound : there is no such product.
    """
    groups, without_price = pricing_inputs([code])
    if not groups:
        rows = recommendations_of(groups, without_price)
        if not rows:
            raise NotFound(f"There is no product {code!r}.")
        return ProductPricing(rows[0], None)
    found = recommendation_of(groups[0])
    recommendation = recommendation_in(groups[0], found, 0)
    return ProductPricing(recommendation, _what_if(groups[0], recommendation, found, asked))


def _what_if(
    group: PriceGroup, recommendation: ProductRecommendation, found: Recommendation, asked: Tried
) -> WhatIf:
    projected = with_elasticity(group)
    # A borrowed elasticity or another cost moves the scenarios' prices as well.
    recommended = found if projected is group and asked.cost is None else None
    group = projected
    if asked.cost is not None:
        group = price_group(group.strategy, [replace(group.facts[0], cost=asked.cost)])
    price = asked.price or recommendation.price.recommended_price or group.facts[0].price
    assert price is not None  # noqa: S101 - products without a price are in no group
    factors: dict[str, Any] = {
        "demand_factor": asked.demand_factor,
        "response_factor": asked.response_factor,
    }
    currency = group.inputs.currency
    grid = price_grid(float(group.inputs.price[0]), None, None, 2, currency)
    return WhatIf(
        lowest=currency.money(grid[0]) or Decimal(0),
        highest=currency.money(grid[-1]) or Decimal(0),
        tried=simulation_of(group, new_price=price, **factors),
        curve=curve_of(group, **factors),
        scenarios=scenarios_of(group, recommended=recommended, **factors),
    )
