"""POST /api/price/optimize-bulk and what becomes of its job: result, file, proposals."""

import csv
import datetime as dt
import io
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from rest_framework.test import APIClient

from elastix.jobs.models import Job, JobState
from elastix.jobs.runner import LeaseLost, claim, jobs_run_in, run_job
from pricing.changes.services.bulk_proposals import bulk_propose
from pricing.elasticity.models import ElasticityEstimate
from pricing.recommendation.api.prices import ProductRecommendationSerializer
from pricing.recommendation.models import BulkOptimization, BulkRow
from pricing.recommendation.selectors import bulk_optimization
from pricing.recommendation.selectors.bulk import KIND, csv_rows, find_optimization
from pricing.recommendation.selectors.policies import Overrides
from pricing.recommendation.selectors.recommendations import recommend_many
from pricing.recommendation.services.bulk import bulk_optimize, bulk_purge, bulk_request
from pricing.sales.models import PriceChange, Product
from pricing.sales.models.products import Kind
from pricing.sales.services.products import product_delete
from tests.api_cases import CreateCases
from tests.factories import (
    JobFactory,
    PricedProductFactory,
    PricePolicyFactory,
    ProductFactory,
    ProductPairFactory,
)
from tests.integration.pricing.factories import products_to_price
from tests.integration.pricing.queries import queries_of_call
from tests.jobs import scheduled
from tests.shops import Commits

pytestmark = pytest.mark.django_db

PATH = "/api/price/optimize-bulk"
CODES = ["CUT", "NOCOST", "NOPRICE", "P001", "RIGHT", "UNSURE"]


@pytest.fixture(autouse=True)
def _products(db: None) -> None:
    products_to_price()


def optimise(client: APIClient, commits: Commits, **body: Any) -> dict[str, Any]:
    """Ask, let the job run, and return it as it is shown."""
    with commits():
        answer = client.post(PATH, body or {"filter": {}})
    assert answer.status_code == 202, answer.content
    job: dict[str, Any] = client.get(f"/api/jobs/{answer.json()['id']}").json()
    assert job["status"] == "succeeded", job
    return job


def finished(**body: Any) -> int:
    """A job that has run, without a client."""
    with jobs_run_in("caller"):
        job = bulk_request(body.pop("products", CODES), Overrides(**body))
    run_job(job.pk)
    return job.pk


def items(job: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {item["product_id"]: item for item in job["result"]["items"]}


def lines(client: APIClient, job: int) -> list[dict[str, str]]:
    answer = client.get(f"/api/jobs/{job}/result.csv")
    assert answer.status_code == 200
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert f'filename="prices-{job}.csv"' in answer["Content-Disposition"]
    return list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode())))  # type: ignore[attr-defined]


# --- what is recommended ---------------------------------------------------------------------------------


def test_the_whole_shop(analyst_client: APIClient, commits: Commits) -> None:
    job = optimise(analyst_client, commits)
    result = job["result"]
    assert (job["kind"], job["progress"], job["error"]) == (KIND, 1.0, "")
    assert (result["products"], result["to_change"], result["kept"]) == (6, 2, 4)
    assert result["kept_because"] == {
        "NO_BETTER_PRICE": 1,
        "NO_FLOOR": 1,
        "NO_PRICE": 1,
        "UNCERTAIN_GAIN": 1,
    }
    # Those that gain most first, then those that are kept.
    assert [item["product_id"] for item in result["items"]] == [
        *("CUT", "P001"),
        *("RIGHT", "UNSURE", "NOCOST", "NOPRICE"),
    ]
    assert result["items_left_out"] == 0
    assert (result["together"], result["result_csv"]) == (None, f"/api/jobs/{job['id']}/result.csv")
    assert result["propose"] == f"/api/jobs/{job['id']}/propose"
    assert not PriceChange.objects.exists()


