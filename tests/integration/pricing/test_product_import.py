"""POST /api/products/import: a file of products creates, updates and writes the ledger."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from rest_framework.test import APIClient

from pricing.sales.models import PriceChange, Product
from tests.shops import Commits

pytestmark = pytest.mark.django_db

HEADER = b"code,name,category,cost,current_price,stock_level,target_stock\n"
TWO = HEADER + b"cup,Cup,Cups,1.5,4.00,10,20\nMUG,Mug,Cups,2.25,6.50,,\n"

Send = Callable[..., dict[str, Any]]


@pytest.fixture
def send(analyst_client: APIClient, commits: Commits) -> Send:
    def upload(content: bytes, **fields: Any) -> dict[str, Any]:
        with commits():
            answer = analyst_client.post(
                "/api/products/import",
                {"file": SimpleUploadedFile("products.csv", content), **fields},
                "multipart",
            )
        assert answer.status_code == 202, answer.content
        body: dict[str, Any] = analyst_client.get(f"/transactions/imports/{answer.json()['id']}").json()
        assert body["accepted"] + body["rejected"] == body["rows"]
        return body | {"result": analyst_client.get(f"/api/jobs/{body['job']}").json()["result"]}

    return upload


def products() -> dict[str, tuple[Any, ...]]:
    fields = ("name", "category", "cost", "current_price", "stock_level", "target_stock")
    return {code: tuple(values) for code, *values in Product.objects.values_list("code", *fields)}


def test_new_products_are_created(send: Send) -> None:
    body = send(TWO)
    assert (body["kind"], body["status"], body["accepted"]) == ("products", "published", 2)
    assert (body["result"]["created"], body["result"]["updated"]) == (2, 0)
    assert products() == {
        "CUP": ("Cup", "Cups", Decimal("1.5"), Decimal("4.00"), 10, 20),
        "MUG": ("Mug", "Cups", Decimal("2.25"), Decimal("6.50"), None, None),
    }
    assert set(PriceChange.objects.values_list("applied_by", flat=True)) == {"analyst"}


def test_known_ones_are_updated_and_empty_cells_leave_what_is_there(send: Send) -> None:
    send(TWO)
    body = send(HEADER + b"CUP,,,,4.50,,\nNEW,,,,,,\n")
    assert (body["result"]["created"], body["result"]["updated"]) == (1, 1)
    assert products()["CUP"] == ("Cup", "Cups", Decimal("1.5"), Decimal("4.50"), 10, 20)
    assert products()["NEW"][0] == "NEW"
    changes = (
        PriceChange.objects.filter(product_id="CUP").order_by("id").values_list("old_price", "new_price")
    )
    assert list(changes) == [(None, Decimal("4.00")), (Decimal("4.00"), Decimal("4.50"))]


def test_the_same_prices_again_are_no_change(send: Send) -> None:
    send(TWO)
    send(TWO, again="true")
    assert PriceChange.objects.count() == 2


def test_of_two_lines_for_one_product_the_last_counts(send: Send) -> None:
    send(HEADER + b"CUP,First,,,4.00,,\nCUP,Second,,,5.00,,\n")
    assert products()["CUP"][0] == "Second"
    assert products()["CUP"][3] == Decimal("5.00")


@pytest.mark.parametrize(
    "row",
    [b"a\xe2\x80\x8bb,X,,,1,,", b",X,,,1,,", b"A,X,,-1,1,,", b"A,X,,1,0,,", b"A,X,,1,-1,,",
     b"A,X,,1,9.999,,", b"A,X,,1,1e99,,", b"A,X,,1,1,1.0005,", b"A,X,,1,1,,-1", b"A,X,,1,1,99999999,",
     b"A," + b"x" * 256 + b",,1,1,,", b"A,X," + b"x" * 101 + b",1,1,,", b"A,a\x00b,,1,1,,", b"A,X,,0.00001,1,,"],
)  # fmt: skip
def test_a_bad_row_is_refused_alone(row: bytes, send: Send) -> None:
    body = send(TWO + row + b"\n")
    assert (body["status"], body["accepted"], body["rejected"]) == ("published", 2, 1), body
    assert set(products()) == {"CUP", "MUG"}


def test_a_dry_run_keeps_nothing(send: Send) -> None:
    body = send(TWO, dry_run="true")
    assert (body["status"], body["accepted"]) == ("checked", 2)
    assert not Product.objects.exists()


def test_a_file_of_something_else_fails_with_a_sentence(send: Send) -> None:
    body = send(b"colour,size\nred,5\n")
    assert body["status"] == "failed"
    assert body["error"].endswith(".")


def test_the_same_file_twice_is_a_conflict(send: Send, analyst_client: APIClient) -> None:
    send(TWO)
    answer = analyst_client.post(
        "/api/products/import", {"file": SimpleUploadedFile("b.csv", TWO)}, "multipart"
    )
    assert answer.status_code == 409


def test_products_cannot_be_withdrawn(send: Send, analyst_client: APIClient) -> None:
    body = send(TWO)
    answer = analyst_client.delete(f"/transactions/imports/{body['id']}")
    assert answer.status_code == 409
    assert set(products()) == {"CUP", "MUG"}


def test_a_service_code_becomes_a_service(send: Send) -> None:
    send(HEADER + b"POST,Postage,,,,,\n")
    assert Product.objects.get().kind == "service"
