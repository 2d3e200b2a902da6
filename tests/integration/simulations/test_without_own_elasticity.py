"""A product that nothing is known of is simulated with its category's elasticity, and says so."""

from decimal import Decimal

import pytest
from rest_framework.test import APIClient

from pricing.elasticity.models import ElasticityEstimate
from pricing.sales.models import Product

pytestmark = pytest.mark.django_db

NEW = "NEW-MUG"


@pytest.fixture
def new_mug() -> Product:
    return Product.objects.create(
        code=NEW, name="New mug", category="Mugs", current_price=Decimal("10.00"), cost=Decimal("6.00")
    )


def estimates(category: str, elasticities: list[float]) -> None:
    for number, elasticity in enumerate(elasticities):
        product = Product.objects.create(code=f"{category}-{number}", category=category)
        ElasticityEstimate.objects.create(
            product=product, method="pooled", elasticity=elasticity, std_error=0.3
        )


def simulated(client: APIClient) -> dict:
    answer = client.post("/api/price/simulate", {"product_id": NEW, "new_price": "11.00"}, format="json")
    assert answer.status_code == 200, answer.content
    return answer.json()


def test_its_category_answers_for_it(new_mug: Product, viewer_client: APIClient) -> None:
    estimates("Mugs", [-2.0, -2.4] * 4)
    estimates("Lamps", [-0.5] * 8)
    found = simulated(viewer_client)
    assert "CATEGORY_ELASTICITY" in found["warnings"]
    # Mean -2.2 at 10 % more: linear 1 - .22 = .78, constant elasticity 1.1 ** -2.2 = .8108; their mean .7954.
    assert found["impact"]["quantity_change_percent"] == pytest.approx(-20.46, abs=0.05)


def test_the_shop_answers_where_the_category_is_too_small(new_mug: Product, viewer_client: APIClient) -> None:
    estimates("Mugs", [-5.0] * 2)
    estimates("Lamps", [-1.0] * 8)
    found = simulated(viewer_client)
    assert "SHOP_ELASTICITY" in found["warnings"]
    # Mean of all ten: -1.8. (1 - .18 + 1.1 ** -1.8) / 2 = (.82 + .8424) / 2 = .8312.
    assert found["impact"]["quantity_change_percent"] == pytest.approx(-16.88, abs=0.05)


def test_in_an_empty_shop_a_benchmark_answers(new_mug: Product, viewer_client: APIClient) -> None:
    found = simulated(viewer_client)
    assert "BENCHMARK_ELASTICITY" in found["warnings"]
    # -1.2: (.88 + 1.1 ** -1.2) / 2 = (.88 + .8919) / 2 = .8860.
    assert found["impact"]["quantity_change_percent"] == pytest.approx(-11.40, abs=0.05)


@pytest.mark.parametrize("path", ["demand-curve", "profit-impact"])
def test_curve_and_margins_are_there_as_well(new_mug: Product, path: str, viewer_client: APIClient) -> None:
    answer = viewer_client.get(f"/api/analytics/{path}/{NEW}")
    assert answer.status_code == 200, answer.content
    assert "BENCHMARK_ELASTICITY" in answer.json()["warnings"]


def test_nothing_is_recommended_from_it(new_mug: Product, viewer_client: APIClient) -> None:
    estimates("Mugs", [-2.0] * 8)
    found = viewer_client.get(f"/api/price/recommend/{NEW}").json()
    assert found["recommended_price"] == found["current_price"] == 10.0


def test_a_product_without_a_price_is_not_found(viewer_client: APIClient) -> None:
    Product.objects.create(code=NEW)
    answer = viewer_client.get(f"/api/analytics/demand-curve/{NEW}")
    assert answer.status_code == 404
