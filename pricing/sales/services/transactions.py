"""Write transactions one by one or in small batches.

Each call is one database transaction: the lines, the roll-up and the marks of stale products and customers change
together or not at all.
"""

import datetime as dt
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import transaction

from elastix.dataset.versions import lock_version
from elastix.fields import as_quantity
from elastix.imports.models import ImportBatch, ImportStatus
from elastix.sql import batches, execute
from pricing.sales.core.files import ImportKind
from pricing.sales.models import SupersededLine, Transaction
from pricing.sales.models.products import Kind
from pricing.sales.services import rollup
from pricing.sales.services.overlaps import remember_superseded
from pricing.sales.services.products import kind_of, products_ensure
from pricing.sales.services.rollup import Line

_CANCELLATION = re.compile(r"[Cc]\d")
FIELDS = (
    "invoice_no", "product_id", "description", "quantity", "invoice_date", "unit_price", "customer_id", "country",
    "channel",
)  # fmt: skip

IDENTITY = ("invoice_no", "product_id", "quantity", "invoice_date", "unit_price")
"""What makes a line the same line again."""

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
    former = {name: getattr(line, name) for name in FIELDS}
    values = former | dict(changes)
    if values != former:
        remember_superseded(line)
    products_ensure({values["product_id"]: values["description"]})
    returned = line.is_return
    line = _line(line, values)
    if values["invoice_no"] == former["invoice_no"] and values["quantity"] > 0 < former["quantity"]:
        line.is_return = returned  # an invoice C1000 is a sale in some shops; its import has found out
        line.units = 0 if returned else line.quantity
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
    line = _locked(transaction_id)
    remember_superseded(line)
    touched = _touched([line])
    Transaction.rows.filter(pk=transaction_id).delete()
    rollup.apply_lines(touched)


@transaction.atomic
def transactions_remove(lines: Sequence[Mapping[str, Any]]) -> int:
    """Delete as many lines as are given of each kind; return how many were found.

    Parameters
    ----------
    lines : invoice_no, product_id, quantity, invoice_date and unit_price of each, which must all be the same; one that
        was corrected meanwhile is not found and stays.
    """
    lock_version()
    gone: list[Transaction] = []
    for chunk in batches(lines, 500):
        wanted = Counter(_identity(line) for line in chunk)
        rows = Transaction.rows.filter(
            product_id__in={line["product_id"] for line in chunk},
            date__in={shop_day(line["invoice_date"]) for line in chunk},
            invoice_no__in={line["invoice_no"] for line in chunk},
        ).exclude(pk__in=[line.pk for line in gone])
        for row in rows.order_by("pk"):
            identity = _identity({name: getattr(row, name) for name in IDENTITY})
            if wanted[identity] > 0:
                wanted[identity] -= 1
                gone.append(row)
    for part in batches([line.pk for line in gone], 500):
        Transaction.rows.filter(pk__in=part).delete()
    rollup.apply_lines(_touched(gone))
    return len(gone)


def _identity(line: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(line[name] for name in IDENTITY)


@transaction.atomic
def transactions_delete_all() -> int:
    """Delete all transactions, return how many; products, price changes and competitors' prices stay.

    Their imports become reverted, so that the same files can be imported again.
    """
    rollup.clear_rollup()
    SupersededLine.objects.all().delete()
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
    line.channel = line.channel or ""
    line.customer_id = line.customer_id or None
    line.date = shop_day(line.invoice_date)
    line.is_return = is_return(line.invoice_no, line.quantity)
    line.voided, line.exclusion = False, 0
    line.units = 0.0 if line.is_return else float(line.quantity)
    return line


def _touched(lines: Sequence[Transaction]) -> list[Line]:
    return [Line(line.product_id, line.date, line.customer_id) for line in lines]
