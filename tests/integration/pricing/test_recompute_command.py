"""manage.py recompute: stale or everything, and what it says."""

import io
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.models import F
from django.test import override_settings
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from elastix import pipeline
from elastix.dataset.models import DataVersion
from elastix.dataset.versions import data_version
from elastix.imports.models import ImportBatch
from elastix.jobs.models import Job, JobState
from elastix.jobs.recompute import RecomputePlan, request_recompute
from elastix.jobs.runner import JobRun, claim, jobs_run_in, run_job
from elastix.sql import is_postgresql
from pricing.elasticity.models import ElasticityEstimate, ElasticityModel
from pricing.elasticity.services import summaries as summarising
from pricing.sales.models import ProductSummary, SalesHistory, StaleCustomer, StaleProduct, Transaction
from pricing.sales.services.staleness import mark_published
from tests.factories import ProductFactory
from tests.integration.pricing.factories import rollup, sale, stale

pytestmark = pytest.mark.django_db

NUMBERS = ("elasticity", "std_error", "ci_low", "ci_high", "own_elasticity", "weight", "prior_mean")


def recompute(*options: str) -> str:
    out = io.StringIO()
    call_command("recompute", *options, stdout=out)
    return out.getvalue()


def estimates() -> dict[tuple[str, str], list[float]]:
    rows = ElasticityEstimate.objects.order_by("product", "method").values_list(
        "product_id", "method", *NUMBERS
    )
    return {
        (code, method): [np.nan if value is None else value for value in values]
        for code, method, *values in rows
    }


def summaries() -> list[Any]:
    return list(ProductSummary.objects.order_by("pk").values())


def same_estimates(first: Any, second: Any) -> bool:
    return set(first) == set(second) and all(
        np.allclose(first[key], second[key], rtol=1e-9, atol=1e-12, equal_nan=True) for key in first
    )


