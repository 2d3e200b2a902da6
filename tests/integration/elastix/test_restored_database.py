"""What was kept of a database is not given again once another one is in its place."""

from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from django.core.cache import cache
from django.core.management import CommandError, call_command
from redis.exceptions import ConnectionError as RedisUnreachable
from rest_framework.test import APIClient

from elastix.dataset.models import DataVersion
from elastix.management.commands import restore as command
from tests.factories import PricedProductFactory

pytestmark = pytest.mark.django_db
PATH = "/elasticity"


@pytest.fixture(autouse=True)
def _no_copying(monkeypatch: pytest.MonkeyPatch) -> None:
    """The command without the copying and the migrations, which want a database of their own."""
    monkeypatch.setattr(command, "restore", lambda path: None)
    monkeypatch.setattr(command, "call_command", lambda *args, **options: None)


def put_back() -> None:
    call_command("restore", Path("monday.backup"), yes=True, verbosity=0)


def test_answers_and_tags_of_the_former_database_end(viewer_client: APIClient) -> None:
    PricedProductFactory(code="CUP")
    cache.set("former", 1)
    first = viewer_client.get(PATH)
    PricedProductFactory(code="JUG")
    kept: Any = viewer_client.get(PATH)
    assert kept.content == first.content  # kept by its version, which no service has raised

    put_back()
    assert cache.get("former") is None
    again = viewer_client.get(PATH, headers={"If-None-Match": first["ETag"]})
    assert again.status_code == 200
    assert {row["stock_code"] for row in again.json()["results"]} == {"CUP", "JUG"}
    assert again["ETag"] != first["ETag"]


def test_no_edit_makes_a_tag_that_was_given_before() -> None:
    DataVersion.objects.update_or_create(pk=1, defaults={"catalogue_version": 3})
    put_back()
    first = DataVersion.objects.get().catalogue_version
    put_back()
    assert DataVersion.objects.get().catalogue_version > first > 1_000_000


def test_a_cache_that_does_not_answer_is_named() -> None:
    with (
        patch.object(
            type(cache._connections[cache._alias]), "clear", side_effect=RedisUnreachable("no route")
        ),  # type: ignore[attr-defined]
        pytest.raises(CommandError, match="CACHE_URL"),
    ):
        put_back()
