"""What prices asked for would do: one price, scenarios, the demand curve, the profit. They agree to the cent."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from pricing.elasticity.models import ElasticityEstimate
from pricing.forecasting.models import DemandForecast
from pricing.sales.models import Product, ProductSummary
from tests.api_cases import ProductFigureCases, QuestionCases
from tests.factories import (
    CompetitorPriceFactory,
    PricedProductFactory,
    PricePolicyFactory,
    ProductFactory,
    SalesHistoryFactory,
)
from tests.shops import AS_OF

pytestmark = pytest.mark.usefixtures("shop")

SIMULATE = "/api/price/simulate"
SCENARIOS = "/api/price/scenarios"
CURVE = "/api/analytics/demand-curve"
PROFIT = "/api/analytics/profit-impact"
MODELS = ("average", "linear", "constant_elasticity")
MONEY = ("price", "quantity", "revenue", "profit")


@pytest.fixture(autouse=True)
def _latte(shop: Any) -> None:
    """The Iced Latte of the documents."""
    PricedProductFactory(
        code="P001", name="Iced Latte 720", estimate__std_error=0.4, estimate__flags=["FEW_DAYS"]
    )


def average(price: float, elasticity: float = -1.2) -> float:
    """Demand at a price in relation to that at 12.99, both curves written out."""
    ratio = price / 12.99
    return (max(1 + elasticity * (ratio - 1), 0) + ratio**elasticity) / 2


def body_of(answer: Any) -> dict[str, Any]:
    assert answer.status_code == 200, answer.content
    body: dict[str, Any] = answer.json()
    return body


def simulate(client: APIClient, **fields: Any) -> dict[str, Any]:
    return body_of(client.post(SIMULATE, {"product_id": "P001", "new_price": 15} | fields))


def scenarios(client: APIClient, *asked: Any, **fields: Any) -> dict[str, Any]:
    """The rows of a comparison by name."""
    body = body_of(client.post(SCENARIOS, {"product_id": "P001", "scenarios": asked} | fields))
    return {row["name"]: row for row in body["scenarios"]}


# --- one price ------------------------------------------------------------------------------------------------


def test_the_simulation_of_15_00_with_its_arithmetic_put_right(viewer_client: APIClient) -> None:
    answer = simulate(viewer_client, product_id="p001", demand_model="linear")
    assert answer["current"] == {"price": 12.99, "quantity": 1200.0, "revenue": 15588.0, "profit": 5388.0}
    assert answer["projected"] == {"price": 15.0, "quantity": 977.18, "revenue": 14657.74, "profit": 6351.69}
    assert answer["impact"] == {
        "revenue_change": -930.26,
        "revenue_change_percent": -6.0,
        "profit_change": 963.69,
        "profit_change_percent": 17.9,
        "quantity_change": -222.82,
        "quantity_change_percent": -18.6,
    }
    assert (answer["recommendation"], answer["risk_level"]) == ("Increase", "high")
    assert (answer["days"], answer["demand_model"], answer["quality"]) == (30, "linear", "A")
    assert answer["interval"]["level"] == 0.8
    for name in ("quantity", "revenue", "profit"):
        low, high = answer["interval"][name]
        assert low < answer["projected"][name] < high


def test_unless_asked_demand_is_the_average_of_both_curves(viewer_client: APIClient) -> None:
    answer = simulate(viewer_client)
    assert answer["demand_model"] == "average"
    # 977.18 by the straight line, 1009.72 by constant elasticity.
    assert answer["projected"]["quantity"] == pytest.approx((977.18 + 1009.72) / 2, abs=0.01)
    assert answer["projected"]["quantity"] == pytest.approx(1200 * average(15), abs=0.005)


def test_a_price_set_since_the_sales_is_projected_from_the_one_they_were_made_at(
    viewer_client: APIClient,
) -> None:
    before = simulate(viewer_client)["projected"]
    Product.objects.filter(code="P001").update(current_price="14.49")
    after = simulate(viewer_client)
    assert after["projected"] == before
    assert after["current"]["quantity"] == pytest.approx(1200 * average(14.49), abs=0.005)
    assert simulate(viewer_client, new_price=12.99)["projected"]["quantity"] == 1200.0


def test_beyond_15_percent_it_tells_what_the_other_model_foresees(viewer_client: APIClient) -> None:
    far = simulate(viewer_client)
    assert "LARGE_CHANGE" in far["warnings"]
    assert far["allowed"] is False
    linear, constant = (simulate(viewer_client, demand_model=model) for model in MODELS[1:])
    assert far["other_model"] == linear["projected"] | {"demand_model": "linear"}
    assert linear["other_model"] == constant["projected"] | {"demand_model": "constant_elasticity"}
    assert constant["other_model"] == linear["projected"] | {"demand_model": "linear"}
    near = simulate(viewer_client, new_price=14.49)
    assert (near["other_model"], near["allowed"], near["warnings"]) == (None, True, ["FEW_DAYS"])


def test_the_sliders_change_cost_and_demand(viewer_client: APIClient) -> None:
    plain = simulate(viewer_client)
    dearer = simulate(viewer_client, cost=9.5)
    assert dearer["current"]["profit"] == pytest.approx(1200 * (12.99 - 9.5))
    assert dearer["projected"]["quantity"] == plain["projected"]["quantity"]
    more = simulate(viewer_client, demand_factor=1.5)
    assert more["current"] == plain["current"]
    assert more["projected"]["quantity"] == pytest.approx(1.5 * plain["projected"]["quantity"], abs=0.01)
    assert (simulate(viewer_client, demand_factor=0)["projected"]["revenue"], more["demand_factor"]) == (
        0.0,
        1.5,
    )


@pytest.mark.parametrize("factor", [0.5, 2])
def test_the_response_slider_scales_the_elasticity_and_its_error(
    factor: float, viewer_client: APIClient
) -> None:
    plain = simulate(viewer_client, demand_model="linear")
    scaled = simulate(viewer_client, response_factor=factor, demand_model="linear")
    assert (plain["response_factor"], scaled["response_factor"]) == (1.0, factor)
    assert (plain["elasticity"], scaled["elasticity"]) == (-1.2, -1.2 * factor)
    assert scaled["current"] == plain["current"]
    # 1200 (1 + f E (15 - 12.99) / 12.99), by hand.
    expected = 1200 * (1 - 1.2 * factor * 2.01 / 12.99)
    assert scaled["projected"]["quantity"] == pytest.approx(expected, abs=0.01)
    by_average = simulate(viewer_client, response_factor=factor)["projected"]
    assert by_average["quantity"] == pytest.approx(1200 * average(15, -1.2 * factor), abs=0.005)
    (low, high), (scaled_low, scaled_high) = (each["interval"]["quantity"] for each in (plain, scaled))
    assert (scaled_high - scaled_low) == pytest.approx(factor * (high - low), abs=0.05)


def test_the_present_price_changes_nothing(viewer_client: APIClient) -> None:
    answer = simulate(viewer_client, new_price=12.99)
    assert set(answer["impact"].values()) == {0.0}
    assert (answer["risk_level"], answer["probability_of_gain"]) == ("low", 0.0)


def test_without_a_cost_revenue_is_what_is_known(viewer_client: APIClient) -> None:
    Product.objects.filter(code="P001").update(cost=None)
    answer = simulate(viewer_client)
    assert (answer["projected"]["profit"], answer["impact"]["profit_change"]) == (None, None)
    assert "NO_COST" in answer["warnings"]
    PricePolicyFactory(assumed_cost_ratio="0.5")
    assumed = simulate(viewer_client)
    assert (assumed["cost"], assumed["cost_assumed"]) == (6.495, True)
    assert "COST_ASSUMED" in assumed["warnings"]


def test_warnings_of_the_price_asked(viewer_client: APIClient) -> None:
    SalesHistoryFactory(product="P001", date=AS_OF, quantity=1, revenue=13, price=13, list_price=13)
    assert {"BELOW_COST", "EXTRAPOLATION"} <= set(simulate(viewer_client, new_price=8)["warnings"])
    assert "EXTRAPOLATION" not in simulate(viewer_client, new_price=13.5)["warnings"]
    ElasticityEstimate.objects.filter(product_id="P001").update(elasticity=0.3)
    DemandForecast.objects.filter(product_id="P001").update(units_per_purchase=0)
    assert {"POSITIVE_ELASTICITY", "NO_RECENT_SALES"} <= set(simulate(viewer_client)["warnings"])


def test_the_policy_chooses_the_model_unless_the_request_does(viewer_client: APIClient) -> None:
    PricePolicyFactory(category="Drinks", demand_model="constant_elasticity")
    assert simulate(viewer_client)["demand_model"] == "constant_elasticity"
    assert simulate(viewer_client, demand_model="linear")["demand_model"] == "linear"


# --- scenarios ------------------------------------------------------------------------------------------------


def test_scenarios_stand_beside_the_present_price_best_first(viewer_client: APIClient) -> None:
    asked = [("Conservative", 13.49), ("Recommended", 14.49), ("Aggressive", 15.99)]
    body = body_of(
        viewer_client.post(
            SCENARIOS,
            {"product_id": "P001", "scenarios": [{"name": name, "price": price} for name, price in asked]},
        )
    )
    rows = body["scenarios"]
    assert [(row["rank"], row["name"], row["risk_level"]) for row in rows] == [
        (1, "Aggressive", "high"),
        (2, "Recommended", "medium"),
        (3, "Conservative", "low"),
        (4, "Current price", "low"),
    ]
    quantity = 1200 * average(13.49)
    assert rows[2]["projected_revenue"] == pytest.approx(13.49 * quantity, abs=0.005)
    assert rows[2]["projected_profit"] == pytest.approx(4.99 * quantity, abs=0.005)
    # The document's first scenario, with its arithmetic put right.
    linear = scenarios(viewer_client, {"name": "Conservative", "price": 13.49}, demand_model="linear")
    assert linear["Conservative"]["projected_revenue"] == 15440.29
    assert linear["Conservative"]["projected_profit"] == 5711.42
    assert [row["is_baseline"] for row in rows] == [False, False, False, True]
    assert [row["allowed"] for row in rows] == [False, True, True, True]


@pytest.mark.parametrize("fields", [{}, {"scenarios": []}])
def test_without_any_asked_three_steps_are_compared(fields: dict[str, Any], viewer_client: APIClient) -> None:
    body = body_of(viewer_client.post(SCENARIOS, {"product_id": "P001"} | fields))
    assert {row["name"]: row["price"] for row in body["scenarios"]} == {
        "Conservative": 13.49,
        "Recommended": 14.49,
        "Aggressive": 15.99,
        "Current price": 12.99,
    }


def test_presets_go_by_their_names(viewer_client: APIClient) -> None:
    CompetitorPriceFactory(product="P001", competitor_name="A", price="12.49", recorded_at=f"{AS_OF}T00:00Z")
    names = ("maximize-profit", "maximize-revenue", "balanced", "premium", "market-leader")
    rows = scenarios(viewer_client, *({"name": name} for name in names), {"name": "premium", "price": 13})
    assert {name: rows[name]["price"] for name in names if name != "premium"} == {
        "maximize-profit": 14.49,
        "maximize-revenue": 11.49,
        "balanced": 12.99,
        "market-leader": 11.99,
    }
    assert rows["premium"]["price"] in (13.0, 14.49)


def test_a_preset_whose_price_cannot_be_determined_is_named(viewer_client: APIClient) -> None:
    Product.objects.filter(code="P001").update(cost=None)
    answer = viewer_client.post(SCENARIOS, {"product_id": "P001", "scenarios": [{"name": "premium"}]})
    body = body_of(answer)
    assert [row["name"] for row in body["scenarios"]] == ["Current price"]
    assert "NO_PRESET_PRICE: premium" in body["warnings"]


# --- the demand curve, and the profit -------------------------------------------------------------------------


def test_the_demand_curve_of_the_document_with_its_arithmetic_put_right(viewer_client: APIClient) -> None:
    query = {"min_price": 10, "max_price": 18, "points": 5}
    linear = body_of(viewer_client.get(f"{CURVE}/P001", query | {"demand_model": "linear"}))["curve_points"]
    assert [point["price"] for point in linear] == [10.0, 12.0, 14.0, 16.0, 18.0]
    right = [1531.5, 1309.7, 1088.0, 866.3, 644.6]
    assert [point["quantity"] for point in linear] == pytest.approx(right, abs=0.06)
    constant = body_of(viewer_client.get(f"{CURVE}/P001", query | {"demand_model": "constant_elasticity"}))
    quantities = [point["quantity"] for point in constant["curve_points"]]
    assert quantities == pytest.approx([1642.5, 1319.8, 1096.9, 934.5, 811.3], abs=0.06)
    both = body_of(viewer_client.get(f"{CURVE}/P001", query))["curve_points"]
    assert [point["quantity"] for point in both] == pytest.approx(
        [1200 * average(point["price"]) for point in both], abs=0.006
    )
    for point in linear + both:
        assert point["quantity_low"] <= point["quantity"] <= point["quantity_high"]


def test_the_curve_goes_30_percent_either_way_unless_asked(viewer_client: APIClient) -> None:
    points = body_of(viewer_client.get(f"{CURVE}/P001"))["curve_points"]
    assert (points[0]["price"], points[-1]["price"], len(points)) == (9.09, 16.89, 21)
    Product.objects.filter(code="P001").update(current_price="0.02")
    prices = [point["price"] for point in body_of(viewer_client.get(f"{CURVE}/P001"))["curve_points"]]
    assert prices == sorted(set(prices)) == [0.01, 0.02, 0.03]


def test_profit_now_at_another_price_and_over_a_range(viewer_client: APIClient) -> None:
    plain = body_of(viewer_client.get(f"{PROFIT}/P001"))
    now = plain["current"]
    assert (now["margin_percent"], now["markup_percent"], now["profit"]) == (34.6, 52.8, 5388.0)
    assert now["break_even_units"] == pytest.approx(1200 * 8.5 / 4.49, abs=0.005)
    assert (now["break_even_units_fixed_costs"], plain["projected"], len(plain["points"])) == (None, None, 21)
    asked = body_of(viewer_client.get(f"{PROFIT}/P001", {"new_price": 14.49, "fixed_costs": 2000}))
    assert asked["current"]["break_even_units_fixed_costs"] == pytest.approx(2000 / 4.49, abs=0.005)
    assert asked["projected"]["profit_per_unit"] == pytest.approx(5.99)
    below = body_of(viewer_client.get(f"{PROFIT}/P001", {"new_price": 8, "fixed_costs": 1}))["projected"]
    assert (below["break_even_units"], below["break_even_units_fixed_costs"]) == (0.0, 0.0)
    Product.objects.filter(code="P001").update(cost=None)
    unknown = body_of(viewer_client.get(f"{PROFIT}/P001"))["current"]
    assert (unknown["margin_percent"], unknown["profit"], unknown["revenue"]) == (None, None, 15588.0)


# --- all of them ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("price", [9.99, 12.99, 13.49, 14.49, 15.0, 17.35])
def test_all_of_them_agree_to_the_cent(model: str, price: float, viewer_client: APIClient) -> None:
    one = simulate(viewer_client, new_price=price, demand_model=model)["projected"]
    row = scenarios(viewer_client, {"name": "x", "price": price}, demand_model=model)["x"]
    point = body_of(
        viewer_client.get(
            f"{CURVE}/P001", {"min_price": 5, "max_price": price, "points": 2, "demand_model": model}
        )
    )["curve_points"][-1]
    profit = body_of(viewer_client.get(f"{PROFIT}/P001", {"new_price": price, "demand_model": model}))
    assert {name: row[f"projected_{name}"] for name in MONEY[1:]} | {"price": row["price"]} == one
    assert {name: point[name] for name in MONEY} == one
    assert {name: profit["projected"][name] for name in MONEY} == one


def test_the_recommendation_foresees_what_the_simulation_does(viewer_client: APIClient) -> None:
    advice = body_of(viewer_client.get("/api/price/recommend/P001"))
    asked = simulate(viewer_client, new_price=advice["recommended_price"])
    assert advice["expected"]["projected"] == asked["projected"]
    assert advice["expected"]["interval"] == asked["interval"]
    assert advice["expected"]["risk_level"] == asked["risk_level"]


@pytest.mark.parametrize("model", MODELS)
def test_the_quick_simulation_changes_by_the_same_percents(model: str, viewer_client: APIClient) -> None:
    ProductSummary.objects.filter(product_id="P001").update(
        total_quantity=1_200_000, total_revenue=15_588_000
    )
    price = round(12.99 * 1.1, 2)
    quick = body_of(
        viewer_client.post(
            "/simulate",
            {"stock_code": "P001", "price_change_percent": 100 * (price / 12.99 - 1), "demand_model": model},
        )
    )
    impact = simulate(viewer_client, new_price=price, demand_model=model)["impact"]
    assert quick["quantity_change_percent"] == pytest.approx(impact["quantity_change_percent"], abs=0.05)
    assert quick["revenue_change_percent"] == pytest.approx(impact["revenue_change_percent"], abs=0.05)


class TestSimulate(QuestionCases):
    path = SIMULATE
    body = {"product_id": "P001", "new_price": 15}
    queries = 10
    invalid = (
        *(({"product_id": code}, "product_id") for code in ("", None, "a\u200bb", [])),
        *(({"new_price": price}, "new_price") for price in (0, -1, "NaN", "Infinity", 1e9, 12.345, None)),
        *(({"cost": cost}, "cost") for cost in (-1, "NaN", 1e9)),
        *(({"demand_factor": factor}, "demand_factor") for factor in (-0.1, 101, "NaN", "Infinity", None)),
        *(({"response_factor": factor}, "response_factor") for factor in (0.4, 2.1, "NaN", None)),
        ({"demand_model": "cubic"}, "demand_model"),
    )
    missing = ({"product_id": "NOBODY"}, {"product_id": "POST"})


class TestScenarios(QuestionCases):
    path = SCENARIOS
    body = {"product_id": "P001"}
    queries = 10
    invalid = tuple(
        ({"scenarios": scenarios}, "scenarios")
        for scenarios in (
            [{"name": "x"}],
            [{"price": 1}],
            [{"name": "x", "price": 1}, {"name": "y", "price": 0}],
            [{"name": "x", "price": 1}] * 51,
            "all",
            [1],
        )
    )
    missing = ({"product_id": "NOBODY"}, {"product_id": "POST"})


@pytest.mark.parametrize(
    ("path", "query", "where"),
    [
        (CURVE, {"min_price": 14, "max_price": 13}, "min_price"),
        (CURVE, {"min_price": 17}, "min_price"),
        (CURVE, {"max_price": 9}, "max_price"),
        (CURVE, {"points": 1}, "points"),
        (CURVE, {"points": 501}, "points"),
        (CURVE, {"min_price": "nan"}, "min_price"),
        (CURVE, {"demand_model": "cubic"}, "demand_model"),
        (PROFIT, {"new_price": 0}, "new_price"),
        (PROFIT, {"fixed_costs": -1}, "fixed_costs"),
    ],
)
def test_ranges_that_cannot_be_are_refused_by_name(
    path: str, query: dict[str, Any], where: str, viewer_client: APIClient
) -> None:
    answer = viewer_client.get(f"{path}/P001", query)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, where)


@pytest.mark.parametrize(
    ("code", "why"),
    [("NOBODY", "no product"), ("POST", "service"), ("NEW", "No price")],
)
def test_where_there_is_nothing_to_project_from(code: str, why: str, viewer_client: APIClient) -> None:
    ProductFactory(code="NEW")
    answers = [
        viewer_client.post(SIMULATE, {"product_id": code, "new_price": 15}),
        viewer_client.post(SCENARIOS, {"product_id": code}),
        viewer_client.get(f"{CURVE}/{code}"),
        viewer_client.get(f"{PROFIT}/{code}"),
    ]
    for answer in answers:
        assert answer.status_code == 404
        assert why in answer.json()["detail"]


def test_prices_of_any_size_are_answered(viewer_client: APIClient) -> None:
    for elasticity in (-50.0, 40.0):
        ElasticityEstimate.objects.filter(product_id="P001").update(elasticity=elasticity)
        DemandForecast.objects.filter(product_id="P001").update(units_per_purchase=10_000)
        for price in (0.01, 99_999_999.99):
            for model in MODELS:
                answer = simulate(viewer_client, new_price=price, demand_model=model)
                assert answer["projected"]["price"] == price


class TestDemandCurve(ProductFigureCases):
    path = "/api/analytics/demand-curve/{code}"
    queries = 10
    missing = (*ProductFigureCases.missing, "POST")


class TestProfitImpact(ProductFigureCases):
    path = "/api/analytics/profit-impact/{code}"
    queries = 10
    missing = (*ProductFigureCases.missing, "POST")
