"""GET /api/market/competitors/{id}: a product's price among its competitors'."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from pricing.elasticity.models import ElasticityEstimate
from pricing.sales.models import Product
from tests.api_cases import ProductFigureCases
from tests.factories import TODAY, CompetitorFactory, PricePolicyFactory
from tests.integration.market.factories import observe, observe_market
from tests.shops import AS_OF

pytestmark = pytest.mark.usefixtures("shop")

PATH = "/api/market/competitors"
NOWHERE = {
    "position_index": None,
    "market_min": None,
    "market_max": None,
    "market_avg": None,
    "price_gap_percent": None,
    "position": None,
    "competitive_position": None,
}


def asked(client: APIClient, code: str = "CUP", **query: Any) -> dict[str, Any]:
    response = client.get(f"{PATH}/{code}", query)
    assert response.status_code == 200, response.content
    return response.json()  # type: ignore[no-any-return]


@pytest.fixture
def latte() -> None:
    """The cup at the seed document's price, among the seed document's competitors."""
    Product.objects.filter(code="CUP").update(current_price=Decimal("12.99"), cost=Decimal("8.50"))
    observe_market()


def test_the_seed_s_worked_numbers(latte: None, viewer_client: APIClient) -> None:
    body = asked(viewer_client)
    assert (body["product_id"], body["your_price"], body["fresh_days"]) == ("CUP", 12.99, 7)
    assert body["market_position"] == {
        "position_index": 0.20,
        "market_min": 12.49,
        "market_max": 14.99,
        "market_avg": 13.66,
        "price_gap_percent": -4.9,
        "position": "Below Average",
        "competitive_position": "Price Leader",
    }
    assert body["recommendation_code"] == "ROOM_TO_RAISE"
    assert "4.9 % below the competitors' mean of 13.66" in body["recommendation"]


def test_old_and_impossible_prices_are_shown_and_not_used(latte: None, viewer_client: APIClient) -> None:
    rows = {row.pop("name"): row for row in asked(viewer_client)["competitors"]}
    assert list(rows) == ["A", "B", "C", "D", "E"]
    used = {name: (row["fresh"], row["plausible"], row["used"]) for name, row in rows.items()}
    assert used == {
        "A": (True, True, True),
        "B": (True, True, True),
        "C": (True, True, True),
        "D": (False, True, False),
        "E": (True, False, False),
    }
    assert rows["A"]["price"] == 13.49
    assert rows["A"]["recorded_at"] == (TODAY - dt.timedelta(days=1)).isoformat().replace("+00:00", "Z")
    assert rows["D"]["market_share"] is rows["E"]["market_share"] is None


def test_shares_follow_from_the_elasticity_of_our_own_sales(latte: None, viewer_client: APIClient) -> None:
    body = asked(viewer_client)
    model = body["market_share_model"]
    estimate = ElasticityEstimate.objects.get(product_id="CUP", method="pooled").elasticity
    assert model["elasticity_source"] == "product"
    assert model["elasticity"] == pytest.approx(estimate, abs=1e-4)
    assert model["exact"] and model["elasticity_in_model"] == model["elasticity"]
    assert model["elasticity"] == pytest.approx(-model["beta"] * (1 - body["market_share"]), abs=1e-3)
    theirs = [row["market_share"] for row in body["competitors"] if row["used"]]
    assert body["market_share"] + sum(theirs) == pytest.approx(1, abs=1e-3)
    weights = [price ** -model["beta"] for price in (12.99, 13.49, 12.49, 14.99)]
    assert body["market_share"] == pytest.approx(weights[0] / sum(weights), abs=1e-3)


@pytest.mark.parametrize("elasticity", [None, 0.3])
def test_without_a_usable_elasticity_the_shop_s_default_is_taken(
    elasticity: float | None, latte: None, viewer_client: APIClient
) -> None:
    found = ElasticityEstimate.objects.filter(product_id="CUP")
    found.update(elasticity=elasticity) if elasticity else found.delete()
    model = asked(viewer_client)["market_share_model"]
    assert (model["elasticity_source"], model["elasticity"]) == ("default", -1.2)


def test_a_better_competitor_takes_share_unless_quality_is_left_out(
    latte: None, viewer_client: APIClient
) -> None:
    before = asked(viewer_client)["market_share"]
    CompetitorFactory(name="A", quality=Decimal("2"))
    after = asked(viewer_client)
    assert after["market_share"] < before
    assert {row["name"]: row["quality"] for row in after["competitors"]}["A"] == 2
    assert asked(viewer_client, gamma=0)["market_share"] == before


def test_nobody_else_is_an_answer_that_says_so(viewer_client: APIClient) -> None:
    body = asked(viewer_client, "mug")
    assert body["competitors"] == body["history"] == []
    assert body["market_position"] == NOWHERE
    assert body["market_share"] is body["market_share_model"] is None
    assert body["recommendation_code"] == "NO_COMPETITORS"
    assert "MUG" in body["recommendation"]


def test_only_old_prices_are_an_answer_that_says_so(viewer_client: APIClient) -> None:
    observe("A", "4.00", 9)
    body = asked(viewer_client)
    assert body["market_position"] == NOWHERE
    assert body["recommendation_code"] == "NO_USABLE_PRICES"
    assert "older than 7 days" in body["recommendation"]


def test_without_a_price_of_ours_the_market_is_still_shown(latte: None, viewer_client: APIClient) -> None:
    Product.objects.filter(code="CUP").update(current_price=None)
    body = asked(viewer_client)
    assert body["your_price"] is None
    assert body["market_position"] == NOWHERE | {
        "market_min": 12.49,
        "market_max": 14.99,
        "market_avg": 13.66,
    }
    assert (body["market_share"], body["recommendation_code"]) == (None, "NO_OWN_PRICE")


def test_a_market_below_our_cost_is_not_to_be_followed(latte: None, viewer_client: APIClient) -> None:
    Product.objects.filter(code="CUP").update(cost=Decimal("13.70"))
    assert asked(viewer_client)["recommendation_code"] == "MARKET_BELOW_COST"


def test_the_policy_says_how_old_a_price_may_be(latte: None, viewer_client: APIClient) -> None:
    PricePolicyFactory(competitor_days=2)
    body = asked(viewer_client)
    assert body["fresh_days"] == 2
    assert [row["name"] for row in body["competitors"] if row["fresh"]] == ["A", "B", "E"]
    PricePolicyFactory(product="CUP", competitor_days=30)
    assert [row["name"] for row in asked(viewer_client)["competitors"] if row["used"]] == ["A", "B", "C", "D"]


def test_the_history_has_the_last_price_of_each_day(viewer_client: APIClient) -> None:
    for price, days_ago in (("4.00", 3), ("4.20", 2.9), ("4.40", 2), ("4.60", 40)):
        observe("A", price, days_ago)
    observe("B", "5.00", 2)
    day = [(AS_OF - dt.timedelta(days=days)).isoformat() for days in (3, 2)]
    assert asked(viewer_client, days=30)["history"] == [
        {"name": "A", "points": [{"date": day[0], "price": 4.2}, {"date": day[1], "price": 4.4}]},
        {"name": "B", "points": [{"date": day[1], "price": 5.0}]},
    ]
    assert len(asked(viewer_client)["history"][0]["points"]) == 3


def test_it_costs_the_same_few_queries_however_many_compete(counted: APIClient) -> None:
    for count in (1, 40):
        for number in range(count):
            observe(f"{count}-{number}", "4.00", 1 + number / 100)
        with CaptureQueriesContext(connection) as captured:
            asked(counted)
        assert len(captured) == 8


@pytest.mark.parametrize("query", [{"gamma": "nan"}, {"gamma": -1}, {"gamma": 11}, {"days": 0}, {"limit": 1}])
def test_what_makes_no_sense_is_refused(query: dict[str, Any], viewer_client: APIClient) -> None:
    assert viewer_client.get(f"{PATH}/CUP", query).status_code == 400


def test_the_answer_may_not_be_kept(viewer_client: APIClient) -> None:
    response = viewer_client.get(f"{PATH}/CUP")
    assert "ETag" not in response.headers
    assert "no-store" in response.headers["Cache-Control"]


class TestCompetitors(ProductFigureCases):
    path = "/api/market/competitors/{code}"
    queries = 6
