"""Who may do what: every address of the server, every method, every role."""

import json
import re
from typing import Any
from uuid import UUID

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import get_resolver
from rest_framework.permissions import SAFE_METHODS
from rest_framework.test import APIClient

from elastix.tokens.services import token_create
from market.models import RepricingRun
from pricing.recommendation.models import PriceRelation
from tests.api_cases import ROLES
from tests.conftest import client_of, user_with_role
from tests.factories import (
    AlertFactory,
    CompetitorFactory,
    CompetitorPriceFactory,
    CustomerSegmentFactory,
    ExperimentFactory,
    ImportBatchFactory,
    JobFactory,
    PriceChangeFactory,
    PricedProductFactory,
    PricePolicyFactory,
    RepricingRuleFactory,
    SimulationFactory,
    TransactionFactory,
)
from tests.test_docs import routes

pytestmark = pytest.mark.django_db

BATCH = UUID("00000000-0000-4000-8000-000000000001")
SALE = {
    "invoice_no": "1",
    "stock_code": "CUP",
    "quantity": 1,
    "invoice_date": "2025-03-01T12:00:00Z",
    "unit_price": 4,
}
RULE = {"name": "x", "action": "factor", "percent": -10}
METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE")
FILE = "a file"
READ = {"GET": "viewer"}
DECIDE = {"POST": "manager"}
UPLOAD = {"POST": "analyst"}
READ_AND_ANALYSTS_CHANGE = READ | {"PUT": "analyst", "PATCH": "analyst", "DELETE": "analyst"}
READ_AND_MANAGERS_CHANGE = READ | {"PUT": "manager", "PATCH": "manager", "DELETE": "manager"}

