"""Answers that belong to one published version: ETags, 304, Vary, CORS, and never a mix of two versions."""

from typing import Any

import pytest
from django.db import OperationalError
from django.test import override_settings
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.test import APIClient, APIRequestFactory

from elastix.api.versions import TRIES, answer
from elastix.dataset.models import DataVersion
from elastix.errors import Busy
from elastix.imports.models import ImportBatch
from pricing.elasticity import api as elasticities

pytestmark = pytest.mark.django_db

PATH = "/elasticity"
LISTED, OTHER = "http://localhost:3000", "https://evil.example"


def names(header: str) -> set[str]:
    return {name.strip().lower() for name in header.split(",")}


# --- ETag and 304 ------------------------------------------------------------------------------------


def test_an_unchanged_answer_is_not_sent_again(shop: ImportBatch, viewer_client: APIClient) -> None:
    first = viewer_client.get(PATH)
    assert first["ETag"].startswith('W/"')
    assert first.json()["last_updated"].endswith("Z")
    again = viewer_client.get(PATH, headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])


@pytest.mark.parametrize("form", ['"old", {tag}', "{strong}", "*", '{tag}, "older"'])
def test_every_spelling_of_a_known_tag_counts(form: str, shop: ImportBatch, viewer_client: APIClient) -> None:
    tag = viewer_client.get(PATH)["ETag"]
    asked = form.format(tag=tag, strong=tag.removeprefix("W/"))
    assert viewer_client.get(PATH, headers={"If-None-Match": asked}).status_code == 304


@pytest.mark.parametrize("asked", ['"old"', "nonsense", "", 'W/"0.0.0.0-0"'])
def test_other_tags_get_the_answer(asked: str, shop: ImportBatch, viewer_client: APIClient) -> None:
    assert viewer_client.get(PATH, headers={"If-None-Match": asked}).status_code == 200


def test_permissions_come_first(shop: ImportBatch, viewer_client: APIClient, anonymous: APIClient) -> None:
    tag = viewer_client.get(PATH)["ETag"]
    refused = anonymous.get(PATH, headers={"If-None-Match": tag})
    assert refused.status_code == 401
    assert "ETag" not in refused


def test_a_changed_product_makes_a_new_answer(
    shop: ImportBatch, viewer_client: APIClient, analyst_client: APIClient
) -> None:
    tag = viewer_client.get(PATH)["ETag"]
    assert analyst_client.patch("/api/products/CUP", {"name": "A new name"}).status_code == 200
    fresh = viewer_client.get(PATH, headers={"If-None-Match": tag})
    assert fresh.status_code == 200
    assert fresh["ETag"] != tag


def test_an_answer_computed_on_the_spot_is_new_after_each_sale(
    shop: ImportBatch, viewer_client: APIClient, analyst_client: APIClient
) -> None:
    window = {"start_date": "2025-01-01", "end_date": "2025-04-30"}
    cached, live = viewer_client.get(PATH), viewer_client.get(PATH, window)
    sale = {"invoice_no": "9", "stock_code": "CUP", "quantity": 5, "unit_price": 4,
            "invoice_date": "2025-04-01T12:00:00Z"}  # fmt: skip
    assert analyst_client.post("/transactions", sale).status_code == 201
    assert viewer_client.get(PATH, headers={"If-None-Match": cached["ETag"]}).status_code == 304
    fresh = viewer_client.get(PATH, window, headers={"If-None-Match": live["ETag"]})
    assert fresh.status_code == 200
    sold = {row["stock_code"]: row["total_quantity"] for row in fresh.json()["results"]}
    before = {row["stock_code"]: row["total_quantity"] for row in live.json()["results"]}
    assert sold["CUP"] == before["CUP"] + 5


def test_answers_that_no_version_covers_have_no_tag(shop: ImportBatch, viewer_client: APIClient) -> None:
    for path in ("/api/products/list", "/api/price/policies", "/transactions", "/transactions/imports"):
        assert "ETag" not in viewer_client.get(path), path


# --- Vary and CORS -----------------------------------------------------------------------------------


@override_settings(CORS_ALLOWED_ORIGINS=[LISTED])
@pytest.mark.parametrize(
    "path", [PATH, "/api/products/list", "/transactions", "/api/jobs/1", "/elasticity?limit=0"]
)
@pytest.mark.parametrize("origin", [LISTED, OTHER, None])
def test_caches_learn_what_the_answer_depends_on(
    path: str, origin: str | None, viewer_client: APIClient, anonymous: APIClient
) -> None:
    headers = {"Origin": origin} if origin else {}
    for client in (viewer_client, anonymous):
        varies = names(client.get(path, headers=headers)["Vary"])
        assert {"accept", "authorization", "cookie", "origin"} <= varies


