"""Dynamic prices: what stock, demand and time make of a product's price now, inside its guardrails."""

import datetime as dt
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.utils import timezone

from elastix.api.fields import money, rounded
from market.core.dynamic import BUILT_IN, DynamicSettings, Factors, dynamic_factors
from market.selectors.signals import Demand, demand_of, ruled_price, stale_data
from pricing.recommendation.core.limits import ConstrainedPrices, constrain_price
from pricing.recommendation.selectors.pricing_inputs import (
    NO_PRICE,
    SERVICE,
    PriceFacts,
    price_facts,
    price_group,
    strategy_of,
)
from pricing.recommendation.selectors.recommendations import source_of
from pricing.sales.models import Product
from pricing.sales.models.products import Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What a request says in place of what is known; None leaves it at that.

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
class _Inputs:
    stock: float | None
    target: float | None
    demand: float | None
    expected: float | None
    hour: int
    weekday: int
    thin: bool


def dynamic_price(product: Product, given: Given | None = None) -> dict[str, Any]:
    """A product's price with each of its factors, as GET and POST /api/price/dynamic/{id} answer it.

    The base price is the one that was in force before repricing rules changed it, so that a price that follows its
    factors does not climb by them again and again.
    """
    given = given or Given()
    facts = price_facts([product.code])[product.code]
    base = given.base_price or ruled_price(product) or facts.price
    inputs = _inputs(product, given)
    factors = dynamic_factors(
        stock=inputs.stock or 0,
        target=inputs.target or 0,
        demand=inputs.demand or 0,
        usual=inputs.expected or 0,
        hour=inputs.hour,
        weekday=inputs.weekday,
        settings=given.settings,
    )
    warnings = _warnings(inputs, factors, from_data=given.expected_demand is None)
    present = given.base_price or facts.price
    answer = {"product_id": product.code, **_factors(base, factors), "inputs": _shown(inputs)}
    if base is None or present is None or facts.kind == Kind.SERVICE:
        reason = SERVICE if facts.kind == Kind.SERVICE else NO_PRICE
        return answer | _unpriced(facts, [reason, *warnings])
    group = price_group(strategy_of(facts.policy), [replace(facts, price=present)])
    constrained = constrain_price(float(base) * factors.combined, group.inputs, group.constraints)
    stays = constrained.reason(0)
    return answer | {
        "current_price": money(facts.price),
        "final_price": constrained.price[0] / 100,
        "price_change": _change(constrained, present),
        "price_change_percent": rounded(100 * (constrained.price[0] / constrained.now[0] - 1), 1),
        "constraints": _constraints(constrained, facts),
        "warnings": [*([stays] if stays else []), *warnings],
    }


def _change(constrained: ConstrainedPrices, present: Decimal) -> float | None:
    return money(Decimal(int(constrained.price[0])).scaleb(-2) - present)


def _inputs(product: Product, given: Given) -> _Inputs:
    local = timezone.localtime(given.time, settings.SHOP_TIME_ZONE)
    known = demand_of([product.code]).get(product.code, Demand(0, 0))
    thin = given.expected_demand is None and known.is_thin
    expected = known.usual if given.expected_demand is None else given.expected_demand
    return _Inputs(
        stock=product.stock_level if given.current_stock is None else given.current_stock,
        target=product.target_stock if given.target_stock is None else given.target_stock,
        demand=known.recent if given.current_demand is None else given.current_demand,
        expected=None if thin else expected,
        hour=local.hour if given.time_of_day is None else given.time_of_day,
        weekday=local.isoweekday() if given.weekday is None else given.weekday,
        thin=thin,
    )


def _warnings(inputs: _Inputs, factors: Factors, *, from_data: bool) -> list[str]:
    """Why a factor is idle or stops where it does."""
    found = []
    if inputs.stock is None or inputs.target is None:
        found.append("NO_STOCK")
    elif inputs.target <= 0:
        found.append("NO_TARGET_STOCK")
    elif inputs.stock <= 0:
        found.append("OUT_OF_STOCK")
    if inputs.thin:
        found.append("THIN_DEMAND")
    if factors.inventory_capped[0]:
        found.append("INVENTORY_CAPPED")
    if factors.surge_capped[0]:
        found.append("SURGE_CAPPED")
    if from_data and stale_data():
        found.append("STALE_DATA")
    return found


def _factors(base: Decimal | None, factors: Factors) -> dict[str, Any]:
    combined = float(factors.combined[0])
    return {
        "base_price": money(base),
        "inventory_adjustment": rounded(factors.inventory[0], 4),
        "surge_adjustment": rounded(factors.surge[0], 4),
        "peak_hour_adjustment": rounded(factors.peak_hour[0], 4),
        "weekday_adjustment": rounded(factors.weekday[0], 4),
        "combined_adjustment": rounded(combined, 4),
        "unconstrained_price": None if base is None else money(float(base) * combined),
    }


def _shown(inputs: _Inputs) -> dict[str, Any]:
    return {
        "current_stock": inputs.stock,
        "target_stock": inputs.target,
        "current_demand": inputs.demand,
        "expected_demand": inputs.expected,
        "time_of_day": inputs.hour,
        "weekday": inputs.weekday,
    }


def _unpriced(facts: PriceFacts, warnings: list[str]) -> dict[str, Any]:
    price = money(facts.price)
    nothing = None if price is None else 0.0
    return {
        "current_price": price,
        "final_price": price,
        "price_change": nothing,
        "price_change_percent": nothing,
        "constraints": [],
        "warnings": warnings,
    }


def _constraints(constrained: ConstrainedPrices, facts: PriceFacts) -> list[dict[str, Any]]:
    return [
        {
            "rule": rule,
            "bound": float(bound),
            "binding": binding,
            "source": source_of(rule, facts.policy),
        }
        for rule, bound, binding in constrained.of_product(0)
    ]