# Addresses that need no login.
OPEN = ("/", "/favicon.ico", "/docs", "/openapi.json", "/health", "/api/token")
# Of each address, the lowest role that may use each of its methods. HEAD is as GET; OPTIONS is for viewers.
RIGHTS: dict[str, dict[str, str]] = {
    "/api/jobs/{job_id}": READ,
    "/api/jobs/{job_id}/result.csv": READ,
    "/api/jobs/{job_id}/propose": {"POST": "analyst"},
    "/api/tokens": READ | {"POST": "viewer"},
    "/api/tokens/{token_id}": {"DELETE": "viewer"},
    "/api/audit": {"GET": "manager"},
    "/api/alerts": READ,
    "/api/glossary": READ,
    "/api/alerts/{alert_id}/acknowledge": {"POST": "analyst"},
    "/transactions": READ | {"POST": "analyst", "DELETE": "admin"},
    "/transactions/{transaction_id}": READ | {"PUT": "analyst", "DELETE": "analyst"},
    "/transactions/batch": {"POST": "analyst"},
    "/transactions/import": UPLOAD,
    "/transactions/imports": READ,
    "/transactions/imports/{import_id}": READ | {"DELETE": "analyst"},
    "/transactions/imports/{import_id}/rejects.csv": READ,
    "/elasticity": READ,
    "/elasticity/segments": READ,
    "/api/analytics/elasticity/{code}": READ,
    "/api/analytics/elasticity/{code}/diagnostics": READ,
    "/api/analytics/categories": READ,
    "/api/analytics/bundles": READ,
    "/api/analytics/cross-elasticity": READ,
    "/api/analytics/demand-curve/{code}": READ,
    "/api/analytics/profit-impact/{code}": READ,
    "/api/feeds/prices.csv": READ,
    "/api/feeds/google.tsv": READ,
    "/api/feeds/google.xml": READ,
    "/api/experiments": READ | {"POST": "analyst"},
    "/api/experiments/plan": {"POST": "analyst"},
    "/api/experiments/candidates": READ,
    "/api/experiments/{experiment_id}": READ | {"DELETE": "analyst"},
    "/api/experiments/{experiment_id}/results": READ,
    "/api/experiments/{experiment_id}/start": DECIDE,
    "/api/experiments/{experiment_id}/pause": DECIDE,
    "/api/experiments/{experiment_id}/stop": DECIDE,
    "/api/experiments/{experiment_id}/rollback": DECIDE,
    "/api/forecast/demand/{code}": READ,
    "/api/insights/{code}": READ,
    "/api/products": {"POST": "analyst"},
    "/api/products/list": READ,
    "/api/products/import": UPLOAD,
    "/api/products/{code}": READ_AND_ANALYSTS_CHANGE,
    "/api/products/{code}/costs": READ | {"POST": "analyst"},
    "/api/price/relations": READ | {"POST": "manager"},
    "/api/price/relations/{relation_id}": READ_AND_MANAGERS_CHANGE,
    "/api/price/policies": READ | {"POST": "manager"},
    "/api/price/policies/effective/{code}": READ,
    "/api/price/policies/{policy_id}": READ_AND_MANAGERS_CHANGE,
    "/api/price/recommend/{code}": READ,
    "/api/price/optimize-bulk": {"POST": "analyst"},
    "/api/price/bundle": {"POST": "viewer"},
    "/api/price/scenarios": {"POST": "viewer"},
    "/api/price/simulate": {"POST": "viewer"},
    "/api/price/clearance": {"POST": "viewer"},
    "/api/price/dynamic/{code}": READ | {"POST": "viewer"},
    "/api/price/calibration": READ,
    "/api/price/recommendations": READ,
    "/api/price/recommendations/totals": {"POST": "viewer"},
    "/api/price/recommendations/propose": {"POST": "analyst"},
    "/api/recommendations": READ,
    "/api/recommendations/propose": {"POST": "analyst"},
    "/api/recommendations/refuse": {"POST": "analyst"},
    "/api/price/overrides": READ,
    "/api/price/prior-prices": READ,
    "/api/price/prior-prices/proposed": READ,
    "/api/price/changes": READ | {"POST": "analyst"},
    "/api/price/changes/{change_id}": READ,
    "/api/price/changes/{change_id}/outcome": READ,
    "/api/price/changes/{change_id}/approve": DECIDE,
    "/api/price/changes/{change_id}/reject": DECIDE,
    "/api/price/changes/{change_id}/apply": DECIDE,
    "/api/price/changes/{change_id}/rollback": DECIDE,
    "/api/price/changes/batch/{batch}/approve": DECIDE,
    "/api/price/changes/batch/{batch}/reject": DECIDE,
    "/api/price/changes/batch/{batch}/apply": DECIDE,
    "/api/price/changes/batch/{batch}/rollback": DECIDE,
    "/api/price/rules": READ | {"POST": "manager"},
    "/api/price/rules/{rule_id}": READ_AND_MANAGERS_CHANGE,
    "/api/price/rules/{rule_id}/run": DECIDE,
    "/api/price/rules/{rule_id}/runs": READ,
    "/api/price/rules/{rule_id}/runs/{run_id}": READ,
    "/api/price/rules/{rule_id}/pauses": READ,
    "/api/price/rules/{rule_id}/resume": DECIDE,
    "/api/price/rules/{rule_id}/duel": READ,
    "/api/price/kill-switch": READ | {"PUT": "manager"},
    "/api/market/competitors/{code}": READ,
    "/api/market/prices": READ | {"POST": "analyst"},
    "/api/market/prices/import": UPLOAD,
    "/api/market/prices/{price_id}": READ_AND_ANALYSTS_CHANGE,
    "/api/market/qualities": READ,
    "/api/market/qualities/{competitor_id}": READ | {"PUT": "analyst", "PATCH": "analyst"},
    "/dashboard/kpis": READ,
    "/dashboard/segments": READ,
    "/dashboard/trends": READ,
    "/stock-items": READ,
    "/stock-items/{code}": READ,
    "/segments/customers": READ,
    "/segments/buyers/{code}": READ,
    "/api/overview": READ,
    "/segments/customers/{customer_id}": READ,
    "/segments/moves": READ,
    "/segments/forecasts": READ,
    "/segments/forecast-model": READ,
    "/simulate": {"POST": "viewer"},
    "/simulations": READ | {"POST": "analyst"},
    "/simulations/comparison": READ,
    "/simulations/{simulation_id}": READ | {"PUT": "analyst", "DELETE": "analyst"},
    "/simulations/{simulation_id}/metrics": READ,
    "/simulations/{simulation_id}/curve": READ,
}
RELATION: dict[str, Any] = {
    "name": "Line",
    "kind": "line",
    "members": [{"product_id": "CUP"}, {"product_id": "MUG"}],
}
# Bodies that would be accepted, so that a request which is let through by mistake changes something.
BODIES: dict[str, Any] = {
    "/api/tokens": {"name": "till"},
    "/api/products": {"id": "NEW", "name": "New"},
    "/api/products/{code}": {"name": "Other"},
    "/api/products/{code}/costs": {"valid_from": "2025-01-01", "cost": 1},
    "/api/products/import": FILE,
    "/api/market/prices": {"product_id": "CUP", "competitor_name": "A", "price": 3},
    "/api/market/prices/{price_id}": {"product_id": "CUP", "competitor_name": "B", "price": 1},
    "/api/market/prices/import": FILE,
    "/api/market/qualities/{competitor_id}": {"quality": 2},
    "/api/price/relations": RELATION,
    "/api/price/relations/{relation_id}": RELATION,
    "/api/price/policies": {"max_change": 0.1},
    "/api/price/policies/{policy_id}": {"max_change": 0.1},
    "/api/price/rules": RULE,
    "/api/price/rules/{rule_id}": RULE | {"name": "y"},
    "/api/price/kill-switch": {"on": True},
    "/api/price/changes": {"product_id": "CUP", "new_price": 13.49},
    "/api/price/recommendations/totals": {"product_ids": ["CUP"]},
    "/api/price/recommendations/propose": {"product_ids": ["CUP"]},
    "/api/recommendations/propose": {"product_ids": ["CUP"]},
    "/api/recommendations/refuse": {"product_ids": ["CUP"], "reason": "No"},
    "/api/price/optimize-bulk": {"category": "Drinks"},
    "/simulations": {"name": "x"},
    "/simulations/{simulation_id}": {"name": "y"},
    "/transactions": SALE,
    "/transactions/{transaction_id}": {"quantity": 2},
    "/transactions/batch": {"transactions": [SALE]},
    "/transactions/import": FILE,
}


