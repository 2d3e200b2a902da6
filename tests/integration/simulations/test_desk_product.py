"""The page of a product: what it should cost, why, what would come of it, and what came of earlier prices."""

import html
import json
import re
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.contrib.messages import get_messages
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from elastix.glossary import sentence_of
from elastix.imports.models import ImportBatch
from pricing.sales.models import PriceChange, Product
from pricing.sales.services.holds import prices_hold, prices_release
from tests.factories import PriceChangeFactory, PricedProductFactory, PricePolicyFactory, ProductFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser(client: Client, viewer: User) -> Client:
    client.force_login(viewer)
    return client


def page_of(browser: Client, code: str) -> str:
    answer = browser.get(f"/desk/products/{code}")
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def data_of(page: str, identifier: str) -> Any:
    found = re.search(rf'<div hidden id="{identifier}">(.*?)</div>', page)
    assert found
    return json.loads(html.unescape(found[1]))


def test_the_head_has_price_cost_margin_and_the_grade_in_words(browser: Client) -> None:
    PricedProductFactory(code="P001", name="Iced latte")
    page = page_of(browser, "P001")
    assert "Iced latte" in page
    for name, value in (
        ("Price", "£12.99"),
        ("Cost", "£8.50"),
        ("Margin", "34.6 %"),
        ("Units in 30 days", "1,200"),
    ):
        assert f"<dt>{name}</dt><dd>{value}</dd>" in page
    assert re.search(r"Elasticity</dt><dd>-1\.20", page)


def test_every_warning_opens_the_sentence_that_explains_it(browser: Client) -> None:
    PricedProductFactory(code="P001", estimate__flags=["CI_CROSSES_MINUS_ONE"])
    noted = page_of(browser, "P001").partition("To note:")[2].partition("</p>")[0]
    opened = re.findall(r'popovertarget="(\S+)">.*?<span popover id="(\S+)" role="note">(.*?)</span>', noted)
    assert all(button == sentence for button, sentence, _ in opened)
    assert sentence_of("CI_CROSSES_MINUS_ONE") in [html.unescape(text) for _, _, text in opened]


def test_the_numbers_are_those_of_the_api(
    browser: Client, viewer_client: APIClient, shop: ImportBatch
) -> None:
    Product.objects.filter(code="CUP").update(cost=Decimal("1.50"), category="Drinks")
    advice = viewer_client.get("/api/price/recommend/CUP").json()
    curve = viewer_client.get("/api/analytics/demand-curve/CUP").json()["curve_points"]
    forecast = viewer_client.get("/api/forecast/demand/CUP").json()
    page = page_of(browser, "CUP")
    assert f"£{advice['recommended_price']:.2f}" in page
    assert advice["rationale"].split(".")[0] in page
    chart = data_of(page, "curve-data")
    assert chart["x"] == [point["price"] for point in curve]
    assert chart["y"] == [pytest.approx(point["quantity"], abs=0.06) for point in curve]
    assert chart["second"] == [point["profit"] for point in curve]
    assert {mark["x"] for mark in chart["marks"]} == {advice["current_price"], advice["recommended_price"]}
    coming = data_of(page, "forecast-data")
    assert coming["x"][-30:] == [day["date"] for day in forecast["forecast"]]
    assert coming["second"][-30:] == [day["quantity"] for day in forecast["forecast"]]


def test_the_curve_marks_the_price_of_today_and_the_recommended_one(browser: Client) -> None:
    PricedProductFactory(code="P001", estimate__std_error=0.05)
    marks = data_of(page_of(browser, "P001"), "curve-data")["marks"]
    assert [mark["name"] for mark in marks] == ["today", "recommended"]
    assert marks[0]["x"] == 12.99 < marks[1]["x"]


def test_every_chart_has_a_table_with_its_figures(browser: Client, shop: ImportBatch) -> None:
    page = page_of(browser, "CUP")
    assert page.count("data-chart=") == page.count("<summary>Figures of the ") == 2


def test_without_a_cost_profit_needs_costs_and_is_not_drawn(browser: Client, shop: ImportBatch) -> None:
    page = page_of(browser, "CUP")
    assert "<dt>Margin</dt><dd>needs costs</dd>" in page
    assert data_of(page, "curve-data")["second"] == []
    assert "Neither a cost nor a minimum price is known" in page


def test_a_product_without_a_price_says_so(browser: Client) -> None:
    ProductFactory(code="NEW")
    page = page_of(browser, "NEW")
    assert "No price is known yet" in page
    assert "Without a price there is no curve." in page
    assert "Nothing can be forecast yet." in page


def test_a_service_is_never_priced(browser: Client) -> None:
    ProductFactory(code="POST", kind="service")
    assert "it is never priced" in page_of(browser, "POST")


def test_a_code_may_be_in_any_case_and_hold_anything(browser: Client) -> None:
    ProductFactory(code="A&B/1.5%")
    assert "A&amp;B/1.5%" in page_of(browser, "a%26b%2F1.5%25")