def test_each_price_is_the_one_recommended_alone(analyst_client: APIClient, commits: Commits) -> None:
    found = items(optimise(analyst_client, commits))
    for row in ProductRecommendationSerializer(recommend_many(CODES), many=True).data:
        item, expected = found[row["product_id"]], row["expected"] or {}
        for name in ("current_price", "recommended_price", "reason", "warnings"):
            assert item[name] == row[name], (row["product_id"], name)
        assert item["change_percent"] == row["price_change_percent"]
        assert item["elasticity"] == row["calculations"]["elasticity"]
        assert item["limits"] == [each["rule"] for each in row["constraints"] if each["binding"]]
        assert item["profit_change"] == expected.get("profit_change")
        if item["changes"]:
            assert item["revenue"] == expected["projected"]["revenue"]
            assert [item["profit_low"], item["profit_high"]] == expected["interval"]["profit"]
    assert found["P001"]["recommended_price"] == 14.49
    assert found["P001"]["warnings"] == ["CI_CROSSES_MINUS_ONE"]


def test_an_estimate_that_did_not_converge_moves_no_price(
    analyst_client: APIClient, commits: Commits
) -> None:
    ElasticityEstimate.objects.filter(product_id="P001").update(flags=["NOT_CONVERGED"])
    for joint in (False, True):
        job = optimise(analyst_client, commits, filter={}, joint=joint)
        item = items(job)["P001"]
        assert (item["recommended_price"], item["changes"], item["confidence"]) == (12.99, False, 0.0)
        assert (item["reason"], item["warnings"]) == ("NOT_CONVERGED", ["NOT_CONVERGED"])
        assert job["result"]["kept_because"]["NOT_CONVERGED"] == 1
        assert items(job)["CUT"]["changes"]


def test_totals_add_up_and_their_limits_lie_around_them(analyst_client: APIClient, commits: Commits) -> None:
    job = optimise(analyst_client, commits)
    totals, found = job["result"]["totals"], items(job).values()
    for name in ("revenue", "profit"):
        total = totals[name]
        now = sum(item[f"{name}_now"] or 0 for item in found)
        then = sum(item[name] or 0 for item in found)
        assert total["current"] == pytest.approx(now, abs=0.05)
        assert total["expected"] == pytest.approx(then, abs=0.05)
        assert total["change"] == pytest.approx(then - now, abs=0.05)
        assert total["low"] < total["expected"] < total["high"]
        assert total["change_low"] == pytest.approx(total["low"] - total["current"], abs=0.02)
    assert (totals["days"], totals["level"]) == (30, 0.8)
    assert (totals["without_price"], totals["without_cost"]) == (1, 1)
    assert 0.9 < totals["probability_of_gain"] <= 1
    # No sum is surer than its surest part: two changes that are independent but for their categories.
    widths = [item["profit_high"] - item["profit_low"] for item in found if item["changes"]]
    width = totals["profit"]["high"] - totals["profit"]["low"]
    assert max(widths) < width < sum(widths)


@pytest.mark.parametrize(
    ("body", "codes"),
    [
        ({"product_ids": [" p001 ", "CUT", "P001"]}, ["CUT", "P001"]),
        ({"category": "Cups"}, ["CUT", "RIGHT"]),
        ({"category": ""}, ["NOCOST", "NOPRICE"]),
        ({"filter": {"search": "uns"}}, ["UNSURE"]),
        ({"filter": {"grades": ["D"]}}, ["UNSURE"]),
        ({"filter": {"grades": ["A", "D"], "category": "Drinks"}}, ["P001", "UNSURE"]),
        ({"filter": {"min_price": 13, "max_price": 20}}, ["CUT"]),
        ({"filter": {"has_stock": True}}, ["P001"]),
        ({"filter": {"has_stock": False}}, ["RIGHT"]),
    ],
)
def test_choosing_products(
    body: dict[str, Any], codes: list[str], analyst_client: APIClient, commits: Commits
) -> None:
    Product.objects.filter(code="CUT").update(current_price="14.00")
    Product.objects.filter(code="P001").update(stock_level=3)
    Product.objects.filter(code="RIGHT").update(stock_level=0)
    assert sorted(items(optimise(analyst_client, commits, **body))) == codes


