"""Importing files of sales over the API: 202, polling, rejects, dry runs, withdrawal, the same file twice."""

import csv
import gzip
import io
import json
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models import F
from django.test import override_settings
from openpyxl import Workbook
from rest_framework.test import APIClient

from elastix.imports.models import ImportBatch
from elastix.jobs.models import Job, JobState
from elastix.jobs.runner import dispatch_on_commit
from pricing.elasticity.models import ElasticityEstimate
from pricing.sales.models import Product, StagedTransaction, Transaction
from pricing.sales.services import rollup as rollup_service
from pricing.sales.services.imports import TransactionsImport
from segments.models import CustomerSegment
from tests.api_cases import UUID_OF_NOTHING, DetailCases, ListCases, problem_of
from tests.factories import ImportBatchFactory
from tests.integration.pricing.factories import rollup, sale, whole_rollup
from tests.shops import HEADER, Commits, csv_bytes

pytestmark = pytest.mark.django_db

PATH = "/transactions/import"
GOOD = ("1001", "CUP", "Cup", "2", "2025-03-14 12:00", "4.00", "17850", "France")
MORE = ("1002", "MUG", "Mug", "3", "2025-03-15 12:00", "6.50", "", "France")
BAD_DATE = ("1003", "CUP", "Cup", "1", "2025-02-30 12:00", "4.00", "17850", "France")
BAD_PRICE = ("1004", "CUP", '=HYPERLINK("x")', "1", "2025-03-14 12:00", "-4.00 each", "17850", "France")
FILE = csv_bytes([GOOD, BAD_DATE, MORE, BAD_PRICE])

Upload = Callable[..., Any]


@pytest.fixture
def upload(analyst_client: APIClient, commits: Commits) -> Upload:
    """Send a file in and let its job run; return the answer."""

    def send(content: bytes = FILE, name: str = "march.csv", **fields: Any) -> Any:
        with commits():
            return analyst_client.post(
                PATH, {"file": SimpleUploadedFile(name, content), **fields}, "multipart"
            )

    return send


def status_of(client: APIClient, answer: Any) -> dict[str, Any]:
    assert answer.status_code == 202, answer.content
    found = client.get(f"/transactions/imports/{answer.json()['id']}")
    assert found.status_code == 200
    assert found["Cache-Control"] == "no-store"
    body: dict[str, Any] = found.json()
    assert body["accepted"] + body["rejected"] == body["rows"]
    assert sum(body["reasons"].values()) == body["rejected"]
    return body


# --- the way of a file --------------------------------------------------------------------------------


def test_a_file_is_accepted_for_work_and_can_be_polled(
    analyst_client: APIClient, viewer_client: APIClient
) -> None:
    answer = analyst_client.post(PATH, {"file": SimpleUploadedFile("march.csv", FILE)}, "multipart")
    assert answer.status_code == 202
    assert {"id", "status"} <= set(answer.json())
    assert answer.json()["status"] == "queued"
    body = status_of(viewer_client, answer)
    assert (body["status"], body["rows"], body["progress"]) == ("queued", 0, 0.0)
    job = viewer_client.get(f"/api/jobs/{answer.json()['job']}").json()
    assert (job["kind"], job["status"]) == ("import_transactions", "queued")
    assert not Transaction.objects.exists()


def test_good_rows_come_in_and_bad_ones_are_counted_by_reason(
    upload: Upload, viewer_client: APIClient
) -> None:
    body = status_of(viewer_client, upload())
    assert (body["status"], body["rows"], body["accepted"], body["rejected"]) == ("published", 4, 2, 2)
    assert body["reasons"]["not_a_number"] == 1
    assert body["progress"] == 1.0
    assert body["error"] == ""
    assert body["published_at"]
    assert {day: figures[0] for day, figures in rollup().items()} == {
        ("CUP", "2025-03-14"): 2, ("MUG", "2025-03-15"): 3,
    }  # fmt: skip
    assert viewer_client.get("/elasticity").json()["meta"]["available_countries"] == ["France"]


def test_a_sale_of_a_day_to_come_is_left_out(upload: Upload, viewer_client: APIClient) -> None:
    ahead = ("1005", "CUP", "Cup", "2", "2099-03-14 12:00", "4.00", "17850", "France")
    body = status_of(viewer_client, upload(csv_bytes([GOOD, ahead])))
    assert (body["accepted"], body["reasons"]) == (1, {"in_the_future": 1})


