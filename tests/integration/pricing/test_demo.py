"""manage.py demo: a shop with known elasticities, once, and never over a real one."""

import datetime as dt
import io
from functools import partial
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command
from django.test import override_settings
from rest_framework.test import APIClient

from elastix.api.permissions import Role, role_of
from market.models import RepricingRule, RepricingRun
from pricing.sales.models import PriceChange, Product, Transaction
from simulations.generator import shop as generator
from simulations.services.demo import FILE_NAME, demo_is_loaded
from simulations.services.demo_life import ANALYST, MANAGER, demo_logins
from tests.factories import ProductFactory

pytestmark = pytest.mark.django_db


def demo() -> str:
    out = io.StringIO()
    call_command("demo", "--no-serve", stdout=out)
    return out.getvalue()


def test_it_does_not_touch_a_real_shop() -> None:
    ProductFactory(code="MINE")
    with pytest.raises(CommandError, match="holds a shop already"):
        demo()
    assert not Transaction.objects.exists()


def test_it_does_not_serve_other_machines() -> None:
    with override_settings(PRODUCTION=True), pytest.raises(CommandError, match="only serves this one"):
        demo()


def test_an_analyst_and_a_manager_keep_their_passwords_from_start_to_start(client: Any) -> None:
    people = demo_logins()
    assert [(name, role) for name, role, _ in people] == [("maria", "analyst"), ("noor", "manager")]
    assert people[0][2] != people[1][2]
    for (name, _, password), role in zip(people, (Role.ANALYST, Role.MANAGER), strict=True):
        assert client.login(username=name, password=password)
        assert role_of(get_user_model().objects.get(username=name)) == role
    assert demo_logins() == people


def test_a_password_that_somebody_changed_is_again_the_one_that_is_printed(client: Any) -> None:
    user = get_user_model().objects.get(username=demo_logins()[0][0])
    user.set_password("something else")
    user.save()
    name, _, password = demo_logins()[0]
    assert client.login(username=name, password=password)


def test_the_passwords_of_two_installations_differ() -> None:
    here = demo_logins()
    with override_settings(SECRET_KEY="x" * 60):
        there = demo_logins()
    assert not {password for *_, password in here} & {password for *_, password in there}


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_the_shop_is_made_once_and_answers_with_what_was_put_into_it(
    viewer_client: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = partial(generator.generate_shop, products=40, customers=400, days=400)
    monkeypatch.setattr(generator, "generate_shop", small)
    said = demo()
    assert "Importing" in said
    assert demo_is_loaded()
    assert viewer_client.get("/api/products/list?limit=1").json()["total"] >= 38
    assert viewer_client.get("/transactions/imports").json()["items"][0]["file_name"] == FILE_NAME
    latte = viewer_client.get("/api/products/P001").json()
    assert (latte["current_price"], latte["cost"]) == (12.99, 8.5)
    assert latte["monthly_sales"] == pytest.approx(1200, rel=0.15)
    assert latte["competitor_price"] is not None
    found = viewer_client.get("/api/analytics/elasticity/P001").json()
    assert found["elasticity"] == pytest.approx(-1.2, abs=0.25)
    assert found["quality"] in ("A", "B")
    advice = viewer_client.get("/api/price/recommend/P001?target_margin=0.30").json()
    assert (advice["recommended_price"], advice["price_change"]) == (14.49, 1.5)
    assert advice["price_change_percent"] == 11.5
    asked = {"product_id": "P001", "new_price": advice["recommended_price"]}
    tried = viewer_client.post("/api/price/simulate", asked).json()
    assert tried["impact"]["profit_change"] == advice["expected"]["profit_change"] > 0
    assert all(item["customerCount"] > 0 for item in viewer_client.get("/dashboard/segments").json()["items"])
    it_has_a_life(viewer_client)
    lines, changes = Transaction.objects.count(), PriceChange.objects.count()
    assert "there already" in demo()
    assert (Transaction.objects.count(), PriceChange.objects.count()) == (lines, changes)


def it_has_a_life(viewer_client: APIClient) -> None:
    reviewed = PriceChange.objects.filter(status="applied")
    assert reviewed.count() >= 3
    assert set(reviewed.values_list("proposed_by", "decided_by", "applied_by")) == {
        (ANALYST, MANAGER, "the schedule")
    }
    for change in reviewed.select_related("product"):
        # What was expected knew only the sales before the review, and it was in force while the shop sold on.
        assert change.changed_at and change.decided_at and change.expected
        assert change.created_at < change.decided_at < change.changed_at
        assert dt.date.fromisoformat(change.expected["as_of"]) <= change.decided_at.date()
        assert change.product.current_price == change.new_price
        assert (change.product.price_source, change.product_id) != ("data", "P001")
        outcome = viewer_client.get(f"/api/price/changes/{change.pk}/outcome").json()
        assert [window["status"] for window in outcome["windows"]] == ["complete", "complete"]
        assert outcome["windows"][1]["realised"]["quantity"] > 0
        assert outcome["windows"][1]["paid"] in ("yes", "no", "not clear")
    statuses = set(PriceChange.objects.values_list("status", flat=True))
    assert statuses == {"applied", "proposed", "approved", "rejected", "rolled_back"}
    for change in PriceChange.objects.filter(status="proposed").select_related("product"):
        assert (change.proposed_by in (ANALYST, "rule 1"), change.is_stale) == (True, False)
    assert not PriceChange.objects.filter(product="P001").exists()
    assert Product.objects.get(pk="P001").price_source == "data"
    tried = viewer_client.get("/simulations").json()["items"]
    assert {each["stockItemRef"] for each in tried} == {"P001"}
    assert len(tried) == 2
    rule = RepricingRule.objects.get()
    assert (rule.enabled, rule.may_apply, rule.created_by) == (True, False, MANAGER)
    dry, real = RepricingRun.objects.order_by("pk")
    assert (dry.dry_run, real.dry_run, dry.stopped, real.stopped) == (True, False, "", "")
    assert dry.counts[str(rule.pk)]["would_change"] == real.counts[str(rule.pk)]["proposed"]
