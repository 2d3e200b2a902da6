"""GET /segments/customers/{customer_id}: one customer, the segments so far and what was bought."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from segments.models import SegmentMove, SegmentRun
from tests.api_cases import DetailCases
from tests.factories import CustomerSegmentFactory
from tests.integration.segments import shop

pytestmark = pytest.mark.django_db


class TestCases(DetailCases):
    path = "/segments/customers"
    factory = CustomerSegmentFactory
    id_key = "customer_id"


def two_customers() -> None:
    shop.publish()
    shop.customer("A/1", "Champion", 9, "70", (5, 4, 3))
    shop.customer("12347", "Lost", 1, "20")
    for code in ("CUP", "MUG"):
        shop.product(code, f"A {code.lower()}")
    shop.product("POST", "Postage", kind="service")
    shop.invoice("CUP", 3, "1", 2, customer_id="A/1")
    shop.invoice("CUP", 9, "2", 3, customer_id="A/1")
    shop.invoice("CUP", 9, "C3", -1, customer_id="A/1")
    shop.invoice("CUP", 4, "4", 9, customer_id="A/1", voided=True)
    shop.invoice("MUG", 9, "2", 3, customer_id="A/1")
    shop.invoice("POST", 9, "2", 1, customer_id="A/1")
    shop.invoice("MUG", 9, "5", 50, customer_id="12347")


def test_what_was_bought_is_net_of_cancellations_and_without_services(viewer_client: APIClient) -> None:
    two_customers()
    answer = viewer_client.get("/segments/customers/A%2F1").json()
    assert answer["products_total"] == 2
    assert answer["products"] == [
        {
            "stock_code": "CUP",
            "name": "A cup",
            "quantity": 4,
            "revenue": 40.0,
            "invoices": 2,
            "last_purchase": "2011-01-09",
        },
        {
            "stock_code": "MUG",
            "name": "A mug",
            "quantity": 3,
            "revenue": 30.0,
            "invoices": 1,
            "last_purchase": "2011-01-09",
        },
    ]
    assert (answer["customer_id"], answer["recency"], answer["segment"]) == ("A/1", 2, "Champion")


def test_the_moves_are_listed_the_newest_first(viewer_client: APIClient) -> None:
    two_customers()
    for number, before, after, later in ((1, "", "Lost", True), (5, "Lost", "Champion", False)):
        made = SegmentRun.objects.create(
            as_of=shop.day(number), published_at=shop.PUBLISHED_AT, worked_out_later=later
        )
        SegmentMove.objects.create(run=made, customer_id="A/1", segment_before=before, segment=after)
        SegmentMove.objects.create(run=made, customer_id="12347", segment_before=after, segment=before)
    assert viewer_client.get("/segments/customers/A%2F1").json()["history"] == [
        {"as_of": "2011-01-05", "segment_before": "Lost", "segment": "Champion", "worked_out_later": False},
        {"as_of": "2011-01-01", "segment_before": "", "segment": "Lost", "worked_out_later": True},
    ]


def test_nobody_has_this_id(viewer_client: APIClient) -> None:
    two_customers()
    answer = viewer_client.get("/segments/customers/99999")
    assert answer.status_code == 404
    assert "99999" in answer.json()["detail"]


@pytest.mark.parametrize("count", [1, 30])
def test_it_asks_the_database_a_fixed_number_of_times(
    count: int, counted: APIClient, django_assert_num_queries: Any
) -> None:
    shop.publish()
    shop.customer("A", "Lost", 1, "1")
    for number in range(count):
        shop.product(f"P{number}", "Mug")
        shop.invoice(f"P{number}", 3, str(number), customer_id="A")
    with django_assert_num_queries(5):
        assert counted.get("/segments/customers/A").json()["products_total"] == count
