"""Transactions in the admin: every write goes through the services, so the roll-up stays right."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User

from elastix.dataset.versions import data_version, lock_version
from elastix.imports.models import ImportBatch
from pricing.sales.core.files import ImportKind
from pricing.sales.models import Product, SalesHistory, StaleCustomer, StaleProduct, Transaction
from pricing.sales.services.transactions import transactions_create
from tests.factories import ImportBatchFactory, ProductFactory
from tests.integration.admin_pages import errors_of, page, run_action, said, signed_in

pytestmark = pytest.mark.django_db

DAY = dt.date(2025, 3, 1)
NOON = dt.datetime(2025, 3, 1, 12, tzinfo=dt.UTC)


def make(**changes: Any) -> Transaction:
    line = {
        "invoice_no": "1001",
        "product_id": "CUP",
        "description": "Cup",
        "quantity": 2,
        "invoice_date": NOON,
        "unit_price": Decimal("4.00"),
        "customer_id": "17850",
        "country": "France",
    }
    return transactions_create([line | changes])[0]


def form(**changes: Any) -> dict[str, Any]:
    filled = {
        "invoice_no": "1001",
        "product": "CUP",
        "description": "Cup",
        "quantity": "2",
        "invoice_date_0": "2025-03-01",
        "invoice_date_1": "12:00:00",
        "unit_price": "4.0000",
        "customer_id": "17850",
        "country": "France",
    }
    return filled | changes


@pytest.fixture
def cup() -> Product:
    return ProductFactory(code="CUP")


def sold(date: dt.date = DAY) -> tuple[int, Decimal] | None:
    return SalesHistory.objects.filter(date=date).values_list("quantity", "revenue").first()


# --- add and change ----------------------------------------------------------------------------------


def test_an_added_line_is_stored_and_in_the_roll_up(cup: Product, analyst: User) -> None:
    response = signed_in(analyst).post(page(Transaction, "add"), form())
    assert response.status_code == 302
    line = Transaction.objects.get()
    assert (line.quantity, line.unit_price, line.date, line.customer_id) == (
        2,
        Decimal("4"),
        DAY,
        "17850",
    )
    assert sold() == (2, Decimal("8"))
    assert StaleProduct.objects.filter(pk="CUP").exists()
    assert StaleCustomer.objects.filter(pk="17850").exists()


def test_a_line_added_twice_is_two_lines(cup: Product, analyst: User) -> None:
    browser = signed_in(analyst)
    browser.post(page(Transaction, "add"), form())
    browser.post(page(Transaction, "add"), form())
    assert Transaction.objects.count() == 2
    assert sold() == (4, Decimal("16"))


def test_a_line_without_a_customer_has_none(cup: Product, analyst: User) -> None:
    signed_in(analyst).post(page(Transaction, "add"), form(customer_id=" "))
    assert Transaction.objects.get().customer_id is None


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        ({"quantity": "0"}, "must not be 0"),
        ({"quantity": "1000000"}, "less than or equal to 999999"),
        ({"quantity": "2.5001"}, "3 decimal places"),
        ({"unit_price": "-1"}, "Only service codes"),
        ({"unit_price": "1.00001"}, "4 decimal places"),
        ({"product": "NONE"}, "valid choice"),
        ({"product": ""}, "required"),
        ({"invoice_date_0": "1900-01-01"}, "one of 1970 to 2100"),
        ({"invoice_date_0": "yesterday"}, "valid date"),
        ({"invoice_no": "1" * 65}, "at most 64 characters"),
    ],
)
def test_a_line_out_of_its_limits_is_refused(
    values: dict[str, str], complaint: str, cup: Product, analyst: User
) -> None:
    response = signed_in(analyst).post(page(Transaction, "add"), form(**values))
    assert complaint in errors_of(response)
    assert not Transaction.objects.exists()
    assert data_version().sales_version == 0


def test_a_service_code_may_have_a_negative_price(analyst: User) -> None:
    ProductFactory(code="D", name="Discount", kind="service")
    signed_in(analyst).post(page(Transaction, "add"), form(product="D", unit_price="-4.00"))
    assert Transaction.objects.get().unit_price == Decimal("-4")


def test_a_changed_line_moves_its_sales_to_its_new_day(analyst: User) -> None:
    line = make()
    signed_in(analyst).post(
        page(Transaction, "change", line.pk), form(quantity="5", invoice_date_0="2025-03-02")
    )
    assert sold() is None
    assert sold(dt.date(2025, 3, 2)) == (5, Decimal("20"))


def test_a_line_moved_to_another_product_makes_both_stale(cup: Product, analyst: User) -> None:
    line = make(product_id="MUG")
    StaleProduct.objects.all().delete()
    signed_in(analyst).post(page(Transaction, "change", line.pk), form(product="CUP"))
    assert set(StaleProduct.objects.values_list("pk", flat=True)) == {"CUP", "MUG"}
    assert SalesHistory.objects.get().product_id == "CUP"


def test_saving_a_line_unchanged_writes_nothing(analyst: User) -> None:
    line = make()
    before = data_version().sales_version
    signed_in(analyst).post(page(Transaction, "change", line.pk), form())
    assert data_version().sales_version == before


def test_a_viewer_writes_nothing(viewer: User) -> None:
    line = make()
    browser = signed_in(viewer)
    assert browser.get(page(Transaction, "change", line.pk)).status_code == 200
    assert browser.post(page(Transaction, "change", line.pk), form(quantity="5")).status_code == 403
    assert browser.post(page(Transaction, "delete", line.pk), {"post": "yes"}).status_code == 403
    run_action(browser, "delete_selected", line, post="yes")
    assert sold() == (2, Decimal("8"))


# --- delete ------------------------------------------------------------------------------------------


def test_a_deleted_line_leaves_the_roll_up(analyst: User) -> None:
    keep, line = make(), make(quantity=3)
    browser = signed_in(analyst)
    assert browser.get(page(Transaction, "delete", line.pk)).status_code == 200
    assert Transaction.objects.count() == 2
    browser.post(page(Transaction, "delete", line.pk), {"post": "yes"})
    assert Transaction.objects.get() == keep
    assert sold() == (2, Decimal("8"))


def test_a_line_deleted_twice_is_gone_the_second_time(analyst: User) -> None:
    url = page(Transaction, "delete", make().pk)
    browser = signed_in(analyst)
    browser.post(url, {"post": "yes"})
    again = browser.post(url, {"post": "yes"})
    assert again.status_code == 302
    assert "Perhaps it was deleted?" in said(again)


def test_several_lines_are_deleted_together_after_a_question(analyst: User) -> None:
    lines = [make(), make(product_id="MUG"), make(quantity=3)]
    browser = signed_in(analyst)
    assert run_action(browser, "delete_selected", *lines[:2]).status_code == 200
    assert Transaction.objects.count() == 3
    response = run_action(browser, "delete_selected", *lines[:2], post="yes")
    assert "Deleted transactions: 2." in said(response)
    assert Transaction.objects.get() == lines[2]
    assert list(SalesHistory.objects.values_list("product_id", "quantity")) == [("CUP", 3)]


# --- lists and pages ---------------------------------------------------------------------------------


def found(browser: Any, **query: str) -> set[str]:
    """Return the invoices that a list shows."""
    response = browser.get(page(Transaction), query)
    assert response.status_code == 200
    return {line.invoice_no for line in response.context["cl"].result_list}


def test_lines_are_found_by_whole_invoice_product_or_customer(viewer: User) -> None:
    make(invoice_no="C1", quantity=-1)
    make(invoice_no="2", product_id="BANK CHARGES")
    make(invoice_no="3", customer_id="99")
    browser = signed_in(viewer)
    assert found(browser, q="c1") == {"C1"}
    assert found(browser, q=" bank charges ") == {"2"}
    assert found(browser, q="99") == {"3"}
    assert found(browser, q="9") == set()
    assert found(browser, q=" ") == {"C1", "2", "3"}


def test_lines_are_filtered_by_the_last_days_of_the_data_and_by_country(viewer: User) -> None:
    make(invoice_no="old", invoice_date=NOON - dt.timedelta(days=10))
    make(invoice_no="new", country="Spain")
    browser = signed_in(viewer)
    assert found(browser, period="7") == {"old", "new"}, "nothing is published yet: there is no as-of day"
    version = lock_version()
    version.as_of, version.countries = DAY + dt.timedelta(days=1), ["France", "Spain"]
    version.save()
    assert found(browser, period="1") == {"new"}
    assert found(browser, period="7") == {"new"}
    assert found(browser, period="30") == {"old", "new"}
    assert found(browser, period="nonsense") == {"old", "new"}
    assert found(browser, country="France") == {"old"}


def test_the_page_of_a_line_says_why_it_is_left_out_and_where_it_came_from(viewer: User) -> None:
    batch = ImportBatchFactory(kind=ImportKind.TRANSACTIONS, file_name="march.csv")
    line = make()
    Transaction.rows.update(exclusion=5, batch=batch)
    text = signed_in(viewer).get(page(Transaction, "change", line.pk)).content.decode()
    assert "price outlier" in text
    assert page(ImportBatch, "change", batch.pk) in text