def test_a_recompute_that_another_worker_took_over_publishes_nothing(
    shop: ImportBatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, before = pipeline.compute, data_version().published_at

    def overtaken(plan: RecomputePlan, run: JobRun) -> pipeline.Computed:
        Job.objects.filter(pk=run.job_id).update(token=F("token") + 1)
        return whole(plan, run)

    monkeypatch.setattr(pipeline, "compute", overtaken)
    with jobs_run_in("caller"):
        job = request_recompute(full=True)
    run_job(job.pk)
    assert data_version().published_at == before
    assert Job.objects.get(pk=job.pk).state == JobState.RUNNING


def test_what_became_stale_during_a_recompute_stays_marked(db: None) -> None:
    DataVersion.objects.create(pk=1, sales_version=4, time_zone="UTC")
    for code, version in (("CUP", 3), ("MUG", 4)):
        StaleProduct.objects.create(product=ProductFactory(code=code), version=version)
        StaleCustomer.objects.create(customer_id=f"bought a {code}", version=version)
    mark_published(RecomputePlan(3, ["CUP"]), ["CUP"])
    assert stale() == (["MUG"], ["bought a MUG"])
    assert data_version().is_stale


def test_what_is_stale_is_brought_up_to_date_and_the_marks_go(
    shop: ImportBatch, analyst_client: APIClient
) -> None:
    before = estimates()
    analyst_client.post("/transactions", sale(invoice_date="2025-04-30T12:00:00Z", quantity=200))
    assert stale() == (["CUP"], ["17850"])
    assert "Published version 2." in recompute()
    assert stale() == ([], [])
    version = DataVersion.objects.get()
    assert (version.sales_version, version.published_version) == (2, 2)
    changed = {
        key[0] for key, values in estimates().items() if not np.allclose(values, before[key], equal_nan=True)
    }
    assert changed == {"CUP"}


@pytest.mark.parametrize(("fewest", "are_counted"), [(1, True), (10_000, False)])
def test_a_large_full_run_lets_the_planner_count_what_it_published(
    fewest: int, are_counted: bool, shop: ImportBatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "ANALYSE_FROM_PRODUCTS", fewest)
    with CaptureQueriesContext(connection) as queries:
        recompute("--full")
    counted = f"ANALYZE {', '.join(pipeline.PUBLISHED_BY_PRODUCT)}"
    assert any(query["sql"] == counted for query in queries) is (are_counted and is_postgresql())


def test_twice_is_the_same_as_once(shop: ImportBatch) -> None:
    recompute()
    first, sums, days = estimates(), summaries(), rollup()
    assert "Published version 1." in recompute()
    assert same_estimates(first, estimates())
    assert (summaries(), rollup()) == (sums, days)
    recompute("--full")
    second = estimates()
    recompute("--full")
    assert same_estimates(second, estimates())


def test_a_refresh_says_what_a_rebuild_with_the_same_model_says(
    shop: ImportBatch, analyst_client: APIClient
) -> None:
    model = ElasticityModel.objects.get().hyperparameters
    for change in (
        {"stock_code": "CUP", "quantity": 30},
        {"stock_code": "MUG", "quantity": -1, "invoice_no": "C7"},
    ):
        analyst_client.post("/transactions", sale(invoice_date="2025-04-29T12:00:00Z", **change))
    recompute()
    refreshed, sums = estimates(), summaries()
    assert ElasticityModel.objects.get().hyperparameters == model
    ElasticityEstimate.objects.all().delete()
    ProductSummary.objects.all().delete()
    SalesHistory.objects.update(list_price=None, units=0, unit_lines=0)
    recompute("--products", *sorted({code for code, _ in refreshed} | {"POST"}))
    assert same_estimates(refreshed, estimates())
    assert summaries() == sums


def test_a_full_run_learns_the_model_anew(shop: ImportBatch, analyst_client: APIClient) -> None:
    former = ElasticityModel.objects.get()
    analyst_client.post("/transactions", sale(invoice_date="2025-04-30T12:00:00Z", quantity=50))
    assert "Published version 2." in recompute("--full")
    fitted = ElasticityModel.objects.get()
    assert fitted.sales_version == 2
    assert fitted.hyperparameters != former.hyperparameters
    assert DataVersion.objects.get().last_full_at == DataVersion.objects.get().published_at


def test_the_cached_tables_forget_what_was_deleted(
    shop: ImportBatch, admin_client: APIClient, viewer_client: APIClient
) -> None:
    admin_client.delete("/transactions?confirm=true")
    recompute()
    assert not ElasticityEstimate.objects.exists()
    body = viewer_client.get("/elasticity").json()
    assert (body["results"], body["meta"]["start_date"], body["meta"]["available_countries"]) == (
        [],
        None,
        [],
    )
    assert {row["monthly_sales"] for row in viewer_client.get("/api/products/list").json()["products"]} == {0}
    recompute("--full")
    assert viewer_client.get("/dashboard/segments").json()["total"] == 0


def test_an_empty_shop_can_be_recomputed(viewer_client: APIClient) -> None:
    for options in ((), ("--full",)):
        assert "Published version 0." in recompute(*options)


def test_codes_are_taken_in_any_case(shop: ImportBatch) -> None:
    assert "Published" in recompute("--products", "cup", "plate 1.5")
    assert Job.objects.filter(kind="recompute").latest("pk").result["products"] == 2


@pytest.mark.parametrize(
    ("code", "said"), [("NOBODY", "There is no product NOBODY."), ("a\u200bb", "invisible"), ("", "empty")]
)
def test_unknown_codes_are_named(code: str, said: str, shop: ImportBatch) -> None:
    with pytest.raises(CommandError, match=said):
        recompute("--products", code)


def test_another_worker_s_recompute_is_not_disturbed(shop: ImportBatch) -> None:
    with jobs_run_in("caller"):
        job = request_recompute()
    assert claim(job.pk) is not None
    assert f"Another worker is at it (job {job.pk}, running)." in recompute("--full")
    job.refresh_from_db()
    assert job.parameters["again"]["full"] is True


# --- another time zone ------------------------------------------------------------------------------------


def test_days_are_cut_anew_only_by_a_full_recompute(
    shop: ImportBatch, viewer_client: APIClient, analyst_client: APIClient
) -> None:
    analyst_client.post("/transactions", sale(invoice_date="2025-03-01T20:00:00Z", stock_code="LATE"))
    recompute()
    assert ("LATE", "2025-03-01") in rollup()
    totals = ProductSummary.objects.order_by("pk").values_list(
        "product_id", "total_quantity", "total_revenue"
    )
    before = list(totals)
    with override_settings(SHOP_TIME_ZONE=ZoneInfo("Asia/Tokyo")):
        refused = viewer_client.get("/elasticity")
        assert refused.status_code == 503
        assert refused["Retry-After"]
        assert "manage.py recompute --full" in refused.json()["detail"]
        with pytest.raises(CommandError, match="recompute --full"):
            recompute()
        assert viewer_client.get("/elasticity").status_code == 503
        assert "Published version" in recompute("--full")
        assert viewer_client.get("/elasticity").status_code == 200
        assert viewer_client.get("/health").status_code == 200
        assert {day for code, day in rollup() if code == "LATE"} == {"2025-03-02"}
        assert str(Transaction.objects.get(product_id="LATE").date) == "2025-03-02"
        assert list(totals) == before
        version = DataVersion.objects.get()
        assert version.time_zone == "Asia/Tokyo"
        assert version.sales_version == version.published_version
    assert viewer_client.get("/elasticity").status_code == 503


def test_a_failed_recompute_is_said_and_leaves_the_old_answers(
    shop: ImportBatch, viewer_client: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: Any) -> None:
        raise RuntimeError("no memory")

    before = viewer_client.get("/elasticity").json()
    monkeypatch.setattr(summarising, "_write_months", broken)
    with pytest.raises(CommandError, match="no memory"):
        for _ in range(3):
            recompute("--full")
    assert viewer_client.get("/elasticity").json() == before
    assert Job.objects.latest("pk").state in (JobState.FAILED, JobState.QUEUED)
