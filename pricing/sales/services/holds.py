"""Holding prices: while one is held, only its holder changes it."""

from collections.abc import Iterable

from django.db import transaction

from elastix.dataset.versions import lock_version
from elastix.errors import Conflict
from pricing.sales.models import PriceHold
from pricing.sales.selectors.holds import held_prices

MOST_NAMED = 20


@transaction.atomic
def prices_hold(codes: Iterable[str], *, holder: str, reason: str) -> None:
    """Hold the prices of products; those that the holder has already stay as they are.

    Raises
    ------
    Conflict : somebody else holds one of them.
    """
    lock_version()
    wanted = sorted(set(codes))
    others = held_prices(wanted, holder=holder)
    if others:
        named = "; ".join(f"{code}: {why}" for code, why in sorted(others.items())[:MOST_NAMED])
        raise Conflict(f"Prices are held already. {named}")
    PriceHold.objects.bulk_create(
        [PriceHold(product_id=code, holder=holder, reason=reason[:255]) for code in wanted],
        ignore_conflicts=True,
        batch_size=500,
    )


@transaction.atomic
def prices_release(holder: str) -> int:
    """Let everybody change the prices again that somebody held; return how many."""
    lock_version()
    return PriceHold.objects.filter(holder=holder).delete()[0]
