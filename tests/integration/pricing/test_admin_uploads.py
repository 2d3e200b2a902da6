"""Files uploaded in the admin."""

import gzip
import io
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import OperationalError
from django.test import Client, override_settings
from django.urls import reverse
from openpyxl import Workbook

from elastix.imports.models import ImportBatch, ImportStatus
from elastix.jobs.models import Job
from pricing.sales.core.files import ImportKind
from pricing.sales.models import Product, SalesHistory, Transaction
from tests.factories import ProductFactory
from tests.integration.admin_pages import errors_of, page, run_action, signed_in

pytestmark = pytest.mark.django_db

SALES = (
    "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
    "1001,CUP,Cup,2,2025-03-01 12:00,4.00,17850,France\n"
    "1002,CUP,Cup,3,2025-03-02 12:00,4.00,17850,France\n"
    "1003,CUP,Cup,=1+1,2025-03-02 12:00,4.00,17850,France\n"
)
PRODUCTS = "code,name,category,current_price\nCUP,Cup,Cups,4.50\nMUG,Mug,Cups,3.90\n"
IMPORT_SALES = "admin:pricing_transaction_import"
IMPORT_PRODUCTS = "admin:pricing_product_import"

Commits = Callable[..., AbstractContextManager[Any]]


@pytest.fixture
def commits(django_capture_on_commit_callbacks: Commits) -> Commits:
    """Within this block what is queued runs, as it would once the request's transaction has committed."""
    return lambda: django_capture_on_commit_callbacks(execute=True)


def file_of(content: str | bytes, name: str = "march.csv") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content.encode() if isinstance(content, str) else content)


def send(
    browser: Client, url: str, content: str | bytes = SALES, name: str = "march.csv", **more: Any
) -> Any:
    return browser.post(reverse(url), {"file": file_of(content, name), **more})


@pytest.fixture
def browser(analyst: User) -> Client:
    return signed_in(analyst)


@pytest.fixture
def imported(browser: Client, commits: Commits) -> Iterator[ImportBatch]:
    with commits():
        send(browser, IMPORT_SALES)
    yield ImportBatch.objects.get()


# --- sending a file in -------------------------------------------------------------------------------


def test_a_file_of_sales_is_read_and_its_page_says_what_became_of_it(
    browser: Client, commits: Commits
) -> None:
    with commits():
        response = send(browser, IMPORT_SALES)
    batch = ImportBatch.objects.get()
    assert response["Location"] == page(ImportBatch, "change", batch.pk)
    assert (batch.status, batch.rows, batch.accepted, batch.rejected) == (ImportStatus.PUBLISHED, 3, 2, 1)
    assert batch.created_by is not None
    assert batch.created_by.username == "analyst"
    assert sum(SalesHistory.objects.values_list("quantity", flat=True)) == 5
    text = browser.get(page(ImportBatch, "change", batch.pk)).content.decode()
    assert reverse("admin:elastix_importbatch_rejects", args=[batch.pk]) in text
    assert 'http-equiv="refresh"' not in text


def test_an_import_on_its_way_shows_its_progress_and_looks_again(browser: Client) -> None:
    send(browser, IMPORT_SALES)
    batch = ImportBatch.objects.get()
    Job.objects.update(progress=0.4)
    text = browser.get(page(ImportBatch, "change", batch.pk)).content.decode()
    assert "40 %" in text
    assert 'http-equiv="refresh"' in text


def test_a_file_of_products_is_read(browser: Client, commits: Commits) -> None:
    with commits():
        response = send(browser, IMPORT_PRODUCTS, PRODUCTS, "products.csv")
    batch = ImportBatch.objects.get()
    assert response["Location"] == page(ImportBatch, "change", batch.pk)
    assert batch.kind == ImportKind.PRODUCTS
    assert dict(Product.objects.values_list("code", "current_price")) == {
        "CUP": Decimal("4.50"),
        "MUG": Decimal("3.90"),
    }


def test_a_workbook_and_a_packed_text_are_read(browser: Client, commits: Commits) -> None:
    book, content = Workbook(), io.BytesIO()
    for row in (["code", "name"], ["CUP", "Cup"]):
        book.active.append(row)
    book.save(content)
    with commits():
        send(browser, IMPORT_PRODUCTS, content.getvalue(), "products.xlsx")
        send(browser, IMPORT_SALES, gzip.compress(SALES.encode()), "sales.csv.gz")
    assert set(ImportBatch.objects.values_list("status", flat=True)) == {ImportStatus.PUBLISHED}
    assert Transaction.objects.count() == 2


@pytest.mark.parametrize("action", ["export_csv", "export_xlsx"])
def test_exported_products_can_be_imported_again(action: str, browser: Client, commits: Commits) -> None:
    product = ProductFactory(
        code="CUP",
        name="-Cup",
        category="Cups",
        current_price=Decimal("4.50"),
        cost=Decimal("1.25"),
        stock_level=-3,
    )
    exported = b"".join(run_action(browser, action, product).streaming_content)
    Product.objects.update(name="x", category="x", current_price=Decimal("9.99"), cost=None, stock_level=7)
    with commits():
        send(browser, IMPORT_PRODUCTS, exported, f"products.{action.removeprefix('export_')}")
    product.refresh_from_db()
    assert (product.name, product.category, product.stock_level) == ("-Cup", "Cups", -3)
    assert (product.current_price, product.cost) == (Decimal("4.50"), Decimal("1.25"))


