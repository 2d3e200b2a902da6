"""The list of imports: rejected rows, reverting, importing again."""

import datetime as dt
import io
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from elastix.imports.models import ImportBatch, ImportReject, ImportStatus, UploadChunk
from elastix.imports.services import batch_create, uploads_purge
from elastix.jobs.models import Job
from pricing.sales.core.files import ImportKind
from pricing.sales.models import SalesHistory, Transaction
from tests.factories import ImportBatchFactory
from tests.integration.admin_pages import page, run_action, said, signed_in

pytestmark = pytest.mark.django_db

SALES = (
    "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
    "1001,CUP,Cup,2,2025-03-01 12:00,4.00,17850,France\n"
    "1002,CUP,Cup,3,2025-03-02 12:00,4.00,17850,France\n"
    "1003,CUP,Cup,=1+1,2025-03-02 12:00,4.00,17850,France\n"
)
PRODUCTS = "code,name\nCUP,Cup\n"

Commits = Callable[..., AbstractContextManager[Any]]


@pytest.fixture
def commits(django_capture_on_commit_callbacks: Commits) -> Commits:
    """Within this block what is queued runs, as it would once the request's transaction has committed."""
    return lambda: django_capture_on_commit_callbacks(execute=True)


def ingest(content: str, kind: ImportKind = ImportKind.TRANSACTIONS) -> ImportBatch:
    return batch_create(io.BytesIO(content.encode()), kind=kind, file_name="march.csv")


@pytest.fixture
def imported(db: None, commits: Commits) -> ImportBatch:
    with commits():
        batch = ingest(SALES)
    batch.refresh_from_db()
    return batch


@pytest.fixture
def browser(analyst: User) -> Client:
    return signed_in(analyst)


# --- rejected rows -----------------------------------------------------------------------------------


def test_rejected_rows_are_downloaded_without_formulas(imported: ImportBatch, viewer: User) -> None:
    response = signed_in(viewer).get(reverse("admin:elastix_importbatch_rejects", args=[imported.pk]))
    assert response["Content-Type"].startswith("text/csv")
    assert f"rejects-{imported.pk}.csv" in response["Content-Disposition"]
    header, row = b"".join(response.streaming_content).decode("utf-8-sig").splitlines()
    assert header.startswith("line,reason,message,InvoiceNo,StockCode")
    assert row.startswith("4,")
    assert "'=1+1" in row


def test_rejected_rows_can_be_looked_through(imported: ImportBatch, viewer: User) -> None:
    looking = signed_in(viewer)
    listing = f"{page(ImportReject)}?batch__exact={imported.pk}"
    assert listing in looking.get(page(ImportBatch, "change", imported.pk)).content.decode()
    (reject,) = looking.get(listing).context["cl"].result_list
    assert reject.line == 4


def test_rejects_of_no_import_are_not_found(viewer: User) -> None:
    url = reverse("admin:elastix_importbatch_rejects", args=["00000000-0000-7000-8000-000000000000"])
    assert signed_in(viewer).get(url).status_code == 404


def test_rejected_rows_are_not_for_staff_without_a_role(imported: ImportBatch) -> None:
    stranger = signed_in(User.objects.create_user("stranger", is_staff=True))
    url = reverse("admin:elastix_importbatch_rejects", args=[imported.pk])
    assert stranger.get(url).status_code == 403
    assert stranger.post(url).status_code in (403, 405)


# --- reverting and importing again -----------------------------------------------------------------


def test_a_reverted_import_deletes_its_transactions_after_confirmation(
    imported: ImportBatch, browser: Client, commits: Commits
) -> None:
    asked = run_action(browser, "revert", imported)
    assert "march.csv" in asked.content.decode()
    assert Transaction.objects.exists()
    with commits():
        response = run_action(browser, "revert", imported, post="yes")
    assert "is being reverted" in said(response)
    imported.refresh_from_db()
    assert imported.status == ImportStatus.WITHDRAWN
    assert not Transaction.objects.exists()
    assert not SalesHistory.objects.exists()


def test_an_import_is_not_reverted_twice(imported: ImportBatch, browser: Client, commits: Commits) -> None:
    with commits():
        run_action(browser, "revert", imported, post="yes")
    response = run_action(browser, "revert", imported, post="yes")
    assert "Only a published import can be withdrawn" in said(response)


def test_an_import_of_products_cannot_be_reverted(browser: Client, commits: Commits) -> None:
    with commits():
        ingest(PRODUCTS, ImportKind.PRODUCTS)
    response = run_action(browser, "revert", ImportBatch.objects.get(), post="yes")
    assert "Only imports of transactions" in said(response)
    assert ImportBatch.objects.get().status == ImportStatus.PUBLISHED


@pytest.mark.parametrize("action", ["revert", "import_again"])
def test_a_viewer_neither_reverts_nor_imports_again(action: str, imported: ImportBatch, viewer: User) -> None:
    jobs = Job.objects.count()
    run_action(signed_in(viewer), action, imported, post="yes")
    assert Job.objects.count() == jobs
    assert ImportBatch.objects.get().status == ImportStatus.PUBLISHED


def test_importing_again_needs_the_upload_which_is_dropped_after_a_month(
    imported: ImportBatch, browser: Client
) -> None:
    ImportBatch.objects.update(created_at=timezone.now() - settings.UPLOADS_KEPT - dt.timedelta(days=1))
    imported.refresh_from_db()
    assert uploads_purge() > 0
    assert uploads_purge() == 0

    response = run_action(browser, "import_again", imported)

    assert "not kept any more" in said(response)
    assert ImportBatch.objects.get() == imported


def test_a_recent_upload_is_not_dropped(imported: ImportBatch) -> None:
    assert uploads_purge() == 0
    assert imported.chunks.exists()


def test_an_import_whose_upload_is_kept_is_imported_again_with_its_options(
    browser: Client, commits: Commits
) -> None:
    options = {"mapping": {"Country": ""}, "decimal_mark": "."}
    kept = ImportBatchFactory(
        kind=ImportKind.TRANSACTIONS,
        status=ImportStatus.CHECKED,
        dry_run=True,
        file_name="march.csv",
        sha256="0" * 64,
        options=options,
    )
    UploadChunk.objects.create(batch=kept, number=0, content=SALES[:40].encode())
    UploadChunk.objects.create(batch=kept, number=1, content=SALES[40:].encode())
    with commits():
        response = run_action(browser, "import_again", kept)
    anew = ImportBatch.objects.exclude(pk=kept.pk).get()
    assert (anew.status, anew.accepted, anew.dry_run, anew.options) == (
        ImportStatus.PUBLISHED,
        2,
        False,
        options,
    )
    assert page(ImportBatch, "change", anew.pk) in said(response)


def test_an_import_that_is_still_being_read_is_not_started_again(browser: Client) -> None:
    response = run_action(browser, "import_again", ingest(SALES))
    assert "still being read" in said(response)
    assert ImportBatch.objects.count() == 1