def test_what_holds_a_price_is_said_with_what_would_change_it(client: Client, analyst: User) -> None:
    client.force_login(analyst)
    product = PricedProductFactory(code="P001")
    assert "The price is held" not in page_of(client, "P001")
    assert 'data-opens="propose"' in page_of(client, "P001")
    prices_hold(["P001"], holder="experiment 3", reason="the price experiment 'Cups' (3) tests its price")
    page = page_of(client, "P001")
    assert "The price is held:</strong> the price experiment &#x27;Cups&#x27; (3) tests its price." in page
    assert "It is free once the experiment has ended" in page
    assert "A pause keeps it held." in page
    assert 'href="/desk/experiments/3"' in page
    assert 'data-opens="propose"' not in page
    prices_release("experiment 3")
    PricePolicyFactory(category=product.category, cooldown_days=30)
    PriceChangeFactory(
        product=product,
        status="applied",
        changed_at=timezone.now() - timedelta(days=1),
        new_price=Decimal("12.99"),
    )
    page = page_of(client, "P001")
    assert "The price rests until" in page
    assert "the policy wants 30 days of rest after a change" in page


def test_earlier_prices_are_listed(browser: Client) -> None:
    product = PricedProductFactory(code="P001")
    PriceChangeFactory(product=product, is_applied=True)
    PriceChangeFactory(is_applied=True, new_price=Decimal("4.75"))
    page = page_of(browser, "P001?tab=history")
    assert "£4.00 → £4.49" in page
    assert "4.75" not in page


def test_names_are_shown_as_text_in_the_page_and_its_data(browser: Client) -> None:
    PricedProductFactory(code="P001", name="</script><script>alert(1)</script>")
    assert "<script>alert" not in page_of(browser, "P001")


def test_the_page_asks_at_most_forty_queries(
    browser: Client, shop: ImportBatch, django_assert_max_num_queries: Any
) -> None:
    cup = Product.objects.get(code="CUP")
    Product.objects.filter(code="CUP").update(cost=Decimal("1.50"), category="Drinks")
    for price in ("4.49", "4.75"):
        PriceChangeFactory(product=cup, is_applied=True, new_price=Decimal(price))
    with django_assert_max_num_queries(40):
        browser.get("/desk/products/CUP")


@pytest.mark.parametrize(
    ("price", "words"),
    [
        ("14.93", ""),
        (
            "15.00",
            "£15.00 is above the highest price that limits recommendations, £14.93 (largest increase). "
            "It is flagged for whoever decides.",
        ),
        (
            "11.00",
            "£11.00 is below the lowest price that limits recommendations, £11.05 (largest decrease). "
            "It is flagged for whoever decides.",
        ),
    ],
)
def test_a_proposal_outside_the_limits_of_recommendations_says_so_at_once(
    client: Client, analyst: User, price: str, words: str
) -> None:
    client.force_login(analyst)
    PricedProductFactory(code="P001")  # 12.99, by at most 15 %
    answer = client.post("/desk/products/P001", {"price": price})
    assert (answer.status_code, PriceChange.objects.get().new_price) == (302, Decimal(price))
    told = [str(each) for each in get_messages(answer.wsgi_request)]
    assert told[1:] == ([words] if words else [])


@pytest.mark.parametrize(
    ("others", "self_approval", "words"),
    [
        (
            (),
            None,
            "Proposed. A second person who may approve prices is needed, since nobody approves their own",
        ),
        (("analyst",), None, "Proposed. A second person who may approve prices is needed"),
        (("manager",), None, "Proposed. Somebody who may approve prices decides on it now."),
        (("admin",), None, "Proposed. Somebody who may approve prices decides on it now."),
        ((), True, "Proposed. Somebody who may approve prices decides on it now."),
    ],
)
def test_the_only_one_who_may_approve_prices_reads_that_a_second_person_is_needed(
    client: Client, others: tuple[str, ...], self_approval: bool | None, words: str
) -> None:
    for number, role in enumerate(("manager", *others)):
        User.objects.create_user(f"user {number}").groups.add(Group.objects.get(name=role))
    client.force_login(User.objects.get(username="user 0"))
    PricedProductFactory(code="P001")
    if self_approval:
        PricePolicyFactory(self_approval=True)
    answer = client.post("/desk/products/P001", {"price": "13.99"})
    assert words in next(str(each) for each in get_messages(answer.wsgi_request))


def test_an_open_proposal_has_its_reason_in_quotes(browser: Client) -> None:
    product = PricedProductFactory(code="P001")
    made = PriceChangeFactory(
        product=product, new_price=Decimal("13.49"), proposed_by="max", reason="Cheaper"
    )
    assert "Reason: “Cheaper”. <a href=" in page_of(browser, "P001")
    PriceChange.objects.filter(pk=made.pk).update(reason="")
    assert "Reason:" not in page_of(browser, "P001")
