"""`manage.py verify` finds what does not agree, and nothing else: damage of each kind is planted, one at a time."""

import datetime as dt
import json
from collections.abc import Callable
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from elastix.imports.models import ImportBatch, ImportStatus
from elastix.jobs.models import Job, JobState
from elastix.maintenance.verification import CHECKS, verify
from pricing.changes.services import price_changes
from pricing.sales.models import (
    PriceChange,
    Product,
    ProductSummary,
    SalesHistory,
    StagedTransaction,
    Transaction,
)
from pricing.sales.services.products import product_create
from segments.models import CustomerSegment, SegmentDailyRevenue, SegmentSales

pytestmark = pytest.mark.django_db


@pytest.fixture
def priced(shop: ImportBatch) -> Product:
    """A product whose price was proposed, approved, applied and rolled back, and another's that was applied."""
    for code in ("JAR", "BOX"):
        product_create(code=code, by="maria", name=code, current_price=Decimal("4.00"))
        change = price_changes.propose([(code, Decimal("4.49"))], by="maria", reason="Costs rose")[0].pk
        price_changes.approve([change], by="noor")
        price_changes.apply([change], by="noor")
        if code == "JAR":
            price_changes.roll_back([change], by="noor")
    return Product.objects.get(code="JAR")


def findings() -> dict[str, list[str]]:
    return {name: [str(each) for each in found] for name, found in verify() if found}


def some_day() -> SalesHistory:
    return SalesHistory.objects.filter(source="transactions", quantity__gt=1).earliest("product_id", "date")


def raise_quantity() -> None:
    day = some_day()
    SalesHistory.objects.filter(pk=day.pk).update(quantity=day.quantity + 1)


def raise_revenue_by_a_cent() -> None:
    day = some_day()
    SalesHistory.objects.filter(pk=day.pk).update(revenue=day.revenue + Decimal("0.01"))


def lose_a_day() -> None:
    SalesHistory.objects.filter(pk=some_day().pk).delete()


def invent_a_day() -> None:
    day = some_day()
    SalesHistory.objects.create(product_id=day.product_id, date=dt.date(1999, 1, 1), quantity=1)


def lose_a_line() -> None:
    line = Transaction.rows.filter(voided=False).first()
    assert line is not None
    Transaction.rows.filter(pk=line.pk)._raw_delete(using="default")


def void_a_sale_alone() -> None:
    line = Transaction.rows.filter(voided=False, is_return=False, customer_id__isnull=False).first()
    assert line is not None
    Transaction.rows.filter(pk=line.pk).update(voided=True)


def wrong_sum() -> None:
    ProductSummary.objects.filter(total_quantity__gt=0).order_by("product_id")[:1].get()
    row = ProductSummary.objects.filter(total_quantity__gt=0).earliest("product_id")
    ProductSummary.objects.filter(pk=row.pk).update(purchase_frequency=row.purchase_frequency + 1)


def leave_a_row_on_the_stage() -> None:
    batch = ImportBatch.objects.filter(status=ImportStatus.PUBLISHED).first()
    StagedTransaction.objects.create(
        batch=batch, token=1, product_code="A", invoice_no="1", quantity=1, unit_price=1, is_return=False,
        invoice_date=timezone.now(), date=dt.date(2024, 1, 1),
    )  # fmt: skip


def move_a_price_past_the_ledger() -> None:
    Product.objects.filter(code="BOX").update(current_price=Decimal("9.99"))


def roll_back_without_the_price() -> None:
    Product.objects.filter(code="JAR").update(current_price=Decimal("4.49"))


def apply_by_nobody() -> None:
    PriceChange.objects.filter(product="BOX", status="applied", old_price=4).update(applied_by="")


def double_a_customers_money() -> None:
    row = CustomerSegment.objects.filter(monetary__gt=0).earliest("customer_id")
    CustomerSegment.objects.filter(pk=row.pk).update(monetary=2 * row.monetary)