def test_services_and_deactivated_products_are_not_chosen_by_what_they_are(
    analyst_client: APIClient, commits: Commits
) -> None:
    Product.objects.filter(code="CUT").update(is_active=False)
    Product.objects.filter(code="P001").update(kind=Kind.SERVICE)
    assert set(items(optimise(analyst_client, commits))) == {"NOCOST", "NOPRICE", "RIGHT", "UNSURE"}


@pytest.mark.parametrize(
    ("body", "price", "limits"),
    [
        ({}, 14.49, ["max_increase"]),
        ({"constraints": {"max_change_percent": 5}}, 13.49, ["max_increase"]),
        ({"constraints": {"max_price": 13.99}}, 13.99, ["max_price"]),
        ({"constraints": {"min_price": 14.8}}, 14.93, ["max_increase"]),
        ({"constraints": {"min_margin": 0.42}}, 14.93, ["max_increase"]),
        ({"strategy": "revenue"}, 11.49, ["max_decrease"]),
        ({"strategy": "revenue", "demand_model": "linear"}, 11.99, []),
        ({"strategy": "target_margin", "constraints": {"target_margin": 0.3}}, 14.49, ["max_increase"]),
        ({"demand_model": "constant_elasticity"}, 14.49, ["max_increase"]),
    ],
)
def test_what_may_be_asked_for_in_place_of_the_policies(
    body: dict[str, Any], price: float, limits: list[str], analyst_client: APIClient, commits: Commits
) -> None:
    ElasticityEstimate.objects.update(std_error=0.05)
    item = items(optimise(analyst_client, commits, product_ids=["P001"], **body))["P001"]
    assert (item["recommended_price"], item["limits"]) == (price, limits)


def test_a_request_cannot_undo_a_minimum_margin(analyst_client: APIClient, commits: Commits) -> None:
    body = {"product_ids": ["CUT"], "constraints": {"min_margin": 0.10}}
    assert items(optimise(analyst_client, commits, **body))["CUT"]["recommended_price"] == 11.49
    PricePolicyFactory(minimum_margin="0.597")
    # 5.00 / 0.403 = 12.41: below it nothing is allowed, whatever the request says.
    assert items(optimise(analyst_client, commits, **body))["CUT"]["recommended_price"] == 12.49


class TestAsking(CreateCases):
    path = PATH
    factory = JobFactory
    body = {"product_ids": ["P001"]}
    repeated = {}
    created = {"status": "queued"}
    accepted = twice = 202
    invalid = (
        ({"category": "Cups"}, ""),
        ({"product_ids": []}, "product_ids"),
        ({"product_ids": "P001"}, "product_ids"),
        ({"strategy": "hope"}, "strategy"),
        ({"constraints": {"max_change_percent": -1}}, "constraints"),
        ({"constraints": {"min_margin": "NaN"}}, "constraints"),
        ({"constraints": {"min_price": 9, "max_price": 8}}, "constraints"),
    )


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({}, "", "selector"),
        ({"product_ids": ["P001", "NOBODY"]}, "product_ids", "unknown"),
        ({"product_ids": ["POST"]}, "product_ids", "not_for_sale"),
        ({"category": "Shoes"}, "category", "nothing_selected"),
        ({"filter": {"search": "zebra"}}, "filter", "nothing_selected"),
        ({"filter": {"grades": ["E"]}}, "filter.grades[0]", "invalid_choice"),
        ({"filter": {"min_price": 9, "max_price": 8}}, "filter.max_price", "invalid"),
        ({"filter": {}, "constraints": {"min_price": 9, "max_price": 8}}, "constraints.max_price", "invalid"),
        ({"filter": {}, "joint": True, "strategy": "revenue"}, "strategy", "invalid"),
        ({"filter": {}, "joint": True, "demand_model": "constant_elasticity"}, "demand_model", "invalid"),
    ],
)  # fmt: skip
def test_what_is_refused(body: dict[str, Any], field: str, code: str, analyst_client: APIClient) -> None:
    ProductFactory(code="POST", name="Postage", kind=Kind.SERVICE)
    answer = analyst_client.post(PATH, body)
    assert answer.status_code == 400
    error = answer.json()["errors"][0]
    assert (error["field"], error["code"]) == (field, code)
    assert not Job.objects.exists()


