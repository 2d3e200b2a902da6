"""Bulk optimizations and categories in the admin."""

from decimal import Decimal

import pytest
from django.contrib.auth.models import User

from elastix.dataset.versions import data_version
from elastix.jobs.runner import jobs_run_in, run_job
from pricing.recommendation.models import BulkOptimization, BulkRow, CategorySummary
from pricing.recommendation.selectors.policies import Overrides
from pricing.recommendation.services.bulk import bulk_request
from pricing.recommendation.services.categories import categories_refresh
from pricing.sales.models import PriceChange
from pricing.sales.services.products import product_update
from tests.factories import PricedProductFactory
from tests.integration.admin_pages import page, queries_of, run_action, said, signed_in
from tests.integration.pricing.factories import products_to_price

pytestmark = pytest.mark.django_db


def optimised(codes: list[str]) -> BulkOptimization:
    with jobs_run_in("caller"):
        job = bulk_request(codes, Overrides())
    run_job(job.pk)
    return BulkOptimization.objects.get(pk=job.pk)


def test_lists_take_the_same_few_queries_however_long_they_are(viewer: User) -> None:
    browser = signed_in(viewer)
    seen = []
    for count in (2, 20):
        for number in range(count):
            PricedProductFactory(code=f"{count}-{number}", category=f"{count} {number}")
            optimised([f"{count}-{number}"])
        categories_refresh(data_version())
        seen.append(
            [queries_of(browser, page(model)) for model in (BulkOptimization, BulkRow, CategorySummary)]
        )
    assert seen[0] == seen[1]


def test_rows_are_shown_found_by_their_job_and_handed_out(viewer: User) -> None:
    products_to_price()
    PricedProductFactory(code="=1+1")
    first, second = optimised(["P001", "=1+1"]), optimised(["CUT"])
    browser = signed_in(viewer)
    text = browser.get(page(BulkRow), {"q": str(second.pk)}).content.decode()
    assert "CUT" in text and "P001" not in text
    assert "14.49" in browser.get(page(BulkRow), {"q": "p001"}).content.decode()
    response = run_action(browser, "export_csv", *BulkRow.objects.filter(optimization=first))
    assert "'=1+1" in b"".join(response.streaming_content).decode()


def test_the_newest_comes_first_and_says_what_it_brings(viewer: User) -> None:
    products_to_price()
    first, second = optimised(["P001", "CUT"]), optimised(["CUT"])
    browser = signed_in(viewer)
    listed = browser.get(page(BulkOptimization)).content.decode()
    assert listed.index(str(second)) < listed.index(str(first))
    text = browser.get(page(BulkOptimization, "change", first.pk)).content.decode()
    totals = first.job.result["totals"]["profit"]
    assert f"{totals['expected']:,.2f} expected: {totals['change']:+,.2f}" in text
    assert f"{first.job.result['to_change']} of 2" in text
    rows = browser.get(f"{page(BulkRow)}?optimization__exact={first.pk}").content.decode()
    assert f"{page(BulkRow)}?optimization__exact={first.pk}" in text
    assert (
        "P001" in rows
        and "P001" not in browser.get(f"{page(BulkRow)}?optimization__exact={second.pk}").content.decode()
    )


def test_all_its_prices_are_proposed_at_once_and_only_once(analyst: User) -> None:
    products_to_price()
    found = optimised(["P001"])
    browser = signed_in(analyst)
    assert "1 price proposed, 0 left out" in said(run_action(browser, "propose", found))
    (change,) = PriceChange.objects.all()
    assert (change.product_id, change.status, change.proposed_by) == ("P001", "proposed", "analyst")
    assert "proposed already" in said(run_action(browser, "propose", found))
    assert PriceChange.objects.count() == 1


def test_what_cannot_be_proposed_any_more_is_said_and_viewers_do_not_propose(
    analyst: User, viewer: User
) -> None:
    products_to_price()
    found = optimised(["P001"])
    run_action(signed_in(viewer), "propose", found)
    assert not PriceChange.objects.exists()
    product_update("P001", by="anna", current_price=Decimal("13.50"))
    assert "can be proposed any more" in said(run_action(signed_in(analyst), "propose", found))
    assert not PriceChange.objects.filter(status="proposed").exists()


def test_products_without_a_category_have_a_name_and_a_page(viewer: User) -> None:
    products_to_price()
    categories_refresh(data_version())
    browser = signed_in(viewer)
    text = browser.get(page(CategorySummary)).content.decode()
    assert "Uncategorised" in text and "Cups" in text
    rest = CategorySummary.objects.get(category="")
    assert browser.get(page(CategorySummary, "change", rest.pk)).status_code == 200


def test_nobody_edits_them(admin_user: User) -> None:
    products_to_price()
    found = optimised(["P001"])
    categories_refresh(data_version())
    browser = signed_in(admin_user)
    for model in (BulkOptimization, BulkRow, CategorySummary):
        key = model._default_manager.order_by("pk")[0].pk
        assert browser.get(page(model, "add")).status_code == 403
        assert browser.post(page(model, "change", key), {"proposed": 9}).status_code == 403
        assert browser.post(page(model, "delete", key), {"post": "yes"}).status_code == 403
    found.refresh_from_db()
    assert found.proposed == 0