@override_settings(CORS_ALLOWED_ORIGINS=[LISTED])
def test_a_304_says_so_too(shop: ImportBatch, viewer_client: APIClient) -> None:
    headers = {"Origin": LISTED, "If-None-Match": viewer_client.get(PATH)["ETag"]}
    unchanged = viewer_client.get(PATH, headers=headers)
    assert unchanged.status_code == 304
    assert {"accept", "authorization", "cookie", "origin"} <= names(unchanged["Vary"])
    assert unchanged["Access-Control-Allow-Origin"] == LISTED


@override_settings(CORS_ALLOWED_ORIGINS=[LISTED])
def test_a_listed_origin_may_read_the_answer_its_tag_and_its_errors(
    viewer_client: APIClient, anonymous: APIClient
) -> None:
    for client, status in ((viewer_client, 200), (anonymous, 401)):
        answered = client.get(PATH, headers={"Origin": LISTED})
        assert answered.status_code == status
        assert answered["Access-Control-Allow-Origin"] == LISTED
        assert {"etag", "retry-after", "x-request-id"} <= names(answered["Access-Control-Expose-Headers"])
        assert "Access-Control-Allow-Credentials" not in answered
    assert anonymous.get("/nothing", headers={"Origin": LISTED})["Access-Control-Allow-Origin"] == LISTED


@override_settings(CORS_ALLOWED_ORIGINS=[LISTED])
@pytest.mark.parametrize(
    "origin", [OTHER, "null", "http://localhost:3000.evil.example", "http://LOCALHOST:3001"]
)
def test_an_unlisted_origin_may_not(origin: str, viewer_client: APIClient) -> None:
    assert "Access-Control-Allow-Origin" not in viewer_client.get(PATH, headers={"Origin": origin})


@override_settings(CORS_ALLOWED_ORIGINS=[LISTED])
def test_a_browser_s_question_beforehand_is_answered_for_listed_origins_only(anonymous: APIClient) -> None:
    asked = {
        "Access-Control-Request-Method": "PUT",
        "Access-Control-Request-Headers": "authorization,if-none-match",
    }
    allowed = anonymous.options(PATH, headers={"Origin": LISTED} | asked)
    assert allowed.status_code == 200
    assert {"authorization", "if-none-match", "content-type"} <= names(
        allowed["Access-Control-Allow-Headers"]
    )
    assert {"get", "post", "put", "patch", "delete"} <= names(allowed["Access-Control-Allow-Methods"])
    refused = anonymous.options(PATH, headers={"Origin": OTHER} | asked)
    assert "Access-Control-Allow-Origin" not in refused


# --- one version --------------------------------------------------------------------------------------


def request_of(path: str) -> Request:
    """A request as a view has it once the format of its answer is settled."""
    request = Request(APIRequestFactory().get(path))
    request.accepted_renderer = JSONRenderer()
    return request


def publish(version: int) -> None:
    DataVersion.objects.update_or_create(
        pk=1, defaults={"sales_version": version, "published_version": version, "time_zone": "UTC"}
    )


def test_an_answer_during_which_a_publish_happened_is_made_again() -> None:
    publish(1)
    seen = []

    def build(version: DataVersion) -> dict[str, Any]:
        seen.append(version.published_version)
        if len(seen) == 1:
            publish(2)
        return {"made_from": version.published_version}

    response = answer(request_of("/"), build)
    assert seen == [1, 2]
    assert response.data["made_from"] == 2
    assert response["ETag"].startswith('W/"2.')


def test_when_versions_change_faster_than_answers_are_made_it_says_try_again() -> None:
    publish(1)
    made: list[int] = []

    def build(version: DataVersion) -> dict[str, Any]:
        made.append(1)
        publish(1 + len(made))
        return {}

    with pytest.raises(Busy):
        answer(request_of("/"), build)
    assert len(made) == TRIES


def test_a_busy_database_asks_to_come_back(viewer_client: APIClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def locked(*args: Any, **kwargs: Any) -> Any:
        raise OperationalError("database is locked")

    monkeypatch.setattr(elasticities, "elasticity_rows", locked)
    answered = viewer_client.get(PATH)
    assert answered.status_code == 503
    assert answered["Retry-After"] == "5"
    assert answered["Content-Type"] == "application/problem+json"
    assert "locked" not in answered.content.decode()


def test_days_cut_in_another_zone_are_not_served(shop: ImportBatch, viewer_client: APIClient) -> None:
    with override_settings(SHOP_TIME_ZONE="Asia/Tokyo"):
        for path in (
            PATH,
            "/api/analytics/elasticity/CUP",
            "/api/products/CUP",
            "/transactions?end_date=2025-02-01",
        ):
            refused = viewer_client.get(path)
            assert refused.status_code == 503, path
            assert "manage.py recompute --full" in refused.json()["detail"]
