"""The state of a shop's setup: the data that recommendations need, and how much of it is there."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from django.contrib.auth import get_user_model
from django.db.models import Count, Q

from elastix.dataset.models import DataVersion
from pricing.recommendation.models import PricePolicy
from pricing.sales.selectors.products import merchandise

ENOUGH_USERS: Final = 2
"""Somebody proposes a price, and somebody else approves it."""


@dataclass(frozen=True, slots=True)
class Setup:
    """Of the active merchandise: how many products, how many with a cost, how many with a category.

    Attributes
    ----------
    with_assumed_cost : products without a cost whose policy assumes one.
    shop_cost_ratio : what the shop's own policy takes an unknown cost to be, as a fraction of the price; None: nothing.
    """

    has_sales: bool
    products: int
    with_cost: int
    with_assumed_cost: int
    with_category: int
    policies: int
    users: int
    shop_cost_ratio: Decimal | None = None

    @property
    def costs_done(self) -> bool:
        """Every product has a cost, known or assumed."""
        return self.with_cost + self.with_assumed_cost == self.products > 0

    @property
    def categories_done(self) -> bool:
        return self.with_category == self.products > 0

    @property
    def users_done(self) -> bool:
        return self.users >= ENOUGH_USERS

    @property
    def is_done(self) -> bool:
        return (
            self.has_sales
            and self.costs_done
            and self.categories_done
            and self.policies > 0
            and self.users_done
        )


def shop_setup(version: DataVersion) -> Setup:
    """Count what there is, in three queries."""
    policies = list(PricePolicy.objects.values_list("product_id", "category", "assumed_cost_ratio"))
    assuming = Q(pk__in=())
    ratio = None
    for product, category, assumed in policies:
        if assumed is None:
            continue
        if product:
            assuming |= Q(code=product)
        elif category:
            assuming |= Q(category=category)
        else:
            assuming, ratio = Q(), assumed
            break
    counts = merchandise().aggregate(
        products=Count("pk"),
        with_cost=Count("cost"),
        with_category=Count("pk", filter=~Q(category="")),
        with_assumed_cost=Count("pk", filter=Q(cost__isnull=True) & assuming),
    )
    users = get_user_model().objects.filter(is_active=True).count()
    return Setup(
        version.as_of is not None,
        **counts,
        policies=len(policies),
        users=users,
        shop_cost_ratio=ratio,
    )
