"""The headers that tell a browser what it may do with an answer: on every answer, whoever made it."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client, override_settings
from django.urls import get_resolver

from pricing.elasticity import api as elasticities
from tests.test_docs import routes

pytestmark = pytest.mark.django_db
ADDRESSES = sorted(
    {re.sub(r"\{\w+\}", "1", route) for route, _pattern in routes(get_resolver().url_patterns)}
)
HEADERS = {
    "Content-Security-Policy": "default-src 'self'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains; preload",
}


@pytest.fixture(autouse=True)
def _as_in_production() -> Iterator[None]:
    with override_settings(
        SECURE_HSTS_SECONDS=31_536_000,
        SECURE_HSTS_INCLUDE_SUBDOMAINS=True,
        SECURE_HSTS_PRELOAD=True,
        ANSWERS_KEPT_MB=1,
    ):
        yield


@pytest.fixture
def browser(admin_user: User) -> Client:
    browser = Client(raise_request_exception=False)
    browser.force_login(admin_user)
    return browser


def lacking(answer: Any) -> list[str]:
    return [name for name, part in HEADERS.items() if part not in answer.get(name, "")]


def test_every_address_in_json_and_as_a_page_with_and_without_a_login(browser: Client) -> None:
    found = {}
    for path in ADDRESSES:
        for client in (Client(raise_request_exception=False), browser):
            for accept in ("text/html", "application/json"):
                answer = client.get(path, secure=True, headers={"Accept": accept})
                assert answer.status_code != 500, path
                if missing := lacking(answer):
                    found[path, accept, answer.status_code] = missing
    assert found == {}, sorted(found.items())[:9]
    assert len(ADDRESSES) > 200


@pytest.mark.parametrize("accept", ["text/html", "application/json"])
@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("get", "/nothing", 404),
        ("get", "/desk/nothing", 404),
        ("get", "/elasticity?limit=0", 400),
        ("delete", "/elasticity", 405),
        ("get", "/static/elastix/icon.svg", 200),
        ("options", "/elasticity", 200),
    ],
)
def test_answers_of_every_kind(browser: Client, method: str, path: str, status: int, accept: str) -> None:
    answer = getattr(browser, method)(path, secure=True, headers={"Accept": accept})
    assert (answer.status_code, lacking(answer)) == (status, [])


def test_a_file(browser: Client) -> None:
    answer = browser.get("/elasticity?format=csv", secure=True, headers={"Accept": "text/csv"})
    assert (answer.status_code, lacking(answer)) == (200, [])


def test_an_answer_that_was_kept(browser: Client) -> None:
    first, again = (browser.get("/elasticity", secure=True) for _ in range(2))
    same = browser.get("/elasticity", secure=True, headers={"If-None-Match": first["ETag"]})
    assert [answer.status_code for answer in (first, again, same)] == [200, 200, 304]
    assert [lacking(answer) for answer in (first, again, same)] == [[], [], []]


def test_a_bug(browser: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(elasticities, "elasticity_rows", lambda *args, **more: 1 / 0)
    answer = browser.get("/elasticity?limit=3", secure=True)
    assert (answer.status_code, lacking(answer)) == (500, [])


@pytest.mark.parametrize("redirects", [False, True])
def test_a_host_that_is_not_ours(redirects: bool) -> None:
    with override_settings(ALLOWED_HOSTS=["localhost"], SECURE_SSL_REDIRECT=redirects):
        client = Client()
        for secure in (True, False):
            answer = client.get("/elasticity", secure=secure, headers={"Host": "evil.example"})
            # Over http a browser does not heed it, and nobody sends it.
            wanted = [] if secure else ["Strict-Transport-Security"]
            assert (answer.status_code, lacking(answer)) == (400, wanted)


def test_the_redirect_to_https_and_a_preflight() -> None:
    with override_settings(SECURE_SSL_REDIRECT=True):
        answer = Client().get("/elasticity")
    assert (answer.status_code, lacking(answer)) == (301, ["Strict-Transport-Security"])
    asks = {"Origin": "https://a.example", "Access-Control-Request-Method": "GET"}
    with override_settings(CORS_ALLOWED_ORIGINS=["https://a.example"]):
        answer = Client().options("/elasticity", secure=True, headers=asks)
    assert (answer.status_code, lacking(answer)) == (200, [])
