"""Write days of sales by hand, for products without transactions.

Transactions of the same product and day replace a manual day.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from elastix.dataset.versions import lock_version
from elastix.fields import as_quantity
from pricing.sales.models import SalesHistory
from pricing.sales.models.transactions import SalesSource
from pricing.sales.services import rollup

FIELDS = ("product_id", "date", "quantity", "price", "cost", "promotion_applied", "list_price")
PRICE_STEP = Decimal("0.0001")


@transaction.atomic
def manual_day_create(values: Mapping[str, Any]) -> SalesHistory:
    """Add a day of sales without transactions; its product becomes stale.

    Parameters
    ----------
    values
        `product_id`, `date`, `quantity` (units, 0 or more) and `price` (of a unit) are required; `cost`,
        `promotion_applied` and `list_price` (the regular price of a day with a promotion) are optional.

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
    """Change the given fields of a manual day; its product, and a former one, become stale.

    Raises
    ------
    NotFound : there is no such day, or it is summed from transactions.
    ValidationError : the product has the new day already, or a value is out of its limits.
    """
    day = _manual_day(day_id)
    before = day.product_id
    values = {name: getattr(day, name) for name in FIELDS}
    if day.price is None:  # a day without sales has its asking price as list price only
        values["price"] = day.list_price
    day = _save(day, values | dict(changes))
    for code in sorted({before, day.product_id}):
        rollup.touch_product(code)
    return day


@transaction.atomic
def manual_day_delete(day_id: Any) -> None:
    """Delete a manual day; its product becomes stale.

    Raises
    ------
    NotFound : there is no such day, or it is summed from transactions.
    """
    day = _manual_day(day_id)
    day.delete()
    rollup.touch_product(day.product_id)


def _manual_day(day_id: Any) -> SalesHistory:
    days = SalesHistory.objects.filter(pk=day_id, source=SalesSource.MANUAL)
    return rollup.locked_row(days, "There is no such day of sales that was entered by hand.")


def _save(day: SalesHistory, values: Mapping[str, Any]) -> SalesHistory:
    price = Decimal(values["price"]).quantize(PRICE_STEP)
    if price <= 0:
        raise ValidationError("The price of a day of sales must be above 0.")
    day.product_id, day.date = values["product_id"], values["date"]
    day.quantity = as_quantity(values["quantity"])
    day.revenue = (day.quantity * price).quantize(PRICE_STEP)
    day.price = price if day.quantity else None
    day.cost = values.get("cost")
    day.promotion_applied = bool(values.get("promotion_applied"))
    # The regular price of a day with a promotion is known only if it is entered.
    day.list_price = values.get("list_price") if day.promotion_applied else price
    if (day.cost is not None and day.cost < 0) or (day.list_price is not None and day.list_price <= 0):
        raise ValidationError("A cost must be 0 or more, a list price above 0.")
    day.units = float(day.quantity)
    day.unit_lines = 1 if day.quantity else 0
    day.full_clean()
    day.save()
    return day
