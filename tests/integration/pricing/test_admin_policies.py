"""Price policies in the admin."""

from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User

from pricing.recommendation.models import PricePolicy
from tests.factories import PricePolicyFactory, ProductFactory
from tests.integration.admin_pages import errors_of, page, run_action, signed_in

pytestmark = pytest.mark.django_db

EMPTY = dict.fromkeys(
    (
        *(
            "product",
            "category",
            "strategy",
            "demand_model",
            "target_margin",
            "markup",
            "min_price",
            "max_price",
        ),
        *(
            "minimum_margin",
            "max_change",
            "competitor_floor",
            "competitor_ceiling",
            "competitor_days",
            "endings",
        ),
        *("cooldown_days", "assumed_cost_ratio"),
    ),
    "",
) | {"self_approval": "unknown"}


@pytest.fixture(autouse=True)
def _products(db: None) -> None:
    ProductFactory(code="CUP", category="Cups")
    ProductFactory(code="BOWL", category="Bowls")


def form(**fields: Any) -> dict[str, Any]:
    return EMPTY | fields


def test_a_manager_adds_changes_and_deletes_a_policy(manager: User) -> None:
    browser = signed_in(manager)
    assert browser.post(page(PricePolicy, "add"), form(product="CUP", max_change="0.1")).status_code == 302
    made = PricePolicy.objects.get()
    assert (made.product_id, made.max_change, made.endings) == ("CUP", Decimal("0.1"), "")
    url = page(PricePolicy, "change", made.pk)
    assert browser.post(url, form(product="CUP", endings="99", self_approval="true")).status_code == 302
    made.refresh_from_db()
    assert (made.max_change, made.endings, made.self_approval) == (None, "99", True)
    history = browser.get(page(PricePolicy, "history", made.pk)).content.decode()
    assert "Added" in history and "Changed" in history
    run_action(browser, "delete_selected", made, post="yes")
    assert not PricePolicy.objects.exists()


def test_the_list_says_what_each_policy_states(viewer: User) -> None:
    PricePolicyFactory(category="Cups", max_change="0.1", endings="any")
    text = signed_in(viewer).get(page(PricePolicy)).content.decode()
    assert "category Cups" in text
    assert "max change 0.1000, endings any" in text


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"category": "Nothing"}, "No product has the category"),
        ({"category": "Cups", "product": "CUP"}, "not both"),
        ({"category": "Bowls"}, "already"),
        ({"product": "BOWL"}, "already"),
        ({"endings": "5"}, "cents a price may end in"),
        ({"min_price": "5", "max_price": "4"}, "lowest price must not be above"),
        ({"max_change": "1.5"}, "less than or equal to 1"),
    ],
)
def test_what_cannot_be_comes_back_with_the_reason(
    fields: dict[str, str], complaint: str, manager: User
) -> None:
    PricePolicyFactory(category="Bowls")
    PricePolicyFactory(product="BOWL")
    answer = signed_in(manager).post(page(PricePolicy, "add"), form(**fields))
    assert answer.status_code == 200
    assert complaint in errors_of(answer)
    assert PricePolicy.objects.count() == 2


def test_below_a_manager_nobody_writes_policies(analyst: User) -> None:
    browser = signed_in(analyst)
    assert browser.post(page(PricePolicy, "add"), form(max_change="0.1")).status_code == 403
    assert not PricePolicy.objects.exists()
