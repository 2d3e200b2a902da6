"""One error shape everywhere, and nothing that a client sends is our fault."""

import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import override_settings
from rest_framework.test import APIClient

from pricing.elasticity import api as elasticities

pytestmark = pytest.mark.django_db

PROBLEM = "application/problem+json"


def check(answer: Any, status: int) -> dict[str, Any]:
    """Return the body of an error answer, which has the one shape."""
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == PROBLEM
    body: dict[str, Any] = json.loads(answer.content)
    assert set(body) == {"type", "title", "status", "detail", "errors"}
    assert body["status"] == status
    assert body["title"]
    assert body["detail"]
    assert all(set(error) == {"field", "code", "message"} for error in body["errors"])
    return body


@pytest.mark.parametrize(
    "path",
    [
        "/nothing",
        "/elasticity/",
        "/elasticity/nothing",
        "/api",
        "/api/",
        "/transactions/7",
        "/%00",
        "/%ff",
        "/a%0Ab",
    ],
)
def test_unknown_addresses(path: str, anonymous: APIClient, admin_client: APIClient) -> None:
    for client in (anonymous, admin_client):
        assert "/docs" in check(client.get(path), 404)["detail"]
        check(client.post(path), 404)


def test_a_method_that_an_address_does_not_know(analyst_client: APIClient) -> None:
    answer = analyst_client.put("/elasticity", {})
    check(answer, 405)
    assert "GET" in answer["Allow"]


def test_a_body_of_another_kind(analyst_client: APIClient) -> None:
    for path in ("/transactions", "/transactions/batch", "/api/products", "/api/token"):
        check(analyst_client.generic("POST", path, "<a/>", content_type="application/xml"), 415)
    check(analyst_client.post("/transactions/import", {"file": "text"}, "json"), 415)


@pytest.mark.parametrize("accept", ["application/xml", "image/png", "nonsense"])
def test_an_answer_of_another_kind(accept: str, viewer_client: APIClient) -> None:
    check(viewer_client.get("/elasticity", headers={"Accept": accept}), 406)


def test_an_unknown_format_is_no_missing_page(viewer_client: APIClient) -> None:
    assert check(viewer_client.get("/elasticity", {"format": "xml"}), 400)["errors"][0]["field"] == "format"
    assert viewer_client.get("/elasticity", {"format": "json"}).status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        "",
        "{",
        "[1,",
        '{"quantity": NaN}',
        '{"quantity": Infinity}',
        '{"quantity": -Infinity}',
        '{"a": ' + "9" * 5000 + "}",
        "[" * 100_000,
        '{"a":' * 100_000,
        b"\xff\xfe",
        b'{"invoice_no": "\xed\xa0\x80"}',
        "null",
        "7",
        '"text"',
        "[]",
        "[[]]",
    ],
    ids=lambda body: repr(body[:24]),
)
def test_bodies_that_are_no_object(body: Any, analyst_client: APIClient) -> None:
    for method, path in (
        ("POST", "/transactions"),
        ("POST", "/transactions/batch"),
        ("POST", "/api/products"),
        ("POST", "/api/token"),
    ):
        check(analyst_client.generic(method, path, body, content_type="application/json"), 400)


def test_no_body_at_all(analyst_client: APIClient) -> None:
    check(analyst_client.post("/transactions"), 400)
    check(analyst_client.post("/transactions/import"), 400)


def test_a_broken_multipart_body(analyst_client: APIClient) -> None:
    answer = analyst_client.generic(
        "POST", "/transactions/import", b"--x\r\nnonsense", content_type="multipart/form-data"
    )
    check(answer, 400)
    answer = analyst_client.generic(
        "POST", "/transactions/import", b"nonsense", content_type="multipart/form-data; boundary=x"
    )
    check(answer, 400)


@pytest.mark.parametrize("host", ["evil.example", "a b", "localhost:port", ""])
@pytest.mark.parametrize("redirects", [False, True])
def test_a_host_that_is_not_ours(host: str, redirects: bool, anonymous: APIClient) -> None:
    with override_settings(ALLOWED_HOSTS=["localhost"], SECURE_SSL_REDIRECT=redirects):
        check(anonymous.get("/elasticity", HTTP_HOST=host), 400)
        check(anonymous.get("/nothing", HTTP_HOST=host, HTTP_ORIGIN="https://evil.example"), 400)


