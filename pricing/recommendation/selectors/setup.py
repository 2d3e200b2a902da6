"""How far a shop is set up: what recommendations need, and how much of it is there."""

from dataclasses import dataclass

from django.db.models import Count, Q

from elastix.dataset.models import DataVersion
from pricing.recommendation.models import PricePolicy
from pricing.sales.selectors.products import merchandise


@dataclass(frozen=True, slots=True)
class Setup:
    """Of the active merchandise: how many products, how many with a cost, how many with a category."""

    has_sales: bool
    products: int
    with_cost: int
    with_category: int
    policies: int

    @property
    def costs_done(self) -> bool:
        return self.with_cost == self.products > 0

    @property
    def categories_done(self) -> bool:
        return self.with_category == self.products > 0

    @property
    def is_done(self) -> bool:
        return self.has_sales and self.costs_done and self.categories_done and self.policies > 0


def shop_setup(version: DataVersion) -> Setup:
    """Count what there is, in two queries."""
    counts = merchandise().aggregate(
        products=Count("pk"), with_cost=Count("cost"), with_category=Count("pk", filter=~Q(category=""))
    )
    return Setup(version.as_of is not None, **counts, policies=PricePolicy.objects.count())
