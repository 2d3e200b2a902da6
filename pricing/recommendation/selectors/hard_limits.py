"""Whether a price of a product is one that nobody may set without more ado."""

from decimal import Decimal

from elastix.shop import shop_currency
from pricing.recommendation.core.limits import COST, BrokenRule, broken_rule
from pricing.recommendation.core.relations import NO_BOUNDS, Bounds
from pricing.recommendation.selectors.policies import EffectivePolicy
from pricing.sales.models import Product


def broken_limit(
    price: Decimal, product: Product, policy: EffectivePolicy, relations: Bounds = NO_BOUNDS
) -> BrokenRule | None:
    """Return the first hard limit that a price of a product breaks, or None.

    Hard limits are the cost, with the tax that prices include, and the policy's minimum margin, minimum and maximum
    price, and what the relations to the prices of other products allow.
    """
    cost, tax = product.cost, policy.included_tax
    if cost is not None:
        cost *= policy.tax_factor
    limits = {"relation_floor": relations.floor, "relation_ceiling": relations.ceiling}
    broken = broken_rule(price, currency=shop_currency(), cost=cost, **policy.settings, **limits)
    if broken and broken.rule == COST and tax:
        return BrokenRule(COST, f"{broken.reason} with {tax.normalize():f} % tax")
    return broken
