"""Every list of the API as a file: the same rows under the same filters, all of them, for those who may see them."""

import csv
import json
from typing import Any

import pytest
from django.urls import get_resolver
from rest_framework.test import APIClient

from elastix.api.renderers import ROWS_A_PIECE
from tests.factories import (
    AlertFactory,
    ElasticityEstimateFactory,
    PricePolicyFactory,
    ProductFactory,
    RepricingRuleFactory,
    TransactionFactory,
)
from tests.test_docs import routes

pytestmark = pytest.mark.django_db


def lists() -> list[str]:
    """The addresses of all lists without a parameter in them."""
    found = []
    for route, pattern in routes(get_resolver().url_patterns):
        view, actions = (
            getattr(pattern.callback, "cls", None),
            getattr(pattern.callback, "actions", None) or {},
        )
        operation = getattr(getattr(view, actions.get("get", ""), None), "operation", None)
        if operation and operation.lists and view.pagination_class and "{" not in route:
            found.append(route)
    return found


def read(client: APIClient, path: str, query: dict[str, Any] | None = None) -> list[dict[str, str]]:
    answer = client.get(path, {"format": "csv", **(query or {})})
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/csv; charset=utf-8")
    assert answer.streaming
    text = b"".join(answer.streaming_content).decode()
    return list(csv.DictReader(text.splitlines()))


def rows_of(body: dict[str, Any]) -> list[dict[str, Any]]:
    return next(value for value in body.values() if isinstance(value, list))


def test_there_are_the_lists_that_there_are() -> None:
    assert set(lists()) >= {
        "/elasticity", "/elasticity/segments", "/stock-items", "/segments/customers", "/segments/forecasts", "/transactions",
        "/transactions/imports", "/simulations", "/api/products/list", "/api/price/changes", "/api/price/policies",
        "/api/price/rules", "/api/market/prices", "/api/market/qualities", "/api/alerts",
    }  # fmt: skip


@pytest.mark.parametrize("path", lists())
def test_a_list_is_a_file_with_a_name_and_a_heading_of_its_fields(
    manager_client: APIClient, path: str
) -> None:
    answer = manager_client.get(path, {"format": "csv"})
    assert answer.status_code == 200
    assert answer["Content-Disposition"].startswith('attachment; filename="')
    heading = b"".join(answer.streaming_content).decode().splitlines()[0].split(",")
    schema = manager_client.get("/openapi.json").json()
    content = schema["paths"][path]["get"]["responses"]["200"]["content"]
    assert content["text/csv"] == {"schema": {"type": "string"}}
    assert len(heading) > 2
    assert len(set(heading)) == len(heading)


@pytest.mark.parametrize("path", lists())
def test_a_file_is_refused_as_the_list_is(anonymous: APIClient, manager_client: APIClient, path: str) -> None:
    assert anonymous.get(path, {"format": "csv"}).status_code == 401
    for query in ({"format": "xml"}, {"format": "csv", "colour": "red"}):
        answer = manager_client.get(path, query)
        assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")
    assert "csv" in manager_client.get(path, {"format": "xml"}).json()["detail"]


def test_what_is_no_list_is_no_file(viewer_client: APIClient) -> None:
    assert viewer_client.get("/health", {"format": "csv"}).status_code == 400


def test_a_file_has_all_rows_whatever_a_page_holds(viewer_client: APIClient) -> None:
    TransactionFactory.create_batch(ROWS_A_PIECE + 3)
    rows = read(viewer_client, "/transactions")
    assert len({row["id"] for row in rows}) == ROWS_A_PIECE + 3
    page = viewer_client.get("/transactions", {"page_size": 1000}).json()["items"]
    assert [row["id"] for row in rows] == [row["id"] for row in page]
    assert {name: str(value) for name, value in page[0].items()}.keys() == rows[0].keys()


def test_a_file_takes_the_filters_and_the_numbers_of_the_list(viewer_client: APIClient) -> None:
    for code in ("CUP", "MUG", "CUP", "CUP"):
        TransactionFactory(
            product=ProductFactory.create(code=code) if code == "MUG" else None, product_id=code
        )
    assert {row["stock_code"] for row in read(viewer_client, "/transactions", {"stock_code": "CUP"})} == {
        "CUP"
    }
    assert len(read(viewer_client, "/transactions", {"page_size": 2})) == 2
    alerts = AlertFactory.create_batch(5)
    found = read(viewer_client, "/api/alerts", {"limit": 2, "offset": 1})
    assert [int(row["id"]) for row in found] == [alerts[3].pk, alerts[2].pk]
    assert viewer_client.get("/api/alerts", {"format": "csv", "limit": 0}).status_code == 400


def test_all_elasticities_are_one_request(viewer_client: APIClient) -> None:
    for number in range(1_001):
        ElasticityEstimateFactory(
            product=ProductFactory(code=f"P{number:04}", name="=1+1" if number == 0 else "Cup"),
            elasticity=-1.5, flags=["FEW_DAYS", "NO_CATEGORY"],
        )  # fmt: skip
    rows = read(viewer_client, "/elasticity")
    assert [row["stock_code"] for row in rows] == [f"P{number:04}" for number in range(1_001)]
    assert rows[0]["description"] == "'=1+1"
    assert (rows[0]["elasticity"], rows[0]["flags"]) == ("-1.5", "FEW_DAYS NO_CATEGORY")
    tag = viewer_client.get("/elasticity", {"format": "csv"})["ETag"]
    again = viewer_client.get("/elasticity", {"format": "csv"}, headers={"If-None-Match": tag})
    assert again.status_code == 304


def test_words_of_a_list_share_a_cell_and_what_is_nested_is_json(viewer_client: APIClient) -> None:
    AlertFactory(data={"price": 4, "note": "-2"})
    # PostgreSQL keeps no order of the keys.
    assert json.loads(read(viewer_client, "/api/alerts")[0]["data"]) == {"price": 4, "note": "-2"}
    RepricingRuleFactory()
    assert read(viewer_client, "/api/price/rules")[0]["enabled"] in ("yes", "no")


def test_a_file_asks_as_many_queries_as_it_has_pieces(
    viewer_client: APIClient, django_assert_num_queries: Any
) -> None:
    [PricePolicyFactory(product=ProductFactory()) for _ in range(3)]
    queries = 4
    with django_assert_num_queries(queries):
        read(viewer_client, "/api/price/policies")
    [PricePolicyFactory(product=ProductFactory()) for _ in range(30)]
    with django_assert_num_queries(queries):
        read(viewer_client, "/api/price/policies")


def test_the_media_type_asks_for_the_file_too(viewer_client: APIClient) -> None:
    assert viewer_client.get("/api/alerts", headers={"Accept": "text/csv"})["Content-Type"].startswith(
        "text/csv"
    )
    assert viewer_client.get("/api/alerts")["Content-Type"] == "application/json"
