"""Whatever is written in whatever order: refreshing only what is stale ends where a rebuild from the transactions ends."""

import csv
import datetime as dt
import io
import os
from collections import defaultdict
from collections.abc import Callable, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import numpy as np
import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from elastix.dataset.versions import data_version
from elastix.imports.models import ImportBatch, ImportStatus
from elastix.imports.services import batch_create
from elastix.jobs.models import OPEN_STATES, Job, JobState
from elastix.jobs.recompute import request_recompute
from elastix.jobs.runner import jobs_run_in, run_job
from elastix.sql import execute
from pricing.sales.models import Product, SalesHistory, StaleCustomer, StaleProduct, Transaction
from pricing.sales.models.transactions import SalesSource
from pricing.sales.services import cleaning, rollup, transactions
from pricing.sales.services import imports as importing
from pricing.sales.services.manual_history import manual_day_create, manual_day_delete
from pricing.sales.services.products import product_update
from tests.derived_tables import DERIVED, clean_view, derived_rows, differences, row_differences
from tests.dgp import ShopSpec, simulate_shop

# A longer search by hand: RANDOM_WRITES=500 pytest tests/integration/test_random_writes.py
BY_HAND = "RANDOM_WRITES" in os.environ
EXAMPLES = int(os.environ.get("RANDOM_WRITES", "12"))

SHOP = ShopSpec(products=12, categories=3, days=200, lines_per_day=1.5, log_price_sd=0.15, customers=60)
FIRST_DAY = dt.date(1970, 1, 1) + dt.timedelta(days=SHOP.first_day)
COLUMNS = (
    "InvoiceNo",
    "StockCode",
    "Description",
    "Quantity",
    "InvoiceDate",
    "UnitPrice",
    "CustomerID",
    "Country",
)
FIELDS = (
    "invoice_no", "product_id", "description", "quantity", "invoice_date", "unit_price", "customer_id", "country",
)  # fmt: skip
# The last two are a product the shop does not know yet and one that is no merchandise.
CODES = [*(f"P{number:02}" for number in range(SHOP.products)), "NEW1", "POST"]
CUSTOMERS = [str(number) for number in range(SHOP.customers)]
CATEGORIES = ("Cat 0", "Cat 1", "Never seen", "")

Line = dict[str, Any]


# --- what may happen to a shop ---------------------------------------------------------------------


@st.composite
def lines(draw: st.DrawFn) -> Line:
    kilos = [Decimal("0.35"), Decimal("0.1"), Decimal("1.275"), Decimal("-0.35")]
    quantity = draw(st.sampled_from([1, 2, 3, 6, 12, 24, 400, -1, -2, -6, *kilos]))
    moment = dt.datetime.combine(
        FIRST_DAY + dt.timedelta(days=draw(st.integers(-3, SHOP.days + 3))),
        dt.time(draw(st.integers(8, 19))),
        dt.UTC,
    )
    return {
        "invoice_no": ("C" if quantity < 0 else "") + str(draw(st.integers(900_000, 900_010))),
        "product_id": draw(st.sampled_from(CODES)),
        "description": "",
        "quantity": quantity,
        "invoice_date": moment,
        "unit_price": Decimal(draw(st.sampled_from(["0", "0.0001", "0.85", "2.10", "3.75", "4.2525", "60"]))),
        "customer_id": draw(st.sampled_from([None, "newcomer", *CUSTOMERS])),
        "country": "",
    }


def post(made: Sequence[Line]) -> None:
    transactions.transactions_create(made)


def file_in(made: Sequence[Line]) -> None:
    import_lines(made)


def withdraw(place: int) -> None:
    """Take a published file out again, but not the one that holds the whole shop."""
    found = ImportBatch.objects.filter(status=ImportStatus.PUBLISHED).order_by("pk")[1:]
    if found:
        run_to_end(importing.batch_revert(found[place % len(found)]))


def withdraw_everything() -> None:
    for batch in ImportBatch.objects.filter(status=ImportStatus.PUBLISHED).order_by("pk"):
        run_to_end(importing.batch_revert(batch))


def spree(customer: str, number: int) -> None:
    """A customer comes back day after day, which moves others between segments, too."""
    moment = dt.datetime.combine(FIRST_DAY + dt.timedelta(days=SHOP.days - 9), dt.time(12), dt.UTC)
    for day in range(number):
        bought = {"quantity": 40, "unit_price": Decimal("3.75"), "product_id": CODES[day], "description": ""}
        seen = {"invoice_no": str(910_000 + day), "invoice_date": moment + dt.timedelta(days=day)}
        transactions.transactions_create([bought | seen | {"customer_id": customer, "country": ""}])