def test_nothing_is_left_on_the_stage(upload: Upload) -> None:
    upload()
    assert not StagedTransaction.objects.exists()


def test_the_rejects_can_be_downloaded_and_are_safe_to_open(upload: Upload, viewer_client: APIClient) -> None:
    path = f"/transactions/imports/{upload().json()['id']}/rejects.csv"
    for accept in ("text/csv", "*/*", "application/json", "text/html,*/*;q=0.8"):
        answer = viewer_client.get(path, headers={"Accept": accept})
        assert answer.status_code == 200
        assert answer["Content-Type"] == "text/csv; charset=utf-8"
        assert "attachment" in answer["Content-Disposition"]
        content = b"".join(answer.streaming_content).decode()
    rows = list(csv.DictReader(io.StringIO(content)))
    assert [row["line"] for row in rows] == ["3", "5"]
    assert [row["InvoiceNo"] for row in rows] == ["1003", "1004"]
    assert [row["UnitPrice"] for row in rows] == ["4.00", "'-4.00 each"]
    assert rows[1]["Description"].startswith("'=")
    assert all(row["reason"] and row["message"].endswith(".") for row in rows)


def test_the_corrected_rejects_come_in(upload: Upload, viewer_client: APIClient) -> None:
    first = upload().json()["id"]
    answer = viewer_client.get(f"/transactions/imports/{first}/rejects.csv")
    corrected = (
        b"".join(answer.streaming_content)
        .replace(b"2025-02-30", b"2025-02-28")
        .replace(b"'-4.00 each", b"4.00")
    )
    body = status_of(viewer_client, upload(corrected, "corrected.csv"))
    assert (body["accepted"], body["rejected"]) == (2, 0)


def test_a_file_without_a_good_row_is_published_empty(upload: Upload, viewer_client: APIClient) -> None:
    body = status_of(viewer_client, upload(csv_bytes([BAD_DATE])))
    assert (body["status"], body["rows"], body["rejected"]) == ("published", 1, 1)
    assert not Product.objects.exists()


def test_the_quality_report_says_what_estimation_leaves_out(
    shop: ImportBatch, viewer_client: APIClient
) -> None:
    quality = viewer_client.get(f"/transactions/imports/{shop.pk}").json()["quality"]
    assert quality["excluded_from_estimation"]["voided"] == 2
    assert quality["excluded_from_estimation"]["return"] == 1
    assert (quality["first_day"], quality["last_day"]) == ("2025-01-01", "2025-04-30")


def test_a_price_that_no_price_may_be_does_not_stop_the_recompute(
    upload: Upload, viewer_client: APIClient
) -> None:
    dear = ("1", "GEM", "Gem", "1", "2025-03-14 12:00", "99999999.9999", "1", "France")
    free = ("2", "GIFTS", "Free", "1", "2025-03-14 12:00", "0", "1", "France")
    status_of(viewer_client, upload(csv_bytes([dear, free])))
    assert set(Job.objects.values_list("state", flat=True)) == {JobState.SUCCEEDED}
    assert viewer_client.get("/api/products/GEM").json()["current_price"] == 99_999_999.99
    assert viewer_client.get("/api/products/GIFTS").json()["current_price"] is None


# --- layouts ------------------------------------------------------------------------------------------------


def workbook(rows: list[tuple[Any, ...]]) -> bytes:
    book, content = Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(row)
    book.save(content)
    return content.getvalue()


