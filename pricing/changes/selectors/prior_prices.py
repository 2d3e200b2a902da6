"""Prior prices of reductions, from the ledger and, before its first entry, from the list prices of the sales."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from django.conf import settings
from django.db.models import Exists, F, OuterRef, QuerySet
from django.utils import timezone

from elastix.shop import shop_currency
from elastix.sql import batches
from pricing.changes.core.prior_price import PRIOR_DAYS, REDUCTION_DAYS, PriceStep, PriorPrice, prior_price
from pricing.changes.selectors.price_changes import OPEN, first_moment
from pricing.sales.models import PriceChange, Product, SalesHistory
from pricing.sales.models.price_changes import PriceChangeStatus
from pricing.sales.models.products import Kind

IN_FORCE: Final = (PriceChangeStatus.APPLIED, PriceChangeStatus.ROLLED_BACK)
Steps = dict[str, list[PriceStep]]


@dataclass(frozen=True, slots=True)
class PriorPriceRow:
    """A product's price, or a change to a lower one, and what may be announced of it."""

    product: Product
    found: PriorPrice
    number: int = 0


def prior_prices(codes: Iterable[str], today: dt.date | None = None) -> dict[str, PriorPrice]:
    """The prior price of each product's price in force, in three queries for each 5,000 products."""
    day = today or shop_day()
    return {code: prior_price(steps, day) for code, steps in price_steps(codes, day).items()}


def prior_prices_of_changes(
    changes: Sequence[PriceChange], today: dt.date | None = None
) -> dict[int, PriorPrice]:
    """Return the prior prices of proposed reductions as if in force from today, by id of the change."""
    day = today or shop_day()
    cuts = [each for each in changes if each.old_price is not None and each.new_price < each.old_price]
    steps = price_steps({each.product_id for each in cuts}, day)
    return {
        each.pk: prior_price([*steps.get(each.product_id, []), PriceStep(day, each.new_price)], day)
        for each in cuts
    }


def prior_prices_of_path(code: str, path: Sequence[PriceStep]) -> list[PriorPrice]:
    """The prior price of each price that a product is to have in turn, as if those before it had come into force.

    Prices that were to come earlier come today.
    """
    today = shop_day()
    steps, found = price_steps([code], today).get(code, []), []
    for each in path:
        day = max(each.day, today)
        if not steps or steps[-1].price != each.price:
            steps.append(PriceStep(day, each.price))
        found.append(prior_price(steps, day))
    return found


def prior_prices_of_cuts(lower: Mapping[str, Decimal], today: dt.date | None = None) -> dict[str, PriorPrice]:
    """Return the prior prices of lower prices as if in force from today, by product."""
    day = today or shop_day()
    steps = price_steps(lower, day)
    return {code: prior_price([*of_it, PriceStep(day, lower[code])], day) for code, of_it in steps.items()}


def products_with_cuts(cut: bool | None = None) -> QuerySet[Any]:
    """Active merchandise with a price; only those that the ledger lowered lately, or only the others."""
    since = first_moment(shop_day() - dt.timedelta(days=REDUCTION_DAYS))
    cuts = PriceChange.objects.filter(
        product_id=OuterRef("pk"), status__in=IN_FORCE, changed_at__gte=since, new_price__lt=F("old_price")
    )
    found = Product.objects.filter(is_active=True, kind=Kind.MERCHANDISE, current_price__isnull=False)
    return found if cut is None else found.filter(Exists(cuts) if cut else ~Exists(cuts))


def open_cuts() -> QuerySet[PriceChange]:
    """Changes to a lower price that are proposed or approved, each with its product."""
    return PriceChange.objects.filter(status__in=OPEN, new_price__lt=F("old_price")).select_related("product")


def price_steps(codes: Iterable[str], today: dt.date) -> Steps:
    """Every known price of products that counts for a reduction of today, in the order in which they came into force.

    The ledger is what was charged. Before its first entry it is the list price of each day with sales, which personal
    discounts are not in.
    """
    found: Steps = {}
    begin = today - dt.timedelta(days=PRIOR_DAYS + REDUCTION_DAYS)
    for chunk in batches(sorted(set(codes))):
        products = dict(Product.objects.filter(code__in=chunk).values_list("code", "current_price"))
        events: dict[str, list[tuple[dt.datetime, int, Decimal | None, Decimal | None]]] = {}
        ledger = PriceChange.objects.filter(product_id__in=chunk, status__in=IN_FORCE).order_by("pk")
        for code, number, old, new, at, undone in ledger.values_list(
            "product_id", "pk", "old_price", "new_price", "changed_at", "rolled_back_at"
        ):
            if at is None:
                continue
            of_it = events.setdefault(code, [])
            of_it.append((at, number, old, new))
            if undone is not None:
                of_it.append((undone, number, new, old))
        listed: Steps = {}
        days = SalesHistory.objects.filter(
            product_id__in=chunk, date__gte=begin, date__lt=today, list_price__isnull=False
        )
        for code, day, price in days.order_by("date").values_list("product_id", "date", "list_price"):
            listed.setdefault(code, []).append(PriceStep(day, Decimal(price or 0)))
        for code, price in products.items():
            found[code] = _joined(listed.get(code, []), sorted(events.get(code, [])), price, today)
    return found


def shop_day() -> dt.date:
    """Today, in the shop."""
    return timezone.now().astimezone(settings.SHOP_TIME_ZONE).date()


def _joined(
    listed: Sequence[PriceStep],
    events: Sequence[tuple[dt.datetime, int, Decimal | None, Decimal | None]],
    price: Decimal | None,
    today: dt.date,
) -> list[PriceStep]:
    """List prices of days before the ledger's first entry, the ledger, and the present price where it is another."""
    first = events[0][0].astimezone(settings.SHOP_TIME_ZONE).date() if events else None
    places = Decimal(1).scaleb(-shop_currency().decimals)
    steps = [
        PriceStep(each.day, each.price.quantize(places))
        for each in listed
        if first is None or each.day < first
    ]
    for at, _, old, new in events:
        day = at.astimezone(settings.SHOP_TIME_ZONE).date()
        if not steps and old is not None:
            # In force before the first entry, nobody knows since when: it counts as the day's own.
            steps.append(PriceStep(day, old))
        if new is not None:
            steps.append(PriceStep(day, new))
    if price is not None and (not steps or steps[-1].price != price):
        # One that follows the sales came with the last of them.
        steps.append(PriceStep(steps[-1].day if steps and not events else today, price))
    return steps