def put(place: int, changes: Line) -> None:
    if line := line_at(place):
        transactions.transaction_update(line.pk, changes)


def delete(place: int) -> None:
    if line := line_at(place):
        transactions.transaction_delete(line.pk)


def cancel(place: int) -> None:
    """Take a sale back as shops do: the same customer, product, units and price on an invoice C..."""
    line = line_at(place)
    if line is not None and not line.is_return:
        mirror = {name: getattr(line, name) for name in transactions.FIELDS}
        later = {"invoice_date": line.invoice_date + dt.timedelta(hours=30), "quantity": -line.quantity}
        transactions.transactions_create([mirror | later | {"invoice_no": f"C{line.invoice_no}"}])


def edit(code: str, changes: dict[str, Any]) -> None:
    if Product.objects.filter(code=code).exists():
        product_update(code, by="somebody", **changes)


def manual_day(code: str, number: int, quantity: int) -> None:
    """Write a day of sales by hand; where it is there by hand already, take it away."""
    date = FIRST_DAY + dt.timedelta(days=number)
    there = SalesHistory.objects.filter(product_id=code, date=date).first()
    if there is None and Product.objects.filter(code=code).exists():
        manual_day_create({"product_id": code, "date": date, "quantity": quantity, "price": Decimal("2.10")})
    elif there is not None and there.source == SalesSource.MANUAL:
        manual_day_delete(there.pk)


def delete_all() -> None:
    transactions.transactions_delete_all()


def refresh() -> None:
    request_recompute()
    run_open_jobs()


def writes() -> st.SearchStrategy[tuple[Any, ...]]:
    place, code, some = (
        st.integers(0, 5000),
        st.sampled_from(CODES),
        st.lists(lines(), min_size=1, max_size=4),
    )
    fields = ("product_id", "quantity", "invoice_date", "unit_price", "customer_id")
    changes = st.builds(
        lambda line, names: {name: line[name] for name in sorted(names)},
        lines(),
        st.sets(st.sampled_from(fields), min_size=1, max_size=3),
    )
    edits = st.one_of(
        st.fixed_dictionaries({"kind": st.sampled_from(["service", "merchandise"])}),
        st.fixed_dictionaries({"category": st.sampled_from(CATEGORIES)}),
        st.fixed_dictionaries({"current_price": st.just(Decimal("9.99"))}),
    )
    usual = [
        st.tuples(st.just(post), some),
        st.tuples(st.just(file_in), some),
        st.tuples(st.just(put), place, changes),
        st.tuples(st.just(delete), place),
        st.tuples(st.just(cancel), place),
        st.tuples(st.just(withdraw), st.integers(0, 3)),
        st.tuples(st.just(spree), st.sampled_from(CUSTOMERS), st.integers(2, 8)),
        st.tuples(st.just(edit), code, edits),
        st.tuples(st.just(manual_day), code, st.integers(0, SHOP.days), st.sampled_from([0, 1, 30])),
        st.tuples(st.just(refresh)),
    ]
    rare = [st.tuples(st.just(delete_all)), st.tuples(st.just(withdraw_everything))]
    return st.one_of(*usual, *usual, *usual, *rare)


# --- how it is done --------------------------------------------------------------------------------


def line_at(place: int) -> Transaction | None:
    """The sales line at a position, counted round and round."""
    count = Transaction.objects.count()
    return Transaction.objects.order_by("pk")[place % count] if count else None


def import_lines(made: Sequence[Line]) -> None:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for line in made:
        moment = line["invoice_date"].strftime("%Y-%m-%d %H:%M")
        fields = line | {"invoice_date": moment, "customer_id": line["customer_id"] or ""}
        writer.writerow([fields[name] for name in FIELDS])
    file = io.BytesIO(text.getvalue().encode())
    batch = batch_create(file, kind="transactions", file_name="some.csv", force=True)
    run_to_end(batch.job)
    batch.refresh_from_db()
    assert (batch.status, batch.accepted) == (ImportStatus.PUBLISHED, len(made)), batch.error or batch.reasons


def run_to_end(job: Job) -> None:
    run_job(job.pk)
    job.refresh_from_db()
    assert job.state == JobState.SUCCEEDED, job.error


def run_open_jobs() -> None:
    """Run what waits, and what that asked for, until nothing does."""
    while job := Job.objects.filter(state__in=OPEN_STATES).order_by("pk").first():
        run_to_end(job)


