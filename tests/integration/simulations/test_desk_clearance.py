"""The tab Clearance of a product's page: its form, the path it plans, what it says where it cannot, and its proposal."""

import datetime as dt
import re
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from pricing.sales.models import PriceChange, Product, SalesHistory
from tests.factories import PriceChangeFactory, PricedProductFactory
from tests.shops import AS_OF

pytestmark = pytest.mark.usefixtures("shop")

END = str(AS_OF + dt.timedelta(days=55))


@pytest.fixture(autouse=True)
def _latte(shop: Any) -> None:
    PricedProductFactory(code="P001", estimate__elasticity=-2.0, stock_level=4000)


@pytest.fixture
def browser(client: Client, viewer: User) -> Client:
    client.force_login(viewer)
    return client


def tab(browser: Client, language: str = "en", **asked: Any) -> str:
    answer = browser.get(
        "/desk/products/P001", {"tab": "clearance"} | asked, headers={"accept-language": language}
    )
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def test_the_form_begins_with_the_recorded_stock_and_eight_weeks(browser: Client) -> None:
    page = tab(browser)
    assert 'name="stock" value="4000"' in page
    assert f'name="end_date" value="{END}"' in page
    assert "The path of prices" not in page


def test_the_figures_are_those_of_the_api(browser: Client, viewer_client: APIClient) -> None:
    told = viewer_client.post("/api/price/clearance", {"product_id": "P001", "end_date": END}).json()
    page = tab(browser, end_date=END)
    assert "4,000 units from" in page
    for row, name in zip(
        told["compared"], ("the plan", "one markdown now", "today&#x27;s price throughout"), strict=True
    ):
        found = re.search(rf'<th scope="row" class="fw-normal">{re.escape(name)}</th>(.*?)</tr>', page)
        assert found
        assert f"£{row['first_price']:.2f}" in found[1]
        assert f"£{row['revenue']:,.0f}" in found[1]
    assert page.count(f"£{told['path'][0]['price']:.2f}") >= len(told["path"])
    assert "Lowest price allowed: £8.50 (cost)." in page


def test_each_price_stands_beside_its_prior_price_and_one_that_is_no_discount_is_marked(
    browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    noon = dt.datetime.combine(AS_OF, dt.time(12), dt.UTC)
    monkeypatch.setattr(timezone, "now", lambda: noon)
    SalesHistory.objects.update(list_price=None)
    for days, old, new in ((200, "9.99", "9.49"), (10, "9.49", "12.99")):
        PriceChangeFactory(
            product_id="P001", old_price=Decimal(old), new_price=Decimal(new), status="applied",
            changed_at=noon - dt.timedelta(days=days),
        )  # fmt: skip
    page = tab(browser, end_date=END)
    assert "no discount: £9.49 within 30 days" in page
    assert "prior price £9.49" in page
    assert "A price of the path is not below the lowest of the 30 days before its reduction" in page
    german = tab(browser, "de", end_date=END)
    assert "Dazu zu nennen" in german
    assert "Ein Preis des Plans liegt nicht unter dem niedrigsten der 30 Tage" in german


def test_a_stock_that_sells_by_itself_needs_no_markdown(browser: Client, viewer_client: APIClient) -> None:
    page = tab(browser, end_date=END, stock=50)
    assert "No markdown is needed: none is expected to bring more than today's price throughout." in page
    assert "Chance that the plan brings more" not in page
    asked = {"product_id": "P001", "end_date": END, "stock": 50}
    (plan, *_) = viewer_client.post("/api/price/clearance", asked).json()["compared"]
    low, high = plan["revenue_interval"]
    assert low <= plan["revenue"] <= high


def test_it_says_in_german_why_it_cannot_plan(browser: Client) -> None:
    Product.objects.filter(code="P001").update(stock_level=None)
    page = tab(browser, "de", end_date=END)
    assert "Abverkauf" in page
    assert "Von P001 ist kein Bestand erfasst" in page


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        ({"end_date": "2001-01-01"}, "The last day lies before the first"),
        ({"end_date": END, "stock": "-1"}, "greater than or equal"),
        ({"end_date": END, "allow_below_cost": "true"}, "Below cost only as far as you say"),
    ],
)
def test_what_cannot_be_planned_is_said(asked: dict[str, str], why: str, browser: Client) -> None:
    page = tab(browser, **asked)
    assert why in page
    assert "What it is compared with" not in page


def test_who_may_write_proposes_the_first_step(client: Client, analyst: User, browser: Client) -> None:
    assert "Propose the first step" not in tab(browser, end_date=END)
    client.force_login(analyst)
    page = tab(client, end_date=END)
    assert "Propose the first step" in page
    price = re.search(
        r'name="price" value="([\d.]+)"><input type="hidden" name="reason" value="([^"]+)"', page
    )
    assert price
    answer = client.post("/desk/products/P001?tab=clearance", {"price": price[1], "reason": price[2]})
    assert answer.status_code == 302
    assert PriceChange.objects.get(product_id="P001").reason == f"Clearance by {END}"
    assert "Propose the first step" not in tab(client, end_date=END)
