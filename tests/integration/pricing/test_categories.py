"""GET /api/analytics/categories: what each category brings, and what its recommendations would add."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.test import override_settings
from django.utils import timezone
from rest_framework.test import APIClient

from elastix.dataset.versions import data_version
from elastix.imports.models import ImportBatch
from pricing.recommendation.models import CategorySummary
from pricing.recommendation.selectors.bulk import filtered_products
from pricing.recommendation.selectors.bulk_optimization import optimize_each
from pricing.recommendation.selectors.recommendations import recommend_many
from pricing.recommendation.services.categories import categories_refresh, categories_refresh_if_outdated
from pricing.recommendation.services.policies import policy_delete
from pricing.recommendation.services.relations import relation_delete
from pricing.sales.models import Product
from pricing.sales.services.products import product_update
from tests.factories import (
    PricedProductFactory,
    PricePolicyFactory,
    PriceRelationFactory,
    SalesHistoryFactory,
)
from tests.integration.pricing.factories import products_to_price
from tests.integration.pricing.queries import queries_of_call
from tests.jobs import scheduled
from tests.shops import AS_OF

PATH = "/api/analytics/categories"


@pytest.fixture
def _sold(shop: ImportBatch) -> None:
    """Products to price beside the sample shop, with sales of the last 30 days and one of the day before them."""
    products_to_price()
    Product.objects.filter(code__in=("CUP", "MUG")).update(category="Cups")
    first, last = AS_OF - dt.timedelta(days=30), AS_OF - dt.timedelta(days=1)
    for code, day, units, revenue, returned in (
        ("P001", last, 100, "1299.00", 0),
        ("P001", first, 20, "259.80", 10),
        ("P001", first - dt.timedelta(days=1), 999, "9999.00", 0),
        ("UNSURE", last, 10, "129.90", 0),
    ):
        SalesHistoryFactory(
            product=code,
            date=day,
            quantity=units,
            revenue=revenue,
            price="12.99",
            returned_quantity=returned,
            returned_revenue=str(12.99 * returned),
            source="manual",
        )


def ask(client: APIClient) -> dict[str, dict[str, object]]:
    answer = client.get(PATH)
    assert answer.status_code == 200, answer.content
    return {each["category"]: each for each in answer.json()["categories"]}


@pytest.mark.usefixtures("_sold")
def test_what_a_category_brings(viewer_client: APIClient) -> None:
    assert categories_refresh_if_outdated()
    drinks = ask(viewer_client)["Drinks"]
    assert (drinks["label"], drinks["products"]) == ("Drinks", 2)
    # 100 + 20 - 10 and 10 units at 12.99, each of which costs 8.50.
    assert drinks["revenue"] == 1558.8
    assert (drinks["margin"], drinks["cost_known_percent"]) == (34.6, 100.0)
    assert drinks["elasticity"] == pytest.approx((110 * -1.2 + 10 * -1.9) / 120, abs=1e-4)


@pytest.mark.usefixtures("_sold")
def test_what_acting_on_all_recommendations_would_add(viewer_client: APIClient) -> None:
    categories_refresh_if_outdated()
    found = ask(viewer_client)
    advice: Any = recommend_many(["P001", "CUT"])
    gains = {row.facts.code: round(float(row.expected.impact.change.profit), 2) for row in advice}
    assert found["Drinks"]["uplift"]["products"] == 1  # type: ignore[index]
    assert found["Drinks"]["uplift"]["profit"] == gains["P001"]  # type: ignore[index]
    uplift = found["Cups"]["uplift"]
    assert uplift["profit"] == gains["CUT"]  # type: ignore[index]
    assert uplift["profit_low"] < uplift["profit"] < uplift["profit_high"]  # type: ignore[index]
    whole = optimize_each(filtered_products()).sums
    total = sum(each["uplift"]["profit"] for each in found.values())  # type: ignore[index]
    assert total == pytest.approx(whole.profit.expected - whole.profit.now, abs=0.02)


@pytest.mark.usefixtures("_sold")
def test_products_without_a_category_are_together_and_say_so(viewer_client: APIClient) -> None:
    categories_refresh_if_outdated()
    rest = ask(viewer_client)[""]
    assert rest["label"] == "Uncategorised"
    assert rest["products"] == 5  # three of the sample shop, two of the products to price
    # Nothing here has a cost.
    assert (rest["margin"], rest["cost_known_percent"]) == (None, 0.0)
    assert rest["revenue"] > 0  # type: ignore[operator]


@pytest.mark.usefixtures("_sold")
def test_most_revenue_first_and_when_it_was_summed_up(viewer_client: APIClient) -> None:
    categories_refresh_if_outdated()
    body = viewer_client.get(PATH).json()
    revenues = [each["revenue"] for each in body["categories"]]
    assert revenues == sorted(revenues, reverse=True)
    assert len(revenues) == 3
    assert dt.datetime.fromisoformat(body["last_updated"]) == CategorySummary.objects.first().computed_at  # type: ignore[union-attr]


@pytest.mark.usefixtures("_sold")
def test_an_assumed_cost_counts() -> None:
    PricePolicyFactory(category="", assumed_cost_ratio="0.50")
    categories_refresh_if_outdated()
    rest = CategorySummary.objects.get(category="")
    assert rest.cost_known == 1.0
    assert rest.margin is not None and 0 < rest.margin < 1


@pytest.mark.django_db
def test_where_nothing_was_sold_the_plain_mean_counts(viewer_client: APIClient) -> None:
    products_to_price()
    categories_refresh(data_version())
    cups = ask(viewer_client)["Cups"]
    assert (cups["revenue"], cups["margin"], cups["elasticity"]) == (0.0, None, -3.45)
    assert ask(viewer_client)[""]["elasticity"] == -2.0


@pytest.mark.django_db
def test_before_anything_was_summed_up_the_list_is_empty(viewer_client: APIClient) -> None:
    assert viewer_client.get(PATH).json() == {"categories": [], "last_updated": None}
    assert not categories_refresh_if_outdated()


def touched() -> None:
    product_update("P001", by="somebody", name="Latte")


def new_policy() -> None:
    PricePolicyFactory(category="Drinks", max_change="0.05")


def a_day_later() -> None:
    CategorySummary.objects.update(computed_at=timezone.now() - dt.timedelta(hours=24))


def new_relation() -> None:
    PriceRelationFactory()


@pytest.mark.django_db
@pytest.mark.parametrize("change", [touched, new_policy, new_relation, a_day_later])
def test_it_is_summed_up_anew_when_something_has_changed_and_only_then(change: Callable[[], None]) -> None:
    products_to_price()
    assert "categories" in scheduled()
    assert categories_refresh_if_outdated()
    assert not categories_refresh_if_outdated()
    change()
    assert categories_refresh_if_outdated()
    assert not categories_refresh_if_outdated()
    assert CategorySummary.objects.count() == 3


@pytest.mark.django_db
def test_what_no_longer_binds_has_it_summed_up_anew() -> None:
    products_to_price()
    policy, relation = PricePolicyFactory(category="Drinks", max_change="0.05"), PriceRelationFactory()
    assert categories_refresh_if_outdated()
    policy_delete(policy.pk)
    assert categories_refresh_if_outdated()
    relation_delete(relation.pk)
    assert categories_refresh_if_outdated()
    assert not categories_refresh_if_outdated()


@pytest.mark.django_db
def test_a_category_that_has_emptied_disappears() -> None:
    products_to_price()
    categories_refresh_if_outdated()
    Product.objects.filter(category="Drinks").update(is_active=False)
    categories_refresh(data_version())
    assert set(CategorySummary.objects.values_list("category", flat=True)) == {"", "Cups"}


@pytest.mark.django_db
def test_the_answer_and_the_look_take_the_same_few_queries_however_many(counted: APIClient) -> None:
    for number in range(40):
        PricedProductFactory(code=f"P{number}", category=f"Category {number}")
    with override_settings(DEBUG=False):
        categories_refresh_if_outdated()
        assert queries_of_call(lambda: counted.get(PATH)) == 1
        assert queries_of_call(categories_refresh_if_outdated) == 4


@pytest.mark.django_db
def test_unknown_parameters_are_refused(viewer_client: APIClient) -> None:
    answer = viewer_client.get(PATH, {"category": "Cups"})
    assert answer.status_code == 400
