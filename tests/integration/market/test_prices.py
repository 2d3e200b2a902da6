"""/api/market/prices and /api/market/qualities: competitors' prices and what their offers are worth."""

import datetime as dt
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from market.models import Competitor, CompetitorPrice
from pricing.recommendation.models import PricePolicy
from pricing.sales.models import Product
from tests.api_cases import ApiCases, DetailCases, ListCases, UpdateCases, refused_fields
from tests.factories import CompetitorFactory, CompetitorPriceFactory, PricePolicyFactory
from tests.integration.market.factories import observe, observe_market
from tests.shops import AS_OF

pytestmark = pytest.mark.usefixtures("shop")

PATH = "/api/market/prices"
QUALITIES = "/api/market/qualities"
NOON = "2025-04-20T12:00:00Z"
ONE = {"product_id": "CUP", "competitor_name": "A", "price": 13.49, "recorded_at": NOON, "source": "window"}


IMPOSSIBLE = (
    ({"price": 0}, "price"),
    ({"price": 1.234}, "price"),
    ({"price": "NaN"}, "price"),
    ({"price": 1e9}, "price"),
    ({"product_id": "NOTHING"}, "product_id"),
    ({"product_id": "a\u200bb"}, "product_id"),
    ({"product_id": None}, "product_id"),
    ({"competitor_name": " "}, "competitor_name"),
    ({"competitor_name": "our SHOP"}, "competitor_name"),
    ({"competitor_name": "x" * 256}, "competitor_name"),
    ({"competitor_name": "a\x00b"}, "competitor_name"),
    ({"recorded_at": "2200-01-01T00:00:00Z"}, "recorded_at"),
    ({"recorded_at": "yesterday"}, "recorded_at"),
    ({"source": "x" * 101}, "source"),
)


class TestCompetitorPrices(ApiCases):
    path = PATH
    factory = CompetitorPriceFactory
    list_queries = 6
    body = ONE
    created = {"newest": True}
    required = ("product_id", "competitor_name", "price")
    invalid = IMPOSSIBLE
    twice = 200
    put_body = ONE
    change = {"price": 12.5}
    invalid_changes = IMPOSSIBLE


class TestCompetitors(ListCases, DetailCases, UpdateCases):
    path = QUALITIES
    factory = CompetitorFactory
    list_queries = 2
    change = {"quality": 1.25}
    invalid_changes = tuple(
        ({"quality": quality}, "quality")
        for quality in (0, -1, 100.01, 1.234, "NaN", "Infinity", None, "good")
    )


def post(client: APIClient, **changes: Any) -> Any:
    return client.post(PATH, ONE | changes, format="json")


def names(client: APIClient, **query: Any) -> list[str]:
    response = client.get(PATH, query)
    assert response.status_code == 200, response.content
    return [row["competitor_name"] for row in response.json()["items"]]


# --- writing ------------------------------------------------------------------------------------------


def test_an_analyst_records_a_price(analyst_client: APIClient) -> None:
    response = post(analyst_client, product_id="cup", recorded_at="2025-04-30T12:00:00Z")
    assert response.status_code == 201
    row = CompetitorPrice.objects.get()
    assert response.json() == {
        "id": row.pk,
        "product_id": "CUP",
        "competitor_name": "A",
        "price": 13.49,
        "recorded_at": "2025-04-30T12:00:00Z",
        "source": "window",
        "newest": True,
        "fresh": True,
        "plausible": True,
        "used": True,
    }
    assert Competitor.objects.get().name == "A"
    assert analyst_client.get(f"{PATH}/{row.pk}").json() == response.json()


def test_the_same_competitor_product_and_moment_again_corrects_the_price(analyst_client: APIClient) -> None:
    first = post(analyst_client).json()
    again = post(analyst_client, price=13.99)
    assert (again.status_code, again.json()["id"], again.json()["price"]) == (200, first["id"], 13.99)
    assert CompetitorPrice.objects.count() == 1


def test_a_name_in_other_capitals_is_the_same_competitor(analyst_client: APIClient) -> None:
    post(analyst_client, competitor_name="Café  Nero")
    post(analyst_client, competitor_name="CAFÉ NERO", recorded_at="2025-04-21T12:00:00Z")
    assert set(CompetitorPrice.objects.values_list("competitor_name", flat=True)) == {"Café Nero"}
    assert Competitor.objects.count() == 1


def test_without_a_time_it_was_seen_now(analyst_client: APIClient) -> None:
    before = timezone.now()
    body = {name: value for name, value in ONE.items() if name != "recorded_at"}
    assert analyst_client.post(PATH, body, format="json").status_code == 201
    assert before <= CompetitorPrice.objects.get().recorded_at <= timezone.now()


def test_put_replaces_a_price_and_patch_changes_what_is_given(analyst_client: APIClient) -> None:
    url = f"{PATH}/{post(analyst_client).json()['id']}"
    assert analyst_client.patch(url, {"price": 12.5}, format="json").json()["price"] == 12.5
    assert analyst_client.put(url, {"price": 12.5}, format="json").status_code == 400
    whole = ONE | {"competitor_name": "B", "product_id": "MUG"}
    body = analyst_client.put(url, whole, format="json").json()
    assert (body["competitor_name"], body["product_id"], body["price"]) == ("B", "MUG", 13.49)
    assert analyst_client.patch(url, {"product_id": "NOTHING"}, format="json").status_code == 400


def test_a_price_cannot_take_the_place_of_another(analyst_client: APIClient) -> None:
    post(analyst_client)
    other = post(analyst_client, competitor_name="B").json()["id"]
    response = analyst_client.patch(f"{PATH}/{other}", {"competitor_name": "a"}, format="json")
    assert response.status_code == 409
    assert CompetitorPrice.objects.get(pk=other).competitor_name == "B"


