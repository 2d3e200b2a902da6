"""POST /api/token: logging in."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import override_settings
from rest_framework.test import APIClient

from elastix.tokens.models import ApiToken
from elastix.tokens.services import MOST_BY_LOGIN, token_by_login, token_create
from tests.conftest import user_with_role

pytestmark = pytest.mark.django_db

PATH = "/api/token"
PASSWORD = "a-long-password-9"


@pytest.fixture(autouse=True)
def _quick_passwords() -> Iterator[None]:
    with override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"]):
        yield


@pytest.fixture
def anna() -> User:
    return user_with_role("viewer", username="anna", password=PASSWORD)


def log_in(client: APIClient, username: Any = "anna", password: Any = PASSWORD) -> Any:
    return client.post(PATH, {"username": username, "password": password})


def test_name_and_password_give_a_token_that_opens_the_api(anna: User, anonymous: APIClient) -> None:
    answer = log_in(anonymous)
    assert answer.status_code == 200
    assert answer["Cache-Control"] == "no-store"
    assert list(answer.json()) == ["token", "expires_at"]
    anonymous.credentials(HTTP_AUTHORIZATION=f"Token {answer.json()['token']}")
    assert anonymous.get("/elasticity").status_code == 200


def test_logging_in_again_leaves_the_first_token_good(anna: User, anonymous: APIClient) -> None:
    first, second = (log_in(anonymous).json()["token"] for _ in range(2))
    assert first != second
    for token in (first, second):
        anonymous.credentials(HTTP_AUTHORIZATION=f"Token {token}")
        assert anonymous.get("/elasticity").status_code == 200


def test_of_many_logins_the_newest_tokens_stay_and_those_with_a_name_all(anna: User) -> None:
    named, _ = token_create(user=anna, name="till")
    token_by_login(anna)
    made = [token_by_login(anna)[0].pk for _ in range(MOST_BY_LOGIN)]
    assert set(ApiToken.objects.values_list("pk", flat=True)) == {named.pk, *made}


@pytest.mark.parametrize(("name", "password"), [("anna", "wrong"), ("bert", PASSWORD), ("ANNA", PASSWORD)])
def test_a_wrong_pair_is_refused_without_saying_which_was_wrong(
    name: str, password: str, anna: User, anonymous: APIClient
) -> None:
    answer = log_in(anonymous, name, password)
    assert answer.status_code == 400
    assert answer.json()["detail"] == "The user name or the password is wrong."


def test_a_user_who_left_cannot_log_in_and_their_token_is_dead(anna: User, anonymous: APIClient) -> None:
    token = log_in(anonymous).json()["token"]
    anna.is_active = False
    anna.save()
    assert log_in(anonymous).status_code == 400
    anonymous.credentials(HTTP_AUTHORIZATION=f"Token {token}")
    assert anonymous.get("/elasticity").status_code == 401


@pytest.mark.parametrize("name", ["", "\x00", "an\x00na", "\ud800", None, 5.5, ["anna"], {"a": 1}, "a" * 151])
def test_what_can_be_no_name_is_refused(name: Any, anna: User, anonymous: APIClient) -> None:
    body = json.dumps({"username": name, "password": "x"})
    answer = anonymous.generic("POST", PATH, body, content_type="application/json")
    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"


def test_missing_fields_are_named(anonymous: APIClient) -> None:
    answer = anonymous.post(PATH, {})
    assert [error["field"] for error in answer.json()["errors"]] == ["username", "password"]


def test_a_made_up_token_is_refused(anonymous: APIClient) -> None:
    anonymous.credentials(HTTP_AUTHORIZATION="Token 0000")
    answer = anonymous.get("/elasticity")
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"].startswith("Token")


@pytest.mark.parametrize("header", ["Token", "Token a b", "Token \xff", "Bearer abc", "Basic !!!"])
def test_a_header_that_is_no_token_is_refused(header: str, anonymous: APIClient) -> None:
    anonymous.credentials(HTTP_AUTHORIZATION=header)
    assert anonymous.get("/elasticity").status_code == 401


def test_guessing_is_slowed_down(anonymous: APIClient) -> None:
    answers = [log_in(anonymous, password="guess") for _ in range(11)]
    assert [answer.status_code for answer in answers] == [400] * 10 + [429]
    assert int(answers[-1]["Retry-After"]) > 0
    assert answers[-1]["Content-Type"] == "application/problem+json"


def test_a_token_is_not_read_back(viewer_client: APIClient) -> None:
    assert viewer_client.get(PATH).status_code == 405