@pytest.fixture
def rows(db: None) -> dict[str, Any]:
    """One of everything that an address can name."""
    cup = PricedProductFactory(code="CUP")
    PricedProductFactory(code="MUG")
    rule = RepricingRuleFactory()
    run = RepricingRun.objects.create(slot="one", batch=BATCH)
    run.rules.add(rule)
    return {
        "code": cup.pk,
        "job_id": JobFactory().pk,
        "alert_id": AlertFactory().pk,
        "token_id": token_create(user=User.objects.create_user("owner"), name="till")[0].pk,
        "transaction_id": TransactionFactory().pk,
        "import_id": ImportBatchFactory().pk,
        "policy_id": PricePolicyFactory(product=cup).pk,
        "relation_id": PriceRelation.objects.create(name="Cups", kind="line").pk,
        "change_id": PriceChangeFactory(product=cup, batch=BATCH, old_price=cup.current_price).pk,
        "batch": BATCH,
        "rule_id": rule.pk,
        "run_id": run.pk,
        "price_id": CompetitorPriceFactory(product=cup).pk,
        "competitor_id": CompetitorFactory().pk,
        "customer_id": CustomerSegmentFactory().pk,
        "experiment_id": ExperimentFactory().pk,
        "simulation_id": SimulationFactory(product=cup).pk,
    }


