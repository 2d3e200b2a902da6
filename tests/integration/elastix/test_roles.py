"""Who may do what: every address, method and role."""

from typing import Any
from uuid import UUID

import pytest
from django.contrib.auth.models import Group, User
from django.core.files.uploadedfile import SimpleUploadedFile
from rest_framework.test import APIClient

from elastix.jobs.models import Job
from pricing.sales.models import Product, Transaction
from tests.conftest import client_of, user_with_role

pytestmark = pytest.mark.django_db

ROLES = ("viewer", "analyst", "manager", "admin")
NOBODY = UUID("00000000-0000-4000-8000-000000000001")
SALE = {
    "invoice_no": "1",
    "stock_code": "CUP",
    "quantity": 1,
    "invoice_date": "2025-03-01T12:00:00Z",
    "unit_price": 4,
}
# method, path, body, the lowest role
RIGHTS: list[tuple[str, str, Any, str]] = [
    ("GET", "/elasticity", None, "viewer"),
    ("GET", "/elasticity/segments", None, "viewer"),
    ("POST", "/simulate", {"stock_code": "CUP", "price_change_percent": 1}, "viewer"),
    ("GET", "/simulations", None, "viewer"),
    ("POST", "/simulations", {"name": "x"}, "analyst"),
    ("GET", f"/simulations/{NOBODY}", None, "viewer"),
    ("PUT", f"/simulations/{NOBODY}", {"name": "x"}, "analyst"),
    ("DELETE", f"/simulations/{NOBODY}", None, "analyst"),
    ("GET", f"/simulations/{NOBODY}/metrics", None, "viewer"),
    ("GET", f"/simulations/{NOBODY}/curve", None, "viewer"),
    ("GET", "/dashboard/kpis", None, "viewer"),
    ("GET", "/dashboard/segments", None, "viewer"),
    ("GET", "/dashboard/trends", None, "viewer"),
    ("GET", "/stock-items", None, "viewer"),
    ("GET", "/stock-items/CUP", None, "viewer"),
    ("GET", "/segments/customers", None, "viewer"),
    ("GET", "/api/analytics/elasticity/CUP", None, "viewer"),
    ("GET", "/api/analytics/demand-curve/CUP", None, "viewer"),
    ("GET", "/api/analytics/profit-impact/CUP", None, "viewer"),
    ("GET", "/api/price/recommend/CUP", None, "viewer"),
    ("POST", "/api/price/simulate", {"product_id": "CUP", "new_price": 5}, "viewer"),
    ("POST", "/api/price/scenarios", {"product_id": "CUP"}, "viewer"),
    ("GET", "/api/price/policies", None, "viewer"),
    ("POST", "/api/price/policies", {"max_change": 0.1}, "manager"),
    ("GET", "/api/price/policies/effective/CUP", None, "viewer"),
    ("GET", "/api/price/policies/1", None, "viewer"),
    ("PUT", "/api/price/policies/1", {"max_change": 0.1}, "manager"),
    ("PATCH", "/api/price/policies/1", {"max_change": 0.1}, "manager"),
    ("DELETE", "/api/price/policies/1", None, "manager"),
    ("GET", "/api/jobs/1", None, "viewer"),
    ("GET", "/api/jobs/1/result.csv", None, "viewer"),
    ("POST", "/api/jobs/1/propose", {}, "analyst"),
    ("POST", "/api/price/optimize-bulk", {"category": "Cups"}, "analyst"),
    ("GET", "/api/analytics/categories", None, "viewer"),
    ("GET", "/api/products/list", None, "viewer"),
    ("GET", "/api/products/CUP", None, "viewer"),
    ("POST", "/api/products", {"id": "MUG", "name": "Mug"}, "analyst"),
    ("PUT", "/api/products/CUP", {"name": "Cup"}, "analyst"),
    ("PATCH", "/api/products/CUP", {"name": "Cup"}, "analyst"),
    ("DELETE", "/api/products/CUP", None, "analyst"),
    ("POST", "/api/products/import", "file", "analyst"),
    ("GET", "/api/market/competitors/CUP", None, "viewer"),
    ("GET", "/api/market/prices", None, "viewer"),
    ("POST", "/api/market/prices", {"product_id": "CUP"}, "analyst"),
    ("POST", "/api/market/prices/import", "file", "analyst"),
    ("GET", "/api/market/prices/1", None, "viewer"),
    ("PUT", "/api/market/prices/1", {"price": 1}, "analyst"),
    ("PATCH", "/api/market/prices/1", {"price": 1}, "analyst"),
    ("DELETE", "/api/market/prices/1", None, "analyst"),
    ("GET", "/api/market/qualities", None, "viewer"),
    ("GET", "/api/market/qualities/1", None, "viewer"),
    ("PUT", "/api/market/qualities/1", {"quality": 1}, "analyst"),
    ("PATCH", "/api/market/qualities/1", {"quality": 1}, "analyst"),
    ("GET", "/api/price/dynamic/CUP", None, "viewer"),
    ("POST", "/api/price/dynamic/CUP", {}, "viewer"),
    ("GET", "/api/price/rules", None, "viewer"),
    ("POST", "/api/price/rules", {"name": "x"}, "manager"),
    ("GET", "/api/price/rules/1", None, "viewer"),
    ("PUT", "/api/price/rules/1", {"name": "x"}, "manager"),
    ("PATCH", "/api/price/rules/1", {"name": "x"}, "manager"),
    ("DELETE", "/api/price/rules/1", None, "manager"),
    ("POST", "/api/price/rules/1/run", None, "manager"),
    ("GET", "/api/price/rules/1/runs", None, "viewer"),
    ("GET", "/api/price/rules/1/runs/1", None, "viewer"),
    ("GET", "/api/price/kill-switch", None, "viewer"),
    ("PUT", "/api/price/kill-switch", {"on": True}, "manager"),
    ("GET", "/transactions", None, "viewer"),
    ("POST", "/transactions", SALE, "analyst"),
    ("DELETE", "/transactions", None, "admin"),
    ("DELETE", "/transactions?confirm=true", None, "admin"),
    ("POST", "/transactions/batch", {"transactions": [SALE]}, "analyst"),
    ("POST", "/transactions/import", "file", "analyst"),
    ("GET", "/transactions/imports", None, "viewer"),
    ("GET", f"/transactions/imports/{NOBODY}", None, "viewer"),
    ("DELETE", f"/transactions/imports/{NOBODY}", None, "analyst"),
    ("GET", f"/transactions/imports/{NOBODY}/rejects.csv", None, "viewer"),
    ("GET", f"/transactions/{NOBODY}", None, "viewer"),
    ("PUT", f"/transactions/{NOBODY}", {"quantity": 2}, "analyst"),
    ("DELETE", f"/transactions/{NOBODY}", None, "analyst"),
]


