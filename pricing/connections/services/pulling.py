"""Pulling orders: what the platform answers becomes a file of sales lines and goes through the ordinary import.

An order that was brought before is compared with what it brought: lines that are new (a refund, an added article) are
imported, lines that are gone (an edit, a cancellation) are deleted. So an order may be pulled any number
of times, and a line that somebody corrected stays corrected while the platform's own line stays as it is.
"""

import csv
import datetime as dt
import io
import tempfile
from collections import Counter
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any, Final, cast

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from elastix.dataset.versions import lock_version
from elastix.imports.core.options import ACCEPTABLE
from elastix.imports.models import ImportBatch, ImportStatus
from elastix.imports.services import batch_create, stored_upload
from elastix.jobs.kinds import JobFailed
from elastix.jobs.models import Job
from elastix.jobs.runner import JobRun, dispatch_on_commit
from elastix.sql import batches
from pricing.connections.adapters import configured, open_platform
from pricing.connections.core.answers import PlatformError
from pricing.connections.core.orders import (
    COLUMNS,
    OTHER_CURRENCY,
    UNKNOWN_LINES,
    UNREADABLE,
    Order,
    OrderLine,
    Portion,
    csv_row,
    difference,
)
from pricing.connections.core.prices import Listing, by_code, our_code
from pricing.connections.models import OrderPull, PulledOrder
from pricing.connections.selectors.state import is_being_imported, may_ask, next_since, pull_is_due
from pricing.connections.services.alerts import check_drift, report_connection
from pricing.sales.core.files import MAX_STOCK, ImportKind
from pricing.sales.models import Product
from pricing.sales.services.products import products_upsert
from pricing.sales.services.transactions import transactions_remove

KIND: Final = "pull_orders"
BY: Final = "connection"
MOST_MESSAGES: Final = 20
ORDERS_A_STATEMENT: Final = 500


def pull_if_due() -> list[Job]:
    """Request pulls from the platforms that are configured and due."""
    return [
        pull_request(platform)
        for platform in configured()
        if pull_is_due(platform) and may_ask(KIND, platform)
    ]


def pull_request(platform: str, *, since: Any = None) -> Job:
    """Queue a pull of one portion of a platform's orders, and of its products with their stock.

    Parameters
    ----------
    since : orders changed from this moment on, in place of where the last pull ended.
    """
    with transaction.atomic():
        parameters = {"platform": platform} | ({"since": since.isoformat()} if since else {})
        job = Job.objects.create(kind=KIND, parameters=parameters)
        dispatch_on_commit(job.pk)
    return job


def forget(platform: str) -> None:
    """Pull a platform from its first order on, as though none had been brought, once its imports were reverted."""
    with transaction.atomic():
        lock_version()
        OrderPull.objects.filter(platform=platform).delete()
        PulledOrder.objects.filter(platform=platform).delete()


def pull_orders(run: JobRun) -> dict[str, Any]:
    """Job handler: pull a portion of orders, and with the last portion the products.

    Nothing is kept before all of the portion has been read: a fault in between leaves things as they were.
    """
    name = run.parameters["platform"]
    _import_again(name)
    if is_being_imported(name):
        return {"platform": name, "waits_for_import": True}
    since = parse_datetime(run.parameters["since"]) if run.parameters.get("since") else next_since(name)
    try:
        with open_platform(name) as platform:
            portion = platform.pull(since, timezone.now())
            run.progress(0.6)
            read_at = timezone.now()
            listings = [] if portion.more else list(platform.listings())
    except (PlatformError, LookupError) as error:
        report_connection(name, KIND, str(error))
        raise JobFailed(str(error)) from error
    run.progress(0.9)
    with run.fenced_transaction():
        pull = _keep(name, since, portion)
    counts = {**pull.counts, **_keep_products(run, name, listings, read_at)}
    _report(name, pull)
    return {"platform": name, "more": portion.more, "messages": pull.messages} | counts


def _keep(name: str, since: Any, portion: Portion) -> OrderPull:
    """Write what the orders change in the transactions, and that they were seen."""
    counts: Counter[str] = Counter(orders=len(portion.orders))
    messages: list[str] = []
    added: list[tuple[Order, OrderLine]] = []
    removed: list[dict[str, Any]] = []
    for chunk in batches(portion.orders, ORDERS_A_STATEMENT):
        known = PulledOrder.objects.filter(platform=name, order_id__in=[order.id for order in chunk])
        before = {row.order_id: row for row in known}
        changed = []
        for order in chunk:
            _count(order, counts, messages)
            row = before.get(order.id)
            if order.left_out in UNKNOWN_LINES or (row is None and not order.lines):
                continue
            row = row or PulledOrder(platform=name, order_id=order.id, invoice_no=order.invoice_no)
            new, gone = difference(map(OrderLine.from_json, row.lines), order.lines)
            if not new and not gone:
                continue
            added += [(order, line) for line in new]
            removed += [_identity_of_line(row.invoice_no, line) for line in gone if our_code(line.code)]
            row.lines, row.pulled_at = [line.as_json() for line in order.lines], timezone.now()
            changed.append(row)
        _save(changed)
    counts["lines_added"] = len(added)
    counts["lines_taken_out"] = transactions_remove(removed) if removed else 0
    return OrderPull.objects.create(
        platform=name,
        since=since,
        until=portion.until,
        more=portion.more,
        batch=_import(name, added) if added else None,
        counts=dict(counts),
        messages=messages,
    )