SECOND_LAYOUT = (
    "Invoice",
    "StockCode",
    "Description",
    "Quantity",
    "InvoiceDate",
    "Price",
    "Customer ID",
    "Country",
)
GERMAN = ("1001", "CUP", "Tasse", "2", "14.03.2025 12:00", "4,00", "17850", "France")
CAFE = ("1001", "CUP", "Café", "2", "3/14/2025 12:00", "4.00", "17850.0", "France")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("first.csv", csv_bytes([GOOD])),
        ("second.csv", csv_bytes([GOOD], SECOND_LAYOUT)),
        ("semicolons.csv", csv_bytes([GERMAN], delimiter=";")),
        ("tabs.tsv", csv_bytes([GOOD], delimiter="\t")),
        ("bom.csv", b"\xef\xbb\xbf" + csv_bytes([GOOD])),
        ("latin.csv", csv_bytes([CAFE]).decode().encode("latin-1")),
        ("utf16.csv", csv_bytes([CAFE]).decode().encode("utf-16")),
        ("packed.csv.gz", gzip.compress(csv_bytes([GOOD]))),
        ("book.xlsx", workbook([HEADER, GOOD])),
        ("numbers.xlsx", workbook([SECOND_LAYOUT, (1001, "CUP", "Cup", 2, "2025-03-14 12:00", 4.0, 17850.0, "France")])),
        ("wrong-name.txt", csv_bytes([GOOD])),
    ],
)  # fmt: skip
def test_the_layouts_of_such_files_are_recognised(
    name: str, content: bytes, upload: Upload, viewer_client: APIClient
) -> None:
    body = status_of(viewer_client, upload(content, name))
    assert (body["status"], body["accepted"], body["rejected"]) == ("published", 1, 0), body
    (line,) = viewer_client.get("/transactions").json()["items"]
    assert line | {"id": "", "description": ""} == {
        "id": "", "invoice_no": "1001", "stock_code": "CUP", "description": "", "quantity": 2,
        "invoice_date": "2025-03-14T12:00:00Z", "unit_price": 4.0, "customer_id": "17850", "country": "France",
        "channel": "",
    }  # fmt: skip
    assert "�" not in viewer_client.get("/transactions").content.decode()


def test_columns_can_be_named(upload: Upload, viewer_client: APIClient) -> None:
    header = ("Schein", "Ware", "Text", "Anz", "Wann", "Soviel", "Wer", "Wo")
    mapping = dict(zip(header, ("invoice_no", "stock_code", "description", "quantity", "invoice_date", "unit_price",
                                "customer_id", "country"), strict=True))  # fmt: skip
    refused = status_of(viewer_client, upload(csv_bytes([GOOD], header)))
    assert refused["status"] == "failed"
    body = status_of(viewer_client, upload(csv_bytes([GOOD], header), mapping=json.dumps(mapping)))
    assert (body["status"], body["accepted"]) == ("published", 1)


@pytest.mark.parametrize(("day_first", "day"), [("true", "2025-02-01"), ("false", "2025-01-02")])
def test_the_order_of_dates_can_be_said(
    day_first: str, day: str, upload: Upload, viewer_client: APIClient
) -> None:
    row = ("1001", "CUP", "Cup", "2", "01/02/2025 12:00", "4.00", "17850", "France")
    body = status_of(viewer_client, upload(csv_bytes([row]), day_first=day_first))
    assert body["status"] == "published"
    assert set(rollup()) == {("CUP", day)}


# --- files that cannot be read --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "content", "fields"),
    [
        ("empty.csv", b"\n", {}),
        ("header.csv", csv_bytes([], ("a", "b")), {}),
        ("picture.png", b"\x89PNG\r\n\x1a\n" + bytes(range(256)), {}),
        ("broken.xlsx", b"PK\x03\x04nonsense", {}),
        ("broken.csv.gz", gzip.compress(csv_bytes([GOOD]))[:-9], {}),
        ("no-price.csv", csv_bytes([GOOD[:5]], HEADER[:5]), {}),
        ("ambiguous.csv", csv_bytes([("1", "CUP", "Cup", "2", "01/02/2025", "4.00", "", "")]), {}),
        ("mapping.csv", csv_bytes([GOOD]), {"mapping": '{"NoSuchColumn": "country"}'}),
        ("mapping2.csv", csv_bytes([GOOD]), {"mapping": '{"Country": "no_such_field"}'}),
    ],
)
def test_a_file_that_cannot_be_read_fails_with_one_clear_sentence(
    name: str, content: bytes, fields: dict[str, str], upload: Upload, viewer_client: APIClient
) -> None:
    body = status_of(viewer_client, upload(content, name, **fields))
    assert body["status"] == "failed", body
    assert body["error"][0].isupper() or body["error"][0] in "'\""
    assert body["error"].rstrip().endswith((".", "?"))
    assert "Error" not in body["error"] and "Traceback" not in body["error"] and "\n" not in body["error"]
    assert not Transaction.objects.exists() and not StagedTransaction.objects.exists()
    assert viewer_client.get(f"/api/jobs/{body['job']}").json()["attempts"] == 1


