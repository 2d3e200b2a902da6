"""Weekly totals from the file to the recommended price: ten products whose elasticity is -2."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from rest_framework.test import APIClient

from pricing.sales.models import Product
from tests.shops import Commits, bring_in

pytestmark = pytest.mark.django_db

DATA = Path(__file__).parent.parent.parent / "data"
TRUTH = -2.0


def elasticities(commits: Commits, client: APIClient, name: str) -> list[dict[str, Any]]:
    batch = bring_in(commits, (DATA / name).read_bytes(), name)
    assert batch.status == "published", batch.error
    rows: list[dict[str, Any]] = client.get("/elasticity?limit=50").json()["results"]
    assert len(rows) == 10
    return rows


def test_prices_that_change_every_other_week(commits: Commits, viewer_client: APIClient) -> None:
    rows = elasticities(commits, viewer_client, "weekly_changes_fortnightly.csv")
    assert all(row["ci_low"] <= TRUTH <= row["ci_high"] for row in rows)
    assert sum(row["elasticity"] for row in rows) / 10 == pytest.approx(TRUTH, abs=0.3)


def test_promotions_of_two_weeks(commits: Commits, viewer_client: APIClient) -> None:
    rows = elasticities(commits, viewer_client, "weekly_promo_fortnights.csv")
    assert all(row["ci_low"] <= TRUTH <= row["ci_high"] for row in rows)
    assert sum(row["elasticity"] for row in rows) / 10 == pytest.approx(TRUTH, abs=0.3)


def test_the_best_price_is_twice_the_cost(commits: Commits, viewer_client: APIClient) -> None:
    """At an elasticity of -2 the optimum is cost E / (1 + E) = 2 cost: 10, which is charged."""
    elasticities(commits, viewer_client, "weekly_promo_fortnights.csv")
    Product.objects.update(cost=Decimal(5))
    answers = [viewer_client.get(f"/api/price/recommend/P{number}").json() for number in range(10)]
    for answer in answers:
        assert answer["current_price"] == answer["recommended_price"] == 10.0, answer
    # The elasticity of one product has a standard error of .4: at -1.6 its optimum would be 13.3.
    assert sum(answer["calculations"]["lerner_price"] for answer in answers) / 10 == pytest.approx(
        10.0, abs=2.0
    )