def simulated_lines() -> list[Line]:
    shop = simulate_shop(SHOP, seed=7)
    moments = np.datetime64("1970-01-01T00:00") + shop.minute.astype("timedelta64[m]")
    return [
        {
            "invoice_no": f"{'C' if returned else ''}{500_000 + invoice}",
            "product_id": CODES[product],
            "description": f"Product {product}",
            "quantity": quantity,
            "invoice_date": moment.replace(tzinfo=dt.UTC),
            "unit_price": Decimal(f"{price:.2f}"),
            "customer_id": None if customer < 0 else str(customer),
            "country": "",
        }
        for product, quantity, moment, price, customer, invoice, returned in zip(
            shop.product.tolist(), shop.quantity.tolist(), moments.tolist(), shop.price.tolist(),
            shop.customer.tolist(), shop.invoice.tolist(), shop.cancellation.tolist(), strict=True,
        )
    ]  # fmt: skip


def import_shop() -> None:
    """A shop whose estimates are worth comparing: prices that move, accounts, cancellations, other returns."""
    Product.objects.bulk_create(
        Product(code=code, name=code, category=f"Cat {number % 3}")
        for number, code in enumerate(CODES[: SHOP.products])
    )
    import_lines(simulated_lines())
    request_recompute(full=True)
    run_open_jobs()


def rebuild() -> None:
    """Forget everything that was computed from the transactions, and make it again against the same hyperparameters."""
    for model in DERIVED:
        found = model._default_manager.all()
        (found.filter(source=SalesSource.TRANSACTIONS) if model is SalesHistory else found).delete()
    execute(
        "UPDATE pricing_transaction SET voided = %s, exclusion = 0, "
        "units = CASE WHEN is_return THEN 0 ELSE quantity END",
        [False],
    )
    with transaction.atomic():
        version = rollup.rebuild_rollup()
        StaleProduct.objects.all().delete()
        StaleCustomer.objects.all().delete()
        customers = (
            Transaction.objects.exclude(customer_id=None).order_by().values_list("customer_id", flat=True)
        )
        StaleCustomer.objects.bulk_create(
            StaleCustomer(customer_id=code, version=version) for code in sorted(set(customers))
        )
    codes = {*cleaning.products_with_sales(), *Product.objects.values_list("code", flat=True)}
    request_recompute(products=sorted(codes))
    run_open_jobs()


def summed_by_hand() -> dict[tuple[str, dt.date], tuple[Any, ...]]:
    """Sales and returns of each product and day, added up line by line."""
    sums: dict[tuple[str, dt.date], list[Any]] = defaultdict(lambda: [0, Decimal(0), 0, Decimal(0), 0])
    for line in Transaction.objects.all():
        day = sums[line.product_id, line.date]
        day[4] += 1
        if not line.voided:
            place, units = (2, abs(line.quantity)) if line.is_return else (0, line.quantity)
            day[place] += units
            day[place + 1] += units * line.unit_price
    # Stored with 4 decimals; a quantity of 3 times a price of 4 may have more.
    for day in sums.values():
        day[1], day[3] = (each.quantize(Decimal("0.0001"), ROUND_HALF_UP) for each in (day[1], day[3]))
    return {key: tuple(values) for key, values in sums.items()}


def stored_sums() -> dict[tuple[str, dt.date], tuple[Any, ...]]:
    names = ("quantity", "revenue", "returned_quantity", "returned_revenue", "lines")
    rows = SalesHistory.objects.filter(source=SalesSource.TRANSACTIONS).values_list(
        "product_id", "date", *names
    )
    return {(code, day): tuple(values) for code, day, *values in rows}


# --- the property ----------------------------------------------------------------------------------


@pytest.mark.slow
def test_refreshing_what_is_stale_after_random_writes_equals_a_rebuild(db: None) -> None:
    with jobs_run_in("caller"):
        import_shop()
        assert Job.objects.exclude(state=JobState.SUCCEEDED).count() == 0

        @settings(
            max_examples=EXAMPLES,
            derandomize=not BY_HAND,
            # Finding the shortest example takes minutes; a search by hand does it.
            phases=list(Phase) if BY_HAND else [Phase.generate],
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(st.lists(writes(), min_size=4, max_size=10))
        def check(steps: list[tuple[Callable[..., None], Any]]) -> None:
            with transaction.atomic():
                try:
                    for step, *arguments in steps:
                        step(*arguments)
                    compare_with_a_rebuild()
                finally:
                    transaction.set_rollback(True)

        check()


def compare_with_a_rebuild() -> None:
    assert stored_sums() == summed_by_hand()
    refresh()
    version = data_version()
    assert version.published_version == version.sales_version
    assert not StaleProduct.objects.exists()
    assert not StaleCustomer.objects.exists()
    refreshed, lines_refreshed = derived_rows(), clean_view()
    rebuild()
    assert list(row_differences("Transaction", lines_refreshed, clean_view()))[:20] == []
    assert differences(refreshed, derived_rows())[:20] == []