def test_a_failed_file_may_be_sent_again(upload: Upload, viewer_client: APIClient) -> None:
    broken = csv_bytes([GOOD[:5]], HEADER[:5])
    for _ in range(2):
        assert status_of(viewer_client, upload(broken))["status"] == "failed"


def test_a_file_that_breaks_off_leaves_nothing_behind(upload: Upload, viewer_client: APIClient) -> None:
    rows = [(str(number), *GOOD[1:]) for number in range(60_000)]
    whole = gzip.compress(csv_bytes(rows))
    body = status_of(viewer_client, upload(whole[: len(whole) - 2000], "cut.csv.gz"))
    assert body["status"] == "failed"
    assert not Transaction.objects.exists() and not StagedTransaction.objects.exists()


# --- requests that cannot be ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"file": ""}, "file"),
        ({"file": "text"}, "file"),
        ({"file": SimpleUploadedFile("a.csv", b"")}, "file"),
        ({"mapping": "{"}, "mapping"),
        ({"mapping": "[]"}, "mapping"),
        ({"mapping": '{"a": 1}'}, "mapping"),
        ({"mapping": '{"a\\u0000": "b"}'}, "mapping"),
        ({"mapping": '{"a": "\\ud800"}'}, "mapping"),
        ({"encoding": "x" * 21}, "encoding"),
        ({"encoding": "klingon"}, "encoding"),
        ({"encoding": "base64"}, "encoding"),
        ({"encoding": "utf\x00"}, "encoding"),
        ({"day_first": "maybe"}, "day_first"),
        ({"dry_run": "maybe"}, "dry_run"),
        ({"again": "maybe"}, "again"),
        ({"force": "maybe"}, "force"),
    ],
)
def test_fields_that_cannot_be_are_named(
    fields: dict[str, Any], field: str, analyst_client: APIClient
) -> None:
    body = {"file": SimpleUploadedFile("a.csv", FILE)} | fields
    answer = analyst_client.post(PATH, body, "multipart")
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"].startswith(field)
    assert not ImportBatch.objects.exists()


def test_a_file_that_is_too_large_is_refused_at_once(analyst_client: APIClient) -> None:
    with override_settings(IMPORT_MAX_BYTES=100):
        answer = analyst_client.post(PATH, {"file": SimpleUploadedFile("a.csv", FILE)}, "multipart")
    assert answer.status_code == 400
    assert "larger than" in answer.json()["detail"]
    assert not ImportBatch.objects.exists()


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "C:\\secret\\a.csv", 'a"b.csv', "ä\u202e.csv", "a&#0;.csv"]
)
def test_a_file_s_name_is_only_a_name(name: str, upload: Upload, viewer_client: APIClient) -> None:
    kept = status_of(viewer_client, upload(FILE, name))["file_name"]
    assert "/" not in kept and "\\" not in kept and "\x00" not in kept


def test_odd_bytes_in_cells_are_no_error_of_ours(upload: Upload, viewer_client: APIClient) -> None:
    rows = [
        ("1", "CUP", "nul \x00 byte", "2", "2025-03-14 12:00", "4.00", "1", "France"),
        ("2", "CU\x00P", "Cup", "2", "2025-03-14 12:00", "4.00", "1", "France"),
        ("3", "CUP", "Cup", "2", "2025-03-14 12:00", "4.00", "1\x00", "\x07France"),
        ("4", "CUP", "Cup", "9" * 400, "2025-03-14 12:00", "1e999999", "1", "France"),
        ("5", "CUP", "x" * 100_000, "2", "2025-03-14 12:00", "NaN", "1", "France"),
        GOOD,
    ]
    body = status_of(viewer_client, upload(csv_bytes(rows)))
    assert (body["status"], body["rows"]) == ("published", 6)
    assert body["accepted"] >= 1
    answer = viewer_client.get(f"/transactions/imports/{body['id']}/rejects.csv")
    assert len(b"".join(answer.streaming_content).splitlines()) == body["rejected"] + 1


# --- twice, dry, forced, withdrawn --------------------------------------------------------------------------------


