"""Too many tries to log in, too many requests: 429, and when to come back."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.cache import caches
from django.test import Client, override_settings
from redis.exceptions import ConnectionError as RedisGone
from rest_framework.test import APIClient

from elastix.cache import CountingCache, RedisCache
from tests.conftest import user_with_role

pytestmark = pytest.mark.django_db

PASSWORD = "a-long-password-9"


@pytest.fixture(autouse=True)
def _quick() -> Iterator[None]:
    hashers = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    with override_settings(PASSWORD_HASHERS=hashers, TOKEN_THROTTLE="3/min"):
        yield


@pytest.fixture
def anna() -> User:
    return user_with_role("viewer", username="anna", password=PASSWORD)


def try_token(name: str, address: str = "192.0.2.1", **headers: str) -> int:
    body = {"username": name, "password": "guess"}
    return APIClient().post("/api/token", body, REMOTE_ADDR=address, **headers).status_code


def test_one_address_may_not_try_many_accounts() -> None:
    assert [try_token(name) for name in "abcd"] == [400, 400, 400, 429]
    assert try_token("e", "192.0.2.2") == 400


def test_one_account_may_not_be_tried_from_many_addresses() -> None:
    tries = [try_token(name, f"192.0.2.{n}") for n, name in enumerate(["anna", "Anna", " anna", "anna"])]
    assert tries == [400, 400, 400, 429]
    assert try_token("bert", "192.0.2.9") == 400


def test_a_header_does_not_make_another_address_of_it() -> None:
    tries = [try_token(f"u{n}", HTTP_X_FORWARDED_FOR=f"198.51.100.{n}") for n in range(4)]
    assert tries == [400, 400, 400, 429]


def test_behind_a_proxy_the_address_that_it_saw_counts(settings: Any) -> None:
    settings.REST_FRAMEWORK = settings.REST_FRAMEWORK | {"NUM_PROXIES": 1}
    tries = [try_token(f"u{n}", HTTP_X_FORWARDED_FOR=f"198.51.100.{n}, 203.0.113.5") for n in range(4)]
    assert tries == [400, 400, 400, 429]
    assert try_token("other", HTTP_X_FORWARDED_FOR="198.51.100.1, 203.0.113.6") == 400


@pytest.mark.parametrize("path", ["/desk/login", "/admin/login/"])
def test_forms_are_counted_with_the_api(path: str, anna: User) -> None:
    for _ in range(3):
        try_token("anna")
    right = {"username": "anna", "password": PASSWORD}
    answer = Client().post(path, right, REMOTE_ADDR="192.0.2.7")
    assert answer.status_code == 200 and "Too many tries" in answer.content.decode()
    assert "_auth_user_id" not in answer.client.session
    with override_settings(TOKEN_THROTTLE=""):
        assert Client().post(path, right).status_code == 302


def test_a_user_may_not_ask_too_often(viewer_client: APIClient, analyst_client: APIClient) -> None:
    with override_settings(API_THROTTLE="3/min"):
        answers = [viewer_client.get("/api/alerts") for _ in range(4)]
        assert [each.status_code for each in answers] == [200, 200, 200, 429]
        assert 0 < int(answers[-1]["Retry-After"]) <= 60
        assert answers[-1]["Content-Type"] == "application/problem+json"
        assert answers[-1].json()["status"] == 429
        assert analyst_client.get("/api/alerts").status_code == 200
        assert viewer_client.get("/health").status_code == 200


class TestWithoutRedis:
    """Redis that does not answer: the process counts by itself."""

    @pytest.fixture(autouse=True)
    def _gone(self, monkeypatch: pytest.MonkeyPatch, settings: Any) -> Iterator[None]:
        def gone(*args: Any, **kwargs: Any) -> Any:
            raise RedisGone("nobody there")

        for name in ("get", "set"):
            monkeypatch.setattr(RedisCache, name, gone)
        monkeypatch.setattr(CountingCache, "_rests_until", 0.0)
        cache = {"BACKEND": "elastix.cache.CountingCache", "LOCATION": "redis://127.0.0.1:1/0"}
        settings.CACHES = settings.CACHES | {
            "counts": cache | {"KEY_PREFIX": settings.CACHES["counts"]["KEY_PREFIX"]}
        }
        yield

    def test_logins_are_counted_all_the_same(self) -> None:
        assert isinstance(caches["counts"], CountingCache)
        assert [try_token(name) for name in "abcd"] == [400, 400, 400, 429]

    def test_the_api_answers(self, viewer_client: APIClient) -> None:
        with override_settings(API_THROTTLE="3/min"):
            assert [viewer_client.get("/api/alerts").status_code for _ in range(4)] == [200, 200, 200, 429]
