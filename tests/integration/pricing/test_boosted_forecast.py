"""method=boosted: computed after every full recompute where scikit-learn is installed, answered from the table."""

import datetime as dt
import random
import sys
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from rest_framework.test import APIClient

from elastix.dataset.models import DataVersion
from elastix.dataset.versions import catalogue_changed
from elastix.imports.models import ImportBatch
from elastix.jobs.models import Job, JobState
from elastix.jobs.recompute import request_recompute
from pricing.forecasting.models import BoostedForecast, BoostedModel, DemandForecast, ForecastModel
from pricing.forecasting.services.boosting import KIND, boosting_request_if_outdated
from pricing.sales.models import Product, SalesHistory
from pricing.sales.models.transactions import SalesSource
from tests.factories import JobFactory
from tests.integration.admin_pages import page, queries_of, signed_in
from tests.jobs import scheduled
from tests.shops import AS_OF, Commits

pytestmark = pytest.mark.django_db

PATH = "/api/forecast/demand"
PRODUCTS, DAYS = 210, 380
LAST = dt.date(2025, 6, 30)
MEASURES = {"wape": 0.3, "bias": 0.05, "mase": 0.9, "pinball": 1.2}
SHOP = {
    "boosted": {"wape": 0.3, "bias": 0.0, "pinball": 0.2},
    "default": {"wape": 0.4, "bias": 0.0, "pinball": 0.2},
}


def open_large_shop(commits: Commits) -> None:
    """Products that sell once a week, more and more."""
    chance = random.Random(8)
    codes = [f"P{number:03}" for number in range(PRODUCTS)]
    Product.objects.bulk_create(
        Product(code=code, name=code, category="AB"[number % 2]) for number, code in enumerate(codes)
    )
    SalesHistory.objects.bulk_create(
        (
            SalesHistory(
                product_id=code, date=LAST - dt.timedelta(days=back), quantity=units, price=Decimal(4),
                revenue=4 * units, units=units, unit_lines=1, lines=1, source=SalesSource.MANUAL,
            )
            for number, code in enumerate(codes)
            for back in range(number % 7, DAYS, 7)
            for units in [round(4 * chance.uniform(0.5, 1.5) * 2 ** (-back / 120)) + 1]
        ),
        batch_size=1000,
    )  # fmt: skip
    with commits():
        request_recompute(full=True)


def compute(commits: Commits) -> Job | None:
    with commits():
        job = boosting_request_if_outdated()
    if job:
        job.refresh_from_db()
    return job


def computed(**ratios: float) -> None:
    """Write down what a computation for the sample shop might have found."""
    fitted = ForecastModel.objects.get()
    BoostedModel.objects.create(
        pk=1, shop=SHOP, as_of=AS_OF, sales_version=fitted.sales_version, fitted_at=fitted.fitted_at
    )
    for code, ratio in ratios.items():
        BoostedForecast.objects.create(
            product_id=code, ratio=ratio, origins=3, accuracy=MEASURES | {"seasonal_naive": MEASURES}
        )


@pytest.fixture
def not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("sklearn", "sklearn.ensemble"):
        monkeypatch.setitem(sys.modules, name, None)


def asked(client: APIClient, code: str = "CUP", **query: Any) -> Any:
    return client.get(f"{PATH}/{code}", {"method": "boosted"} | query)


# --- computing it --------------------------------------------------------------------------------


def test_a_full_recompute_of_a_large_shop_leads_to_boosted_forecasts(
    commits: Commits, viewer_client: APIClient
) -> None:
    open_large_shop(commits)
    answer = asked(viewer_client, "P001")
    assert answer.status_code == 400
    assert "has not been computed yet" in answer.json()["detail"]
    before = DataVersion.objects.get().catalogue_version
    job = compute(commits)
    assert job is not None
    assert (job.state, job.error) == (JobState.SUCCEEDED, "")
    assert job.result["products"] == PRODUCTS
    assert 0 < job.result["boosted"]["wape"] < 1
    assert BoostedModel.objects.get().shop == {name: job.result[name] for name in ("boosted", "default")}
    assert DataVersion.objects.get().catalogue_version == before + 1
    # What sells ever more the default does not catch up with.
    ratios = dict(BoostedForecast.objects.values_list("product_id", "ratio"))
    assert len(ratios) == PRODUCTS
    default = viewer_client.get(f"{PATH}/P001", {"periods": 28}).json()
    body = asked(viewer_client, "P001", periods=28).json()
    assert body["method"] == "boosted"
    assert body["total"] == pytest.approx(ratios["P001"] * default["total"], rel=1e-2)
    assert body["accuracy"]["origins"] == 3
    assert boosting_request_if_outdated() is None
    with commits():
        request_recompute(full=True)
    assert compute(commits) is not None
    again = dict(BoostedForecast.objects.values_list("product_id", "ratio"))
    assert again == pytest.approx(ratios, rel=1e-9)