# --- the list ------------------------------------------------------------------------------------------


def test_the_list_is_the_newest_first_with_what_is_thought_of_each(viewer_client: APIClient) -> None:
    observe_market()
    body = viewer_client.get(PATH).json()
    assert body["total"] == 6
    # E was written after A on the same day.
    assert [(row["competitor_name"], row["price"]) for row in body["items"]] == [
        ("E", 139.9), ("A", 13.49), ("B", 12.49), ("A", 1.0), ("C", 14.99), ("D", 9.99),
    ]  # fmt: skip
    flags = [(row["newest"], row["fresh"], row["plausible"], row["used"]) for row in body["items"]]
    assert flags == [
        (True, True, False, False),
        (True, True, True, True),
        (True, True, True, True),
        (False, True, None, False),
        (True, True, True, True),
        (True, False, True, False),
    ]


def test_the_list_is_filtered(viewer_client: APIClient) -> None:
    observe_market()
    observe("A", "6.00", 1, "MUG")
    assert names(viewer_client, product="mug") == ["A"]
    assert names(viewer_client, product="NOTHING") == []
    assert names(viewer_client, competitor="D") == ["D"]
    assert names(viewer_client, fresh="false") == ["D"]
    assert len(names(viewer_client, fresh="true")) == 6
    day = AS_OF - dt.timedelta(days=2)
    assert names(viewer_client, start_date=day, end_date=day) == ["B"]
    assert names(viewer_client, endDate=AS_OF - dt.timedelta(days=6)) == ["C", "D"]
    assert names(viewer_client, limit=2, offset=5) == ["C", "D"]
    assert names(viewer_client, offset=100) == []


def test_the_policies_decide_what_is_fresh(viewer_client: APIClient) -> None:
    for product in ("CUP", "MUG", "BOWL"):
        observe("A", "6.00", 10, product)
    PricePolicyFactory(competitor_days=5)
    PricePolicyFactory(product="CUP", competitor_days=10)
    assert [row["product_id"] for row in viewer_client.get(PATH, {"fresh": "true"}).json()["items"]] == [
        "CUP"
    ]
    for row in viewer_client.get(PATH).json()["items"]:
        assert row["fresh"] == (row["product_id"] == "CUP")
    Product.objects.filter(code__in=("CUP", "MUG")).update(category="Cups")
    PricePolicyFactory(category="Cups", competitor_days=11)
    PricePolicy.objects.filter(product_id="CUP").update(competitor_days=9)
    assert [row["product_id"] for row in viewer_client.get(PATH, {"fresh": "true"}).json()["items"]] == [
        "MUG"
    ]
    assert {row["product_id"] for row in viewer_client.get(PATH, {"fresh": "false"}).json()["items"]} == {
        "CUP",
        "BOWL",
    }


@pytest.mark.parametrize(
    "query",
    [{"fresh": "perhaps"}, {"start_date": "2025-04-02", "end_date": "2025-04-01"},
     {"product": "a\u200bb"}, {"start_date": "2025-02-30"}],
)  # fmt: skip
def test_what_makes_no_sense_is_refused(query: dict[str, Any], viewer_client: APIClient) -> None:
    assert viewer_client.get(PATH, query).status_code == 400


def test_the_calendar_s_last_day_is_no_accident(viewer_client: APIClient) -> None:
    observe("A", "5.00", 1)
    assert names(viewer_client, start_date="0001-01-01", end_date="9999-12-31") == ["A"]


# --- what their offers are worth -----------------------------------------------------------------------


def test_the_competitors_are_listed_with_what_is_known_of_them(analyst_client: APIClient) -> None:
    post(analyst_client)
    post(analyst_client, competitor_name="B")
    post(analyst_client, competitor_name="B", recorded_at="2025-04-21T12:00:00Z")
    body = analyst_client.get(QUALITIES).json()
    for row in body["items"]:
        assert row.pop("id") > 0
    assert body == {
        "total": 2,
        "items": [
            {"name": "A", "quality": 1.0, "prices": 1, "last_seen": NOON},
            {"name": "B", "quality": 1.0, "prices": 2, "last_seen": "2025-04-21T12:00:00Z"},
        ],
    }


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"name": "AC"}, ["Acme"]),
        ({"ordering": "-prices"}, ["Bolt", "Acme"]),
        ({"ordering": "quality"}, ["Bolt", "Acme"]),
        ({}, ["Acme", "Bolt"]),
    ],
)
def test_competitors_are_filtered_and_ordered(
    analyst_client: APIClient, query: dict[str, str], found: list[str]
) -> None:
    CompetitorFactory(name="Acme", quality="1.5")
    CompetitorFactory(name="Bolt", quality="0.5")
    post(analyst_client, competitor_name="Bolt")
    answer = analyst_client.get(QUALITIES, query).json()
    assert [each["name"] for each in answer["items"]] == found


def test_an_analyst_sets_a_quality(analyst_client: APIClient, viewer_client: APIClient) -> None:
    competitor = CompetitorFactory(name="A")
    url = f"{QUALITIES}/{competitor.pk}"
    assert analyst_client.put(url, {"quality": 1.25}, format="json").json()["quality"] == 1.25
    assert analyst_client.patch(url, {}, format="json").json()["quality"] == 1.25
    assert refused_fields(analyst_client.put(url, {}, format="json")) == {"quality"}
    assert viewer_client.get(url).json()["quality"] == 1.25
