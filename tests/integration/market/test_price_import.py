"""Files of competitors' prices: through the API, the command and the admin."""

import datetime as dt
import io
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.urls import reverse
from openpyxl import Workbook
from rest_framework.test import APIClient

from market.models import Competitor, CompetitorPrice
from pricing.recommendation.selectors.competition import competitor_statistics
from tests.factories import ProductFactory
from tests.integration.admin_pages import signed_in
from tests.shops import Commits

pytestmark = pytest.mark.django_db

PATH = "/api/market/prices/import"
HEADER = b"product_code,competitor_name,price,recorded_at,source\n"
TWO = HEADER + b"cup,Corner shop,3.90,2025-03-01 12:00,window\nMUG,Market,6.50,2025-03-01,\n"

Send = Callable[..., dict[str, Any]]


@pytest.fixture(autouse=True)
def products(db: None) -> None:
    for code in ("CUP", "MUG"):
        ProductFactory(code=code)


@pytest.fixture
def send(analyst_client: APIClient, commits: Commits) -> Send:
    def upload(content: bytes, name: str = "prices.csv", **fields: Any) -> dict[str, Any]:
        with commits():
            answer = analyst_client.post(
                PATH, {"file": SimpleUploadedFile(name, content), **fields}, "multipart"
            )
        assert answer.status_code == 202, answer.content
        body: dict[str, Any] = analyst_client.get(f"/transactions/imports/{answer.json()['id']}").json()
        assert body["accepted"] + body["rejected"] == body["rows"]
        return body | {"result": analyst_client.get(f"/api/jobs/{body['job']}").json()["result"]}

    return upload


def rows() -> list[tuple[Any, ...]]:
    found = CompetitorPrice.objects.order_by("product_id", "competitor_name", "recorded_at")
    return [
        (code, name, price, f"{moment:%Y-%m-%d %H:%M}", source)
        for code, name, price, moment, source in found.values_list(
            "product_id", "competitor_name", "price", "recorded_at", "source"
        )
    ]


def test_a_file_comes_in(send: Send) -> None:
    body = send(TWO)
    assert (body["kind"], body["status"], body["accepted"]) == ("competitor_prices", "published", 2)
    assert (body["result"]["created"], body["result"]["updated"]) == (2, 0)
    assert body["published_at"] is not None
    assert rows() == [
        ("CUP", "Corner shop", Decimal("3.90"), "2025-03-01 12:00", "window"),
        ("MUG", "Market", Decimal("6.50"), "2025-03-01 00:00", ""),
    ]
    assert set(Competitor.objects.values_list("name", flat=True)) == {"Corner shop", "Market"}


def test_the_same_again_changes_nothing_and_a_correction_replaces(send: Send) -> None:
    send(TWO)
    body = send(TWO, again="true")
    assert (body["result"]["created"], body["result"]["updated"]) == (0, 2)
    send(HEADER + b"CUP,CORNER SHOP,3.80,2025-03-01 12:00,leaflet\nCUP,Corner shop,3.70,2025-03-02 12:00,\n")
    assert rows() == [
        ("CUP", "Corner shop", Decimal("3.80"), "2025-03-01 12:00", "leaflet"),
        ("CUP", "Corner shop", Decimal("3.70"), "2025-03-02 12:00", ""),
        ("MUG", "Market", Decimal("6.50"), "2025-03-01 00:00", ""),
    ]


def test_the_same_file_twice_is_a_conflict(send: Send, analyst_client: APIClient) -> None:
    send(TWO)
    answer = analyst_client.post(PATH, {"file": SimpleUploadedFile("b.csv", TWO)}, "multipart")
    assert answer.status_code == 409


