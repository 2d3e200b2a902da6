"""GET /api/analytics/elasticity/{id}: one product's elasticity, and how sure it is."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from rest_framework.test import APIClient

from elastix.imports.models import ImportBatch
from elastix.jobs.recompute import request_recompute
from pricing.elasticity.core.pooled import solve
from pricing.elasticity.core.pooled.grades import NOT_CONVERGED
from pricing.elasticity.models import ElasticityModel
from pricing.elasticity.selectors.fitted_model import fit_converged
from pricing.sales.services.manual_history import manual_day_create
from tests.api_cases import ProductFigureCases
from tests.factories import ProductFactory
from tests.shops import Commits

pytestmark = pytest.mark.django_db

PATH = "/api/analytics/elasticity"


def test_it_says_what_was_found_and_how_sure_it_is(shop: ImportBatch, viewer_client: APIClient) -> None:
    answer = viewer_client.get(f"{PATH}/cup")
    assert answer.status_code == 200
    body = answer.json()
    assert body["product_id"] == "CUP"
    assert body["calculation_method"] == "pooled"
    assert 0 <= body["confidence"] <= 1
    assert body["ci_low"] < body["elasticity"] < body["ci_high"]
    expected = "Elastic" if abs(body["elasticity"]) > 1.005 else "Inelastic"
    assert body["classification"] in (expected, "Unit Elastic")
    (row,) = viewer_client.get("/elasticity?stock_codes=CUP").json()["results"]
    for name in ("elasticity", "std_error", "ci_low", "ci_high", "quality", "flags", "r_squared"):
        assert body[name] == row[name]
    assert body["data_points"] == row["sample_size"]
    assert answer["ETag"]


@pytest.mark.parametrize(
    ("asked", "named"),
    [
        ("log_log", "log_log"),
        ("arc", "arc_elasticity"),
        ("pooled", "pooled"),
        ("point", "point"),
        ("", "pooled"),
    ],
)
def test_a_method_can_be_asked_for(
    asked: str, named: str, shop: ImportBatch, viewer_client: APIClient
) -> None:
    body = viewer_client.get(f"{PATH}/CUP", {"method": asked}).json()
    assert body["calculation_method"] == named


@pytest.mark.parametrize(
    ("method", "classes"), [("pooled", {"price_change", "observational", "borrowed"}), ("log_log", {""})]
)
def test_it_says_what_kind_of_sales_it_rests_on(
    method: str, classes: set[str], shop: ImportBatch, viewer_client: APIClient
) -> None:
    assert viewer_client.get(f"{PATH}/CUP", {"method": method}).json()["evidence"] in classes


def test_the_price_is_recommended_on_the_same_evidence(shop: ImportBatch, viewer_client: APIClient) -> None:
    evidence = viewer_client.get(f"{PATH}/CUP").json()["evidence"]
    recommended = viewer_client.get("/api/price/recommend/CUP").json()
    assert recommended["calculations"]["evidence"] == evidence != ""
    asked = {"product_id": "CUP", "new_price": 5.0}
    assert viewer_client.post("/api/price/simulate", asked).json()["evidence"] == evidence


def test_two_prices_entered_by_hand_are_compared_as_the_seed_does(
    commits: Commits, viewer_client: APIClient
) -> None:
    ProductFactory(code="HAND", name="By hand")
    for day, quantity, price in ((1, 1000, "10"), (2, 800, "12")):
        manual_day_create(
            {
                "product_id": "HAND",
                "date": dt.date(2025, 1, day),
                "quantity": quantity,
                "price": Decimal(price),
            }
        )
    with commits():
        request_recompute()
    asked = viewer_client.get(f"{PATH}/HAND").json()
    assert (asked["calculation_method"], asked["elasticity"]) == ("arc_elasticity", -1.2222)
    assert asked["classification"] == "Elastic"
    point = viewer_client.get(f"{PATH}/HAND", {"method": "point"}).json()
    assert (point["elasticity"], point["classification"]) == (-1.0, "Unit Elastic")
    assert viewer_client.get("/api/products/HAND").json()["sales_history"] == [
        {"date": "2025-01-01", "quantity": 1000, "price": 10.0},
        {"date": "2025-01-02", "quantity": 800, "price": 12.0},
    ]


def test_the_model_says_whether_its_fit_settled(shop: ImportBatch) -> None:
    assert fit_converged() is True
    stored = ElasticityModel.objects.get()
    assert stored.hyperparameters["iterations"] > 5
    ElasticityModel.objects.update(hyperparameters=stored.hyperparameters | {"converged": False})
    assert fit_converged() is False


def test_before_the_first_fit_nobody_knows_whether_it_settled(db: None) -> None:
    assert fit_converged() is None


def test_a_product_whose_fit_did_not_settle_is_flagged_and_warned_of(
    commits: Commits, shop: ImportBatch, viewer_client: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert NOT_CONVERGED not in viewer_client.get(f"{PATH}/CUP").json()["flags"]
    monkeypatch.setattr(solve, "MOST_STEPS", 1)
    with commits():
        request_recompute(full=True)
    body = viewer_client.get(f"{PATH}/CUP").json()
    assert NOT_CONVERGED in body["flags"]
    assert any("did not settle" in warning for warning in body["warnings"])
    (row,) = viewer_client.get("/elasticity?stock_codes=CUP").json()["results"]
    assert NOT_CONVERGED in row["flags"]


def test_few_days_are_warned_of(commits: Commits, shop: ImportBatch, analyst_client: APIClient) -> None:
    analyst_client.post("/transactions", {"invoice_no": "1", "stock_code": "NEW", "quantity": 1, "unit_price": 2,
                                          "invoice_date": "2025-04-30T12:00:00Z"})  # fmt: skip
    assert analyst_client.get(f"{PATH}/NEW").status_code == 404
    with commits():
        request_recompute()
    body = analyst_client.get(f"{PATH}/NEW").json()
    assert body["warnings"]
    assert "FEW_DAYS" in body["flags"]
    assert body["quality"] == "D"


def test_a_method_without_an_answer_is_not_found(shop: ImportBatch, viewer_client: APIClient) -> None:
    answer = viewer_client.get(f"{PATH}/SPOON", {"method": "log_log"})
    assert answer.status_code == 404
    assert "log_log" in answer.json()["detail"]


@pytest.mark.parametrize("code", ["CUP", "SPOON"])
def test_the_rule_of_thumb_answers_for_any_product_that_asks_for_it(
    code: str, shop: ImportBatch, viewer_client: APIClient
) -> None:
    body = viewer_client.get(f"{PATH}/{code}", {"method": "default"}).json()
    assert (body["calculation_method"], body["elasticity"], body["quality"]) == ("default", -1.2, "D")
    assert (body["data_points"], body["flags"]) == (0, ["FEW_DAYS"])
    assert [warning.startswith("A rule of thumb") for warning in body["warnings"]] == [True]
    assert viewer_client.get(f"{PATH}/{code}").json()["calculation_method"] == "pooled"


@pytest.mark.parametrize("query", [{"method": "magic"}, {"start_date": "2025-01-01"}, {"limit": 1}])
def test_other_questions_are_refused(
    query: dict[str, Any], shop: ImportBatch, viewer_client: APIClient
) -> None:
    assert viewer_client.get(f"{PATH}/CUP", query).status_code == 400


class TestElasticity(ProductFigureCases):
    path = "/api/analytics/elasticity/{code}"
    queries = 7
    missing = (*ProductFigureCases.missing, "POST", "a b")