def test_a_little_shop_is_shown_what_it_lacks(
    commits: Commits, shop: ImportBatch, viewer_client: APIClient
) -> None:
    computed(CUP=1.5)
    BoostedModel.objects.update(fitted_at=timezone.now())
    job = compute(commits)
    assert job is not None
    assert job.state == JobState.SUCCEEDED
    assert "this shop has 5 such products and 120 days" in job.result["reason"]
    assert not BoostedForecast.objects.exists()
    assert boosting_request_if_outdated() is None
    answer = asked(viewer_client)
    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["errors"][0]["field"] == "method"
    assert answer.json()["errors"][0]["message"] == job.result["reason"]


def test_a_shop_that_lost_its_sales_loses_its_boosted_forecasts(
    commits: Commits, shop: ImportBatch, admin_client: APIClient
) -> None:
    computed(CUP=1.5)
    with commits():
        assert admin_client.delete("/transactions?confirm=true").status_code == 200
    with commits():
        request_recompute(full=True)
    job = compute(commits)
    assert job is not None
    assert job.result == {"products": 0}
    assert not BoostedModel.objects.exists()
    assert not BoostedForecast.objects.exists()
    assert asked(admin_client).json()["forecast"] == []
    assert boosting_request_if_outdated() is None


def test_only_one_computation_is_asked_for_at_a_time(shop: ImportBatch) -> None:
    JobFactory(kind=KIND, state=JobState.RUNNING)
    assert boosting_request_if_outdated() is None


def test_the_clock_looks_whether_they_are_outdated() -> None:
    assert scheduled()["boosted forecasts"] is boosting_request_if_outdated


def test_a_shop_without_sales_asks_for_none(db: None) -> None:
    assert boosting_request_if_outdated() is None


# --- without scikit-learn ------------------------------------------------------------------------


def test_without_scikit_learn_nothing_is_asked_for(shop: ImportBatch, not_installed: None) -> None:
    assert boosting_request_if_outdated() is None
    assert not Job.objects.filter(kind=KIND).exists()