def test_of_two_lines_for_one_sight_the_last_counts(send: Send) -> None:
    send(HEADER + b"CUP,A,3.90,2025-03-01,\ncup,a,3.95,2025-03-01,\n")
    assert [row[2] for row in rows()] == [Decimal("3.95")]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (b"NOTHING,A,1.00,2025-03-01,", "unknown_product"),
        (b"a\xe2\x80\x8bb,A,1.00,2025-03-01,", "invalid_code"),
        (b",A,1.00,2025-03-01,", "value_missing"),
        (b"CUP,,1.00,2025-03-01,", "value_missing"),
        (b"CUP,A,,2025-03-01,", "value_missing"),
        (b"CUP,A,1.00,,", "value_missing"),
        (b"CUP,A,0,2025-03-01,", "out_of_range"),
        (b"CUP,A,-1,2025-03-01,", "out_of_range"),
        (b"CUP,A,1.234,2025-03-01,", "too_many_decimals"),
        (b"CUP,A,free,2025-03-01,", "not_a_number"),
        (b"CUP,A,1.00,soon,", "not_a_date"),
        (b"CUP,A,1.00,2099-03-01,", "in_the_future"),
        (b"CUP," + b"x" * 256 + b",1.00,2025-03-01,", "too_long"),
        (b"CUP,A,1.00,2025-03-01," + b"x" * 101, "too_long"),
        (b"CUP,A,1.00", "too_few_columns"),
    ],
)
def test_a_bad_row_is_refused_alone_with_its_line_and_reason(
    row: bytes, reason: str, send: Send, analyst_client: APIClient
) -> None:
    body = send(TWO + row + b"\n")
    assert (body["status"], body["accepted"], body["rejected"]) == ("published", 2, 1), body
    assert body["reasons"] == {reason: 1}
    rejects: Any = analyst_client.get(f"/transactions/imports/{body['id']}/rejects.csv")
    line = b"".join(rejects.streaming_content).decode().splitlines()[1]
    assert line.startswith(f"4,{reason},")
    assert len(rows()) == 2


def test_a_dry_run_keeps_nothing(send: Send) -> None:
    body = send(TWO + b"NOTHING,A,1.00,2025-03-01,\n", dry_run="true")
    assert (body["status"], body["accepted"], body["rejected"]) == ("checked", 2, 1)
    assert rows() == [] and not Competitor.objects.exists()


def test_a_workbook_and_other_names_of_columns_are_understood(send: Send) -> None:
    book = Workbook()
    for row in (("SKU", "Competitor", "Competitor Price", "Date"), ("CUP", "A", 3.9, "2025-03-01")):
        book.active.append(row)
    file = io.BytesIO()
    book.save(file)
    assert send(file.getvalue(), "prices.xlsx")["accepted"] == 1
    send(b"Artikel;seller;price;recorded\nMUG;B;5,50;31.03.2025\n", mapping='{"Artikel": "product_code"}')
    assert [row[:3] for row in rows()] == [("CUP", "A", Decimal("3.90")), ("MUG", "B", Decimal("5.50"))]


def test_a_file_of_something_else_fails_with_a_sentence(send: Send) -> None:
    body = send(b"colour,size\nred,5\n")
    assert (body["status"], body["error"][-1]) == ("failed", ".")


def test_it_cannot_be_withdrawn(send: Send, analyst_client: APIClient) -> None:
    assert analyst_client.delete(f"/transactions/imports/{send(TWO)['id']}").status_code == 409
    assert len(rows()) == 2


# --- the command and the admin -------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_the_command_reads_a_file(tmp_path: Path) -> None:
    path = tmp_path / "prices.csv"
    path.write_bytes(TWO + b"NOTHING,A,1.00,2025-03-01,\n")
    out = io.StringIO()
    call_command("import_competitor_prices", str(path), stdout=out, stderr=io.StringIO())
    assert "3 rows: 2 accepted, 1 rejected." in out.getvalue()
    assert "line 4: There is no product NOTHING" in out.getvalue()
    assert len(rows()) == 2
    with pytest.raises(CommandError, match="--force"):
        call_command("import_competitor_prices", str(path), stdout=out, stderr=io.StringIO())


def test_the_admin_takes_files_in(analyst: User, viewer: User, commits: Commits) -> None:
    url = reverse("admin:market_competitorprice_import")
    with commits():
        signed_in(analyst).post(url, {"file": SimpleUploadedFile("prices.csv", TWO)})
    assert len(rows()) == 2
    assert signed_in(viewer).get(url).status_code == 403


def test_our_own_shop_is_no_competitor(send: Send, settings: Any) -> None:
    settings.OWN_SELLER_NAMES = ["The Mug  House"]
    body = send(TWO + b"CUP,the mug house,0.01,2025-03-01,\nCUP,Our shop,0.01,2025-03-01,\n")
    assert (body["accepted"], body["reasons"]) == (2, {"own_shop": 2})
    assert {name for _, name, *_ in rows()} == {"Corner shop", "Market"}


def test_prices_of_ours_that_were_read_before_the_name_was_known_never_count(
    send: Send, settings: Any
) -> None:
    send(TWO + b"CUP,The Mug House,3.50,2025-03-01 12:00,\n")
    assert competitor_statistics(["CUP"], as_of=dt.date(2025, 3, 2))["CUP"].lowest == Decimal("3.50")
    settings.OWN_SELLER_NAMES = ["the mug house"]
    found = competitor_statistics(["CUP"], as_of=dt.date(2025, 3, 2))["CUP"]
    assert (found.lowest, found.count) == (Decimal("3.90"), 1)
