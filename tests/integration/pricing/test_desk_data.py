"""The data page: drop a file, see the check, answer its questions, import it without sending it again, revert it."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from elastix.dataset.models import DataVersion
from elastix.desk.tags import UNKNOWN
from elastix.imports.models import ImportBatch, ImportStatus, UploadChunk
from elastix.jobs.models import Job, JobState
from pricing.recommendation.services.categories import categories_refresh_if_outdated
from pricing.sales.models import Product, Transaction
from tests.conftest import user_with_role
from tests.factories import ImportBatchFactory, ProductFactory
from tests.shops import Commits

pytestmark = pytest.mark.django_db

SALES = (
    "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice\n"
    "1,CUP,Cup,2,2025-03-01 10:00,4.00\n"
    "2,MUG,Mug,x,2025-03-02 10:00,6.00\n"
)
COSTS = "code,name,cost\nCUP,Cup,1.50\n"
COMPETITORS = "product_code,competitor_name,price,recorded_at\nCUP,Corner,3.90,2025-03-01\n"


@pytest.fixture
def browser(client: Client, analyst: User) -> Client:
    client.force_login(analyst)
    return client


@pytest.fixture
def send(browser: Client, commits: Commits) -> Any:
    """Send a form as the browser would; return the import whose page it leads to."""

    def post(path: str, said: dict[str, Any]) -> ImportBatch:
        with commits():
            answer = browser.post(path, said)
        assert answer.status_code == 302, answer.content.decode()[-3000:]
        return ImportBatch.objects.get(pk=answer["Location"].rsplit("/", 1)[-1])

    return post


def uploaded(text: str, name: str = "file.csv") -> dict[str, Any]:
    return {"file": SimpleUploadedFile(name, text.encode())}


def page_of(browser: Client, batch: ImportBatch, end: str = "") -> str:
    answer = browser.get(f"/desk/data/{batch.pk}{end}")
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


# --- the check -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "kind"), [(SALES, "transactions"), (COSTS, "products"), (COMPETITORS, "competitor_prices")]
)
def test_a_file_says_itself_what_it_is(send: Any, text: str, kind: str) -> None:
    ProductFactory(code="CUP")
    batch = send("/desk/data", uploaded(text))
    assert (batch.kind, batch.status, batch.dry_run) == (kind, ImportStatus.CHECKED, True)


def test_the_check_counts_what_would_be_accepted_and_says_why_rows_are_not(
    send: Any, browser: Client
) -> None:
    batch = send("/desk/data", uploaded(SALES, "march.csv"))
    page = page_of(browser, batch)
    assert "march.csv" in page
    assert "Would be accepted</dt><dd>1</dd>" in page
    assert 'Refused</dt><dd>1 <a class="fw-normal" href="/transactions/imports/' in page
    assert re.search(r'>3</th><td class="desk-wide" data-label="Why">[^<]*Quantity', page)
    assert "Import 1 row<" in page
    assert not Transaction.objects.exists()


def test_the_refused_rows_can_be_downloaded(send: Any, browser: Client) -> None:
    batch = send("/desk/data", uploaded(SALES))
    link = re.search(r'href="(/transactions/imports/[^"]+)"', page_of(browser, batch))
    assert link
    rows = b"".join(browser.get(link[1]).streaming_content).decode()  # type: ignore[attr-defined]
    assert "MUG" in rows


def test_the_first_rows_stand_below_a_choice_for_each_column(send: Any, browser: Client) -> None:
    page = page_of(browser, send("/desk/data", uploaded(SALES)))
    assert '<option value="unit_price" selected>unit price</option>' in page
    assert page.count('<select class="form-select form-select-sm"') == 6
    assert "<td>2025-03-01 10:00</td>" in page


@pytest.mark.parametrize(
    ("first", "second", "order", "day"),
    [
        ("12/1/2010", "12/31/2010", "with the month first", "1 Dec 2010"),
        ("12/1/2010", "31/12/2010", "with the day first", "12 Jan 2010"),
        ("2010-12-01", "2010-12-31", "Each date says by itself which number is the day", "1 Dec 2010"),
    ],
)
def test_the_check_says_how_numbers_and_dates_are_read(
    send: Any, browser: Client, first: str, second: str, order: str, day: str
) -> None:
    text = (
        "InvoiceNo;StockCode;Description;Quantity;InvoiceDate;UnitPrice\n"
        f"1;CUP;Cup;2;{first} 10:00;1,234.50\n"
        f"2;MUG;Mug;x;{second} 10:00;6.00\n"
    )
    page = page_of(browser, send("/desk/data", uploaded(text)))
    assert order in page
    assert f"{first} 10:00</span> → {day}</td>" in page
    assert "1,234.50</span> → 1,234.5</td>" in page
    # The refused row says what could not be read.
    assert f'<span class="text-body-secondary">x</span> → {UNKNOWN}</td>' in page


def test_a_file_without_dates_says_nothing_of_their_order(send: Any, browser: Client) -> None:
    page = page_of(browser, send("/desk/data", uploaded(COSTS)))
    assert "1.50</span> → 1.5</td>" in page
    assert "which number is the day" not in page


@pytest.mark.parametrize("sent", [{}, {"file": SimpleUploadedFile("empty.csv", b"")}])
def test_no_file_and_an_empty_one_are_refused(browser: Client, sent: dict[str, Any]) -> None:
    answer = browser.post("/desk/data", sent)
    assert answer.status_code == 400
    assert 'role="alert"' in answer.content.decode()
    assert not ImportBatch.objects.exists()


def test_what_is_no_table_is_refused_with_the_reason(browser: Client) -> None:
    sent = {"file": SimpleUploadedFile("picture.csv", b"\x89PNG\r\n\x1a\n\0\0\0\0")}
    answer = browser.post("/desk/data", sent)
    assert answer.status_code == 400
    assert not ImportBatch.objects.exists()


# --- questions and answers ------------------------------------------------------------------------------


def test_a_column_that_nobody_knows_is_named_and_the_file_checked_again(send: Any, browser: Client) -> None:
    text = SALES.replace("Quantity", "Zahl der Dinge")
    batch = send("/desk/data", uploaded(text) | {"kind": "transactions"})
    assert batch.status == ImportStatus.FAILED
    page = page_of(browser, batch)
    assert "It cannot be read like this." in page
    assert "No column was found for quantity" in page
    answered = send(f"/desk/data/{batch.pk}", {"action": "check", "column-3": "quantity"})
    assert (answered.status, answered.accepted, answered.options["mapping"]) == (
        ImportStatus.CHECKED, 1, {"Zahl der Dinge": "quantity"},
    )  # fmt: skip


def test_answers_given_before_stay(send: Any) -> None:
    text = (
        SALES.replace("Quantity", "Zahl der Dinge")
        .replace("2025-03-01", "1/2/2025")
        .replace("2025-03-02", "1/3/2025")
    )
    batch = send("/desk/data", uploaded(text) | {"kind": "transactions"})
    batch = send(f"/desk/data/{batch.pk}", {"action": "check", "column-3": "quantity"})
    assert batch.status == ImportStatus.FAILED
    said = {"action": "check", "column-3": "quantity", "date_order": "day-first"}
    batch = send(f"/desk/data/{batch.pk}", said)
    assert (batch.status, batch.options) == (
        ImportStatus.CHECKED, {"mapping": {"Zahl der Dinge": "quantity"}, "date_order": "day-first"},
    )  # fmt: skip


def test_answers_add_up(send: Any) -> None:
    text = SALES.replace("Quantity", "Zahl der Dinge").replace("UnitPrice", "Was es kostete")
    batch = send("/desk/data", uploaded(text) | {"kind": "transactions"})
    batch = send(f"/desk/data/{batch.pk}", {"action": "check", "column-3": "quantity"})
    assert batch.status == ImportStatus.FAILED
    # The page shows what was said, and sends it along.
    said = {"action": "check", "column-3": "quantity", "column-5": "unit_price"}
    batch = send(f"/desk/data/{batch.pk}", said)
    assert (batch.status, batch.options["mapping"]) == (
        ImportStatus.CHECKED, {"Zahl der Dinge": "quantity", "Was es kostete": "unit_price"},
    )  # fmt: skip
    # Said otherwise: another column is the price now, and only that one.
    batch = send(
        f"/desk/data/{batch.pk}", {"action": "check", "column-3": "unit_price", "column-5": "quantity"}
    )
    assert batch.options["mapping"] == {"Zahl der Dinge": "unit_price", "Was es kostete": "quantity"}
    batch = send(f"/desk/data/{batch.pk}", {"action": "check", "column-0": "quantity"})
    assert batch.options["mapping"] == {"Zahl der Dinge": "unit_price", "InvoiceNo": "quantity"}


def test_what_was_said_of_the_same_columns_before_is_kept_beside_what_is_new(send: Any) -> None:
    text = SALES.replace("Quantity", "Zahl der Dinge").replace("Description", "Thing")
    batch = send("/desk/data", uploaded(text) | {"kind": "transactions"})
    send(f"/desk/data/{batch.pk}", {"action": "import", "column-3": "quantity"})
    remembered = send("/desk/data", uploaded(text + "3,CUP,Cup,1,2025-03-03 10:00,4.00\n"))
    assert (remembered.status, remembered.options) == (ImportStatus.CHECKED, {})
    assert send(f"/desk/data/{remembered.pk}", {"action": "check"}).options.get("mapping") is None
    batch = send(f"/desk/data/{remembered.pk}", {"action": "check", "column-2": "description"})
    assert batch.status == ImportStatus.CHECKED, batch.error
    assert batch.options["mapping"].items() >= {"Zahl der Dinge": "quantity", "Thing": "description"}.items()


def test_another_column_takes_the_place_of_the_one_that_was_found(send: Any) -> None:
    text = SALES.replace("UnitPrice", "UnitPrice,Paid").replace("4.00", "4.00,3.50").replace("6.00", "6.00,5")
    batch = send("/desk/data", uploaded(text))
    batch = send(f"/desk/data/{batch.pk}", {"action": "import", "column-6": "unit_price"})
    assert [float(sale.unit_price) for sale in Transaction.objects.all()] == [3.5]


def test_a_file_of_another_kind_than_it_looks_is_read_as_that(send: Any) -> None:
    batch = send("/desk/data", uploaded(COSTS) | {"kind": "transactions"})
    assert batch.status == ImportStatus.FAILED
    assert send(f"/desk/data/{batch.pk}", {"action": "check", "kind": "products"}).accepted == 1


@pytest.mark.parametrize("said", [{"kind": "nothing"}, {"decimal_mark": "x"}, {"encoding": "klingon"}])
def test_an_answer_that_is_none_is_refused(send: Any, browser: Client, said: dict[str, str]) -> None:
    batch = send("/desk/data", uploaded(SALES))
    answer = browser.post(f"/desk/data/{batch.pk}", {"action": "check"} | said)
    assert answer.status_code == 200
    assert "alert-danger" in answer.content.decode()
    assert ImportBatch.objects.count() == 1


# --- the import ------------------------------------------------------------------------------------------


def test_what_was_checked_is_imported_without_sending_it_again(send: Any, browser: Client) -> None:
    checked = send("/desk/data", uploaded(SALES))
    batch = send(f"/desk/data/{checked.pk}", {"action": "import"})
    assert (batch.status, batch.accepted, batch.dry_run) == (ImportStatus.PUBLISHED, 1, False)
    assert Transaction.objects.get().product_id == "CUP"
    categories_refresh_if_outdated()
    page = page_of(browser, batch)
    assert "Ready: 1 product, 0 with grade A or B." in page
    assert 'hx-get="/desk/data' not in page


def test_the_same_file_a_second_time_needs_to_be_wanted(send: Any, browser: Client) -> None:
    checked = send("/desk/data", uploaded(SALES))
    send(f"/desk/data/{checked.pk}", {"action": "import"})
    assert "tick “Import it even if the same file was imported before”" in page_of(browser, checked)
    other = send("/desk/data", uploaded(SALES + "3,CUP,Cup,1,2025-03-03 10:00,4.00\n"))
    assert "The same file was imported before" not in page_of(browser, other)
    again = browser.post(f"/desk/data/{checked.pk}", {"action": "import"}).content.decode()
    assert "The same file was imported before" in again
    assert "`force`" not in again
    assert Transaction.objects.count() == 1
    send(f"/desk/data/{checked.pk}", {"action": "import", "force": "1"})
    assert Transaction.objects.count() == 2


def test_costs_are_imported_and_the_page_is_ready(send: Any, browser: Client) -> None:
    ProductFactory(code="CUP")
    batch = send(f"/desk/data/{send('/desk/data', uploaded(COSTS)).pk}", {"action": "import"})
    assert float(Product.objects.get().cost or 0) == 1.5
    # The figures are there, the recommendations not: once a minute it is looked whether they have the newest costs.
    waiting = page_of(browser, batch)
    assert "The recommendations are being computed again" in waiting
    assert 'hx-trigger="every 1s"' in waiting
    assert "Ready" not in waiting
    categories_refresh_if_outdated()
    assert "Ready: 1 product" in page_of(browser, batch)


def test_a_code_without_its_zeros_can_be_accepted_for_another_product(send: Any, browser: Client) -> None:
    ProductFactory(code="00123")
    batch = send("/desk/data", uploaded("code,name,cost\n123,Other,1.50\n"))
    assert batch.reasons == {"look_alike_code": 1}
    assert 'value="look_alike_code"' in page_of(browser, batch)
    done = send(f"/desk/data/{batch.pk}", {"action": "import", "accept": "look_alike_code"})
    assert (done.status, done.accepted) == (ImportStatus.PUBLISHED, 1)
    assert Product.objects.filter(code="123").exists()


def test_an_upload_that_is_not_kept_any_more_is_asked_for(send: Any, browser: Client) -> None:
    batch = send("/desk/data", uploaded(SALES))
    UploadChunk.objects.all().delete()
    assert "send the file again" in page_of(browser, batch)
    answer = browser.post(f"/desk/data/{batch.pk}", {"action": "import"})
    assert "not kept any more" in answer.content.decode()


def test_a_file_that_is_being_read_is_not_read_a_second_time(send: Any, browser: Client) -> None:
    batch = send("/desk/data", uploaded(SALES))
    ImportBatch.objects.update(status=ImportStatus.READING)
    answer = browser.post(f"/desk/data/{batch.pk}", {"action": "import"})
    assert "still being read" in answer.content.decode()
    assert ImportBatch.objects.count() == 1


# --- how far it is ---------------------------------------------------------------------------------------


def test_the_page_asks_again_while_the_file_is_read(browser: Client) -> None:
    job = Job.objects.create(kind="import_transactions", state=JobState.RUNNING, progress=0.4)
    batch = ImportBatchFactory(status=ImportStatus.READING, job=job)
    page = page_of(browser, batch, "/status")
    assert f'hx-get="/desk/data/{batch.pk}/status" hx-trigger="every 1s"' in page
    assert 'value="0.400"' in page


def test_the_page_asks_again_while_the_figures_are_computed(browser: Client) -> None:
    Job.objects.create(kind="recompute", state=JobState.RUNNING, progress=0.5)
    page = page_of(browser, ImportBatchFactory(status=ImportStatus.PUBLISHED), "/status")
    assert "The figures are being computed." in page
    assert 'hx-get="/desk/data' in page


def test_figures_that_could_not_be_computed_say_why(browser: Client) -> None:
    batch = ImportBatchFactory(status=ImportStatus.PUBLISHED)
    Job.objects.create(kind="recompute", state=JobState.FAILED, error="Out of memory.")
    assert "Out of memory." in page_of(browser, batch)
    again = Job.objects.create(kind="recompute", state=JobState.RUNNING)
    assert "Out of memory." in page_of(browser, batch, "/status")
    Job.objects.filter(pk=again.pk).update(state=JobState.SUCCEEDED)
    assert "Out of memory." not in page_of(browser, batch)


def test_a_job_that_nobody_begins_says_that_no_worker_runs(browser: Client) -> None:
    job = Job.objects.create(kind="import_transactions")
    batch = ImportBatchFactory(status=ImportStatus.QUEUED, job=job)
    assert "No worker is running" not in page_of(browser, batch, "/status")
    Job.objects.update(created_at=timezone.now() - timezone.timedelta(seconds=31))
    assert "No worker is running" in page_of(browser, batch, "/status")


@pytest.mark.parametrize("status", [ImportStatus.CHECKED, ImportStatus.FAILED, ImportStatus.PUBLISHED])
def test_the_page_is_loaded_anew_once_there_is_nothing_to_wait_for(
    browser: Client, status: ImportStatus
) -> None:
    batch = ImportBatchFactory(status=status)
    assert browser.get(f"/desk/data/{batch.pk}/status")["HX-Refresh"] == "true"


def test_what_is_not_in_the_figures_yet_is_said(send: Any, browser: Client) -> None:
    batch = send(f"/desk/data/{send('/desk/data', uploaded(SALES)).pk}", {"action": "import"})
    categories_refresh_if_outdated()
    assert "follows within the hour" not in page_of(browser, batch)
    DataVersion.objects.update(sales_version=2)
    assert "follows within the hour" in page_of(browser, batch)


# --- history ---------------------------------------------------------------------------------------------


def test_the_history_has_imports_and_on_request_checks(send: Any, browser: Client) -> None:
    send(f"/desk/data/{send('/desk/data', uploaded(SALES)).pk}", {"action": "import"})
    rows = browser.get("/desk/data").content.decode()
    assert rows.count('<th scope="row"') == 1
    assert browser.get("/desk/data?checks=all").content.decode().count('<th scope="row"') == 2


def test_an_import_is_reverted_once(send: Any, browser: Client) -> None:
    batch = send(f"/desk/data/{send('/desk/data', uploaded(SALES)).pk}", {"action": "import"})
    assert "Revert this import" in page_of(browser, batch)
    send(f"/desk/data/{batch.pk}", {"action": "revert"})
    assert not Transaction.objects.exists()
    assert "Revert this import" not in page_of(browser, batch)
    again = browser.post(f"/desk/data/{batch.pk}", {"action": "revert"})
    assert "Only a published import can be withdrawn" in again.content.decode()


def test_a_viewer_sees_the_history_and_no_forms(client: Client, send: Any) -> None:
    batch = send("/desk/data", uploaded(SALES))
    client.force_login(user_with_role("viewer"))
    for address in ("/desk/data", f"/desk/data/{batch.pk}"):
        page = client.get(address).content.decode()
        assert 'type="file"' not in page
        assert 'name="action"' not in page


def test_pages_ask_a_fixed_number_of_queries(
    send: Any, browser: Client, django_assert_num_queries: Any
) -> None:
    checked = send("/desk/data", uploaded(SALES))
    for number in range(30):
        ImportBatchFactory(status=ImportStatus.PUBLISHED, file_name=f"{number}.csv")
    with django_assert_num_queries(7):
        browser.get("/desk/data")
    with django_assert_num_queries(11):
        browser.get(f"/desk/data/{checked.pk}")


def imported(send: Any, text: str) -> ImportBatch:
    batch: ImportBatch = send(f"/desk/data/{send('/desk/data', uploaded(text)).pk}", {"action": "import"})
    return batch


def test_what_was_reverted_is_imported_again_from_the_kept_upload(send: Any, browser: Client) -> None:
    batch = imported(send, SALES)
    send(f"/desk/data/{batch.pk}", {"action": "revert"})
    assert not Transaction.objects.exists()
    assert "Import again" in " ".join(browser.get("/desk/data").content.decode().split())
    again = send(f"/desk/data/{batch.pk}", {"action": "again"})
    assert again.pk != batch.pk
    assert again.status == ImportStatus.PUBLISHED
    assert Transaction.objects.count() == 1


def test_the_list_offers_to_revert_sales_alone(send: Any, browser: Client, viewer: User) -> None:
    imported(send, SALES)
    imported(send, COSTS)
    page = browser.get("/desk/data").content.decode()
    assert page.count('value="revert"') == 1
    browser.force_login(viewer)
    assert 'value="revert"' not in browser.get("/desk/data").content.decode()


def test_what_is_imported_is_not_imported_a_second_time(send: Any, browser: Client) -> None:
    batch = imported(send, SALES)
    answer = browser.post(f"/desk/data/{batch.pk}", {"action": "again"})
    assert answer.status_code == 200
    assert "alert-danger" in answer.content.decode()
    assert Transaction.objects.count() == 1
