"""The total of recommended prices with what they do to other products' sales."""

import numpy as np
import pytest
from rest_framework.test import APIClient

from pricing.bundles.models import ProductPair
from pricing.recommendation.models import StandingRecommendation
from pricing.recommendation.services.categories import categories_refresh_if_outdated
from tests.integration.pricing.factories import products_to_price

pytestmark = pytest.mark.django_db

PATH = "/api/price/recommendations/totals"


def pair(x: str, y: str, cross: float, relationship: str) -> None:
    ProductPair.objects.create(
        product_x_id=x, product_y_id=y, cross_elasticity=cross, std_error=3.0, ci_low=-2, ci_high=2,
        relationship=relationship, baskets_together=0, support=0, confidence=0, lift=0, version=1,
    )  # fmt: skip


@pytest.fixture(autouse=True)
def shop(db: None) -> None:
    products_to_price()
    categories_refresh_if_outdated()


def test_a_neighbour_and_the_set_s_own_products_answer_to_its_prices(viewer_client: APIClient) -> None:
    pair("RIGHT", "CUT", 0.8, "substitutes")
    pair("P001", "CUT", 0.5, "substitutes")
    rows = {row.pk: row for row in StandingRecommendation.objects.all()}
    cut, other, right = rows["CUT"], rows["P001"], rows["RIGHT"]
    change = np.log(float(cut.recommended_price or 0) / float(cut.current_price or 0))
    assert right.profit_now and other.profit
    neighbours = right.profit_now * (np.exp(0.8 * change) - 1)
    within = other.profit * (np.exp(0.5 * change) - 1)
    body = viewer_client.post(PATH, {"product_ids": ["CUT", "P001"]}).json()
    found = body["corrected"]
    assert found["neighbours"] == pytest.approx(neighbours, abs=0.01)
    assert found["within"] == pytest.approx(within, abs=0.05)
    assert found["profit_change"] == pytest.approx(body["profit_change"] + neighbours + within, abs=0.05)
    assert found["profit_change"] < body["profit_change"]
    assert (found["pairs"], found["neighbour_count"], found["with_evidence"]) == (2, 1, 1)
    low, high = found["interval"]
    assert low < found["profit_change"] < high
    assert high - low > body["interval"][1] - body["interval"][0]


@pytest.mark.parametrize(("x", "y", "relationship"), [
    ("RIGHT", "P001", "substitutes"), ("RIGHT", "CUT", "independent"), ("CUT", "RIGHT", "substitutes"),
])  # fmt: skip
def test_without_evidence_on_a_price_of_the_set_nothing_is_corrected(
    x: str, y: str, relationship: str, viewer_client: APIClient
) -> None:
    pair(x, y, 0.8, relationship)
    assert viewer_client.post(PATH, {"product_ids": ["CUT"]}).json()["corrected"] is None
