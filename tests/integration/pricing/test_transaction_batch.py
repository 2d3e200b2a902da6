"""POST /transactions/batch: all of the lines or none; errors name the row."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from elastix.dataset.models import DataVersion
from pricing.sales.api.transactions import TransactionSerializer
from pricing.sales.models import Product, Transaction
from tests.integration.pricing.factories import cancellation, rollup, sale, stale

pytestmark = pytest.mark.django_db

PATH = "/transactions/batch"


def fields_refused(client: APIClient, body: Any) -> list[str]:
    answer = client.post(PATH, body)
    assert answer.status_code == 400, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    assert not Transaction.objects.exists()
    assert not Product.objects.exists()
    return [error["field"] for error in answer.json()["errors"]]


def test_all_lines_come_in_together(analyst_client: APIClient) -> None:
    lines = [sale(), sale(stock_code="MUG"), sale(invoice_date="2025-03-02T12:00:00Z", customer_id="17851")]
    answer = analyst_client.post(PATH, {"transactions": lines})
    assert answer.status_code == 201
    assert answer.json() == {"created": 3, "message": "3 transactions were created."}
    assert {day: figures[0] for day, figures in rollup().items()} == {
        ("CUP", "2025-03-01"): 10, ("CUP", "2025-03-02"): 10, ("MUG", "2025-03-01"): 10,
    }  # fmt: skip
    assert stale() == (["CUP", "MUG"], ["17850", "17851"])
    assert DataVersion.objects.get().sales_version == 1


def test_a_sale_and_its_cancellation_in_one_batch_undo_each_other(analyst_client: APIClient) -> None:
    assert analyst_client.post(PATH, {"transactions": [cancellation(), sale()]}).status_code == 201
    assert {figures[0] for figures in rollup().values()} == {0}


def test_one_bad_line_keeps_all_out_and_is_named(analyst_client: APIClient) -> None:
    lines = [sale(), sale(), sale(), sale(quantity=0)]
    assert fields_refused(analyst_client, {"transactions": lines}) == ["transactions[3].quantity"]


def test_every_bad_field_of_every_bad_line_is_named(analyst_client: APIClient) -> None:
    lines = [
        sale(unit_price="x", country="y" * 61),
        sale(),
        sale(stock_code="a\u200bb"),
        sale(unit_price=-1),
        "text",
    ]
    assert fields_refused(analyst_client, {"transactions": lines}) == [
        "transactions[0].unit_price",
        "transactions[0].country",
        "transactions[2].stock_code",
        "transactions[3].unit_price",
        "transactions[4]",
    ]


@pytest.mark.parametrize("body", [{}, {"transactions": []}, {"transactions": None}, {"transactions": "x"},
                                  {"transactions": {"0": {}}}, {"lines": []}])  # fmt: skip
def test_a_body_without_lines_is_refused(body: Any, analyst_client: APIClient) -> None:
    assert fields_refused(analyst_client, body)[0].startswith("transactions")


def test_more_than_ten_thousand_lines_are_a_file(analyst_client: APIClient) -> None:
    assert fields_refused(analyst_client, {"transactions": [{}] * 10_001}) == ["transactions"]


def test_the_work_does_not_grow_with_every_line(
    analyst_client: APIClient, django_assert_max_num_queries: Any
) -> None:
    lines = [sale(invoice_no=str(number)) for number in range(300)]
    with django_assert_max_num_queries(40):
        assert analyst_client.post(PATH, {"transactions": lines}).json()["created"] == 300


def test_of_many_bad_lines_the_first_thousand_are_named_and_the_others_not_looked_at(
    analyst_client: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_at = 0
    validate_quantity = TransactionSerializer.validate_quantity

    def counted(self: Any, value: Any) -> Any:
        nonlocal looked_at
        looked_at += 1
        return validate_quantity(self, value)

    monkeypatch.setattr(TransactionSerializer, "validate_quantity", counted)
    good, bad = sale(), sale(quantity=0)
    named = fields_refused(analyst_client, {"transactions": [good, *[bad] * 3_000]})
    assert named == [f"transactions[{line}].quantity" for line in range(1, 1_001)]
    assert looked_at == 1_001
