"""GET /api/analytics/elasticity/{code}/diagnostics: how far a product's regression may be trusted."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from rest_framework.test import APIClient

from elastix.imports.models import ImportBatch
from pricing.elasticity.models import ElasticityEstimate
from pricing.sales.models import SalesHistory
from pricing.sales.services.costs import cost_record
from tests.api_cases import ProductFigureCases
from tests.factories import PricedProductFactory
from tests.shops import FIRST_DAY, LAST_DAY, Commits, bring_in, csv_bytes, line

pytestmark = pytest.mark.django_db

KEYS = ["product_id", "sold_days", "prices", "elasticity", "intercept", "r_squared", "adjusted_r_squared", "standard_errors",
        "hac_lags", "durbin_watson", "breusch_pagan", "reset", "influential_days", "poisson", "costs", "points", "flags",
        "findings", "last_updated"]  # fmt: skip


def path(code: str) -> str:
    return f"/api/analytics/elasticity/{code}/diagnostics"


def test_it_looks_at_the_regression_of_the_method_log_log(
    shop: ImportBatch, viewer_client: APIClient
) -> None:
    answer = viewer_client.get(path("cup"))
    assert answer.status_code == 200
    body = answer.json()
    assert list(body) == KEYS
    assert body["product_id"] == "CUP"
    known = ElasticityEstimate.objects.get(product="CUP", method="log_log")
    classical = body["standard_errors"][0]
    assert body["elasticity"] == round(known.elasticity, 4)
    assert body["intercept"] == round(known.intercept or 0, 4)
    assert classical["std_error"] == round(known.std_error or 0, 4)
    assert (classical["ci_low"], classical["ci_high"]) == (
        round(known.ci_low or 0, 4),
        round(known.ci_high or 0, 4),
    )
    assert body["sold_days"] == known.sample_size
    (row,) = viewer_client.get("/elasticity?stock_codes=CUP&method=log_log").json()["results"]
    assert (body["elasticity"], body["r_squared"]) == (row["elasticity"], row["r_squared"])


def test_every_part_is_there(shop: ImportBatch, viewer_client: APIClient) -> None:
    body = viewer_client.get(path("MUG")).json()
    assert [error["kind"] for error in body["standard_errors"]] == ["classical", "HC3", "HAC"]
    for error in body["standard_errors"]:
        assert error["ci_low"] < body["elasticity"] < error["ci_high"]
        assert 0 <= error["p_value"] <= 1
    assert 0 < body["durbin_watson"] < 4
    assert 0 <= body["breusch_pagan"]["p_value"] <= 1
    assert len(body["influential_days"]) == 5
    assert body["poisson"]["converged"] is True
    assert {finding["topic"] for finding in body["findings"]} == {
        "elasticity", "standard_errors", "r_squared", "durbin_watson", "breusch_pagan", "reset", "influential_days",
        "poisson",
    }  # fmt: skip
    assert all(finding["text"].endswith(".") for finding in body["findings"])


def test_recorded_costs_are_an_instrument(shop: ImportBatch, viewer_client: APIClient) -> None:
    PricedProductFactory(code="LAMP", cost=Decimal(5))
    costs = [Decimal(2 + month % 3) for month in range(7)]
    # Twice the cost, and 7200 units over the square of the price: -2 exactly.
    SalesHistory.objects.bulk_create(
        SalesHistory(
            product_id="LAMP",
            date=FIRST_DAY + dt.timedelta(days=day),
            price=2 * costs[day // 30],
            quantity=7200 / (2 * costs[day // 30]) ** 2,
            source="manual",
        )
        for day in range(210)
    )
    assert viewer_client.get(path("LAMP")).json()["costs"] is None
    for month, cost in enumerate(costs[1:], 1):
        cost_record("LAMP", valid_from=FIRST_DAY + dt.timedelta(days=30 * month), cost=cost, by="anna")
    body = viewer_client.get(path("LAMP")).json()
    # The first month is before the first recorded cost.
    assert body["costs"] == {
        "elasticity": -2.0, "std_error": 0.0, "ci_low": -2.0, "ci_high": -2.0, "first_stage_f": None, "spells": 6, "days": 180,
    }  # fmt: skip
    assert body["findings"][-1]["topic"] == "costs"


def test_the_chart_has_every_day_with_sales(shop: ImportBatch, viewer_client: APIClient) -> None:
    points = viewer_client.get(path("CUP")).json()["points"]
    sold = SalesHistory.objects.filter(product="CUP", quantity__gt=0).order_by("date")
    assert [(point["date"], point["quantity"]) for point in points] == [
        (day.date.isoformat(), day.quantity) for day in sold
    ]
    assert FIRST_DAY.isoformat() <= points[0]["date"] < points[-1]["date"] <= LAST_DAY.isoformat()
    assert abs(sum(point["residual"] for point in points)) < 1e-2
    worst = viewer_client.get(path("CUP")).json()["influential_days"][0]
    assert worst["date"] in [point["date"] for point in points]


@pytest.mark.parametrize(("code", "said"), [("SPOON", "never changed"), ("NEW", "1 days")])
def test_a_product_without_a_regression_is_a_conflict_that_says_what_is_missing(
    code: str, said: str, commits: Commits, shop: ImportBatch, viewer_client: APIClient
) -> None:
    if code == "NEW":
        bring_in(commits, csv_bytes([line("1", "NEW", "New", 1, LAST_DAY, "4.00")]))
    answer = viewer_client.get(path(code))
    assert answer.status_code == 409
    assert answer["Content-Type"] == "application/problem+json"
    assert said in answer.json()["detail"]


@pytest.mark.parametrize("query", [{"method": "pooled"}, {"start_date": "2025-01-01"}, {"limit": 1}])
def test_other_questions_are_refused(
    query: dict[str, Any], shop: ImportBatch, viewer_client: APIClient
) -> None:
    assert viewer_client.get(path("CUP"), query).status_code == 400


def test_asked_twice_it_is_remembered_and_a_known_tag_is_a_304(
    shop: ImportBatch, counted: APIClient, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(7):
        first = counted.get(path("CUP"))
    with django_assert_num_queries(2):
        assert counted.get(path("CUP")).json() == first.json()
    assert counted.get(path("CUP"), headers={"If-None-Match": first["ETag"]}).status_code == 304


class TestDiagnostics(ProductFigureCases):
    path = "/api/analytics/elasticity/{code}/diagnostics"
    queries = 7
    missing = (*ProductFigureCases.missing, "POST")