def test_a_worker_without_scikit_learn_says_so(
    commits: Commits, shop: ImportBatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    with commits():
        job = boosting_request_if_outdated()
        for name in ("sklearn", "sklearn.ensemble"):
            monkeypatch.setitem(sys.modules, name, None)
    assert job is not None
    job.refresh_from_db()
    assert job.state == JobState.FAILED
    assert "needs scikit-learn" in job.error


def test_without_scikit_learn_the_answer_says_how_to_get_it(
    commits: Commits, not_installed: None, viewer_client: APIClient
) -> None:
    open_large_shop(commits)
    answer = asked(viewer_client, "P001")
    assert answer.status_code == 400
    assert "requirements-extra.txt" in answer.json()["detail"]
    for method in ("lines", "auto", None):
        query = {"method": method} if method else {}
        assert viewer_client.get(f"{PATH}/P001", query).status_code == 200


def test_what_was_computed_elsewhere_is_answered_without_scikit_learn(
    shop: ImportBatch, not_installed: None, viewer_client: APIClient
) -> None:
    computed(CUP=1.5)
    assert asked(viewer_client).status_code == 200


# --- asking for it -------------------------------------------------------------------------------


def test_it_is_the_default_times_its_ratio(shop: ImportBatch, viewer_client: APIClient) -> None:
    computed(CUP=1.5)
    default = viewer_client.get(f"{PATH}/CUP", {"periods": 28}).json()
    body = asked(viewer_client, periods=28).json()
    assert (body["method"], body["warnings"]) == ("boosted", [])
    assert body["total"] == pytest.approx(1.5 * default["total"], abs=0.05)
    for name in ("quantity", "low", "high"):
        assert [day[name] for day in body["forecast"]] == pytest.approx(
            [1.5 * day[name] for day in default["forecast"]], abs=0.02
        )
    assert {name: body["accuracy"][name] for name in MEASURES} == MEASURES
    assert body["history"] == default["history"]


def test_beyond_28_days_the_ratio_is_kept_and_the_answer_says_so(
    shop: ImportBatch, viewer_client: APIClient
) -> None:
    computed(CUP=1.5)
    default = viewer_client.get(f"{PATH}/CUP", {"periods": 90}).json()
    body = asked(viewer_client, periods=90).json()
    assert body["total"] == pytest.approx(1.5 * default["total"], abs=0.1)
    assert f"the 28 days before {AS_OF + dt.timedelta(days=28)}" in body["warnings"][0]


def test_it_follows_a_price_as_the_others_do(shop: ImportBatch, viewer_client: APIClient) -> None:
    computed(CUP=1.5)
    Product.objects.filter(code="CUP").update(current_price=Decimal("4.00"))
    body = asked(viewer_client, price="4.40", periods=28).json()
    usual = asked(viewer_client, periods=28).json()
    assert body["total"] == pytest.approx(usual["total"] * body["price"]["factor"], abs=0.05)


def test_where_it_did_worse_than_the_default_the_answer_says_so(
    shop: ImportBatch, viewer_client: APIClient
) -> None:
    computed(CUP=1.5)
    BoostedModel.objects.update(shop=SHOP | {"default": SHOP["default"] | {"wape": 0.25}})
    warning = asked(viewer_client, periods=7).json()["warnings"][0]
    assert "erred by 0.300 of what was sold, the default by 0.250" in warning


def test_how_both_did_where_prices_changed_is_said_apart(shop: ImportBatch, viewer_client: APIClient) -> None:
    computed(CUP=1.5)
    changed = {
        name: SHOP[name] | {"wape_price_changed": wape}
        for name, wape in (("boosted", 0.5), ("default", 0.625))
    }
    BoostedModel.objects.update(shop=changed)
    assert asked(viewer_client, periods=7).json()["warnings"] == [
        "Where prices had changed, the boosted forecast erred by 0.500, the default by 0.625."
    ]


def test_an_inactive_product_stays_inactive(shop: ImportBatch, viewer_client: APIClient) -> None:
    computed(CUP=1.0)
    DemandForecast.objects.filter(pk="CUP").update(last_sold=AS_OF - dt.timedelta(days=92))
    body = asked(viewer_client).json()
    assert (body["method"], body["total"]) == ("inactive", 0.0)


def test_a_product_that_is_new_since_is_refused(shop: ImportBatch, viewer_client: APIClient) -> None:
    computed(CUP=1.5)
    answer = asked(viewer_client, "MUG")
    assert answer.status_code == 400
    assert "MUG had no sales when" in answer.json()["detail"]


def test_what_was_computed_for_days_gone_by_is_refused(shop: ImportBatch, viewer_client: APIClient) -> None:
    computed(CUP=1.5)
    for days, status in ((27, 200), (28, 400)):
        BoostedModel.objects.update(as_of=AS_OF - dt.timedelta(days=days))
        answer = asked(viewer_client, periods=days)
        assert answer.status_code == status
    assert "which are over" in answer.json()["detail"]


# --- chosen by auto ------------------------------------------------------------------------------


def measured(boosted: list[float | None], default: list[float | None], *, wape: float = 0.3) -> None:
    """Let the origins have erred so, newest first; in all it is `wape` against the default's .4."""
    shop = {
        "boosted": SHOP["boosted"] | {"wape": wape, "wapes": boosted},
        "default": SHOP["default"] | {"wapes": default},
    }
    BoostedModel.objects.update(shop=shop)
    catalogue_changed()


def automatic(client: APIClient, code: str = "CUP", periods: int = 28) -> Any:
    return client.get(f"{PATH}/{code}", {"method": "auto", "periods": periods}).json()


def test_auto_takes_it_where_it_won_clearly_and_says_so(shop: ImportBatch, viewer_client: APIClient) -> None:
    computed(CUP=1.5, MUG=0.8)
    before = automatic(viewer_client)
    measured([0.3, 0.2, 0.4], [0.4, 0.3, 0.5])
    for code, ratio in (("CUP", 1.5), ("MUG", 0.8)):
        body = automatic(viewer_client, code)
        default = viewer_client.get(f"{PATH}/{code}", {"method": "lines", "periods": 28}).json()
        assert body["method"] == "boosted"
        # .3 instead of .4.
        assert body["reason"] == (
            "The boosted forecast: over the shop's newest 84 days it erred less than the default each of three times, "
            "by 25 % in all."
        )
        assert body["total"] == pytest.approx(ratio * default["total"], abs=0.05)
        assert {name: body["accuracy"][name] for name in MEASURES} == MEASURES
    assert before["method"] != "boosted"
    assert [row["method"] for row in before["candidates"]][-1] == "boosted"
    assert automatic(viewer_client)["candidates"] == before["candidates"]


@pytest.mark.parametrize(
    ("boosted", "default", "wape"),
    [
        ([0.3, 0.3, 0.4], [0.4, 0.3, 0.5], 0.3),  # no better once
        ([0.3, 0.2], [0.4, 0.3], 0.3),  # measured twice only
        ([0.3, 0.2, None], [0.4, 0.3, None], 0.3),  # nothing was sold once
        ([0.3, 0.2, 0.4], [0.4, 0.3, 0.5], 0.393),  # 1.75 % better in all
    ],
)
def test_auto_leaves_it_where_the_win_may_be_luck(
    shop: ImportBatch,
    viewer_client: APIClient,
    boosted: list[float | None],
    default: list[float | None],
    wape: float,
) -> None:
    computed(CUP=1.5)
    measured(boosted, default, wape=wape)
    assert automatic(viewer_client)["method"] != "boosted"
    measured([0.3, 0.2, 0.4], [0.4, 0.3, 0.5], wape=0.392)  # 2 %
    assert automatic(viewer_client)["method"] == "boosted"


def test_auto_is_what_it_was_without_a_boosted_forecast(shop: ImportBatch, viewer_client: APIClient) -> None:
    without = automatic(viewer_client)
    assert "boosted" not in [row["method"] for row in without["candidates"]]
    computed(MUG=1.5)
    measured([0.3, 0.2, 0.4], [0.4, 0.3, 0.5])
    # It had no sales when they were computed, or they are of days gone by.
    assert automatic(viewer_client) == without
    BoostedModel.objects.update(as_of=AS_OF - dt.timedelta(days=28))
    catalogue_changed()
    assert automatic(viewer_client, "MUG")["method"] != "boosted"
    # Computed by an earlier release: not measured origin by origin.
    BoostedModel.objects.update(as_of=AS_OF, shop=SHOP)
    catalogue_changed()
    assert automatic(viewer_client, "MUG")["method"] != "boosted"


def test_auto_leaves_an_inactive_product_inactive(shop: ImportBatch, viewer_client: APIClient) -> None:
    computed(CUP=1.0)
    measured([0.3, 0.2, 0.4], [0.4, 0.3, 0.5])
    DemandForecast.objects.filter(pk="CUP").update(last_sold=AS_OF - dt.timedelta(days=92))
    body = automatic(viewer_client)
    assert (body["method"], body["reason"]) == ("inactive", "It has not sold for three months.")


# --- the rest ------------------------------------------------------------------------------------


def test_a_service_and_a_product_without_sales_have_the_same_answer_as_ever(
    shop: ImportBatch, viewer_client: APIClient
) -> None:
    assert "service code" in asked(viewer_client, "POST").json()["warnings"][0]
    assert asked(viewer_client, "NOBODY").status_code == 404


def test_it_costs_twelve_queries(
    shop: ImportBatch, counted: APIClient, django_assert_num_queries: Any
) -> None:
    computed(CUP=1.5)
    with django_assert_num_queries(12):
        assert asked(counted).status_code == 200


# --- in the admin --------------------------------------------------------------------------------


def test_the_admin_shows_both_errors_and_the_ratios(shop: ImportBatch, viewer: User) -> None:
    computed(CUP=1.5, MUG=0.8)
    browser = signed_in(viewer)
    model = browser.get(page(BoostedModel)).content.decode()
    assert "30 %" in model
    assert "40 %" in model
    assert "1.50" in browser.get(page(BoostedForecast), {"q": "cup"}).content.decode()
    assert "25.0 %<" in model
    measured([0.3, 0.2, 0.4], [0.4, 0.3, 0.5])
    assert "25.0 %, chosen by auto" in browser.get(page(BoostedModel)).content.decode()
    BoostedModel.objects.update(shop={})
    assert '<td class="field-of_the_default">-</td>' in browser.get(page(BoostedModel)).content.decode()


def test_the_list_takes_the_same_few_queries_however_long_it_is(shop: ImportBatch, viewer: User) -> None:
    computed(CUP=1.5)
    browser = signed_in(viewer)
    one = queries_of(browser, page(BoostedForecast))
    BoostedForecast.objects.all().delete()
    BoostedModel.objects.all().delete()
    computed(CUP=1.5, MUG=0.8, BOWL=1.1)
    assert queries_of(browser, page(BoostedForecast)) == one
