"""The desk's bundles and categories: what is bought together, what a bundle would cost, and the categories."""

from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from elastix.desk.tags import UNKNOWN
from tests.factories import ProductFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser(client: Client, viewer: User) -> Client:
    client.force_login(viewer)
    return client


@pytest.fixture
def three(db: None) -> None:
    for code, price, cost in (("CUP", "10.00", "3.00"), ("TEA", "6.00", "2.00"), ("BARE", "4.00", None)):
        ProductFactory(code=code, name=code.title(), current_price=Decimal(price), cost=cost)
    ProductFactory(code="POST", kind="service")


def test_a_bundle_of_the_address_is_priced(browser: Client, three: None) -> None:
    page = browser.get("/desk/bundles?products=cup,TEA&discount=0.10").content.decode()
    # 16.00 apart, 10 % off: 14.40, of which 5.00 is cost.
    for figure in ("£16.00", "£14.40", "£1.60 (10.0 %)", "£9.40"):
        assert f"<dd>{figure}</dd>" in page
    assert "Nobody has bought these products together yet." in page


def test_fifteen_percent_unless_another_discount_is_said(browser: Client, three: None) -> None:
    for query in ("", "&discount=0.5"):
        page = browser.get(f"/desk/bundles?products=CUP+TEA{query}").content.decode()
        assert "<dd>£13.60</dd>" in page


def test_a_cost_that_is_not_known_leaves_the_profit_open(browser: Client, three: None) -> None:
    page = browser.get("/desk/bundles?products=CUP+BARE").content.decode()
    assert "The cost of a product is not known, so profits are not either." in page
    assert f"<dt>Profit of one</dt><dd>{UNKNOWN}</dd>" in page


@pytest.mark.parametrize(
    ("products", "expected"),
    [
        ("CUP", "A bundle has two to six different products."),
        ("CUP CUP", "A bundle has two to six different products."),
        ("CUP NOTHING", "There is no product"),
        ("CUP POST", "POST is a service code"),
    ],
)
def test_what_cannot_be_a_bundle_is_said(browser: Client, three: None, products: str, expected: str) -> None:
    answer = browser.get("/desk/bundles", {"products": products})
    assert answer.status_code in (400, 404)
    assert expected in answer.content.decode()


def test_without_baskets_and_categories_the_page_says_when_they_come(browser: Client) -> None:
    page = browser.get("/desk/bundles?category=moon").content.decode()
    assert "None are known yet." in page
    assert "They are summed up within a minute of new figures." in page


def test_it_is_reached_from_the_products(browser: Client) -> None:
    assert 'href="/desk/bundles"' in browser.get("/desk/products").content.decode()


def test_the_page_asks_a_fixed_number_of_queries(
    browser: Client, three: None, django_assert_max_num_queries: Any
) -> None:
    with django_assert_max_num_queries(20):
        browser.get("/desk/bundles?products=CUP+TEA+BARE")
