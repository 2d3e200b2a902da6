"""The prices that the ledger has put in force, for the platforms and the feeds alike."""

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db.models import F, FilteredRelation, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from pricing.connections.core.prices import WantedPrice
from pricing.connections.models import PushState
from pricing.sales.models import PriceChange, Product
from pricing.sales.models.price_changes import PriceChangeStatus
from pricing.sales.models.products import Kind, PriceSource

_IN_FORCE = (PriceChangeStatus.APPLIED, PriceChangeStatus.ROLLED_BACK)


def priced_products() -> QuerySet[Any]:
    """Active merchandise with a price, by code, with the newest applied change.

    Annotated: `cut_from`, `cut_to` and `cut_at` are the newest applied change's prices and moment; `decided_at` when the
    ledger last applied or rolled back a change of it, None where it never did.
    """
    applied = PriceChange.objects.filter(product=OuterRef("pk"), status=PriceChangeStatus.APPLIED)
    newest = applied.order_by("-changed_at", "-pk")
    decided = PriceChange.objects.filter(product=OuterRef("pk"), status__in=_IN_FORCE)
    decided = decided.annotate(at=Coalesce("rolled_back_at", "changed_at")).order_by("-at")
    products = Product.objects.filter(is_active=True, kind=Kind.MERCHANDISE, current_price__isnull=False)
    return products.annotate(
        cut_from=Subquery(newest.values("old_price")[:1]),
        cut_to=Subquery(newest.values("new_price")[:1]),
        cut_at=Subquery(newest.values("changed_at")[:1]),
        decided_at=Subquery(decided.values("at")[:1]),
    ).order_by("code")


def ledger_prices() -> QuerySet[Any]:
    """Those of them whose price is what the ledger made it; one that follows the sales again is nobody's decision."""
    return priced_products().filter(decided_at__isnull=False).exclude(price_source=PriceSource.DATA)


def sale_of(product: Any, now: dt.datetime) -> tuple[Decimal, dt.datetime, dt.datetime] | None:
    """The regular price and first and last moment of the sale that a product's cut price is, or None.

    A cut of the ledger is a sale for SALE_DAYS days, while the price is the one that it set.
    """
    if not settings.SALE_DAYS or product.cut_from is None or product.cut_to != product.current_price:
        return None
    until = product.cut_at + dt.timedelta(days=settings.SALE_DAYS)
    return (
        (product.cut_from, product.cut_at, until)
        if product.cut_from > product.cut_to and now < until
        else None
    )


def due_prices(platform: str) -> Iterator[WantedPrice]:
    """Yield the prices that a platform does not have yet, by product, in one query.

    Those are the prices of products for which the ledger applied or rolled back a change since the last push, whose
    push failed and is to be tried again by now, or whose sale is over.
    """
    now = timezone.now()
    pushed = FilteredRelation("pushed_prices", condition=Q(pushed_prices__platform=platform))
    products = ledger_prices().annotate(pushed=pushed)
    never = Q(pushed__id__isnull=True)
    later = Q(decided_at__gt=F("pushed__decided_at"))
    again = Q(pushed__state=PushState.FAILED, pushed__next_attempt_at__lte=now)
    over = Q(pushed__sale_until__lte=now, pushed__next_attempt_at__isnull=True)
    for product in products.filter(never | later | again | over).iterator(chunk_size=2_000):
        regular, _, until = sale_of(product, now) or (None, None, None)
        yield WantedPrice(product.code, product.current_price, product.decided_at, regular, until)
