"""Writing competitors and their prices. One competitor's price of a product at one moment is one row."""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from elastix.dataset.versions import lock_version
from elastix.errors import Conflict
from elastix.sql import batches
from market.models import Competitor, CompetitorPrice
from market.selectors.competitors import find_competitor, find_price
from pricing.recommendation.selectors.competition import is_our_name
from pricing.sales.models import Product

KEY = ("product_id", "competitor_name", "recorded_at")
EDITABLE = (*KEY, "price", "source")


@dataclass(frozen=True, slots=True)
class ObservedPrice:
    """A competitor's price of a product, before it is saved."""

    product_id: str
    competitor_name: str
    recorded_at: dt.datetime
    price: Decimal
    source: str = ""


@transaction.atomic
def price_record(
    *,
    product_id: str,
    competitor_name: str,
    price: Decimal,
    recorded_at: dt.datetime | None = None,
    source: str = "",
) -> tuple[CompetitorPrice, bool]:
    """Record a competitor's price, by default as of now; return the row and whether it is a new one.

    The same competitor, product and moment again corrects the price.

    Raises
    ------
    ValidationError : there is no such product, or the name is our own.
    """
    lock_version()
    _check_product(product_id)
    _check_seller(competitor_name)
    (name,) = competitors_ensure([competitor_name]).values()
    return CompetitorPrice.objects.update_or_create(
        product_id=product_id,
        competitor_name=name,
        recorded_at=recorded_at or timezone.now(),
        defaults={"price": price, "source": source},
    )


@transaction.atomic
def price_update(price_id: int, changes: Mapping[str, Any]) -> CompetitorPrice:
    """Change what is given of a price.

    Raises
    ------
    NotFound : there is no such price.
    ValidationError : there is no such product, or the name is our own.
    Conflict : another row holds that competitor's price of that product at that moment.
    """
    lock_version()
    row = find_price(price_id)
    for name in EDITABLE:
        if name in changes:
            setattr(row, name, changes[name])
    _check_product(row.product_id)
    _check_seller(row.competitor_name)
    (row.competitor_name,) = competitors_ensure([row.competitor_name]).values()
    twin = CompetitorPrice.objects.filter(**{name: getattr(row, name) for name in KEY}).exclude(pk=row.pk)
    if (there := twin.first()) is not None:
        raise Conflict(
            f"Price {there.pk} is that of {row.competitor_name} for {row.product_id} at that moment: change or delete "
            "that one."
        )
    row.save()
    return row


@transaction.atomic
def price_delete(price_id: int) -> None:
    """Delete a price.

    Raises
    ------
    NotFound : there is no such price.
    """
    lock_version()
    find_price(price_id).delete()


def prices_upsert(prices: Iterable[ObservedPrice]) -> tuple[int, int]:
    """Write many prices inside the caller's transaction; return how many rows are new and how many were there.

    Of several with one competitor, product and moment the last one counts, also over what is there already.
    """
    lock_version()
    prices = list(prices)
    spelled = competitors_ensure({price.competitor_name for price in prices})
    last = {(each.product_id, spelled[each.competitor_name], each.recorded_at): each for each in prices}
    before = CompetitorPrice.objects.count()
    # Sorted, so that no two writers wait for each other's rows.
    for chunk in batches(sorted(last), 2000):
        CompetitorPrice.objects.bulk_create(
            [
                CompetitorPrice(
                    **dict(zip(KEY, key, strict=True)), price=last[key].price, source=last[key].source
                )
                for key in chunk
            ],
            update_conflicts=True,
            unique_fields=["product", "competitor_name", "recorded_at"],
            update_fields=["price", "source"],
        )
    created = CompetitorPrice.objects.count() - before
    return created, len(last) - created


def competitors_ensure(names: Iterable[str]) -> dict[str, str]:
    """Make competitors that are not there yet; return for each name how it is spelled.

    A name that differs from a known one in capitals only is that competitor.
    """
    known = {name.casefold(): name for name in Competitor.objects.values_list("name", flat=True)}
    before = set(known.values())
    spelled = {name: known.setdefault(name.casefold(), name) for name in sorted(set(names))}
    new = sorted(set(spelled.values()) - before)
    Competitor.objects.bulk_create(
        [Competitor(name=name) for name in new], batch_size=1000, ignore_conflicts=True
    )
    return spelled


@transaction.atomic
def competitor_update(competitor_id: int, *, quality: Decimal) -> Competitor:
    """Set what a competitor's offer is worth beside ours.

    Raises
    ------
    NotFound : there is no such competitor.
    """
    lock_version()
    competitor = find_competitor(competitor_id)
    competitor.quality = quality
    competitor.save(update_fields=["quality"])
    return competitor


def _check_seller(name: str) -> None:
    if is_our_name(name):
        raise ValidationError(
            {"competitor_name": f"{name} is this shop itself, no competitor (OWN_SELLER_NAMES)."}
        )


def _check_product(code: str) -> None:
    if not Product.objects.filter(code=code).exists():
        raise ValidationError({"product_id": f"There is no product {code}."})