def test_the_same_file_twice_is_recognised_whatever_its_name(
    upload: Upload, viewer_client: APIClient
) -> None:
    upload()
    before = rollup()
    answer = upload(FILE, "another-name.csv")
    assert answer.status_code == 409
    assert answer["Content-Type"] == "application/problem+json"
    assert "'march.csv'" in answer.json()["detail"] and "`force`" in answer.json()["detail"]
    assert (rollup(), ImportBatch.objects.count()) == (before, 1)


@pytest.mark.parametrize("name", ["force", "again"])
def test_a_file_can_be_imported_a_second_time(name: str, upload: Upload, viewer_client: APIClient) -> None:
    upload()
    body = status_of(viewer_client, upload(FILE, **{name: "true"}))
    assert body["status"] == "published"
    assert rollup()[("CUP", "2025-03-14")][0] == 4


def test_a_dry_run_judges_and_keeps_nothing(upload: Upload, viewer_client: APIClient) -> None:
    body = status_of(viewer_client, upload(dry_run="true"))
    assert (body["status"], body["dry_run"], body["accepted"], body["rejected"]) == ("checked", True, 2, 2)
    assert not Transaction.objects.exists() and not Product.objects.exists() and not rollup()
    answer = viewer_client.get(f"/transactions/imports/{body['id']}/rejects.csv")
    assert len(b"".join(answer.streaming_content).splitlines()) == 3
    assert status_of(viewer_client, upload())["status"] == "published"


def test_withdrawing_restores_the_former_roll_up_exactly(
    shop: ImportBatch, upload: Upload, analyst_client: APIClient, viewer_client: APIClient, commits: Commits
) -> None:
    before = whole_rollup()
    estimates = list(
        ElasticityEstimate.objects.order_by("product", "method").values_list(
            "product", "method", "elasticity"
        )
    )
    customers = list(CustomerSegment.objects.order_by("pk").values())
    # The second line undoes a sale of the shop's first file: its day changes, too.
    sold = Transaction.objects.filter(product_id="CUP", voided=False, customer_id__isnull=False).order_by(
        "date"
    )[0]
    undo = ("C9", "CUP", "Cup", str(-sold.quantity), f"{sold.date} 23:59", "4.00", sold.customer_id, "France")
    batch = upload(
        csv_bytes([("9", "CUP", "Cup", "7", "2025-05-02 12:00", "4.00", "17850", "Spain"), undo, GOOD])
    ).json()
    assert whole_rollup() != before
    with commits():
        answer = analyst_client.delete(f"/transactions/imports/{batch['id']}")
    assert answer.status_code == 202
    assert viewer_client.get(f"/transactions/imports/{batch['id']}").json()["status"] == "withdrawn"
    assert whole_rollup() == before
    after = list(
        ElasticityEstimate.objects.order_by("product", "method").values_list(
            "product", "method", "elasticity"
        )
    )
    assert [row[:2] for row in after] == [row[:2] for row in estimates]
    assert [row[2] for row in after] == pytest.approx([row[2] for row in estimates], rel=1e-9)
    assert list(CustomerSegment.objects.order_by("pk").values()) == customers
    assert viewer_client.get("/elasticity").json()["meta"]["available_countries"] == [
        "France",
        "United Kingdom",
    ]


def test_a_job_that_an_earlier_version_left_reverts_its_import(
    upload: Upload, viewer_client: APIClient, commits: Commits
) -> None:
    batch = upload().json()["id"]
    with commits():
        job = Job.objects.create(kind="withdraw_transactions", parameters={"batch": batch})
        dispatch_on_commit(job.pk)
    job.refresh_from_db()
    assert (job.state, job.result) == (JobState.SUCCEEDED, {"import": batch, "deleted": 2})
    assert viewer_client.get(f"/transactions/imports/{batch}").json()["status"] == "withdrawn"


def test_a_withdrawn_import_cannot_be_withdrawn_again_but_its_file_may_return(
    upload: Upload, analyst_client: APIClient, viewer_client: APIClient, commits: Commits
) -> None:
    path = f"/transactions/imports/{upload().json()['id']}"
    with commits():
        analyst_client.delete(path)
    refused = analyst_client.delete(path)
    assert refused.status_code == 409
    assert refused.json()["detail"].endswith("this one is withdrawn.")
    assert status_of(viewer_client, upload())["status"] == "published"


def test_only_a_published_import_can_be_withdrawn(upload: Upload, analyst_client: APIClient) -> None:
    for answer in (upload(dry_run="true"), upload(b"nonsense", "nonsense.csv")):
        assert analyst_client.delete(f"/transactions/imports/{answer.json()['id']}").status_code == 409