def test_what_the_user_knows_about_a_file_is_kept_with_it(browser: Client, commits: Commits) -> None:
    odd = (
        SALES.replace("StockCode", "Artikel=Nr")
        .replace("2025-03-01", "01/03/2025")
        .replace("2025-03-02", "02/03/2025")
    )
    with commits():
        send(
            browser,
            IMPORT_SALES,
            odd.encode("utf-16"),
            encoding="utf-16",
            date_order="day-first",
            decimal_mark=".",
            accept=["stray_date"],
            mapping="Artikel=Nr = stock_code\n\n Country =\n",
        )
    batch = ImportBatch.objects.get()
    assert batch.options == {
        "mapping": {"Artikel=Nr": "stock_code", "Country": ""},
        "encoding": "utf-16",
        "date_order": "day-first",
        "decimal_mark": ".",
        "accept": ["stray_date"],
    }
    assert batch.status == ImportStatus.PUBLISHED
    assert sorted(str(day) for day in SalesHistory.objects.values_list("date", flat=True)) == [
        "2025-03-01",
        "2025-03-02",
    ]
    assert set(Transaction.objects.values_list("country", flat=True)) == {""}


def test_a_dry_run_keeps_nothing(browser: Client, commits: Commits) -> None:
    with commits():
        send(browser, IMPORT_SALES, dry_run="on")
    batch = ImportBatch.objects.get()
    assert (batch.status, batch.accepted, batch.rejected) == (ImportStatus.CHECKED, 2, 1)
    assert not Transaction.objects.exists()


def test_the_same_file_twice_is_refused_unless_it_is_asked_for(
    browser: Client, commits: Commits, imported: ImportBatch
) -> None:
    with commits():
        response = send(browser, IMPORT_SALES)
    assert "was imported before" in errors_of(response)
    assert ImportBatch.objects.get() == imported
    with commits():
        send(browser, IMPORT_SALES, force="on")
    assert ImportBatch.objects.filter(status=ImportStatus.PUBLISHED).count() == 2
    assert sum(SalesHistory.objects.values_list("quantity", flat=True)) == 10


def test_a_file_that_cannot_be_read_fails_with_a_sentence(browser: Client, commits: Commits) -> None:
    with commits():
        send(browser, IMPORT_SALES, "just,some\nother,table\n")
    batch = ImportBatch.objects.get()
    assert batch.status == ImportStatus.FAILED
    text = browser.get(page(ImportBatch, "change", batch.pk)).content.decode()
    assert batch.error
    assert batch.error.split()[0] in text


@pytest.mark.parametrize(
    ("more", "complaint"),
    [
        ({"file": ""}, "required"),
        ({"file": file_of(b"")}, "empty"),
        ({"mapping": "StockCode"}, "not written COLUMN=FIELD"),
        ({"mapping": "=stock_code"}, "not written COLUMN=FIELD"),
        ({"mapping": "Artikel=sku"}, "no field &#x27;sku&#x27;"),
        ({"mapping": "Artikel=stock_code\nArtikel=country"}, "named twice"),
        ({"encoding": "klingon"}, "valid choice"),
        ({"date_order": "perhaps"}, "valid choice"),
        ({"decimal_mark": ";"}, "valid choice"),
        ({"accept": ["anything"]}, "valid choice"),
    ],
)
def test_a_form_filled_in_wrongly_imports_nothing(
    more: dict[str, Any], complaint: str, browser: Client
) -> None:
    response = browser.post(reverse(IMPORT_SALES), {"file": file_of(SALES)} | more)
    assert response.status_code == 200
    assert complaint in response.content.decode()
    assert not ImportBatch.objects.exists()


def test_a_file_that_is_too_large_is_refused(browser: Client) -> None:
    with override_settings(IMPORT_MAX_BYTES=10):
        response = send(browser, IMPORT_SALES)
    assert "larger than" in errors_of(response)
    assert not ImportBatch.objects.exists()


def test_a_busy_database_leaves_the_upload_page(browser: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def locked(*_: Any, **__: Any) -> None:
        raise OperationalError("database is locked")

    monkeypatch.setattr("elastix.admin_imports.batch_create", locked)
    response = send(browser, IMPORT_SALES)
    assert response.status_code == 503
    assert "being written just now" in errors_of(response)


@pytest.mark.parametrize("url", [IMPORT_SALES, IMPORT_PRODUCTS])
def test_a_viewer_sends_nothing_in(url: str, viewer: User) -> None:
    looking = signed_in(viewer)
    assert looking.get(reverse(url)).status_code == 403
    assert send(looking, url).status_code == 403
    listing = page(Transaction if url == IMPORT_SALES else Product)
    assert reverse(url) not in looking.get(listing).content.decode()
    assert not ImportBatch.objects.exists()


def test_whoever_may_add_sales_but_send_no_files_gets_no_upload_page() -> None:
    clerk = User.objects.create_user("clerk", is_staff=True)
    clerk.user_permissions.add(Permission.objects.get(codename="add_transaction"))
    assert send(signed_in(clerk), IMPORT_SALES).status_code == 403


def test_a_stranger_is_sent_to_the_login() -> None:
    response = send(Client(), IMPORT_SALES)
    assert response["Location"].startswith(reverse("admin:login"))


def test_a_foreign_form_sends_nothing_in(analyst: User) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(analyst)
    assert send(strict, IMPORT_SALES).status_code == 403
    assert not ImportBatch.objects.exists()


def test_an_upload_page_answers_only_to_looking_and_sending(browser: Client) -> None:
    assert browser.put(reverse(IMPORT_SALES)).status_code == 405


def test_sales_and_costs_have_an_order_of_dates_to_tell(browser: Client) -> None:
    for form in (IMPORT_SALES, IMPORT_PRODUCTS):
        assert 'name="date_order"' in browser.get(reverse(form)).content.decode()
