"""Prices that are held: which products, and why."""

from collections.abc import Iterable

from elastix.sql import batches
from pricing.sales.models import PriceHold


def held_prices(codes: Iterable[str], *, holder: str = "") -> dict[str, str]:
    """Why the prices of some of these products may not be changed, by code; those of the holder's own may."""
    found: dict[str, str] = {}
    for chunk in batches(sorted(set(codes))):
        holds = PriceHold.objects.filter(product_id__in=chunk).exclude(holder=holder)
        found |= dict(holds.values_list("product_id", "reason"))
    return found
