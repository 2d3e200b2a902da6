"""Pairs of products: computed after every full recompute, asked for one by one, shown in the admin."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from rest_framework.test import APIClient

from elastix.alerts.models import Alert
from elastix.dataset.models import DataVersion
from elastix.imports.models import ImportBatch
from elastix.jobs.models import Job, JobState
from elastix.jobs.recompute import request_recompute
from pricing.bundles.core import cross_prior
from pricing.bundles.models import CrossPriceModel, ProductPair
from pricing.bundles.services import KIND, pairs_request_if_outdated
from pricing.sales.models import Transaction
from pricing.sales.services.transactions import transaction_delete
from tests.factories import JobFactory, ProductFactory, ProductPairFactory
from tests.integration.admin_pages import page, signed_in
from tests.integration.pricing.basket_shop import baskets_by_hand, compute_pairs, import_basket_shop
from tests.jobs import scheduled
from tests.shops import Commits

pytestmark = pytest.mark.django_db

PATH = "/api/analytics/cross-elasticity"


@pytest.fixture
def basket_shop(commits: Commits) -> None:
    import_basket_shop(commits)
    compute_pairs(commits)


def asked(client: APIClient, x: str, y: str) -> Any:
    return client.get(PATH, {"product_x": x, "product_y": y})


# --- computing them ------------------------------------------------------------------------------


def test_a_full_recompute_leads_to_pairs_and_nothing_else_does(commits: Commits) -> None:
    import_basket_shop(commits)
    assert not ProductPair.objects.exists()
    compute_pairs(commits)
    job = Job.objects.get(kind=KIND)
    assert (job.state, job.error) == (JobState.SUCCEEDED, "")
    assert job.result == {"pairs": 2, "version": DataVersion.objects.get().published_version}
    assert pairs_request_if_outdated() is None
    with commits():
        transaction_delete(Transaction.objects.filter(product_id="TEA").latest("pk").pk)
        request_recompute()
    assert pairs_request_if_outdated() is None
    with commits():
        request_recompute(full=True)
    assert pairs_request_if_outdated() is not None


def test_only_one_computation_is_asked_for_at_a_time(commits: Commits) -> None:
    import_basket_shop(commits)
    JobFactory(kind=KIND, state=JobState.RUNNING)
    assert pairs_request_if_outdated() is None


def test_the_clock_looks_whether_pairs_are_outdated() -> None:
    assert scheduled()["product pairs"] is pairs_request_if_outdated


def test_a_shop_without_sales_has_none_and_asks_for_none(db: None) -> None:
    assert pairs_request_if_outdated() is None


def test_a_shop_that_lost_its_sales_loses_its_pairs(
    basket_shop: None, commits: Commits, admin_client: APIClient
) -> None:
    with commits():
        assert admin_client.delete("/transactions?confirm=true").status_code == 200
    with commits():
        request_recompute(full=True)
    compute_pairs(commits)
    assert not ProductPair.objects.exists()
    assert not CrossPriceModel.objects.exists()
    assert pairs_request_if_outdated() is None


def test_every_pair_stands_there_in_both_directions_with_its_baskets(basket_shop: None) -> None:
    each, both, total = baskets_by_hand()
    found = {(pair.product_x_id, pair.product_y_id): pair for pair in ProductPair.objects.all()}
    assert set(found) == {("HONEY", "JAM"), ("JAM", "HONEY"), ("SCONE", "TEA"), ("TEA", "SCONE")}
    for (x, y), pair in found.items():
        shared = both[(min(x, y), max(x, y))]
        assert pair.baskets_together == shared
        assert pair.support == pytest.approx(shared / total)
        assert pair.confidence == pytest.approx(shared / each[x])
        assert pair.lift == pytest.approx(shared * total / (each[x] * each[y]))
        assert pair.version == DataVersion.objects.get().published_version
    assert CrossPriceModel.objects.get().baskets == total


def test_a_fit_that_did_not_converge_is_an_alert_until_one_does(
    basket_shop: None, commits: Commits, monkeypatch: pytest.MonkeyPatch
) -> None:
    standing = Alert.objects.filter(kind="fit_not_converged", subject="product pairs", cleared_at=None)
    assert not standing.exists()
    for tolerance, alerts in ((-1.0, 1), (cross_prior.SETTLED, 0)):
        monkeypatch.setattr(cross_prior, "SETTLED", tolerance)
        CrossPriceModel.objects.all().delete()
        compute_pairs(commits)
        assert CrossPriceModel.objects.get().prior["converged"] is not bool(alerts)
        assert standing.count() == alerts


# --- asking for one ------------------------------------------------------------------------------


def test_a_complement_is_reported(basket_shop: None, viewer_client: APIClient) -> None:
    answer = asked(viewer_client, "scone", "Tea")
    body = answer.json()
    assert answer.status_code == 200
    assert (body["product_x"], body["product_y"]) == ("SCONE", "TEA")
    assert (body["relationship"], body["source"]) == ("complements", "published")
    assert body["ci_low"] < body["cross_elasticity"] < body["ci_high"] < 0
    assert "less of SCONE is sold" in body["interpretation"]
    assert body["lift"] > 1
    assert body["last_updated"]


def test_a_substitute_is_reported(basket_shop: None, viewer_client: APIClient) -> None:
    body = asked(viewer_client, "JAM", "HONEY").json()
    assert body["relationship"] == "substitutes"
    assert 0 < body["ci_low"] < body["cross_elasticity"]
    assert "takes the place" in body["interpretation"]
    assert body["baskets_together"] == 0


def test_a_pair_that_was_not_looked_at_is_estimated_on_the_spot(
    basket_shop: None, viewer_client: APIClient
) -> None:
    body = asked(viewer_client, "TEA", "HONEY").json()
    assert (body["source"], body["relationship"], body["baskets_together"]) == (
        "on_the_spot",
        "independent",
        1,
    )
    assert body["ci_low"] <= body["cross_elasticity"] <= body["ci_high"]
    each, _, total = baskets_by_hand()
    assert body["confidence"] == pytest.approx(1 / each["TEA"], abs=5e-5)
    assert body["lift"] == pytest.approx(total / (each["TEA"] * each["HONEY"]), abs=5e-3)
    again = asked(viewer_client, "HONEY", "TEA").json()
    assert again["baskets_together"] == 1


def test_the_spot_comes_to_what_is_published_where_nothing_else_is_near(
    basket_shop: None, viewer_client: APIClient
) -> None:
    published = asked(viewer_client, "SCONE", "TEA").json()
    ProductPair.objects.all().delete()
    spot = asked(viewer_client, "SCONE", "TEA").json()
    assert spot["source"] == "on_the_spot"
    assert spot["cross_elasticity"] == pytest.approx(published["cross_elasticity"], abs=0.02)
    for name in ("relationship", "baskets_together", "support", "confidence", "lift"):
        assert spot[name] == published[name]


def test_before_pairs_are_computed_the_answer_says_so(commits: Commits, viewer_client: APIClient) -> None:
    import_basket_shop(commits)
    body = asked(viewer_client, "SCONE", "TEA").json()
    assert (body["source"], body["cross_elasticity"], body["ci_low"]) == ("not_estimated", None, None)
    assert body["relationship"] == "independent"
    assert body["baskets_together"] > 100
    # Nobody has counted all baskets yet.
    assert (body["support"], body["lift"]) == (None, None)
    assert "not been computed" in body["interpretation"]


def test_a_product_that_never_sold_is_independent(basket_shop: None, viewer_client: APIClient) -> None:
    ProductFactory(code="NEW")
    body = asked(viewer_client, "TEA", "NEW").json()
    assert (body["relationship"], body["baskets_together"], body["lift"]) == ("independent", 0, 0)


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"product_x": "TEA", "product_y": "NOPE"}, 404),
        ({"product_x": "NOPE", "product_y": "TEA"}, 404),
        ({"product_x": "TEA", "product_y": "POST"}, 404),
        ({"product_x": "TEA", "product_y": "tea"}, 400),
        ({"product_x": "TEA"}, 400),
        ({}, 400),
        ({"product_x": "TEA", "product_y": "JAM", "z": "1"}, 400),
        ({"product_x": "TEA", "product_y": "a\u200bb"}, 400),
    ],
)
def test_what_cannot_be_answered_is_refused(
    query: dict[str, str], status: int, basket_shop: None, viewer_client: APIClient
) -> None:
    answer = viewer_client.get(PATH, query)
    assert answer.status_code == status
    assert answer["Content-Type"] == "application/problem+json"


def test_new_pairs_are_a_new_answer(basket_shop: None, commits: Commits, viewer_client: APIClient) -> None:
    tag = asked(viewer_client, "SCONE", "TEA")["ETag"]
    query = {"product_x": "SCONE", "product_y": "TEA"}
    assert viewer_client.get(PATH, query, headers={"If-None-Match": tag}).status_code == 304
    CrossPriceModel.objects.all().delete()
    compute_pairs(commits)
    assert viewer_client.get(PATH, query, headers={"If-None-Match": tag}).status_code == 200


def test_a_published_pair_takes_few_queries(
    basket_shop: None, counted: APIClient, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(7):
        assert asked(counted, "SCONE", "TEA").status_code == 200


# --- in the admin --------------------------------------------------------------------------------


def pair(number: int) -> None:
    x, y = (ProductFactory(code=f"{side}{number}") for side in "XY")
    ProductPairFactory(product_x=x, product_y=y, ci_low=0.5, ci_high=0.9, confidence=0.25)


def test_the_list_shows_what_a_shopkeeper_reads(viewer: User) -> None:
    pair(1)
    shown = signed_in(viewer).get(page(ProductPair)).content.decode()
    for text in ("0.71", "0.50 to 0.90", "25.0 %", "1.5", "substitutes"):
        assert text in shown


def test_nobody_changes_them_by_hand(viewer: User, admin_user: User) -> None:
    pair(1)
    number = ProductPair.objects.get().pk
    for user in (viewer, admin_user):
        browser = signed_in(user)
        assert browser.get(page(ProductPair, "add")).status_code == 403
        assert browser.post(page(ProductPair, "change", number), {}).status_code == 403


def test_the_model_is_shown_without_its_numbers(basket_shop: None, viewer: User) -> None:
    assert "pairs of sales version" in signed_in(viewer).get(page(CrossPriceModel)).content.decode()


def test_migrations_are_complete(db: None) -> None:
    call_command("makemigrations", "pricing", "--check", "--dry-run", verbosity=0)


def test_the_little_shop_has_no_pairs_beyond_chance(shop: ImportBatch, commits: Commits) -> None:
    compute_pairs(commits)
    assert not ProductPair.objects.exists()
    assert CrossPriceModel.objects.get().baskets > 100