def _count(order: Order, counts: Counter[str], messages: list[str]) -> None:
    if order.left_out:
        counts[f"orders_left_out_{order.left_out}"] += 1
    if order.message and len(messages) < MOST_MESSAGES:
        messages.append(order.message)
    for reason, count in order.lines_left_out.items():
        counts[f"lines_left_out_{reason}"] += count


def _identity_of_line(invoice_no: str, line: OrderLine) -> dict[str, Any]:
    return {
        "invoice_no": invoice_no,
        "product_id": our_code(line.code),
        "quantity": line.quantity,
        "invoice_date": line.moment,
        "unit_price": line.unit_price,
    }


def _save(rows: Sequence[PulledOrder]) -> None:
    PulledOrder.objects.bulk_create([row for row in rows if row.pk is None])
    known = [row for row in rows if row.pk is not None]
    PulledOrder.objects.bulk_update(known, ["lines", "pulled_at"], batch_size=200)


def _import(name: str, added: Iterable[tuple[Order, OrderLine]]) -> ImportBatch:
    """Queue the import of lines as a file. It is forced: another pull may bring the very same lines by right."""
    with tempfile.TemporaryFile() as file:
        text = io.TextIOWrapper(file, "utf-8", newline="")
        writer = csv.writer(text)
        writer.writerow(COLUMNS)
        writer.writerows(csv_row(order, line) for order, line in added)
        text.flush()
        file.seek(0)
        moment = timezone.now()
        batch = batch_create(
            cast(Any, file),
            kind=ImportKind.TRANSACTIONS,
            file_name=f"{name}-{moment:%Y-%m-%dT%H-%M-%S}.csv",
            # What a file of a person would be asked about is known of an order.
            options={"encoding": "utf-8", "decimal_mark": ".", "accept": list(ACCEPTABLE)},
            force=True,
        )
        text.detach()
    return batch


def _import_again(name: str) -> None:
    """Queue the lines of pulls whose import failed once more: they are known as brought, and are no transactions yet."""
    for pull in OrderPull.objects.filter(platform=name, batch__status=ImportStatus.FAILED).order_by("pk"):
        failed = cast(ImportBatch, pull.batch)
        with transaction.atomic(), stored_upload(failed) as file:
            pull.batch = batch_create(
                file, kind=failed.kind, file_name=failed.file_name, options=failed.options, force=True
            )
            pull.save(update_fields=["batch"])


def _keep_products(
    run: JobRun, name: str, listings: Sequence[Listing], read_at: dt.datetime
) -> dict[str, int]:
    """Create products that are not known, and bring stock levels up to date; names and categories stay ours."""
    if not listings:
        return {}
    found, twice = by_code(listings)
    known: dict[str, Decimal | None] = {}
    for chunk in batches(sorted(found)):
        known |= dict(Product.objects.filter(code__in=chunk).values_list("code", "stock_level"))
    rows = []
    for code, listing in found.items():
        stock = None if listing.stock is None else max(-MAX_STOCK, min(listing.stock, MAX_STOCK))
        if code not in known:
            rows.append(
                {
                    "code": code,
                    "name": listing.name or code,
                    "category": listing.category,
                    "stock_level": stock,
                }
            )
        elif stock is not None and stock != known[code]:
            rows.append({"code": code, "stock_level": stock})
    created = updated = 0
    for part in batches(rows):
        with run.fenced_transaction():
            new, old = products_upsert(part, by=BY)
        created, updated = created + new, updated + old
    check_drift(run, name, {code: listing.price for code, listing in found.items()}, read_at)
    return {"products_created": created, "stock_levels_changed": updated, "codes_not_unique": len(twice)}


def _report(name: str, pull: OrderPull) -> None:
    """Raise an alert about orders that should be transactions and are not, or clear it."""
    counts, message = pull.counts, ""
    if unreadable := counts.get(f"orders_left_out_{UNREADABLE}", 0):
        message = f"Orders that could not be read: {unreadable}. {pull.messages[0]}"
    elif counts["orders"] and counts.get(f"orders_left_out_{OTHER_CURRENCY}", 0) == counts["orders"]:
        message = f"All orders are in another currency than {settings.SHOP_CURRENCY}: is SHOP_CURRENCY right?"
    report_connection(name, KIND, message)
