"""Tokens of programs: shown once, kept as a digest, with an end, a scope and a revocation."""

import datetime as dt
import hashlib
import importlib
import sqlite3
from types import SimpleNamespace
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from elastix.tokens import services
from elastix.tokens.models import ApiToken, TokenScope
from elastix.tokens.services import token_check, token_create
from tests.api_cases import CreateCases, DeleteCases, ListCases
from tests.conftest import client_of, user_with_role
from tests.factories import ApiTokenFactory
from tests.integration.admin_pages import page, signed_in

pytestmark = pytest.mark.django_db

PATH = "/api/tokens"


class TestTokens(ListCases, CreateCases, DeleteCases):
    path = PATH
    factory = ApiTokenFactory
    writer = "viewer"
    list_queries = 2
    body = {"name": "till", "scope": "read"}
    required = ("name",)
    invalid = (
        *(({"name": name}, "name") for name in ("", " ", "x" * 101, None)),
        ({"scope": "write"}, "scope"),
        *(({"expires_in_days": days}, "expires_in_days") for days in (0, 3651, 1.5, "soon")),
    )
    twice = 201
    # No role is lower than a viewer's.
    test_nothing_is_created_by_a_lower_role = None
    test_nothing_is_deleted_by_a_lower_role = None

    def make_for_list(self) -> ApiToken:
        User.objects.get_or_create(pk=1, defaults={"username": "counted"})
        return ApiTokenFactory(user_id=1)

    def rows(self) -> list[dict[str, Any]]:
        """All but those that the clients of these tests show."""
        return [row for row in super().rows() if row["name"] != "test"]


def with_token(key: str) -> APIClient:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Token {key}")
    return client


