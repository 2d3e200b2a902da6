"""Filling an empty database with the demonstration shop, through the same doors as a real one."""

import csv
import datetime as dt
import io
import secrets
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db import transaction

from elastix.imports.models import ImportBatch, ImportStatus
from elastix.imports.services import batch_create
from elastix.jobs.runner import jobs_run_in
from elastix.shop import shop_currency
from market.services.competitors import ObservedPrice, prices_upsert
from pricing.bundles.services import pairs_request_if_outdated
from pricing.recommendation.services.categories import categories_refresh_if_outdated
from pricing.sales.core.files import ImportKind
from pricing.sales.models import Product, Transaction
from simulations.generator.shop import GeneratedShop, invoice_labels

FILE_NAME = "demo-shop.csv"
USER_NAME = "demo"
EPOCH = dt.datetime(1970, 1, 1)
SALES_COLUMNS = (
    "InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country",
)  # fmt: skip
PRODUCT_COLUMNS = ("code", "name", "category", "cost", "stock_level", "target_stock")


class NotEmpty(Exception):
    """The database holds a real shop's data, which a demonstration must not touch."""


def demo_is_loaded() -> bool:
    """Tell whether the demonstration shop is in the database already.

    Raises
    ------
    NotEmpty : another shop is.
    """
    if ImportBatch.objects.filter(file_name=FILE_NAME, status=ImportStatus.PUBLISHED).exists():
        return True
    if Transaction.objects.exists() or Product.objects.exists():
        raise NotEmpty(
            "This database holds a shop already. Give the demonstration one of its own: "
            "DATABASE_URL=sqlite:///demo.sqlite3 python manage.py demo"
        )
    return False


def demo_load(shop: GeneratedShop) -> tuple[ImportBatch, ImportBatch]:
    """Import the shop's products and sales, and record its competitors' prices; return both imports."""
    products = batch_create(
        _csv(PRODUCT_COLUMNS, _product_rows(shop)), kind=ImportKind.PRODUCTS, file_name="demo-products.csv"
    )
    _competitors(shop)
    sales = batch_create(
        _csv(SALES_COLUMNS, _sales_rows(shop)), kind=ImportKind.TRANSACTIONS, file_name=FILE_NAME
    )
    return products, sales


def demo_finish() -> None:
    """Work out what a served shop does on a schedule: which products go together, what each category could gain."""
    with jobs_run_in("inline"):
        pairs_request_if_outdated()
    categories_refresh_if_outdated()


def demo_login() -> tuple[str, str]:
    """Make the demonstration's user, with a new password at every start; return name and password."""
    password = secrets.token_urlsafe(9)
    with transaction.atomic():
        user, _ = get_user_model().objects.get_or_create(username=USER_NAME, defaults={"is_staff": True})
        user.set_password(password)
        user.save(update_fields=["password"])
        user.groups.set([Group.objects.get(name="admin")])
    return USER_NAME, password


def _csv(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> io.BytesIO:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(columns)
    writer.writerows(rows)
    return io.BytesIO(text.getvalue().encode())


def _product_rows(shop: GeneratedShop) -> Iterable[Sequence[Any]]:
    table = shop.products
    return zip(
        table.code, table.name, table.category, (f"{cost:.2f}" for cost in table.cost.tolist()),
        table.stock_level.tolist(), table.target_stock.tolist(), strict=True,
    )  # fmt: skip


def _sales_rows(shop: GeneratedShop) -> Iterable[Sequence[Any]]:
    lines, table = shop.lines, shop.products
    products = lines.product.tolist()
    times = {
        minute: (EPOCH + dt.timedelta(minutes=minute)).isoformat(" ", "minutes")
        for minute in set(lines.minute.tolist())
    }
    return zip(
        invoice_labels(lines),
        [table.code[product] for product in products],
        [table.name[product] for product in products],
        lines.quantity.tolist(),
        [times[minute] for minute in lines.minute.tolist()],
        [f"{price:.2f}" for price in lines.unit_price.tolist()],
        ["" if customer < 0 else customer for customer in lines.customer.tolist()],
        [shop.country_names[country] for country in lines.country.tolist()],
        strict=True,
    )


@transaction.atomic
def _competitors(shop: GeneratedShop) -> None:
    prices, codes, currency = shop.competitor_prices, shop.products.code, shop_currency()
    prices_upsert(
        ObservedPrice(
            product_id=codes[product],
            competitor_name=name,
            price=max(currency.price(Decimal(f"{price:.2f}")), currency.unit),
            recorded_at=(EPOCH + dt.timedelta(days=day, hours=6)).replace(tzinfo=dt.UTC),
            source="demonstration",
        )
        for product, name, price, day in zip(
            prices.product.tolist(),
            prices.competitor,
            prices.price.tolist(),
            prices.day.tolist(),
            strict=True,
        )
    )
