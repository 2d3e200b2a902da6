"""A sample shop with 120 days of sales, brought in through the same door as a real one's."""

import copy
import csv
import datetime as dt
import io
import random
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from typing import Any

from django.apps import apps
from django.core.management.color import no_style
from django.db import connection

from elastix.api.models import AccessVersion
from elastix.audit.models import AuditEntry
from elastix.dataset.models import DataVersion
from elastix.imports.models import ImportBatch
from elastix.imports.services import batch_create
from elastix.tokens.models import ApiToken
from pricing.sales.core.files import ImportKind

OUR_APPS = ("elastix", "pricing", "segments")
Commits = Callable[[], AbstractContextManager[Any]]

HEADER = (
    "InvoiceNo",
    "StockCode",
    "Description",
    "Quantity",
    "InvoiceDate",
    "UnitPrice",
    "CustomerID",
    "Country",
)
FIRST_DAY = dt.date(2025, 1, 1)
DAYS = 120
LAST_DAY = FIRST_DAY + dt.timedelta(days=DAYS - 1)
AS_OF = LAST_DAY + dt.timedelta(days=1)
COUNTRIES = ("France", "United Kingdom")
# code, name, price by month, lines a week
PRODUCTS = (
    ("CUP", "Café cup", ("4.00", "5.00", "4.50", "4.00"), 5),
    ("MUG", "Mug", ("6.00", "6.00", "7.50", "6.75"), 5),
    ("PLATE 1.5", "Plate", ("12.00", "9.00", "12.00", "10.50"), 4),
    ("SPOON", "Spoon", ("1.00", "1.00", "1.00", "1.00"), 3),
    ("BOWL", "Bowl", ("8.00", "8.00", "6.50", "7.25"), 4),
)
MERCHANDISE = sorted(code for code, *_ in PRODUCTS)


def lines_of_shop() -> list[tuple[str, ...]]:
    """Sales of every product, postage, a return, and a sale with the cancellation that undoes it."""
    chance = random.Random(4)
    lines = []
    for number in range(DAYS):
        day = FIRST_DAY + dt.timedelta(days=number)
        for code, name, prices, a_week in PRODUCTS:
            if chance.random() < a_week / 7:
                price = prices[number // 30]
                demand = 8 * (float(prices[0]) / float(price)) ** 2
                units = max(1, round(demand * chance.uniform(0.6, 1.4)))
                lines.append(
                    line(f"{1000 + number}", code, name, units, day, price,
                         customer=f"{17000 + chance.randrange(12)}", country=chance.choice(COUNTRIES))
                )  # fmt: skip
    lines.append(line("2001", "POST", "Postage", 1, FIRST_DAY, "15.00", customer="17001"))
    lines.append(line("2002", "CUP", "Café cup", 40, FIRST_DAY, "4.00", customer="17999"))
    lines.append(
        line("C2003", "CUP", "Café cup", -40, FIRST_DAY + dt.timedelta(days=2), "4.00", customer="17999")
    )
    lines.append(line("C2004", "MUG", "Mug", -1, FIRST_DAY + dt.timedelta(days=60), "6.00", customer="17998"))
    return lines


def line(
    invoice: str, code: str, name: str, units: int, day: dt.date, price: str,
    *, customer: str = "17000", country: str = "United Kingdom",
) -> tuple[str, ...]:  # fmt: skip
    return (invoice, code, name, str(units), f"{day} 12:30", price, customer, country)


def csv_bytes(rows: Iterable[Sequence[str]], header: Sequence[str] = HEADER, delimiter: str = ",") -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter)
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue().encode()


def bring_in(commits: Commits, content: bytes, name: str = "sales.csv", **more: Any) -> ImportBatch:
    """Import a file and compute, as if its upload had been accepted; return the finished batch."""
    with commits():
        batch = batch_create(
            io.BytesIO(content), **({"kind": ImportKind.TRANSACTIONS, "file_name": name} | more)
        )
    batch.refresh_from_db()
    return batch


def import_shop(commits: Commits) -> ImportBatch:
    return bring_in(commits, csv_bytes(lines_of_shop()), "sample-shop.csv")


_kept: list[list[Any]] = []


def copy_of_shop(commits: Commits) -> ImportBatch:
    """The shop, imported and computed once a session and copied row by row from then on."""
    if not _kept:
        batch = import_shop(commits)
        assert DataVersion.objects.get().published_version == 1, batch.error
        models = [model for name in OUR_APPS for model in apps.get_app_config(name).get_models()]
        for of_this_sessions_users in (AccessVersion, ApiToken, AuditEntry):
            models.remove(of_this_sessions_users)
        _kept.extend(rows for model in models if (rows := list(model._base_manager.all())))
        return batch
    for rows in _kept:
        type(rows[0])._base_manager.bulk_create(copy.deepcopy(rows), batch_size=200)
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), [type(rows[0]) for rows in _kept]):
            cursor.execute(statement)
    return ImportBatch.objects.get()
