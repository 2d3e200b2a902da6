"""The prices that price changes have put in force, for the platforms and the feeds alike."""

import datetime as dt
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db.models import F, FilteredRelation, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from elastix.sql import batches
from pricing.changes.core.prior_price import REDUCED
from pricing.changes.selectors.prior_prices import prior_prices
from pricing.connections.core.prices import WantedPrice
from pricing.connections.models import PushState
from pricing.sales.models import PriceChange, Product
from pricing.sales.models.price_changes import PriceChangeStatus
from pricing.sales.models.products import Kind, PriceSource

PRODUCTS_A_PIECE = 2_000
Sale = tuple[Decimal, dt.datetime, dt.datetime]
"""The regular price, and the first and last moment."""

_IN_FORCE = (PriceChangeStatus.APPLIED, PriceChangeStatus.ROLLED_BACK)


def priced_products() -> QuerySet[Any]:
    """Active merchandise with a price, by code, with the newest applied change.

    Annotated: `cut_from`, `cut_to` and `cut_at` are the newest applied change's prices and moment; `decided_at` when the
    last change of it was applied or rolled back, None where none was.
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


def changed_prices() -> QuerySet[Any]:
    """Those of them whose price a price change made; one that follows the sales again is nobody's decision."""
    return priced_products().filter(decided_at__isnull=False).exclude(price_source=PriceSource.DATA)


def sales_of(products: Iterable[Any], now: dt.datetime) -> dict[str, Sale]:
    """The sales that cut prices of products are, by code.

    A price change that cuts a price is a sale for SALE_DAYS days, while the price is the one that it set. The regular price
    that it is shown beside is the lowest of the 30 days before; a cut that does not go below that is no sale.
    """
    cut = [each for each in products if _is_cut(each, now)]
    prior = (
        prior_prices([each.code for each in cut], now.astimezone(settings.SHOP_TIME_ZONE).date())
        if cut
        else {}
    )
    sales: dict[str, Sale] = {}
    for each in cut:
        found = prior[each.code]
        if found.state == REDUCED and found.prior_price is not None:
            sales[each.code] = (
                found.prior_price,
                each.cut_at,
                each.cut_at + dt.timedelta(days=settings.SALE_DAYS),
            )
    return sales


def _is_cut(product: Any, now: dt.datetime) -> bool:
    if not settings.SALE_DAYS or product.cut_from is None or product.cut_to != product.current_price:
        return False
    return bool(
        product.cut_from > product.cut_to and now < product.cut_at + dt.timedelta(days=settings.SALE_DAYS)
    )


def due_prices(platform: str) -> Iterator[WantedPrice]:
    """Yield the prices that a platform does not have yet, by product.

    Those are the prices of products of which a change was applied or rolled back since the last push, whose
    push failed and is to be tried again by now, or whose sale is over.
    """
    now = timezone.now()
    pushed = FilteredRelation("pushed_prices", condition=Q(pushed_prices__platform=platform))
    products = changed_prices().annotate(pushed=pushed)
    never = Q(pushed__id__isnull=True)
    later = Q(decided_at__gt=F("pushed__decided_at"))
    again = Q(pushed__state=PushState.FAILED, pushed__next_attempt_at__lte=now)
    over = Q(pushed__sale_until__lte=now, pushed__next_attempt_at__isnull=True)
    due = products.filter(never | later | again | over).iterator(chunk_size=PRODUCTS_A_PIECE)
    for chunk in batches(due, PRODUCTS_A_PIECE):
        sales = sales_of(chunk, now)
        for product in chunk:
            regular, _, until = sales.get(product.code, (None, None, None))
            yield WantedPrice(product.code, product.current_price, product.decided_at, regular, until)