def test_lines_that_were_edited_since_go_with_their_batch(
    upload: Upload, analyst_client: APIClient, commits: Commits
) -> None:
    batch = upload().json()["id"]
    analyst_client.post("/transactions", sale())
    line = Transaction.objects.filter(product_id="MUG").get()
    analyst_client.put(f"/transactions/{line.pk}", {"stock_code": "BOWL"})
    with commits():
        analyst_client.delete(f"/transactions/imports/{batch}")
    assert set(rollup()) == {("CUP", "2025-03-01")}


def test_a_publish_that_fails_shows_nothing_and_says_why(
    upload: Upload, viewer_client: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: Any) -> None:
        raise RuntimeError("disk full")

    monkeypatch.setattr(rollup_service, "apply_batch", broken)
    body = status_of(viewer_client, upload())
    assert body["status"] == "failed"
    assert "disk full" in body["error"]
    assert not Transaction.objects.exists() and not StagedTransaction.objects.exists()
    assert viewer_client.get(f"/api/jobs/{body['job']}").json()["attempts"] == 3


def test_a_file_that_another_worker_took_over_meanwhile_is_not_published(
    upload: Upload, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = TransactionsImport.stage

    def stage(self: TransactionsImport, chunk: Any) -> None:
        whole(self, chunk)
        Job.objects.update(token=F("token") + 1)

    monkeypatch.setattr(TransactionsImport, "stage", stage)
    upload()
    assert not Transaction.objects.exists()
    assert ImportBatch.objects.get().published_at is None


def test_a_changed_time_zone_stops_imports_with_a_clear_sentence(
    shop: ImportBatch, upload: Upload, viewer_client: APIClient, analyst_client: APIClient
) -> None:
    with override_settings(SHOP_TIME_ZONE=ZoneInfo("Asia/Tokyo")):
        refused = analyst_client.post("/transactions", sale())
        body = status_of(viewer_client, upload())
    assert refused.status_code == 503
    assert body["status"] == "failed"
    for sentence in (refused.json()["detail"], body["error"]):
        assert "manage.py recompute --full" in sentence
    assert Transaction.objects.count() == shop.accepted


# --- lists -----------------------------------------------------------------------------------------------------


def test_imports_are_listed_newest_first(upload: Upload, viewer_client: APIClient) -> None:
    first, second = upload().json()["id"], upload(csv_bytes([GOOD])).json()["id"]
    body = viewer_client.get("/transactions/imports").json()
    assert [item["id"] for item in body["items"]] == [second, first]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("status=published", ["good.csv"]),
        ("status=failed", ["bad.csv"]),
        ("status=checked&dry_run=true", ["tried.csv"]),
        ("dry_run=false", ["bad.csv", "good.csv"]),
        ("kind=transactions", ["tried.csv", "bad.csv", "good.csv"]),
        ("kind=products", []),
    ],
)
def test_imports_are_filtered(query: str, names: list[str], upload: Upload, viewer_client: APIClient) -> None:
    upload(csv_bytes([GOOD]), "good.csv")
    upload(b"\n", "bad.csv")
    upload(csv_bytes([GOOD]), "tried.csv", dry_run="true")
    answer = viewer_client.get(f"/transactions/imports?{query}").json()
    assert [item["file_name"] for item in answer["items"]] == names
    assert answer["total"] == len(names)


@pytest.mark.parametrize("query", ["status=done", "kind=people", "dry_run=perhaps", "state=failed"])
def test_filters_of_imports_that_cannot_be_are_refused(query: str, viewer_client: APIClient) -> None:
    answer = viewer_client.get(f"/transactions/imports?{query}")
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == query.partition("=")[0]


class TestImports(ListCases, DetailCases):
    path = "/transactions/imports"
    factory = ImportBatchFactory
    missing = (UUID_OF_NOTHING,)
    list_queries = 2


def test_an_import_that_is_not_there_cannot_be_withdrawn_and_has_no_rejects(
    analyst_client: APIClient,
) -> None:
    path = f"/transactions/imports/{UUID_OF_NOTHING}"
    problem_of(analyst_client.delete(path), 404)
    problem_of(analyst_client.get(f"{path}/rejects.csv"), 404)
