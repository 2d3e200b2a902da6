"""Write unit costs with the day from which they hold: changes of a cost, and known costs of past days."""

import datetime as dt
from collections.abc import Iterable, Mapping
from decimal import Decimal

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from elastix.dataset.versions import catalogue_changed
from elastix.errors import FieldError, Invalid
from elastix.sql import batches
from pricing.sales.models import Product, ProductCost
from pricing.sales.models.costs import CostSource
from pricing.sales.selectors.costs import cost_histories
from pricing.sales.services import rollup

IN_THE_FUTURE = "A cost can be recorded up to today, {today}: set one when it comes into force."


def shop_day(moment: dt.datetime) -> dt.date:
    """The shop's day of a moment."""
    return moment.astimezone(settings.SHOP_TIME_ZONE).date()


def costs_remember(
    products: Iterable[Product], old: Mapping[str, Decimal | None], *, by: str, source: CostSource
) -> None:
    """Remember from today on the costs that differ from the old ones, within the transaction that sets them.

    A product's first change also keeps the cost it had, from the day the product is known.

    Parameters
    ----------
    products : as they are saved.
    old : their costs before, by code; absent where a product is new.
    """
    today = shop_day(timezone.now())
    changed = {each.code: each for each in products if each.cost != old.get(each.code)}
    known: set[str] = set()
    for chunk in batches(sorted(changed)):
        known.update(ProductCost.objects.filter(product_id__in=chunk).values_list("product_id", flat=True))
    rows = [
        ProductCost(
            product=each, valid_from=shop_day(each.created_at), cost=old[code], source=CostSource.BEFORE
        )
        for code, each in changed.items()
        if code not in known and old.get(code) is not None and shop_day(each.created_at) < today
    ]
    rows += [
        ProductCost(product=each, valid_from=today, cost=each.cost, source=source, recorded_by=by[:150])
        for each in changed.values()
    ]
    _save(rows)


@transaction.atomic
def cost_record(code: str, *, valid_from: dt.date, cost: Decimal, by: str) -> ProductCost:
    """Record what a product cost from a day on, in place of what was recorded for that day.

    The newest row is the product's cost: where this one is it, the product has that cost from now on.

    Raises
    ------
    NotFound : there is no such product.
    Invalid : the day lies in the future.
    """
    if refusal := day_refused(valid_from):
        raise Invalid(FieldError("valid_from", refusal))
    product = rollup.locked_row(Product.objects.filter(code=code), f"There is no product {code}.")
    ProductCost(product=product, valid_from=valid_from, cost=cost).clean_fields()
    costs_record({code: product}, {(code, valid_from): cost}, by=by, source=CostSource.HISTORY)
    catalogue_changed()
    return ProductCost.objects.get(product=product, valid_from=valid_from)


def day_refused(valid_from: dt.date) -> str:
    """Why no cost can be recorded from a day on, as a sentence; "" where one can."""
    today = shop_day(timezone.now())
    return IN_THE_FUTURE.format(today=today) if valid_from > today else ""


def costs_record(
    products: Mapping[str, Product],
    costs: Mapping[tuple[str, dt.date], Decimal],
    *,
    by: str,
    source: CostSource,
) -> None:
    """Record costs from some days on, within the transaction that holds the products; the newest row is a product's cost.

    Parameters
    ----------
    products : as they are saved, by code.
    costs : by product and first day.
    """
    today = shop_day(timezone.now())
    codes = sorted({code for code, _ in costs})
    histories = {code: dict(rows) for code, rows in cost_histories(codes).items()}
    rows = [
        # What a product costs today is known of today only.
        ProductCost(
            product=products[code], valid_from=today, cost=products[code].cost, source=CostSource.BEFORE
        )
        for code in codes
        if code not in histories and products[code].cost is not None and (code, today) not in costs
    ]
    rows += [
        ProductCost(product=products[code], valid_from=day, cost=cost, source=source, recorded_by=by[:150])
        for (code, day), cost in costs.items()
    ]
    _save(rows)
    for row in rows:
        histories.setdefault(row.product_id, {})[row.valid_from] = row.cost
    changed = []
    for code, history in histories.items():
        product, newest = products[code], history[max(history)]
        if newest != product.cost:
            product.cost, product.updated_at = newest, timezone.now()
            changed.append(product)
    Product.objects.bulk_update(changed, ["cost", "updated_at"], batch_size=200)


def _save(rows: list[ProductCost]) -> None:
    """Write rows; one of the same product and day is replaced."""
    ProductCost.objects.bulk_create(
        rows,
        batch_size=500,
        update_conflicts=True,
        unique_fields=["product", "valid_from"],
        update_fields=["cost", "source", "recorded_by", "recorded_at"],
    )
