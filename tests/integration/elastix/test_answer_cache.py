"""Answers that are given again from memory: the same bytes, and never a moment longer than they are true."""

import datetime as dt
from collections.abc import Iterator
from typing import Any
from unittest.mock import Mock

import pytest
from django.contrib.auth.models import Group, User
from django.test import override_settings
from django.utils import timezone
from rest_framework.test import APIClient

from elastix.api import answer_cache
from elastix.api.answer_cache import ANSWERS, AnswerCache, CachedAnswer, Covered
from elastix.dataset.models import DataVersion
from elastix.imports.models import ImportBatch
from elastix.tokens.models import ApiToken
from elastix.tokens.services import token_create
from pricing.elasticity.models import ElasticityEstimate
from tests.conftest import client_of, token_of, user_with_role

pytestmark = pytest.mark.django_db
PATH = "/elasticity"


@pytest.fixture(autouse=True)
def memory() -> Iterator[None]:
    ANSWERS.clear()
    with override_settings(ANSWERS_KEPT_MB=1):
        yield
    ANSWERS.clear()


def behind_the_scenes() -> None:
    """Change a figure as no writer of the product does: without a new version."""
    assert ElasticityEstimate.objects.filter(product__code="CUP").update(elasticity=-9)


def elasticity_of_cup(client: APIClient, path: str = PATH) -> float:
    rows = client.get(path).json()["results"]
    return float(next(row["elasticity"] for row in rows if row["stock_code"] == "CUP"))


def test_an_answer_is_given_again_after_one_query(
    shop: ImportBatch, viewer_client: APIClient, django_assert_num_queries: Any
) -> None:
    first = viewer_client.get(PATH)
    with django_assert_num_queries(1):
        again = viewer_client.get(PATH)
    assert again.content == first.content
    own = {"X-Request-ID": ""}
    assert {**again.headers, **own} == {**first.headers, **own}
    with django_assert_num_queries(1):
        known = viewer_client.get(PATH, headers={"If-None-Match": first["ETag"]})
    assert (known.status_code, known.content, known["ETag"]) == (304, b"", first["ETag"])


def test_what_no_version_says_is_not_noticed_and_a_publish_is(
    shop: ImportBatch, viewer_client: APIClient
) -> None:
    before = elasticity_of_cup(viewer_client)
    behind_the_scenes()
    assert elasticity_of_cup(viewer_client) == before, "the test cannot see whether an answer was kept"
    DataVersion.objects.update(published_at="2025-06-01T00:00:00Z")
    assert elasticity_of_cup(viewer_client) == -9


def test_the_bytes_are_shared_among_people_of_one_role(shop: ImportBatch, viewer_client: APIClient) -> None:
    first = viewer_client.get(PATH)
    behind_the_scenes()
    assert client_of(user_with_role("viewer", username="second")).get(PATH).content == first.content


@pytest.mark.parametrize(
    "different",
    [{"path": PATH + "?limit=2"}, {"headers": {"Accept": "text/html"}}, {"headers": {"Accept": "text/csv"}}],
    ids=["parameters", "page", "file"],
)
def test_another_question_gets_its_own_answer(
    different: dict[str, Any], shop: ImportBatch, viewer_client: APIClient
) -> None:
    first = viewer_client.get(PATH)
    other = viewer_client.get(different.get("path", PATH), headers=different.get("headers"))
    assert other.status_code == 200
    content = b"".join(other) if other.streaming else other.content
    assert content != first.content


# --- who may ask -------------------------------------------------------------------------------------


def take_the_role(user: User) -> None:
    user.groups.clear()


def close_the_account(user: User) -> None:
    user.is_active = False
    user.save()


def revoke_the_token(user: User) -> None:
    ApiToken.objects.get(user=user).delete()


def let_the_token_end(user: User) -> None:
    token = ApiToken.objects.get(user=user)
    token.expires_at = timezone.now()
    token.save()


def delete_the_user(user: User) -> None:
    user.delete()


def delete_the_group(user: User) -> None:
    Group.objects.get(name="viewer").delete()


