"""GET /api/price/recommend: which price to set, and why."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from pricing.elasticity.models import ElasticityEstimate
from pricing.recommendation.api.prices import ProductRecommendationSerializer
from pricing.recommendation.models import PricePolicy
from pricing.recommendation.selectors.expected import expected_effects
from pricing.recommendation.selectors.recommendations import recommend_many
from pricing.sales.models import PriceChange, Product
from tests.api_cases import ProductFigureCases
from tests.factories import (
    CompetitorPriceFactory,
    DemandForecastFactory,
    PriceChangeFactory,
    PricedProductFactory,
    PricePolicyFactory,
    ProductFactory,
)
from tests.integration.pricing.queries import queries_of_call
from tests.shops import AS_OF, MERCHANDISE

pytestmark = pytest.mark.usefixtures("shop")

PATH = "/api/price/recommend"


@pytest.fixture(autouse=True)
def _latte(shop: Any) -> None:
    """The Iced Latte of the documents, sold in the sample shop: its recommendation is known by heart."""
    PricedProductFactory(
        code="P001", name="Iced Latte 720", estimate__std_error=0.4, estimate__flags=["CI_CROSSES_MINUS_ONE"]
    )


def ask(client: APIClient, code: str = "P001", **query: Any) -> dict[str, Any]:
    answer = client.get(f"{PATH}/{code}", query)
    assert answer.status_code == 200, answer.content
    body: dict[str, Any] = answer.json()
    return body


def bounds(answer: dict[str, Any]) -> dict[str, tuple[float, str]]:
    return {each["rule"]: (each["bound"], each["source"]) for each in answer["constraints"]}


def binding(answer: dict[str, Any]) -> list[str]:
    return [each["rule"] for each in answer["constraints"] if each["binding"]]


def average(price: float, base: float = 12.99) -> float:
    """Demand at a price in relation to that at the base price, for an elasticity of -1.2: both curves written out."""
    return ((1 - 1.2 * (price / base - 1)) + (price / base) ** -1.2) / 2


def best_of(value: Callable[[float], float], low: int, high: int, step: int = 1) -> float:
    """The price of greatest value, looked for one by one in cents."""
    return max((cents / 100 for cents in range(low, high + 1, step)), key=value)


def changed(days_ago: float, **fields: Any) -> PriceChange:
    when = timezone.now() - dt.timedelta(days=days_ago)
    line = {"old_price": "11.99", "new_price": "12.99", "status": "applied", "changed_at": when}
    return PriceChangeFactory(product="P001", **(line | fields))


@pytest.mark.parametrize("query", [{}, {"target_margin": 0.30}])
def test_the_iced_latte_of_the_documents(query: dict[str, Any], viewer_client: APIClient) -> None:
    answer = ask(viewer_client, "p001", **query)
    assert (answer["product_id"], answer["current_price"], answer["recommended_price"]) == (
        "P001",
        12.99,
        14.49,
    )
    assert (answer["price_change"], answer["price_change_percent"]) == (1.5, 11.5)
    assert (answer["reason"], binding(answer)) == ("GUARDRAIL", ["max_increase"])
    assert bounds(answer)["max_increase"] == (14.93, "built in")
    calculations = answer["calculations"]
    best = best_of(lambda price: (price - 8.5) * average(price), 1299, 2300)
    assert calculations["unconstrained_price"] == pytest.approx(best, abs=0.011)
    # Linear demand alone asks for (8.50 + 12.99 (1 + 1/1.2)) / 2 = 16.16, constant elasticity for Lerner's price.
    assert 16.16 < best < calculations["lerner_price"] == 51.0
    assert calculations["formula_price"] == (66.3 if query else None)
    assert calculations["target_margin"] == query.get("target_margin")
    assert (calculations["elasticity"], calculations["cost"], calculations["quality"]) == (-1.2, 8.5, "A")
    assert answer["warnings"] == ["CI_CROSSES_MINUS_ONE"]
    assert answer["rationale"].startswith("Demand is elastic: buyers leave when the price rises")
    assert answer["confidence"] == pytest.approx(calculations["probability_of_gain"], abs=0.005)


def test_what_it_is_expected_to_bring_in_30_days(viewer_client: APIClient) -> None:
    expected = ask(viewer_client)["expected"]
    quantity = 1200 * average(14.49)
    assert expected["current"] == {"price": 12.99, "quantity": 1200.0, "revenue": 15588.0, "profit": 5388.0}
    assert expected["projected"]["quantity"] == pytest.approx(quantity, abs=0.005)
    assert expected["projected"]["profit"] == pytest.approx(5.99 * quantity, abs=0.005)
    assert expected["profit_change"] == pytest.approx(5.99 * quantity - 5388, abs=0.01)
    low, high = expected["interval"]["profit"]
    assert low < expected["projected"]["profit"] < high
    assert (expected["days"], expected["interval"]["level"], expected["risk_level"]) == (30, 0.8, "medium")


@pytest.mark.parametrize(
    ("query", "price", "rule"),
    [
        ({"strategy": "revenue"}, 11.49, "max_decrease"),
        ({"strategy": "revenue", "demand_model": "linear"}, 11.99, None),
        ({"strategy": "target_margin", "target_margin": 0.3}, 14.49, "max_increase"),
        ({"strategy": "markup", "target_margin": 0.36}, 13.49, "target_margin"),
        ({"max_price": 13.99}, 13.99, "max_price"),
        ({"min_price": 14.80}, 14.93, "max_increase"),
        ({"max_change_percent": 5}, 13.49, "max_increase"),
        ({"max_change_percent": 40}, 17.49, None),
        ({"max_change_percent": 40, "demand_model": "linear"}, 15.99, None),
        ({"demand_model": "constant_elasticity"}, 14.49, "max_increase"),
        ({"target_margin": 0.42}, 14.93, "max_increase"),
    ],
)
def test_what_a_request_may_ask_for(
    query: dict[str, Any], price: float, rule: str | None, viewer_client: APIClient
) -> None:
    ElasticityEstimate.objects.filter(product_id="P001").update(std_error=0.1)
    answer = ask(viewer_client, **query)
    assert answer["recommended_price"] == price, answer["rationale"]
    assert binding(answer) == ([rule] if rule else [])


def test_a_request_cannot_undo_what_a_policy_decided(viewer_client: APIClient) -> None:
    PricePolicyFactory(max_change="0.05", min_price="12.50", target_margin="0.30")
    PricePolicyFactory(category="Drinks", max_price="13.30")
    wider = {"max_change_percent": 50, "min_price": 1, "max_price": 99, "target_margin": 0.05}
    answer = ask(viewer_client, **wider)
    assert bounds(answer)["max_increase"] == (13.63, "the shop")
    assert bounds(answer)["min_price"] == (12.5, "the shop")
    assert bounds(answer)["max_price"] == (13.3, "category Drinks")
    assert answer["calculations"]["target_margin"] == 0.3
    assert answer["recommended_price"] <= 13.3
    assert bounds(ask(viewer_client, max_price=13.2))["max_price"] == (13.2, "request")


def test_a_policy_sets_strategy_model_endings_and_the_cost_that_is_assumed(viewer_client: APIClient) -> None:
    Product.objects.filter(code="P001").update(cost=None)
    assert ask(viewer_client)["reason"] == "NO_FLOOR"
    PricePolicyFactory(
        product="P001", demand_model="constant_elasticity", endings="00", assumed_cost_ratio="0.6544"
    )
    answer = ask(viewer_client)
    assert answer["recommended_price"] == 14.0
    assert answer["calculations"]["demand_model"] == "constant_elasticity"
    assert (answer["calculations"]["cost"], answer["calculations"]["cost_assumed"]) == (8.5007, True)
    assert "COST_ASSUMED" in answer["warnings"]


def test_competitors_bound_the_price_where_a_policy_says_so(viewer_client: APIClient) -> None:
    for name, price in (("A", "13.49"), ("B", "12.49"), ("C", "14.99")):
        CompetitorPriceFactory(
            product="P001",
            competitor_name=name,
            price=price,
            recorded_at=dt.datetime.combine(AS_OF - dt.timedelta(days=2), dt.time(), dt.UTC),
        )
    assert "competitor_ceiling" not in bounds(ask(viewer_client))
    PricePolicyFactory(competitor_floor="0.90", competitor_ceiling="1.00")
    answer = ask(viewer_client)
    assert bounds(answer)["competitor_ceiling"] == (13.65, "the shop")
    assert bounds(answer)["competitor_floor"] == (12.3, "the shop")
    assert (answer["recommended_price"], binding(answer)) == (13.49, ["competitor_ceiling"])
    PricePolicy.objects.update(competitor_days=1)
    assert "competitor_ceiling" not in bounds(ask(viewer_client))


def test_a_price_that_was_changed_lately_stays(viewer_client: APIClient) -> None:
    PricePolicyFactory(category="Drinks", cooldown_days=7)
    earlier = changed(8)
    held = ask(viewer_client)
    assert (held["recommended_price"], held["reason"]) == (12.99, "HOLD")
    assert held["rationale"].startswith("Hold: 0 of 28 days of sales at this price.")
    assert "COOLDOWN" not in held["warnings"]
    earlier.delete()
    line = changed(6)
    answer = ask(viewer_client)
    assert (answer["recommended_price"], answer["reason"]) == (12.99, "COOLDOWN")
    assert "COOLDOWN" in answer["warnings"]
    line.delete()
    changed(30, status="rolled_back", rolled_back_at=timezone.now() - dt.timedelta(days=2))
    assert ask(viewer_client)["reason"] == "COOLDOWN"


@pytest.mark.parametrize(
    "line",
    [
        {"old_price": None},
        {"status": "proposed", "changed_at": None},
        {"status": "approved", "changed_at": None},
    ],
)
def test_a_first_price_and_an_intention_are_no_changes(
    line: dict[str, Any], viewer_client: APIClient
) -> None:
    PricePolicyFactory(cooldown_days=7)
    changed(1, **line)
    assert ask(viewer_client)["reason"] == "GUARDRAIL"


def test_what_cannot_be_priced_says_so(viewer_client: APIClient) -> None:
    service = ask(viewer_client, "POST")
    assert (service["reason"], service["warnings"][0], service["expected"]) == ("SERVICE", "SERVICE", None)
    assert service["recommended_price"] == service["current_price"]
    ProductFactory(code="NEW")
    new = ask(viewer_client, "NEW")
    assert (new["reason"], new["current_price"], new["recommended_price"]) == ("NO_PRICE", None, None)
    assert "No price is known yet" in new["rationale"]
    Product.objects.filter(code="NEW").update(current_price="5.00", cost="2.00")
    unknown = ask(viewer_client, "NEW")
    assert (unknown["reason"], unknown["recommended_price"], unknown["confidence"]) == (
        "NO_ELASTICITY",
        5.0,
        0.0,
    )
    assert unknown["calculations"]["std_error"] is None
    # Nothing is sold of it, and it stays at the price it has.
    assert unknown["expected"]["projected"] == {"price": 5.0, "quantity": 0.0, "revenue": 0.0, "profit": 0.0}
    assert "NO_RECENT_SALES" in unknown["warnings"]
    DemandForecastFactory(product=Product.objects.get(code="NEW"), month=30)
    sold = ask(viewer_client, "NEW")["expected"]["projected"]
    assert sold == {"price": 5.0, "quantity": 30.0, "revenue": 150.0, "profit": 90.0}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("strategy", "greed"),
        ("demand_model", "cubic"),
        *(("target_margin", value) for value in ("1", "-0.1", "NaN", "much", "0.12345")),
        *(("min_price", value) for value in ("0", "-1", "Infinity", "1e99")),
        ("max_price", "0"),
        *(("max_change_percent", value) for value in ("-1", "101", "nan")),
        ("colour", "red"),
    ],
)
def test_what_cannot_be_asked_is_refused_by_name(name: str, value: str, viewer_client: APIClient) -> None:
    answer = viewer_client.get(f"{PATH}/P001", {name: value})
    assert (answer.status_code, [error["field"] for error in answer.json()["errors"]]) == (400, [name])


def test_an_estimate_that_did_not_converge_moves_no_price(viewer_client: APIClient) -> None:
    ElasticityEstimate.objects.filter(product_id="P001").update(flags=["NOT_CONVERGED"])
    answer = ask(viewer_client)
    assert (answer["recommended_price"], answer["price_change"]) == (12.99, 0.0)
    assert (answer["reason"], answer["warnings"]) == ("NOT_CONVERGED", ["NOT_CONVERGED"])
    assert (answer["calculations"]["elasticity"], answer["calculations"]["best_price"]) == (-1.2, None)
    assert "did not come to an end" in answer["rationale"]


def test_limits_in_the_wrong_order_are_refused(viewer_client: APIClient) -> None:
    answer = viewer_client.get(f"{PATH}/P001", {"min_price": 14, "max_price": 13})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "max_price")


def test_many_products_are_answered_like_each_alone_in_the_same_few_queries(viewer_client: APIClient) -> None:
    PricePolicyFactory(product="CUP", strategy="revenue", endings="any", min_price="1.00")
    PricePolicyFactory(assumed_cost_ratio="0.5")
    codes = [*MERCHANDISE, "P001", "POST"]
    rows = ProductRecommendationSerializer(recommend_many([*codes, "NOBODY", "P001"]), many=True).data
    assert [row["product_id"] for row in rows] == sorted(codes)
    for row in rows:
        alone = ask(viewer_client, row["product_id"])
        del alone["last_updated"]
        assert row == alone
    assert {row["calculations"]["strategy"] for row in rows} == {"profit", "revenue"}
    assert queries_of_call(lambda: recommend_many(codes)) == 7
    assert queries_of_call(lambda: recommend_many(["P001"])) == 7
    for code in ("P001", "CUP"):
        CompetitorPriceFactory(product=code)
    # Competitors are asked for only where a product has any.
    assert queries_of_call(lambda: recommend_many(codes)) == 8


# --- the record kept beside a change --------------------------------------------------------------------------


def test_the_record_of_a_change_says_what_was_expected_and_why() -> None:
    changes = [("P001", Decimal("12.99"), Decimal("15.00")), ("P001", Decimal("10.00"), Decimal("11.00"))]
    first, second = expected_effects(changes)
    assert first is not None and second is not None
    assert (first["days"], first["elasticity"], first["demand_model"]) == (30, -1.2, "average")
    assert (first["cost"], first["cost_assumed"], first["data_version"]) == (8.5, False, 1)
    quantity = 1200 * average(15)
    assert list(first["projected"].values()) == pytest.approx(
        [15.0, quantity, 15 * quantity, 6.5 * quantity], abs=0.005
    )
    low, high = first["interval"]["revenue"]
    assert low < 15 * quantity < high
    # Both of its prices are projected from 12.99, at which the 1,200 are sold.
    now, then = 1200 * average(10), 1200 * average(11)
    assert list(second["current"].values()) == pytest.approx([10.0, now, 10 * now, 1.5 * now], abs=0.005)
    assert second["projected"]["quantity"] == pytest.approx(then, abs=0.005)


def test_the_record_of_a_change_by_the_linear_model_is_the_documents() -> None:
    PricePolicyFactory(demand_model="linear")
    (record,) = expected_effects([("P001", Decimal("12.99"), Decimal("15.00"))])
    assert record is not None
    # Section 10 of the document, with its arithmetic put right.
    assert record["projected"] == {"price": 15.0, "quantity": 977.18, "revenue": 14657.74, "profit": 6351.69}
    assert record["demand_model"] == "linear"


def test_without_a_price_or_an_elasticity_nothing_is_expected() -> None:
    ProductFactory(code="NEW", current_price="5.00")
    new = Decimal("5.50")
    changes = [("NEW", Decimal("5"), new), ("P001", None, new), ("NOBODY", new, new), ("POST", new, new)]
    assert expected_effects(changes) == [None] * 4
    assert expected_effects([]) == []


def test_without_a_cost_revenue_is_what_is_expected() -> None:
    Product.objects.filter(code="P001").update(cost=None)
    (record,) = expected_effects([("P001", Decimal("12.99"), Decimal("11.99"))])
    assert record is not None
    assert (record["cost"], record["projected"]["profit"]) == (None, None)
    assert record["interval"]["profit"] == [None, None]
    assert record["probability_of_gain"] > 0.5


def test_records_of_many_changes_take_the_same_few_queries() -> None:
    one = [("P001", Decimal("12.99"), Decimal("14.49"))]
    many = one + [(code, Decimal("5"), Decimal("6")) for code in MERCHANDISE]
    assert (
        queries_of_call(lambda: expected_effects(one)) == queries_of_call(lambda: expected_effects(many)) == 8
    )


class TestRecommendation(ProductFigureCases):
    path = "/api/price/recommend/{code}"
    queries = 10


class TestEffectivePolicies(ProductFigureCases):
    path = "/api/price/policies/effective/{code}"
    queries = 2
