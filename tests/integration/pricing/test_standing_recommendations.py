"""/api/price/recommendations: all recommended prices ranked and filtered, summed up, proposed."""

import csv
import io
from decimal import Decimal
from typing import Any

import pytest
from rest_framework.test import APIClient

from pricing.elasticity.models import ElasticityEstimate
from pricing.recommendation.models import BulkRow, StandingRecommendation
from pricing.recommendation.selectors.bulk_optimization import optimize_each
from pricing.recommendation.services.categories import categories_refresh_if_outdated
from pricing.sales.models import PriceChange, Product
from pricing.sales.services.products import product_update
from segments.models import SegmentElasticity
from tests.api_cases import ListCases
from tests.factories import StandingRecommendationFactory
from tests.integration.pricing.factories import PricedProductFactory, products_to_price

pytestmark = pytest.mark.django_db

PATH = "/api/price/recommendations"


class TestStandingRecommendations(ListCases):
    path = PATH
    factory = StandingRecommendationFactory
    id_key = "product_id"
    list_queries = 5  # three of them for the prior prices of reductions


@pytest.fixture(autouse=True)
def standing(db: None) -> None:
    products_to_price()
    categories_refresh_if_outdated()


def listed(client: APIClient, **query: Any) -> list[str]:
    answer = client.get(PATH, query)
    assert answer.status_code == 200, answer.content
    return [row["product_id"] for row in answer.json()["items"]]


def recommended() -> dict[str, BulkRow]:
    return {
        row.product_id: row for row in optimize_each(list(Product.objects.values_list("pk", flat=True))).rows
    }


def test_the_largest_gain_comes_first_and_figures_are_those_of_the_optimization(
    viewer_client: APIClient,
) -> None:
    body = viewer_client.get(PATH, {"changes": "true"}).json()
    rows = recommended()
    moved = [row for row in rows.values() if row.changes]
    assert [row["product_id"] for row in body["items"]] == [
        row.product_id for row in sorted(moved, key=lambda row: -(row.profit_change or 0))
    ]
    assert body["total"] == len(moved) >= 2
    for item in body["items"]:
        row = rows[item["product_id"]]
        assert item["recommended_price"] == float(row.recommended_price or 0)
        assert item["profit_change"] == row.profit_change
        # Sold at the present price: what is earned now is certain, and the ends are those of the new profit.
        assert item["gain_low"] == pytest.approx(
            (row.profit_low or 0) - (row.profit_now or 0), rel=0.05, abs=1
        )
        assert item["gain_high"] == pytest.approx(
            (row.profit_high or 0) - (row.profit_now or 0), rel=0.05, abs=1
        )
        assert item["risk_level"] == row.risk_level
        now, then = float(row.current_price or 0), float(row.recommended_price or 0)
        assert item["change_percent"] == round(100 * (then / now - 1), 1)


def test_a_gain_that_is_likely_has_an_interval_above_nothing(viewer_client: APIClient) -> None:
    # Sold at 10.90 and now at 12.99: what is sold at 12.99 is as uncertain as what is sold at a higher price.
    PricedProductFactory(
        code="MOVED",
        cost="7.80",
        estimate__elasticity=-0.5,
        estimate__std_error=0.5,
        forecast__base_price="10.90",
    )
    (row,) = optimize_each(["MOVED"]).rows
    assert row.changes and row.probability_of_gain is not None and row.probability_of_gain > 0.95
    assert (row.profit_low or 0) - (row.profit_now or 0) < 0 < (row.gain_low or 0) < (row.profit_change or 0)
    assert (row.profit_change or 0) < (row.gain_high or 0)


def test_what_is_left_alone_says_why(viewer_client: APIClient) -> None:
    body = viewer_client.get(PATH, {"changes": "false", "ordering": "product"}).json()
    reasons = {row["product_id"]: row["reason"] for row in body["items"]}
    assert reasons == {
        "NOCOST": "NO_FLOOR", "NOPRICE": "NO_PRICE", "RIGHT": "NO_BETTER_PRICE", "UNSURE": "UNCERTAIN_GAIN",
    }  # fmt: skip


def test_what_an_elasticity_rests_on_stands_beside_it(viewer_client: APIClient) -> None:
    ElasticityEstimate.objects.filter(product_id="P001").update(evidence="borrowed")
    found = {row["product_id"]: row["evidence"] for row in viewer_client.get(PATH).json()["items"]}
    assert (found["P001"], found["NOPRICE"]) == ("borrowed", "")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"change": "lower"}, {"CUT"}),
        ({"change": "raise"}, {"P001"}),
        ({"category": "Cups"}, {"CUT"}),
        ({"category": "None such"}, set()),
        ({"grade": "D"}, set()),
        ({"grade": "A", "change": "raise"}, {"P001"}),
        ({"segment": "Champion"}, {"P001"}),
        ({"segment": "Lost"}, {"CUT"}),
        ({"segment": "AtRisk"}, set()),
    ],
)
def test_filters_narrow_the_list(query: dict[str, str], expected: set[str], viewer_client: APIClient) -> None:
    figures = {"elasticity": -1.0, "std_error": 0.1, "ci_low": -1.2, "ci_high": -0.8, "weight": 0.5}
    for code, segment, units in (("P001", "Champion", 9), ("P001", "Lost", 5), ("CUT", "Lost", 5)):
        SegmentElasticity.objects.create(
            product_id=code, segment=segment, units=units, sample_size=9, quality="B", **figures
        )
    assert set(listed(viewer_client, changes="true", **query)) == expected


