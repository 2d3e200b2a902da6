"""Second opinions on elasticities: learned after every full recompute where scikit-learn is installed, shown beside the rest."""

import datetime as dt
import math
import random
import sys
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from rest_framework.test import APIClient

from elastix.dataset.models import DataVersion
from elastix.imports.models import ImportBatch
from elastix.jobs.models import Job, JobState
from elastix.jobs.recompute import request_recompute
from pricing.elasticity.models import CategoryOpinion, ElasticityEstimate, ElasticityModel, LearnedModel
from pricing.elasticity.selectors.learned import contradicted_products
from pricing.elasticity.services.learned import KIND, opinions_request_if_outdated
from pricing.sales.models import Product, SalesHistory
from pricing.sales.models.transactions import SalesSource
from tests.factories import JobFactory
from tests.integration.admin_pages import page, queries_of, signed_in
from tests.jobs import scheduled
from tests.shops import Commits

pytestmark = pytest.mark.django_db

PATH = "/api/analytics/elasticity"
PRODUCTS, WEEKS, LAST = 24, 60, dt.date(2025, 6, 29)
ELASTICITY = -2.0


def open_shop(commits: Commits) -> None:
    """Products that sell by the week at prices that change every fourth week, with an elasticity of -2."""
    chance = random.Random(5)
    codes = [f"P{number:02}" for number in range(PRODUCTS)]
    Product.objects.bulk_create(
        Product(code=code, name=code, category="AB"[number % 2]) for number, code in enumerate(codes)
    )
    rows = []
    for code in codes:
        price = 4.0
        for week in range(WEEKS):
            if week % 4 == 0:
                price = round(4 * math.exp(chance.gauss(0, 0.12)), 2)
            mean = 120 * (price / 4) ** ELASTICITY
            for day in range(7):
                units = max(round(chance.gauss(mean / 7, math.sqrt(mean / 7))), 0)
                if units:
                    rows.append(
                        SalesHistory(
                            product_id=code, date=LAST - dt.timedelta(days=7 * (WEEKS - 1 - week) + 6 - day),
                            quantity=units, price=price, list_price=price, revenue=price * units, units=units,
                            unit_lines=max(units // 2, 1), lines=max(units // 2, 1), source=SalesSource.MANUAL,
                        )
                    )  # fmt: skip
    SalesHistory.objects.bulk_create(rows, batch_size=1000)
    with commits():
        request_recompute(full=True)


def learn(commits: Commits) -> Job | None:
    with commits():
        job = opinions_request_if_outdated()
    if job:
        job.refresh_from_db()
    return job


def learned(**more: Any) -> LearnedModel:
    """Write down what learning might have found for the sample shop."""
    fitted = ElasticityModel.objects.get()
    values = {"method": "dml", "version": "1", "offered": True, "products": 1, "metrics": {"figure": 0.5}}
    return LearnedModel.objects.create(
        sales_version=fitted.sales_version, fitted_at=fitted.fitted_at, **(values | more)
    )


def opinion(code: str, elasticity: float = -1.9, method: str = "dml") -> None:
    ElasticityEstimate.objects.create(
        product_id=code, method=method, elasticity=elasticity, std_error=0.3, ci_low=elasticity - 0.6,
        ci_high=elasticity + 0.6, sample_size=60,
    )  # fmt: skip


@pytest.fixture
def not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("sklearn", "sklearn.ensemble"):
        monkeypatch.setitem(sys.modules, name, None)


# --- learning them -------------------------------------------------------------------------------


def test_a_full_recompute_leads_to_second_opinions_that_know_the_truth(
    commits: Commits, viewer_client: APIClient
) -> None:
    open_shop(commits)
    job = learn(commits)
    assert job is not None
    assert (job.state, job.error) == (JobState.SUCCEEDED, "")
    model = LearnedModel.objects.get(method="dml")
    assert (model.offered, model.version) == (True, "3")
    assert model.products > PRODUCTS / 2
    assert model.sales_version == ElasticityModel.objects.get().sales_version
    assert "season of the category" in model.features
    assert 0 < model.metrics["share of unit changes foretold"] < 1
    for row in CategoryOpinion.objects.filter(model=model):
        assert row.elasticity == pytest.approx(ELASTICITY, abs=0.35)
        assert row.ci_low < ELASTICITY < row.ci_high
    assert model.contradicted == []
    body = viewer_client.get(f"{PATH}/P01", {"method": "pooled"}).json()
    assert {(row["method"], row["about"]) for row in body["second_opinions"]} >= {
        ("dml", "product"), ("dml", "category"),
    }  # fmt: skip
    asked = viewer_client.get(f"{PATH}/P01", {"method": "dml"}).json()
    assert asked["calculation_method"] == "dml"
    assert asked["elasticity"] == body["second_opinions"][0]["elasticity"]
    assert asked["quality"] == "D"
    assert asked["list_prices"] == body["list_prices"] > 10
    listed = viewer_client.get("/elasticity", {"method": "dml"}).json()["results"]
    assert len(listed) == model.products
    assert opinions_request_if_outdated() is None
    before = dict(ElasticityEstimate.objects.filter(method="dml").values_list("product_id", "elasticity"))
    with commits():
        request_recompute(full=True)
    kept = dict(ElasticityEstimate.objects.filter(method="dml").values_list("product_id", "elasticity"))
    assert kept == before
    assert learn(commits) is not None
    again = dict(ElasticityEstimate.objects.filter(method="dml").values_list("product_id", "elasticity"))
    assert again == pytest.approx(before, rel=1e-9)


def test_a_little_shop_is_shown_what_it_lacks(
    commits: Commits, shop: ImportBatch, viewer_client: APIClient
) -> None:
    job = learn(commits)
    assert job is not None
    assert job.state == JobState.SUCCEEDED
    assert "too few sales to learn from" in job.result["dml"]["reason"]
    answer = viewer_client.get(f"{PATH}/CUP", {"method": "ml"})
    assert answer.status_code == 404
    assert "too few sales to learn from" in answer.json()["detail"]
    assert viewer_client.get(f"{PATH}/CUP").json()["second_opinions"] == []
    assert opinions_request_if_outdated() is None


def test_a_model_that_does_not_beat_the_pooled_one_is_kept_but_not_offered(
    shop: ImportBatch, viewer_client: APIClient
) -> None:
    learned(method="ml", offered=False, reason="It foretold sales worse.")
    answer = viewer_client.get("/elasticity", {"method": "ml"})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["message"] == "It foretold sales worse."


def test_one_job_at_a_time(shop: ImportBatch, commits: Commits) -> None:
    JobFactory(kind=KIND)
    assert opinions_request_if_outdated() is None


def test_the_clock_asks_for_them(shop: ImportBatch) -> None:
    assert scheduled()["second opinions"] is opinions_request_if_outdated


# --- where they contradict -----------------------------------------------------------------------


def test_what_the_boosted_model_contradicts_keeps_its_grade(shop: Any) -> None:
    learned(method="ml", contradicted=["CUP"])
    assert contradicted_products() == set()
    learned(method="dml", contradicted=["MUG"])
    assert contradicted_products() == {"MUG"}


def test_a_contradicted_estimate_is_flagged_and_one_grade_lower_after_every_recompute(
    shop: ImportBatch, commits: Commits, viewer_client: APIClient
) -> None:
    before = viewer_client.get(f"{PATH}/CUP").json()
    model = learned(contradicted=["CUP"])
    opinion("CUP", 1.0)
    for full in (False, True):
        with commits():
            request_recompute(full=full, products=["CUP"])
        body = viewer_client.get(f"{PATH}/CUP").json()
        assert body["flags"] == [*before["flags"], "METHODS_DISAGREE"]
        assert body["quality"] == {"A": "B", "B": "C", "C": "D", "D": "D"}[before["quality"]]
        assert body["elasticity"] == before["elasticity"]
        assert "contradicts this elasticity" in body["warnings"][-1]
        assert [row["contradicts"] for row in body["second_opinions"]] == [True]
    model.delete()
    with commits():
        request_recompute(products=["CUP"])
    assert viewer_client.get(f"{PATH}/CUP").json()["flags"] == before["flags"]


# --- answering -----------------------------------------------------------------------------------


def test_what_is_learned_of_all_sales_is_not_asked_of_a_part(
    shop: ImportBatch, viewer_client: APIClient
) -> None:
    learned()
    opinion("CUP")
    answer = viewer_client.get("/elasticity", {"method": "dml", "start_date": "2025-01-01"})
    assert answer.status_code == 400
    assert "leave out dates and country" in answer.json()["errors"][0]["message"]
    assert [
        row["stock_code"] for row in viewer_client.get("/elasticity", {"method": "dml"}).json()["results"]
    ] == ["CUP"]


def test_a_product_without_one_shows_what_it_would_need(shop: ImportBatch, viewer_client: APIClient) -> None:
    learned()
    answer = viewer_client.get(f"{PATH}/CUP", {"method": "dml"})
    assert answer.status_code == 404
    assert "has no estimate of this product: it needs 26 weeks" in answer.json()["detail"]


def test_the_page_of_a_product_shows_them_beside_the_pooled_estimate(shop: ImportBatch, viewer: User) -> None:
    browser = signed_in(viewer)
    address = "/desk/products/CUP"
    assert "have not been learned yet" in _tab(browser, address)
    model = learned(contradicted=["CUP"])
    opinion("CUP", -3.21)
    CategoryOpinion.objects.create(
        model=model, category=Product.objects.get(code="CUP").category or "none", elasticity=-2.5, std_error=0.2,
        ci_low=-2.9, ci_high=-2.1, products=9,
    )  # fmt: skip
    shown = _tab(browser, address)
    assert "-3.21" in shown
    assert "contradicts the estimate" in shown


def _tab(browser: Client, address: str) -> str:
    return browser.get(address, {"tab": "diagnostics"}).content.decode()


def test_the_admin_shows_models_and_categories(shop: ImportBatch, viewer: User) -> None:
    model = learned(contradicted=["CUP", "MUG"])
    CategoryOpinion.objects.create(
        model=model, category="Cups", elasticity=-2.5, std_error=0.2, ci_low=-2.9, ci_high=-2.1, products=9
    )
    browser = signed_in(viewer)
    one = queries_of(browser, page(CategoryOpinion))
    CategoryOpinion.objects.create(
        model=model, category="Plates", elasticity=-2.5, std_error=0.2, ci_low=-2.9, ci_high=-2.1, products=9
    )
    assert queries_of(browser, page(CategoryOpinion)) == one
    assert (
        '<td class="field-contradicted_products">2</td>' in browser.get(page(LearnedModel)).content.decode()
    )
    assert "-2.90 to -2.10" in browser.get(page(CategoryOpinion)).content.decode()


# --- without scikit-learn ------------------------------------------------------------------------


def test_without_scikit_learn_nothing_is_asked_for(shop: ImportBatch, not_installed: None) -> None:
    assert opinions_request_if_outdated() is None
    assert not Job.objects.filter(kind=KIND).exists()


def test_a_worker_without_scikit_learn_says_so(
    shop: ImportBatch, commits: Commits, monkeypatch: pytest.MonkeyPatch
) -> None:
    with commits():
        job = opinions_request_if_outdated()
        for name in ("sklearn", "sklearn.ensemble"):
            monkeypatch.setitem(sys.modules, name, None)
    assert job is not None
    job.refresh_from_db()
    assert job.state == JobState.FAILED
    assert "need scikit-learn" in job.error


def test_without_scikit_learn_the_answer_says_how_to_get_it(
    shop: ImportBatch, viewer_client: APIClient, not_installed: None
) -> None:
    answer = viewer_client.get(f"{PATH}/CUP", {"method": "dml"})
    assert answer.status_code == 404
    assert "requirements-extra.txt" in answer.json()["detail"]
    assert viewer_client.get("/elasticity", {"method": "ml"}).status_code == 400
    body = viewer_client.get(f"{PATH}/CUP").json()
    assert body["calculation_method"] == "pooled"
    assert body["second_opinions"] == []


def test_what_was_learned_elsewhere_is_answered_without_scikit_learn(
    shop: ImportBatch, viewer_client: APIClient, not_installed: None
) -> None:
    learned()
    opinion("CUP")
    assert viewer_client.get(f"{PATH}/CUP", {"method": "dml"}).json()["elasticity"] == -1.9
    assert DataVersion.objects.get().sales_version > 0