def everything_in(table: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {table}")
        return repr(cursor.fetchall())


def test_a_token_is_shown_once_and_nowhere_kept(viewer_client: APIClient) -> None:
    made = viewer_client.post(PATH, {"name": "till", "scope": "read", "expires_in_days": 7})
    assert (made.status_code, made["Cache-Control"]) == (201, "no-store")
    key = made.json()["token"]
    assert key.startswith(made.json()["prefix"]) and key.startswith("elx_")
    assert with_token(key).get("/elasticity").status_code == 200
    assert key not in viewer_client.get(PATH).content.decode()
    assert key not in everything_in("elastix_apitoken")
    assert hashlib.sha256(key.encode()).hexdigest() in everything_in("elastix_apitoken")


def test_an_answer_with_a_token_is_not_kept_for_repetitions(viewer_client: APIClient) -> None:
    for _ in range(2):
        viewer_client.post(PATH, {"name": "till"}, HTTP_IDEMPOTENCY_KEY="once")
    assert everything_in("elastix_keptanswer") in ("[]", "()")
    assert ApiToken.objects.filter(name="till").count() == 2


def test_tokens_end(viewer: User, settings: Any) -> None:
    now = timezone.now()
    past, gone = token_create(user=viewer, name="a", expires_at=now - dt.timedelta(seconds=1))
    _, good = token_create(user=viewer, name="b", expires_at=now + dt.timedelta(minutes=1))
    assert with_token(gone).get("/elasticity").status_code == 401
    assert with_token(good).get("/elasticity").status_code == 200
    past.refresh_from_db()
    assert past.last_used_at is None


def test_a_token_ends_as_the_server_says_unless_it_is_asked_for_otherwise(
    viewer_client: APIClient, settings: Any
) -> None:
    settings.TOKEN_LIFETIME = dt.timedelta(days=3)
    now = timezone.now()

    def days(**asked: Any) -> Any:
        made = viewer_client.post(PATH, {"name": "till", **asked}).json()["expires_at"]
        return made and round((dt.datetime.fromisoformat(made) - now) / dt.timedelta(days=1))

    assert (days(), days(expires_in_days=7), days(expires_in_days=None)) == (3, 7, None)


def test_a_token_to_read_may_do_what_a_viewer_may_whoever_has_it(admin_user: User) -> None:
    client = with_token(token_create(user=admin_user, name="a", scope=TokenScope.READ)[1])
    assert client.get("/elasticity").status_code == 200
    assert client.delete("/transactions?confirm=true").status_code == 403
    assert client.post("/api/products", {"id": "NEW"}).status_code == 403
    # It may not make itself a stronger one, nor end another.
    assert client.post(PATH, {"name": "b"}).status_code == 403
    assert client.delete(f"{PATH}/{ApiToken.objects.get().pk}").status_code == 403


def test_a_viewer_is_no_more_by_a_full_token(viewer: User) -> None:
    client = with_token(token_create(user=viewer, name="a")[1])
    assert client.post("/api/products", {"id": "NEW"}).status_code == 403


def test_one_sees_and_revokes_ones_own(
    viewer: User, viewer_client: APIClient, analyst_client: APIClient
) -> None:
    row, key = token_create(user=viewer, name="till")
    assert [each["name"] for each in viewer_client.get(PATH).json()["items"]] == ["till", "test"]
    assert [each["user"] for each in analyst_client.get(PATH).json()["items"]] == ["analyst"]
    assert analyst_client.delete(f"{PATH}/{row.pk}").status_code == 404
    assert with_token(key).get("/elasticity").status_code == 200
    assert viewer_client.delete(f"{PATH}/{row.pk}").status_code == 204
    assert with_token(key).get("/elasticity").status_code == 401
    assert viewer_client.delete(f"{PATH}/{row.pk}").status_code == 404


def test_admins_see_and_revoke_those_of_all(viewer: User, admin_client: APIClient) -> None:
    row, key = token_create(user=viewer, name="till")
    found = admin_client.get(f"{PATH}?user=viewer").json()["items"]
    assert [each["id"] for each in found] == [row.pk]
    assert admin_client.delete(f"{PATH}/{row.pk}").status_code == 204
    assert token_check(key) is None


def test_a_request_asks_for_its_token_once_and_notes_its_use_once_an_hour(viewer: User) -> None:
    row, key = token_create(user=viewer, name="till")

    def about_tokens() -> list[str]:
        with CaptureQueriesContext(connection) as asked:
            assert with_token(key).get("/api/glossary?word=NO_PRICE").status_code == 200
        return [each["sql"].split()[0] for each in asked if "elastix_apitoken" in each["sql"]]

    assert about_tokens() == ["SELECT", "UPDATE"]
    row.refresh_from_db()
    first = row.last_used_at
    assert about_tokens() == ["SELECT"]
    row.refresh_from_db()
    assert row.last_used_at == first
    ApiToken.objects.filter(pk=row.pk).update(last_used_at=timezone.now() - dt.timedelta(hours=1))
    assert about_tokens() == ["SELECT", "UPDATE"]


@pytest.mark.django_db(transaction=True)
def test_a_reader_does_not_wait_for_a_writer(tmp_path: Any) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL has a lock for each row")
    row, key = token_create(user=user_with_role("viewer"), name="till")
    name = connection.settings_dict["NAME"]
    connection.ensure_connection()
    if "memory" in str(name):
        # The database of the tests lives in memory, where others wait for tables: a lock is said to be taken.
        def taken(*args: Any) -> Any:
            raise services.OperationalError("database is locked")

        with connection.execute_wrapper(
            lambda go, sql, *rest: taken() if sql.startswith("UPDATE") else go(sql, *rest)
        ):
            assert token_check(key) == row
    else:
        with sqlite3.connect(name, isolation_level=None) as other:
            other.execute("BEGIN IMMEDIATE")
            assert token_check(key) == row
            other.execute("ROLLBACK")
    row.refresh_from_db()
    assert row.last_used_at is None
    with connection.cursor() as cursor:
        assert cursor.execute("PRAGMA busy_timeout").fetchone()[0] == 20_000


class TestTakingOver:
    """Tokens of earlier versions, which were kept as they are."""

    def test_clients_stay_logged_in_and_the_old_table_is_gone(self, viewer: User) -> None:
        key = "9944b09199c62bcf9418ad846dd0e4bbdfc6ee4b"
        with connection.cursor() as cursor:
            cursor.execute("CREATE TABLE authtoken_token (key varchar(40), user_id integer)")
            cursor.execute("INSERT INTO authtoken_token VALUES (%s, %s)", [key, viewer.pk])
        migration = importlib.import_module("elastix.migrations.0008_api_tokens")
        migration.take_over(apps, SimpleNamespace(connection=connection))
        assert with_token(key).get("/elasticity").status_code == 200
        assert "authtoken_token" not in connection.introspection.table_names()
        assert key not in everything_in("elastix_apitoken")
        assert ApiToken.objects.get().prefix == "9944b091"

    def test_a_new_installation_has_nothing_to_take_over(self) -> None:
        migration = importlib.import_module("elastix.migrations.0008_api_tokens")
        migration.take_over(apps, SimpleNamespace(connection=connection))
        assert not ApiToken.objects.exists()


class TestAdmin:
    def test_a_viewer_makes_one_sees_it_once_and_revokes_it(self, viewer: User, analyst: User) -> None:
        other, _ = token_create(user=analyst, name="of another")
        browser = signed_in(viewer)
        form = {"name": "till", "scope": "read", "expires_at_0": "", "expires_at_1": ""}
        made = browser.post(page(ApiToken, "add"), form)
        key = made.context["token"].key
        assert key in made.content.decode() and "no-store" in made["Cache-Control"]
        row = token_check(key)
        assert row is not None and (row.user, row.scope, row.expires_at) == (viewer, "read", None)
        listed = browser.get(page(ApiToken)).content.decode()
        assert row.prefix in listed and key not in listed and "of another" not in listed
        assert key not in browser.get(page(ApiToken, "change", row.pk)).content.decode()
        browser.post(page(ApiToken, "delete", other.pk), {"post": "yes"})
        browser.post(page(ApiToken, "delete", row.pk), {"post": "yes"})
        assert list(ApiToken.objects.all()) == [other]

    def test_admins_see_all(self, admin_user: User, analyst: User) -> None:
        token_create(user=analyst, name="of another")
        assert "of another" in signed_in(admin_user).get(page(ApiToken)).content.decode()

    def test_the_gear_of_the_desk_leads_there(self, viewer: User) -> None:
        browser = client_of(viewer)
        assert page(ApiToken) in browser.get("/desk/alerts").content.decode()
