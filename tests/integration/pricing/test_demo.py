"""manage.py demo: a shop with known elasticities, once, and never over a real one."""

import io
from functools import partial
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import override_settings
from rest_framework.test import APIClient

from pricing.sales.models import Transaction
from simulations.generator import shop as generator
from simulations.services.demo import FILE_NAME, demo_is_loaded, demo_login
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


def test_its_user_may_do_everything_and_has_a_new_password_each_time(client: Any) -> None:
    name, first = demo_login()
    assert client.login(username=name, password=first)
    assert demo_login()[1] != first
    assert not client.login(username=name, password=first)


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
    lines = Transaction.objects.count()
    assert "there already" in demo()
    assert Transaction.objects.count() == lines
