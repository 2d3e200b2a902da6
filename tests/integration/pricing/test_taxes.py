"""A shop whose prices include tax: margins, profits, floors and advice are those of the net price."""

from decimal import Decimal
from typing import Any

import pytest
from django.test import Client, override_settings
from django.utils import timezone
from rest_framework.test import APIClient

from pricing.recommendation.selectors.expected import expected_effects
from tests.factories import CompetitorPriceFactory, PricedProductFactory, PricePolicyFactory

pytestmark = pytest.mark.django_db
TAXED = override_settings(PRICES_INCLUDE_TAX=True, TAX_RATE=20)


@pytest.fixture
def cup() -> Any:
    """12.00 with tax is 10.00 net at 20 %, and costs 6.00."""
    return PricedProductFactory(code="CUP", current_price="12.00", cost="6.00", estimate__elasticity=-2.0)


@TAXED
def test_the_margin_is_of_the_net_price_wherever_it_is_shown(
    cup: Any, viewer_client: APIClient, client: Client, django_user_model: Any
) -> None:
    row = viewer_client.get("/api/products/list").json()["products"][0]
    one = viewer_client.get("/api/products/CUP").json()
    for answer in (row, one):
        assert (answer["current_price"], answer["current_margin"], answer["tax_rate"]) == (12.0, 40.0, 20.0)
    client.force_login(django_user_model.objects.create_superuser("boss", password="x"))
    assert "40.0 %" in client.get("/admin/pricing/product/").content.decode()
    assert "40.0 %" in client.get("/admin/pricing/product/CUP/change/").content.decode()


def test_without_tax_all_is_as_ever(cup: Any, viewer_client: APIClient) -> None:
    PricePolicyFactory(tax_rate=20)
    answer = viewer_client.get("/api/products/CUP").json()
    assert (answer["current_margin"], answer["tax_rate"]) == (50.0, 0.0)


@TAXED
@pytest.mark.parametrize(
    ("policies", "margin"),
    [
        ([], 40.0),
        ([{"tax_rate": 25}], 37.5),
        ([{"tax_rate": 25}, {"category": "Drinks", "tax_rate": 0}], 50.0),
        ([{"category": "Drinks", "tax_rate": 0}, {"product": "CUP", "tax_rate": 10}], 45.0),
        ([{"category": "Cups", "tax_rate": 0}], 40.0),
    ],
)
def test_a_product_goes_before_its_category_and_that_before_the_shop(
    policies: list[dict[str, Any]], margin: float, cup: Any, viewer_client: APIClient, client: Client,
    django_user_model: Any,
) -> None:  # fmt: skip
    for policy in policies:
        PricePolicyFactory(**policy)
    assert viewer_client.get("/api/products/CUP").json()["current_margin"] == margin
    assert viewer_client.get("/api/products/list").json()["products"][0]["current_margin"] == margin
    client.force_login(django_user_model.objects.create_superuser("boss", password="x"))
    assert f"{margin} %" in client.get("/admin/pricing/product/").content.decode()


@TAXED
def test_the_profit_of_a_price_is_net_of_tax(cup: Any, viewer_client: APIClient) -> None:
    answer = viewer_client.get("/api/analytics/profit-impact/CUP", {"fixed_costs": 800}).json()
    now = answer["current"]
    assert (answer["tax_rate"], answer["cost"]) == (20.0, 6.0)
    assert (now["margin_percent"], now["profit_per_unit"]) == (40.0, 4.0)
    assert now["markup_percent"] == 66.7  # 4.00 on 6.00
    assert now["profit"] == pytest.approx(4 * now["quantity"], abs=0.02)
    assert now["revenue"] == pytest.approx(12 * now["quantity"], abs=0.1)
    assert now["break_even_units_fixed_costs"] == 200  # 800 / 4


@TAXED
def test_a_simulation_compares_net_profits(cup: Any, analyst_client: APIClient) -> None:
    body = {"product_id": "CUP", "new_price": 13.2, "demand_model": "linear"}
    answer = analyst_client.post("/api/price/simulate", body).json()
    units = answer["current"]["quantity"]
    # 10 % dearer at -2: 20 % fewer units, each of which leaves 11.00 - 6.00.
    assert answer["projected"]["profit"] == pytest.approx(5 * 0.8 * units, abs=0.05)
    assert answer["impact"]["profit_change_percent"] == 0.0
    assert answer["tax_rate"] == 20.0


@TAXED
def test_a_recommendation_keeps_to_the_cost_with_tax(cup: Any, viewer_client: APIClient) -> None:
    answer = viewer_client.get("/api/price/recommend/CUP").json()
    bounds = {each["rule"]: each["bound"] for each in answer["constraints"]}
    assert bounds["cost_floor"] == 7.92  # 1.1 x 6.00 x 1.2
    calculations = answer["calculations"]
    assert (calculations["cost"], calculations["tax_rate"]) == (6.0, 20.0)
    assert calculations["lerner_price"] == 14.4  # twice the cost, with tax


@TAXED
def test_a_proposal_below_the_cost_with_tax_is_refused(cup: Any, analyst_client: APIClient) -> None:
    refused = analyst_client.post("/api/price/changes", {"product_id": "CUP", "new_price": 7.1})
    assert refused.status_code == 400
    assert "7.10 is below the cost of 7.20 with 20 % tax" in refused.content.decode()
    assert (
        analyst_client.post("/api/price/changes", {"product_id": "CUP", "new_price": 7.2}).status_code == 201
    )


@TAXED
def test_a_bundle_earns_what_is_left_without_tax(cup: Any, viewer_client: APIClient) -> None:
    PricedProductFactory(code="MUG", current_price="24.00", cost="6.00")
    answer = viewer_client.post("/api/price/bundle", {"products": ["CUP", "MUG"]}).json()
    # 0.85 x 36.00 = 30.60, which is 25.50 net; less 12.00.
    assert (answer["bundle_price"], answer["profit_per_bundle"]) == (30.6, 13.5)


@TAXED
def test_competitors_prices_are_compared_with_the_cost_with_tax(cup: Any, viewer_client: APIClient) -> None:
    for price, code in (("7.00", "MARKET_BELOW_COST"), ("7.50", "ABOVE_MARKET")):
        CompetitorPriceFactory(product=cup, competitor_name="A", price=price, recorded_at=timezone.now())
        answer = viewer_client.get("/api/market/competitors/CUP").json()
        assert answer["recommendation_code"] == code, answer["recommendation"]


@TAXED
def test_an_expectation_keeps_the_rate_it_was_made_with(cup: Any) -> None:
    (record,) = expected_effects([("CUP", Decimal("12.00"), Decimal("13.20"))])
    assert (record["cost"], record["tax_rate"]) == (6.0, 20.0)
    current = record["current"]
    assert current["profit"] == pytest.approx(4 * current["quantity"], abs=0.02)


@TAXED
@pytest.mark.parametrize("rate", [-1, 100.5, "much"])
def test_a_rate_that_is_no_percentage_is_refused(rate: Any, manager_client: APIClient) -> None:
    answer = manager_client.post("/api/price/policies", {"tax_rate": rate})
    assert answer.status_code == 400 and "tax_rate" in answer.content.decode()