def test_a_bug_is_reported_without_its_details(
    viewer_client: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: Any, **kwargs: Any) -> Any:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(elasticities, "elasticity_rows", broken)
    viewer_client.raise_request_exception = False
    answer = viewer_client.get("/elasticity")
    check(answer, 500)
    assert "secret" not in answer.content.decode()
    assert answer["X-Request-ID"]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("colour=red", "colour"),
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("limit=-1", "limit"),
        ("limit=1.5", "limit"),
        ("limit=NaN", "limit"),
        ("limit=1e3", "limit"),
        ("limit=" + "9" * 5000, "limit"),
        ("offset=-1", "offset"),
        ("offset=Infinity", "offset"),
        ("offset=99999999999999999999", "offset"),
        ("start_date=2025-13-01", "start_date"),
        ("start_date=NaN", "start_date"),
        ("start_date=01/02/2025", "start_date"),
        ("end_date=2025-02-30", "end_date"),
        ("startDate=2025-02-02&endDate=2025-02-01", "end_date"),
        ("start_date=2025-02-02&startDate=2025-02-03", "startDate"),
        ("limit=1&limit=2", "limit"),
        ("country=a%00b", "country"),
        ("country=" + "x" * 61, "country"),
        ("method=magic", "method"),
        ("method=%00", "method"),
    ],
)
def test_parameters_that_cannot_be(query: str, field: str, viewer_client: APIClient) -> None:
    body = check(viewer_client.get(f"/elasticity?{query}"), 400)
    assert [error["field"] for error in body["errors"]] == [field]


@pytest.mark.parametrize("query", ["stock_codes=%00", "stock_codes=a%E2%80%8Bb"])
def test_codes_that_cannot_be(query: str, viewer_client: APIClient) -> None:
    body = check(viewer_client.get(f"/elasticity?{query}"), 400)
    assert body["errors"][0]["field"].startswith("stock_codes")


def test_all_wrong_fields_are_named_at_once(analyst_client: APIClient) -> None:
    sale = {
        "invoice_no": "",
        "stock_code": "a\u200bb",
        "quantity": 0,
        "invoice_date": "soon",
        "unit_price": "x",
    }
    body = check(analyst_client.post("/transactions", sale), 400)
    assert [error["field"] for error in body["errors"]] == list(sale)
    assert "(and 4 more)" in body["detail"]


def test_options_and_head_answer(viewer_client: APIClient) -> None:
    assert viewer_client.options("/elasticity").status_code == 200
    assert viewer_client.head("/elasticity").status_code == 200
    assert viewer_client.head("/elasticity").content == b""


def test_people_get_pages_and_the_admin_keeps_its_own(viewer_client: APIClient, anonymous: APIClient) -> None:
    answer = viewer_client.get("/elasticity", {"limit": 0}, headers={"Accept": "text/html"})
    assert (answer.status_code, answer["Content-Type"].split(";")[0]) == (400, "text/html")
    assert anonymous.get("/admin/nothing/").status_code == 302


@pytest.mark.parametrize(
    "path",
    ["/elasticity", "/transactions", "/transactions/batch", "/transactions/import", "/transactions/imports",
     "/api/products", "/api/products/list", "/api/products/import", "/api/token", "/health", "/api/jobs/1"],
)  # fmt: skip
def test_every_address_can_be_browsed(path: str, admin_client: APIClient) -> None:
    answer = admin_client.get(path, headers={"Accept": "text/html"})
    assert answer.status_code in (200, 404, 405)
    assert answer["Content-Type"].startswith("text/html")


@pytest.mark.parametrize("name", ["demand_model", "strategy", "unheard_of"])
def test_half_of_a_surrogate_pair_is_refused_wherever_it_stands(analyst_client: APIClient, name: str) -> None:
    answer = analyst_client.post(
        "/api/price/simulate", f'{{"{name}": "\\ud800"}}', content_type="application/json"
    )
    assert answer.status_code == 400
    assert answer.json()["errors"] == [
        {"field": name, "code": "invalid", "message": "A text holds half of a surrogate pair."}
    ]


def test_half_of_a_pair_is_named_where_it_lies_deep(analyst_client: APIClient) -> None:
    body = '{"changes": [{"product_id": "CUP"}, {"reason": "\\ud800"}]}'
    answer = analyst_client.post("/api/price/changes", body, content_type="application/json")
    assert [error["field"] for error in answer.json()["errors"]] == ["changes[1].reason"]
    answer = analyst_client.post("/api/price/changes", '{"\\udc00": 1}', content_type="application/json")
    assert [error["field"] for error in answer.json()["errors"]] == [""]


def test_a_whole_pair_is_a_character(analyst_client: APIClient) -> None:
    body = '{"name": "\\ud83d\\ude00", "price": 1}'
    answer = analyst_client.post("/api/price/simulate", body, content_type="application/json")
    assert "surrogate" not in answer.json()["detail"]


@pytest.mark.parametrize(
    "path", ["/transactions/import", "/api/products/import", "/api/market/prices/import"]
)
def test_a_mapping_nested_too_deeply_is_refused(analyst_client: APIClient, path: str) -> None:
    upload = SimpleUploadedFile("sales.csv", b"a,b\n1,2\n")
    answer = analyst_client.post(path, {"file": upload, "mapping": "[" * 100_000}, format="multipart")
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "mapping"


def test_a_query_that_is_no_utf8_is_refused(viewer_client: APIClient) -> None:
    answer = viewer_client.get("/elasticity?stock_codes=%ED%A0%80")
    assert answer.status_code == 400
    assert "UTF-8" in answer.json()["detail"]