@pytest.fixture(autouse=True)
def _a_product(db: None) -> None:
    Product.objects.create(code="CUP", name="Cup", price_source="manual")


def ask(client: APIClient, method: str, path: str, body: Any) -> Any:
    if body == "file":
        file = SimpleUploadedFile("a.csv", b"InvoiceNo\n1\n")
        return (
            client.generic(method, path)
            if method != "POST"
            else client.post(path, {"file": file}, "multipart")
        )
    return getattr(client, method.lower())(path, body)


@pytest.mark.parametrize(("method", "path", "body", "lowest"), RIGHTS)
def test_each_address_has_a_lowest_role(
    method: str, path: str, body: Any, lowest: str, anonymous: Any
) -> None:
    refused = ask(anonymous, method, path, body)
    assert refused.status_code == 401
    assert refused["WWW-Authenticate"] == "Token"
    below, allowed = ROLES[: ROLES.index(lowest)], ROLES[ROLES.index(lowest) :]
    for role in below:
        answer = ask(client_of(user_with_role(role)), method, path, body)
        assert (role, answer.status_code) == (role, 403)
        assert answer.json()["detail"]
    for role in allowed:
        answer = ask(client_of(user_with_role(role)), method, path, body)
        assert answer.status_code not in (401, 403), (role, answer.content)


def test_a_refused_request_changes_nothing(viewer_client: APIClient, anonymous: APIClient) -> None:
    for client in (viewer_client, anonymous):
        for method, path, body, lowest in RIGHTS:
            if lowest != "viewer":
                ask(client, method, path, body)
    assert not Transaction.objects.exists()
    assert not Job.objects.exists()
    assert list(Product.objects.values_list("code", "is_active")) == [("CUP", True)]


def test_somebody_without_a_role_may_read_nothing(db: None) -> None:
    client = client_of(User.objects.create_user("new"))
    assert client.get("/elasticity").status_code == 403


def test_the_highest_of_several_roles_counts() -> None:
    user = user_with_role("viewer")
    user.groups.add(Group.objects.get(name="admin"))
    assert client_of(user).delete("/transactions").status_code == 400


def test_a_superuser_is_an_admin_without_a_group() -> None:
    client = client_of(User.objects.create_superuser("root"))
    assert client.delete("/transactions").status_code == 400


def test_a_role_that_was_taken_away_is_gone_with_the_next_request() -> None:
    user = user_with_role("viewer")
    client = client_of(user)
    assert client.get("/elasticity").status_code == 200
    user.groups.clear()
    assert client.get("/elasticity").status_code == 403


def test_permission_comes_before_the_question_whether_it_is_there(viewer_client: APIClient) -> None:
    assert viewer_client.delete("/api/products/NOBODY").status_code == 403
    assert viewer_client.post("/transactions", {"quantity": "nonsense"}).status_code == 403


def test_a_session_without_the_page_s_token_may_not_write() -> None:
    client = APIClient(enforce_csrf_checks=True)
    client.force_login(user_with_role("analyst"))
    answer = client.post("/transactions", SALE)
    assert answer.status_code == 403
    assert answer["Content-Type"] == "application/problem+json"
