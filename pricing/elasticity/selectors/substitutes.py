"""Elasticities for products without an estimate of their own."""

from typing import Final, NamedTuple

from django.db.models import Avg, Count, QuerySet, StdDev

from pricing.elasticity.core.constants import SMALLEST_CATEGORY
from pricing.elasticity.core.points import DEFAULT_ELASTICITY
from pricing.elasticity.models import ElasticityEstimate, Method

CATEGORY_ELASTICITY: Final = "CATEGORY_ELASTICITY"
SHOP_ELASTICITY: Final = "SHOP_ELASTICITY"
BENCHMARK_ELASTICITY: Final = "BENCHMARK_ELASTICITY"
LARGEST_STD_ERROR: Final = 1.0


class Substitute(NamedTuple):
    """An elasticity that is not the product's own, how far products differ from it, and whose it is."""

    elasticity: float
    std_error: float
    source: str


def substitute_elasticity(category: str) -> Substitute:
    """The mean elasticity of the category; of the shop where too few of the category are known; else a benchmark."""
    known = ElasticityEstimate.objects.filter(method=Method.POOLED).order_by()
    if category:
        found = _mean(known.filter(product__category=category))
        if found:
            return Substitute(*found, CATEGORY_ELASTICITY)
    found = _mean(known)
    return Substitute(*found, SHOP_ELASTICITY) if found else _BENCHMARK


_BENCHMARK: Final = Substitute(DEFAULT_ELASTICITY, LARGEST_STD_ERROR, BENCHMARK_ELASTICITY)


def _mean(estimates: QuerySet[ElasticityEstimate]) -> tuple[float, float] | None:
    """Mean and spread of estimates; None of fewer than make up a category of their own.

    The estimates are drawn together, and so scatter less than the products: half as much again makes up for it.
    """
    found = estimates.aggregate(mean=Avg("elasticity"), sd=StdDev("elasticity"), count=Count("pk"))
    if found["count"] < SMALLEST_CATEGORY or found["mean"] >= 0:
        return None
    return found["mean"], min(max(1.5 * found["sd"], 0.5), LARGEST_STD_ERROR)
