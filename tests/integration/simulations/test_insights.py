"""GET /api/insights/{id}, on the sample shop."""

from decimal import Decimal
from typing import Any

import pytest
from rest_framework.test import APIClient

from elastix.imports.models import ImportBatch
from pricing.sales.models import Product
from tests.api_cases import ProductFigureCases
from tests.factories import ProductFactory
from tests.shops import AS_OF

pytestmark = pytest.mark.django_db


def insights(client: APIClient, code: str) -> dict[str, dict[str, Any]]:
    answer = client.get(f"/api/insights/{code}")
    assert answer.status_code == 200, answer.content
    return {insight["kind"]: insight for insight in answer.json()["insights"]}


def test_findings_are_ranked_by_money_and_each_names_an_action(
    shop: ImportBatch, viewer_client: APIClient
) -> None:
    Product.objects.filter(code="MUG").update(cost=Decimal("5.00"), stock_level=1, target_stock=90)
    answer = viewer_client.get("/api/insights/mug").json()
    assert (answer["product_id"], answer["as_of"]) == ("MUG", str(AS_OF))
    assert answer["last_updated"]
    found = answer["insights"]
    assert [insight["rank"] for insight in found] == list(range(1, len(found) + 1))
    stakes = [insight["money_at_stake"] for insight in found]
    assert stakes == sorted(stakes, reverse=True)
    assert all(insight["action"]["text"] and insight["evidence"] for insight in found)
    assert "stock_runs_out" in {insight["kind"] for insight in found}


def test_the_proposed_price_is_the_recommended_one(shop: ImportBatch, viewer_client: APIClient) -> None:
    Product.objects.update(cost=Decimal("3.50"))
    moved = 0
    for product in Product.objects.filter(kind="merchandise"):
        recommended = viewer_client.get(f"/api/price/recommend/{product.code}").json()
        found = insights(viewer_client, product.code)
        better = found.get("price_below_optimum") or found.get("price_above_optimum")
        if better:
            moved += 1
            assert better["action"]["price"] == recommended["recommended_price"]
            assert better["money_at_stake"] == recommended["expected"]["profit_change"]
    assert moved > 0


def test_evidence_is_rounded_as_what_it_is(shop: ImportBatch, viewer_client: APIClient) -> None:
    places = {"expected_gain": 2, "elasticity": 4, "cover_days": 1, "units_expected": 2, "revenue_share": 4}
    Product.objects.update(cost=Decimal("3.50"), stock_level=7)
    seen = set()
    for product in Product.objects.filter(kind="merchandise"):
        for insight in insights(viewer_client, product.code).values():
            for name in places.keys() & insight["evidence"].keys():
                value = insight["evidence"][name]
                assert value is None or value == round(value, places[name])
                seen.add(name)
    assert seen >= {"expected_gain", "elasticity", "cover_days", "units_expected"}


def test_a_product_below_its_cost_is_marked(shop: ImportBatch, viewer_client: APIClient) -> None:
    Product.objects.filter(code="CUP").update(cost=Decimal("4.50"), current_price=Decimal("4.00"))
    assert insights(viewer_client, "CUP")["below_cost"]["evidence"]["cost"] == 4.5


def test_without_a_cost_that_is_a_finding(shop: ImportBatch, viewer_client: APIClient) -> None:
    assert insights(viewer_client, "CUP")["no_cost"]["action"]["kind"] == "enter_cost"


def test_a_service_and_a_product_never_sold_have_no_findings(
    shop: ImportBatch, viewer_client: APIClient
) -> None:
    ProductFactory(code="NEW")
    assert insights(viewer_client, "POST") == {}
    assert insights(viewer_client, "NEW") == {}


def test_an_empty_shop_answers_too(viewer_client: APIClient) -> None:
    ProductFactory(code="NEW", current_price=Decimal(3), cost=Decimal(4))
    assert list(insights(viewer_client, "NEW")) == ["below_cost"]


class TestInsights(ProductFigureCases):
    path = "/api/insights/{code}"
    queries = 22
