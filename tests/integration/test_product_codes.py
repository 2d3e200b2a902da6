"""Codes with slashes, signs and letters of any script: read from a file, and reachable by every address of a product."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from django.contrib.admin.utils import quote as admin_quote
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import get_resolver
from rest_framework.test import APIClient

from pricing.sales.models import Product, ProductCost, Transaction
from tests.factories import CompetitorPriceFactory, PricedProductFactory, SalesHistoryFactory
from tests.integration.admin_pages import page, signed_in
from tests.shops import Commits

pytestmark = pytest.mark.django_db

FILE = Path(__file__).parents[1] / "data" / "files" / "codes_slash_umlaut.csv"
CODES = ("A/12-B", "KÄSE-1", "CRÈME BRÛLÉE", "咖啡", "50% OFF TEE", "A+B?X=1#3")
MORE_CODES = ("/A", "A//B", "A/", "A/DIAGNOSTICS", "LIST", "A.B", "A%2FB", "ÉTÉ \\ ÅÄÖ")
CONVERTER = "<product_code:code>"


def product_routes(patterns: Any = None, before: str = "/") -> Iterator[str]:
    """Every address of the API with a product code in it."""
    for each in get_resolver().url_patterns if patterns is None else patterns:
        address = f"{before}{each.pattern}"
        if hasattr(each, "url_patterns"):
            yield from product_routes(each.url_patterns, address)
        elif CONVERTER in address:
            yield address


PAGE = f"/desk/products/{CONVERTER}"
ROUTES = sorted({*product_routes()} - {PAGE})


def address(route: str, code: str) -> str:
    needed = "?new_price=13.50" if "profit-impact" in route else ""
    return route.replace(CONVERTER, quote(code, safe="")) + needed


def names_of(body: Any) -> set[Any]:
    return {body[key] for key in ("id", "product_id", "code") if key in body}


def test_the_routes_are_all_that_have_a_product_s_code() -> None:
    assert len(ROUTES) == 14
    assert PAGE in product_routes()
    assert not [route for route in product_routes() if "<str:" in route]


@pytest.mark.parametrize("code", [*CODES, *MORE_CODES])
def test_every_address_of_a_product_finds_it_by_its_code(code: str, viewer_client: APIClient) -> None:
    product = PricedProductFactory(code=code)
    for number in range(30):
        SalesHistoryFactory(product=product, price=2 + number % 3, quantity=10 + number % 5)
    CompetitorPriceFactory(product=product)
    ProductCost.objects.create(product=product, valid_from="2025-01-01", cost=2)
    for route in ROUTES:
        for written in (code, code.lower()):
            if written.lower().endswith(("/diagnostics", "list")) and written != code:
                continue  # in small letters these are addresses of their own
            answer = viewer_client.get(address(route, written))
            assert answer.status_code == 200, (route, written, answer.content)
            body = answer.json()
            assert names_of(body) == {code} or (route.endswith("/costs") and body["total"] == 1), (
                route,
                written,
            )


@pytest.mark.parametrize("code", [*CODES, *MORE_CODES])
def test_the_desk_has_a_page_for_every_code(code: str, viewer: User) -> None:
    PricedProductFactory(code=code, name="Some thing")
    for written in (code, code.lower()):
        answer = signed_in(viewer).get(address(PAGE, written))
        assert answer.status_code == 200, written
        assert "Some thing" in answer.content.decode()


def test_a_code_that_ends_like_an_address_is_recognised_by_its_capitals(
    viewer_client: APIClient,
) -> None:
    product = PricedProductFactory(code="A")
    for number in range(30):
        SalesHistoryFactory(product=product, price=2 + number % 3, quantity=10 + number % 5)
    PricedProductFactory(code="A/DIAGNOSTICS")
    path = "/api/analytics/elasticity/A%2F"
    assert viewer_client.get(f"{path}DIAGNOSTICS").json()["product_id"] == "A/DIAGNOSTICS"
    assert viewer_client.get(f"{path}diagnostics").json()["product_id"] == "A"


@pytest.mark.parametrize("code", CODES)
def test_a_product_is_changed_and_deleted_under_its_code(code: str, analyst_client: APIClient) -> None:
    made = analyst_client.post("/api/products", {"id": code, "name": "Thing"}, "json")
    assert (made.status_code, made.json()["id"]) == (201, code)
    again = analyst_client.post("/api/products", {"id": code, "name": "Thing"}, "json")
    url = f"/api/products/{quote(code, safe='')}"
    assert (again.status_code, f"PATCH to {url}." in again.json()["detail"]) == (409, True)
    assert analyst_client.patch(url, {"stock_level": 3}, "json").json()["stock_level"] == 3
    assert analyst_client.delete(url).status_code == 200
    assert not Product.objects.exists()


def test_a_file_with_such_codes_is_read_whole_and_found_again(
    analyst_client: APIClient, commits: Commits
) -> None:
    with commits():
        upload = SimpleUploadedFile(FILE.name, FILE.read_bytes())
        batch = analyst_client.post("/transactions/import", {"file": upload}, "multipart").json()
    found = analyst_client.get(f"/transactions/imports/{batch['id']}").json()
    assert (found["status"], found["accepted"], found["rejected"]) == ("published", 6, 0)
    assert set(Product.objects.values_list("code", flat=True)) == set(CODES)
    for code in CODES:
        rows = analyst_client.get("/transactions", {"stock_code": code.lower()}).json()["items"]
        assert [row["stock_code"] for row in rows] == [code]
        assert analyst_client.get(f"/api/products/{quote(code, safe='')}").status_code == 200
    listed = analyst_client.get("/api/products/list", {"ordering": "id"}).json()["products"]
    assert [row["id"] for row in listed] == sorted(CODES)  # by code point, on every database


@pytest.mark.parametrize(
    ("search", "found"),
    [("12-b", "A/12-B"), ("käse", "KÄSE-1"), ("啡", "咖啡"), ("50%", "50% OFF TEE"), ("b?x", "A+B?X=1#3")],
)
def test_such_codes_are_searched_for_in_any_case(search: str, found: str, viewer_client: APIClient) -> None:
    for code in CODES:
        PricedProductFactory(code=code, name="Thing")
    rows = viewer_client.get("/api/products/list", {"search": search}).json()["products"]
    assert [row["id"] for row in rows] == [found]


@pytest.mark.parametrize("code", [*CODES, *MORE_CODES])
def test_such_a_product_has_its_pages_in_the_admin(code: str, manager: User) -> None:
    PricedProductFactory(code=code, name="Thing")
    browser = signed_in(manager)
    listed = browser.get(page(Product)).content.decode()
    change = page(Product, "change", admin_quote(code))
    assert change in listed
    shown = browser.get(change)
    assert (shown.status_code, shown.context["original"].pk) == (200, code)
    assert browser.get(f"{page(Transaction)}?{quote('product__exact')}={quote(code)}").status_code == 200
