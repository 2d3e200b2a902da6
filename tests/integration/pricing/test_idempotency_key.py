"""A write that is sent twice with one Idempotency-Key has one effect; the second is answered what the first was."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models import QuerySet
from django.utils import timezone
from rest_framework.test import APIClient

from elastix.api.models import KeptAnswer
from elastix.imports.models import ImportBatch
from pricing.changes.services import price_changes
from pricing.sales.models import PriceChange, Product
from pricing.sales.services.products import product_create
from tests.conftest import client_of, user_with_role

pytestmark = pytest.mark.django_db

NEW = {"id": "ONE", "name": "One"}
PROPOSAL = {"product_id": "CUP", "new_price": 4.49, "reason": "Costs rose"}


@pytest.fixture(autouse=True)
def cup() -> Product:
    return product_create(
        code="CUP", by="somebody", name="Cup", current_price=Decimal("4.00"), cost=Decimal("2.00")
    )


def proposals() -> QuerySet[PriceChange]:
    """Without the price that the product began with."""
    return PriceChange.objects.exclude(old_price=None)


def propose(client: APIClient, key: str, **body: Any) -> Any:
    return client.post("/api/price/changes", PROPOSAL | body, headers={"Idempotency-Key": key})


def test_the_same_request_again_gets_the_first_answer(analyst_client: APIClient) -> None:
    first, again = propose(analyst_client, "k1"), propose(analyst_client, "k1")
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert (first.get("Idempotent-Replayed"), again.get("Idempotent-Replayed")) == (None, "true")
    assert proposals().count() == 1


def test_without_a_key_each_request_stands_for_itself(analyst_client: APIClient) -> None:
    for _ in range(2):
        analyst_client.post("/api/price/changes", PROPOSAL)
    assert not KeptAnswer.objects.exists()


def test_another_body_under_the_same_key_is_refused(analyst_client: APIClient) -> None:
    propose(analyst_client, "k1")
    other = propose(analyst_client, "k1", new_price=4.99)
    assert other.status_code == 422
    assert "another request" in other.json()["detail"]
    assert proposals().get().new_price == Decimal("4.49")


def test_another_address_under_the_same_key_is_refused(manager_client: APIClient) -> None:
    change = price_changes.propose([("CUP", Decimal("4.49"))], by="analyst", reason="Costs rose")[0].pk
    headers = {"Idempotency-Key": "step"}
    approved = manager_client.post(f"/api/price/changes/{change}/approve", {}, headers=headers)
    assert approved.status_code == 200
    assert manager_client.post(f"/api/price/changes/{change}/apply", {}, headers=headers).status_code == 422
    assert proposals().get().status == "approved"


def test_a_step_that_was_taken_is_not_refused_the_second_time(manager_client: APIClient) -> None:
    change = price_changes.propose([("CUP", Decimal("4.49"))], by="analyst", reason="Costs rose")[0].pk
    path, headers = f"/api/price/changes/{change}/approve", {"Idempotency-Key": "approve"}
    assert manager_client.post(path, {}, headers=headers).status_code == 200
    assert manager_client.post(path, {}, headers=headers).status_code == 200
    assert manager_client.post(path, {}).status_code == 409


def test_a_refused_request_keeps_nothing_and_may_be_corrected(analyst_client: APIClient) -> None:
    assert propose(analyst_client, "k1", new_price=-1).status_code == 400
    assert not KeptAnswer.objects.exists()
    assert propose(analyst_client, "k1").status_code == 201


def test_keys_are_each_users_own(analyst_client: APIClient, db: None) -> None:
    other = client_of(user_with_role("manager"))
    headers = {"Idempotency-Key": "k1"}
    answers = [client.post("/api/products", NEW | {"id": code}, headers=headers)
               for client, code in ((analyst_client, "ONE"), (other, "TWO"))]  # fmt: skip
    assert [answer.status_code for answer in answers] == [201, 201]


def test_after_a_day_the_key_is_new(analyst_client: APIClient) -> None:
    body, headers = NEW, {"Idempotency-Key": "k1"}
    assert analyst_client.post("/api/products", body, headers=headers).status_code == 201
    KeptAnswer.objects.update(created_at=timezone.now() - dt.timedelta(hours=24, minutes=1))
    # The product is there by now: the request is looked at again.
    assert analyst_client.post("/api/products", body, headers=headers).status_code in (400, 409)


def test_a_file_is_recognised_by_its_content(analyst_client: APIClient) -> None:
    def send(content: bytes) -> Any:
        upload = SimpleUploadedFile("sales.csv", content)
        return analyst_client.post(
            "/transactions/import", {"file": upload}, format="multipart", headers={"Idempotency-Key": "file"}
        )

    header = b"InvoiceNo,StockCode,Quantity,InvoiceDate,UnitPrice\n"
    first = send(header + b"1,CUP,2,2024-01-02,4.00\n")
    assert first.status_code == 202
    assert send(header + b"1,CUP,2,2024-01-02,4.00\n").json()["id"] == first.json()["id"]
    assert send(header + b"1,CUP,3,2024-01-02,4.00\n").status_code == 422
    assert ImportBatch.objects.count() == 1


@pytest.mark.parametrize("key", ["", "two words", "k" * 256, "schlüssel"])
def test_a_key_that_cannot_be_is_refused(key: str, analyst_client: APIClient) -> None:
    answer = propose(analyst_client, key.encode().decode("latin-1"))
    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == ["Idempotency-Key"]


def test_what_only_computes_keeps_nothing(viewer_client: APIClient) -> None:
    body = {"stock_code": "CUP", "price_change_percent": 5}
    viewer_client.post("/simulate", body, headers={"Idempotency-Key": "k1"})
    assert not KeptAnswer.objects.exists()


def test_a_token_is_never_kept(analyst: User, anonymous: APIClient) -> None:
    analyst.set_password("correct horse battery")
    analyst.save()
    body = {"username": analyst.username, "password": "correct horse battery"}
    answer = anonymous.post("/api/token", body, headers={"Idempotency-Key": "k1"})
    assert answer.status_code == 200
    assert not KeptAnswer.objects.exists()
