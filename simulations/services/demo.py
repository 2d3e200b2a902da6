"""Fill an empty database with the demonstration shop, by the same services as a real one."""

import csv
import datetime as dt
import io
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

import numpy as np
from django.db import transaction

from elastix.imports.models import ImportBatch, ImportStatus
from elastix.imports.services import batch_create
from elastix.jobs.recompute import request_recompute
from elastix.jobs.runner import jobs_run_in, run_job, run_to_the_end
from elastix.shop import shop_currency
from market.services.competitors import ObservedPrice, prices_upsert
from pricing.bundles.services import pairs_request_if_outdated
from pricing.recommendation.services.categories import categories_refresh_if_outdated
from pricing.sales.core.files import ImportKind
from pricing.sales.models import Product, Transaction
from simulations.generator.sales import MINUTES_A_DAY
from simulations.generator.shop import GeneratedShop, invoice_labels
from simulations.services.demo_life import demo_logins, review_day, review_prices, start_work

# The newer of two files of sales: the shop is there once it is in.
FILE_NAME = "demo-shop.csv"
FIRST_FILE_NAME = "demo-shop-first.csv"
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


def demo_load(shop: GeneratedShop) -> list[ImportBatch]:
    """Import the shop's products, sales and competitors' prices, review prices in between, and compute.

    Returns
    -------
    The imports: of products, of the sales until the review, and of those since.
    """
    demo_logins()
    rows = list(_sales_rows(shop))
    until = int(np.searchsorted(shop.lines.minute, review_day(shop) * MINUTES_A_DAY))
    imports = [_imported(ImportKind.PRODUCTS, "demo-products.csv", PRODUCT_COLUMNS, _product_rows(shop))]
    _competitors(shop)
    imports.append(_imported(ImportKind.TRANSACTIONS, FIRST_FILE_NAME, SALES_COLUMNS, rows[:until]))
    review_prices(shop)
    imports.append(_imported(ImportKind.TRANSACTIONS, FILE_NAME, SALES_COLUMNS, rows[until:]))
    run_to_the_end(request_recompute(full=True).pk)
    return imports


def demo_finish(shop: GeneratedShop) -> None:
    """Work out what a served shop does on a schedule (which products go together, what each category could gain), and
    begin what its people have under way."""
    with jobs_run_in("inline"):
        pairs_request_if_outdated()
    categories_refresh_if_outdated()
    start_work(shop)


def _imported(
    kind: ImportKind, name: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]
) -> ImportBatch:
    """Import a file, and leave the recompute that it asks for to be done later."""
    with jobs_run_in("caller"):
        batch = batch_create(_csv(columns, rows), kind=kind, file_name=name)
        run_job(batch.job_id or 0)
    batch.refresh_from_db()
    return batch


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