def ask(client: APIClient, method: str, route: str, rows: dict[str, Any]) -> Any:
    path = route.format(**rows)
    if (method, route) == ("DELETE", "/transactions"):
        path += "?confirm=true"
    body = BODIES.get(route)
    if body == FILE and method == "POST":
        return client.post(path, {"file": SimpleUploadedFile("a.csv", b"InvoiceNo\n1\n")}, "multipart")
    content = "" if method in ("GET", "HEAD", "OPTIONS", "DELETE") else json.dumps(body or {})
    return client.generic(method, path, content, content_type="application/json")


def everything_kept() -> dict[str, Any]:
    """All rows of our own tables."""
    names = ("elastix", "pricing", "segments", "market", "simulations")
    models = [model for name in names for model in apps.get_app_config(name).get_models()]
    return {model.__name__: list(model._base_manager.order_by("pk").values()) for model in models}


def pages_and_api() -> dict[str, Any]:
    return dict(routes(get_resolver().url_patterns))


def test_every_address_of_the_server_has_its_rights() -> None:
    api = {route for route in pages_and_api() if not route.startswith(("/admin/", "/desk/"))}
    assert api == {*RIGHTS, *OPEN}


@pytest.mark.parametrize("route", RIGHTS)
def test_each_method_of_an_address_has_a_lowest_role(
    route: str, rows: dict[str, Any], anonymous: APIClient
) -> None:
    clients = {role: client_of(user_with_role(role)) for role in ROLES}
    stranger = client_of(User.objects.create_user("stranger"))
    rights = RIGHTS[route] | {"OPTIONS": "viewer"}
    if "GET" in rights:
        rights["HEAD"] = rights["GET"]
    before = everything_kept()
    for method in METHODS:
        lowest = rights.get(method, "nobody")
        allowed = ROLES[ROLES.index(lowest) :] if lowest in ROLES else ()
        refused = ask(anonymous, method, route, rows)
        assert (method, refused.status_code) == (method, 401)
        assert refused["Content-Type"] == "application/problem+json"
        # Feeds are fetched by clients that know no token header.
        asks = 'Basic realm="elastix"' if route.startswith("/api/feeds/") else "Token"
        assert refused["WWW-Authenticate"] == asks
        assert (method, ask(stranger, method, route, rows).status_code) == (method, 403)
        for role in ROLES:
            if role not in allowed:
                answer = ask(clients[role], method, route, rows)
                unknown = method not in rights and (role != "viewer" or method in SAFE_METHODS)
                assert (method, role, answer.status_code) == (method, role, 405 if unknown else 403)
    assert everything_kept() == before
    for method in METHODS:
        if method not in rights:
            continue
        for role in ROLES[ROLES.index(rights[method]) :]:
            answer = ask(clients[role], method, route, rows)
            assert answer.status_code not in (401, 403, 405), (method, role, answer.content)


@pytest.mark.parametrize("route", OPEN)
def test_some_addresses_are_open_to_everybody(route: str, anonymous: APIClient) -> None:
    for method in ("GET", "HEAD", "OPTIONS"):
        expected = {405} if route == "/api/token" and method != "OPTIONS" else {200, 302, 503}
        assert anonymous.generic(method, route).status_code in expected, method


def test_every_page_of_the_admin_asks_for_a_login(anonymous: APIClient) -> None:
    open_pages = {"/admin/login/", "/admin/logout/", "/admin/jsi18n/"}
    for route in pages_and_api():
        if route.startswith("/admin/") and route not in open_pages:
            path = re.sub(r"\{\w+\}", "1", route)
            for method in METHODS:
                answer = anonymous.generic(method, path)
                assert (answer.status_code, "/admin/login/" in answer.get("Location", "")) == (302, True), (
                    method,
                    route,
                )


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