def forget_a_customer() -> None:
    row = CustomerSegment.objects.filter(monetary__gt=0).earliest("customer_id")
    CustomerSegment.objects.filter(pk=row.pk).delete()


def move_segment_sales() -> None:
    row = SegmentSales.objects.filter(quantity__gt=0).first()
    assert row is not None
    SegmentSales.objects.filter(pk=row.pk).update(quantity=row.quantity + 1)


def lose_segment_revenue() -> None:
    row = SegmentDailyRevenue.objects.first()
    assert row is not None
    SegmentDailyRevenue.objects.filter(pk=row.pk).delete()


def leave_a_job_running() -> None:
    Job.objects.create(
        kind="pull_orders", state=JobState.RUNNING, lease_until=timezone.now() - dt.timedelta(hours=1)
    )


def lose_a_product() -> None:
    """Its segment sales stay: no constraint of the database's guards them."""
    row = SegmentSales.objects.first()
    assert row is not None
    SegmentSales.objects.filter(pk=row.pk).update(product_id="GONE")


DAMAGE: dict[Callable[[], None], set[str]] = {
    raise_quantity: {"daily sales"},
    raise_revenue_by_a_cent: {"daily sales"},
    lose_a_day: {"daily sales"},
    invent_a_day: {"daily sales"},
    lose_a_line: {"daily sales", "product sums"},
    void_a_sale_alone: {"cancellations", "daily sales", "product sums", "customers", "segment sales"},
    wrong_sum: {"product sums"},
    leave_a_row_on_the_stage: {"staged rows"},
    move_a_price_past_the_ledger: {"price changes"},
    roll_back_without_the_price: {"price changes"},
    apply_by_nobody: {"price changes"},
    double_a_customers_money: {"customers"},
    forget_a_customer: {"customers", "segment sales"},
    move_segment_sales: {"segment sales"},
    lose_segment_revenue: {"segment revenue"},
    leave_a_job_running: {"jobs"},
    lose_a_product: {"references", "segment sales", "segment revenue"},
}


UNSURE = {"customers", "segment sales"}


def test_a_shop_that_nothing_happened_to_is_right(priced: Product) -> None:
    assert findings() == {}


@pytest.mark.parametrize("damage", DAMAGE, ids=lambda damage: damage.__name__)
def test_damage_is_found(priced: Product, damage: Callable[[], None]) -> None:
    damage()
    found = findings()
    # A lost line may, or may not, belong to a customer.
    assert DAMAGE[damage] <= set(found) <= DAMAGE[damage] | UNSURE, found


def test_every_check_finds_some_damage() -> None:
    # Ids come twice in a table with partitions alone (test_partitions.py).
    assert set().union(*DAMAGE.values()) == set(CHECKS) - {"ids of lines"}


def test_an_empty_database_is_right(db: None) -> None:
    assert findings() == {}


def test_the_command_names_what_is_wrong_and_ends_in_an_error(priced: Product) -> None:
    move_a_price_past_the_ledger()
    printed = StringIO()
    with pytest.raises(CommandError, match="1 values are wrong"):
        call_command("verify", stdout=printed)
    assert "the price of BOX is 9.99, should be 4.49" in printed.getvalue()
    assert "daily sales: right" in printed.getvalue()


def test_the_command_says_it_in_json(priced: Product) -> None:
    printed = StringIO()
    call_command("verify", "--json", stdout=printed)
    assert json.loads(printed.getvalue()) == {name: [] for name in CHECKS}


def test_nothing_is_written(priced: Product) -> None:
    with connection.execute_wrapper(_only_read):
        assert findings() == {}


def _only_read(execute, sql, params, many, context):  # type: ignore[no-untyped-def]
    assert sql.lstrip().startswith(("SELECT", "SAVEPOINT", "RELEASE", "SET", "DECLARE")), sql
    return execute(sql, params, many, context)
