"""Prices set by hand, by form, API or file: the checks of a proposal, who set them, and what they went against."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from rest_framework.test import APIClient

from elastix.imports.models import ImportReject
from pricing.sales.models import PriceChange, Product
from pricing.sales.services.products import product_create
from tests.factories import PricePolicyFactory
from tests.integration.admin_pages import errors_of, page, said, signed_in
from tests.shops import Commits

pytestmark = pytest.mark.django_db

CUP = "/api/products/CUP"
BELOW_COST = "CUP: 0.05 is below the cost of 1.50"
HEADER = "code,name,category,cost,current_price,price reason\n"


@pytest.fixture(autouse=True)
def cup(db: None) -> Product:
    return product_create(
        code="CUP", by="somebody", name="Cup", category="Cups", current_price=Decimal("4.00"),
        cost=Decimal("1.50"),
    )  # fmt: skip


def newest() -> tuple[Any, ...]:
    """The newest line of the ledger: product, new price, who, why; and how many lines there are."""
    change = PriceChange.objects.latest("pk")
    return (
        change.product_id,
        str(change.new_price),
        change.applied_by,
        change.reason,
        PriceChange.objects.count(),
    )


UNTOUCHED = ("CUP", "4.00", "somebody", "Set by hand", 1)


def test_an_analyst_sets_no_price_below_the_cost(analyst_client: APIClient) -> None:
    for send in (analyst_client.patch, analyst_client.put):
        answer = send(CUP, {"name": "Cup", "current_price": "0.05", "reason": "Clearance"})
        assert answer.status_code == 403
        assert answer.json()["detail"] == f"{BELOW_COST}; a manager may set it, and has to say why."
    assert newest() == UNTOUCHED
    assert Product.objects.get(pk="CUP").current_price == Decimal("4.00")


def test_an_analyst_s_price_within_the_limits_is_in_effect_and_says_who_and_why(
    analyst_client: APIClient,
) -> None:
    assert analyst_client.patch(CUP, {"current_price": "3.50", "reason": "Rival fell"}).status_code == 200
    assert newest() == ("CUP", "3.50", "analyst", "Rival fell", 2)
    assert analyst_client.patch(CUP, {"current_price": "3.60"}).status_code == 200
    assert newest() == ("CUP", "3.60", "analyst", "Set by hand", 3)


def test_a_manager_needs_a_reason_below_the_cost(manager_client: APIClient) -> None:
    answer = manager_client.patch(CUP, {"current_price": "0.05"})
    assert answer.status_code == 400
    assert answer.json()["errors"] == [
        {"field": "reason", "code": "reason_needed", "message": f"{BELOW_COST}; say why."}
    ]
    assert newest() == UNTOUCHED
    assert manager_client.patch(CUP, {"current_price": "0.05", "reason": "Clearance"}).status_code == 200
    assert newest() == ("CUP", "0.05", "manager", "Clearance", 2)
    # It stands now, and is not set again.
    assert manager_client.patch(CUP, {"name": "Cup!", "current_price": "0.05"}).status_code == 200


def test_hard_limits_of_the_policy_count_as_the_cost_does(analyst_client: APIClient) -> None:
    PricePolicyFactory(min_price=Decimal("3.00"), max_price=Decimal("5.00"))
    for price, limit in (
        ("2.99", "below the minimum price of 3.00"),
        ("5.01", "above the maximum price of 5.00"),
    ):
        answer = analyst_client.patch(CUP, {"current_price": price})
        assert (answer.status_code, limit in answer.json()["detail"]) == (403, True)
    assert analyst_client.patch(CUP, {"current_price": "3.00"}).status_code == 200


def test_a_cost_sent_along_is_the_one_that_counts(analyst_client: APIClient) -> None:
    assert analyst_client.patch(CUP, {"current_price": "3.00", "cost": "3.01"}).status_code == 403
    assert Product.objects.get(pk="CUP").cost == Decimal("1.50")
    assert analyst_client.patch(CUP, {"current_price": "1.40", "cost": "1.20"}).status_code == 200


def test_a_new_product_below_its_cost_is_not_made(
    analyst_client: APIClient, manager_client: APIClient
) -> None:
    body = {"id": "JUG", "name": "Jug", "cost": "2.00", "current_price": "1.00"}
    assert analyst_client.post("/api/products", body).status_code == 403
    assert manager_client.post("/api/products", body).status_code == 400
    assert not Product.objects.filter(pk="JUG").exists()
    assert manager_client.post("/api/products", body | {"reason": "A lure"}).status_code == 201
    assert newest() == ("JUG", "1.00", "manager", "A lure", 2)


# --- the admin ------------------------------------------------------------------------------------------


def form(**changes: Any) -> dict[str, Any]:
    filled = {
        "name": "Cup",
        "category": "Cups",
        "current_price": "0.05",
        "cost": "1.50",
        "kind": "merchandise",
    }
    return filled | {"stock_level": "", "target_stock": "", "is_active": "on", "reason": ""} | changes


def test_the_admin_refuses_the_same_and_keeps_the_form(analyst: User, manager: User) -> None:
    url = page(Product, "change", "CUP")
    assert f"{BELOW_COST}; a manager may set it" in errors_of(
        signed_in(analyst).post(url, form(reason="Sale"))
    )
    assert f"{BELOW_COST}; say why." in errors_of(signed_in(manager).post(url, form()))
    assert newest() == UNTOUCHED
    assert "was changed successfully" in said(signed_in(manager).post(url, form(reason=" Clear\x01ance ")))
    assert newest() == ("CUP", "0.05", "manager", "Clear ance", 2)


# --- files ----------------------------------------------------------------------------------------------

Send = Callable[..., tuple[int, list[tuple[int, str, str]]]]


@pytest.fixture
def send(commits: Commits) -> Send:
    def upload(client: APIClient, rows: str, **fields: Any) -> tuple[int, list[tuple[int, str, str]]]:
        file = SimpleUploadedFile("products.csv", (HEADER + rows).encode())
        with commits():
            answer = client.post("/api/products/import", {"file": file, **fields}, "multipart")
        assert answer.status_code == 202, answer.content
        found = ImportReject.objects.filter(batch=answer.json()["id"]).order_by("line")
        body = client.get(f"/transactions/imports/{answer.json()['id']}").json()
        return body["accepted"], list(found.values_list("line", "reason", "message"))

    return upload


ROWS = "CUP,,,,0.05,Clearance\nMUG,Mug,Cups,2.00,1.00,\nJUG,Jug,Cups,2.00,3.00,\n"


@pytest.mark.parametrize("dry_run", [True, False])
def test_lines_that_an_analyst_may_not_set_are_rejects_with_the_reason(
    dry_run: bool, send: Send, analyst_client: APIClient
) -> None:
    remedy = "a manager may set it, and has to say why."
    assert send(analyst_client, ROWS, dry_run=dry_run) == (
        1,
        [
            (2, "price_not_allowed", f"{BELOW_COST}; {remedy}"),
            (3, "price_not_allowed", f"MUG: 1.00 is below the cost of 2.00; {remedy}"),
        ],
    )
    assert Product.objects.get(pk="CUP").current_price == Decimal("4.00")
    assert list(Product.objects.order_by("pk").values_list("pk", flat=True)) == (
        ["CUP"] if dry_run else ["CUP", "JUG"]
    )


def test_a_manager_s_file_says_why_line_by_line(send: Send, manager_client: APIClient) -> None:
    accepted, rejects = send(manager_client, ROWS)
    assert (accepted, rejects) == (
        2,
        [(3, "price_not_allowed", "MUG: 1.00 is below the cost of 2.00; say why.")],
    )
    lines = PriceChange.objects.exclude(applied_by="somebody").order_by("product_id")
    assert list(lines.values_list("product_id", "applied_by", "reason")) == [
        ("CUP", "manager", "Clearance"),
        ("JUG", "manager", "Set by hand"),
    ]


def test_a_price_that_stands_already_is_not_set_anew_by_a_file(send: Send, analyst_client: APIClient) -> None:
    Product.objects.filter(pk="CUP").update(cost=Decimal("9.00"))
    assert send(analyst_client, "CUP,Cup,Cups,,4.00,\n") == (1, [])
    assert newest() == UNTOUCHED
