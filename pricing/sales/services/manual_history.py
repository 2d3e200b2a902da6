"""Writing days of sales by hand, for products whose single sales are not in the books.

A manual day stands beside the days summed from transactions. Where transactions come in for its day, their
sums replace it: they know better.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from elastix.dataset.versions import lock_version
from pricing.sales.models import SalesHistory
from pricing.sales.models.transactions import SalesSource
from pricing.sales.services import rollup

FIELDS = ("product_id", "date", "quantity", "price", "cost", "promotion_applied", "list_price")
PRICE_STEP = Decimal("0.0001")


@transaction.atomic
def manual_day_create(values: Mapping[str, Any]) -> SalesHistory:
    """Add a day of sales that no transactions tell of; its product becomes stale.

    Parameters
    ----------
    values
        `product_id`, `date`, `quantity` (units, 0 or more) and `price` (what a unit was sold for) are
        needed; `cost`, `promotion_applied` and `list_price` (the regular price of a day with a promotion) may
        be given.

    Raises
    ------
    ValidationError : the product has this day already, or a value is out of its limits.
    """
    lock_version()
    day = _save(SalesHistory(source=SalesSource.MANUAL), values)
    rollup.touch_product(day.product_id)
    return day


@transaction.atomic
def manual_day_update(day_id: Any, changes: Mapping[str, Any]) -> SalesHistory:
    """Change what is given of a manual day; the product it leaves and the one it joins become stale.

    Raises
    ------
    SalesHistory.DoesNotExist : there is no such day, or it is summed from transactions.
    ValidationError : the product has the new day already, or a value is out of its limits.
    """
    lock_version()
    day = _manual_day(day_id)
    before = day.product_id
    values = {name: getattr(day, name) for name in FIELDS} | {"price": _asked_price(day)} | dict(changes)
    day = _save(day, values)
    for code in sorted({before, day.product_id}):
        rollup.touch_product(code)
    return day


@transaction.atomic
def manual_day_delete(day_id: Any) -> None:
    """Take a manual day back; its product becomes stale.

    Raises
    ------
    SalesHistory.DoesNotExist : there is no such day, or it is summed from transactions.
    """
    lock_version()
    day = _manual_day(day_id)
    day.delete()
    rollup.touch_product(day.product_id)


def _manual_day(day_id: Any) -> SalesHistory:
    return SalesHistory.objects.select_for_update().get(pk=day_id, source=SalesSource.MANUAL)


def _asked_price(day: SalesHistory) -> Decimal | None:
    """A day without sales keeps the price that was asked only as its list price."""
    return day.list_price if day.price is None else day.price


def _save(day: SalesHistory, values: Mapping[str, Any]) -> SalesHistory:
    price = Decimal(values["price"]).quantize(PRICE_STEP)
    if price <= 0:
        raise ValidationError("The price of a day of sales must be above 0.")
    day.product_id, day.date = values["product_id"], values["date"]
    day.quantity = values["quantity"]
    day.revenue = day.quantity * price
    day.price = price if day.quantity else None
    day.cost = values.get("cost")
    day.promotion_applied = bool(values.get("promotion_applied"))
    # The regular price of a day with a promotion is known only if somebody says it.
    day.list_price = values.get("list_price") if day.promotion_applied else price
    if (day.cost is not None and day.cost < 0) or (day.list_price is not None and day.list_price <= 0):
        raise ValidationError("A cost must be 0 or more, a list price above 0.")
    day.units = float(day.quantity)
    day.unit_lines = 1 if day.quantity else 0
    day.full_clean()
    day.save()
    return day
