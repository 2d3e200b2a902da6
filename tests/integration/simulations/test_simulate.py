"""POST /simulate: a what-if that is not kept."""

import datetime as dt

import pytest
from rest_framework.test import APIClient

from elastix.dataset.versions import data_version
from pricing.elasticity.models import ElasticityEstimate
from pricing.sales.models import Product, ProductSummary
from simulations.models import Simulation
from tests.api_cases import QuestionCases

pytestmark = pytest.mark.usefixtures("shop")


class TestSimulate(QuestionCases):
    path = "/simulate"
    body = {"stock_code": "CUP", "price_change_percent": 10}
    queries = 4
    invalid = (
        *(
            ({"price_change_percent": percent}, "price_change_percent")
            for percent in (-99.5, 1000.5, "nan", "Infinity", "ten", None)
        ),
        ({"period": "always"}, "period"),
    )
    missing = ({"stock_code": "NOWHERE"}, {"stock_code": "POST"})


def simulate(client: APIClient, **body: object) -> object:
    return client.post("/simulate", {"stock_code": "CUP", "price_change_percent": 10} | body, format="json")


def test_it_projects_all_sales_of_the_product_to_the_new_price(viewer_client: APIClient) -> None:
    answer = simulate(viewer_client).json()

    summary = ProductSummary.objects.get(product_id="CUP")
    elasticity = ElasticityEstimate.objects.get(product_id="CUP", method="pooled").elasticity
    quantity = round(summary.total_quantity * (1 + 0.1 * elasticity))
    price = float(summary.total_revenue) / summary.total_quantity
    assert answer["current_quantity"] == summary.total_quantity
    assert answer["current_revenue"] == pytest.approx(float(summary.total_revenue), abs=0.005)
    assert answer["projected_quantity"] == quantity
    assert answer["projected_revenue"] == pytest.approx(quantity * price * 1.1, abs=0.01)
    assert answer["revenue_delta"] == pytest.approx(
        answer["projected_revenue"] - answer["current_revenue"], abs=0.02
    )
    assert answer["interval"]["quantity_low"] <= quantity <= answer["interval"]["quantity_high"]


def test_the_other_demand_model_can_be_asked_for(viewer_client: APIClient) -> None:
    linear = simulate(viewer_client, price_change_percent=14).json()
    constant = simulate(viewer_client, price_change_percent=14, demand_model="constant_elasticity").json()

    assert linear["demand_model"] == "linear"
    assert constant["projected_quantity"] > linear["projected_quantity"]
    average = simulate(viewer_client, price_change_percent=14, demand_model="average").json()
    between = (constant["projected_quantity"] + linear["projected_quantity"]) / 2
    assert average["projected_quantity"] == pytest.approx(between, abs=1)


def test_the_code_may_be_written_in_any_case(viewer_client: APIClient) -> None:
    assert simulate(viewer_client, stock_code="cup").json()["stock_code"] == "CUP"


def test_nothing_is_stored(viewer_client: APIClient) -> None:
    simulate(viewer_client)

    assert not Simulation.objects.exists()


def test_the_answer_names_its_period_and_its_base(viewer_client: APIClient) -> None:
    answer = simulate(viewer_client).json()
    version = data_version()
    assert answer["base"] == "average_paid"
    assert answer["period"]["kind"] == "all_sales"
    assert answer["period"]["start_date"] == str(version.first_day)
    assert answer["period"]["end_date"] == str(version.as_of - dt.timedelta(days=1))
    assert answer["period"]["days"] == (version.as_of - version.first_day).days


@pytest.mark.parametrize("percent", [10, -20, 0, 33.3])
def test_both_simulators_answer_the_same_for_the_same_period(
    percent: float, viewer_client: APIClient
) -> None:
    answer = simulate(viewer_client, price_change_percent=percent, period="next_30_days").json()
    body = {"product_id": "CUP", "new_price": answer["projected_price"]}
    other = viewer_client.post("/api/price/simulate", body, format="json").json()
    assert answer["period"] == other["period"]
    assert answer["base"] == other["base"] == "present_price"
    assert answer["demand_model"] == other["demand_model"]
    assert answer["elasticity"] == other["elasticity"]
    for name in ("price", "quantity", "revenue"):
        assert answer[f"current_{name}"] == other["current"][name]
        assert answer[f"projected_{name}"] == other["projected"][name]
    for name in ("quantity", "revenue"):
        ends = [answer["interval"][f"{name}_{end}"] for end in ("low", "high")]
        assert ends == other["interval"][name]
    assert answer["revenue_delta"] == pytest.approx(other["impact"]["revenue_change"], abs=0.011)
    assert answer["period"]["days"] == other["days"] == 30


def test_a_product_without_a_price_has_no_next_days(viewer_client: APIClient) -> None:
    Product.objects.filter(code="CUP").update(current_price=None)
    assert simulate(viewer_client, period="next_30_days").status_code == 404
    assert simulate(viewer_client).status_code == 200
