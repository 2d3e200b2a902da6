"""GET /simulations/comparison: saved simulations side by side."""

from decimal import Decimal
from typing import Any

import pytest
from rest_framework.test import APIClient

from segments.core.rfm import SEGMENTS
from segments.models import SegmentSales
from simulations.models import Simulation
from tests.factories import PricedProductFactory, SimulationFactory
from tests.integration.segments import shop as hand_shop

pytestmark = pytest.mark.django_db
COMPARISON = "/simulations/comparison"


def simulation(code: str | None, first: float = -10, last: float = 10, step: float = 5) -> Simulation:
    return SimulationFactory(
        product_id=code, range_from_percent=first, range_to_percent=last, range_step_percent=step
    )


def compare(client: APIClient, *simulations: Simulation, **query: Any) -> dict[str, Any]:
    answer = client.get(COMPARISON, {"id": [str(each.pk) for each in simulations], **query})
    assert answer.status_code == 200, answer.content
    return answer.json()


@pytest.mark.usefixtures("shop")
def test_each_is_at_the_change_that_brings_most_profit_within_the_limits(viewer_client: APIClient) -> None:
    PricedProductFactory(code="P1")
    answer = compare(viewer_client, simulation("P1", -30, 30, 5))
    item = answer["items"][0]
    points = dict(zip(item["changes"], item["projection"]["points"], strict=True))
    allowed = {change: point["profit"] for change, point in points.items() if point["allowed"]}
    assert 0 < len(allowed) < len(points)
    assert len(set(allowed.values())) == len(allowed)
    assert allowed[item["price_change_percent"]] == max(allowed.values())
    assert item["projection"]["projected"] == points[item["price_change_percent"]]


@pytest.mark.usefixtures("shop")
def test_its_figures_are_those_of_the_simulator(viewer_client: APIClient) -> None:
    PricedProductFactory(code="P1")
    answer = compare(viewer_client, simulation("P1"), price_change_percent=8)
    projection = answer["items"][0]["projection"]
    body = {"product_id": "P1", "new_price": projection["projected"]["price"]}
    other = viewer_client.post("/api/price/simulate", body, format="json").json()
    assert projection["projected"]["price"] == 14.03  # 12.99 and 8 %
    assert projection["current"] == other["current"]
    assert projection["current"]["quantity"] > projection["projected"]["quantity"] > 0
    for name in ("price", "quantity", "revenue", "profit"):
        assert projection["projected"][name] == other["projected"][name]
    assert projection["projected"]["interval"] == other["interval"]
    assert answer["period"] == other["period"]


def test_segments_are_those_of_the_thirty_days_past_and_say_so(viewer_client: APIClient) -> None:
    hand_shop.publish()
    PricedProductFactory(code="P1")
    SegmentSales.objects.create(
        product_id="P1", segment="Lost", date=hand_shop.day(9), quantity=100, revenue=Decimal(1000)
    )
    saved = simulation("P1")
    answer = compare(viewer_client, saved, price_change_percent=10)
    assert answer["segments_period"]["end_date"] == "2011-01-10"
    assert answer["segments_period"]["days"] == 30
    segments = answer["items"][0]["segments"]
    assert set(segments) == set(SEGMENTS)
    dates = {"start_date": "2010-12-12", "end_date": "2011-01-10", "demand_model": "average"}
    metrics = viewer_client.get(
        f"/simulations/{saved.pk}/metrics", dates | {"price_change_percent": 10}
    ).json()
    assert segments["Lost"] == metrics["Lost"]
    assert segments["Lost"]["quantity"] == pytest.approx(88, abs=1)


@pytest.mark.usefixtures("shop")
def test_drafts_and_products_without_a_price_say_why_they_have_no_figures(viewer_client: APIClient) -> None:
    PricedProductFactory(code="P1", current_price=None)
    items = compare(viewer_client, simulation(None), simulation("P1"))["items"]
    assert [item["obstacle"] for item in items] == ["DRAFT", "NO_PRICE"]
    assert [item["projection"] for item in items] == [None, None]


@pytest.mark.usefixtures("shop")
def test_without_a_cost_the_most_revenue_is_best(viewer_client: APIClient) -> None:
    PricedProductFactory(code="P1", cost=None)
    item = compare(viewer_client, simulation("P1"))["items"][0]
    revenues = [point["revenue"] for point in item["projection"]["points"] if point["allowed"]]
    assert item["projection"]["projected"]["revenue"] == max(revenues)
    assert item["projection"]["projected"]["profit"] is None


@pytest.mark.usefixtures("shop")
def test_a_fine_range_is_thinned_out(viewer_client: APIClient) -> None:
    PricedProductFactory(code="P1")
    item = compare(viewer_client, simulation("P1", -25, 25, 0.1))["items"][0]
    assert 50 < len(item["changes"]) <= 101
    assert len(item["projection"]["points"]) == len(item["changes"])


@pytest.mark.parametrize("count", [0, 5])
def test_it_takes_one_to_four(count: int, viewer_client: APIClient) -> None:
    ids = [str(simulation(None).pk) for _ in range(count)]
    answer = viewer_client.get(COMPARISON, {"id": ids})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "id"


def test_one_that_is_not_there_is_not_found(viewer_client: APIClient) -> None:
    missing = "00000000-0000-4000-8000-000000000000"
    answer = viewer_client.get(COMPARISON, {"id": [str(simulation(None).pk), missing]})
    assert answer.status_code == 404
    assert missing in answer.json()["detail"]


@pytest.mark.parametrize("change", ["-100", "1001", "NaN", "x"])
def test_a_nonsense_change_is_refused(change: str, viewer_client: APIClient) -> None:
    query = {"id": str(simulation(None).pk), "price_change_percent": change}
    assert viewer_client.get(COMPARISON, query).status_code == 400