def test_unknown_products_are_named_up_to_twenty(analyst_client: APIClient) -> None:
    codes = [f"X{number:02}" for number in range(25)]
    message = analyst_client.post(PATH, {"product_ids": ["CUT", *codes]}).json()["errors"][0]["message"]
    assert message == f"There is no product {', '.join(codes[:20])} and 5 more."


def test_many_products_take_the_same_few_queries_a_thousand(held: list[int]) -> None:
    def queries(codes: list[str]) -> int:
        job = bulk_request(codes, Overrides())
        return queries_of_call(lambda: run_job(job.pk))

    queries(["P001"])
    few = queries(["P001", "CUT"])
    for number in range(30):
        PricedProductFactory(code=f"MORE{number}")
    assert queries([*CODES, *(f"MORE{number}" for number in range(30))]) == few


def test_products_are_looked_at_in_parts_that_add_up(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = Job.objects.get(pk=finished()).result
    monkeypatch.setattr(bulk_optimization, "PRODUCTS_A_CHUNK", 2)
    parts = Job.objects.get(pk=finished()).result
    assert parts["items"] == whole["items"]
    assert parts["kept_because"] == whole["kept_because"]
    for name in ("revenue", "profit"):
        assert parts["totals"][name] == pytest.approx(whole["totals"][name], abs=0.02)


# --- killed, overtaken, failed -----------------------------------------------------------------------------


def test_a_job_whose_worker_was_killed_is_done_anew_and_leaves_one_result(
    held: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    job = bulk_request(CODES, Overrides())
    lost = claim(job.pk)
    assert lost is not None
    bulk_optimize(lost)  # killed after its rows were written, before the job was marked
    assert BulkRow.objects.count() == 6
    Job.objects.filter(pk=job.pk).update(lease_until=timezone.now() - dt.timedelta(seconds=1))
    Product.objects.filter(code="CUT").update(current_price="11.05")
    run_job(job.pk)
    job.refresh_from_db()
    assert (job.state, job.attempts) == (JobState.SUCCEEDED, 2)
    assert BulkRow.objects.count() == 6
    assert BulkRow.objects.get(product="CUT").current_price == Decimal("11.05")
    with pytest.raises(LeaseLost):
        bulk_optimize(lost)


def test_before_it_is_finished_there_is_no_file_and_nothing_to_propose(
    held: list[int], analyst_client: APIClient
) -> None:
    job = bulk_request(CODES, Overrides())
    answers = (
        analyst_client.get(f"/api/jobs/{job.pk}/result.csv"),
        analyst_client.post(f"/api/jobs/{job.pk}/propose"),
    )
    assert [answer.status_code for answer in answers] == [409, 409]
    assert "not finished yet" in answers[0].json()["detail"]


def test_a_failed_one_says_why(analyst_client: APIClient) -> None:
    job = JobFactory(kind=KIND, state=JobState.FAILED, error="The disk is full.")
    answer = analyst_client.post(f"/api/jobs/{job.pk}/propose")
    assert answer.status_code == 409
    assert "The disk is full." in answer.json()["detail"]


@pytest.mark.parametrize("number", ["999999", "99999999999999999999999"])
def test_jobs_that_are_not_there(number: str, analyst_client: APIClient) -> None:
    assert analyst_client.get(f"/api/jobs/{number}/result.csv").status_code == 404
    assert analyst_client.post(f"/api/jobs/{number}/propose").status_code == 404


def test_a_job_of_another_kind_has_no_prices(analyst_client: APIClient) -> None:
    job = JobFactory(kind="recompute", state=JobState.SUCCEEDED)
    answer = analyst_client.get(f"/api/jobs/{job.pk}/result.csv")
    assert answer.status_code == 404
    assert answer.json()["detail"] == f"Job {job.pk} is no bulk optimization."


def test_a_product_deleted_while_it_was_looked_at_has_no_row(held: list[int]) -> None:
    job = bulk_request([*CODES, "GONE"], Overrides())
    run_job(job.pk)
    assert list(BulkRow.objects.values_list("product_id", flat=True)) == CODES


def test_a_product_without_history_can_still_be_deleted() -> None:
    finished()
    assert product_delete("NOPRICE")
    assert not BulkRow.objects.filter(product="NOPRICE").exists()


# --- the file ----------------------------------------------------------------------------------------------


def test_the_file_holds_every_row_by_product(viewer_client: APIClient) -> None:
    found = lines(viewer_client, finished())
    assert [line["product_id"] for line in found] == CODES
    latte = found[3]
    shown = {
        "name": "P001",
        "category": "Drinks",
        "current_price": "12.99",
        "recommended_price": "14.49",
        "change_percent": "11.5",
        "changes": "yes",
        "reason": "GUARDRAIL",
        "limits": "max_increase",
        "cost_assumed": "no",
        "profit_now": "5388.0",
    }
    assert latte | shown == latte
    assert (found[2]["current_price"], found[2]["profit"], found[2]["reason"]) == ("", "", "NO_PRICE")


def test_no_cell_of_the_file_is_a_formula(viewer_client: APIClient) -> None:
    Product.objects.filter(code="P001").update(name="=HYPERLINK(1)", category="@SUM")
    PricedProductFactory(code="-1+1")
    found = {line["product_id"]: line for line in lines(viewer_client, finished(products=["P001", "-1+1"]))}
    assert found["P001"]["name"] == "'=HYPERLINK(1)"
    assert found["P001"]["category"] == "'@SUM"
    assert "'-1+1" in found
    # A fall of the price is a number, and stays one.
    assert found["'-1+1"]["change_percent"] == "11.5"


def test_the_file_takes_one_query_however_long_it_is() -> None:
    found = find_optimization(finished())
    assert queries_of_call(lambda: list(csv_rows(found))) == 1
    assert queries_of_call(lambda: find_optimization(found.pk)) == 2


# --- proposing ---------------------------------------------------------------------------------------------


def test_one_click_proposes_all_changed_prices_as_one_batch(analyst_client: APIClient) -> None:
    job = finished()
    answer = analyst_client.post(f"/api/jobs/{job}/propose", {"reason": "Spring round"})
    assert answer.status_code == 201, answer.content
    body = answer.json()
    assert (body["proposed"], body["left_out"], body["proposed_by"]) == (2, [], "analyst")
    changes = PriceChange.objects.filter(batch=body["batch"]).order_by("product_id")
    assert [
        (c.product_id, c.old_price, c.new_price, c.status, c.source, c.reason, c.proposed_by) for c in changes
    ] == [
        ("CUT", Decimal("12.99"), BulkRow.objects.get(product="CUT").recommended_price, "proposed",
         "recommendation", "Spring round", "analyst"),
        ("P001", Decimal("12.99"), Decimal("14.49"), "proposed", "recommendation", "Spring round", "analyst"),
    ]  # fmt: skip
    assert Product.objects.get(code="P001").current_price == Decimal("12.99")


def test_a_second_click_finds_the_same_batch(analyst_client: APIClient, manager_client: APIClient) -> None:
    job = finished()
    first = analyst_client.post(f"/api/jobs/{job}/propose")
    again = manager_client.post(f"/api/jobs/{job}/propose", {"reason": "Once more"})
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json()
    assert PriceChange.objects.count() == 2
    assert PriceChange.objects.first().reason == f"Recommended by bulk optimization {job}."  # type: ignore[union-attr]


def test_the_batch_can_be_approved_and_applied(analyst_client: APIClient, manager_client: APIClient) -> None:
    batch = analyst_client.post(f"/api/jobs/{finished()}/propose").json()["batch"]
    for step in ("approve", "apply"):
        answer = manager_client.post(f"/api/price/changes/batch/{batch}/{step}")
        assert answer.status_code == 200, answer.content
    assert Product.objects.get(code="P001").current_price == Decimal("14.49")


def test_prices_that_moved_or_met_a_new_limit_are_left_out_and_named(analyst_client: APIClient) -> None:
    PricedProductFactory(code="OTHER")
    job = finished(products=[*CODES, "OTHER"])
    Product.objects.filter(code="CUT").update(current_price="12.50")
    PricePolicyFactory(product="P001", max_price="14.00")
    body = analyst_client.post(f"/api/jobs/{job}/propose").json()
    assert body["proposed"] == 1
    assert [(each["product_id"], each["code"]) for each in body["left_out"]] == [
        ("CUT", "price_moved"),
        ("P001", "max_price"),
    ]
    assert body["left_out"][0]["reason"] == "The price was 12.99 when it was looked at and is 12.50 now."
    assert PriceChange.objects.get().product_id == "OTHER"


def test_where_no_price_is_left_nothing_is_proposed(analyst_client: APIClient) -> None:
    job = finished(products=["P001", "CUT"])
    Product.objects.filter(code="P001").update(current_price="12.50")
    Product.objects.filter(code="CUT").update(is_active=False)
    answer = analyst_client.post(f"/api/jobs/{job}/propose")
    assert answer.status_code == 409
    assert [(each["field"], each["code"]) for each in answer.json()["errors"]] == [
        ("CUT", "not_for_sale"),
        ("P001", "price_moved"),
    ]
    assert BulkOptimization.objects.get().batch is None
    assert not PriceChange.objects.exists()


def test_where_no_price_is_to_change_there_is_nothing_to_propose(analyst_client: APIClient) -> None:
    answer = analyst_client.post(f"/api/jobs/{finished(products=['RIGHT'])}/propose")
    assert answer.status_code == 409
    assert "no price" in answer.json()["detail"]


def test_proposing_takes_the_same_queries_for_many_prices(analyst: User) -> None:
    few = finished(products=["P001"])
    for number in range(20):
        PricedProductFactory(code=f"MORE{number}")
    many = finished(products=[f"MORE{number}" for number in range(20)])

    def propose(job: int) -> int:
        return queries_of_call(lambda: bulk_propose(job, by="analyst"))

    assert propose(few) == propose(many)


def test_a_wrong_reason_is_refused(analyst_client: APIClient) -> None:
    answer = analyst_client.post(f"/api/jobs/{finished()}/propose", {"reason": "x" * 256})
    assert answer.status_code == 400
    assert not PriceChange.objects.exists()


# --- after thirty days ---------------------------------------------------------------------------------------


def test_results_are_kept_for_thirty_days(analyst_client: APIClient) -> None:
    old, young, other = finished(), finished(), JobFactory(kind="recompute", state="succeeded").pk
    then = timezone.now() - dt.timedelta(days=30, minutes=1)
    Job.objects.filter(pk__in=(old, other)).update(finished_at=then)
    batch = analyst_client.post(f"/api/jobs/{old}/propose").json()["batch"]
    assert "old bulk optimizations" in scheduled()
    assert bulk_purge() == 1
    assert bulk_purge() == 0
    assert analyst_client.get(f"/api/jobs/{old}/result.csv").status_code == 404
    assert len(lines(analyst_client, young)) == 6
    assert Job.objects.filter(pk=other).exists()
    # What was proposed stays in the ledger.
    assert PriceChange.objects.filter(batch=batch).count() == 2


# --- together ------------------------------------------------------------------------------------------------


def related(x: str, y: str, value: float, error: float = 0.05) -> None:
    for pair in ((x, y), (y, x)):
        x, y = (Product.objects.get(code=code) for code in pair)
        ProductPairFactory(product_x=x, product_y=y, cross_elasticity=value, std_error=error)


@pytest.fixture
def teas(db: None) -> list[str]:
    """Two teas that replace each other, priced right each for itself, and one without a cost."""
    for code in ("TEA1", "TEA2"):
        PricedProductFactory(
            code=code,
            category="Tea",
            current_price="10.00",
            cost="6.00",
            estimate__elasticity=-2.5,
            estimate__std_error=0.05,
        )
    PricedProductFactory(
        code="TEA3", category="Tea", current_price="10.00", cost=None, estimate__elasticity=-2.5
    )
    related("TEA1", "TEA2", 0.8)
    PricePolicyFactory(category="Tea", max_change="0.40")
    return ["TEA1", "TEA2", "TEA3"]


def test_prices_chosen_together_count_what_one_does_to_the_other(
    teas: list[str], analyst_client: APIClient, commits: Commits
) -> None:
    alone = optimise(analyst_client, commits, category="Tea")
    assert alone["result"]["to_change"] == 0
    job = optimise(analyst_client, commits, category="Tea", joint=True)
    found, together = items(job), job["result"]["together"]
    assert [found[code]["recommended_price"] for code in teas] == [10.99, 10.99, 10.0]
    assert [found[code]["reason"] for code in teas] == ["TOGETHER", "TOGETHER", "NO_FLOOR"]
    # Of 1,200 units each 1 - 1.7 x 0.099 stay, at 4.99 instead of 4.00.
    profit = 2 * 4.99 * 1200 * (1 - 1.7 * 0.099)
    assert found["TEA1"]["profit"] == pytest.approx(profit / 2, abs=0.01)
    assert (together["products"], together["pairs"]) == (3, 1)
    assert (together["profit_now"], together["profit_alone"]) == (9600.0, 9600.0)
    assert together["profit_together"] == pytest.approx(profit, abs=0.01)
    assert together["added"] == pytest.approx(profit - 9600, abs=0.01)
    assert together["added_low"] < together["added"] < together["added_high"]
    assert 0.5 < together["probability_of_gain"] <= 1
    total = job["result"]["totals"]["profit"]
    assert total["change"] == pytest.approx(profit - 9600, abs=0.02)
    assert total["low"] < total["expected"] < total["high"]
    assert found["TEA1"]["profit_low"] < found["TEA1"]["profit"] < found["TEA1"]["profit_high"]


def test_prices_chosen_together_keep_the_guardrails(
    teas: list[str], analyst_client: APIClient, commits: Commits
) -> None:
    body = {"category": "Tea", "joint": True, "constraints": {"max_change_percent": 6}}
    found = items(optimise(analyst_client, commits, **body))
    assert [found[code]["recommended_price"] for code in teas] == [10.49, 10.49, 10.0]
    PricePolicyFactory(product="TEA2", max_price="10.30")
    found = items(optimise(analyst_client, commits, **body))
    assert [found[code]["recommended_price"] for code in teas] == [10.49, 10.30, 10.0]
    assert found["TEA2"]["limits"] == ["max_price"]


def test_without_cross_effects_nothing_is_added(analyst_client: APIClient, commits: Commits) -> None:
    ElasticityEstimate.objects.update(std_error=0.02)
    alone = items(optimise(analyst_client, commits))
    job = optimise(analyst_client, commits, filter={}, joint=True)
    together = job["result"]["together"]
    assert together["pairs"] == 0
    assert together["added"] == pytest.approx(0, abs=1)
    assert items(job)["P001"]["recommended_price"] == alone["P001"]["recommended_price"]


def test_too_many_products_are_not_chosen_together(
    analyst_client: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pricing.recommendation.selectors.bulk.MOST_TOGETHER", 5)
    answer = analyst_client.post(PATH, {"filter": {}, "joint": True})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["code"] == "too_many"
    assert "At most 5 prices can be chosen together; this chooses 6." in answer.json()["detail"]


def test_products_without_any_price_can_be_asked_for_together(
    analyst_client: APIClient, commits: Commits
) -> None:
    job = optimise(analyst_client, commits, product_ids=["NOPRICE"], joint=True)
    assert job["result"]["kept_because"] == {"NO_PRICE": 1}
    assert job["result"]["together"]["added"] == 0


def test_what_was_chosen_together_is_proposed_like_the_rest(
    teas: list[str], analyst_client: APIClient, commits: Commits
) -> None:
    job = optimise(analyst_client, commits, category="Tea", joint=True)
    assert analyst_client.post(f"/api/jobs/{job['id']}/propose").json()["proposed"] == 2
