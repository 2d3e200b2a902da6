"""The list of products: found by text, category and grade, sorted, in pages; all of it in the address."""

import re
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from elastix.desk.tags import UNKNOWN
from pricing.recommendation.services.policies import assume_costs
from pricing.sales.models import ProductSummary
from tests.factories import ElasticityEstimateFactory, ProductFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser(client: Client, viewer: User) -> Client:
    client.force_login(viewer)
    return client


@pytest.fixture
def catalogue(db: None) -> None:
    """Two drinks and a thing without a category, price, sales or elasticity; postage and an old product besides."""
    rows = (
        ("TEA", "Green tea", "Drinks", "3.00", 10, -0.5, "A"),
        ("LATTE", "Iced latte", "Drinks", "12.99", 30, -1.2, "D"),
    )
    for code, name, category, price, units, elasticity, grade in rows:
        product = ProductFactory(code=code, name=name, category=category, current_price=Decimal(price))
        ProductSummary.objects.create(product=product, monthly_sales=units)
        ElasticityEstimateFactory(product=product, elasticity=elasticity, quality=grade)
        ElasticityEstimateFactory(product=product, method="log_log", elasticity=-9, quality="B")
    ProductFactory(code="THING", name="")
    ProductFactory(code="POST", kind="service")
    ProductFactory(code="OLD", is_active=False)


def codes(browser: Client, query: str = "") -> list[str]:
    answer = browser.get(f"/desk/products{query}")
    assert answer.status_code == 200
    return re.findall(r'<th scope="row".*?href="/desk/products/(\w+)"', answer.content.decode())


def test_active_merchandise_with_most_units_first(browser: Client, catalogue: None) -> None:
    assert codes(browser) == ["LATTE", "TEA", "THING"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("?q=tea", ["TEA"]),
        ("?q=LAT", ["LATTE"]),
        ("?category=Drinks&grade=A", ["TEA"]),
        ("?grade=B", []),
        ("?sort=price", ["TEA", "LATTE", "THING"]),
        ("?sort=-price", ["LATTE", "TEA", "THING"]),
        ("?sort=elasticity", ["LATTE", "TEA", "THING"]),
        ("?sort=grade", ["TEA", "LATTE", "THING"]),
        ("?sort=name&q=t&category=Drinks", ["TEA", "LATTE"]),
        ("?sort=nonsense&grade=Z&page=99", ["LATTE", "TEA", "THING"]),
        ("?q=%00te%1fa", ["TEA"]),
    ],
)
def test_the_address_says_what_is_shown(
    browser: Client, catalogue: None, query: str, expected: list[str]
) -> None:
    assert codes(browser, query) == expected


def test_a_heading_sorts_and_turns_round_and_keeps_the_filters(browser: Client, catalogue: None) -> None:
    page = browser.get("/desk/products?q=t&sort=-price&page=1").content.decode()
    assert (
        'aria-sort="descending" class="desk-number"><a class="text-body text-decoration-none" href="?q=t&amp;sort=price"'
        in page
    )
    assert 'href="?q=t&amp;sort=name"' in page


def test_grades_are_in_words_and_what_is_not_known_is_no_number(browser: Client, catalogue: None) -> None:
    page = browser.get("/desk/products").content.decode()
    assert "borrowed from its category" in page
    row = page[page.index('href="/desk/products/THING"') :]
    assert f'data-label="Price" class="desk-number">{UNKNOWN}<' in row
    assert f'data-label="Elasticity" class="desk-number">{UNKNOWN}<' in row


def test_fifty_a_page_and_links_between(browser: Client) -> None:
    for number in range(51):
        ProductFactory(code=f"P{number:02}")
    assert len(codes(browser, "?sort=code")) == 50
    assert (
        'rel="next" href="?sort=code&amp;page=2"' in browser.get("/desk/products?sort=code").content.decode()
    )
    assert codes(browser, "?sort=code&page=2") == ["P50"]


def test_an_empty_shop_is_shown_where_to_begin(browser: Client) -> None:
    page = browser.get("/desk/products").content.decode()
    assert "There are no products yet:" in page


def test_a_search_that_finds_nothing_says_so(browser: Client, catalogue: None) -> None:
    assert "No product is like this." in browser.get("/desk/products?q=zzz").content.decode()


def test_the_page_asks_a_fixed_number_of_queries(
    browser: Client, catalogue: None, django_assert_num_queries: Any
) -> None:
    for number in range(60):
        ProductFactory(code=f"P{number:02}")
    with django_assert_num_queries(9):
        browser.get("/desk/products?category=Drinks")


def test_a_cost_that_the_policy_assumes_is_shown_as_assumed(
    browser: Client, catalogue: None, manager: User
) -> None:
    ProductFactory(code="KNOWN", current_price=Decimal("5.00"), cost=Decimal("1.2300"))
    assert "assumed" not in browser.get("/desk/products").content.decode()
    assume_costs(Decimal("0.6"), user=manager)
    page = " ".join(browser.get("/desk/products").content.decode().split())
    assert 'class="desk-number"><span>£1.80 <span class="badge text-bg-warning">assumed</span>' in page
    assert page.count(">assumed<") == 2  # of tea and latte; the thing has no price
    assert "£1.23" in page