@pytest.mark.parametrize(
    ("query", "field"),
    [({"grade": "E"}, "grade"), ({"change": "up"}, "change"), ({"risk": "none"}, "risk"),
     ({"segment": "Kings"}, "segment"), ({"ordering": "luck"}, "ordering")],
)  # fmt: skip
def test_unknown_filters_are_refused(query: dict[str, str], field: str, viewer_client: APIClient) -> None:
    answer = viewer_client.get(PATH, query)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == field


def test_a_file_has_all_rows(viewer_client: APIClient) -> None:
    answer: Any = viewer_client.get(PATH, {"format": "csv", "ordering": "product"})
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode())))
    assert [row["product_id"] for row in rows] == sorted(recommended())


def test_a_product_whose_price_has_moved_waits_to_be_looked_at_anew(viewer_client: APIClient) -> None:
    product_update("CUT", by="anna", current_price=Decimal("11.00"))
    assert "CUT" not in listed(viewer_client)
    categories_refresh_if_outdated()
    assert "CUT" in listed(viewer_client)


def test_competitors_and_stock_stand_beside_a_price(viewer_client: APIClient) -> None:
    Product.objects.filter(pk="P001").update(stock_level=800)
    StandingRecommendation.objects.filter(pk="P001").update(quantity_now=1_200, competitor_price=13.5)
    (row,) = [row for row in viewer_client.get(PATH).json()["items"] if row["product_id"] == "P001"]
    assert (row["stock_days"], row["competitor_price"]) == (20.0, 13.5)


# --- sums -----------------------------------------------------------------------------------------------


def test_sums_are_those_of_the_chosen_prices_with_an_interval(viewer_client: APIClient) -> None:
    rows = recommended()
    codes = ["CUT", "P001", "RIGHT"]
    body = viewer_client.post(f"{PATH}/totals", {"product_ids": codes}).json()
    moved = [rows["CUT"], rows["P001"]]
    assert (body["count"], body["known"], body["below_cost"]) == (2, 2, 0)
    assert body["profit_change"] == pytest.approx(sum(row.profit_change or 0 for row in moved), abs=0.02)
    change = sum((row.revenue or 0) - (row.revenue_now or 0) for row in moved)
    assert body["revenue_change"] == pytest.approx(change, abs=0.02)
    low, high = body["interval"]
    assert low < body["profit_change"] < high
    one = viewer_client.post(f"{PATH}/totals", {"product_ids": ["CUT"]}).json()["interval"]
    other = viewer_client.post(f"{PATH}/totals", {"product_ids": ["P001"]}).json()["interval"]
    # Errors that the two do not share average out in part.
    assert high - low < (one[1] - one[0]) + (other[1] - other[0])
    assert body["lowest_percent"] < 0 < body["highest_percent"]


def test_nothing_that_is_recommended_sums_up_to_nothing(viewer_client: APIClient) -> None:
    body = viewer_client.post(f"{PATH}/totals", {"product_ids": ["RIGHT", "GONE"]}).json()
    assert (body["count"], body["profit_change"], body["interval"]) == (0, 0, None)
    assert viewer_client.post(f"{PATH}/totals", {"product_ids": []}).status_code == 400
    assert viewer_client.post(f"{PATH}/totals", {}).status_code == 400


# --- proposing --------------------------------------------------------------------------------------------


def test_recommended_prices_are_proposed_as_one_batch(analyst_client: APIClient) -> None:
    answer = analyst_client.post(
        f"{PATH}/propose", {"product_ids": ["CUT", "P001", "RIGHT"], "reason": "The best"}
    )
    body = answer.json()
    assert (answer.status_code, body["proposed"]) == (201, 2)
    assert [(each["product_id"], each["code"]) for each in body["left_out"]] == [("RIGHT", "not_recommended")]
    rows = recommended()
    changes = PriceChange.objects.filter(batch=body["batch"]).order_by("product_id")
    assert [
        (each.product_id, each.new_price, each.source, each.proposed_by, each.reason) for each in changes
    ] == [
        (code, rows[code].recommended_price, "recommendation", "analyst", "The best")
        for code in ("CUT", "P001")
    ]
    numbers = {row["product_id"]: row["open_change"] for row in analyst_client.get(PATH).json()["items"]}
    assert {code for code, number in numbers.items() if number} == {"CUT", "P001"}


def test_a_second_time_nothing_is_left_to_propose(analyst_client: APIClient) -> None:
    assert analyst_client.post(f"{PATH}/propose", {"product_ids": ["CUT"]}).status_code == 201
    again = analyst_client.post(f"{PATH}/propose", {"product_ids": ["CUT"]})
    assert again.status_code == 409
    assert [error["code"] for error in again.json()["errors"]] == ["open_change"]
    assert PriceChange.objects.filter(product_id="CUT").count() == 1
    more = analyst_client.post(f"{PATH}/propose", {"product_ids": ["CUT", "P001"]}).json()
    assert (more["proposed"], [each["code"] for each in more["left_out"]]) == (1, ["open_change"])