@pytest.mark.parametrize(
    ("change", "status"),
    [
        (take_the_role, 403),
        (close_the_account, 401),
        (revoke_the_token, 401),
        (let_the_token_end, 401),
        (delete_the_user, 401),
        (delete_the_group, 403),
    ],
)
def test_who_may_no_longer_ask_is_refused_with_the_next_request(
    change: Any, status: int, shop: ImportBatch
) -> None:
    user = user_with_role("viewer")
    client = APIClient()  # by token alone
    client.credentials(HTTP_AUTHORIZATION=f"Token {token_of(user)}")
    assert [client.get(PATH).status_code for _ in range(3)] == [200, 200, 200]
    change(user)
    assert client.get(PATH).status_code == status


def test_a_token_that_ends_by_itself_ends_its_answers(
    shop: ImportBatch, viewer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, key = token_create(user=viewer, name="short", expires_at=timezone.now() + dt.timedelta(seconds=30))
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Token {key}")
    assert [client.get(PATH).status_code for _ in range(2)] == [200, 200]
    later = timezone.now() + dt.timedelta(seconds=31)
    monkeypatch.setattr(timezone, "now", lambda: later)
    assert client.get(PATH).status_code == 401


@pytest.mark.parametrize("credentials", ["", "Token nonsense", "Basic eDp5"])
def test_others_do_not_get_what_was_kept(
    credentials: str, shop: ImportBatch, viewer_client: APIClient
) -> None:
    assert [viewer_client.get(PATH).status_code for _ in range(2)] == [200, 200]
    stranger = APIClient()
    stranger.credentials(**({"HTTP_AUTHORIZATION": credentials} if credentials else {}))
    assert stranger.get(PATH).status_code == 401


def test_a_login_makes_no_answer_old(
    shop: ImportBatch, viewer: User, viewer_client: APIClient, django_assert_num_queries: Any
) -> None:
    viewer_client.get(PATH)
    viewer.save(update_fields=["last_login"])
    with django_assert_num_queries(1):
        assert viewer_client.get(PATH).status_code == 200


# --- what is not kept --------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/api/products/CUP", "/api/products/NOBODY", PATH + "?limit=0"])
def test_prices_of_today_and_refusals_are_not_kept(
    path: str, shop: ImportBatch, viewer_client: APIClient
) -> None:
    viewer_client.get(path)
    assert ANSWERS.bytes == 0


def test_nothing_is_kept_before_the_first_sales(viewer_client: APIClient) -> None:
    assert viewer_client.get(PATH).status_code == 200
    assert ANSWERS.bytes == 0


def test_no_memory_keeps_nothing(shop: ImportBatch, viewer_client: APIClient) -> None:
    with override_settings(ANSWERS_KEPT_MB=0):
        assert [viewer_client.get(PATH).status_code for _ in range(2)] == [200, 200]
    assert ANSWERS.bytes == 0


def test_after_a_minute_the_view_is_asked_again(
    shop: ImportBatch, viewer_client: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answer_cache, "KEPT_SECONDS", 0.0)
    viewer_client.get(PATH)
    asked = Mock(side_effect=DataVersion.objects.get)
    monkeypatch.setattr("elastix.api.versions.current_version", asked)
    viewer_client.get(PATH)
    assert asked.call_count == 1


# --- the memory itself -------------------------------------------------------------------------------


def of_bytes(number: int) -> CachedAnswer:
    return CachedAnswer(Covered("tag", live=False), access=0, until=0.0, body=b"x" * number, headers={})


def test_the_least_recently_asked_for_makes_room() -> None:
    kept = AnswerCache()
    half = 512 * 1024
    kept.put(("first",), of_bytes(half))
    kept.put(("second",), of_bytes(half))
    assert kept.get(("first",)) is not None
    kept.put(("third",), of_bytes(1))
    assert [kept.get((name,)) is not None for name in ("first", "second", "third")] == [True, False, True]
    assert kept.bytes == half + 1


def test_the_same_answer_counts_once() -> None:
    kept = AnswerCache()
    for _ in range(3):
        kept.put(("one",), of_bytes(10))
    assert kept.bytes == 10
    kept.drop(("one",))
    kept.drop(("one",))
    assert kept.bytes == 0
