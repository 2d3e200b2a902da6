"""Write transactions one by one or in small batches.

Each call is one database transaction: the lines, the roll-up and the marks of stale products and customers change
together or not at all.
"""

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import transaction

from elastix.dataset.versions import lock_version
from elastix.fields import as_quantity
from elastix.imports.models import ImportBatch, ImportStatus
from elastix.sql import execute
from pricing.sales.core.files import ImportKind
from pricing.sales.models import Transaction
from pricing.sales.models.products import Kind
from pricing.sales.services import rollup
from pricing.sales.services.products import kind_of, products_ensure
from pricing.sales.services.rollup import Line

_CANCELLATION = re.compile(r"[Cc]\d")
FIELDS = (
    "invoice_no", "product_id", "description", "quantity", "invoice_date", "unit_price", "customer_id", "country",
)  # fmt: skip


NEGATIVE_PRICE = "Only service codes may have a negative price; {} is not one."


def is_return(invoice_no: str, quantity: Decimal) -> bool:
    """Tell whether a line is a cancellation or return: invoice C and digits, or a negative quantity."""
    return quantity < 0 or _CANCELLATION.match(invoice_no) is not None


def shop_day(moment: dt.datetime) -> dt.date:
    """Return the day on the shop's calendar."""
    return moment.astimezone(settings.SHOP_TIME_ZONE).date()


def price_is_allowed(code: str, price: Decimal) -> bool:
    """Only service codes (discounts, adjustments) may have negative prices."""
    return price >= 0 or kind_of(code) == Kind.SERVICE


@transaction.atomic
def transactions_create(rows: Sequence[Mapping[str, Any]]) -> list[Transaction]:
    """Add transactions. Unknown products are created, their kind determined by their code.

    Each row has the FIELDS of a transaction; `product_id` is a normalised code.
    """
    lock_version()
    products_ensure({row["product_id"]: row.get("description", "") for row in rows})
    made = Transaction.rows.bulk_create([_line(Transaction(), row) for row in rows], batch_size=1000)
    rollup.apply_lines(_touched(made))
    return made


@transaction.atomic
def transaction_update(transaction_id: Any, changes: Mapping[str, Any]) -> Transaction:
    """Change the given fields of one transaction; the days and products it leaves and joins are both updated.

    Raises
    ------
    NotFound : there is no such transaction.
    """
    line = _locked(transaction_id)
    before = _touched([line])
    values = {name: getattr(line, name) for name in FIELDS} | dict(changes)
    products_ensure({values["product_id"]: values["description"]})
    line = _line(line, values)
    Transaction.rows.bulk_update([line], [*FIELDS, "date", "is_return", "voided", "units", "exclusion"])
    rollup.apply_lines([*before, *_touched([line])])
    return line


@transaction.atomic
def transaction_delete(transaction_id: Any) -> None:
    """Delete one transaction.

    Raises
    ------
    NotFound : there is no such transaction.
    """
    touched = _touched([_locked(transaction_id)])
    Transaction.rows.filter(pk=transaction_id).delete()
    rollup.apply_lines(touched)


@transaction.atomic
def transactions_delete_all() -> int:
    """Delete all transactions, return how many; products, price changes and competitors' prices stay.

    Their imports become withdrawn, so that the same files can be imported again.
    """
    rollup.clear_rollup()
    ImportBatch.objects.filter(kind=ImportKind.TRANSACTIONS, status=ImportStatus.PUBLISHED).update(
        status=ImportStatus.WITHDRAWN
    )
    return execute("DELETE FROM pricing_transaction")


def _locked(transaction_id: Any) -> Transaction:
    rows = Transaction.rows.filter(pk=transaction_id)
    return rollup.locked_row(rows, f"There is no transaction {transaction_id}.")


def _line(line: Transaction, values: Mapping[str, Any]) -> Transaction:
    for name in FIELDS:
        if name in values:
            setattr(line, name, values[name])
    line.quantity = as_quantity(line.quantity)
    line.description = line.description or ""
    line.country = line.country or ""
    line.customer_id = line.customer_id or None
    line.date = shop_day(line.invoice_date)
    line.is_return = is_return(line.invoice_no, line.quantity)
    line.voided, line.exclusion = False, 0
    line.units = 0.0 if line.is_return else float(line.quantity)
    return line


def _touched(lines: Sequence[Transaction]) -> list[Line]:
    return [Line(line.product_id, line.date, line.customer_id) for line in lines]
