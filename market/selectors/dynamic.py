"""Dynamic prices: what stock, demand and time make of a product's price now, inside its guardrails."""

import datetime as dt
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

import numpy as np

from elastix.fields import as_number
from market.core.dynamic import BUILT_IN, DynamicSettings, Factors, dynamic_factors
from market.selectors.signals import Demand, demand_of, ruled_price, shop_moment, stale_data
from pricing.recommendation.core.constrained import constrain_price
from pricing.recommendation.selectors.pricing_inputs import (
    NO_PRICE,
    SERVICE,
    PriceFacts,
    price_facts,
    price_group,
    strategy_of,
)
from pricing.recommendation.selectors.recommendations import Bound, bounds_of
from pricing.sales.models import Product
from pricing.sales.models.products import Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What the factors are computed from: given by a request, and filled in with what is known.

    Attributes
    ----------
    current_demand, expected_demand : units of two periods of the same length.
    time_of_day : the shop's hour, 0 to 23; goes before that of `time`.
    weekday : 1 (Monday) to 7; goes before that of `time`.
    """

    base_price: Decimal | None = None
    current_stock: float | None = None
    target_stock: float | None = None
    current_demand: float | None = None
    expected_demand: float | None = None
    time: dt.datetime | None = None
    time_of_day: int | None = None
    weekday: int | None = None
    settings: DynamicSettings = BUILT_IN


@dataclass(frozen=True, slots=True)
class DynamicPrice:
    """A product's price with each of its factors.

    Attributes
    ----------
    base_price : what the factors multiply: the price before repricing rules changed it.
    final_price : inside the guardrails; the present one where there is none to decide on.
    reference_price : what the final price is compared with: the given base price, else the present price.
    """

    product: Product
    current_price: Decimal | None
    base_price: Decimal | None
    final_price: Decimal | None
    reference_price: Decimal | None
    factors: Factors
    inputs: Given
    constraints: list[Bound] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    @property
    def unconstrained_price(self) -> float | None:
        """The price before guardrails."""
        return None if self.base_price is None else float(self.base_price) * float(self.factors.combined)

    @property
    def price_change(self) -> Decimal | None:
        if self.final_price is None or self.reference_price is None:
            return None
        return self.final_price - self.reference_price

    @property
    def price_change_percent(self) -> float | None:
        if self.final_price is None or self.reference_price is None:
            return None
        # Of whole cents, which floats hold exactly.
        return 100 * (float(100 * self.final_price) / float(100 * self.reference_price) - 1)


def dynamic_price(product: Product, given: Given | None = None) -> DynamicPrice:
    """Compute a product's price with each of its factors.

    The base price is the one that was in force before repricing rules changed it, so that a price that follows its
    factors does not climb by them again and again.
    """
    given = given or Given()
    facts = price_facts([product.code])[product.code]
    now, known = shop_moment(given.time), demand_of([product.code]).get(product.code, Demand(0, 0))
    found: dict[str, Any] = {
        "current_stock": as_number(product.stock_level),
        "target_stock": as_number(product.target_stock),
        "current_demand": known.recent,
        "expected_demand": None if known.is_thin else known.usual,
        "time_of_day": now.hour,
        "weekday": now.weekday,
    }
    missing = {name: value for name, value in found.items() if getattr(given, name) is None}
    inputs: Any = replace(given, **missing)
    factors = dynamic_factors(
        stock=inputs.current_stock or 0,
        target=inputs.target_stock or 0,
        demand=inputs.current_demand or 0,
        usual=inputs.expected_demand or 0,
        hour=inputs.time_of_day,
        weekday=inputs.weekday,
        settings=given.settings,
    )
    unconstrained = DynamicPrice(
        product=product,
        current_price=facts.price,
        base_price=given.base_price or ruled_price(product) or facts.price,
        final_price=facts.price,
        reference_price=facts.price,
        factors=factors.of(0),
        inputs=inputs,
        warnings=_warnings(inputs, factors, from_data=given.expected_demand is None),
    )
    return _within_guardrails(unconstrained, facts, given.base_price or facts.price)


def _within_guardrails(found: DynamicPrice, facts: PriceFacts, present: Decimal | None) -> DynamicPrice:
    if found.unconstrained_price is None or present is None or facts.kind == Kind.SERVICE:
        reason = SERVICE if facts.kind == Kind.SERVICE else NO_PRICE
        return replace(found, warnings=[reason, *found.warnings])
    group = price_group(strategy_of(facts.policy), [replace(facts, price=present)])
    constrained = constrain_price(np.array([found.unconstrained_price]), group.inputs, group.constraints)
    stays = constrained.reason(0)
    return replace(
        found,
        final_price=group.inputs.currency.of_units(int(constrained.price[0])),
        reference_price=present,
        constraints=bounds_of(constrained.of_product(0), facts.policy),
        warnings=[*([stays] if stays else []), *found.warnings],
    )


def _warnings(inputs: Given, factors: Factors, *, from_data: bool) -> list[str]:
    """Why a factor is idle or stops where it does."""
    stock, target = inputs.current_stock, inputs.target_stock
    applies = {
        "NO_STOCK": stock is None or target is None,
        "NO_TARGET_STOCK": stock is not None and target is not None and target <= 0,
        "OUT_OF_STOCK": stock is not None and stock <= 0 and target is not None and target > 0,
        "THIN_DEMAND": inputs.expected_demand is None,
        "INVENTORY_CAPPED": factors.inventory_capped[0],
        "SURGE_CAPPED": factors.surge_capped[0],
        "STALE_DATA": from_data and stale_data(),
    }
    return [name for name, yes in applies.items() if yes]
