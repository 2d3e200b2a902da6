"""Whatever the policies, the product and the request: what a recommendation never does.

The core's own property tests start from terms; these start from policies, and read them independently.
"""

import datetime as dt
from decimal import Decimal
from fractions import Fraction
from typing import Any

from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from pricing.elasticity.core.demand import DEMAND_MODELS
from pricing.forecasting.selectors.base_demand import BaseDemand
from pricing.recommendation.core.inputs import STRATEGIES
from pricing.recommendation.models import PricePolicy
from pricing.recommendation.selectors.competition import CompetitorStatistics
from pricing.recommendation.selectors.policies import Overrides, merge_policies
from pricing.recommendation.selectors.pricing_inputs import PriceFacts, price_group, strategy_of
from pricing.recommendation.selectors.recommendations import recommendation_of

money = st.decimals("0.01", "5000", places=2)
fraction = st.decimals("0", "0.9", places=4)
limits = {
    "target_margin": fraction,
    "min_price": money,
    "max_price": money,
    "max_change": st.decimals("0", "1", places=4),
}
policies = st.fixed_dictionaries(
    {},
    optional=limits
    | {
        "strategy": st.sampled_from(STRATEGIES),
        "demand_model": st.sampled_from(DEMAND_MODELS),
        "minimum_margin": fraction,
        "markup": st.decimals("0", "100", places=4),
        "competitor_floor": st.decimals("0", "10", places=4),
        "competitor_ceiling": st.decimals("0.0001", "10", places=4),
        "endings": st.sampled_from(["any", "49,99", "00", "99,95,90"]),
        "cooldown_days": st.integers(0, 365),
        "assumed_cost_ratio": st.decimals("0.0001", "1", places=4),
    },
)
requests = st.fixed_dictionaries({}, optional=limits | {"strategy": st.sampled_from(STRATEGIES)})
products = st.fixed_dictionaries(
    {
        "price": money,
        "cost": st.none() | st.decimals("0", "5000", places=4),
        "base_price": st.none() | money,
        "tried_price": st.none() | money,
        "quantity": st.integers(0, 10_000),
        "elasticity": st.none() | st.floats(-50, 50),
        "std_error": st.none() | st.floats(0, 20),
        "grade": st.sampled_from("ABCD"),
    }
)
markets = st.none() | st.decimals("0.01", "5000", places=4)
changes = st.none() | st.integers(0, 500)


def facts_of(product: dict[str, Any], mean: Decimal | None, days_ago: int | None, **more: Any) -> PriceFacts:
    now = timezone.now()
    competitors = None
    if mean is not None:
        competitors = CompetitorStatistics(mean, mean, mean, mean, 1, now)
    return PriceFacts(
        code="P001",
        name="",
        category="",
        kind="merchandise",
        evidence="",
        flags=(),
        lowest_charged=None,
        highest_charged=None,
        competitors=competitors,
        base=BaseDemand(
            quantity=product["quantity"],
            price=None if product["base_price"] is None else float(product["base_price"]),
            tried_price=None if product["tried_price"] is None else float(product["tried_price"]),
            last_changed=None if days_ago is None else now - dt.timedelta(days=days_ago, hours=1),
        ),
        **{name: product[name] for name in ("price", "cost", "elasticity", "std_error", "grade")},
        **more,
    )


def breaches(
    price: Fraction,
    product: dict[str, Any],
    stated: dict[str, Any],
    asked: dict[str, Any],
    mean: Decimal | None,
    days_ago: int | None,
) -> list[str]:
    """Name what a new price breaks, read from the policies in exact arithmetic."""
    # Changes are limited from the newest price that sales have proven.
    p0, cost = Fraction(product["tried_price"] or product["price"]), product["cost"]
    if cost is None and "assumed_cost_ratio" in stated:
        cost = round(Fraction(stated["assumed_cost_ratio"]) * p0, 4)
    change = Fraction(stated.get("max_change", asked.get("max_change", Decimal("0.15"))))
    rules = {
        "down": price >= p0 * (1 - change),
        "up": price <= p0 * (1 + change),
        "cooldown": days_ago is None or days_ago >= stated.get("cooldown_days", 0),
        "elasticity": product["elasticity"] is not None and product["elasticity"] < 0,
        "floor": bool(cost) or "min_price" in stated or "min_price" in asked,
        "whole cent": (100 * price).denominator == 1,
    }
    for source in (stated, asked):
        rules |= {
            f"min {id(source)}": price >= Fraction(source.get("min_price", 0)),
            f"max {id(source)}": price <= Fraction(source.get("max_price", 10**9)),
            f"change {id(source)}": abs(price - p0) <= p0 * Fraction(source.get("max_change", 10)),
        }
        if cost:
            margins = [Fraction(source.get(name, 0)) for name in ("target_margin", "minimum_margin")]
            rules[f"margin {id(source)}"] = price * (1 - max(margins)) >= Fraction(cost) or not any(margins)
    if mean is not None:
        rules["competitors' floor"] = price >= Fraction(stated.get("competitor_floor", 0)) * Fraction(mean)
        ceiling = Fraction(stated.get("competitor_ceiling", 10**9))
        rules["competitors' ceiling"] = price <= ceiling * Fraction(mean) + Fraction(1, 10**6)
    if cost:
        rules["cost"] = price >= Fraction(cost) * 11 / 10
        rules["ceiling"] = price <= max(5 * Fraction(cost), Fraction(product["price"]))
    return [rule for rule, holds in rules.items() if not holds]


@settings(max_examples=200, deadline=None)
@given(products, policies, policies, policies, requests, markets, changes)
def test_the_price_stays_or_keeps_to_every_policy(
    product: dict[str, Any],
    of_shop: dict[str, Any],
    of_category: dict[str, Any],
    of_product: dict[str, Any],
    asked: dict[str, Any],
    mean: Decimal | None,
    days_ago: int | None,
) -> None:
    policy = merge_policies([PricePolicy(**stated) for stated in (of_shop, of_category, of_product)])
    facts = facts_of(product, mean, days_ago, policy=Overrides(**asked).narrow(policy))
    found = recommendation_of(price_group(strategy_of(facts.policy), [facts])).of_product(0)
    assert found.current_price == product["price"]
    if found.moved:
        price = Fraction(found.recommended_price)
        stated = of_shop | of_category | of_product
        assert breaches(price, product, stated, asked, mean, days_ago) == []
    else:
        assert found.recommended_price == product["price"]


@settings(max_examples=60, deadline=None)
@given(products, policies, requests, markets)
def test_with_no_floor_known_no_price_moves(
    product: dict[str, Any], stated: dict[str, Any], asked: dict[str, Any], mean: Decimal | None
) -> None:
    for name in ("assumed_cost_ratio", "min_price"):
        stated.pop(name, None)
    asked.pop("min_price", None)
    policy = Overrides(**asked).narrow(merge_policies([PricePolicy(**stated)]))
    facts = facts_of(product | {"cost": None}, mean, None, policy=policy)
    found = recommendation_of(price_group(strategy_of(policy), [facts])).of_product(0)
    assert (found.moved, found.recommended_price) == (False, product["price"])
    assert "NO_FLOOR" in found.warnings
